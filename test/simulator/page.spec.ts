import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import axe, { type AxeResults } from 'axe-core';
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
const connectionsShown = `[...document.querySelectorAll('[data-extension] .call, #trunk .call:not(.gap)')].map((row) => {
  const text = (element, selector) => element.querySelector(selector).textContent;
  const [, recording = 'Stop', id] = /(?:REC (\\w+) · )?.*ID\\s(\\d+)$/.exec(text(row, '.details'));
  return { id, status: text(row, '.status'), dn: text(row.closest('.card'), '.dn'), party: text(row, '.party'), recording };
}).sort((a, b) => a.id - b.id)`;

describe('simulator: the page', function () {
  this.timeout(30_000);
  let browser: Browser;
  let simulator: Simulator;
  let page: Page;
  /** The errors that a page reported. */
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
  /** Resolves when the simulator has done what it was asked for. */
  const posted = (): Promise<unknown> => page.waitForResponse((response) => response.request().method() !== 'GET');
  const click = async (dn: string, button: RegExp): Promise<void> => {
    await Promise.all([posted(), card(dn).getByRole('button', { name: button }).click()]);
  };
  const unfold = (dn: string): Promise<void> => card(dn).locator('.open').click();
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
    const row = page.locator('#requests li').filter({ hasText: '/makecall/10/+4930111/Soft' });
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
    // The second click of the two does nothing.
    await Promise.all([
      posted(),
      card('11')
        .getByRole('button', { name: /^Answer/ })
        .dblclick(),
    ]);
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
    await shows('8001', 'no agents');
    await shows('10', 'logged out');
    await unfold('8001');
    await shows('8001', '101 Extension 101 (logged out)');
    await unfold('10');
    assert.equal(await card('10').getByLabel('8001 Sales').isChecked(), false);
    await callIn('8001');
    await shows('8001', 'no agent is free');
    await shows('10000', 'waits in 8001');
    await click('8001', /^Hang up/);
    await shows('8001', 'Nobody waits');
    await ask('/login/login_all/10');
    await card('8001').getByText('10 Extension 10', { exact: true }).waitFor();
    assert.equal(await card('10').getByLabel('8001 Sales').isChecked(), true);
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

  it('folds repeated polls, and marks requests that are never answered', async () => {
    const rows = page.locator('#requests li');
    for (let poll = 0; poll < 3; poll++) await ask('/showallcalls');
    await callIn('10');
    await shows('10', 'Ringing');
    for (let poll = 0; poll < 2; poll++) await ask('/showallcalls');
    send(simulator.url, '/ondn/999');
    await rows.getByText('no answer').waitFor();
    const told = async () => (await rows.locator('.took').allInnerTexts()).map((text) => text.replace(/\d+ ms/, 'ms'));
    assert.deepEqual(await told(), ['no answer', 'ms (2×)', 'ms (3×)']);
    await page.getByLabel('Fold repeated polls').uncheck();
    await rows.nth(5).waitFor();
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
      ['10', 5],
      ['8000', 4],
      ['10000', 2],
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
    await press('Tab', 6);
    assert.equal(await focused(), 'Call in for 10');
    await press('Enter');
    await shows('10', 'Ringing');
    assert.equal(await focused(), 'Call in for 10');
    await press('Shift+Tab', 2);
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
    assert.equal(await focused(), 'Answer, ID 98782');
    await press('Tab');
    await press('Enter');
    await card('10').getByText('ID 98782').waitFor({ state: 'detached' });
    assert.equal(await focused(), 'Call in for 10');
  });

  it('lets an extension call, record, park, fetch and transfer', async () => {
    await unfold('10');
    const number = card('10').getByLabel('Call or transfer to');
    await card('10').getByRole('button', { name: 'Call', exact: true }).click();
    await page.getByRole('alert').getByText('Enter the number first.').waitFor();
    assert.equal(
      await number.evaluate(`document.activeElement === document.querySelector('.is-open .dial input')`),
      true,
    );

    await number.fill('11');
    await Promise.all([posted(), page.keyboard.press('Enter')]);
    assert.deepEqual(statuses(await agrees()), ['10 Dialing', '11 Ringing']);
    await shows('10', '11 Extension 11');
    await click('11', /^Answer/);

    await click('10', /^Record,/);
    await shows('10', 'REC Start');
    await click('10', /^Pause recording,/);
    await click('10', /^Resume recording,/);
    await shows('10', 'REC Resume');
    await click('10', /^Stop recording,/);
    assert.deepEqual(
      (await agrees()).map(({ recording }) => recording),
      ['Stop', 'Stop'],
    );

    await click('10', /^Park,/);
    await shows('10', 'Parked at 0');
    await click('10', /^Fetch,/);
    await shows('10', 'Connected');

    await number.fill('+491701234');
    await click('10', /^Transfer,/);
    assert.deepEqual(
      (await agrees()).map(({ dn, status, party }) => `${dn} ${status} ${party}`),
      ['11 Connected +491701234', '10000 Dialing +491701234'],
    );
  });

  it('sets a profile and the queues of an agent, and shows what others set', async () => {
    await unfold('10');
    const profile = card('10').getByLabel('Profile');
    await Promise.all([posted(), profile.selectOption('Out of office')]);
    await shows('10', 'Out of office');
    assert.equal(simulator.pbx.extension('10').profile, 'Out of office');
    for (const [queue, rest] of [
      ['8000 Support: Süd; EU', ['8001']],
      ['8001 Sales', []],
    ] as const) {
      await Promise.all([posted(), card('10').getByLabel(queue).uncheck()]);
      assert.deepEqual(simulator.pbx.extension('10').loggedInTo, rest);
    }
    await shows('10', 'logged out');
    await Promise.all([posted(), card('10').getByLabel('8001 Sales').check()]);
    assert.deepEqual(simulator.pbx.extension('10').loggedInTo, ['8001']);
    await ask('/setstatus/10/away');
    await shows('10', 'Away');
    assert.equal(await profile.inputValue(), 'Away');
    await unfold('12');
    assert.equal(await card('12').getByText('Logged in to').isVisible(), false);
  });

  it('lets the HTTP API hang, fail and be gone', async () => {
    const fault = async (name: string): Promise<void> => {
      await Promise.all([posted(), page.locator('#log fieldset').getByText(name, { exact: true }).click()]);
    };
    await fault('hangs');
    await page.locator('#fault').getByText('hangs').waitFor();
    const hung = send(simulator.url, '/ondn/10');
    await page.locator('#requests').getByText('waiting…').waitFor();
    assert.equal(hung.isAnswered(), false);
    await fault('works');
    assert.equal((await hung.answer).body, '0');
    await fault('fails');
    assert.equal((await send(simulator.url, '/ondn/10').answer).status, 500);
    await fault('is gone');
    await assert.rejects(ask('/ondn/10'), { code: 'ECONNREFUSED' });
    const second = await open();
    assert.equal(await second.getByLabel('is gone').isChecked(), true);
    await fault('works');
    assert.equal(await ask('/ondn/10'), '0');
    await page.locator('#fault:empty').waitFor({ state: 'attached' });
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
    const [newest, ...others] = await page.locator('#v20-requests li').allInnerTexts();
    assert.match(newest ?? '', /GET \/callcontrol\/999\s+403/);
    assert.equal(others.length, 2);
    assert.ok(!(await page.content()).includes(v20.tokens[0]?.text ?? ''));
    v20.dropSockets();
    await page.getByText('open WebSockets: 0').waitFor();
    await Promise.all([posted(), page.locator('#v20').getByText('fail', { exact: true }).click()]);
    assert.equal((await api.get('/callcontrol')).status, 503);
    assert.equal(simulator.fault, 'none');
  });

  it('shows that it is disconnected, and reconnects', async () => {
    await callIn('10');
    await shows('10', 'Ringing');
    await ask('/ondn/10');
    await page.getByText('/ondn/10').waitFor();
    const [port, controlPort] = [simulator.url, simulator.controlUrl].map((url) => Number(new URL(url).port));
    await simulator.close();
    await page.getByText('Disconnected. Waiting for the simulator…').waitFor();
    await start({ port: port ?? 0, controlPort: controlPort ?? 0 });
    await page.getByText('Live', { exact: true }).waitFor();
    // The requests from before its end are gone too.
    await page.getByText('Nothing was asked yet.').waitFor();
    assert.deepEqual(await agrees(), []);
    await callIn('11');
    await shows('11', 'Ringing');
    assert.ok(problems.splice(0).every((problem) => problem.startsWith('Failed to load resource: net::ERR_')));
  });

  describe('with 50 extensions and 240 calls a minute', () => {
    const numbers = Array.from({ length: 50 }, (_, index) => String(100 + index));
    const office = {
      extensions: numbers.map((number) => ({ number, name: `${number === '120' ? 'Anna' : 'Ben'} Berger` })),
      queues: [
        { number: '8000', name: 'Support', agents: ['100', '101', '102'] },
        { number: '8001', name: 'Sales' },
      ],
    };

    beforeEach(async () => {
      await page.close();
      await simulator.close();
      await start({ pbx: office, traffic: 240, seed: 5 });
      await simulator.advance(60_000);
      page = await open();
    });

    const cards = '#extensions .card';
    /** Where each thing is that somebody may be about to click on. */
    const places = (): Promise<unknown> =>
      page.evaluate(`[...document.querySelectorAll('.card, .call-in, .log, #requests')].map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [element.className, x, y, width, height].join(' ');
      })`);
    /** Waits until the page shows how things are now. */
    const upToDate = async (): Promise<void> => {
      const busy = new Set(simulator.pbx.connections().map(({ dn }) => dn));
      busy.delete('10000');
      await page.locator('#count').getByText(`50, ${busy.size} in a call`).waitFor();
    };

    for (const [width, options] of [
      [1280, {}],
      [390, { isMobile: true, hasTouch: true }],
    ] as const) {
      it(`moves nothing while calls come and go: ${width} px`, async () => {
        await page.close();
        page = await open({ viewport: { width, height: 900 }, ...options });
        await unfold('100');
        // The note about no requests disappears with the first request.
        await ask('/showallcalls');
        await page.locator('#requests li').waitFor({ state: 'attached' });
        await upToDate();
        const before = await places();
        for (let step = 0; step < 20; step++) {
          await simulator.advance(3_000);
          await upToDate();
          assert.deepEqual(await places(), before);
        }
      });

      for (const colorScheme of ['light', 'dark'] as const) {
        it(`gives axe nothing to report: ${width} px, ${colorScheme}`, async () => {
          await page.close();
          await simulator.close();
          await startSimulator({ time: 'virtual', pbx: office, traffic: 240, v20: client }).then(
            (one) => (simulator = one),
          );
          await simulator.advance(60_000);
          await ask('/showallcalls');
          send(simulator.url, '/ondn/999');
          await fetch(simulator.v20Url ?? '');
          page = await open({ viewport: { width, height: 900 }, colorScheme, ...options });
          await upToDate();
          for (const dn of ['100', '8000']) {
            if (dn === '8000' && width === 390) await page.getByRole('button', { name: 'Queues, trunk' }).click();
            await unfold(dn);
            await page.screenshot({ path: join(screenshots, `simulator-50-${width}-${colorScheme}-${dn}.png`) });
            assert.deepEqual(await findings(), []);
          }
          if (width === 390) await page.getByRole('button', { name: 'Requests' }).click();
          assert.deepEqual(await findings(), []);
        });
      }
    }

    /** Everything that axe reports, however small. */
    async function findings(): Promise<string[]> {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<AxeResults>(`axe.run({ resultTypes: ['violations'] })`);
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
      );
    }

    it('finds an extension, and those in a call', async () => {
      const visible = (): Promise<string[]> => page.locator(`${cards}:visible .dn`).allInnerTexts();
      assert.equal((await visible()).length, 50);
      const search = page.getByLabel('Search by name or number');
      await search.fill('anna');
      assert.deepEqual(await visible(), ['120']);
      await search.fill('13');
      assert.deepEqual(await visible(), [...numbers.filter((number) => number.includes('13'))]);
      await search.fill('zzz');
      await page.getByText('No such extension now.').waitFor();
      await search.fill('');
      simulator.pbx.clearCalls();
      simulator.pbx.inbound({ extension: '130', number: '1' });
      await upToDate();
      await page.getByLabel('In a call only').check();
      assert.deepEqual(await visible(), ['130']);
      simulator.pbx.inbound({ extension: '110', number: '2' });
      await upToDate();
      assert.deepEqual(await visible(), ['110', '130']);
    });

    it('holds back what would come and go under the pointer, until it leaves', async () => {
      const { pbx } = simulator;
      const visible = (): Promise<string[]> => page.locator(`${cards}:visible .dn`).allInnerTexts();
      pbx.clearCalls();
      for (const extension of ['110', '130']) pbx.inbound({ extension, number: `+49${extension}` });
      await upToDate();
      await page.getByLabel('In a call only').check();
      await card('130').hover();
      pbx.hangup(pbx.connectionsOf('110')[0]?.id ?? '');
      pbx.inbound({ extension: '105', number: '3' });
      pbx.inbound({ extension: '106', number: '3' });
      await upToDate();
      assert.deepEqual(await visible(), ['110', '130']);
      await page.mouse.move(2, 2);
      assert.deepEqual(await visible(), ['105', '106', '130']);

      const outside = page.locator('#trunk .call');
      const last = outside.filter({ hasText: 'with 106' }).or(outside.filter({ hasText: 'rings 106' }));
      await last.hover();
      const place = await last.boundingBox();
      pbx.hangup(pbx.connectionsOf('130')[0]?.id ?? '');
      await upToDate();
      assert.deepEqual(await last.boundingBox(), place);
      pbx.inbound({ extension: '131', number: '+49131' });
      await outside.filter({ hasText: '131' }).waitFor();
      assert.deepEqual(await last.boundingBox(), place);

      await ask('/ondn/100');
      const log = page.locator('#requests');
      await log.locator('li').hover();
      await ask('/ondn/101');
      // A change that comes after the request is shown, so that the request could be too.
      pbx.clearCalls();
      await upToDate();
      assert.equal(await log.locator('li').count(), 1);
      await page.mouse.move(2, 2);
      await log.getByText('/ondn/101').waitFor();
    });

    it('touches only what has changed, and shows many changes at once', async () => {
      simulator.pbx.clearCalls();
      await upToDate();
      await page.evaluate(`(() => {
        window.touched = [];
        new MutationObserver((records) => {
          for (const { target } of records) {
            const element = target.nodeType === 1 ? target : target.parentElement;
            if (element.id !== 'count') window.touched.push(element.closest('.card')?.querySelector('.dn').textContent ?? element.id);
          }
        }).observe(document.querySelector('main'), { subtree: true, childList: true, attributes: true, characterData: true });
      })()`);
      const touched = (): Promise<string[]> => page.evaluate('window.touched.splice(0)');
      simulator.pbx.setProfile('120', 'Away');
      await shows('120', 'Away');
      assert.deepEqual([...new Set(await touched())], ['120']);
      simulator.pbx.inbound({ extension: '121', number: '1' });
      await upToDate();
      assert.deepEqual(new Set(await touched()), new Set(['121', '10000']));

      const changes = 400;
      for (let change = 0; change < changes; change++) {
        simulator.pbx.setProfile('122', change % 2 === 0 ? 'Away' : 'Custom 1');
        await new Promise(setImmediate);
      }
      simulator.pbx.setProfile('122', 'Custom 2');
      await shows('122', 'Custom 2');
      const { length } = (await touched()).filter((dn) => dn === '122');
      // Two for each time that it is shown: the text, and its colour.
      assert.ok(length < changes, String(length));
    });

    it('stays usable at ten times as many calls', async () => {
      const end = new AbortController();
      const traffic = (async () => {
        while (!end.signal.aborted) {
          await simulator.advance(200);
          await setTimeout(20);
        }
      })();
      try {
        const search = page.getByLabel('Search by name or number');
        await search.fill('anna');
        await unfold('120');
        await page.getByLabel('Calls come in from').fill('+49987');
        await callIn('120');
        const call = card('120').locator('.call').filter({ hasText: '+49987' });
        for (const button of [/^Answer/, /^Hold/, /^Resume/, /^Record/, /^Hang up/]) {
          await Promise.all([posted(), call.getByRole('button', { name: button }).click()]);
        }
        await call.waitFor({ state: 'detached' });
      } finally {
        end.abort();
        await traffic;
      }
    });
  });

  for (const [name, options] of Object.entries({
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    narrow: { viewport: { width: 360, height: 800 }, isMobile: true, hasTouch: true },
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
      await shows('12', 'Dialing');
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
