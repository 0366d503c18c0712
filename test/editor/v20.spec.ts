import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { eventNames } from '../../lib/pbx';
import { startSimulator, type V20Simulator, type V20Switches } from '../../simulator';
import { launchBrowser } from '../../support/browser';
import { darkOfNodeRed5, serious } from '../../support/dialogs';
import { Editor } from '../../support/editor';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { until } from '../../support/until';

const screenshots = join(__dirname, '../../coverage/screenshots');
const client = { clientId: '900', clientSecret: 'S3cret-of-the-client' };
const node = (id: string, type: string, y: number, properties: object): object => ({
  ...{ id, type, z: 'tab', x: 200, y, server: 'by-v20', wires: [[], []] },
  ...properties,
});
const fixed = (name: string, value: string): object => ({ [name]: value, [`${name}Type`]: 'str' });

/** The operations of each node that are impossible with 3CX V20, by the values of `operation`. */
const impossible: Record<string, string[]> = {
  call: ['atttrans', 'stop'],
  agent: [],
  recorder: ['start', 'pause', 'resume', 'stop', 'toggle'],
  monitor: [],
};

describe('3CX V20 in the editor', function () {
  this.timeout(60_000);
  let simulator: V20Simulator;
  let nodeRed: NodeRed;
  let browser: Browser;
  let editor: Editor;
  let defaults: V20Switches;

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    mkdirSync(screenshots, { recursive: true });
    simulator = await startSimulator({ v20: client });
    defaults = { ...simulator.v20.switches };
    // No id may be the value of a property: Node-RED would read it as a reference.
    const flows = [
      { id: 'tab', type: 'tab', label: '3CX V20' },
      { id: 'by-http', type: '3cx-config', name: 'HTTP API', url: simulator.url },
      { id: 'by-v20', type: '3cx-config', name: 'V20', api: 'v20', url: simulator.v20Url },
      node('call', '3cx-call-control', 80, { operation: 'makecall' }),
      node('agent', '3cx-agent-status', 160, { operation: 'login', ...fixed('action', 'login_all') }),
      node('recorder', '3cx-recorder', 240, { operation: 'start' }),
      node('monitor', '3cx-call-monitor', 320, { operation: 'watch', events: [...eventNames], wires: [[]] }),
      node('events', 'debug', 400, {
        ...{ active: true, tosidebar: true, targetType: 'jsonata', statusVal: '', statusType: 'auto', wires: [] },
        complete: "payload.event & ' ' & payload.extension & ' ' & $string(payload.recording)",
      }),
    ];
    nodeRed = await startNodeRed({ flows, credentials: { 'by-v20': client } });
    browser = await launchBrowser();
    editor = await Editor.open(browser, nodeRed.url);
    await editor.page.setViewportSize({ width: 1500, height: 1250 });
    await editor.page.evaluate(axe.source);
    await editor.page.addStyleTag({ content: await darkOfNodeRed5() });
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
    await (simulator as V20Simulator | undefined)?.close();
  });
  afterEach(() => Object.assign(simulator.v20.switches, defaults));

  const field = (name: string): Locator => editor.connectionForm().locator(`#node-config-input-${name}`);
  const note = (what: string): Locator => editor.form().locator(`#threecx-lack-${what}`);
  const open = async (id: 'by-http' | 'by-v20'): Promise<void> => {
    await editor.ask(`RED.editor.editConfig('', '3cx-config', '${id}')`);
    // The editor fetches the credentials first.
    if (id === 'by-v20') await editor.page.waitForFunction(`$('#node-config-input-clientId').val()`);
    await field('url').waitFor();
    await editor.openAdvanced();
  };
  const shown = (...names: string[]): Promise<unknown> =>
    editor.ask(`${JSON.stringify(names)}.filter((name) => $('#node-config-input-' + name).is(':visible'))`);
  const marked = (): Promise<unknown> =>
    editor.ask(`$('#node-config-dialog-edit-form .input-error').toArray()
      .map((one) => one.id.replace('node-config-input-', ''))`);
  /** Looks at a form in both colour schemes. */
  const look = async (form: string, name: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await editor.page.emulateMedia({ colorScheme });
      assert.deepEqual(await serious(editor.page, form), [], `${name}, ${colorScheme}`);
      const path = join(screenshots, `v20-${name}-${colorScheme}.png`);
      await editor.page.locator('.red-ui-tray').last().screenshot({ path });
    }
    await editor.page.emulateMedia({ colorScheme: 'light' });
    assert.doesNotMatch(await editor.page.locator(form).innerText(), /threecx/);
  };
  const connection = '#node-config-dialog-edit-form';

  it('is an interface that a connection can use, with the fields that it needs', async () => {
    const http = ['auth', 'pollInterval', 'trunks', 'services', 'allowStop'];
    const v20 = ['clientId', 'clientSecret'];
    const both = ['name', 'api', 'url', 'proxy', 'timeout', 'allowDestinations'];
    const all = [...both, ...http, ...v20];
    await open('by-http');
    assert.equal(await field('api').inputValue(), 'http');
    assert.deepEqual(await shown(...all), [...both, ...http]);
    await field('auth').selectOption('basic');
    await field('api').selectOption('v20');
    assert.deepEqual(await shown(...all, 'user', 'password', 'token'), [...both, ...v20]);
    assert.equal(await field('clientSecret').getAttribute('type'), 'password');
    await field('url').fill('https://pbx.example');
    assert.deepEqual(await shown('tls'), ['tls']);
    await look(connection, 'config');
    await field('api').selectOption('http');
    assert.deepEqual(await shown(...all, 'user', 'token'), [...both, ...http, 'user']);
    await editor.closeConnection('cancel');
  });

  it('takes no address for granted, but keeps one that was typed', async () => {
    const placeholder = (): Promise<string | null> => field('url').getAttribute('placeholder');
    await open('by-http');
    await field('url').fill('http://127.0.0.1:8889');
    await field('api').selectOption('v20');
    assert.equal(await field('url').inputValue(), '');
    assert.equal(await placeholder(), 'https://pbx.example:5001');
    assert.deepEqual(await marked(), ['api', 'url', 'clientId', 'clientSecret']);
    await field('api').selectOption('http');
    assert.equal(await field('url').inputValue(), 'http://127.0.0.1:8889');
    assert.equal(await placeholder(), 'http://127.0.0.1:8889');
    assert.deepEqual(await marked(), []);
    await field('url').fill('https://pbx.example');
    for (const api of ['v20', 'http']) {
      await field('api').selectOption(api);
      assert.equal(await field('url').inputValue(), 'https://pbx.example');
    }
    await editor.closeConnection('cancel');
  });

  it('marks a client without its ID or its secret, and an address that is a path of the PBX', async () => {
    const set = async (name: string, value: string): Promise<void> => {
      await field(name).fill(value);
      await field(name).dispatchEvent('change');
    };
    await open('by-v20');
    assert.equal(await field('clientSecret').inputValue(), '__PWRD__');
    assert.deepEqual(await marked(), []);
    await set('clientId', ' ');
    assert.deepEqual(await marked(), ['api', 'clientId']);
    await field('clientId').hover();
    await editor.page.locator('.red-ui-popover', { hasText: 'a client ID is missing' }).waitFor();
    await set('clientId', '${CLIENT}');
    await set('clientSecret', '');
    assert.deepEqual(await marked(), ['api', 'clientSecret']);
    await set('clientSecret', 'typed');
    await set('url', 'https://pbx.example/callcontrol');
    assert.deepEqual(await marked(), ['url']);
    await field('url').hover();
    await editor.page.locator('.red-ui-popover', { hasText: 'a path of the phone system' }).waitFor();
    // A field that is hidden, and so cannot be corrected, is not marked.
    await field('api').selectOption('http');
    assert.deepEqual(await marked(), []);
    await editor.closeConnection('cancel');
  });

  it('marks a connection that was imported without its credentials; one without an interface is as before', async () => {
    await editor.importNodes([
      { id: 'imported', type: '3cx-config', version: 1, api: 'v20', url: 'https://pbx.example' },
      { id: 'old', type: '3cx-config', version: 1, url: 'http://127.0.0.1:8889' },
    ]);
    await editor.page.waitForFunction(`RED.nodes.node('imported').valid === false`);
    assert.deepEqual(await editor.ask(`RED.nodes.node('imported').validationErrors`), ['a client ID is missing']);
    assert.equal(await editor.ask(`RED.nodes.node('old').valid`), true);
    // These were deployed so.
    assert.deepEqual(await editor.ask(`['by-http', 'by-v20'].map((id) => RED.nodes.node(id).valid)`), [true, true]);
    assert.deepEqual(await editor.ask(`['by-http', 'by-v20'].map((id) => Boolean(RED.nodes.node(id).changed))`), [
      false,
      false,
    ]);
    await editor.ask(`['imported', 'old'].forEach(RED.nodes.remove)`);
  });

  /** Each finding of a test, with its kind. */
  const findings = async (): Promise<string[]> => {
    const lines = (await editor.testConnection()).locator('.threecx-finding');
    return Promise.all(
      (await lines.all()).map(async (line) => {
        const kind = await line.getAttribute('data-threecx-verdict');
        return `${kind}: ${(await line.innerText()).replace(/\d+ ms/, '… ms')}`;
      }),
    );
  };
  const overall = (): Promise<string | null> =>
    editor.connectionForm().locator('.threecx-verdict').getAttribute('data-threecx-verdict');

  it('is tested: shows what the client may do, and what to do about the rest', async () => {
    const accepted = 'good: The client ID and the secret are accepted (… ms)';
    const callControl = 'good: Call Control: allowed, 6 extensions';
    const socket = 'good: Events: the WebSocket opens';
    const configuration = 'good: Configuration API: allowed';
    const cases: [string, Partial<V20Switches>, kind: string, (string | RegExp)[]][] = [
      ['good', {}, 'good', [accepted, /^good: 3CX version \d/, callControl, socket, configuration]],
      [
        'no-extensions',
        { visibleDns: [] },
        'warning',
        [accepted, /version/, /^warning: .* no extension is chosen\. .* one by one\.$/, socket, configuration],
      ],
      [
        'one-extension',
        { visibleDns: ['10'] },
        'good',
        [accepted, /version/, 'good: Call Control: allowed, 1 extension', socket, configuration],
      ],
      [
        'no-call-control',
        { callControl: false },
        'bad',
        [accepted, /version/, /^bad: Call Control: not allowed\. .*tick.*8SC\+/, configuration],
      ],
      [
        'no-configuration',
        { xapi: false },
        'warning',
        [
          accepted,
          callControl,
          socket,
          /^warning: Configuration API: not allowed\. The agent-status node needs it.*tick/,
        ],
      ],
      [
        'nothing',
        { callControl: false, xapi: false },
        'bad',
        [accepted, /^bad: Call Control: not allowed/, /^warning: Configuration API: not allowed/],
      ],
      [
        'no-socket',
        { refusesSockets: true },
        'warning',
        [accepted, /version/, callControl, /^warning: Events: the WebSocket does not open\. .*polling/, configuration],
      ],
    ];
    await open('by-v20');
    for (const [name, switches, kind, expected] of cases) {
      Object.assign(simulator.v20.switches, defaults, switches);
      const found = await findings();
      assert.equal(found.length, expected.length, `${name}: ${found.join('\n')}`);
      for (const [index, words] of expected.entries()) {
        if (typeof words === 'string') assert.equal(found[index], words, name);
        else assert.match(found[index] ?? '', words, name);
      }
      assert.equal(await overall(), kind, name);
      const verdict = editor.connectionForm().locator('.threecx-verdict');
      assert.equal(await verdict.getAttribute('role'), 'status');
      if (expected.length > 1) assert.equal(await verdict.getByRole('listitem').count(), expected.length);
      await look(connection, `test-${name}`);
    }
    await editor.closeConnection('cancel');
  });

  it('is tested: shows that another program uses the client, and no longer does', async () => {
    await open('by-v20');
    simulator.v20.switches.contested = true;
    assert.match((await findings()).join(), /^bad: .*another program uses this API client[^,]*$/);
    await look(connection, 'test-contested');
    simulator.v20.switches.contested = false;
    // Meanwhile no token is asked for: the pauses grow.
    await until(
      async () => {
        await editor.testConnection();
        return (await overall()) === 'good';
      },
      'a token that holds',
      40_000,
    );
    await editor.closeConnection('cancel');
  });

  it('is tested: shows a wrong secret, a wrong address and a wrong program', async () => {
    await open('by-v20');
    const cases: [Record<string, string>, RegExp][] = [
      [{ clientSecret: 'wrong' }, /^bad: The phone system does not accept this client: .* secret is wrong/],
      [{ ...client, url: simulator.url }, /^bad: Something answers, but not 3CX V20/],
      [{ url: 'http://127.0.0.1:1' }, /^bad: Cannot be reached \(ECONNREFUSED\)$/],
      [{ url: `${simulator.v20Url}/callcontrol` }, /^bad: Not tried: Address: the address ends in a path/],
      [{ url: simulator.v20Url, clientId: '' }, /^bad: Not tried: Interface: a client ID is missing$/],
    ];
    for (const [values, words] of cases) {
      await editor.setConnection(values);
      const found = await findings();
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', words);
    }
    await editor.closeConnection('cancel');
    await open('by-v20');
    await field('url').fill('https://pbx.example');
    assert.deepEqual(await findings(), [
      'bad: A stored password, token or client secret goes to the deployed address only: type it again',
    ]);
    assert.doesNotMatch(await editor.connectionForm().innerText(), new RegExp(client.clientSecret));
    await editor.closeConnection('cancel');
  });

  it('is tested: shows why each part fails, and treats all answers as text', async () => {
    const hostile = `<img src="x" onerror="window.hacked = true">`;
    const works = { version: hostile, callControl: null, extensions: 2, socket: null, configuration: null };
    const cases: [object, (string | RegExp)[]][] = [
      [{ callControl: 'timeout' }, [/^bad: Call Control: does not work\. No answer in time\.$/]],
      [{ socket: 'unauthorized' }, [/^warning: Events: the WebSocket is not allowed\. .*polling/]],
      [{ socket: 'unreachable' }, [/^warning: .* does not open\. Cannot be reached\. .*polling/]],
      [
        { configuration: 'unexpected-answer' },
        [/^warning: Configuration API: does not work\. .* not 3CX V20: .*agent-status/],
      ],
      [{ configuration: 'of a later version' }, [/^warning: Configuration API: does not work\. It did not work\./]],
      [{}, [`good: 3CX version ${hostile}`]],
    ];
    await open('by-v20');
    for (const [found, expected] of cases) {
      const verdict = { problem: null, detail: null, hint: null, milliseconds: 5, v20: { ...works, ...found } };
      await editor.page.route('**/3cx/test', (route) => route.fulfill({ json: verdict }), { times: 1 });
      const lines = await findings();
      for (const words of expected) {
        assert.ok(
          lines.some((line) => (typeof words === 'string' ? line === words : words.test(line))),
          lines.join('\n'),
        );
      }
      assert.equal(lines[0], 'good: The client ID and the secret are accepted (… ms)');
    }
    assert.equal(await editor.connectionForm().locator('img').count(), 0);
    assert.equal(await editor.ask('window.hacked'), undefined);
    await editor.closeConnection('cancel');
  });

  it('is tested: fits a narrow sidebar', async () => {
    simulator.v20.switches.xapi = false;
    await open('by-v20');
    for (const width of [300, 500]) {
      await editor.ask(`$('${connection}').css({ width: '${width}px', boxSizing: 'border-box' })`);
      await editor.testConnection();
      const verdict = editor.connectionForm().locator('.threecx-verdict');
      const { right } = await verdict.evaluate((one) => one.getBoundingClientRect());
      const form = await editor.connectionForm().evaluate((one) => one.getBoundingClientRect());
      assert.equal(form.width, width);
      assert.ok(right <= form.right, String(width));
      assert.equal(await verdict.evaluate((one) => one.scrollWidth <= one.clientWidth), true, String(width));
      await editor.page
        .locator('.red-ui-tray')
        .last()
        .screenshot({ path: join(screenshots, `v20-test-${width}.png`) });
    }
    await editor.closeConnection('cancel');
  });

  const options = (): Promise<unknown> =>
    editor.ask(`$('#node-input-operation option').get().filter((option) => option.text.includes('not V20'))
      .map((option) => option.value)`);
  const choose = (server: string): Promise<unknown> => editor.form().locator('#node-input-server').selectOption(server);

  for (const [id, expected] of Object.entries(impossible)) {
    it(`has its marks in the dialog of a ${id} node, and they follow the connection`, async () => {
      await editor.edit(id);
      assert.deepEqual(await options(), expected);
      await choose('by-http');
      assert.deepEqual(await options(), []);
      assert.doesNotMatch(await editor.form().innerText(), /V20 (?!$)|only if/);
      await choose('by-v20');
      assert.deepEqual(await options(), expected);
      for (const operation of expected) {
        await editor.chooseOperation(operation);
        await note('operation').waitFor();
        assert.match(await note('operation').innerText(), /3CX V20/);
        await look('#dialog-form', `${id}-${operation}`);
        await choose('by-http');
        assert.equal(await note('operation').isVisible(), false);
        await choose('by-v20');
      }
      await editor.close('cancel');
    });
  }

  it('accepts an operation that is marked', async () => {
    await editor.edit('call');
    await editor.chooseOperation('atttrans');
    assert.equal(await editor.ask(`$('#node-input-operation').attr('aria-describedby')`), 'threecx-lack-operation');
    await editor.setArgument('extension', '10');
    await editor.close();
    assert.deepEqual(await editor.ask(`[RED.nodes.node('call').operation, RED.nodes.node('call').valid]`), [
      'atttrans',
      true,
    ]);
    await editor.edit('call');
    await editor.chooseOperation('stop');
    // To warn of what cannot happen would be one word too many.
    assert.equal(await editor.form().getByText('Ends the API server for everybody').isVisible(), false);
    await editor.chooseOperation('msg');
    assert.equal(await note('operation').isVisible(), false);
    await editor.close('cancel');
  });

  it('marks the queue of a log-in whenever it is shown', async () => {
    await editor.edit('agent');
    for (const operation of ['login', 'msg']) {
      await editor.chooseOperation(operation);
      assert.match(await note('queue').innerText(), /all queues only/);
    }
    await look('#dialog-form', 'agent-msg');
    await editor.chooseOperation('ready');
    assert.equal(await note('queue').isVisible(), false);
    await editor.close('cancel');
  });

  it('also marks a recorder whose operation comes from the message', async () => {
    await editor.edit('recorder');
    await editor.chooseOperation('msg');
    assert.match(await note('operation').innerText(), /recording/);
    await editor.close('cancel');
  });

  it('marks events that never come, or may not come', async () => {
    const marks = (): Promise<unknown> =>
      editor.ask(`Object.fromEntries($('.threecx-events [data-threecx-event]').get().filter((mark) => mark.innerText)
        .map((mark) => [mark.dataset.threecxEvent, mark.innerText]))`);
    await editor.edit('monitor');
    const perhaps = 'only if 3CX V20 sends it';
    assert.deepEqual(await marks(), { held: perhaps, resumed: perhaps, recording: 'not reported by 3CX V20' });
    await editor.form().getByRole('checkbox', { name: 'is put on hold held only if 3CX V20 sends it' }).uncheck();
    await look('#dialog-form', 'monitor');
    await choose('by-http');
    assert.deepEqual(await marks(), {});
    await editor.close('cancel');
  });

  it('has its marks as soon as the connection is changed from within the dialog', async () => {
    await editor.edit('recorder');
    await choose('by-http');
    await editor.openConnection('edit');
    await editor.setConnection({ api: 'v20', url: simulator.v20Url, ...client });
    await editor.closeConnection();
    await note('operation').waitFor();
    await editor.openConnection('edit');
    await editor.setConnection({ api: 'http' });
    await editor.closeConnection();
    await note('operation').waitFor({ state: 'hidden' });
    await editor.close('cancel');
    await editor.reload();
  });

  /** The suggestions once everything is typed. */
  const rows = async (typed: string): Promise<string[]> => {
    const menu = editor.page.locator('.red-ui-autoComplete-container:visible li');
    await editor.suggestion(typed).waitFor();
    return menu.allInnerTexts();
  };

  it('completes extensions by number and by name', async () => {
    await editor.edit('call');
    await editor.setArgument('extension', '');
    const input = editor.form().locator('[data-threecx-argument="extension"] .red-ui-typedInput-input');
    await input.pressSequentially('xtension 10');
    assert.deepEqual(await rows('xtension 10'), [
      'xtension 10, as typed',
      ...['10', '100', '101', '102'].map((number) => `${number} Extension ${number}, no call`),
    ]);
    await editor.page.screenshot({ path: join(screenshots, 'v20-completion.png') });
    await editor.page.keyboard.press('ArrowDown');
    await editor.page.keyboard.press('ArrowDown');
    await editor.page.keyboard.press('Enter');
    assert.equal(await input.inputValue(), '10');
    await input.fill('');
    await input.pressSequentially('12');
    assert.equal(await editor.suggestion('12').count(), 0);
    await editor.close('cancel');
  });

  it('completes the last entry of a list by name', async () => {
    await editor.edit('monitor');
    const input = editor.form().locator('#node-input-extensions');
    await input.fill('20-29, 11, ');
    await input.pressSequentially('extension 1');
    assert.deepEqual(await rows('extension 1'), [
      'extension 1, as typed',
      ...['10', '12', '100', '101', '102'].map((number) => `${number} Extension ${number}, no call`),
    ]);
    await editor.page.keyboard.press('ArrowDown');
    await editor.page.keyboard.press('ArrowDown');
    await editor.page.keyboard.press('Enter');
    assert.equal(await input.inputValue(), '20-29, 11, 10');
    await editor.close('cancel');
  });

  it('leaves no error, neither on the page nor in the log', () => {
    assert.deepEqual(editor.problems, []);
    assert.doesNotMatch(nodeRed.log(), /\[error\]/);
  });

  describe('from the palette to the debug sidebar', () => {
    let phones: Page;
    const card = (dn: string): Locator =>
      phones.locator('.card').filter({ has: phones.locator(`.dn:text-is("${dn}")`) });
    const click = (dn: string, button: RegExp): Promise<void> => card(dn).getByRole('button', { name: button }).click();

    before(async () => {
      phones = await browser.newPage({ viewport: { width: 800, height: 900 }, locale: 'en-US' });
      await phones.goto(simulator.controlUrl);
      await editor.reload();
      await editor.ask(`RED.actions.invoke('core:show-debug-tab')`);
    });

    it('rings, answers and hangs up, and each event arrives', async () => {
      const tokens = simulator.v20.tokens.length;
      const id = await editor.drag('3cx-call-monitor', 500, 120);
      await editor.edit(id);
      await editor.openConnection('add');
      await editor.setConnection({ name: 'new', api: 'v20', url: simulator.v20Url, ...client });
      assert.equal((await findings())[0], 'good: The client ID and the secret are accepted (… ms)');
      await editor.closeConnection();
      await editor.form().getByRole('button', { name: 'all' }).click();
      await editor.close();
      await editor.wire(id, 'events');
      await editor.deploy();
      await editor.page.locator(`[id="${id}"] .red-ui-flow-node-status-label`, { hasText: 'no call' }).waitFor();
      for (const [dn, button, event] of [
        ['10', /^Call in/, 'ringing 10 null'],
        ['10', /^Answer/, 'answered 10 null'],
        ['10', /^Hang up/, 'ended 10 null'],
      ] as const) {
        await click(dn, button);
        await editor.debugMessage(event).waitFor();
      }
      await editor.page.screenshot({ path: join(screenshots, 'v20-walk.png') });
      assert.deepEqual(editor.problems, []);
      // The test and the new connection took the token that the other connection of the same client has.
      assert.equal(simulator.v20.tokens.length, tokens);
    });
  });
});
