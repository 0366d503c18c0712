import assert from 'node:assert/strict';
import { CallTracker } from '../../lib/calls';
import { HttpApi } from '../../lib/http-api';
import type { V20Switches } from '../../simulator';
import { until } from '../../support/until';
import { eventsOf, numbering } from '../../support/calls';
import type { Moment } from '../../lib/pbx';
import { clock, Stage } from './support';

const caller = '+4930111';

describe('Listening to 3CX V20', () => {
  let stage: Stage;
  /** How far the clock of {@link later} has been set forward, in ms. */
  let ahead: number;
  const later = (): Moment => ({ wall: Date.now() + ahead, steady: performance.now() + ahead });

  beforeEach(() => {
    ahead = 0;
  });

  async function start(switches: Partial<V20Switches> = {}, setup = {}): Promise<Stage> {
    stage = await Stage.start(switches, {}, setup);
    return stage.watch();
  }
  afterEach(() => stage.close());

  function ring(extension = '10'): string {
    stage.simulator.pbx.inbound({ number: caller, extension });
    return stage.simulator.pbx.connectionsOf(extension)[0]?.id ?? '';
  }
  /** Sends an event that says nothing of the participant: it has to be asked for. */
  function tell(event_type: 0 | 1, dn: string, participant: string | undefined): void {
    stage.v20.send({
      ...{ event_type, entity: `/callcontrol/${dn}/participants/${participant}` },
      attached_data: null,
    });
  }
  function hangUp(): void {
    const [first] = stage.simulator.pbx.connections();
    if (first !== undefined) stage.simulator.pbx.hangup(first.id);
  }

  /** Rings, is answered, transferred, and ends. */
  async function play(): Promise<void> {
    const { pbx } = stage.simulator;
    const id = ring();
    await stage.told(1);
    pbx.answer(id);
    await stage.told(2);
    pbx.transfer(id, '11');
    const [transferred] = pbx.connectionsOf('11');
    await stage.told(5);
    pbx.answer(transferred?.id ?? '');
    await stage.told(6);
    hangUp();
    await stage.told(7);
  }
  const played = [
    ...[`ringing 10 ${caller}`, `answered 10 ${caller}`, `transferred 10 ${caller} transferred to 11`],
    ...[`ended 10 ${caller} transferred to 11`, `ringing 11 ${caller}`, `answered 11 ${caller}`],
    `ended 11 ${caller} answered`,
  ].toSorted();

  const variants: [string, Partial<V20Switches>][] = [
    ['as it is', {}],
    ['with the participant attached', { attachedData: 'participant' }],
    ['with a response attached', { attachedData: 'response' }],
    ['in PascalCase', { pascalCase: true }],
    ['with each message twice', { repeated: 1 }],
    ['with Upsets again and again', { repeatMs: 20 }],
    ['with Upsets of what is gone', { lateUpsets: true }],
    ['in another order', { reordered: 0.5 }],
    ['with slow answers', { getDelay: 50 }],
    ['with participants that are forbidden one by one', { forbidsParticipants: true }],
    ['without the Configuration API', { xapi: false }],
    ['with extensions only', { visibleDns: ['10', '11', '12'] }],
  ];
  for (const [what, switches] of variants) {
    it(`reports ring, answer, transfer and end: ${what}`, async () => {
      await start(switches);
      await play();
      assert.deepEqual(stage.words.toSorted(), played);
      assert.equal(new Set(stage.events.map(({ call }) => call)).size, 1);
      assert.deepEqual(
        new Set(stage.events.map(({ internal, trunk }) => `${internal} ${trunk}`)),
        new Set(['false 10000']),
      );
      for (const { accuracyMs } of stage.events) assert.ok(accuracyMs >= 0 && accuracyMs < 1_000);
    });
  }

  it('gives the same events as the HTTP API', async () => {
    await start();
    const tracker = new CallTracker();
    const words: string[] = [];
    const api = new HttpApi({ url: stage.simulator.url, interval: 100, numbering, clock });
    let polls = 0;
    const end = api.watch(
      {
        onSnapshot: (snapshot) => {
          polls += 1;
          for (const event of eventsOf(tracker.update(snapshot))) {
            words.push([event.event, event.extension, event.number, event.outcome, event.transferredTo].join(' '));
          }
        },
        onSilence: (error) => assert.fail(error),
      },
      null,
    );
    const step = async (): Promise<void> => {
      const before = polls;
      await until(() => polls > before + 1, 'two polls');
    };
    const { pbx } = stage.simulator;
    await step();
    const id = ring();
    await step();
    pbx.answer(id);
    await step();
    pbx.transfer(id, '11');
    await step();
    pbx.answer(pbx.connectionsOf('11')[0]?.id ?? '');
    await step();
    hangUp();
    await step();
    await stage.told(7);
    end();
    api.close();
    const own = stage.events.map((event) =>
      [event.event, event.extension, event.number, event.outcome, event.transferredTo].join(' '),
    );
    assert.deepEqual(own.toSorted(), words.toSorted());
  });

  it('starts with the socket, and asks for the list after it', async () => {
    await start({ getDelay: 100 });
    const paths = stage.v20.requests.map(({ path }) => path);
    const socket = paths.indexOf('/callcontrol/ws');
    assert.ok(socket >= 0 && paths.indexOf('/callcontrol', socket) > socket);
  });

  it('loses nothing that happens while the first list is under way', async () => {
    stage = await Stage.start({ getDelay: 200 });
    stage.begin();
    await until(() => stage.v20.sockets.length > 0, 'the socket');
    await until(() => stage.snapshots.length > 0, 'the first list');
    const id = ring();
    await stage.told(1);
    stage.simulator.pbx.answer(id);
    await stage.told(2);
    assert.deepEqual(stage.words, [`ringing 10 ${caller}`, `answered 10 ${caller}`]);
  });

  it('takes one GET per event, and none for a Remove', async () => {
    await start({ visibleDns: ['10'] });
    const before = stage.v20.requests.length;
    const id = ring();
    await stage.told(1);
    stage.simulator.pbx.answer(id);
    await stage.told(2);
    stage.simulator.pbx.hangup(id);
    await stage.told(3);
    assert.equal(stage.requests(before).length, 2);
  });

  it('names the queue, and goes on with a call that rings in waves', async () => {
    await start();
    const { pbx } = stage.simulator;
    pbx.inbound({ number: caller, queue: '8000' });
    await until(() => stage.events.length > 0, 'rings');
    assert.deepEqual(stage.events[0]?.queue, { number: '8000', name: 'Support: Süd; EU' });
    const [first] = pbx.connections().filter(({ status }) => status === 'Ringing');
    assert.ok(first);
    pbx.answer(first.id);
    await until(() => stage.words.some((word) => word.startsWith('answered')), 'answered');
    hangUp();
    await until(() => stage.events.some(({ outcome }) => outcome === 'answered'), 'ended');
    assert.equal(
      stage.words.some((word) => word.startsWith('missed')),
      false,
    );
  });

  it('reports one missed call if nobody answers', async () => {
    await start({ visibleDns: ['10', '11', '12'] });
    ring();
    await stage.told(1);
    const before = stage.v20.requests.length;
    hangUp();
    await stage.told(3);
    assert.deepEqual(stage.words.slice(1), [`ended 10 ${caller} missed`, `missed 10 ${caller} missed`]);
    assert.equal(stage.requests(before).filter((line) => line.includes('ActiveCalls')).length, 1);
    assert.ok((stage.events[1]?.ringSeconds ?? 9) < 1);
  });

  it('reports an answer elsewhere if an extension that was not chosen answers', async () => {
    await start({ visibleDns: ['10'] });
    const id = ring();
    await stage.told(1);
    const { pbx } = stage.simulator;
    pbx.divert(id, '11');
    pbx.answer(pbx.connectionsOf('11')[0]?.id ?? '');
    await stage.told(2);
    assert.deepEqual(stage.words.slice(1), [`ended 10 ${caller} answered-elsewhere`]);
  });

  it('does not end a call that waits in a queue which cannot be seen', async () => {
    await start({ visibleDns: ['10', '11', '12'] });
    const { pbx } = stage.simulator;
    const id = ring('12');
    await stage.told(1);
    pbx.divert(id, '8000');
    await until(() => stage.words.some((word) => word.startsWith('ring-stopped 12')), 'stops ringing');
    assert.equal(
      stage.words.some((word) => word.startsWith('missed')),
      false,
    );
  });

  it('does not end a call when the PBX could not be asked about it, and asks again', async () => {
    await start({ visibleDns: ['12'] });
    const { pbx } = stage.simulator;
    const { switches, requests } = stage.v20;
    const id = ring('12');
    await stage.told(1);
    pbx.divert(id, '8000');
    // Once this was asked for, nothing before it still is.
    const entity = '/callcontrol/12/participants/999';
    stage.v20.send({ event_type: 0, entity, attached_data: null });
    await until(() => requests.some(({ path, status }) => path === entity && status === 404), 'all was asked for');
    switches.failsWith = 503;
    await until(
      () => requests.some(({ path, status }) => path.includes('ActiveCalls') && status === 503),
      'it is asked',
    );
    switches.failsWith = null;
    await stage.told(2);
    assert.deepEqual(stage.words.slice(1), [`ring-stopped 12 ${caller} missed`]);
  });

  it('lets each ring wait equally long for a call that it may not ask the PBX about', async () => {
    stage = await Stage.start({ xapi: false, visibleDns: ['10', '11'] }, { clock: later });
    await stage.watch();
    const { pbx } = stage.simulator;
    const id = ring();
    await stage.told(1);
    pbx.divert(id, '11');
    await stage.told(2);
    ahead = 1_000;
    // Where it rings now cannot be seen.
    pbx.divert(pbx.connectionsOf('11')[0]?.id ?? '', '12');
    await stage.told(5);
    assert.deepEqual(stage.words.slice(2), [
      `ring-stopped 10 ${caller} missed`,
      `ended 11 ${caller} missed`,
      `missed 10 ${caller} missed`,
    ]);
  });

  it('reports held and resumed if the PBX does', async () => {
    await start({ showsHold: true });
    const id = ring();
    const { pbx } = stage.simulator;
    pbx.answer(id);
    await stage.told(1);
    pbx.hold(id);
    await until(() => stage.words.some((word) => word.startsWith('held')), 'held');
    pbx.resume(id);
    await until(() => stage.words.some((word) => word.startsWith('resumed')), 'resumed');
  });

  it('counts two phones of one extension as one', async () => {
    await start({}, { phoneLegs: true });
    ring();
    const { pbx } = stage.simulator;
    await stage.told(1);
    pbx.answer(pbx.connectionsOf('10')[1]?.id ?? '');
    await stage.told(2);
    hangUp();
    await stage.told(3);
    assert.deepEqual(stage.words, [`ringing 10 ${caller}`, `answered 10 ${caller}`, `ended 10 ${caller} answered`]);
  });

  it('keeps a ring whose message is overtaken by the Remove of another phone', async () => {
    stage = await Stage.start({ attachedData: 'participant' }, { clock: later }, { phoneLegs: true });
    await stage.watch();
    // The list is so old by now that what is attached to a message is believed.
    ahead = 3_000;
    stage.v20.switches.reordered = 1;
    ring();
    const [first, ...others] = stage.simulator.pbx.connectionsOf('10');
    assert.equal(others.length, 1);
    // The messages come in the order 2, 1, 4, 3.
    stage.simulator.pbx.hangup(first?.id ?? '');
    await until(
      () => stage.snapshots.at(-1)?.connections.some(({ id }) => id !== first?.id) ?? false,
      'the other phone',
    );
    stage.v20.switches.reordered = 0;
    hangUp();
    await stage.told(3);
    assert.deepEqual(stage.words, [`ringing 10 ${caller}`, `ended 10 ${caller} missed`, `missed 10 ${caller} missed`]);
  });

  it('polls while a socket is broken, with nothing synthetic, and then gets events again', async () => {
    await start();
    ring();
    await stage.told(1);
    stage.v20.switches.refusesSockets = true;
    stage.v20.dropSockets();
    await until(() => stage.pbx.isPolling, 'polling');
    hangUp();
    await until(() => stage.events.length >= 3, 'the end', 15_000);
    assert.deepEqual(stage.words.slice(1), [`ended 10 ${caller} missed`, `missed 10 ${caller} missed`]);
    stage.v20.switches.refusesSockets = false;
    await until(() => !stage.pbx.isPolling, 'events', 15_000);
    assert.deepEqual(stage.silences, []);
  });

  it('gets changes in time if a socket breaks while an answer is under way', async () => {
    await start({ showsHold: true, getDelay: 100 });
    const { pbx } = stage.simulator;
    const { requests, switches } = stage.v20;
    const id = ring();
    await stage.told(1);
    const count = (path: string): number => requests.filter((request) => request.path.includes(path)).length;
    const before = count('/callcontrol/10/participants/');
    pbx.answer(id);
    await until(() => count('/callcontrol/10/participants/') > before, 'it is asked for');
    Object.assign(switches, { silent: true, refusesSockets: true });
    pbx.hold(id);
    const lists = requests.filter(({ path }) => path === '/callcontrol').length;
    stage.v20.dropSockets();
    await stage.told(3);
    assert.deepEqual(stage.words.slice(1), [`answered 10 ${caller}`, `held 10 ${caller}`]);
    // One at once, and one that is not older than the answer.
    assert.equal(requests.filter(({ path }) => path === '/callcontrol').length, lists + 2);
  });

  it('looks at all of a DN after an event of the DN alone', async () => {
    await start({ lost: 1 });
    ring();
    stage.v20.switches.lost = 0;
    stage.v20.send({ event_type: 0, entity: '/callcontrol/10', attached_data: null });
    await stage.told(1);
    assert.equal(stage.v20.sockets.length, 1);
  });

  it('finds lost messages by its check, and opens a new socket', async () => {
    stage = await Stage.start({ lost: 1 }, { checkInterval: 200 });
    await stage.watch();
    await until(() => stage.v20.requests.filter(({ path }) => path === '/callcontrol').length > 4, 'some checks');
    assert.equal(stage.v20.sockets.length, 1);
    ring();
    await stage.told(1);
    await until(() => stage.v20.sockets.length === 2 && !stage.pbx.isPolling, 'a new socket');
    assert.deepEqual(stage.silences, []);
  });

  it('takes a socket without a sign of life for dead, and marks what it missed as synthetic', async () => {
    stage = await Stage.start({}, { clock: later });
    await stage.watch();
    ring();
    await stage.told(1);
    stage.v20.switches.silent = true;
    hangUp();
    ahead = 16_000;
    await until(() => stage.events.length > 1, 'a new list');
    assert.deepEqual(stage.words.slice(1), [`ended 10 ${caller} unknown synthetic`]);
    assert.deepEqual(stage.silences, []);
  });

  it('starts with a gap if nobody watched for a while', async () => {
    stage = await Stage.start();
    const { steady, wall } = clock();
    stage.begin({ steady: steady - 9_000, wall: wall - 9_000 });
    await until(() => stage.snapshots.length > 0, 'a snapshot');
    assert.equal(stage.snapshots[0]?.afterGap, true);
  });

  it('is silent while both are away, then learns from one list what ended meanwhile', async () => {
    await start();
    ring();
    await stage.told(1);
    stage.v20.switches.failsWith = 503;
    stage.v20.dropSockets();
    await until(() => stage.silences.length >= 3, 'three failed tries', 15_000);
    hangUp();
    assert.equal(stage.silences[0]?.code, 'server-error');
    assert.equal(stage.events.length, 1);
    stage.v20.switches.failsWith = null;
    await until(() => stage.events.length > 1, 'a list', 15_000);
    assert.deepEqual(stage.words.slice(1), [`ended 10 ${caller} unknown synthetic`]);
  });

  it('believes the list after an outage, not an answer that was asked for before', async () => {
    await start();
    ring();
    await stage.told(1);
    const line = stage.snapshots.at(-1)?.connections.find(({ extension }) => extension === '10000');
    const before = stage.v20.requests.length;
    stage.v20.switches.getDelay = 6_000;
    tell(0, '10000', line?.id);
    await until(() => stage.requests(before).length === 1, 'a look at the outside line');
    Object.assign(stage.v20.switches, { getDelay: 0, failsWith: 503 });
    stage.v20.dropSockets();
    await until(() => stage.silences.length >= 1, 'a failed try');
    hangUp();
    stage.v20.switches.failsWith = null;
    await stage.told(2);
    assert.deepEqual(stage.words.slice(1), [`ended 10 ${caller} unknown synthetic`]);
  });

  it('loses no event when the token is taken in the middle of a call', async () => {
    await start({ socketOutlivesToken: true });
    const id = ring();
    await stage.told(1);
    stage.v20.takeToken();
    stage.simulator.pbx.answer(id);
    await stage.told(2);
    assert.deepEqual(stage.words, [`ringing 10 ${caller}`, `answered 10 ${caller}`]);
    assert.deepEqual(stage.silences, []);
  });

  it('does not take an answer on another leg for the end of a ring, if the socket breaks before it is known', async () => {
    stage = await Stage.start({}, { clock: later });
    await stage.watch();
    ring();
    await stage.told(1);
    const before = stage.v20.requests.length;
    stage.v20.switches.getDelay = 1_000;
    stage.simulator.pbx.makeCall('10', '*20*10');
    await until(() => stage.requests(before).length > 0, 'a look at the other leg');
    ahead = 500;
    stage.v20.dropSockets();
    await stage.told(2);
    assert.deepEqual(stage.words, [`ringing 10 ${caller}`, `answered 10 ${caller}`]);
  });

  it('opens a socket again that ends with its token', async () => {
    await start({ socketOutlivesToken: false });
    const id = ring();
    await stage.told(1);
    stage.v20.takeToken();
    stage.simulator.pbx.answer(id);
    await stage.told(2);
    await until(() => stage.v20.sockets.length === 2 && !stage.pbx.isPolling, 'a new socket');
  });

  it('reports why it is silent if its token is taken again and again, and does not loop over tokens', async () => {
    stage = await Stage.start({ contested: true });
    stage.begin();
    await until(() => stage.silences.length >= 2, 'two failed tries');
    assert.equal(stage.silences[0]?.code, 'unauthorized');
    assert.match(stage.silences[0].message, /another program/);
    assert.ok(stage.v20.tokens.filter(({ isForeign }) => !isForeign).length <= 4);
    stage.v20.switches.contested = false;
    await until(() => stage.isLive, 'healing', 15_000);
  });

  it('ignores messages of unknown kinds, and no text stops it', async () => {
    await start();
    for (const type of [2, 3, 4, 99]) {
      stage.v20.send({ event_type: type, entity: '/callcontrol/10/participants/1', attached_data: null });
    }
    stage.v20.send({ event_type: 0, entity: '/nowhere', attached_data: null });
    stage.v20.send({ event_type: 0, entity: '/callcontrol/999/participants/1', attached_data: null });
    stage.v20.send({ event_type: 0, entity: '/callcontrol/%/participants/1', attached_data: null });
    ring();
    await stage.told(1);
    assert.deepEqual(stage.silences, []);
  });

  it('does not believe a message that comes after the Remove', async () => {
    await start();
    ring();
    await stage.told(1);
    const [leg] = (await stage.pbx.execute('showallcalls')).connections ?? [];
    const [callId] = [stage.events[0]?.callId];
    hangUp();
    await stage.told(3);
    const attached = { id: Number(leg?.id), dn: '10', status: 'Ringing', callid: Number(callId) };
    const before = stage.v20.requests.length;
    stage.v20.send({
      ...{ event_type: 0, entity: `/callcontrol/10/participants/${leg?.id}` },
      attached_data: attached,
    });
    await until(() => stage.requests(before).length > 0, 'a look at it');
    ring('11');
    await stage.told(4);
    assert.equal(stage.words.filter((word) => word.startsWith('ringing 10')).length, 1);
  });

  it('does not believe an answer from before a Remove, even if the Remove came after a later message', async () => {
    await start({ lateUpsets: true });
    const { callControl } = stage.pbx as unknown as {
      callControl: { participant: (...of: string[]) => Promise<unknown> };
    };
    const participant = callControl.participant.bind(callControl);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let answers = 0;
    callControl.participant = async (...of) => {
      const answer = await participant(...of);
      answers += 1;
      await held;
      return answer;
    };
    ring();
    await until(() => answers === 2, 'both are answered');
    // Each Remove comes after the Upset that was sent after it.
    stage.v20.switches.reordered = 1;
    hangUp();
    stage.v20.switches.reordered = 0;
    stage.v20.send({ event_type: 0, entity: '/callcontrol/12/participants/999', attached_data: null });
    await until(() => answers === 3, 'all messages have come');
    release();
    ring('11');
    await stage.told(1);
    assert.deepEqual(stage.words, [`ringing 11 ${caller}`]);
  });

  for (const lateUpsets of [false, true]) {
    it(`reports no transfer if the call ends while it rings${lateUpsets ? ', with late Upsets' : ''}`, async () => {
      await start({ lateUpsets, visibleDns: ['10', '11', '12'] });
      const { pbx } = stage.simulator;
      const id = ring();
      await stage.told(1);
      pbx.answer(id);
      await stage.told(2);
      pbx.addRoute(id, '11');
      await stage.told(3);
      pbx.clearCalls();
      await until(() => stage.tracker.calls().length === 0, 'the end of the call');
      assert.ok(stage.words.includes(`ended 10 ${caller} answered`));
    });
  }

  it('reports no transfer if a call ends whose Removes come while answers are awaited', async () => {
    await start();
    const { pbx } = stage.simulator;
    const legAt = (dn: string): string => pbx.connectionsOf(dn).at(-1)?.id ?? '';
    const send = (event_type: 0 | 1, dn: string): void => {
      tell(event_type, dn, stage.snapshots.at(-1)?.connections.find(({ extension }) => extension === dn)?.id);
    };
    pbx.makeCall('10', '11');
    await stage.told(2);
    pbx.answer(legAt('11'));
    await stage.told(4);
    pbx.transfer(legAt('11'), '12');
    await stage.told(6);
    pbx.forward(legAt('12'), caller);
    await stage.told(7);
    pbx.addRoute(legAt('10'), '12');
    await stage.told(8);
    const before = stage.v20.requests.length;
    stage.v20.switches.getDelay = 20;
    send(0, '12');
    send(1, '10');
    send(1, '10000');
    await until(() => stage.requests(before).length > 0, 'a look at 12');
    // Is answered after that one.
    await stage.pbx.execute('showallcalls');
    pbx.clearCalls();
    await until(() => stage.tracker.calls().length === 0, 'the end of the call');
    assert.deepEqual(
      stage.words.filter((word) => word.startsWith('ended 10 ')),
      [`ended 10 ${caller} answered`],
    );
  });

  it('dates an end that no answer shows to the last message about it', async () => {
    stage = await Stage.start({}, { clock: later });
    await stage.watch();
    const id = ring();
    await stage.told(1);
    const leg = stage.snapshots.at(-1)?.connections.find(({ extension }) => extension === '10');
    const upsert = (participant = leg?.id): void => {
      tell(0, '10', participant);
    };
    stage.v20.switches.getDelay = 100;
    const before = stage.v20.requests.length;
    upsert();
    await until(() => stage.requests(before).length === 1, 'a look at 10');
    // The answer about somebody else shows that this message has come; all messages come before the first answer.
    upsert();
    upsert('9001');
    await until(() => stage.requests(before).length === 2, 'a look at somebody else');
    ahead = 3_000;
    stage.v20.switches.lost = 1;
    stage.simulator.pbx.hangup(id);
    stage.v20.switches.lost = 0;
    upsert();
    await stage.told(2);
    assert.ok((stage.events.at(-1)?.ringSeconds ?? 0) >= 3);
  });

  it('ends the first part of an agent who sends a call back to the queue and is rung again', async () => {
    await start();
    const { pbx } = stage.simulator;
    const id = ring();
    await stage.told(1);
    pbx.answer(id);
    await stage.told(2);
    pbx.transfer(id, '8000');
    await until(() => stage.words.filter((word) => word.startsWith('ringing 10 ')).length === 2, 'rings again');
    assert.ok(stage.words.some((word) => word.startsWith('ended 10 ')));
  });

  it('counts no further failed try for requests that cannot be sent while no list comes', async () => {
    await start();
    stage.v20.switches.contested = true;
    for (let count = 0; count < 40; count++) ring('12');
    await until(() => stage.silences.length >= 1, 'a failed try');
    const before = performance.now();
    await until(() => stage.silences.length >= 3, 'two more', 15_000);
    // They come after pauses of at least 0.75 and 1.5 s.
    assert.ok(performance.now() - before > 2_000);
  });

  it('asks for a list if more happens at once than may wait to be asked for', async () => {
    await start({ getDelay: 50 });
    for (let count = 0; count < 60; count++)
      stage.simulator.pbx.inbound({ number: `${caller}${count}`, extension: '10' });
    await stage.told(60);
    assert.deepEqual(stage.silences, []);
    assert.equal(new Set(stage.events.map(({ number }) => number)).size, 60);
  });

  it('leaves no socket when it stops', async () => {
    await start();
    await stage.close();
    await until(() => stage.v20.sockets.every(({ closedAt }) => closedAt !== null), 'closed sockets');
    const { requestCount } = stage.v20;
    assert.equal(stage.v20.requestCount, requestCount);
  });

  it('asks for a list after a command only if no events come', async () => {
    await start();
    const lists = (): number => stage.v20.requests.filter(({ path }) => path === '/callcontrol').length;
    ring();
    await stage.told(1);
    const before = lists();
    await stage.pbx.execute('drop', { extension: '10' });
    await until(() => stage.events.length > 1, 'the end');
    assert.equal(lists(), before);
  });
});
