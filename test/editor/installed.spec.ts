import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { launchBrowser } from '../../support/browser';
import { darkOfNodeRed5, serious } from '../../support/dialogs';
import { Editor, type EditorOptions } from '../../support/editor';
import { startServer } from '../../support/http-server';
import { type NodeRed, type NodeRedOptions, startNodeRed } from '../../support/node-red';
import { exampleFiles, otherModules, readExample } from '../../support/examples';
import { nodeRed5 } from '../../support/node-red-5';
import { until } from '../../support/until';
import { pack } from '../../support/tarball';

type Pbx = Simulator['pbx'];

const repository = resolve(__dirname, '../..');
const fixture = (name: string): string => readFileSync(resolve(__dirname, '../fixtures', name), 'utf8');
const screenshots = join(repository, 'coverage/screenshots');
const examples = exampleFiles();
/** Dialogs with every operation, which takes minutes (`npm run test:all`). */
const all = process.env.TEST_ALL === '1';
const languages = readdirSync(join(repository, 'nodes/locales'));

const caller = '+4915112345678';
const ten = { extension: '10' };
const idAt = (pbx: Pbx, extension: string): string => pbx.connectionsOf(extension).at(-1)?.id ?? '';
const ringing = (pbx: Pbx): void => void pbx.inbound({ ...ten, queue: '8000', number: caller });
const talking = (pbx: Pbx): void => {
  ringing(pbx);
  pbx.answer(idAt(pbx, '10'));
};
const asking = (pbx: Pbx): void => {
  talking(pbx);
  pbx.makeCall('10', '11');
  pbx.answer(idAt(pbx, '11'));
};

/** The fields for an operation, and its result. */
interface Step {
  type: string;
  operation: string;
  /** The values in the dialog; all others keep their defaults. */
  fields?: Record<string, string>;
  /** Changes the PBX first. Without an expected request, it makes the node send a message. */
  before?: (pbx: Pbx) => void;
  /** The request at the server. */
  request?: string;
  /** The text in the debug sidebar. */
  shown?: string;
}

const steps: Step[] = [
  { type: 'call-monitor', operation: 'watch', before: ringing, shown: 'ringing 10' },
  { type: 'call-monitor', operation: 'showallcalls', request: '/showallcalls' },
  { type: 'call-monitor', operation: 'getcallerid', fields: ten, before: ringing, request: '/getcallerid/10' },
  { type: 'call-monitor', operation: 'ondn', fields: ten, before: ringing, request: '/ondn/10' },
  { type: 'call-monitor', operation: 'dnregs', fields: ten, request: '/dnregs/10' },
  ...['start', 'stop', 'pause', 'resume'].map((operation, index) => ({
    ...{ type: 'recorder', operation, fields: ten, before: talking, request: `/record/10/${index}` },
  })),
  {
    ...{ type: 'agent-status', operation: 'setstatus', fields: { ...ten, profile: 'away' } },
    request: '/setstatus/10/away',
  },
  { type: 'agent-status', operation: 'showstatus', fields: ten, request: '/showstatus/10' },
  ...['ready', 'notready', 'logout'].map((operation) => ({
    ...{ type: 'agent-status', operation, fields: ten, request: `/${operation}/10` },
  })),
  {
    ...{ type: 'agent-status', operation: 'login', fields: { ...ten, action: 'login_all', queue: '8000' } },
    request: '/save/login_only_to/10/8000',
  },
  {
    ...{ type: 'call-control', operation: 'makecall', fields: { ...ten, destination: '11', phone: 'Desktop' } },
    request: '/makecall/10/11/Desktop',
  },
  { type: 'call-control', operation: 'answer', fields: ten, before: ringing, request: '/answer/10' },
  { type: 'call-control', operation: 'drop', fields: ten, before: talking, request: '/drop/10' },
  {
    ...{ type: 'call-control', operation: 'transfer', fields: { ...ten, destination: '11' }, before: talking },
    request: '/transfer/10/11',
  },
  { type: 'call-control', operation: 'atttrans', fields: ten, before: asking, request: '/atttrans/10/' },
  {
    // Which the server that people run has not.
    ...{ type: 'call-control', operation: 'divert', fields: { ...ten, destination: '11' }, before: ringing },
    ...{ request: '/divert/10/11', shown: 'unsupported' },
  },
  { type: 'call-control', operation: 'park', fields: ten, before: talking, request: '/park/10/' },
  { type: 'call-control', operation: 'unpark', fields: { ...ten, phone: 'Soft' }, request: '/unpark/10/Soft' },
  // It ends the server.
  { type: 'call-control', operation: 'stop', request: '/stop' },
];
/** One of each node. */
const mainPath = steps.filter(({ operation }) => ['watch', 'start', 'setstatus', 'makecall'].includes(operation));

