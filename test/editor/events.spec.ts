import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Simulator, startSimulator } from '../../simulator';
import { launchBrowser } from '../../support/browser';
import { type NodeRed, startNodeRed } from '../../support/node-red';

const example = JSON.parse(readFileSync(join(__dirname, '../../examples/00 start here.json'), 'utf8')) as object[];

const node = (id: string, type: string, properties: object): object => ({
  id,
  type,
  z: 'test',
  x: 100,
  y: 100,
  ...properties,
});
const server = '3c00000000000001';
/** Beside the example: every event in words, and what the simulator's page has no button for. */
const test = [
  { id: 'test', type: 'tab', label: 'test' },
  node('watch', '3cx-call-monitor', { server, operation: 'watch', wires: [['words']] }),
  node('words', 'debug', {
    ...{ active: true, tosidebar: true, complete: 'true', targetType: 'full', statusVal: '', statusType: 'auto' },
    ...{ complete: "payload.event & ' ' & payload.extension", targetType: 'jsonata', wires: [] },
  }),
  ...['record', 'transfer', 'call'].map((id) => node(`click-${id}`, 'inject', { props: [], wires: [[id]] })),
  node('record', '3cx-recorder', {
    server,
    operation: 'start',
    extension: '10',
    extensionType: 'str',
    wires: [[], []],
  }),
  node('transfer', '3cx-call-control', {
    ...{ server, operation: 'transfer', extension: '10', extensionType: 'str' },
    ...{ destination: '12', destinationType: 'str', wires: [[], []] },
  }),
  node('call', '3cx-call-control', {
    ...{ server, operation: 'makecall', extension: '11', extensionType: 'str' },
    ...{ destination: '102', destinationType: 'str', wires: [[], []] },
  }),
];

describe('Calls that are clicked on the simulator', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRed;
  let browser: Browser;
  let phones: Page;
  let editor: Page;
  const problems: string[] = [];

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    simulator = await startSimulator();
    const flows = example.map((one) => ('url' in one ? { ...one, url: simulator.url } : one));
    nodeRed = await startNodeRed({ flows: [...flows, ...test] });
    browser = await launchBrowser();
    phones = await open(simulator.controlUrl, { width: 800, height: 900 });
    editor = await open(nodeRed.url, { width: 1180, height: 900 });
    await editor.waitForFunction(`window.RED?.nodes?.node?.('words') && !$('#red-ui-loading-progress').is(':visible')`);
    await editor.evaluate(`RED.actions.invoke('core:show-debug-tab')`);
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
    await (simulator as Simulator | undefined)?.close();
  });

  async function open(url: string, viewport: { width: number; height: number }): Promise<Page> {
    const page = await browser.newPage({ viewport, locale: 'en-US' });
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    await page.goto(url);
    return page;
  }

  const card = (dn: string): Locator => phones.locator('.card').filter({ has: phones.locator(`.dn:text-is("${dn}")`) });
  const click = (dn: string, button: RegExp): Promise<void> => card(dn).getByRole('button', { name: button }).click();
  const inject = async (what: string): Promise<void> => {
    const { status } = await fetch(`${nodeRed.url}/inject/click-${what}`, { method: 'POST' });
    assert.equal(status, 200);
  };
  /** Waits for this many events in the sidebar, and returns the new ones. */
  let seen = 0;
  const events = async (count: number): Promise<string[]> => {
    const messages = editor
      .locator('.red-ui-debug-msg')
      .filter({ hasText: 'node: words' })
      .locator('.red-ui-debug-msg-type-string');
    await messages.nth(seen + count - 1).waitFor();
    const texts = (await messages.allInnerTexts()).map((text) => text.replaceAll('"', ''));
    const news = texts.slice(seen);
    seen = texts.length;
    return news;
  };

  /** Waits until the example shows this sentence in the sidebar, without a click on it. */
  const line = (words: string | RegExp): Promise<void> =>
    editor
      .locator('.red-ui-debug-msg-type-string')
      .filter({ hasText: typeof words === 'string' ? `"${words}"` : words })
      .first()
      .waitFor();

  it('are shown by the debug sidebar, event by event', async () => {
    await click('10', /^Call in/);
    assert.deepEqual(await events(1), ['ringing 10']);
    await line('+4915112345678 rings at 10');
    await editor.locator('.red-ui-flow-node-status-label', { hasText: '+4915112345678 rings at 10' }).waitFor();
    await click('10', /^Answer/);
    assert.deepEqual(await events(1), ['answered 10']);
    await line('10 talks with +4915112345678');
    await click('10', /^Hold/);
    assert.deepEqual(await events(1), ['held 10']);
    await click('10', /^Resume/);
    assert.deepEqual(await events(1), ['resumed 10']);
    await inject('record');
    assert.deepEqual(await events(1), ['recording 10']);
    await click('8001', /^Call in/);
    assert.deepEqual(await events(3), ['ringing 11', 'ringing 100', 'ringing 101']);
    await card('10').getByText('REC Start').waitFor();
    await click('8001', /^Hang up/);
    await events(4);
    await line('11 did not talk with +4915112345678');
    await line('Nobody took the call from +4915112345678');
    await inject('transfer');
    assert.deepEqual(await events(3), ['transferred 10', 'ended 10', 'ringing 12']);
    await click('12', /^Answer/);
    assert.deepEqual(await events(1), ['answered 12']);
    await click('12', /^Hang up/);
    assert.deepEqual(await events(1), ['ended 12']);
    await line(/^"12 talked for \d+ s with \+4915112345678"$/);
  });

  it('are shown together with a call that a node makes, which blocks the server for its 2.5 s', async () => {
    await inject('call');
    assert.deepEqual(await events(2), ['dialing 11', 'ringing 102']);
    await click('102', /^Answer/);
    assert.deepEqual(await events(2), ['answered 11', 'answered 102']);
    await click('102', /^Hang up/);
    assert.deepEqual(await events(2), ['ended 11', 'ended 102']);
    assert.deepEqual(problems, []);
    assert.doesNotMatch(nodeRed.log(), /\[(warn|error)\] \[/);
  });
});
