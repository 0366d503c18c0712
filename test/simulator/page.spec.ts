import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { launchBrowser } from '../../support/browser';
import { get, send } from './client';
import { client, V20Client } from './v20-client';

const screenshots = join(__dirname, '../../coverage/screenshots');

interface Row {
  id: string;
  status: string;
  dn: string;
  party: string;
  recording: string;
}

/** The connections that the page shows, by what can be read there. */
const connectionsShown = `[...document.querySelectorAll('[data-extension] .call, #trunk .call')].map((row) => {
  const text = (element, selector) => element.querySelector(selector).textContent;
  const [, recording = 'Stop', id] = /(?:REC (\\w+) · )?ID\\s(\\d+)$/.exec(text(row, '.details'));
  return { id, status: text(row, '.status'), dn: text(row.closest('.card'), '.dn'), party: text(row, '.party'), recording };
}).sort((a, b) => a.id - b.id)`;

describe('simulator: the page', function () {
  this.timeout(30_000);
  let browser: Browser;
  let simulator: Simulator;
  let page: Page;
  /** What a page reported that it should not. */
  const problems: string[] = [];

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    mkdirSync(screenshots, { recursive: true });
    browser = await launchBrowser();
  });
  after(() => browser.close());

  beforeEach(async () => {
    await start();
    page = await open();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await simulator.close();
    assert.deepEqual(problems.splice(0), []);
  });

  async function start(options: SimulatorOptions = {}): Promise<void> {
    simulator = await startSimulator({ time: 'virtual', ...options });
  }

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    opened.setDefaultTimeout(10_000);
    opened.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    opened.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await opened.goto(simulator.controlUrl);
    await opened.getByText('Live', { exact: true }).waitFor();
    return opened;
  }

  const card = (dn: string): Locator => page.locator('.card').filter({ has: page.locator(`.dn:text-is("${dn}")`) });
  /** Clicks, and waits until the simulator has done it. */
  const click = async (dn: string, button: RegExp): Promise<void> => {
    const done = page.waitForResponse((response) => response.request().method() === 'POST');
    await Promise.all([done, card(dn).getByRole('button', { name: button }).click()]);
  };
  const callIn = (dn: string): Promise<void> => click(dn, /^Call in/);
  const shows = (dn: string, text: string): Promise<void> => card(dn).getByText(text).first().waitFor();
  const ask = async (path: string): Promise<string> => (await get(simulator.url, path)).body;

  /** The page, and others, show what the API lists. */
  async function agrees(...others: Page[]): Promise<Row[]> {
    const listed = [...(await ask('/showallcalls')).matchAll(/ID=(\d+);S=(\w+);DN=(\d+);.*?EP=(.*?);REC=(\w+)<br>/g)];
    const rows = listed.map(([, id = '', status = '', dn = '', party = '', recording = '']) => {
      return { id, status, dn, party, recording };
    });
    rows.sort((a, b) => Number(a.id) - Number(b.id));
    for (const one of [page, ...others]) await showsRows(one, rows);
    return rows;
  }
  /** Asks again and again: what the page's policy forbids, waitForFunction() would need. */
  async function showsRows(one: Page, rows: Row[]): Promise<void> {
    const end = Date.now() + 10_000;
    let shown;
    do shown = await one.evaluate(connectionsShown);
    while (!isDeepStrictEqual(shown, rows) && Date.now() < end);
    assert.deepEqual(shown, rows);
  }
  const statuses = (rows: Row[]): string[] => rows.map(({ dn, status }) => `${dn} ${status}`);

  it('plays a whole call, and agrees with showallcalls and with a second page after each step', async () => {
    const second = await open();
    assert.deepEqual(await agrees(second), []);

    await page.getByLabel('Calls come in from').fill('+49301234');
    await callIn('8000');
    await shows('8000', '1 waiting');
    await shows('8000', 'rings 10, 11, 100, 101');
    const ringing = await agrees(second);
    assert.deepEqual(statuses(ringing), [
      '10000 Connected',
      ...['10', '11', '100', '101'].map((dn) => `${dn} Ringing`),
    ]);
    assert.ok(ringing.every(({ party }) => party === '+49301234'));

    await click('10', /^Answer/);
    await shows('8000', 'Nobody waits');
    assert.deepEqual(statuses(await agrees(second)), ['10000 Connected', '10 Connected']);

    await click('10', /^Hold/);
    assert.deepEqual(statuses(await agrees(second)), ['10000 Held', '10 Hold']);

    await click('10', /^Resume/);
    assert.deepEqual(statuses(await agrees(second)), ['10000 Connected', '10 Connected']);

    assert.equal(await ask('/record/10/0'), 'true');
    await shows('10', 'REC Start');
    assert.equal((await agrees(second))[1]?.recording, 'Start');

    assert.equal(await ask('/transfer/10/12'), 'true');
    assert.deepEqual(statuses(await agrees(second)), ['10000 Connected', '12 Ringing']);
    await click('12', /^Answer/);
    assert.deepEqual(statuses(await agrees(second)), ['10000 Connected', '12 Connected']);

    await click('10000', /^Hang up/);
    assert.deepEqual(await agrees(second), []);
    await shows('10000', 'No calls outside');
  });

  it('lets the outside pick up, and shows a request from its arrival to its answer', async () => {
    const makecall = send(simulator.url, '/makecall/10/+4930111/Soft');
    const row = page.locator('#requests tr').filter({ hasText: '/makecall/10/+4930111/Soft' });
    await row.getByText('waiting…').waitFor();
    await shows('10', 'Dialing');
    await click('10000', /^Answer/);
    await shows('10', 'Connected');
    await simulator.advance(2500);
    const { body } = await makecall.answer;
    await row.getByText(body).waitFor();
    await row.getByText(/^\d+ ms$/).waitFor();
    assert.deepEqual(statuses(await agrees()), ['10 Connected', '10000 Connected']);
    await click('10', /^Hang up/);
    assert.deepEqual(await agrees(), []);
  });

  it('offers what a state allows, and nothing else', async () => {
    const offered = async (dn: string): Promise<string[]> =>
      (await card(dn).locator('.actions button').filter({ visible: true }).allInnerTexts()).sort();
    await callIn('11');
    await shows('11', 'Ringing');
    assert.deepEqual(await offered('11'), ['Answer', 'Hang up']);
    assert.deepEqual(await offered('10000'), ['Hang up']);
    await click('11', /^Answer/);
    await shows('11', 'Connected');
    assert.deepEqual(await offered('11'), ['Hang up', 'Hold']);
    await click('10000', /^Hold/);
    await shows('11', 'Held');
    assert.deepEqual([await offered('11'), await offered('10000')], [['Hang up'], ['Hang up', 'Resume']]);
  });

  it('shows profiles, log-ins, and a caller for whom no agent is free', async () => {
    await ask('/setstatus/12/away');
    await shows('12', 'Away');
    for (const agent of ['10', '11', '100', '101']) await ask(`/logout/${agent}`);
    await card('8001').getByRole('listitem', { name: '101: logged out' }).waitFor();
    await card('10').getByRole('listitem', { name: 'Sales: logged out' }).waitFor();
    await callIn('8001');
    await shows('8001', 'no agent is free');
    await shows('10000', 'waits in 8001');
    await click('8001', /^Hang up/);
    await shows('8001', 'Nobody waits');
    await ask('/login/login_all/10');
    await card('8001').getByRole('listitem', { name: '10: logged in' }).waitFor();
  });

  it('ends all calls', async () => {
    for (const dn of ['10', '11', '8000', '8001']) await callIn(dn);
    await shows('8001', '1 waiting');
    await page.getByRole('button', { name: 'End all calls' }).click();
    assert.deepEqual(await agrees(), []);
  });

  it('says in a sentence what the control API refuses', async () => {
    const number = page.getByLabel('Calls come in from');
    await number.fill('1;2');
    await callIn('10');
    await page.getByRole('alert').getByText('"number" must be text without control characters, ; < >.').waitFor();
    // The browser reports each refusal itself.
    assert.match(problems.splice(0).join('\n'), /^Failed to load resource: .* status of 400.*$/);
    await number.fill('12');
    await callIn('10');
    await shows('10', 'Ringing');
    await page.locator('#problem:empty').waitFor({ state: 'attached' });
  });

  it('folds repeated polls, and tells what is never answered', async () => {
    const rows = page.locator('#requests tr');
    for (let poll = 0; poll < 3; poll++) await ask('/showallcalls');
    await callIn('10');
    await shows('10', 'Ringing');
    for (let poll = 0; poll < 2; poll++) await ask('/showallcalls');
    send(simulator.url, '/ondn/999');
    await rows.getByText('no answer').waitFor();
    const told = async () => (await rows.locator('.took').allInnerTexts()).map((text) => text.replace(/\d+ ms/, 'ms'));
    assert.deepEqual(await told(), ['no answer', 'ms (2×)', 'ms (3×)']);
    await page.getByLabel('Fold repeated polls').uncheck();
    assert.equal((await told()).length, 6);
  });

  it('shows whatever a number or a name holds as text', async () => {
    await page.close();
    await simulator.close();
    const hostile = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 2</script>';
    await start({
      pbx: {
        extensions: [
          { number: '10', name: hostile, phones: [{ id: '1', contact: 'sip:10@192.0.2.1', userAgent: hostile }] },
        ],
        queues: [{ number: '8000', name: hostile, agents: ['10'] }],
        trunk: '10000',
      },
    });
    page = await open();
    simulator.pbx.inbound({ number: hostile, queue: '8000' });
    send(simulator.url, `/ondn/${hostile.replaceAll(' ', '')}`);
    await page.locator('#requests').getByText('no answer').waitFor();
    for (const [dn, times] of [
      ['10', 4],
      ['8000', 2],
      ['10000', 1],
    ] as const) {
      assert.equal((await card(dn).allTextContents()).join().split(hostile).length - 1, times, dn);
    }
    assert.equal(await page.evaluate(`window.hacked ?? document.querySelectorAll('main img, main script').length`), 0);
  });

  it('needs no mouse, and keeps the focus over updates', async () => {
    const focused = (): Promise<unknown> =>
      page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent');
    const press = async (key: string, count = 1): Promise<void> => {
      for (; count > 0; count--) await page.keyboard.press(key);
    };
    await press('Tab', 3);
    assert.equal(await focused(), 'Call in for 10');
    await press('Enter');
    await shows('10', 'Ringing');
    assert.equal(await focused(), 'Call in for 10');
    await press('Tab');
    assert.equal(await focused(), 'Answer, ID 98780');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    assert.equal(outline, 'solid');
    // Another call of the same card and other cards change.
    simulator.pbx.inbound({ extension: '10', number: '1' });
    simulator.pbx.setProfile('11', 'Away');
    await shows('11', 'Away');
    assert.equal(await focused(), 'Answer, ID 98780');
    await press('Enter');
    await shows('10', 'Connected');
    assert.equal(await focused(), 'Hold, ID 98780');
    await press('Tab');
    await press('Enter');
    await card('10').getByText('ID 98780').waitFor({ state: 'detached' });
    assert.equal(await focused(), 'Call in for 10');
  });

  it('shows client, WebSockets and requests of the V20 APIs, only where they are served', async () => {
    assert.equal(await page.locator('#v20').isVisible(), false);
    await page.close();
    await simulator.close();
    const { v20 } = await startSimulator({ v20: client }).then((started) => (simulator = started));
    page = await open();
    const api = new V20Client(v20);
    await api.logIn();
    await api.open();
    await api.get('/callcontrol/999');
    v20.takeToken();
    const facts = 'client nodered · tokens: 1 · 1 taken by another program · open WebSockets: 1';
    await page.getByText(`${v20.url} · ${facts}`).waitFor();
    const [newest, ...others] = await page.locator('#v20-requests tr').allInnerTexts();
    assert.match(newest ?? '', /GET \/callcontrol\/999\s+403/);
    assert.equal(others.length, 2);
    assert.ok(!(await page.content()).includes(v20.tokens[0]?.text ?? ''));
    v20.dropSockets();
    await page.getByText('open WebSockets: 0').waitFor();
  });

  it('says that it is disconnected, and comes back by itself', async () => {
    await callIn('10');
    await shows('10', 'Ringing');
    await ask('/ondn/10');
    await page.getByText('/ondn/10').waitFor();
    const [port, controlPort] = [simulator.url, simulator.controlUrl].map((url) => Number(new URL(url).port));
    await simulator.close();
    await page.getByText('Disconnected. Waiting for the simulator…').waitFor();
    await start({ port: port ?? 0, controlPort: controlPort ?? 0 });
    await page.getByText('Live', { exact: true }).waitFor();
    // What it told before it was ended is gone too.
    await page.getByText('Nothing was asked yet.').waitFor();
    assert.deepEqual(await agrees(), []);
    await callIn('11');
    await shows('11', 'Ringing');
    assert.ok(problems.splice(0).every((problem) => problem.startsWith('Failed to load resource: net::ERR_')));
  });

  for (const [name, options] of Object.entries({
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    narrow: { viewport: { width: 360, height: 800 } },
  } satisfies Record<string, BrowserContextOptions>)) {
    it(`fits into its window: ${name}`, async () => {
      const { pbx } = simulator;
      const idAt = (dn: string): string => pbx.connectionsOf(dn).at(-1)?.id ?? '';
      pbx.inbound({ number: '+4915112345678', queue: '8000' });
      pbx.answer(idAt('10'));
      pbx.record(idAt('10'), 'Start');
      pbx.inbound({ number: '+493023125111', extension: '11' });
      pbx.answer(idAt('11'));
      pbx.hold(idAt('11'));
      pbx.inbound({ number: '+442079460123'.repeat(4), extension: '100', queue: '8001' });
      pbx.setProfile('101', 'Away');
      pbx.inbound({ number: '', queue: '8001' });
      await ask('/showallcalls');
      await ask('/dnregs/10');
      send(simulator.url, '/makecall/12/+493023125555/Soft');
      page = await open(options);
      await shows('10000', 'Dialing');
      assert.equal(
        await page.evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`),
        0,
      );
      await page.screenshot({
        path: join(screenshots, `simulator-${name}.png`),
        fullPage: true,
        animations: 'disabled',
      });
    });
  }
});