interface Variant {
  name: string;
  /** In the names of pictures. */
  short: string;
  program: () => Promise<NodeRedOptions>;
  settings?: Record<string, unknown>;
  editor?: EditorOptions;
  simulator?: SimulatorOptions;
  /** The fields of the connection. */
  connection?: Record<string, string>;
  steps: Step[];
  /** Also: reasons and examples. */
  everything?: boolean;
  /** Also: all dialogs. */
  dialogs?: boolean;
  /** Returns a style sheet for a dark Node-RED, for a version without a dark theme. */
  dark?: () => Promise<string>;
}

const login = { username: 'admin', password: 'simulated' };
const server = { user: 'node-red', password: 'secret' };
const variants: Variant[] = [
  { name: 'Node-RED 5.0', short: '5.0', program: nodeRed5, steps, everything: true, dialogs: true },
  {
    name: 'Node-RED 5.0 with a log-in and a root of its own, on a server with a password',
    short: '5.0-secured',
    program: nodeRed5,
    settings: {
      httpAdminRoot: '/red',
      adminAuth: {
        type: 'credentials',
        // The hash of the password above.
        users: [
          {
            username: login.username,
            password: '$2b$08$6xXWq1k5zSI3d04WHEk9xeNQaE5eJTzZAVm6TYoclodx2/5a/A66C',
            permissions: '*',
          },
        ],
      },
    },
    editor: { login },
    simulator: { auth: { type: 'basic', ...server } },
    connection: { auth: 'basic', ...server },
    steps: mainPath,
  },
  {
    name: 'Node-RED 4.1',
    short: '4.1',
    program: () => Promise.resolve({}),
    steps: mainPath,
    dialogs: true,
    dark: darkOfNodeRed5,
  },
];

/** Beside what comes from the palette: something to click for each step, and what shows the outcome. */
const flowFor = (count: number): object[] => [
  { id: 'tab', type: 'tab', label: 'test' },
  ...Array.from({ length: count }, (_, index) => ({
    ...{ id: `click${index}`, type: 'inject', z: 'tab', x: 2500, y: 40 + 40 * index },
    ...{ name: '', props: [], repeat: '', crontab: '', once: false, onceDelay: 0.1, topic: '', wires: [[]] },
  })),
  { id: 'catch', type: 'catch', z: 'tab', name: '', scope: null, uncaught: false, x: 2700, y: 40, wires: [['shown']] },
  {
    ...{ id: 'shown', type: 'debug', z: 'tab', name: '', x: 2900, y: 40, wires: [], active: true, tosidebar: true },
    ...{ console: false, tostatus: false, statusVal: '', statusType: 'auto', targetType: 'jsonata' },
    complete:
      'payload.event ? payload.event & " " & payload.extension : error ? error.code : payload.operation & " " & payload.ok',
  },
];

