import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Simulator, startSimulator } from '../../simulator';
import { pack } from '../../support/tarball';
import { type Page, pages } from './pages';

const repository = resolve(__dirname, '../..');

/** The commands that are not run here, and the reasons. */
const notRun: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /^npm (ci|start|test|run [\w:]+)\b/, why: 'start.spec.ts runs npm start; of the others see below' },
  { pattern: /^git clone /, why: 'the test runs in the repository, whose package it packs' },
  { pattern: /^npx stryker /, why: 'it takes minutes, and is part of npm run test:all' },
  { pattern: /^(openssl|echo "node-red:)/, why: 'nginx.spec.ts runs them' },
  { pattern: /^(docker|nginx|systemctl) /, why: 'they change the machine' },
  { pattern: /pbx\.example\.com/, why: 'there is no such machine' },
];

/** Go on until they are ended. */
const isEndless = (command: string): boolean => /3cx-simulator|curl -N/.test(command);

describe('The commands in the documentation', function () {
  this.timeout(60_000);
  let folder: string;
  let tarball: string;
  let simulator: Simulator;
  let child: ChildProcess | null = null;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), '3cx-docs-'));
    tarball = (await pack(folder)).path;
    await mkdir(join(folder, '.node-red'));
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    await writeFile(join(folder, '.curlrc'), 'fail\nsilent\nshow-error\n');
  });
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(async () => {
    await end();
    await simulator.close();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const page of pages) {
    const commands = page.commands.filter((command) => !notRun.some(({ pattern }) => pattern.test(command)));
    const programs = page.fences.filter(({ text }) => /^import .*'node-red-contrib-3cx/m.test(text));
    if (commands.length + programs.length === 0) continue;
    it(`work: ${page.path}`, async () => {
      await writeFiles(page);
      for (const command of commands) await runCommand(command);
      for (const { text } of programs) await run(process.execPath, ['--input-type=module', '-e', text]);
    });
  }

  it('name only scripts that the repository has', async () => {
    const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { scripts: object };
    const named = pages.flatMap(({ commands }) =>
      commands.flatMap((command) => [...command.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:]+)/g)]),
    );
    assert.deepEqual(
      named.map(([, script = '']) => script).filter((script) => !(script in scripts)),
      [],
    );
  });

  /** The files that the page lets the reader write. */
  async function writeFiles({ fences }: Page): Promise<void> {
    for (const { file, text } of fences) {
      if (file === undefined) continue;
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
  }

  /** Runs a command as it is, but for what a reader has and a test has not: the published package, and these ports. */
  async function runCommand(command: string): Promise<void> {
    const packages = /(?<=npm install (?:--save-dev )?)[\w~].*/;
    const line = command
      .replace(packages, tarball)
      .replace('~', folder)
      .replace('http://127.0.0.1:8889', simulator.url)
      .replace('http://127.0.0.1:8890', simulator.controlUrl)
      .replace(/3cx-simulator$/, '$& --port 0 --control-port 0');
    await run('sh', ['-ec', line], { untilItSpeaks: isEndless(command) });
    const others =
      packages
        .exec(command)?.[0]
        .split(' ')
        .filter((name) => name !== 'node-red-contrib-3cx' && !name.endsWith('.tgz')) ?? [];
    for (const name of others) await linkOurs(name);
  }

  /** @throws Error with what it wrote, when it does not succeed */
  async function run(program: string, args: string[], { untilItSpeaks = false } = {}): Promise<void> {
    const npm = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
    const env = { ...process.env, ...npm, CURL_HOME: folder };
    // A group of its own, to be ended with whatever it starts.
    child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let wrote = '';
    child.stdout?.on('data', (chunk: Buffer) => (wrote += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (wrote += chunk.toString()));
    const closed = once(child, 'close');
    if (untilItSpeaks && child.stdout !== null) await Promise.race([once(child.stdout, 'data'), closed]);
    else await closed;
    assert.equal(child.exitCode, untilItSpeaks ? null : 0, `${args.join(' ')}\n${wrote}`);
    await end();
  }

  async function end(): Promise<void> {
    if (child?.pid === undefined || child.exitCode !== null) return;
    const closed = once(child, 'close');
    process.kill(-child.pid);
    await closed;
    child = null;
  }

  /** Those of the registry are the ones that the repository has installed. */
  async function linkOurs(name: string): Promise<void> {
    const names = { mocha: ['mocha', '.bin/mocha'], 'node-red': ['node-red', '@node-red'] }[name] ?? [name];
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    for (const one of names) {
      await symlink(join(repository, 'node_modules', one), join(folder, 'node_modules', one));
    }
  }
});
