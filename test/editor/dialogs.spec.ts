import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser';
import { startNodeRed, type NodeRed } from '../support/node-red';

const screenshots = join(__dirname, '../../coverage/screenshots');

// Which fields each operation shows, in this order.
const fields: Record<string, Record<string, string[]>> = {
  '3cx-call-control': {
    makecall: ['extension', 'destination', 'phone'],
    answer: ['extension'],
    drop: ['extension'],
    transfer: ['extension', 'destination'],
    atttrans: ['extension'],
    divert: ['extension', 'destination'],
    park: ['extension'],
    unpark: ['extension', 'phone'],
    stop: [],
    msg: ['extension', 'destination', 'phone'],
  },
  '3cx-agent-status': {
    setstatus: ['extension', 'profile'],
    showstatus: ['extension'],
    ready: ['extension'],
    notready: ['extension'],
    login: ['extension', 'action', 'queue'],
    logout: ['extension'],
    msg: ['extension', 'profile', 'action', 'queue'],
  },
  '3cx-recorder': {
    start: ['extension'],
    pause: ['extension'],
    resume: ['extension'],
    stop: ['extension'],
    msg: ['extension'],
  },
  '3cx-call-monitor': {
    watch: [],
    showallcalls: [],
    getcallerid: ['extension'],
    ondn: ['extension'],
    dnregs: ['extension'],
    msg: ['extension'],
  },
};
const types = Object.keys(fields);
// What can be watched for, in the order of the outputs.
const watchEvents = [
  ...['ringing', 'dialing', 'answered', 'held', 'resumed', 'recording', 'transferred', 'ring-stopped', 'ended'],
  ...['missed', 'offline', 'online'],
];
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
  ...[0, 1, 2, 3].map((index) => node(`to${index}`, 'junction', { x: 760, y: 480 + 40 * index, wires: [[]] })),
];

