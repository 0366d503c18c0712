import { spawn } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Aedes } from 'aedes';
import getPort from 'get-port';
import { require as tsRequire } from 'tsx/cjs/api';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const { startSimulator } = require(join(root, 'dist/simulator'));
const { nodeRed5, runsNodeRed5 } = tsRequire('../support/node-red-5.ts', import.meta.url);

// `npm start` runs two simulators, an MQTT broker and a Node-RED with this package and its example flows until Ctrl-C.
const host = '127.0.0.1';
// The key for the secrets in Node-RED's flows.
const credentialSecret = 'simulator';
const v20Client = { clientId: '900', clientSecret: 'simulator' };
const v20Connection = '2000000000000001';
/** The extensions and queues in both simulators. */
const pbx = require('./pbx.json');
// The other examples are disabled: otherwise one ring would send a message in each of them.
const enabledExamples = ['00 start here.json', '28 office - wallboard (FlowFuse dashboard).json'];
// An argument sets another user directory.
const userDir = resolve(process.argv[2] ?? join(root, '.node-red'));
prepareUserDir();

const simulator = await startSimulator({
  pbx,
  port: await freePort('the simulator', 8889),
  controlPort: await freePort('its page', 8890),
  v20: { ...v20Client, port: await freePort('the simulated 3CX V20', 5001) },
});
// The example with several PBXs needs a second one.
const secondSimulator = await startSimulator({
  pbx,
  port: await freePort('the second simulator', 8891),
  controlPort: await freePort('its page', 8892),
});
// The examples with MQTT need a broker.
const broker = await Aedes.createBroker();
const brokerPort = await freePort('the MQTT broker', 1883);
createServer(broker.handle).listen(brokerPort, host);
const editorPort = await freePort('Node-RED', 1880);
const nodeRed = spawn(
  process.execPath,
  [
    ...[await program(), '--userDir', userDir, '--port', editorPort],
    ...['-D', `uiHost=${host}`, '-D', 'flowFile=flows.json', '-D', `credentialSecret=${credentialSecret}`],
    ...['-D', 'editorTheme.tours=false', '-D', 'telemetry.enabled=false', '-D', `fileWorkingDirectory=${userDir}`],
  ],
  {
    env: {
      ...process.env,
      SIMULATOR_URL: simulator.url,
      V20_URL: simulator.v20Url,
      SECOND_SIMULATOR_URL: secondSimulator.url,
      BROKER_PORT: String(brokerPort),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);

createInterface({ input: nodeRed.stdout }).on('line', (line) => {
  console.log(line);
  // In the languages of this package.
  if (/(Started flows|Flows sind gestartet)$/.test(line)) {
    console.log(`
  Node-RED with the example flows: http://${host}:${editorPort}/
  The simulator's page:            ${simulator.controlUrl}/
  The simulated 3CX HTTP API:      ${simulator.url}/
  The simulated 3CX V20:           ${simulator.v20Url}/ (client ID ${v20Client.clientId}, secret ${v20Client.clientSecret})
  The page of a second simulator:  ${secondSimulator.controlUrl}/
  The MQTT broker:                 mqtt://${host}:${brokerPort}

  Ctrl-C ends all of it.
`);
  }
});
void simulator.stopped.then(() => console.log('The simulated API was ended by /stop: start again to go on.'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => nodeRed.kill('SIGINT'));
nodeRed.on('exit', (code) => {
  void Promise.all([simulator.close(), secondSimulator.close()]).then(() => process.exit(code ?? 0));
});

/** The red.js of Node-RED 5 where Node.js is new enough for it, else that of 4.1, which `npm ci` has installed. */
async function program() {
  const installed = require.resolve('node-red/red.js');
  if (!runsNodeRed5()) return installed;
  try {
    return (await nodeRed5((what) => console.log(`Fetching ${what} from the npm registry, this once.`))).red;
  } catch (error) {
    console.log(`${error.message}. The Node-RED of this repository takes its place.`);
    return installed;
  }
}

async function freePort(what, wanted) {
  const port = await getPort({ port: wanted, host });
  if (port !== wanted) console.log(`Port ${wanted} is in use: ${what} takes ${port}.`);
  return port;
}

/** Links this package into the user directory and, the first time, puts the example flows there. */
function prepareUserDir() {
  link('node-red-contrib-3cx', root);
  // One example needs this module.
  link('@flowfuse/node-red-dashboard', join(root, 'node_modules/@flowfuse/node-red-dashboard'));

  const flows = join(userDir, 'flows.json');
  if (existsSync(flows)) return;
  const nodes = new Map();
  const others = readdirSync(join(root, 'examples')).filter((file) => !enabledExamples.includes(file));
  for (const file of [...enabledExamples, ...others.sort()]) {
    const example = JSON.parse(readFileSync(join(root, 'examples', file), 'utf8')).map(atOurs);
    for (const node of enabledExamples.includes(file) ? example : example.flatMap(disabled)) nodes.set(node.id, node);
  }
  const v20Flow = startHereByV20().flatMap(disabled);
  writeFileSync(flows, JSON.stringify([...nodes.values(), ...v20Flow], null, 2));
  writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(encrypted({ [v20Connection]: v20Client })));
}

/** The node of an example; of its tab, a disabled one, and above the groups a comment that says how to enable it. */
function disabled(node) {
  if (node.type !== 'tab') return node;
  const comment = {
    ...{ id: `${node.id.slice(0, 4)}00000000ffff`, type: 'comment', z: node.id, x: 294, y: 30, wires: [] },
    name: 'To try this flow: double-click its tab, click Disabled at the bottom, Done, and Deploy',
    info: [
      'It is disabled, so that a call shows in *Start here* alone. The comment below says what to do next.',
      'The simulators and the MQTT broker are running already: `npm start` printed their addresses.',
    ].join('\n\n'),
  };
  return [{ ...node, disabled: true }, comment];
}

/**
 * A second copy of the first example, with other ids, which reaches the simulator by the APIs of V20. It is the same
 * phone system, so with both copies each call appears twice.
 */
function startHereByV20() {
  const text = readFileSync(join(root, 'examples/00 start here.json'), 'utf8');
  return JSON.parse(text.replaceAll(/"3c(?=[0-9a-f]{14}")/g, '"20')).map((node) => {
    if (node.type === 'tab') return { ...node, label: `${node.label}, 3CX V20` };
    return node.id === v20Connection ? { ...node, name: '3CX V20', api: 'v20', url: '${V20_URL}' } : node;
  });
}

/** Encrypts credentials the way Node-RED keeps them on disk. */
function encrypted(credentials) {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(credentialSecret).digest(), iv);
  return {
    $: iv.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64'),
  };
}

/** Points a node of an example at the server that runs here, on its present port. */
function atOurs(node) {
  if (node.type === 'mqtt-broker') return { ...node, port: '${BROKER_PORT}' };
  if (node.type !== '3cx-config') return node;
  const names = pbx.extensions.map(({ number, name }) => ({ number, name }));
  return { ...node, names, url: node.url.endsWith(':8891') ? '${SECOND_SIMULATOR_URL}' : '${SIMULATOR_URL}' };
}

function link(name, target) {
  const path = join(userDir, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path, 'junction');
}
