import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Browser, Locator } from 'playwright-core';
import { type ApiType, apiTypes } from '../../lib/pbx';
import { type Simulator, startSimulator, type V20Simulator } from '../../simulator';
import { launchBrowser } from '../../support/browser';
import { darkOfNodeRed5, serious } from '../../support/dialogs';
import { Editor } from '../../support/editor';
import { type NodeRed, type NodeRedOptions, startNodeRed } from '../../support/node-red';
import { nodeRed5 } from '../../support/node-red-5';
import { until } from '../../support/until';

const versions: [string, () => Promise<NodeRedOptions>][] = [
  ['4.1', () => Promise.resolve({})],
  ['5.0', nodeRed5],
];
const hostile = `<img src="x" onerror="window.hacked = 1"><script>window.hacked = 2</script>`;
const caller = '+4915112345678';
const client = { clientId: '900', clientSecret: 'Secret-of-the-client' };
/** A connection may wait 30 s between two tries. */
const patient = { timeout: 45_000 };
// The hash of "pass", as `node-red admin hash-pw` makes it.
const password = '$2b$08$Mj7GoKioDzI1hBEEB4kwH.8QAo9N800J0H9/cj5BdFAFVxKCPjcFW';

/** Of the panel, in pixels. */
const lineHeight = 18;
const readTitle = ({ title, offsetHeight }: HTMLElement): { title: string; offsetHeight: number } => ({
  ...{ title, offsetHeight },
});

const show = (editor: Editor): Promise<unknown> => editor.ask(`RED.sidebar.show('threecx-panel')`);
const hide = (editor: Editor): Promise<unknown> => editor.ask(`RED.sidebar.show('info')`);
const rows = (editor: Editor, section: string): Locator =>
  editor.page.locator(`[data-threecx-section="${section}"] li:visible`);
const row = (editor: Editor, section: string, text: string | RegExp): Locator =>
  rows(editor, section).filter({ hasText: text }).first();

/** Holds the events still, or lets them go on. */
const pause = (editor: Editor): Locator => editor.page.locator('[data-threecx-section="events"] button').first();
const clear = (editor: Editor): Locator => editor.page.locator('[data-threecx-section="events"] button').nth(1);
const eventRow = (editor: Editor, name: string): Locator =>
  rows(editor, 'events')
    .filter({ has: editor.page.locator(`code:text-is("${name}")`) })
    .first();

const apis: Record<ApiType, string> = { http: 'the HTTP API', v20: '3CX V20' };
const stages = versions.flatMap(([version, program]) => apiTypes.map((api) => ({ version, program, api })));

