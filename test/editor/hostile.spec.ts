import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../support/browser';
import { Editor, settled } from '../../support/editor';
import { startServer, type TestServer } from '../../support/http-server';
import { type NodeRed, startNodeRed } from '../../support/node-red';

const script = '<img src="x" onerror="window.hacked = 1">';
/** A text that a caller, or the owner of a queue or profile, may have chosen; of 10,000 characters. */
const hostile = `${script}<script>window.hacked = 2</script>\u202e<br>;EP=7\0\t`.padEnd(10_000, 'x');

const answers: [RegExp, string][] = [
  // One that came through a hostile queue, and one at a hostile DN.
  [
    /^\/showallcalls/,
    '<html><body>' +
      `ID=1;S=Ringing;DN=10;Queue_Name=${hostile};Queue_Nummer=8000;EP=${hostile};REC=Stop<br>` +
      `ID=2;S=Connected;DN=${script};Queue_Name=;Queue_Nummer=null;EP=5;REC=Stop<br></body></html>`,
  ],
  [/^\/getcallerid/, `Queue: ${hostile} Anrufer: ${hostile}`],
  [/^\/showstatus/, `CURRENT_STATUS=${hostile}`],
  [/^\/dnregs/, `7-${hostile}@${hostile}-${hostile}`],
];

const argument = { extension: '10', extensionType: 'str' };
/** The properties that somebody else's flow may contain. */
const flows = (url: string): object[] => {
  const nodes: Record<string, object> = {
    watch: { type: '3cx-call-monitor', operation: 'watch', initial: true },
    list: { type: '3cx-call-monitor', operation: 'showallcalls' },
    caller: { type: '3cx-call-monitor', operation: 'getcallerid', ...argument },
    phone: { type: '3cx-call-monitor', operation: 'dnregs', ...argument },
    profile: { type: '3cx-agent-status', operation: 'showstatus', ...argument },
    drop: { type: '3cx-call-control', operation: 'drop', ...argument },
    named: { type: '3cx-call-control', operation: script, name: script },
    labelled: { type: '3cx-call-control', extension: script, extensionType: 'str', phone: script, phoneType: 'str' },
    filters: {
      ...{ type: '3cx-call-monitor', operation: 'watch', events: [script], extensions: script, direction: script },
      ...{ queues: script, number: `(${script}`, minRing: script, scope: script },
    },
  };
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'pbx', type: '3cx-config', name: script, url },
    {
      ...{ id: 'odd', type: '3cx-config', url: script, auth: script, timeout: script, pollInterval: script },
      ...{ trunks: `(${script}`, services: `[${script}`, allowDestinations: `(${script}` },
    },
    ...Object.entries(nodes).map(([id, node], index) => ({
      ...{ id, z: 'tab', x: 200, y: 40 + 60 * index, server: 'pbx', wires: [['shown'], ['shown']] },
      ...node,
    })),
    { id: 'caught', type: 'catch', z: 'tab', x: 500, y: 40, scope: null, wires: [['shown']] },
    {
      ...{ id: 'shown', type: 'debug', z: 'tab', x: 700, y: 40, active: true, tosidebar: true, wires: [] },
      ...{ complete: 'true', targetType: 'full', statusVal: '', statusType: 'auto' },
    },
    ...['list', 'caller', 'phone', 'profile', 'drop'].map((id, index) => ({
      ...{ id: `click-${id}`, type: 'inject', z: 'tab', x: 100, y: 640 + 40 * index, props: [], wires: [[id]] },
    })),
  ];
};

describe('The editor, with hostile texts from phones, servers and flows,', function () {
  this.timeout(60_000);
  let server: TestServer;
  let nodeRed: NodeRed;
  let browser: Browser;
  let editor: Editor;

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    server = await startServer(({ url = '' }, response) => {
      const [, answer] = answers.find(([path]) => path.test(url)) ?? [];
      if (answer === undefined) response.statusCode = 500;
      return answer ?? hostile;
    });
    nodeRed = await startNodeRed();
    browser = await launchBrowser();
    editor = await Editor.open(browser, nodeRed.url);
    await editor.ask(`RED.actions.invoke('core:show-debug-tab')`);
    const { status } = await fetch(`${nodeRed.url}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(flows(server.url)),
    });
    assert.equal(status, 204);
    await editor.reload();
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
    await (server as TestServer | undefined)?.close();
  });
  afterEach(async () => {
    assert.equal(await editor.ask('window.hacked'), undefined);
    // No markup of theirs, whether it runs or not.
    assert.equal(await editor.ask(`$('img[src="x"]').length`), 0);
  });

  it('shows what came from the server as text, under the nodes and in the debug sidebar', async () => {
    for (const id of ['list', 'caller', 'phone', 'profile', 'drop']) await editor.inject(`click-${id}`);
    const messages = editor.page.locator('.red-ui-debug-msg');
    await messages.nth(4).waitFor();
    for (const row of await messages.locator('.red-ui-debug-msg-row').all()) await row.first().click();
    const status = editor.page.locator('[id="profile"] .red-ui-flow-node-status-label');
    await status.waitFor();
    assert.equal((await status.textContent())?.replace(/, \d\d:\d\d$/, ''), `${hostile.slice(0, 15)}…`);
  });

  it('completes extensions with them', async () => {
    await editor.edit('drop');
    const field = editor.form().locator('[data-threecx-argument="extension"] .red-ui-typedInput-input');
    await field.fill('');
    await field.press('End');
    await editor.suggestion(script).waitFor();
    await editor.close('cancel');
  });

  it('labels nodes, and opens their dialogs', async () => {
    for (const id of ['labelled', 'filters']) {
      await editor.edit(id);
      await settled(editor.page);
      await editor.close('cancel');
      await editor.page.locator(`[id="${id}"] .red-ui-flow-node-error`).first().hover();
      await editor.page.locator('.red-ui-flow-port-tooltip').getByText('Invalid properties').waitFor();
    }
    assert.equal(await editor.ask(`RED.utils.getNodeLabel(RED.nodes.node('named'))`), script);
  });

  it('says what is wrong with a connection', async () => {
    await editor.ask(`RED.actions.invoke('core:show-config-tab')`);
    await editor.page.locator('.red-ui-palette-node-config-invalid .red-ui-flow-node-error').first().hover();
    await editor.page.locator('.red-ui-popover').getByText('not a regular expression').waitFor();
  });

  it('tests a connection', async () => {
    await editor.edit('drop');
    await editor.openConnection('edit');
    await editor.setConnection({ url: `${server.url}/elsewhere` });
    assert.match(await (await editor.testConnection()).innerText(), /server had an error of its own/);
    await editor.closeConnection('cancel');
    await editor.close('cancel');
  });
});
