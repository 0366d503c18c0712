import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = resolve(__dirname, '../.cache');
/** The npm package `node` brings the program of that version. */
const versions = { 'node-red': '5.0.7', node: '22.23.3' };
type PackageName = keyof typeof versions;

/** For `startNodeRed`. */
export interface NodeRedProgram {
  red: string;
  node: string;
}

/** @returns whether this Node.js runs Node-RED 5, whose `engines` ask for 22.9 or newer */
export function runsNodeRed5(version = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 9);
}

/**
 * Installs Node-RED 5, and a Node.js that runs it if this one is too old, from the npm registry. Each is installed
 * once, into its own folder. As a devDependency it would bring everybody 171 more packages, with a warning on Node.js
 * 20, which cannot run them. A Node.js in the root would run every script.
 *
 * @param onInstall called with the name of a package that is about to be fetched
 */
export async function nodeRed5(onInstall?: (what: string) => void): Promise<NodeRedProgram> {
  const red = join(await installed('node-red', onInstall), 'node-red/red.js');
  if (runsNodeRed5()) return { red, node: process.execPath };
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return { red, node: join(await installed('node', onInstall), 'node/bin', program) };
}

/** @returns the node_modules that has the package, after fetching it if need be */
async function installed(name: PackageName, onInstall: (what: string) => void = () => undefined): Promise<string> {
  const what = `${name}@${versions[name]}`;
  const folder = join(cache, what.replace('@', '-'));
  // The stamp is written last, so an interrupted installation is incomplete.
  const stamp = join(folder, 'installed');
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== what) {
    onInstall(what);
    await install(name, folder);
    await writeFile(stamp, what);
  }
  return join(folder, 'node_modules');
}

async function install(name: PackageName, folder: string): Promise<void> {
  const version = versions[name];
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // The install script of `node` fetches the program for this platform; a newer npm asks for leave.
  const allowScripts = { [`${name}@${version}`]: true };
  const manifest = { private: true, dependencies: { [name]: version }, allowScripts };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  try {
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts=false'];
    await run('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const reason = /^npm error (?!code|errno|syscall)(.+)/m.exec(stderr)?.[1] ?? String(error).split('\n', 1)[0];
    throw new Error(`${name} ${version} could not be installed from the npm registry: ${reason}`, { cause: error });
  }
}
