import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The npm package `node` brings the program of that version. */
const versions = { 'node-red': '5.0.7', node: '22.23.3' };
const folder = resolve(__dirname, '../.cache/node-red-5');
// The last thing written, so an installation that was broken off is none.
const stamp = join(folder, 'installed.json');

/** For `startNodeRed`. */
export interface NodeRedProgram {
  red: string;
  node: string;
}

/**
 * Node-RED 5 and the Node.js that it needs, from the npm registry; installed once, into a folder of their own: in the
 * root, that Node.js would run every script.
 */
export async function nodeRed5(): Promise<NodeRedProgram> {
  const wanted = JSON.stringify(versions);
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== wanted) await install(wanted);
  return {
    red: join(folder, 'node_modules/node-red/red.js'),
    node: join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node'),
  };
}

async function install(wanted: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Its install script fetches the program for this platform; a newer npm asks for leave.
  const allowScripts = { [`node@${versions.node}`]: true };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: versions, allowScripts }),
  );
  try {
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts=false'];
    await run('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const reason = /^npm error (?!code|errno|syscall)(.+)/m.exec(stderr)?.[1] ?? String(error).split('\n', 1)[0];
    throw new Error(`Node-RED ${versions['node-red']} could not be installed from the npm registry: ${reason}`, {
      cause: error,
    });
  }
  await writeFile(stamp, wanted);
}
