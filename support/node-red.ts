import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import getPort from 'get-port';

const repository = resolve(__dirname, '..');
const run = promisify(execFile);
const startTimeout = 60_000;
const stopTimeout = 20_000;

export interface NodeRedOptions {
  /** The flows to start with. */
  flows?: object[];
  /** Credentials of these flows, by node id. */
  credentials?: Record<string, Record<string, string>>;
  /** Added to settings.js; JSON only. */
  settings?: Record<string, unknown>;
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Source of a module that Node-RED loads like a node: `module.exports = (RED) => { … }`. */
  module?: string;
  /** Is told what this module sends with `process.send`. */
  onTold?: (told: unknown) => void;
  /** Install this npm tarball rather than use the repository. */
  tarball?: string;
  /** Further modules of the repository's node_modules that hold nodes. */
  modules?: string[];
  /** Which Node-RED: the path of its red.js. Otherwise TEST_NODE_RED, otherwise the installed one. */
  red?: string;
  /** Which Node.js runs it. Otherwise TEST_NODE, otherwise the one that runs the tests. */
  node?: string;
}

export interface NodeRed {
  /** Base URL of the editor and the admin API, without a trailing slash. */
  url: string;
  userDir: string;
  /** Everything it wrote so far. */
  log: () => string;
  /** Ends it, waits for what is to happen meanwhile, and starts it again with what it kept on disk. */
  restart: (meanwhile?: () => unknown) => Promise<void>;
  /** Ends it and removes its user directory. */
  stop: () => Promise<void>;
}

/**
 * Starts a Node-RED of its own with this package, built (`npm run build`) or from a tarball, and resolves once it serves
 * HTTP and its flows have started.
 */
export async function startNodeRed(options: NodeRedOptions = {}): Promise<NodeRed> {
  const userDir = await mkdtemp(join(tmpdir(), 'node-red-3cx-'));
  const port = await getPort({ host: '127.0.0.1' });
  await writeUserDir(userDir, port, options);

  const red = options.red ?? process.env.TEST_NODE_RED ?? join(repository, 'node_modules/node-red/red.js');
  let log = '';
  const collect = (chunk: Buffer): void => {
    log += chunk.toString();
  };

  /** @returns ends it */
  const start = async (): Promise<() => Promise<void>> => {
    const begin = log.length;
    const child = spawn(options.node ?? process.env.TEST_NODE ?? process.execPath, [red, '--userDir', userDir], {
      // It speaks the language of the environment.
      env: { ...process.env, LC_ALL: 'en_US.UTF-8', NODE_RED_DISABLE_TELEMETRY: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    }) as ChildProcessByStdio<null, Readable, Readable>;
    child.on('message', (told) => options.onTold?.(told));
    const exited = once(child, 'exit');
    // Should the tests end without stopping it.
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const end = async (): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const timer = setTimeout(kill, stopTimeout);
        await exited;
        clearTimeout(timer);
      }
      process.off('exit', kill);
    };

    try {
      await new Promise<void>((done, fail) => {
        const timer = setTimeout(() => {
          fail(new Error(`Node-RED did not start in time:\n${log}`));
        }, startTimeout);
        child.stdout.on('data', () => {
          const said = log.slice(begin);
          if (!said.includes(`http://127.0.0.1:${port}`) || !/Started flows|Flows sind gestartet/.test(said)) return;
          clearTimeout(timer);
          done();
        });
        child.once('error', fail);
        child.once('exit', () => {
          clearTimeout(timer);
          fail(new Error(`Node-RED ended:\n${log}`));
        });
      });
    } catch (error) {
      await end();
      throw error;
    }
    return end;
  };

  const remove = (): Promise<void> => rm(userDir, { recursive: true, force: true });
  let end = await start().catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const root = typeof options.settings?.httpAdminRoot === 'string' ? options.settings.httpAdminRoot : '';
  return {
    url: `http://127.0.0.1:${port}${root.replace(/\/$/, '')}`,
    userDir,
    log: () => log,
    restart: async (meanwhile) => {
      await end();
      await meanwhile?.();
      end = await start();
    },
    stop: async () => {
      await end();
      await remove();
    },
  };
}

async function writeUserDir(userDir: string, port: number, options: NodeRedOptions): Promise<void> {
  const link = async (name: string, target: string): Promise<void> => {
    const path = join(userDir, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(target, path, 'junction');
  };
  if (options.tarball) {
    await writeFile(join(userDir, 'package.json'), '{ "private": true }');
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', options.tarball], { cwd: userDir });
  } else {
    const { name } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { name: string };
    await link(name, repository);
  }
  for (const name of options.modules ?? []) await link(name, join(repository, 'node_modules', name));

  const settings = {
    uiHost: '127.0.0.1',
    uiPort: port,
    flowFile: 'flows.json',
    fileWorkingDirectory: userDir,
    // Credentials in clear text, so that a test can write and read them.
    credentialSecret: false,
    telemetry: { enabled: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
    ...options.settings,
    // Without the other code editor, which no node of ours uses, the page loads in three quarters of the time.
    editorTheme: {
      ...{ tours: false, codeEditor: { lib: 'ace' } },
      ...(options.settings?.editorTheme as object | undefined),
    },
  };
  await writeFile(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, 2)};\n`);
  if (options.module !== undefined) {
    await mkdir(join(userDir, 'nodes'));
    await writeFile(join(userDir, 'nodes/module.js'), options.module);
    // Without one of these the file counts as no node.
    await writeFile(join(userDir, 'nodes/module.html'), '');
  }
  await writeFile(join(userDir, 'flows.json'), JSON.stringify(options.flows ?? []));
  await writeFile(join(userDir, 'flows_cred.json'), JSON.stringify(options.credentials ?? {}));
}
