import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright-core';

// chromium-browser comes late: on Ubuntu it may be a stub that only points to a snap.
const names = ['chromium', 'google-chrome', 'google-chrome-stable', 'chrome', 'chromium-browser', 'microsoft-edge'];
const { env, platform } = process;

function candidates() {
  if (platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map((app) => `${app}.app/Contents/MacOS/${app}`);
    return ['/Applications', join(env.HOME ?? '', 'Applications')].flatMap((dir) => apps.map((app) => join(dir, app)));
  }
  if (platform === 'win32') {
    const dirs = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(Boolean);
    const apps = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe'];
    return [...apps, 'Microsoft/Edge/Application/msedge.exe'].flatMap((app) => dirs.map((dir) => join(dir, app)));
  }
  return names.flatMap((name) => (env.PATH ?? '').split(delimiter).map((dir) => join(dir, name)));
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

// A browser that playwright-core brought counts too.
function find() {
  return [...candidates(), chromium.executablePath()].find((file) => file && isProgram(file));
}

// Installers print pages of text, and only the browser's path may go to stdout.
function run(command, ...args) {
  execFileSync(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: Infinity,
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function installWithApt() {
  if (platform !== 'linux' || process.getuid() !== 0) throw new Error('not root on Linux');
  run('apt-get', 'update');
  run('apt-get', 'install', '-y', '--no-install-recommends', 'chromium');
}

function installWithPlaywright() {
  const manifest = createRequire(import.meta.url).resolve('playwright-core/package.json');
  run(process.execPath, join(dirname(manifest), 'cli.js'), 'install', 'chromium');
}

const reasons = [];

// The system's package first: it brings the libraries that Playwright's build needs too.
function install() {
  for (const [name, way] of Object.entries({ 'apt-get': installWithApt, Playwright: installWithPlaywright })) {
    try {
      way();
      const file = find();
      if (file) return file;
    } catch (error) {
      reasons.push(`${name}: ${/^(?:E|Error): (.+)/m.exec(error.stderr)?.[1] ?? error.message}`);
    }
  }
  return undefined;
}

// CHROME_PATH names the program; then none is looked for or installed.
function locate() {
  if (env.CHROME_PATH) return isProgram(env.CHROME_PATH) ? env.CHROME_PATH : undefined;
  return find() ?? install();
}

// The editor's tests read the path from stdout.
const browser = locate();
if (browser) console.log(browser);
else {
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  console.error(`No browser: install Chrome or Chromium, or set CHROME_PATH to the program of one${why}.`);
  process.exitCode = 1;
}