for (const { version, program, api } of stages) {
  describe(`The panel in the sidebar of Node-RED ${version}, by ${apis[api]}`, function () {
    this.timeout(60_000);
    let simulator: Simulator | V20Simulator;
    let other: Simulator;
    let nodeRed: NodeRed;
    let browser: Browser;
    let editor: Editor;

    /** @param port the one before, or a free one */
    const start = (port = 0): Promise<Simulator | V20Simulator> =>
      startSimulator(api === 'http' ? { port } : { v20: { ...client, port } });
    const address = (): string => simulator[api === 'http' ? 'url' : 'v20Url'] ?? '';
    const flows = (name = 'Office'): object[] => [
      { id: 'tab', type: 'tab', label: 'test' },
      {
        ...{ id: 'pbx', type: '3cx-config', name, api, url: address(), pollInterval: 100 },
        names: [
          { number: '10', name: 'Anna' },
          { number: '11', name: hostile },
        ],
      },
      {
        ...{ id: 'command', type: '3cx-call-control', z: 'tab', x: 300, y: 60, name: 'Drop it' },
        ...{ server: 'pbx', operation: 'drop', extension: 'extension', extensionType: 'msg', wires: [[], []] },
      },
      { id: 'caught', type: 'catch', z: 'tab', x: 300, y: 120, scope: null, wires: [[]] },
      {
        id: 'click',
        type: 'inject',
        z: 'tab',
        x: 100,
        y: 60,
        props: [],
        repeat: '',
        crontab: '',
        wires: [['command']],
      },
    ];
    /** Deploys everything again. */
    const deploy = async (nodes: object[]): Promise<void> => {
      const { status } = await fetch(`${nodeRed.url}/flows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'full' },
        body: JSON.stringify(nodes),
      });
      assert.equal(status, 204);
    };
    /** Counts requests while another server, which is polled all the time, gets `count` requests. */
    const requestsDuring = async (count: number): Promise<number> => {
      const [before, end] = [simulator.requestCount, other.requestCount + count];
      await until(() => other.requestCount >= end, `${count} polls`);
      return simulator.requestCount - before;
    };
    const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn)[0]?.id ?? '';

    before(async function () {
      this.timeout(600_000); // Node-RED and a browser may have to be installed first
      simulator = await start();
      other = await startSimulator();
      const credentials: Record<string, Record<string, string>> = api === 'http' ? {} : { pbx: client };
      nodeRed = await startNodeRed({ ...(await program()), flows: flows(), credentials });
      browser = await launchBrowser();
      editor = await Editor.open(browser, nodeRed.url);
      await show(editor);
      await row(editor, 'connections', 'works').waitFor();
    });
    after(async () => {
      await (browser as Browser | undefined)?.close();
      await (nodeRed as NodeRed | undefined)?.stop();
      await (simulator as Simulator | undefined)?.close();
      await (other as Simulator | undefined)?.close();
    });
    afterEach(() => {
      simulator.pbx.clearCalls();
      assert.deepEqual(editor.problems.splice(0), []);
    });

    it('shows how a call rings, is talked on and ends', async () => {
      simulator.pbx.inbound({ extension: '10', queue: '8000', number: caller });
      await row(editor, 'extensions', /10\s*Anna\s*ringing 00:0\d/).waitFor();
      await row(editor, 'calls', new RegExp(`\\${caller} → 10 Anna.*incoming · queue 8000 .* · ringing`)).waitFor();
      simulator.pbx.answer(idAt('10'));
      const talking = row(editor, 'extensions', 'talking');
      await talking.waitFor();
      assert.equal(await talking.getAttribute('data-threecx-state'), 'talking');
      assert.match(await talking.innerText(), new RegExp(`\\${caller}`));
      simulator.pbx.hangup(idAt('10'));
      await row(editor, 'extensions', /Anna.*no call/).waitFor();
      assert.equal(await rows(editor, 'calls').count(), 0);
      const names = await rows(editor, 'events').locator('code').allInnerTexts();
      assert.deepEqual(
        names.filter((name) => name !== 'state'),
        ['ended', 'answered', 'ringing'],
      );
    });

    it('shows an outage, its reason, and its end', async () => {
      const { port } = new URL(address());
      await simulator.close();
      await editor.page.locator('[data-threecx-look="bad"]').getByText('unreachable').waitFor(patient);
      await row(editor, 'extensions', /Anna.*unknown/).waitFor();
      simulator = await start(Number(port));
      await row(editor, 'connections', 'works').waitFor(patient);
      await row(editor, 'extensions', /Anna.*no call/).waitFor();
      await eventRow(editor, 'offline').waitFor();
      await eventRow(editor, 'online').waitFor();
    });

    it('makes a call-monitor of an extension or an event that is dragged into the flow', async () => {
      const chart = editor.page.locator('#red-ui-workspace-chart');
      const drop = async (from: Locator, y: number): Promise<Record<string, unknown>> => {
        await from.dragTo(chart, { targetPosition: { x: 400, y } });
        await editor.page.waitForFunction(`RED.view.selection().nodes?.[0]?.y === ${y}`);
        return JSON.parse(
          String(
            await editor.ask(`(({ id, server, extensions, events, operation, valid }) =>
              JSON.stringify({ id, server, extensions, events, operation, valid }))(RED.view.selection().nodes[0])`),
          ),
        ) as Record<string, unknown>;
      };
      await clear(editor).click();
      simulator.pbx.inbound({ extension: '10', number: caller });
      // A row that is still to come would move those that are dragged.
      await row(editor, 'calls', caller).waitFor();
      await row(editor, 'extensions', /Anna.*ringing/).waitFor();
      await eventRow(editor, 'ringing').waitFor();
      await pause(editor).click();
      const ofExtension = await drop(row(editor, 'extensions', 'Anna'), 200);
      const { extensions, server, operation } = ofExtension;
      assert.deepEqual({ extensions, server, operation }, { extensions: '10', server: 'pbx', operation: 'watch' });
      const ofEvent = await drop(eventRow(editor, 'ringing'), 300);
      assert.deepEqual([ofEvent.events, ofEvent.server], [['ringing'], 'pbx']);
      await pause(editor).click();
      await editor.deploy();
      const saved = (await (await fetch(`${nodeRed.url}/flows`)).json()) as Record<string, unknown>[];
      const [first, second] = [ofExtension.id, ofEvent.id].map((id) => saved.find((node) => node.id === id));
      assert.deepEqual([first?.extensions, first?.server, first?.z], ['10', 'pbx', 'tab']);
      assert.deepEqual([second?.events, second?.extensions], [['ringing'], '']);
      await editor.page.locator(`[id="${String(ofExtension.id)}"] .red-ui-flow-node-status-label`).waitFor();
    });

    // The rest does not depend on the interface.
    if (api !== 'http') return;

    it('finds extensions by number or name, and those in a call', async () => {
      simulator.pbx.makeCall('11', '12');
      await row(editor, 'extensions', /^11/).waitFor();
      const search = editor.page.locator('.threecx-panel input[type="search"]');
      await search.fill('ann');
      assert.equal(await rows(editor, 'extensions').count(), 1);
      await search.fill('1');
      await editor.page.locator('.threecx-busy input').check();
      assert.equal(await rows(editor, 'extensions').count(), 2);
      await editor.page.locator('.threecx-busy input').uncheck();
      await search.fill('');
      assert.equal(await rows(editor, 'extensions').count(), 3);
    });

    it('treats names of callers as text only', async () => {
      simulator.pbx.inbound({ extension: '11', number: caller });
      await row(editor, 'calls', hostile).waitFor();
      const { title, offsetHeight } = await eventRow(editor, 'ringing')
        .filter({ hasText: hostile })
        .evaluate(readTitle);
      assert.ok(title.startsWith('ringing ') && title.includes(hostile), title);
      assert.ok(offsetHeight < 2 * lineHeight, `${offsetHeight} pixels for one line`);
      await row(editor, 'extensions', hostile).waitFor();
      assert.equal(await editor.ask('window.hacked'), undefined);
      assert.equal(await editor.ask(`$('img[src="x"]').length`), 0);
    });

    it('copies the payload of an event as JSON', async () => {
      await editor.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      const ringing = eventRow(editor, 'ringing').filter({ hasText: 'onerror' });
      await ringing.waitFor();
      // Otherwise an event that comes just now moves the one that is clicked.
      await pause(editor).click();
      await ringing.click();
      const text = await ringing.innerText();
      await pause(editor).click();
      const { event, extension } = JSON.parse(String(await editor.ask('navigator.clipboard.readText()'))) as {
        event: string;
        extension: string;
      };
      assert.equal(event, 'ringing');
      assert.match(text, new RegExp(`ringing\\s+${extension}\\b`));
    });

    it('holds the events still, and clears them', async () => {
      await clear(editor).click();
      assert.equal(await rows(editor, 'events').count(), 0);
      await pause(editor).click();
      simulator.pbx.inbound({ extension: '10', number: caller });
      await row(editor, 'extensions', 'ringing').waitFor();
      assert.equal(await rows(editor, 'events').count(), 0);
      await pause(editor).click();
      await eventRow(editor, 'ringing').waitFor();
    });

    it('shows an error that a Catch node got, and the node that has it', async () => {
      await editor.inject('click');
      await row(editor, 'errors', /Drop it[^]*invalid-argument · .*extension/).waitFor();
      await editor.ask(`RED.view.reveal = (id) => (window.revealed = id)`);
      await row(editor, 'errors', 'Drop it').getByRole('button').click();
      assert.equal(await editor.ask('window.revealed'), 'command');
    });

    it('tests a connection', async () => {
      await editor.page.locator('.threecx-panel .threecx-test button').click();
      await editor.page.locator('.threecx-panel .threecx-verdict').getByText('community server').waitFor();
    });

    it('can be used with the keyboard', async () => {
      await editor.page.locator('.threecx-panel input[type="search"]').focus();
      await editor.page.keyboard.press('Tab');
      await editor.page.keyboard.press('Tab');
      const focused = (): Promise<unknown> => editor.ask('document.activeElement.textContent.slice(0, 2)');
      assert.equal(await focused(), '10');
      await editor.page.keyboard.press('ArrowDown');
      assert.equal(await focused(), '11');
      await editor.page.keyboard.press('End');
      assert.equal(await focused(), '12');
      await editor.page.keyboard.press('+');
      const added = String(await editor.ask(`RED.view.selection().nodes[0].extensions`));
      assert.equal(added, '12');
      await editor.ask(`RED.actions.invoke('core:delete-selection')`);
    });

    it('can be read by a screen reader, and in the dark', async () => {
      await editor.page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
      assert.deepEqual(await serious(editor.page, '.threecx-panel'), []);
      await editor.page.addStyleTag({ content: await darkOfNodeRed5() });
      await editor.page.emulateMedia({ colorScheme: 'dark' });
      assert.deepEqual(await serious(editor.page, '.threecx-panel'), []);
      await editor.page.emulateMedia({ colorScheme: 'light' });
    });

    it('adds no call-monitor whose connection the editor does not have, and says why', async () => {
      await editor.ask(`(() => {
        const { node } = RED.nodes;
        RED.nodes.node = (id) => (id === 'pbx' ? undefined : node(id));
        window.findAgain = () => (RED.nodes.node = node);
      })()`);
      const count = `RED.nodes.filterNodes({ type: '3cx-call-monitor' }).length`;
      const before = await editor.ask(count);
      await row(editor, 'extensions', 'Anna').press('+');
      await row(editor, 'extensions', 'Anna').dragTo(editor.page.locator('#red-ui-workspace-chart'));
      const reasons = editor.page.locator('#red-ui-notifications').getByText('instance of a subflow');
      await reasons.nth(1).waitFor();
      assert.equal(await editor.ask(count), before);
      await editor.ask('window.findAgain()');
    });

    it('goes on when everything is deployed again', async () => {
      await deploy(flows('Branch'));
      await row(editor, 'connections', 'Branch').waitFor();
      simulator.pbx.inbound({ extension: '12', number: caller });
      await row(editor, 'extensions', /12.*ringing/).waitFor();
    });

    it('shows the same in two editors, and asks nothing when both have closed it', async () => {
      await deploy([
        ...flows(),
        { id: 'other', type: '3cx-config', name: 'Other', url: other.url, pollInterval: 100 },
        { id: 'monitor', type: '3cx-call-monitor', z: 'tab', x: 300, y: 180, server: 'other', wires: [[]] },
      ]);
      const second = await Editor.open(browser, nodeRed.url);
      await show(second);
      simulator.pbx.inbound({ extension: '10', number: caller });
      for (const one of [editor, second]) await row(one, 'extensions', /Anna.*ringing/).waitFor();
      await hide(editor);
      simulator.pbx.answer(idAt('10'));
      await row(second, 'extensions', /Anna.*talking/).waitFor();
      await second.page.close();
      await requestsDuring(3);
      assert.equal(await requestsDuring(10), 0);
      await show(editor);
      await row(editor, 'extensions', /Anna.*talking/).waitFor();
    });

    it('goes on when Node-RED has been started again', async () => {
      await nodeRed.restart();
      // Until it was there, the editor failed to reach it.
      simulator.pbx.inbound({ extension: '10', number: caller });
      await row(editor, 'extensions', /Anna.*ringing/).waitFor({ timeout: 30_000 });
      editor.problems.splice(0);
    });
  });
}

for (const [version, program] of versions) {
  describe(`The panel behind a log-in of Node-RED ${version}`, function () {
    this.timeout(60_000);
    it('says that it may not be seen', async function () {
      this.timeout(600_000); // Node-RED and a browser may have to be installed first
      const permissions = ['flows.read', 'nodes.read', 'plugins.read', 'settings.read', 'status.read', 'context.read'];
      const users = [{ username: 'viewer', password, permissions }];
      const settings = { adminAuth: { type: 'credentials', users } };
      const nodeRed = await startNodeRed({ ...(await program()), settings });
      const browser = await launchBrowser();
      try {
        const login = { username: 'viewer', password: 'pass' };
        const editor = await Editor.open(browser, nodeRed.url, { login });
        await show(editor);
        await editor.page.locator('.threecx-message').getByText('does not let you').waitFor();
        assert.equal(await editor.page.locator('.threecx-body').isVisible(), false);
      } finally {
        await browser.close();
        await nodeRed.stop();
      }
    });
  });
}

describe('The panel in German, with 3CX V20', function () {
  this.timeout(60_000);
  it('shows extensions with their profiles, in 300 pixels', async function () {
    this.timeout(600_000); // a browser may have to be installed first
    const simulator: V20Simulator = await startSimulator({ v20: client });
    const nodeRed = await startNodeRed({
      flows: [
        { id: 'pbx', type: '3cx-config', name: 'V20', api: 'v20', url: simulator.v20Url },
        // Nothing listens there.
        { id: 'gone', type: '3cx-config', name: 'Gone', url: 'http://127.0.0.1:9', pollInterval: 100 },
      ],
      credentials: { pbx: client },
      settings: { lang: 'de' },
    });
    const browser = await launchBrowser();
    try {
      const editor = await Editor.open(browser, nodeRed.url, { locale: 'de-DE' });
      await show(editor);
      await editor.ask(`$('#red-ui-sidebar').width(300)`);
      await editor.page.locator('.threecx-choice select').selectOption('pbx');
      await row(editor, 'extensions', /Verfügbar/).waitFor();
      simulator.pbx.inbound({ extension: '10', number: caller });
      await row(editor, 'extensions', /10.*klingelt/).waitFor();
      await row(editor, 'calls', /eingehend · klingelt/).waitFor();
      await row(editor, 'connections', /Gone.*nicht erreichbar.*Nicht erreichbar/s).waitFor();
      const panel = editor.page.locator('.threecx-panel');
      assert.doesNotMatch(await panel.innerText(), /cannot connect/);
      assert.doesNotMatch(await panel.innerText(), /threecx/);
      assert.equal(await panel.evaluate((one) => one.scrollWidth <= one.clientWidth), true);
    } finally {
      await browser.close();
      await nodeRed.stop();
      await simulator.close();
    }
  });
});
