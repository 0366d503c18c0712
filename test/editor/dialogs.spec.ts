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
    showallcalls: [],
    getcallerid: ['extension'],
    ondn: ['extension'],
    dnregs: ['extension'],
    msg: ['extension'],
  },
};
const types = Object.keys(fields);

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
  node('newer', '3cx-call-monitor', { server: 'pbx', operation: 'watch', x: 500, y: 320 }),
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
  }

  async function openConnection(): Promise<void> {
    await ask(`RED.editor.editConfig('', '3cx-config', 'pbx')`);
    // The fields are watched only once the editor has fetched the credentials.
    await page.waitForFunction(`$('#node-config-input-user').val()`);
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
    assert.equal(await ask(`$('#node-input-operation').val()`), 'watch');
    await close('ok');
    assert.equal(await ask(`RED.nodes.node('newer').operation`), 'watch');
    assert.deepEqual(await ask(`RED.nodes.node('newer').validationErrors`), ['unknown operation "watch"']);
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
      assert.match(await page.locator('.red-ui-help').last().innerText(), /Details/);
      await shoot(`help-${type}`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('leaves no error in the console, nor in the log', () => {
    assert.deepEqual(problems, []);
    assert.doesNotMatch(nodeRed.log(), /\[error\]|Error:/);
  });
});
