import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startSimulator } from '../../simulator';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { pack, type Tarball } from '../../support/tarball';

const repository = resolve(__dirname, '../..');
const run = promisify(execFile);
const types = ['3cx-agent-status', '3cx-call-control', '3cx-call-monitor', '3cx-config', '3cx-recorder'];

interface NodeSet {
  module: string;
  types: string[];
  err?: string;
}

describe('The tarball', function () {
  this.timeout(120_000);
  let directory: string;
  let packed: Tarball;
  let nodeRed: NodeRed;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), '3cx-tarball-'));
    packed = await pack(directory);
    nodeRed = await startNodeRed({ tarball: packed.path });
  });
  after(async () => {
    await nodeRed.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is smaller than 230 kB', () => {
    assert.ok(packed.size < 230_000, `${packed.size} bytes`);
  });

  it('has what users need, and nothing else', () => {
    const folders = new Set(packed.files.map(({ path }) => path.split('/', 1)[0]));
    assert.deepEqual([...folders].sort(), [
      ...['LICENSE', 'README.md', 'dist', 'examples', 'package.json', 'resources'],
    ]);
  });

  it('installs into an empty user directory and registers its five node types without an error', async () => {
    const response = await fetch(`${nodeRed.url}/nodes`, { headers: { Accept: 'application/json' } });
    const sets = ((await response.json()) as NodeSet[]).filter(({ module }) => module === 'node-red-contrib-3cx');
    assert.deepEqual(
      sets.map(({ err }) => err),
      types.map(() => undefined),
    );
    assert.deepEqual(sets.flatMap((set) => set.types).sort(), types);
    assert.doesNotMatch(nodeRed.log(), /\[error\]|node-red-contrib-3cx.*(warn|error)/i);
  });

  it('leaves what speaks HTTP and WebSocket, and what reads numbers, alone until there is a connection', async () => {
    const nodes = types.map((type) => join(nodeRed.userDir, 'node_modules/node-red-contrib-3cx/dist/nodes', type));
    const script = `for (const node of ${JSON.stringify(nodes)}) require(node);
      const loaded = Object.keys(require.cache);
      console.log(loaded.length > 5, loaded.some((file) => /[\\\\/](axios|ws|https-proxy-agent|h3|awesome-phonenumber)[\\\\/]/.test(file)));`;
    assert.equal((await run(process.execPath, ['-e', script])).stdout, 'true false\n');
  });

  it('loads the WebSocket client only for a connection by V20 that is watched', async () => {
    const simulator = await startSimulator({ v20: { clientId: 'nodered', clientSecret: 'secret' } });
    const lib = join(nodeRed.userDir, 'node_modules/node-red-contrib-3cx/dist/lib');
    const connections = [
      { api: 'http', url: simulator.url, interval: 1_000, numbering: {} },
      { api: 'v20', url: simulator.v20Url, clientId: 'nodered', clientSecret: 'secret' },
    ];
    const script = `const { HttpApi } = require(${JSON.stringify(join(lib, 'http-api'))});
      const { V20Pbx } = require(${JSON.stringify(join(lib, 'v20'))});
      const isLoaded = () => Object.keys(require.cache).some((file) => /[\\\\/]ws[\\\\/]/.test(file));
      const look = async (settings) => {
        const pbx = new (settings.api === 'http' ? HttpApi : V20Pbx)({ clock: () => ({ wall: Date.now(), steady: performance.now() }), ...settings });
        await new Promise((onSnapshot, onSilence) => pbx.watch({ onSnapshot, onSilence }, null));
        pbx.close();
        return isLoaded();
      };
      (async () => {
        for (const settings of ${JSON.stringify(connections)}) console.log(settings.api, await look(settings));
      })();`;
    const { stdout } = await run(process.execPath, ['-e', script]);
    await simulator.close();
    assert.equal(stdout, 'http false\nv20 true\n');
  });

  it('serves its icons, its help and what its dialogs share', async () => {
    for (const path of [
      'icons/node-red-contrib-3cx/call-control.svg',
      'resources/node-red-contrib-3cx/threecx-editor.css',
      'resources/node-red-contrib-3cx/threecx-editor.js',
    ]) {
      assert.equal((await fetch(`${nodeRed.url}/${path}`)).status, 200, path);
    }
    const definitions = await (await fetch(`${nodeRed.url}/nodes`, { headers: { Accept: 'text/html' } })).text();
    for (const type of types) assert.ok(definitions.includes(`data-help-name="${type}"`), type);
  });

  it('shows its examples in the import menu', async () => {
    const response = await fetch(`${nodeRed.url}/library/examples/flows/node-red-contrib-3cx`);
    const shown = (await response.json()) as { fn: string }[];
    const files = await readdir(join(repository, 'examples'));
    assert.deepEqual(
      shown.map(({ fn }) => `${fn}.json`),
      files.sort(),
    );
  });

  it('can be imported, with types, and brings the simulator', async () => {
    const installed = join(nodeRed.userDir, 'node_modules/node-red-contrib-3cx');
    const { exports, bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, { types: string; default: string } | string>;
      bin: Record<string, string>;
    };
    for (const entry of Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry]))) {
      await readFile(join(installed, entry.types));
      await readFile(join(installed, entry.default));
    }
    const script = `import { startSimulator } from 'node-red-contrib-3cx/simulator';
      const simulator = await startSimulator();
      console.log(await (await fetch(simulator.url + '/ondn/10')).text());
      await simulator.close();`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: nodeRed.userDir });
    assert.equal(stdout, '0\n');
    const { stdout: help } = await run(process.execPath, [join(installed, bin['3cx-simulator'] ?? ''), '--help']);
    assert.match(help, /--control-port/);
  });
});
