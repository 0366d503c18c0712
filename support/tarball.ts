import { execFile } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `npm publish` would send. */
export interface Tarball {
  path: string;
  size: number;
  files: { path: string }[];
}

/** Packs this package, as it was built last, into a folder. */
export async function pack(folder: string): Promise<Tarball> {
  // The build is there already, and running it again would pull it from under the other tests.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  // Node-RED brings an older npm, which scripts find first, and which builds even so.
  const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => !/node_modules[\\/]\.bin$/.test(path));
  const env = { ...process.env, PATH: folders.join(delimiter) };
  const { stdout } = await run('npm', args, { cwd: resolve(__dirname, '..'), env });
  const [{ filename, size, files }] = JSON.parse(stdout) as [Omit<Tarball, 'path'> & { filename: string }];
  return { path: join(folder, filename), size, files };
}
