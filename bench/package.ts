import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { pack } from '../support/tarball';
import { compared, median, type Row } from './side-by-side';

const run = promisify(execFile);
const root = resolve(__dirname, '..');

interface PackageFile {
  version: string;
  'node-red': { nodes: Record<string, string> };
}

async function packageFile(path: string): Promise<PackageFile> {
  return JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8')) as PackageFile;
}

/** The measured values, and the machine. */
export async function versions(): Promise<string> {
  const version = async (name: string): Promise<string> => (await packageFile(`node_modules/${name}`)).version;
  const [nodeRed, axios, { version: own }] = [
    await version('node-red'),
    await version('axios'),
    await packageFile('.'),
  ];
  const processors = cpus();
  return (
    `node-red-contrib-3cx ${own}, Node-RED ${nodeRed}, axios ${axios}, Node.js ${process.versions.node}, ` +
    `${process.platform} on ${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`
  );
}

/** The time for which Node-RED waits for our nodes when it starts, and with it for the first connection. */
export async function startUp(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-3cx-'));
  try {
    const empty = join(folder, 'empty.js');
    await writeFile(empty, 'module.exports = () => {};');
    const nodes = Object.values((await packageFile('.'))['node-red'].nodes).map((file) => join(root, file));
    const connection = [join(root, 'dist/lib/http-api'), join(root, 'node_modules/axios')];
    const times = { nodes: [] as number[], all: [] as number[], empty: [] as number[] };
    for (let round = 0; round < 11; round++) {
      times.nodes.push(await timeToRequire(nodes));
      times.all.push(await timeToRequire([...nodes, ...connection]));
      times.empty.push(await timeToRequire([empty]));
    }
    return [
      compared('to load our five nodes', median(times.nodes), 'an empty node', median(times.empty)),
      compared('and for a connection by the HTTP API', median(times.all), 'an empty node', median(times.empty)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Measures in a process of its own. */
async function timeToRequire(files: readonly string[]): Promise<number> {
  const script = `const since = performance.now();
    for (const file of ${JSON.stringify(files)}) require(file);
    console.log(performance.now() - since);`;
  return Number((await run(process.execPath, ['-e', script])).stdout);
}

/** The size of an `npm install`, in words. */
export async function tarballSize(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-3cx-'));
  try {
    const { size, files } = await pack(folder);
    return `${Math.round(size / 1024)} KiB in ${files.length} files`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
