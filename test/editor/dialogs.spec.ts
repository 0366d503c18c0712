import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page, Route } from 'playwright-core';
import {
  argumentsOf,
  choices,
  connectionDefaults,
  defaultEvents,
  eventNames,
  makecallMilliseconds,
  type NodeType,
  offers,
  offersOf,
  operationsOf,
  profileNames,
} from '../../lib/pbx';
import { launchBrowser } from '../../support/browser';
import { isCancelled, settled, withoutAnimations } from '../../support/editor';
import { startNodeRed, type NodeRed } from '../../support/node-red';

const screenshots = join(__dirname, '../../coverage/screenshots');

/** Which fields each operation of a node shows, in this order. */
function fieldsOf(type: NodeType): Record<string, string[]> {
  const offered = Object.entries(offersOf(type)).map(([name, offer]) => [name, argumentsOf(offer)] as const);
  const all = [...new Set(offered.flatMap(([, names]) => names))];
  const of: Record<string, string[]> = Object.fromEntries(offered);
  return { ...Object.fromEntries(operationsOf(type).map((name) => [name, of[name] ?? []])), msg: all };
}
const types = Object.keys(offers) as NodeType[];
const fields: Record<string, Record<string, string[]>> = Object.fromEntries(
  types.map((type) => [type, fieldsOf(type)]),
);
const watchEvents = [...eventNames];
const watchFields = ['extensions', 'direction', 'scope', 'queues', 'number', 'minRing', 'initial', 'split'];

const node = (id: string, type: string, properties: object = {}): object => ({
  id,
  type,
  z: 'tab',
  x: 200,
  y: 80,
  wires: [],
  ...properties,
});
const makecall = {
  version: 1,
  server: 'pbx',
  operation: 'makecall',
  extension: '10',
  extensionType: 'str',
  destination: '11',
  destinationType: 'str',
  phone: 'Soft',
  phoneType: 'str',
};
const flows = [
  { id: 'tab', type: 'tab', label: '3CX' },
  { id: 'pbx', type: '3cx-config', version: 1, name: 'PBX', url: 'https://pbx.example/api', auth: 'basic', tls: 'tls' },
  {
    ...{ id: 'tls', type: 'tls-config', name: 'our CA', verifyservercert: true },
    ...Object.fromEntries(['cert', 'key', 'ca', 'certname', 'keyname', 'caname'].map((name) => [name, ''])),
  },
  // By hand, with as little as a flow can have: the defaults take the place of what is missing.
  ...types.map((type, index) => node(`bare${index}`, type, { server: 'pbx', y: 60 + 60 * index })),
  node('call', '3cx-call-control', { ...makecall, x: 500 }),
  node('other', '3cx-call-control', { ...makecall, x: 500, y: 140 }),
  node('late', '3cx-call-control', { ...makecall, phone: 'Fax', x: 500, y: 200 }),
  node('long', '3cx-agent-status', {
    server: 'pbx',
    operation: 'setstatus',
    extension: '10',
    extensionType: 'str',
    profile: 'Out of office',
    profileType: 'str',
    x: 500,
    y: 260,
  }),
  node('newer', '3cx-call-monitor', { server: 'pbx', operation: 'later', x: 500, y: 320 }),
  node('watch', '3cx-call-monitor', {
    ...{ server: 'pbx', operation: 'watch', events: ['ringing'], extensions: '10, 20-29', x: 500, y: 380 },
  }),
  node('future', '3cx-call-monitor', {
    ...{ server: 'pbx', events: ['ringing', 'whispered'], direction: 'sideways', x: 500, y: 440 },
  }),
  node('split', '3cx-call-monitor', {
    ...{ server: 'pbx', events: ['ringing', 'answered', 'ended', 'missed'], split: true, outputs: 4, x: 500, y: 540 },
    wires: [['to0'], ['to1'], ['to2'], ['to3']],
  }),
  node('presence', '3cx-agent-status', {
    ...{ server: 'pbx', operation: 'showstatus', extension: '10', extensionType: 'str', x: 500, y: 640 },
    wires: [['yes'], ['no']],
  }),
  ...['yes', 'no'].map((id, index) => node(id, 'junction', { x: 760, y: 640 + 40 * index, wires: [[]] })),
  ...[0, 1, 2, 3].map((index) => node(`to${index}`, 'junction', { x: 760, y: 480 + 40 * index, wires: [[]] })),
];

const extensions = [
  { extension: '100', state: null, profile: null },
  { extension: '11', state: 'ringing', profile: 'avail', name: '<i>Ben</i>' },
  { extension: '10', state: 'talking', profile: 'oof', name: 'Anna' },
  { extension: '20', state: 'idle', profile: 'sabbatical' },
  { extension: '<b>9', state: '<i>odd</i>', profile: null },
];
const from = (destinationType: string, destination: string): object => ({ destinationType, destination });

