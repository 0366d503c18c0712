import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { startSimulator, type V20Simulator } from '../../simulator';
import { launchBrowser } from '../../support/browser';
import { type NodeRed, startNodeRed } from '../../support/node-red';

const screenshots = join(__dirname, '../../coverage/screenshots');

/** The texts of a node type, as they are built. */
const german = (type: string): Record<string, Record<string, string>> =>
  (
    JSON.parse(readFileSync(join(__dirname, `../../dist/nodes/locales/de/${type}.json`), 'utf8')) as {
      threecx: Record<string, Record<string, string>>;
    }
  ).threecx;

const palette = {
  '3cx-call-control': 'Anrufsteuerung',
  '3cx-agent-status': 'Agentenstatus',
  '3cx-recorder': 'Aufnahme',
  '3cx-call-monitor': 'Anrufmonitor',
};
const types = Object.keys(palette);
const client = { clientId: '900', clientSecret: 'Secret-of-the-client' };

describe('The editor in German', function () {
  this.timeout(60_000);
  let simulator: V20Simulator;
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    mkdirSync(screenshots, { recursive: true });
    simulator = await startSimulator({ v20: client });
    for (const extension of ['10', '11']) simulator.pbx.inbound({ number: '+4915112345678', extension });
    const node = (id: string, type: string, y: number, properties: object): object => ({
      ...{ id, type, z: 'tab', x: 250, y, wires: [], server: 'pbx', ...properties },
    });
    const flows = [
      { id: 'tab', type: 'tab', label: '3CX' },
      { id: 'pbx', type: '3cx-config', name: '', url: simulator.url, auth: 'basic' },
      { id: 'pbx-v20', type: '3cx-config', name: 'V20', api: 'v20', url: simulator.v20Url },
      ...types.map((type, index) => node(type, type, 80 * (index + 1), {})),
      node('unset', '3cx-recorder', 400, { server: '' }),
    ];
    const credentials = { pbx: { user: 'node-red', password: 'geheim' }, 'pbx-v20': client };
    nodeRed = await startNodeRed({ flows, credentials, settings: { lang: 'de' } });
    browser = await launchBrowser();
    // What a German browser says; the folder is named `de`.
    page = await browser.newPage({ viewport: { width: 1280, height: 1250 }, locale: 'de-DE' });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    await page.goto(nodeRed.url);
    await page.waitForFunction(`window.RED?.nodes?.node?.('unset') && !$('#red-ui-loading-progress').is(':visible')`);
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
    await (simulator as V20Simulator | undefined)?.close();
  });

  const ask = (expression: string): Promise<unknown> => page.evaluate(expression);
  const shoot = async (name: string): Promise<void> => {
    await page.screenshot({ path: join(screenshots, `de-${name}.png`), animations: 'disabled' });
  };

  it('has German names in the palette', async () => {
    for (const [type, label] of Object.entries(palette)) {
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"] .red-ui-palette-label`);
      assert.equal(await entry.innerText(), label);
      assert.deepEqual(await entry.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth), true, label);
      await entry.scrollIntoViewIfNeeded();
    }
    await shoot('palette');
  });

  it('has German under the nodes, counted and not', async () => {
    const status = async (id: string, text: string): Promise<void> =>
      page.locator(`[id="${id}"] .red-ui-flow-node-status-label`).getByText(text, { exact: true }).waitFor();
    await status('3cx-call-monitor', '2 Anrufe');
    await status('unset', 'nicht konfiguriert');
    await shoot('workspace');
  });

  for (const type of types) {
    it(`has a German dialog for ${type}`, async () => {
      await ask(`RED.editor.edit(RED.nodes.node('${type}'))`);
      const operation = page.locator('#node-input-operation');
      await operation.waitFor();
      const texts = german(type).operation ?? {};
      const offered = await ask(
        `$('#node-input-operation option').toArray().map((option) => [option.value, option.text])`,
      );
      assert.deepEqual(Object.fromEntries(offered as [string, string][]), texts);
      for (const name of Object.keys(texts)) {
        await operation.selectOption(name);
        await shoot(`${type}-${name}`);
        assert.equal(await ask(`$('#dialog-form')[0].scrollWidth <= $('#dialog-form')[0].clientWidth`), true, name);
        assert.doesNotMatch(await page.locator('#dialog-form').innerText(), /threecx/);
      }
      await page.locator('#node-dialog-cancel').click();
      await operation.waitFor({ state: 'detached' });
    });
  }

  it('has a German dialog for the connection', async () => {
    await ask(`RED.editor.editConfig('', '3cx-config', 'pbx')`);
    const form = page.locator('#node-config-dialog-edit-form');
    await form.getByText('Erlaubte Ziele').waitFor();
    const advanced = form.locator('.threecx-advanced');
    assert.equal(await advanced.locator('summary').innerText(), 'Erweitert');
    await advanced.locator('summary').click();
    await form.getByText('Dieser steht für 10000 bis 19999').waitFor();
    await shoot('3cx-config');
    await page.locator('#node-config-input-url').fill('https://pbx.example');
    await page.locator('#node-config-input-auth').selectOption('bearer');
    await shoot('3cx-config-bearer');
    assert.doesNotMatch(await form.innerText(), /threecx/);
    await page.locator('#node-config-dialog-cancel').click();
    await form.waitFor({ state: 'detached' });
  });

  it('says in German what an API client of 3CX V20 may do', async () => {
    const { v20 } = simulator;
    await ask(`RED.editor.editConfig('', '3cx-config', 'pbx-v20')`);
    await page.waitForFunction(`$('#node-config-input-clientId').val()`);
    // The test before has left it open.
    assert.equal(await page.locator('.threecx-advanced').getAttribute('open'), '');
    const verdict = page.locator('.threecx-verdict');
    const cases: [Partial<typeof v20.switches>, RegExp[]][] = [
      [{}, [/^Client-ID und Secret werden angenommen/, /3CX-Version/, /6 Nebenstellen/, /öffnet sich/, /API: erlaubt/]],
      [{ visibleDns: [] }, [/angenommen/, /3CX-Version/, /keine Nebenstelle ausgewählt/, /öffnet sich/, /erlaubt/]],
      [
        { visibleDns: null, xapi: false, refusesSockets: true },
        [/angenommen/, /erlaubt, 6/, /öffnet sich nicht/, /API: nicht erlaubt/],
      ],
      [{ xapi: true, callControl: false }, [/angenommen/, /3CX-Version/, /Control: nicht erlaubt/, /API: erlaubt/]],
    ];
    for (const [index, [switches, expected]] of cases.entries()) {
      Object.assign(v20.switches, switches);
      await page.locator('.threecx-test button').click();
      await page.waitForFunction(`$('.threecx-verdict li').length === ${expected.length}`);
      const lines = await verdict.locator('li').allInnerTexts();
      for (const [line, words] of expected.entries()) assert.match(lines[line] ?? '', words);
      assert.equal(await verdict.evaluate((one) => one.scrollWidth <= one.clientWidth), true);
      assert.doesNotMatch(await page.locator('#node-config-dialog-edit-form').innerText(), /threecx/);
      await shoot(`v20-test-${index}`);
      await page.locator('#node-config-input-timeout').fill(String(7_000 + index));
    }
    await page.locator('#node-config-dialog-cancel').click();
    await verdict.waitFor({ state: 'detached' });
  });

  it('marks in German what 3CX V20 cannot do', async () => {
    const marks: Record<string, [operation: string, words: RegExp]> = {
      '3cx-call-control': ['atttrans', /keine zwei Anrufe verbinden/],
      '3cx-agent-status': ['login', /nur an allen Warteschlangen/],
      '3cx-recorder': ['start', /keine Aufnahme starten/],
      '3cx-call-monitor': ['watch', /nur wenn 3CX V20 es sendet[^]*meldet 3CX V20 nicht/],
    };
    for (const [type, [operation, words]] of Object.entries(marks)) {
      await ask(`RED.editor.edit(RED.nodes.node('${type}'))`);
      const form = page.locator('#dialog-form');
      await form.locator('#node-input-operation').selectOption(operation);
      await form.locator('#node-input-server').selectOption('pbx-v20');
      assert.match(await form.innerText(), words);
      assert.equal(await ask(`$('#dialog-form')[0].scrollWidth <= $('#dialog-form')[0].clientWidth`), true);
      await shoot(`v20-${type}`);
      await page.locator('#node-dialog-cancel').click();
      await form.waitFor({ state: 'detached' });
    }
  });

  it('has German help', async () => {
    await page.setViewportSize({ width: 1280, height: 3400 });
    for (const type of [...types, '3cx-config']) {
      await ask(`RED.sidebar.help.show('${type}')`);
      await page.locator('.red-ui-help').getByText('Referenzen').last().waitFor();
      await shoot(`help-${type}`);
    }
    assert.deepEqual(problems, []);
  });
});
