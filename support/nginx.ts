import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { until } from './until';

const cache = resolve(__dirname, '../.cache/nginx');

/**
 * Starts nginx, fetching it from Debian if it is missing, and resolves once it listens.
 *
 * @param config a file for its conf.d
 * @param port the port in that file, at 127.0.0.1
 * @param folder an empty one, for its files
 * @returns ends it
 * @throws Error with its output, when it ends early
 */
export async function startNginx(config: string, port: number, folder: string): Promise<() => Promise<void>> {
  const main = join(folder, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    main,
    `daemon off; master_process off; pid ${folder}/pid; events {} http { ${paths.join(' ')} include ${config}; }`,
  );
  const child = spawn(nginxProgram(), ['-e', 'stderr', '-c', main], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    kill();
    await exited;
    process.off('exit', kill);
  };
  try {
    await until(() => child.exitCode !== null || listens(port), 'nginx to listen');
  } catch (error) {
    await stop();
    throw error;
  }
  if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
  return stop;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

function nginxProgram(): string {
  const runs = (program: string): boolean => spawnSync(program, ['-v']).status === 0;
  const programs = ['nginx', '/usr/sbin/nginx', join(cache, 'usr/sbin/nginx')];
  const found = programs.find(runs) ?? (fetchNginx(), programs.find(runs));
  if (found === undefined) throw new Error('No nginx: install it, as with "apt-get install nginx".');
  return found;
}

/** Takes the program out of Debian's package: to install the package would start a server for everybody. */
function fetchNginx(): void {
  mkdirSync(cache, { recursive: true });
  const script = '(apt-get update || true) && apt-get download nginx && dpkg-deb -x nginx_*.deb .';
  try {
    execFileSync('sh', ['-c', script], { cwd: cache, stdio: 'pipe' });
  } catch {
    // The sentence that follows is more to the point.
  }
}