describe('dialogs in the editor', function () {
  this.timeout(60_000);

  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

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
    page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
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
  }

  const ask = (expression: string): Promise<unknown> => page.evaluate(expression);
  const form = (): Locator => page.locator('#dialog-form');
  const row = (name: string): Locator => form().locator(`[data-threecx-argument="${name}"]`);
  const operation = (value: string): Promise<unknown> => page.locator('#node-input-operation').selectOption(value);

  async function open(id: string): Promise<void> {
    await ask(`RED.editor.edit(RED.nodes.node('${id}'))`);
    await page.locator('#dialog-form #node-input-operation').waitFor();
    await settle();
  }

  /** The tray slides in and then draws the focus to its first field: a click before that may go astray. */
  async function settle(): Promise<void> {
    await page.waitForFunction(`(() => {
      const tray = $('.red-ui-tray').last()[0];
      return tray.contains(document.activeElement) && tray.getAnimations().length === 0;
    })()`);
  }

  async function openConnection(): Promise<void> {
    await ask(`RED.editor.editConfig('', '3cx-config', 'pbx')`);
    // The fields are watched only once the editor has fetched the credentials.
    await page.waitForFunction(`$('#node-config-input-user').val()`);
    await settle();
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
    await row(name).locator('.red-ui-typedInput-input').dispatchEvent('change');
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
    await page.locator(`#node-input-${name}`).dispatchEvent('change');
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
        const stopping = type === '3cx-call-control' && name === 'stop';
        assert.equal(await form().locator('.form-tips').isVisible(), stopping, name);
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
      version: 1,
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
    assert.equal(await row('phone').locator('.red-ui-typedInput-option-label').innerText(), 'Desktop phone');
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
    const bad = ['10/11', '1 2', 'all', '..', '1'.repeat(33), ''];
    const good = ['10', '*10', 'SP1', '${EXTENSION}', '1${LAST}', '1'.repeat(32)];
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

  it('lets a call monitor watch by default, for all events when the flow does not say which', async () => {
    assert.equal(await get('bare3', 'events'), undefined);
    await open('bare3');
    assert.equal(await ask(`$('#node-input-operation').val()`), 'watch');
    assert.deepEqual(await ask(`$('.threecx-events input').toArray().map((box) => box.value)`), watchEvents);
    assert.deepEqual(await checked(), watchEvents);
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
    assert.deepEqual(await get('bare3', 'events'), watchEvents);
  });

  it('offers a new call monitor the events that a newcomer wants', async () => {
    await ask(`RED.nodes.add(Object.assign(RED.view.createNode('3cx-call-monitor', 200, 500).node, { id: 'new' }))`);
    await ask(`RED.nodes.node('new').server = 'pbx'`);
    await open('new');
    assert.deepEqual(await checked(), ['ringing', 'answered', 'ended', 'missed']);
    assert.equal(await page.locator('#node-input-events').isVisible(), false);
    await page.setViewportSize({ width: 1280, height: 1250 });
    await shoot('3cx-call-monitor-new');
    await page.setViewportSize({ width: 1280, height: 900 });
    await close('ok');
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
    await form().getByText('starts to ring').click();
    assert.equal(await reason(), '');
    await set('extensions', '10, 20-29, 3*');
    await page.locator('#node-input-direction').selectOption('inbound');
    await page.locator('#node-input-scope').selectOption('external');
    await set('queues', '8000');
    await set('number', '^\\+49');
    await set('minRing', '3000');
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
      minRing: { bad: ['', '-1', '1.5', 'soon'], good: ['0', '3000', '${RING}'] },
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
      ...['starts to ring', 'is connected', 'is out of the call', 'nobody answered'],
    ]);
    await open('split');
    await box('answered').uncheck();
    await box('dialing').check();
    await box('online').check();
    await close('ok');
    assert.equal(await get('split', 'outputs'), 5);
    assert.deepEqual(await wires(), { to0: 0, to2: 2, to3: 3 });
    assert.deepEqual(await outputLabels('split'), [
      ...['starts to ring', 'starts to call', 'is out of the call', 'nobody answered', 'list of calls is back'],
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

  it('counts the outputs of a call monitor that is imported', async () => {
    const imported = node('', '3cx-call-monitor', { server: 'pbx', events: ['missed', 'ended'], split: true });
    const { id, ...rest } = { ...imported, id: 'imported' };
    await ask(`RED.view.importNodes(${JSON.stringify([{ id, ...rest, z: undefined }])}, { touchImport: true })`);
    assert.equal(await ask(`RED.view.selection().nodes[0].outputs`), 2);
    await ask(`RED.nodes.remove(RED.view.selection().nodes[0].id)`);
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

  it('checks the connection with reasons', async () => {
    const cases: Record<string, { bad: string[]; good: string[] }> = {
      url: {
        bad: ['', 'pbx', 'ftp://pbx', 'http://user:secret@pbx', 'http://pbx/?x=1'],
        good: ['http://pbx:8889', 'https://pbx/3cx/api/', '${PBX_URL}', 'http://${HOST}:8889'],
      },
      timeout: { bad: ['', '0', '1.5', 'soon'], good: ['8000', '${TIMEOUT}'] },
      pollInterval: { bad: ['', '99'], good: ['100', '${POLL}'] },
      trunks: { bad: ['', '(', '['], good: ['^1\\d{4}$', '${TRUNKS}'] },
      services: { bad: ['', '*'], good: ['^$'] },
      allowDestinations: { bad: ['('], good: ['', '^\\d{2}$'] },
    };
    await openConnection();
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

  it('saves the connection and keeps its secrets', async () => {
    await openConnection();
    assert.equal(await page.locator('#node-config-input-user').inputValue(), 'node-red');
    assert.equal(await page.locator('#node-config-input-password').inputValue(), '__PWRD__');
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
    assert.equal(await label('long'), 'set 10 to Out of office');
    assert.equal(await label('late'), 'call 11 from 12');
    assert.equal(await label('call'), 'Make a call');
    assert.equal(await label('newer'), 'call monitor');
    assert.equal(await label('bare1'), 'Set the profile');
    assert.equal(await label('pbx'), 'PBX');
    for (const id of types.map((_, index) => `bare${index}`)) {
      const status = (key: string, options = '{}'): Promise<unknown> =>
        ask(`RED.nodes.node('${id}')._('threecx.status.${key}', ${options})`);
      assert.equal(await status('idle'), 'idle');
      assert.equal(await status('refused-no-call'), 'refused: no call');
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
    assert.doesNotMatch(nodeRed.log(), /\[error\]|Error:/);
  });
});