describe('The editor', function () {
  this.timeout(60_000);

  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  let answerTest: (route: Route) => Promise<void>;

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    mkdirSync(screenshots, { recursive: true });
    const credentials = { pbx: { user: 'node-red', password: 'secret' } };
    // A root of its own shows that every address is relative.
    nodeRed = await startNodeRed({ flows, credentials, settings: { httpAdminRoot: '/red' } });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-US' });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || /threecx|3cx|validation error/i.test(message.text())) {
        problems.push(message.text());
      }
    });
    page.on('requestfailed', (request) => {
      if (!isCancelled(request) && !request.url().endsWith('/3cx/test')) problems.push(`failed: ${request.url()}`);
    });
    // The answer replaces the server, which is tested without a browser.
    await page.route('**/red/3cx/pbx/extensions', (route) => route.fulfill({ json: extensions }));
    await page.route('**/red/3cx/test', (route) => answerTest(route));
    await load();
  });

  after(async () => {
    // Either may have failed to start.
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
  });

  async function load(): Promise<void> {
    await page.goto(nodeRed.url);
    await page.waitForFunction(`window.RED?.nodes?.node?.('newer') && !$('#red-ui-loading-progress').is(':visible')`);
    await withoutAnimations(page);
  }

  const ask = (expression: string): Promise<unknown> => page.evaluate(expression);
  const form = (): Locator => page.locator('#dialog-form');
  const row = (name: string): Locator => form().locator(`[data-threecx-argument="${name}"]`);
  const operation = (value: string): Promise<unknown> => page.locator('#node-input-operation').selectOption(value);

  async function open(id: string): Promise<void> {
    await ask(`RED.editor.edit(RED.nodes.node('${id}'))`);
    await page.locator('#dialog-form #node-input-operation').waitFor();
    await settled(page);
  }

  async function openConnection(): Promise<void> {
    await ask(`RED.editor.editConfig('', '3cx-config', 'pbx')`);
    // The fields are watched only once the editor has fetched the credentials.
    await page.waitForFunction(`$('#node-config-input-user').val()`);
    await settled(page);
  }

  const advanced = (): Locator => page.locator('.threecx-advanced');
  const isAdvancedOpen = async (): Promise<boolean> => (await advanced().getAttribute('open')) !== null;
  async function openAdvanced(): Promise<void> {
    if (!(await isAdvancedOpen())) await advanced().locator('summary').click();
  }

  async function close(button: 'ok' | 'cancel'): Promise<void> {
    await page.locator(`#node-dialog-${button}`).click();
    await form().waitFor({ state: 'detached' });
  }

  async function closeConnection(button: 'ok' | 'cancel'): Promise<void> {
    await page.locator(`#node-config-dialog-${button}`).click();
    await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'detached' });
  }

  async function deploy(): Promise<void> {
    await ask(`RED.actions.invoke('core:deploy-flows')`);
    // Some nodes are invalid on purpose; the editor may ask about them.
    const confirm = page.getByRole('button', { name: 'Confirm deploy' });
    await confirm.or(page.locator('.red-ui-notification-success')).first().waitFor();
    if (await confirm.isVisible()) await confirm.click();
    await page.waitForFunction('!RED.nodes.dirty()');
  }

  async function chooseType(name: string, type: string): Promise<void> {
    await row(name).locator('.red-ui-typedInput-type-select').click();
    await page.locator(`.red-ui-typedInput-options:visible a[value="${type}"]`).click();
  }

  async function choose(name: string, value: string): Promise<void> {
    await row(name).locator('.red-ui-typedInput-option-trigger').click();
    await page.locator(`.red-ui-typedInput-options:visible a[value="${value}"]`).click();
  }

  async function fill(name: string, value: string): Promise<void> {
    await row(name).locator('.red-ui-typedInput-input').fill(value);
    await leaveField();
  }

  const shownFields = (): Promise<unknown> =>
    ask(`$('#dialog-form [data-threecx-argument]:visible').toArray().map((row) => row.dataset.threecxArgument)`);

  const box = (event: string): Locator => form().locator(`.threecx-events input[value="${event}"]`);
  const checked = (): Promise<unknown> => ask(`$('.threecx-events input:checked').toArray().map((box) => box.value)`);
  const get = (id: string, property: string): Promise<unknown> => ask(`RED.nodes.node('${id}').${property}`);
  const reason = (): Promise<string> => form().locator('.threecx-reason').innerText();
  const outputLabels = (id: string): Promise<unknown> =>
    ask(`Array.from({ length: RED.nodes.node('${id}').outputs }, (_, port) =>
      RED.nodes.node('${id}')._def.outputLabels.call(RED.nodes.node('${id}'), port))`);
  /** Which port leads to which node. */
  const wires = (): Promise<unknown> =>
    ask(`Object.fromEntries(RED.nodes.filterLinks({ source: RED.nodes.node('split') })
      .map((link) => [link.target.id, Number(link.sourcePort)]))`);
  async function set(name: string, value: string): Promise<void> {
    await page.locator(`#node-input-${name}`).fill(value);
    await leaveField();
  }

  /** Clicks where no field is: what a field offers would cover those below it. */
  async function leaveField(): Promise<void> {
    await page.locator('.red-ui-tray-titlebar').last().click();
  }

  async function shoot(name: string): Promise<void> {
    await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' });
  }

  it('offers the nodes in the palette and help for each', async () => {
    for (const type of types) {
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
      // Where the label breaks into lines depends on the font.
      const label = (await entry.locator('.red-ui-palette-label').innerText()).replace(/\s+/g, ' ');
      assert.equal(label, type.slice(4).replace('-', ' '));
    }
    const category = page.locator('#red-ui-palette-container-3CX .red-ui-palette-header');
    assert.equal((await category.innerText()).trim(), '3CX');
    for (const type of [...types, '3cx-config']) {
      assert.match(String(await ask(`RED.nodes.getNodeHelp('${type}')`)), /<h3>Details<\/h3>/);
    }
    await category.scrollIntoViewIfNeeded();
    await shoot('palette');
  });

  it('finds the nodes in the palette by the words that people look for', async () => {
    const search = page.locator('#red-ui-palette-search input');
    const found = (): Promise<unknown> =>
      ask(`$('#red-ui-palette-container .red-ui-palette-node:visible').toArray()
        .map((node) => node.dataset.paletteType).filter((type) => type.startsWith('3cx-')).sort()`);
    for (const words of ['phone', 'pbx', 'call', 'telefon', 'Anruf', '3cx', 'telephone']) {
      await search.pressSequentially(words);
      // The filter waits for a pause in typing.
      await page.waitForFunction(
        `!$('#red-ui-palette-container .red-ui-palette-node[data-palette-type="debug"]').is(':visible')`,
      );
      assert.deepEqual(await found(), [...types].sort(), words);
      await search.press('Control+A');
      await search.press('Backspace');
      await page.waitForFunction(
        `$('#red-ui-palette-container .red-ui-palette-node[data-palette-type="debug"]').is(':visible')`,
      );
    }
  });

  it('takes a flow that leaves everything to the defaults', async () => {
    for (const index of types.keys()) {
      assert.equal(await ask(`RED.nodes.node('bare${index}').valid`), true);
    }
    assert.equal(await ask(`RED.nodes.node('pbx').valid`), true);
    await open('bare0');
    assert.equal(await ask(`$('#node-input-operation').val()`), 'makecall');
    assert.equal(await ask(`$('#node-input-extensionType').val() + $('#node-input-extension').val()`), 'msgextension');
    assert.equal(await ask(`$('#node-input-phoneType').val() + $('#node-input-phone').val()`), 'strSoft');
    await close('cancel');
  });

  for (const [index, type] of types.entries()) {
    it(`shows the fields of each operation of ${type}`, async () => {
      await open(`bare${index}`);
      const offered = await ask(`$('#node-input-operation option').toArray().map((option) => option.value)`);
      assert.deepEqual(offered, Object.keys(fields[type] ?? {}));
      for (const [name, expected] of Object.entries(fields[type] ?? {})) {
        await operation(name);
        assert.deepEqual(await shownFields(), expected, name);
        // The connection allows any number, and by default the message says which.
        const warned = type === '3cx-call-control' && ['stop', 'makecall', 'transfer', 'divert', 'msg'].includes(name);
        assert.equal(await form().locator('.form-tips:visible').count(), warned ? 1 : 0, name);
        await shoot(`${type}-${name}`);
      }
      const groups = String(await ask(`$('#dialog-form optgroup').toArray().map((group) => group.label)`));
      assert.doesNotMatch((await form().innerText()) + groups, /threecx/, 'a string is not in the catalogue');
      await close('cancel');
    });
  }

  it('keeps what was chosen, over saving, deploying and reloading', async () => {
    await open('call');
    await fill('extension', '20');
    await chooseType('destination', 'flow');
    await fill('destination', 'whom');
    await choose('phone', 'Web');
    await close('ok');
    await open('call');
    await chooseType('phone', 'msg');
    assert.equal(await ask(`$('#node-input-phone').val()`), 'phone');
    await chooseType('phone', 'str');
    await choose('phone', 'Desktop');
    await close('ok');

    await deploy();
    await load();
    const expected = {
      version: 2,
      operation: 'makecall',
      extension: '20',
      extensionType: 'str',
      destination: 'whom',
      destinationType: 'flow',
      phone: 'Desktop',
      phoneType: 'str',
    };
    const properties = JSON.stringify(Object.keys(expected));
    assert.deepEqual(
      await ask(`Object.fromEntries(${properties}.map((name) => [name, RED.nodes.node('call')[name]]))`),
      expected,
    );
    await open('call');
    assert.equal(await row('destination').locator('.red-ui-typedInput-input').inputValue(), 'whom');
    assert.equal(await row('phone').locator('.red-ui-typedInput-option-label').innerText(), 'Desk phone');
    await close('cancel');
  });

  it('keeps values that it does not offer', async () => {
    await open('late');
    assert.equal(await row('phone').locator('.red-ui-typedInput-option-label').innerText(), 'Fax');
    await row('phone').locator('.red-ui-typedInput-option-label').hover();
    await page.locator('.red-ui-popover', { hasText: 'is not one of the values' }).waitFor();
    await shoot('unknown-choice');
    await fill('extension', '12');
    await close('ok');
    assert.equal(await ask(`RED.nodes.node('late').phoneType + RED.nodes.node('late').phone`), 'strFax');
    assert.deepEqual(await ask(`RED.nodes.node('late').validationErrors`), ['"Fax" is not one of the values']);

    assert.equal(await ask(`RED.nodes.node('long').valid`), true);
    await open('long');
    assert.equal(await row('profile').locator('.red-ui-typedInput-option-label').innerText(), 'Out of office');
    await close('ok');
    assert.equal(await ask(`RED.nodes.node('long').profile`), 'Out of office');

    await open('newer');
    assert.equal(await ask(`$('#node-input-operation').val()`), 'later');
    await close('ok');
    assert.equal(await ask(`RED.nodes.node('newer').operation`), 'later');
    assert.deepEqual(await ask(`RED.nodes.node('newer').validationErrors`), ['unknown operation "later"']);
  });

  it('marks a bad argument with a reason, and only when it is used', async () => {
    const broken = (name: string): Promise<unknown> => ask(`$('#node-input-${name}').hasClass('input-error')`);
    const bad = ['10/11', '1 2', 'all', '..', '1'.repeat(33)];
    // An empty one is taken from the message.
    const good = ['', '10', '*10', 'SP1', '${EXTENSION}', '1${LAST}', '1'.repeat(32)];
    await open('other');
    for (const value of bad) {
      await fill('extension', value);
      assert.equal(await broken('extension'), true, value);
    }
    await fill('extension', '10/11');
    await row('extension').locator('.red-ui-typedInput-input').hover();
    const reason = page.locator('.red-ui-popover', { hasText: 'not an extension' });
    await reason.waitFor();
    await shoot('bad-extension');
    for (const value of good) {
      await fill('extension', value);
      assert.equal(await broken('extension'), false, value);
    }

    await fill('destination', 'someone@example/1');
    assert.equal(await broken('destination'), true);
    await operation('drop');
    assert.equal(await broken('destination'), false);
    await operation('makecall');
    assert.equal(await broken('destination'), true);
    await chooseType('destination', 'msg');
    await fill('destination', '');
    assert.equal(await broken('destination'), true);
    await close('ok');
    assert.deepEqual(await ask(`RED.nodes.node('other').validationErrors`), ['the destination is missing']);

    await open('other');
    await operation('drop');
    await close('ok');
    assert.equal(await ask(`RED.nodes.node('other').valid`), true);
  });

  it('takes a profile by the names that it has at run time, in any case', async () => {
    const reasons = (profile: string): Promise<unknown> =>
      ask(`((node) => {
        RED.editor.validateNode(node);
        return node.validationErrors ?? [];
      })(Object.assign(RED.nodes.node('long'), { profile: ${JSON.stringify(profile)} }))`);
    const names = [...choices.profile, ...Object.values(profileNames)];
    for (const name of [...names, ...names.slice(choices.profile.length).map((long) => long.toLowerCase())]) {
      assert.deepEqual(await reasons(name), [], name);
    }
    assert.deepEqual(await reasons('on holiday'), ['"on holiday" is not one of the values']);

    // It stays as it was written.
    assert.deepEqual(await reasons('out of office'), []);
    await open('long');
    assert.equal(await row('profile').locator('.red-ui-typedInput-option-label').innerText(), 'out of office');
    assert.equal(await ask(`$('#dialog-form .input-error').length`), 0);
    await close('ok');
    assert.equal(await get('long', 'profile'), 'out of office');
    await reasons('Out of office');
  });

  it('shows for an optional argument, too, what cannot be sent', async () => {
    const reasons = (queue: string): Promise<unknown> =>
      ask(`((node) => {
        const login = { operation: 'login', action: 'login_all', actionType: 'str', queue: ${JSON.stringify(queue)} };
        const other = { ...node, ...login, queueType: 'str' };
        return other._def.defaults.queue.validate.call(other, other.queue, {});
      })(RED.nodes.node('long'))`);
    for (const queue of ['', '8000', '${QUEUE}']) assert.equal(await reasons(queue), true, queue);
    for (const queue of [' ', 'all', '80/00']) assert.match(String(await reasons(queue)), /not a queue number/, queue);
  });

  it('judges other nodes by their own values while a dialog is open', async () => {
    await open('call');
    await operation('drop');
    await ask(`RED.editor.validateNode(RED.nodes.node('late'))`);
    assert.equal(await ask(`RED.nodes.node('late').valid`), false);
    await close('cancel');
  });

  it('wants a connection', async () => {
    await open('other');
    await page.locator('#node-input-server').selectOption('_ADD_');
    assert.equal(await ask(`$('#node-input-server').hasClass('input-error')`), true);
    await close('cancel');
    await ask(`RED.editor.validateNode(Object.assign(RED.nodes.node('other'), { server: '' }))`);
    assert.match(String(await ask(`RED.nodes.node('other').validationErrors`)), /Connection/);
  });

  it('works without a connection, with nothing to offer and nothing to warn about', async () => {
    await open('bare0');
    assert.equal(await form().locator('.threecx-free').isVisible(), true);
    await page.locator('#node-input-server').selectOption('_ADD_');
    assert.equal(await form().locator('.threecx-free').isVisible(), false);
    await chooseType('extension', 'str');
    await row('extension').locator('.red-ui-typedInput-input').press('1');
    assert.equal(await page.locator('.red-ui-autoComplete-container:visible').count(), 0);
    await close('cancel');
    assert.deepEqual(problems, []);
  });

  it('lets a call monitor watch by default, for all events but state when the flow does not say which', async () => {
    assert.equal(await get('bare3', 'events'), undefined);
    await open('bare3');
    assert.equal(await ask(`$('#node-input-operation').val()`), 'watch');
    assert.deepEqual(await ask(`$('.threecx-events input').toArray().map((box) => box.value)`), watchEvents);
    assert.deepEqual(await checked(), [...defaultEvents]);
    for (const name of watchFields) {
      const field = page.locator(`#node-input-${name}`);
      assert.equal(await field.isVisible(), true, name);
      assert.notEqual(await ask(`$('#node-input-${name}')[0].labels[0].innerText.trim()`), '', name);
    }
    assert.equal(await ask(`$('#dialog-form')[0].scrollWidth <= $('#dialog-form')[0].clientWidth`), true);
    await operation('showallcalls');
    assert.equal(await form().locator('.threecx-watch').isVisible(), false);
    await close('cancel');
    assert.equal(await get('bare3', 'events'), undefined);
    await open('bare3');
    await close('ok');
    assert.deepEqual(await get('bare3', 'events'), [...defaultEvents]);
  });

  it('offers a new call monitor the events that a newcomer wants, and accepts state too', async () => {
    await ask(`RED.nodes.add(Object.assign(RED.view.createNode('3cx-call-monitor', 200, 500).node, { id: 'new' }))`);
    await ask(`RED.nodes.node('new').server = 'pbx'`);
    await open('new');
    assert.deepEqual(await checked(), ['ringing', 'answered', 'ended', 'missed']);
    assert.equal(await page.locator('#node-input-events').isVisible(), false);
    await page.setViewportSize({ width: 1280, height: 1250 });
    await shoot('3cx-call-monitor-new');
    await page.setViewportSize({ width: 1280, height: 900 });
    await form().getByText('changes its state').click();
    await close('ok');
    assert.deepEqual(await get('new', 'events'), ['ringing', 'answered', 'ended', 'missed', 'state']);
    assert.equal(await get('new', 'valid'), true);
    assert.equal(await get('new', 'outputs'), 1);
    await ask(`RED.nodes.remove('new')`);
  });

  it('keeps what a call monitor watches for, by mouse or keyboard', async () => {
    await open('watch');
    await form().getByRole('button', { name: 'none' }).click();
    assert.deepEqual(await checked(), []);
    assert.match(await reason(), /at least one/);
    assert.equal(await ask(`$('#node-input-events').hasClass('input-error')`), true);
    await shoot('3cx-call-monitor-invalid');
    await form().getByRole('checkbox', { name: 'missed' }).focus();
    await page.keyboard.press('Space');
    await form().getByText('An extension rings').click();
    assert.equal(await reason(), '');
    await set('extensions', '10, 20-29, 3*');
    await page.locator('#node-input-direction').selectOption('inbound');
    await page.locator('#node-input-scope').selectOption('external');
    await set('queues', '8000');
    await set('number', '^\\+49');
    await set('minRing', '3');
    await page.locator('#node-input-initial').check();
    await close('ok');
    await deploy();
    await load();
    const expected = {
      events: ['ringing', 'missed'],
      extensions: '10, 20-29, 3*',
      direction: 'inbound',
      scope: 'external',
      queues: '8000',
      number: '^\\+49',
      minRing: '3000',
      initial: true,
      split: false,
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(await get('watch', name), value, name);
    assert.equal(await get('watch', 'valid'), true);
    await open('watch');
    assert.deepEqual(await checked(), expected.events);
    assert.equal(await page.locator('#node-input-initial').isChecked(), true);
    assert.equal(await page.locator('#node-input-split').isChecked(), false);
    await close('cancel');
  });

  it('marks a bad filter with a reason, and only when it watches', async () => {
    const list = {
      bad: ['10 11', '10;11', '20-3', '30-20', '10, a b', '10,1/2'],
      good: ['', ' ', '10', '10, 20-29, 3*, 1?1', '020 - 029', 'SP1,', '*10', '${EXTENSIONS}', '10, ${LAST}'],
    };
    const cases: Record<string, { bad: string[]; good: string[] }> = {
      extensions: list,
      queues: list,
      number: { bad: ['(', '['], good: ['', '^\\+49', '${NUMBER}'] },
      minRing: { bad: ['', '-1', '1.5.1', 'soon', '2147484'], good: ['0', '3', '2.5', '2,5', '${RING}'] },
    };
    await open('watch');
    for (const [name, { bad, good }] of Object.entries(cases)) {
      for (const value of [...bad, ...good]) {
        await set(name, value);
        const marked = await ask(`$('#node-input-${name}').hasClass('input-error')`);
        assert.equal(marked, bad.includes(value), `${name}: ${value}`);
        const why = await ask(`Boolean($('#node-input-${name}').data('tooltip'))`);
        assert.equal(why, bad.includes(value), `${name}: ${value}`);
      }
    }
    await set('queues', '8000, 20-3');
    await page.locator('#node-input-queues').hover();
    await page.locator('.red-ui-popover', { hasText: 'entry 2 is no range' }).waitFor();
    await form().getByRole('button', { name: 'none' }).click();
    await operation('showallcalls');
    assert.equal(await ask(`$('#dialog-form .input-error').length`), 0);
    await operation('watch');
    assert.equal(await ask(`$('#dialog-form .input-error').length`), 2);
    await close('cancel');
  });

  it('shows the minimum ring time in seconds, and saves milliseconds', async () => {
    const field = page.locator('#node-input-minRing');
    for (const [stored, shown, typed, kept] of [
      [0, '0', '2.5', '2500'],
      ['2500', '2.5', '0,3', '300'],
      [7_200_000, '7200', '7200', 7_200_000],
      ['${RING}', '${RING}', '${RING}', '${RING}'],
      ['soon', 'soon', '3', '3000'],
    ] as const) {
      await ask(`RED.nodes.node('watch').minRing = ${JSON.stringify(stored)}`);
      await open('watch');
      assert.equal(await field.inputValue(), shown);
      await field.fill(typed);
      await close('ok');
      assert.equal(await get('watch', 'minRing'), kept);
      assert.equal(await get('watch', 'valid'), true);
    }
    await open('watch');
    await field.fill('10');
    await close('cancel');
    assert.equal(await get('watch', 'minRing'), '3000');
  });

  it('has all fields in one column, and label icons of one width', async () => {
    const edges = (): Promise<unknown> =>
      ask(`[...new Set($('#dialog-form .form-row:visible').not('.threecx-check').toArray()
        .map((row) => $(row).find('.red-ui-typedInput-container:visible, input:visible, select:visible')[0])
        .map((field) => Math.round(field.getBoundingClientRect().left)))]`);
    const widths = (): Promise<unknown> =>
      ask(`[...new Set($('#dialog-form, #node-config-dialog-edit-form').find('label i:visible').toArray()
        .map((icon) => icon.getBoundingClientRect().width))].length`);
    for (const [index, type] of types.entries()) {
      await open(`bare${index}`);
      for (const name of Object.keys(fields[type] ?? {})) {
        await operation(name);
        const found = (await edges()) as number[];
        assert.equal(found.length, 1, `${type} ${name}: ${String(found)}`);
        assert.equal(await widths(), 1, `${type} ${name}`);
      }
      await close('cancel');
    }
    await openConnection();
    await openAdvanced();
    assert.equal(await widths(), 1);
    await closeConnection('cancel');
  });

  it('keeps events and choices that it does not know', async () => {
    await open('future');
    assert.deepEqual(await checked(), ['ringing', 'whispered']);
    assert.equal(await ask(`$('#node-input-direction').val()`), 'sideways');
    assert.match(await reason(), /"whispered" is not an event/);
    await box('missed').check();
    await close('ok');
    assert.deepEqual(await get('future', 'events'), ['ringing', 'missed', 'whispered']);
    assert.equal(await get('future', 'direction'), 'sideways');
    assert.deepEqual(await get('future', 'validationErrors'), [
      '"whispered" is not an event',
      '"sideways" is not one of the values',
    ]);
  });

  it('gives a call monitor an output for each event, and the wires stay with their events', async () => {
    assert.equal(await get('split', 'outputs'), 4);
    assert.deepEqual(await wires(), { to0: 0, to1: 1, to2: 2, to3: 3 });
    assert.deepEqual(await outputLabels('split'), [
      ...['An extension rings', 'A call is connected', 'A call ends for an extension', 'Nobody answers a call'],
    ]);
    await open('split');
    await box('answered').uncheck();
    await box('dialing').check();
    await box('online').check();
    await close('ok');
    assert.equal(await get('split', 'outputs'), 5);
    assert.deepEqual(await wires(), { to0: 0, to2: 2, to3: 3 });
    assert.deepEqual(await outputLabels('split'), [
      ...['An extension rings', 'An extension calls somebody', 'A call ends for an extension'],
      ...['Nobody answers a call', 'The phone system is reachable again'],
    ]);

    await open('split');
    await box('ringing').uncheck();
    await page.locator('#node-input-split').uncheck();
    await page.locator('#node-input-split').check();
    await box('dialing').uncheck();
    await close('ok');
    assert.equal(await get('split', 'outputs'), 3);
    assert.deepEqual(await wires(), { to2: 0, to3: 1 });
    await ask(`RED.view.redraw(true)`);
    await shoot('3cx-call-monitor-split');

    await deploy();
    await load();
    assert.equal(await get('split', 'outputs'), 3);
    assert.deepEqual(await wires(), { to2: 0, to3: 1 });
  });

  it('gives a call monitor one output without a split, and for a question', async () => {
    await open('split');
    await operation('showallcalls');
    await close('ok');
    assert.equal(await get('split', 'outputs'), 1);
    assert.deepEqual(await wires(), { to2: 0 });
    assert.deepEqual(await outputLabels('split'), ['answer']);
    await open('split');
    await operation('watch');
    await close('ok');
    assert.equal(await get('split', 'outputs'), 3);
    assert.deepEqual(await wires(), { to2: 0 });
    await open('split');
    await page.locator('#node-input-split').uncheck();
    await close('ok');
    assert.equal(await get('split', 'outputs'), 1);
    assert.deepEqual(await outputLabels('split'), ['event']);
  });

  it('gives a call control the outputs answered and ended, while it follows calls', async () => {
    assert.equal(await get('other', 'outputs'), 2);
    const follow = page.locator('#node-input-follow');
    await open('other');
    for (const name of ['makecall', 'drop', 'msg', 'unpark', 'stop', 'makecall']) {
      await operation(name);
      assert.equal(await follow.isVisible(), name === 'makecall' || name === 'msg', name);
    }
    assert.equal(await follow.isChecked(), false);
    await follow.check();
    await shoot('3cx-call-control-follow');
    await close('ok');
    assert.deepEqual([await get('other', 'outputs'), await get('other', 'follow')], [4, true]);
    assert.deepEqual(await outputLabels('other'), ['done', 'refused', 'answered', 'ended']);
    const link = (port: number): string =>
      `{ source: RED.nodes.node('other'), sourcePort: ${port}, target: RED.nodes.junction('to${port}') }`;
    for (const port of [0, 1, 2, 3]) await ask(`RED.nodes.addLink(${link(port)})`);
    const ports = (): Promise<unknown> =>
      ask(`RED.nodes.filterLinks({ source: RED.nodes.node('other') }).map(({ sourcePort }) => sourcePort).sort()`);

    await open('other');
    await operation('msg');
    await close('ok');
    assert.deepEqual([await get('other', 'outputs'), await ports()], [4, [0, 1, 2, 3]]);
    await open('other');
    await operation('drop');
    await close('ok');
    assert.deepEqual([await get('other', 'outputs'), await ports()], [2, [0, 1]]);
    assert.deepEqual(await outputLabels('other'), ['done', 'refused']);
    await open('other');
    await operation('makecall');
    await close('ok');
    assert.equal(await get('other', 'outputs'), 4);
    await open('other');
    await follow.uncheck();
    await close('ok');
    assert.deepEqual([await get('other', 'outputs'), await get('other', 'follow')], [2, false]);
    await ask(
      `RED.nodes.filterLinks({ source: RED.nodes.node('other') }).forEach((link) => RED.nodes.removeLink(link))`,
    );
  });

  it('counts the outputs of a call control that is imported', async () => {
    for (const [follow, outputs] of [
      [true, 4],
      [undefined, 2],
    ]) {
      const imported = { ...node('', '3cx-call-control', { ...makecall, follow }), id: 'imported', z: undefined };
      await ask(`RED.view.importNodes(${JSON.stringify([imported])}, { touchImport: true })`);
      assert.equal(await ask(`RED.view.selection().nodes[0].outputs`), outputs);
      await ask(`RED.nodes.remove(RED.view.selection().nodes[0].id)`);
    }
  });

  it('counts the outputs of a call monitor that is imported', async () => {
    const imported = node('', '3cx-call-monitor', { server: 'pbx', events: ['missed', 'ended'], split: true });
    const { id, ...rest } = { ...imported, id: 'imported' };
    await ask(`RED.view.importNodes(${JSON.stringify([{ id, ...rest, z: undefined }])}, { touchImport: true })`);
    assert.equal(await ask(`RED.view.selection().nodes[0].outputs`), 2);
    await ask(`RED.nodes.remove(RED.view.selection().nodes[0].id)`);
  });

  it('lets an agent status watch profiles, which has the fields and one output, and keeps the first wire', async () => {
    const profileFields = ['extensions', 'interval', 'initial'];
    const ends = (): Promise<unknown> =>
      ask(`Object.fromEntries(RED.nodes.filterLinks({ source: RED.nodes.node('presence') })
        .map((link) => [link.target.id, Number(link.sourcePort)]))`);
    assert.equal(await get('presence', 'outputs'), 2);
    assert.deepEqual(await ends(), { yes: 0, no: 1 });
    await open('presence');
    for (const name of profileFields) assert.equal(await page.locator(`#node-input-${name}`).isVisible(), false, name);
    await operation('watch');
    for (const name of profileFields) {
      assert.equal(await page.locator(`#node-input-${name}`).isVisible(), true, name);
      assert.notEqual(await ask(`$('#node-input-${name}')[0].labels[0].innerText.trim()`), '', name);
    }
    assert.equal(await ask(`$('#node-input-interval').val()`), '30');
    assert.equal(await ask(`$('#dialog-form')[0].scrollWidth <= $('#dialog-form')[0].clientWidth`), true);
    await set('extensions', '10, 20-29');
    await set('interval', '60');
    await page.locator('#node-input-initial').check();
    await shoot('3cx-agent-status-watch-filled');
    await close('ok');
    const saved = ['operation', 'extensions', 'interval', 'initial', 'outputs', 'valid'];
    assert.deepEqual(await Promise.all(saved.map((name) => get('presence', name))), [
      ...['watch', '10, 20-29', '60', true, 1, true],
    ]);
    assert.deepEqual(await ends(), { yes: 0 });
    assert.deepEqual(await outputLabels('presence'), ['change']);
    assert.equal(await ask(`RED.utils.getNodeLabel(RED.nodes.node('presence'))`), 'profiles of 10, 20-29');

    await open('presence');
    await operation('showstatus');
    await close('ok');
    assert.equal(await get('presence', 'outputs'), 2);
    assert.deepEqual(await ends(), { yes: 0 });
    assert.deepEqual(await outputLabels('presence'), ['done', 'refused']);
    await open('presence');
    await close('ok');
    assert.equal(await get('presence', 'outputs'), 2);
  });

  it('marks bad extensions and intervals of an agent status with a reason, and only when it watches', async () => {
    const cases: Record<string, { bad: string[]; good: string[] }> = {
      extensions: {
        bad: ['3*', '10, 1?1', '10;11', '20-3', 'all', '1000-2000'],
        good: ['', '10', '10, 20-29', '020 - 029', 'SP1,', '1000-1999', '${EXTENSIONS}'],
      },
      interval: { bad: ['', '4', '-1', 'soon'], good: ['5', '30', '7.5', '3600', '${SECONDS}'] },
    };
    await open('presence');
    await operation('watch');
    for (const [name, { bad, good }] of Object.entries(cases)) {
      for (const value of [...bad, ...good]) {
        await set(name, value);
        const marked = await ask(`$('#node-input-${name}').hasClass('input-error')`);
        assert.equal(marked, bad.includes(value), `${name}: ${value}`);
        const why = await ask(`Boolean($('#node-input-${name}').data('tooltip'))`);
        assert.equal(why, bad.includes(value), `${name}: ${value}`);
      }
    }
    await set('extensions', '10, 3*');
    await page.locator('#node-input-extensions').hover();
    await page.locator('.red-ui-popover', { hasText: 'entry 2 is a pattern' }).waitFor();
    await operation('showstatus');
    assert.equal(await ask(`$('#dialog-form .input-error').length`), 0);
    await close('cancel');
  });

  it('says in words what a call monitor watches, and what its ports are for', async () => {
    const label = (id: string): Promise<unknown> => ask(`RED.utils.getNodeLabel(RED.nodes.node('${id}'))`);
    assert.equal(await label('watch'), 'watch 10, 20-29, 3*');
    assert.equal(await label('bare3'), 'watch calls');
    const inputLabel = (id: string): Promise<unknown> =>
      ask(`RED.nodes.node('${id}')._def.inputLabels.call(RED.nodes.node('${id}'), 0)`);
    assert.equal(await inputLabel('bare3'), 'asks which calls there are now');
    assert.equal(await inputLabel('newer'), 'asks the server');
  });

  it('shows the fields of the chosen authentication', async () => {
    const shown = (): Promise<unknown> =>
      ask(`['user', 'password', 'token'].filter((name) => $('#node-config-input-' + name).is(':visible'))`);
    await openConnection();
    assert.deepEqual(await shown(), ['user', 'password']);
    await shoot('3cx-config-basic');
    await page.locator('#node-config-input-auth').selectOption('bearer');
    assert.deepEqual(await shown(), ['token']);
    await shoot('3cx-config-bearer');
    await page.locator('#node-config-input-auth').selectOption('none');
    assert.deepEqual(await shown(), []);
    await shoot('3cx-config-none');
    const tls = page.locator('#node-config-input-tls');
    assert.equal(await tls.isVisible(), true);
    await page.locator('#node-config-input-url').fill('http://127.0.0.1:8889');
    assert.equal(await tls.isVisible(), false);
    await shoot('3cx-config-http');
    assert.doesNotMatch(await page.locator('#node-config-dialog-edit-form').innerText(), /threecx/);
    await closeConnection('cancel');
  });

  it('hides what most people never touch, until it is opened, or something in it is wrong', async () => {
    const inside = ['proxy', 'timeout', 'pollInterval', 'trunks', 'services', 'allowStop'];
    const names = ['name', 'api', 'url', 'auth', 'country', 'allowDestinations', ...inside];
    const shown = (): Promise<unknown> =>
      ask(`${JSON.stringify(names)}.filter((name) => $('#node-config-input-' + name)[0].checkVisibility())`);
    const openedWith = async (properties: object): Promise<boolean> => {
      await ask(`Object.assign(RED.nodes.node('pbx'), ${JSON.stringify(properties)})`);
      await openConnection();
      const isOpen = await isAdvancedOpen();
      await closeConnection('cancel');
      return isOpen;
    };
    await ask(`localStorage.removeItem('3cx-advanced-open')`);
    await openConnection();
    assert.deepEqual(await shown(), names.slice(0, -inside.length));
    await shoot('3cx-config-closed');
    await closeConnection('cancel');
    assert.equal(await openedWith({ trunks: '(' }), true);
    assert.equal(await openedWith({ trunks: '^1' }), false);
    assert.equal(await openedWith({ pollInterval: 'soon' }), true);
    assert.equal(await openedWith({ pollInterval: 1000, url: 'pbx pbx' }), false);
    await ask(`Object.assign(RED.nodes.node('pbx'), { trunks: undefined, url: 'https://pbx.example/api' })`);

    // By keyboard; it stays open for the next time, and closed.
    for (const isOpen of [true, false, true]) {
      await openConnection();
      assert.equal(await isAdvancedOpen(), !isOpen);
      await advanced().locator('summary').focus();
      await page.keyboard.press('Enter');
      assert.equal(await isAdvancedOpen(), isOpen);
      if (isOpen) assert.deepEqual(await shown(), names);
      await closeConnection('cancel');
    }
  });

  it('explains the patterns beside their fields, by the defaults', async () => {
    const explained = (name: string): Promise<string> =>
      page.locator(`#node-config-input-${name} ~ #threecx-hint-${name}`).innerText();
    await openConnection();
    await openAdvanced();
    assert.equal(
      await explained('trunks'),
      `A regular expression. This one means 10000 to 19999: ${connectionDefaults.trunks}`,
    );
    assert.ok((await explained('services')).endsWith(connectionDefaults.services));
    assert.match(await explained('allowDestinations'), /\* stands for any characters/);
    for (const name of ['trunks', 'services', 'allowDestinations']) {
      const describedBy = await page.locator(`#node-config-input-${name}`).getAttribute('aria-describedby');
      assert.equal(describedBy, `threecx-hint-${name}`);
    }
    await closeConnection('cancel');
  });

  it('completes an address that was typed without its beginning, and saves it so', async () => {
    const url = page.locator('#node-config-input-url');
    const api = page.locator('#node-config-input-api');
    const typed = async (text: string): Promise<string> => {
      await url.fill(text);
      await leaveField();
      assert.equal(await ask(`$('#node-config-input-url').hasClass('input-error')`), false, text);
      return url.inputValue();
    };
    await openConnection();
    assert.equal(await typed('192.168.1.5:8889'), 'http://192.168.1.5:8889');
    assert.equal(await page.locator('#node-config-input-tls').isVisible(), false);
    assert.equal(await typed('${PBX}:8889'), '${PBX}:8889');
    await api.selectOption('v20');
    assert.equal(await typed('pbx.example:5001'), 'https://pbx.example:5001');
    assert.equal(await page.locator('#node-config-input-tls').isVisible(), true);
    await api.selectOption('http');
    // Saved with the focus still in the field.
    await url.fill('pbx:8889/api');
    await page.keyboard.press('Control+Enter');
    await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'detached' });
    assert.equal(await get('pbx', 'url'), 'http://pbx:8889/api');
    await openConnection();
    await url.fill('https://pbx.example/api');
    await closeConnection('ok');
  });

  it('warns about a timeout in which no call can be made, and accepts it', async () => {
    const note = page.locator('#threecx-timeout-note');
    const timeout = page.locator('#node-config-input-timeout');
    await openConnection();
    await openAdvanced();
    for (const [value, isShort] of [
      ['8000', false],
      [String(makecallMilliseconds - 1), true],
      [String(makecallMilliseconds), false],
      ['1000', true],
      ['${TIMEOUT}', false],
    ] as const) {
      await timeout.fill(value);
      assert.equal(await note.isVisible(), isShort, value);
      await leaveField();
      assert.equal(await ask(`$('#node-config-input-timeout').hasClass('input-error')`), false, value);
    }
    await timeout.fill('1000');
    assert.match(await note.innerText(), /takes the server 2500 ms/);
    await shoot('3cx-config-short-timeout');
    await page.locator('#node-config-input-api').selectOption('v20');
    assert.equal(await note.isVisible(), false);
    await closeConnection('cancel');
  });

  const verdict = (): Locator => page.locator('.threecx-verdict');
  const testButton = (): Locator => page.getByRole('button', { name: 'Test connection' });
  const fine = { problem: null, detail: null, server: 'community', calls: 2, milliseconds: 14, hint: null };

  it('tests the connection with the values in the dialog', async () => {
    let sent: unknown;
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      answerTest = async (route) => {
        sent = route.request().postDataJSON();
        resolve();
        await new Promise<void>((done) => (answer = done));
        await route.fulfill({ json: fine });
      };
    });
    await openConnection();
    await page.locator('#node-config-input-url').fill('https://pbx.example/new');
    await openAdvanced();
    await page.locator('#node-config-input-timeout').fill('3000');
    await testButton().focus();
    await page.keyboard.press('Enter');
    await asked;
    assert.deepEqual(sent, {
      id: 'pbx',
      z: '',
      api: 'http',
      url: 'https://pbx.example/new',
      auth: 'basic',
      user: 'node-red',
      password: '__PWRD__',
      token: '',
      clientId: '',
      clientSecret: '',
      tls: 'tls',
      proxy: '',
      timeout: '3000',
    });
    assert.equal(await testButton().isDisabled(), true);
    assert.equal(await verdict().innerText(), 'Asking the server…');
    assert.equal(await verdict().getAttribute('aria-live'), 'polite');
    answer();
    await verdict().getByText('Reachable and authorised: the community server, 2 calls, 14 ms').waitFor();
    assert.equal(await verdict().getAttribute('data-threecx-verdict'), 'good');
    assert.equal(await testButton().isDisabled(), false);
    assert.equal(await testButton().evaluate((button) => button === document.activeElement), true);
    await shoot('3cx-config-verdict');

    // Of another field the verdict says nothing, so it stays; of these it did.
    await page.locator('#node-config-input-pollInterval').fill('500');
    assert.notEqual(await verdict().innerText(), '');
    await page.locator('#node-config-input-password').fill('typed');
    assert.equal(await verdict().innerText(), '');
    await closeConnection('cancel');
  });

  it('forgets a test that the dialog has overtaken', async () => {
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      answerTest = async (route) => {
        resolve();
        await new Promise<void>((done) => (answer = done));
        await route.fulfill({ json: fine }).catch(() => undefined); // given up meanwhile
      };
    });
    await openConnection();
    await testButton().click();
    await asked;
    await page.locator('#node-config-input-auth').selectOption('none');
    assert.equal(await verdict().innerText(), '');
    await page.waitForFunction(`!$('.threecx-test button').prop('disabled')`);
    answer();
    answerTest = (route) => route.fulfill({ json: { ...fine, calls: 0, server: null } });
    await testButton().click();
    await verdict().getByText('Reachable and authorised: 0 calls, 14 ms').waitFor();
    await closeConnection('cancel');
  });

  it('says in words what a test found', async () => {
    const noList =
      'Only the call list fails. This happens during a call through a queue whose number does not have four digits.';
    const hostName =
      'The server is there, but does not accept this host name (Invalid Hostname). ' +
      'Use the name or IP address that the HTTP API was started with.';
    const hostile = '<img src=x onerror="window.hacked=1"> $t(threecx.label.url) __x__';
    const cases: [object, string, string][] = [
      [{ calls: 1, server: 'documented' }, 'good', 'Reachable and authorised: a server as documented, 1 call, 14 ms'],
      [{ calls: null }, 'good', 'Reachable and authorised: the community server, 14 ms'],
      [{ hint: 'no-list', calls: null }, 'warning', `Reachable and authorised: the community server, 14 ms. ${noList}`],
      [{ problem: 'timeout', hint: 'no-list' }, 'bad', `No answer in time: the community server. ${noList}`],
      [
        { problem: 'unsupported', hint: 'idle' },
        'bad',
        'Something answers, but without a call list. ' +
          'The service runs, but has lost the phone system: have it restarted.',
      ],
      [{ problem: 'unsupported' }, 'bad', 'Something answers, but without a call list'],
      [{ problem: 'unauthorized' }, 'bad', 'Not authorised'],
      [{ problem: 'unreachable', detail: 'ECONNREFUSED' }, 'bad', 'Cannot be reached (ECONNREFUSED)'],
      [{ problem: 'unreachable' }, 'bad', 'Cannot be reached'],
      [{ problem: 'lost' }, 'bad', 'The connection broke before the answer'],
      [{ problem: 'server-error' }, 'bad', 'The server had an error of its own'],
      [
        { problem: 'server-error', detail: 'HTTP 500', hint: 'no-list' },
        'bad',
        `The server had an error of its own (HTTP 500): the community server. ${noList}`,
      ],
      [{ problem: 'unexpected-answer', hint: 'host-name' }, 'bad', hostName],
      [{ problem: 'unexpected-answer' }, 'bad', 'Something answers, but not the 3CX HTTP API'],
      [{ problem: 'invalid-argument', detail: 'url: not an address' }, 'bad', 'Not tried: url: not an address'],
      [
        { problem: 'secret' },
        'bad',
        'A stored password, token or client secret goes to the deployed address only: type it again',
      ],
      [{ problem: 'busy' }, 'bad', 'Too many requests wait: try again in a moment'],
      [{ problem: 'closed' }, 'bad', 'The connection has been deployed again meanwhile: try again'],
      [{ problem: 'haunted', server: 'other', hint: 'other' }, 'bad', 'It did not work'],
      [{ problem: 'unreachable', detail: hostile }, 'bad', `Cannot be reached (${hostile})`],
    ];
    await openConnection();
    for (const [result, kind, words] of cases) {
      answerTest = (route) => route.fulfill({ json: { ...fine, ...result } });
      await testButton().click();
      await page.waitForFunction(`$('.threecx-verdict').attr('data-threecx-verdict') !== 'running'`);
      assert.equal(await verdict().innerText(), words);
      assert.equal(await verdict().getAttribute('data-threecx-verdict'), kind, words);
      if (kind === 'warning') await shoot('3cx-config-warning');
    }
    assert.equal(await verdict().locator('img').count(), 0);
    // Where the dialog itself knows what is wrong, it says so, in its own language.
    await page.locator('#node-config-input-url').fill('https://pbx.example/showallcalls');
    answerTest = (route) => route.fulfill({ json: { ...fine, problem: 'invalid-argument', detail: 'url must …' } });
    await testButton().click();
    await verdict().getByText('Not tried: Address: the address ends in an operation').waitFor();
    assert.equal(await ask('window.hacked'), undefined);
    await shoot('3cx-config-bad');
    await closeConnection('cancel');
  });

  it('explains in words why Node-RED does not do the test', async () => {
    const known = problems.length;
    const cases: [number, RegExp][] = [
      [401, /^Node-RED does not let you test/],
      [403, /^Node-RED does not let you test/],
      [404, /^Node-RED does not know this test/],
      [500, /^Node-RED could not do the test \(500\)$/],
      [0, /^Node-RED gives no answer/],
    ];
    await openConnection();
    for (const [status, words] of cases) {
      answerTest = (route) => (status === 0 ? route.abort() : route.fulfill({ status, body: '<b>no</b>' }));
      await testButton().click();
      await page.waitForFunction(`$('.threecx-verdict').attr('data-threecx-verdict') === 'bad'`);
      assert.match(await verdict().innerText(), words);
      assert.equal(await testButton().isDisabled(), false);
      await page.locator('#node-config-input-user').fill(`user ${status}`);
    }
    answerTest = (route) => route.fulfill({ body: 'not JSON' });
    await testButton().click();
    await page.waitForFunction(`$('.threecx-verdict').attr('data-threecx-verdict') === 'bad'`);
    assert.match(await verdict().innerText(), /^Node-RED could not do the test/);
    await closeConnection('cancel');
    // The browser itself reports such answers.
    assert.doesNotMatch(problems.splice(known).join('\n'), /TypeError|threecx/);
  });

  const menu = (): Locator => page.locator('.red-ui-autoComplete-container:visible li');
  const rows = async (): Promise<string[]> => {
    await menu().first().waitFor();
    return menu().allInnerTexts();
  };
  const noRows = (): Promise<void> => menu().first().waitFor({ state: 'detached' });
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const textbox = (name: string): Locator => form().getByRole('textbox', { name });
  const isFocused = (field: Locator): Promise<boolean> => field.evaluate((one) => one === document.activeElement);
  const odd = '<b>9, <i>odd</i>';
  const anna = '10 Anna, talking, Out of office';
  const ben = '11 <i>Ben</i>, ringing, Available';
  const others = ['20, no call, sabbatical', '100'];

  it('offers the extensions that the connection has seen, and takes any other', async () => {
    await open('bare0');
    await chooseType('extension', 'str');
    // The name of a property is not a number.
    assert.equal(await textbox('Extension').inputValue(), '');
    assert.deepEqual(await rows(), ['choose, or type any other', odd, anna, ben, ...others]);
    await shoot('completion');
    await menu().nth(2).click();
    assert.equal(await textbox('Extension').inputValue(), '10');
    await noRows();

    // By keyboard: Enter and Tab take the typed text.
    await textbox('Extension').fill('1');
    await textbox('Extension').press('End');
    await menu().getByText('as typed').waitFor();
    assert.deepEqual(await rows(), ['1, as typed', anna, ben, '100']);
    await page.keyboard.press('Enter');
    await noRows();
    assert.equal(await textbox('Extension').inputValue(), '1');
    await textbox('Extension').press('End');
    await menu().first().waitFor();
    await press('ArrowDown', 'ArrowDown', 'ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await textbox('Extension').inputValue(), '11');
    await textbox('Extension').fill('');
    await textbox('Extension').pressSequentially('555');
    await noRows();
    await page.keyboard.press('Tab');
    await close('ok');
    assert.equal(await ask(`RED.nodes.node('bare0').extensionType + RED.nodes.node('bare0').extension`), 'str555');
    await open('bare0');
    assert.equal(await textbox('Extension').inputValue(), '555');
    await close('cancel');
  });

  it('offers extensions in a field that gets the focus by a click, the keyboard or its label', async () => {
    await open('call');
    const field = textbox('Extension');
    await fill('extension', '20');
    const all = ['20, no call, sabbatical', odd, anna, ben, '100'];
    await field.click();
    assert.deepEqual(await rows(), all);
    // The menu gives the focus back, which is no reason to open it again.
    await press('ArrowDown', 'Escape');
    await noRows();
    assert.equal(await isFocused(field), true);
    await field.click();
    assert.deepEqual(await rows(), all);
    await menu().nth(3).click();
    await noRows();
    assert.equal(await field.inputValue(), '11');

    await press('Tab', 'Shift+Tab');
    assert.equal(await isFocused(field), true);
    assert.deepEqual(await rows(), [ben, odd, anna, ...others]);
    await leaveField();
    await noRows();
    await form().getByText('Extension', { exact: true }).click();
    assert.deepEqual(await rows(), [ben, odd, anna, ...others]);
    await leaveField();
    await close('cancel');

    await open('watch');
    const list = page.locator('#node-input-extensions');
    for (const text of ['', '10, ']) {
      await list.fill(text);
      await leaveField();
      await list.click();
      await menu().getByText('11').first().waitFor();
      const offered = [odd, ...(text === '' ? [anna] : []), ben, ...others];
      assert.deepEqual((await rows()).slice(1), offered, text);
      await leaveField();
      await noRows();
    }
    await close('cancel');
  });

  it('takes what was typed when Tab or Enter follows at once, and Tab leads to the next field', async () => {
    await open('call');
    const field = textbox('Extension');
    const type = (key: string): Promise<void> => page.keyboard.press(key, { delay: 0 });
    for (const end of ['Tab', 'Enter']) {
      for (const [first, second] of [
        ['1', '1'],
        ['1', '0'],
        ['2', '5'],
      ] as const) {
        await field.fill('');
        await leaveField();
        await field.focus();
        await type(first);
        await menu().getByText('as typed').waitFor();
        // The answer for both digits never comes in time.
        let answer = (): void => undefined;
        const late = new Promise<void>((resolve) => (answer = resolve));
        await page.route('**/red/3cx/pbx/extensions', async (route) => {
          await late;
          await route.fulfill({ json: extensions });
        });
        await page.keyboard.down(second);
        await page.keyboard.down(end);
        await page.keyboard.up(second);
        await page.keyboard.up(end);
        assert.equal(await field.inputValue(), first + second, end);
        assert.equal(await isFocused(field), end === 'Enter');
        answer();
        await page.unroute('**/red/3cx/pbx/extensions');
        await page.route('**/red/3cx/pbx/extensions', (route) => route.fulfill({ json: extensions }));
        await leaveField();
      }
    }
    await close('cancel');
  });

  it('completes the last entry of a list', async () => {
    await open('watch');
    await set('extensions', '10, 20-29, ');
    await page.locator('#node-input-extensions').press('End');
    await page.locator('#node-input-extensions').press('1');
    await menu().getByText('as typed').waitFor();
    assert.deepEqual(await rows(), ['1, as typed', ben, '100']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#node-input-extensions').inputValue(), '10, 20-29, 11');
    await page.locator('#node-input-extensions').press('*');
    await page.keyboard.press('Tab');
    assert.equal(await page.locator('#node-input-extensions').inputValue(), '10, 20-29, 11*');
    await close('ok');
    assert.equal(await get('watch', 'extensions'), '10, 20-29, 11*');
    await open('watch');
    await set('extensions', '10, 20-29, 3*');
    await close('ok');
  });

  it('lets you type an extension when there are none to offer', async () => {
    const known = problems.length;
    const answers: ((route: Route) => Promise<void>)[] = [
      (route) => route.fulfill({ status: 401 }),
      (route) => route.fulfill({ status: 404 }),
      (route) => route.fulfill({ body: '<html>' }),
      (route) => route.fulfill({ json: { no: 'list' } }),
      (route) => route.abort(),
    ];
    await open('call');
    for (const answer of answers) {
      await page.route('**/red/3cx/pbx/extensions', answer, { times: 1 });
      const asked = page.waitForRequest('**/red/3cx/pbx/extensions');
      await textbox('Extension').fill('');
      await asked;
      await textbox('Extension').press('1');
      await textbox('Extension').press('Tab');
      assert.equal(await textbox('Extension').inputValue(), '1');
      assert.equal(await menu().count(), 0);
    }
    await close('cancel');
    assert.doesNotMatch(problems.splice(known).join('\n'), /TypeError|threecx/);
  });

  it('warns about a message that can call any number', async () => {
    const warning = (): Promise<boolean> => form().getByText('The message decides which number').isVisible();
    const cases: [string, string, string, boolean][] = [
      ['makecall', 'msg', 'destination', true],
      ['transfer', 'jsonata', '$x', true],
      ['divert', 'msg', 'destination', true],
      ['msg', 'msg', 'destination', true],
      ['drop', 'msg', 'destination', false],
      ['makecall', 'str', '', true],
      ['makecall', 'str', '11', false],
      ['makecall', 'flow', 'whom', false],
    ];
    await open('bare0');
    for (const [name, type, value, expected] of cases) {
      await operation('makecall');
      await ask(`$('#node-input-destination').typedInput('type', '${type}').typedInput('value', '${value}')`);
      await operation(name);
      assert.equal(await warning(), expected, `${name} ${type} ${value}`);
    }
    await ask(`$('#node-input-destination').typedInput('type', 'msg')`);
    assert.equal(await warning(), true);
    await ask(`RED.nodes.node('pbx').allowDestinations = '^1'; $('#node-input-server').trigger('change')`);
    assert.equal(await warning(), false);
    await ask(`RED.nodes.node('pbx').allowDestinations = ''`);
    assert.equal(await ask(`$('#dialog-form .input-error').length`), 0);
    await operation('stop');
    assert.equal(await form().getByText('Ends the API server for everybody').isVisible(), true);
    await close('cancel');
  });

  it('gives every field a label, even for screen readers', async () => {
    const unnamed = `$('.red-ui-tray').last().find('.red-ui-tray-body').find('input, select, button, textarea')
      .filter(':visible').not('[id^=red-ui-trap]').toArray().filter((field) => {
        const ids = (field.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean);
        const words = [field.getAttribute('aria-label'), $(field.labels ?? []).text(), $(field).text(),
          ...ids.map((id) => document.getElementById(id).innerText)];
        return words.every((text) => !text?.trim());
      }).map((field) => field.outerHTML)`;
    for (const [index, type] of types.entries()) {
      await open(`bare${index}`);
      for (const name of Object.keys(fields[type] ?? {})) {
        await operation(name);
        assert.deepEqual(await ask(unnamed), [], `${type} ${name}`);
      }
      await close('cancel');
    }
    await openConnection();
    await openAdvanced();
    assert.deepEqual(await ask(unnamed), []);
    await closeConnection('cancel');

    await open('bare0');
    // The label of a typed input leads to it too.
    for (const [name, type] of Object.entries({ Extension: 'string', Destination: 'msg.' })) {
      await form().getByText(name, { exact: true }).click();
      assert.equal(await textbox(name).evaluate((field) => field === document.activeElement), true, name);
      await form()
        .getByRole('button', { name: `${name}: ${type}` })
        .waitFor();
    }
    await form().getByText('Phone', { exact: true }).click();
    const phone = form().getByRole('button', { name: 'Phone Soft phone' });
    assert.equal(await phone.evaluate((field) => field === document.activeElement), true);
    await close('cancel');
  });

  it('can be filled by keyboard alone', async () => {
    const focused = (): Promise<unknown> => ask('document.activeElement.id');
    const chooseFocused = async (): Promise<void> => {
      await page.waitForFunction(`document.activeElement.closest('.red-ui-typedInput-options')`);
    };
    await ask(`RED.nodes.add(Object.assign(RED.view.createNode('3cx-call-control', 200, 500).node, { id: 'keys' }))`);
    await open('keys');
    // The only connection there is.
    assert.equal(await ask(`$('#node-input-server').val()`), 'pbx');
    // The editor's own tabs come first.
    for (let tabs = 0; (await focused()) !== 'node-input-name'; tabs++) {
      assert.ok(tabs < 10);
      await press('Tab');
    }
    await page.keyboard.type('By keys');
    await press('Tab');
    assert.equal(await focused(), 'node-input-server');
    await press('Tab');
    assert.equal(await focused(), 'node-input-operation');
    await page.keyboard.type('Divert');
    await press('Tab');
    assert.equal(await ask(`document.activeElement.getAttribute('aria-label')`), 'Extension: string');
    await press('Tab');
    assert.equal(await ask('document.activeElement.placeholder'), 'msg.extension');
    await page.keyboard.type('2');
    await page.waitForFunction(`$('.red-ui-autoComplete-container:visible li').length === 2`);
    await press('ArrowDown', 'ArrowDown', 'Enter');
    assert.equal(await textbox('Extension').inputValue(), '20');
    await press('Tab');
    assert.equal(await ask(`document.activeElement.getAttribute('aria-label')`), 'Destination: string');
    await press('ArrowDown');
    await chooseFocused();
    await press('ArrowUp', 'Enter');
    await page.keyboard.type('whom');
    await press('Control+Enter');
    await form().waitFor({ state: 'detached' });
    const properties = ['name', 'operation', 'extensionType', 'extension', 'destinationType', 'destination', 'valid'];
    assert.deepEqual(await Promise.all(properties.map((name) => get('keys', name))), [
      ...['By keys', 'divert', 'str', '20', 'global', 'whom', true],
    ]);
    await ask(`RED.nodes.remove('keys')`);
  });

  it('checks the connection with reasons', async () => {
    const cases: Record<string, { bad: string[]; good: string[] }> = {
      url: {
        bad: [
          ...['', 'pbx pbx', 'ftp://pbx', 'http://user:secret@pbx', 'http://pbx/?x=1', 'http://pbx?', 'http://pbx/#'],
          ...['http://pbx:8889/showallcalls', 'http://pbx/makecall/10/+4930111/Soft', 'https://pbx/3cx/STOP/'],
          ...[
            'http://pbx/login/login_all/10',
            'http://pbx/Transfer/10/11',
            ' http://pbx/drop/10 ',
            'http://pbx/stop/.',
          ],
          ...['${PBX_URL}/showallcalls', 'http://${HOST}:8889/makecall/10/${NUMBER}/Soft'],
          ...['http://anna:${PASSWORD}@pbx', 'http://${USER}@pbx'],
        ],
        good: [
          ...['http://pbx:8889', 'https://pbx/3cx/api/', '${PBX_URL}', 'http://${HOST}:8889', ' http://pbx '],
          ...[
            'pbx',
            'pbx:8889',
            '192.168.1.5:8889/api',
            'http://pbx',
            'http://stop/',
            'http://pbx/record/api',
            'http://${HOST}/stop/api',
          ],
        ],
      },
      timeout: { bad: ['', '0', '1.5', 'soon', '2147483648'], good: ['8000', '${TIMEOUT}'] },
      pollInterval: { bad: ['', '99', '100.5'], good: ['100', '${POLL}'] },
      trunks: { bad: ['', '(', '['], good: ['^1\\d{4}$', '${TRUNKS}'] },
      services: { bad: ['', '*'], good: ['^$'] },
      allowDestinations: { bad: ['(', '/(/', '10-9', '+49 30'], good: ['', '10-29, +49*, 1??', '/^\\d{2}$/'] },
    };
    await openConnection();
    await openAdvanced();
    for (const [name, { bad, good }] of Object.entries(cases)) {
      const field = page.locator(`#node-config-input-${name}`);
      for (const value of [...bad, ...good]) {
        await field.fill(value);
        await field.dispatchEvent('change');
        const marked = await ask(`$('#node-config-input-${name}').hasClass('input-error')`);
        assert.equal(marked, bad.includes(value), `${name}: ${value}`);
        const reason = await ask(`Boolean($('#node-config-input-${name}').data('tooltip'))`);
        assert.equal(reason, bad.includes(value), `${name}: ${value}`);
      }
    }
    const trunks = page.locator('#node-config-input-trunks');
    await trunks.fill('(');
    await trunks.dispatchEvent('change');
    await trunks.hover();
    await page.locator('.red-ui-popover', { hasText: 'not a regular expression' }).waitFor();
    await shoot('3cx-config-invalid');
    await closeConnection('cancel');
  });

  it('marks a connection without a user for Basic, or without a token for Bearer', async () => {
    const marked = (): Promise<unknown> =>
      ask(`['auth', 'user', 'password', 'token'].filter((name) =>
        $('#node-config-input-' + name).hasClass('input-error') && $('#node-config-input-' + name).data('tooltip'))`);
    const set = async (name: string, value: string): Promise<void> => {
      const field = page.locator(`#node-config-input-${name}`);
      await field.fill(value);
      await field.dispatchEvent('change');
    };
    await openConnection();
    assert.deepEqual(await marked(), []);
    await set('password', '');
    assert.deepEqual(await marked(), []);
    await set('user', ' ');
    assert.deepEqual(await marked(), ['auth', 'user']);
    await set('user', '${PBX_USER}');
    assert.deepEqual(await marked(), []);
    await page.locator('#node-config-input-auth').selectOption('bearer');
    assert.deepEqual(await marked(), ['auth', 'token']);
    await shoot('3cx-config-no-token');
    await page.locator('#node-config-input-auth').selectOption('none');
    assert.deepEqual(await marked(), []);
    await page.locator('#node-config-input-auth').selectOption('bearer');
    await set('token', 'T0k');
    assert.deepEqual(await marked(), []);
    await closeConnection('cancel');
  });

  it('marks a connection that was imported without its credentials, and the nodes that use it', async () => {
    const valid = (): Promise<unknown> =>
      ask(`['pbx', 'call', 'imported-basic', 'imported-bearer', 'imported-none', 'imported-call'].filter((id) =>
        RED.nodes.node(id).valid)`);
    const imported = (auth: string): object => ({ id: `imported-${auth}`, type: '3cx-config', version: 1, auth });
    const nodes = [
      ...['basic', 'bearer', 'none'].map(imported),
      node('imported-call', '3cx-call-control', { ...makecall, server: 'imported-basic', x: 900, y: 60 }),
    ];
    await load();
    await ask(`RED.view.importNodes(${JSON.stringify(nodes)},
      { addFlow: false, generateIds: false, touchImport: true, notify: false })`);
    const unmarked = ['pbx', 'call', 'imported-none'];
    const settle = (ids: string[]): Promise<unknown> =>
      page.waitForFunction(`${JSON.stringify(ids)}.every((id) => RED.nodes.node(id).valid === false)`);
    await settle(['imported-basic', 'imported-bearer', 'imported-call']);
    assert.deepEqual(await valid(), unmarked);
    const reasons = await ask(`['imported-basic', 'imported-bearer'].map((id) => RED.nodes.node(id).validationErrors)`);
    assert.deepEqual(reasons, [['a user is missing'], ['a token is missing']]);

    // As it was deployed so: still marked after a reload, while a stored secret is not.
    await ask(`RED.nodes.dirty(true)`);
    await ask(`(async () => {
      const { rev } = await $.ajax({ url: 'flows', headers: { 'Node-RED-API-Version': 'v2' } });
      await $.ajax({ url: 'flows', method: 'POST', contentType: 'application/json',
        headers: { 'Node-RED-API-Version': 'v2' },
        data: JSON.stringify({ rev, flows: RED.nodes.createCompleteNodeSet() }) });
      RED.nodes.dirty(false);
    })()`);
    await load();
    await settle(['imported-basic', 'imported-bearer', 'imported-call']);
    assert.deepEqual(await valid(), unmarked);
    await ask(`['imported-call', 'imported-basic', 'imported-bearer', 'imported-none'].forEach(RED.nodes.remove)`);
  });

  it('saves the connection and keeps its secrets', async () => {
    await openConnection();
    assert.equal(await page.locator('#node-config-input-user').inputValue(), 'node-red');
    assert.equal(await page.locator('#node-config-input-password').inputValue(), '__PWRD__');
    await openAdvanced();
    await page.locator('#node-config-input-pollInterval').fill('2000');
    await page.locator('#node-config-input-allowStop').check();
    await closeConnection('ok');
    await deploy();
    await load();
    assert.equal(await ask(`RED.nodes.node('pbx').allowStop`), true);
    assert.equal(await ask(`RED.nodes.node('pbx').pollInterval`), '2000');
    assert.equal(await ask(`RED.nodes.node('pbx').auth`), 'basic');
    assert.equal(await ask(`RED.nodes.node('pbx').tls`), 'tls');
    await openConnection();
    assert.equal(await page.locator('#node-config-input-password').inputValue(), '__PWRD__');
    await closeConnection('cancel');
  });

  it('writes labels and statuses in words', async () => {
    const label = (id: string): Promise<unknown> => ask(`RED.utils.getNodeLabel(RED.nodes.node('${id}'))`);
    assert.equal(await label('long'), 'Out of office: 10');
    assert.equal(await label('late'), 'call 11 from 12');
    assert.equal(await label('call'), 'call {flow.whom} from 20');
    const labelOf = (type: NodeType, properties: object): Promise<unknown> =>
      ask(`((node) => RED.utils.getNodeLabel({ type: node.type, _def: node._def, _: node._,
        ...${JSON.stringify(properties)} }))(RED.nodes.node('bare${types.indexOf(type)}'))`);
    const fixed = { extension: '10', extensionType: 'str' };
    const cases: [string, NodeType, object][] = [
      ['call {destination} from 10', '3cx-call-control', { operation: 'makecall', ...fixed }],
      ['call 11 from {extension}', '3cx-call-control', { destination: '11', destinationType: 'str' }],
      ['call {destination} from 10', '3cx-call-control', { ...fixed, ...from('str', '') }],
      ['divert 10 to ${WHOM}', '3cx-call-control', { operation: 'divert', ...fixed, ...from('env', 'WHOM') }],
      ['transfer 10 to {…}', '3cx-call-control', { operation: 'transfer', ...fixed, ...from('jsonata', '$x') }],
      [
        'transfer 10 to {global.whom}',
        '3cx-call-control',
        { operation: 'transfer', ...fixed, ...from('global', 'whom') },
      ],
      ['hang up at 10', '3cx-call-control', { operation: 'drop', ...fixed }],
      ['Hang up', '3cx-call-control', { operation: 'drop' }],
      ['Away: 10', '3cx-agent-status', { ...fixed, profile: 'away', profileType: 'str' }],
      ['Away: {extension}', '3cx-agent-status', { profile: 'away', profileType: 'str' }],
      ['record 10', '3cx-recorder', { operation: 'start', ...fixed }],
      ['caller of 10', '3cx-call-monitor', { operation: 'getcallerid', ...fixed }],
    ];
    for (const [expected, type, properties] of cases) assert.equal(await labelOf(type, properties), expected);
    assert.equal(await label('newer'), 'call monitor');
    assert.equal(await label('bare1'), 'Set the profile');
    assert.equal(await label('pbx'), 'PBX');
    for (const id of types.map((_, index) => `bare${index}`)) {
      const status = (key: string, options = '{}'): Promise<unknown> =>
        ask(`RED.nodes.node('${id}')._('threecx.status.${key}', ${options})`);
      assert.equal(await status('no-call'), 'no call');
      assert.equal(await status('refused-no-phone'), 'no phone');
      assert.equal(await status('connections', '{ count: 1 }'), '1 connection');
      assert.equal(await status('connections', '{ count: 2 }'), '2 connections');
    }
    await shoot('workspace');
  });

  it('shows the help', async () => {
    await page.setViewportSize({ width: 1280, height: 3200 });
    for (const type of [...types, '3cx-config']) {
      await ask(`RED.sidebar.help.show('${type}')`);
      const help = await page.locator('.red-ui-help').last().innerText();
      assert.match(help, /Details/);
      if (type === '3cx-call-monitor') for (const event of watchEvents) assert.ok(help.includes(`\n${event}\n`), event);
      await shoot(`help-${type}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('leaves no error in the console, nor in the log', () => {
    assert.deepEqual(problems, []);
    // Two connections were deployed without their credentials.
    const log = nodeRed.log().replace(/.*\[3cx-config:imported-\w+\] (?:user|token) is missing.*/g, '');
    assert.doesNotMatch(log, /\[error\]|Error:/);
  });
});