describe('The package, installed from its tarball', function () {
  this.timeout(120_000);
  let folder: string;
  let tarball: string;
  let browser: Browser;

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    mkdirSync(screenshots, { recursive: true });
    folder = await mkdtemp(join(tmpdir(), '3cx-installed-'));
    ({ path: tarball } = await pack(folder));
    browser = await launchBrowser();
  });
  after(async () => {
    // It may have failed to start.
    await (browser as Browser | undefined)?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const { dark, ...variant } of variants) {
    describe(`on ${variant.name}`, () => {
      let simulator: Simulator;
      let nodeRed: NodeRed;
      let editor: Editor;
      /** The nodes from the palette, in the order of the steps. */
      const ids: string[] = [];
      let isDeployed = false;

      before(async function () {
        this.timeout(600_000); // Node-RED may have to be installed first
        simulator = await startSimulator({ delay: 0, ...variant.simulator });
        nodeRed = await startNodeRed({
          ...(await variant.program()),
          tarball,
          modules: otherModules,
          flows: flowFor(variant.steps.length),
          ...(variant.settings && { settings: variant.settings }),
        });
        editor = await Editor.open(browser, nodeRed.url, variant.editor);
        await editor.ask(`RED.actions.invoke('core:show-debug-tab')`);
      });
      after(async () => {
        await (editor as Editor | undefined)?.page.close();
        await (nodeRed as NodeRed | undefined)?.stop();
        await (simulator as Simulator | undefined)?.close();
      });

      it('has nodes to drag from the palette, to fill in and to deploy', async () => {
        for (const [index, { type, operation, fields = {} }] of variant.steps.entries()) {
          const id = await editor.drag(`3cx-${type}`, 120 + 220 * (index % 4), 60 + 80 * Math.floor(index / 4));
          ids.push(id);
          await editor.edit(id);
          if (index === 0) {
            await editor.openConnection('add');
            const connection = { name: 'PBX', url: simulator.url, pollInterval: '250', ...variant.connection };
            await editor.setConnection({ ...connection, allowStop: true });
            await editor.closeConnection();
          } else {
            await editor.form().locator('#node-input-server').selectOption({ label: 'PBX' });
          }
          await editor.chooseOperation(operation);
          for (const [name, value] of Object.entries(fields)) await editor.setArgument(name, value);
          await editor.close();
          assert.deepEqual(await editor.ask(`RED.nodes.node('${id}').validationErrors ?? []`), [], operation);
          await editor.wire(`click${index}`, id);
          await editor.wire(id, 'shown');
        }
        await editor.page.screenshot({ path: join(screenshots, `installed-${variant.short}.png`) });
        await editor.deploy();
        // The calls of the first list are no news.
        const isListed = (): boolean =>
          simulator.requests.some(({ path, answer }) => path.endsWith('/showallcalls') && answer !== null);
        await until(isListed, 'the first list of calls');
        isDeployed = true;
      });

      for (const [index, { type, operation, before: prepare, request, shown }] of variant.steps.entries()) {
        it(`${type}: ${operation}`, async () => {
          // Without it each step would wait for what cannot come.
          assert.ok(isDeployed, 'nothing was deployed');
          simulator.pbx.clearCalls();
          await editor.clearDebug();
          const sent = simulator.requestCount;
          prepare?.(simulator.pbx);
          if (request !== undefined) await editor.inject(`click${index}`);
          await editor.debugMessage(shown ?? `${operation} true`).waitFor();
          const paths = simulator.requests.filter(({ id }) => id > sent).map(({ path }) => path);
          if (request !== undefined) assert.ok(paths.includes(request), paths.join('\n'));
        });
      }

      it('tests the connection with the values in the dialog', async () => {
        const other = await startSimulator({ auth: { type: 'basic', ...server } });
        const foreign = await startServer('', { key: fixture('tls/key.pem'), cert: fixture('tls/cert.pem') });
        try {
          other.pbx.inbound({ extension: '10', number: caller });
          await editor.edit(ids[0] ?? '');
          await editor.openConnection('edit');
          const right = { url: other.url, auth: 'basic', ...server };
          const tests: [Record<string, string>, kind: string, words: RegExp][] = [
            [right, 'good', /: the community server, 1 call, \d+ ms$/],
            [{ ...right, password: 'wrong' }, 'bad', /^Not authorised$/],
            [{ ...right, url: 'http://127.0.0.1:1' }, 'bad', /\(ECONNREFUSED\)$/],
            [{ ...right, url: foreign.url }, 'bad', /\(DEPTH_ZERO_SELF_SIGNED_CERT\)$/],
          ];
          for (const [values, kind, words] of tests) {
            await editor.setConnection(values);
            const verdict = await editor.testConnection();
            assert.equal(await verdict.getAttribute('data-threecx-verdict'), kind);
            assert.match(await verdict.innerText(), words);
          }
          assert.deepEqual(foreign.requests, []);
          await editor.page.screenshot({ path: join(screenshots, `installed-${variant.short}-test.png`) });
          await editor.closeConnection('cancel');
          await editor.close('cancel');
        } finally {
          await Promise.all([other.close(), foreign.close()]);
        }
      });

      it('offers the extensions that were seen', async () => {
        await editor.edit(ids.at(-1) ?? '');
        await editor.chooseOperation('msg');
        await editor.setArgument('extension', '1');
        await editor.form().locator('[data-threecx-argument="extension"] .red-ui-typedInput-input').press('ArrowDown');
        await editor.suggestion('10').waitFor();
        await editor.page.keyboard.press('Escape');
        await editor.close('cancel');
      });

      if (variant.everything) {
        it('marks a node with a malformed extension, with the reason', async () => {
          const id = await editor.drag('3cx-call-control', 600, 640);
          await editor.edit(id);
          await editor.form().locator('#node-input-server').selectOption({ label: 'PBX' });
          await editor.setArgument('extension', '1 0');
          await editor.close();
          await editor.page.locator(`[id="${id}"] .red-ui-flow-node-error`).hover();
          const [reason] = (await editor.ask(`RED.nodes.node('${id}').validationErrors`)) as [string];
          const tooltip = editor.page.locator('.red-ui-flow-port-tooltip');
          await tooltip.waitFor();
          const words = (await tooltip.textContent())?.replaceAll('\u00a0', ' ') ?? '';
          assert.ok(words.includes(reason), words);
          assert.doesNotMatch(reason, /threecx/);
          await editor.page.screenshot({ path: join(screenshots, 'installed-invalid.png') });
          await editor.ask(`RED.actions.invoke('core:delete-selection')`);
        });

        it('has examples in the import menu, which deploy without an unknown or an invalid node', async () => {
          const clicked = all ? examples : examples.slice(0, 2);
          for (const file of clicked) await editor.importExample(basename(file, '.json'));
          const others = examples.filter((file) => !clicked.includes(file)).map(readExample);
          const added = new Map(others.flat().map((node) => [node.id, node]));
          // It came with the first one.
          for (const { id } of readExample(examples[0] ?? '').filter(({ type }) => type === '3cx-config'))
            added.delete(id);
          await editor.importNodes([...added.values()]);
          await editor.deploy();
          await editor.reload();
          const nodes = (await editor.ask(`(() => {
            const found = [];
            RED.nodes.eachNode(({ type, valid, z }) => found.push({ type, valid, z }));
            RED.nodes.eachConfig(({ type, valid }) => found.push({ type, valid }));
            return found;
          })()`)) as { type: string; valid: boolean; z?: string }[];
          assert.deepEqual(
            nodes.filter(({ type, valid }) => type === 'unknown' || !valid),
            [],
          );
          assert.equal(new Set(nodes.flatMap(({ z }) => z ?? [])).size, examples.length + 1);
          // Beside the one of the other tests: the one that the examples share, and a second PBX.
          assert.equal(nodes.filter(({ type }) => type === '3cx-config').length, 3);
        });
      }

      if (variant.dialogs) {
        for (const language of languages) {
          it(`has dialogs that are fit to read and to use, light and dark: ${language}`, async () => {
            const findings: string[] = [];
            const its = await Editor.open(browser, nodeRed.url, { locale: language });
            if (dark !== undefined) await its.page.addStyleTag({ content: await dark() });
            await its.page.evaluate(axe.source);
            // The longest dialog fits.
            await its.page.setViewportSize({ width: 1500, height: 1250 });
            const look = async (form: string, name: string): Promise<void> => {
              assert.doesNotMatch(await its.page.locator(form).innerText(), /threecx/, name);
              for (const scheme of ['light', 'dark'] as const) {
                await its.page.emulateMedia({ colorScheme: scheme });
                findings.push(...(await serious(its.page, form)).map((finding) => `${name}, ${scheme}: ${finding}`));
                const path = join(screenshots, `installed-${variant.short}-${name}-${scheme}-${language}.png`);
                await its.page.locator('.red-ui-tray').last().screenshot({ path });
              }
            };
            for (const type of ['call-control', 'agent-status', 'recorder', 'call-monitor']) {
              const id = ids[variant.steps.findIndex((step) => step.type === type)] ?? '';
              await its.edit(id);
              const options = (await its.ask(
                `$('#node-input-operation option').get().map(({ value }) => value)`,
              )) as string[];
              // The first operation, and the one that has all arguments.
              for (const operation of all ? options : [options[0] ?? '', 'msg']) {
                await its.chooseOperation(operation);
                await look('#dialog-form', `${type}-${operation}`);
              }
              if (type === 'call-monitor') {
                await its.openConnection('edit');
                for (const auth of all ? ['none', 'basic', 'bearer'] : ['basic']) {
                  await its.setConnection({ url: 'https://pbx.example', auth });
                  await look('#node-config-dialog-edit-form', `config-${auth}`);
                }
                await its.closeConnection('cancel');
              }
              await its.close('cancel');
            }
            await its.page.close();
            assert.deepEqual(findings, []);
            assert.deepEqual(its.problems, []);
          });
        }
      }

      it('leaves no error, neither on the page nor in the log', () => {
        assert.deepEqual(editor.problems, []);
        assert.doesNotMatch(nodeRed.log(), /\[error\] (?!\[3cx)/);
      });
    });
  }
});
