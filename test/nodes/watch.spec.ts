import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { CallState } from '../../lib/calls';
import type { CallsPayload, WatchPayload } from '../../lib/node-red/watch-node';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { RealClock } from '../../simulator/clock';
import { ApiServer } from '../../simulator/http-server';
import { calls, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { Inbox } from '../../support/inbox';
import { until } from '../../support/until';

const caller = '+4915112345678';

describe('3cx-call-monitor', () => {
  useNodeRed();
  let simulator: Simulator;
  const pbx = (): Simulator['pbx'] => simulator.pbx;
  const start = async (options: SimulatorOptions = {}): Promise<void> => {
    simulator = await startSimulator({ delay: 0, ...options });
  };
  /** Nothing is waited for after a test that failed. */
  let isOpen = false;
  beforeEach(() => (isOpen = true));
  afterEach(async () => {
    isOpen = false;
    await simulator.close();
  });

  /** Loads one watching node and waits until it has seen the calls there are. */
  async function watch(properties: Properties = {}, server: Properties = {}): Promise<{ node: Node; inbox: Inbox }> {
    const { node } = await loadFlow(
      { type: '3cx-call-monitor', operation: 'watch', wires: [['done']], ...properties },
      { url: simulator.url, pollInterval: 100, ...server },
      {
        nodes: [
          { id: 'caller', z: 'tab', type: '3cx-call-control', server: 'server', wires: [['made'], ['failed']] },
          ...['made', 'failed'].map((id) => ({ id, z: 'tab', type: 'helper' })),
        ],
      },
    );
    const inbox = new Inbox(helper.getNode('done'));
    await polled(2);
    return { node, inbox };
  }

  /** Waits for this many call lists requested from now on. */
  async function polled(count: number): Promise<void> {
    const polls = (): number => simulator.requests.filter(({ path }) => path === '/showallcalls').length;
    const until = polls() + count;
    while (isOpen && polls() < until) await new Promise(setImmediate);
  }

  const idAt = (dn: string): string => pbx().connectionsOf(dn).at(-1)?.id ?? '';

  it('reports what rings and is missed while six calls are made at once', async () => {
    await start({ delay: 1_200 });
    const { inbox } = await watch({ extensions: '12' });
    const done: string[] = [];
    const caller10 = helper.getNode('caller');
    for (const id of ['made', 'failed']) helper.getNode(id).on('input', () => void done.push(id));
    for (let count = 0; count < 6; count++) caller10.receive({ extension: '10', destination: `+49301${count}` });
    pbx().inbound({ extension: '12', number: caller });
    assert.equal((await inbox.event()).event, 'ringing');
    assert.ok(done.length < 5, `${done.length} calls were made before`);
    pbx().hangup(idAt('12'));
    assert.deepEqual(await inbox.words(2), ['ended 12 missed', 'missed 12 missed']);
    while (isOpen && done.length < 6) await new Promise(setImmediate);
    assert.deepEqual(new Set(done), new Set(['made']));
    await polled(1);
    assert.deepEqual(inbox.all.length, 3);
  });

  it('sends a message for each event, with its name as topic', async () => {
    await start();
    const { inbox } = await watch();
    pbx().inbound({ extension: '10', queue: '8000', number: caller });
    const ringing = await inbox.next();
    const payload = ringing.payload as WatchPayload & CallState;
    assert.equal(ringing.topic, 'ringing');
    const { event, extension, extensionState, activeCalls, number, direction, internal, queue, trunk, seq } = payload;
    assert.deepEqual(
      { event, extension, extensionState, activeCalls, number, direction, internal, queue, trunk, seq },
      {
        event: 'ringing',
        extension: '10',
        extensionState: 'ringing',
        activeCalls: 1,
        number: caller,
        direction: 'inbound',
        internal: false,
        queue: { number: '8000', name: 'Support: Süd; EU' },
        trunk: '10000',
        seq: 1,
      },
    );
    pbx().answer(idAt('10'));
    assert.equal((await inbox.event()).event, 'answered');
    pbx().hold(idAt('10'));
    assert.equal((await inbox.event()).event, 'held');
    pbx().resume(idAt('10'));
    assert.equal((await inbox.event()).event, 'resumed');
    pbx().record(idAt('10'), 'Start');
    assert.equal((await inbox.event()).recording, 'on');
    pbx().hangup(idAt('10'));
    const ended = await inbox.event();
    assert.deepEqual([ended.event, ended.outcome, ended.seq, ended.call], ['ended', 'answered', 6, payload.call]);
  });

  it('watches if its flow sets neither the operation nor the events', async () => {
    await start();
    const { inbox } = await watch({ operation: undefined });
    pbx().makeCall('10', '11');
    pbx().hangup(idAt('11'));
    pbx().makeCall('10', '11');
    await inbox.words(2);
    pbx().clearCalls();
    assert.deepEqual(await inbox.words(3), ['ended 10 not-reached', 'ended 11 missed', 'missed 11 missed']);
  });

  it('sends the chosen events, each on an output of its own in the order of the table', async () => {
    await start();
    const { node } = await watch({
      events: ['missed', 'ended', 'ringing'],
      split: true,
      wires: [['done'], ['refused'], ['caught']],
    });
    const [ringing, ended, missed] = ['done', 'refused', 'caught'].map((id) => new Inbox(helper.getNode(id)));
    pbx().makeCall('10', '11');
    assert.deepEqual(await ringing?.words(1), ['ringing 11']);
    pbx().clearCalls();
    assert.deepEqual(await ended?.words(2), ['ended 10 not-reached', 'ended 11 missed']);
    const last = await missed?.event();
    assert.deepEqual([last?.event, last?.seq], ['missed', 4]);
    assert.deepEqual(calls(node, 'warn'), []);
  });

  it('sends only events that pass the filters', async () => {
    await start();
    const { inbox } = await watch({
      extensions: '11-12, 1?0',
      direction: 'inbound',
      scope: 'external',
      queues: '80*',
      number: String.raw`^\+49`,
    });
    pbx().inbound({ extension: '11', number: caller });
    pbx().inbound({ extension: '12', queue: '8000', number: '0049' });
    pbx().makeCall('101', '12');
    pbx().inbound({ extension: '10', queue: '8000', number: caller });
    pbx().inbound({ extension: '100', queue: '8001', number: caller });
    assert.deepEqual(await inbox.words(1), ['ringing 100']);
    pbx().clearCalls();
    assert.deepEqual(await inbox.words(2), ['ended 100 missed', 'missed 100 missed']);
    assert.equal(inbox.all.length, 3);
  });

  it('watches even with a wrong filter, which it names without its value and does not use', async () => {
    await start();
    const wrong = {
      extensions: '10, 4930(1)',
      queues: '9-10',
      number: '(',
      direction: 'up',
      minRing: 'x',
      events: ['rings', 'ringing', 'dialing'],
    };
    const { node, inbox } = await watch(wrong);
    assert.deepEqual(calls(node, 'warn').map(String).toSorted(), [
      'direction must be one of any, inbound, outbound; it is not used',
      'events may be ringing, dialing, answered, held, resumed, recording, transferred, ring-stopped, ended, missed, state, offline, online; others are not used',
      'extensions: entry 2 is no number, range or pattern; it is not used',
      'minRing must be a whole number of milliseconds, at least 0; it is not used',
      'number is not a regular expression; it is not used',
      'queues: entry 1 is no range: its ends need the same number of digits, the smaller one first; it is not used',
    ]);
    pbx().makeCall('10', '11');
    assert.deepEqual(await inbox.words(2), ['dialing 10', 'ringing 11']);
  });

  it('leaves out short rings', async () => {
    await start();
    const { inbox } = await watch({ minRing: 600_000 });
    pbx().makeCall('10', '11');
    assert.deepEqual(await inbox.words(1), ['dialing 10']);
    pbx().clearCalls();
    assert.deepEqual(await inbox.words(1), ['ended 10 not-reached']);
    await polled(2);
    assert.equal(inbox.all.length, 2);
  });

  it('sends nothing at first, then what changes', async () => {
    await start();
    pbx().makeCall('10', '11');
    const { inbox } = await watch();
    assert.equal(inbox.all.length, 0);
    pbx().answer(idAt('11'));
    assert.deepEqual(await inbox.words(2), ['answered 10', 'answered 11']);
  });

  it('sends what is there at the start, if that is wanted', async () => {
    await start();
    pbx().makeCall('10', '11');
    const { inbox } = await watch({ initial: true });
    const [dialing, ringing] = [await inbox.event(), await inbox.event()];
    assert.deepEqual([dialing.event, dialing.initial, dialing.seq], ['dialing', true, 1]);
    assert.deepEqual([ringing.event, ringing.initial, ringing.seq], ['ringing', true, 2]);
    pbx().answer(idAt('11'));
    assert.equal((await inbox.event()).initial, false);
  });

  it('answers a message with the calls that it knows', async () => {
    await start();
    const { node, inbox } = await watch({ extensions: '11', events: ['offline'] });
    node.receive({ topic: 'kept', payload: 1 });
    assert.deepEqual((await inbox.next()).payload, { calls: [] });
    pbx().makeCall('10', '11');
    await polled(2);
    node.receive({ topic: 'kept' });
    const { topic, payload } = await inbox.next();
    const { calls: known } = payload as CallsPayload;
    assert.equal(topic, 'kept');
    assert.deepEqual(
      known.map(({ extension, extensionState, status }) => [extension, extensionState, status]),
      [['11', 'ringing', 'ringing']],
    );
    assert.ok(!('event' in (known[0] ?? {})) && !('seq' in (known[0] ?? {})));
  });

  it('lets a flow change a message without effect on the messages of others', async () => {
    await start();
    const other = { type: '3cx-call-monitor', id: 'other', z: 'tab', server: 'server', wires: [['refused']] };
    const { node } = await loadFlow(
      { type: '3cx-call-monitor', operation: 'watch', events: ['ringing'], wires: [['done']] },
      { url: simulator.url, pollInterval: 100 },
      { nodes: [{ ...other, operation: 'watch', events: ['ringing'] }] },
    );
    const inbox = new Inbox(helper.getNode('done'));
    const inboxOfOther = new Inbox(helper.getNode('refused'));
    const kept = (state?: CallState): unknown[] => [state?.queue?.name, state?.extensions];
    const spoil = ({ queue, extensions }: CallState): void => {
      extensions.push('11');
      if (queue !== null) queue.name = 'other';
    };
    const known = async (): Promise<CallState | undefined> => {
      node.receive({});
      return ((await inbox.next()).payload as CallsPayload).calls[0];
    };
    await polled(2);
    pbx().inbound({ extension: '10', queue: '8000', number: caller });
    spoil(await inbox.event());
    const first = await known();
    if (first !== undefined) spoil(first);
    for (const state of [await inboxOfOther.event(), await known()]) {
      assert.deepEqual(kept(state), ['Support: Süd; EU', ['10']]);
    }
  });

  it('answers a message that came before the first list of calls', async () => {
    await start();
    pbx().makeCall('10', '11');
    const { node } = await loadFlow(
      { type: '3cx-call-monitor', operation: 'watch', wires: [['done']] },
      { url: simulator.url, pollInterval: 100 },
    );
    const inbox = new Inbox(helper.getNode('done'));
    node.receive({});
    assert.equal(((await inbox.next()).payload as CallsPayload).calls.length, 2);
  });

  it('polls at once after a command, and takes the call id from it', async () => {
    await start();
    const control = { type: '3cx-call-control', id: 'control', z: 'tab', server: 'server', operation: 'makecall' };
    await loadFlow(
      { type: '3cx-call-monitor', operation: 'watch', events: ['dialing'], wires: [['done']] },
      { url: simulator.url, pollInterval: 600_000 },
      { nodes: [{ ...control, wires: [['refused'], []] }] },
    );
    await polled(1);
    const events = new Inbox(helper.getNode('done'));
    const done = new Inbox(helper.getNode('refused'));
    helper.getNode('control').receive({ extension: '10', destination: caller });
    const { callId } = (await done.next()).payload as { callId: string };
    assert.deepEqual((await events.event()).callId, callId);
    assert.equal(callId, '00000A5F3C2D1_20');
    assert.deepEqual(
      simulator.requests.map(({ path }) => path),
      ['/showallcalls', '/dnregs/10', '/ondn/10', `/makecall/10/${caller}/Soft`, '/showallcalls'],
    );
  });

  it('asks once for an unknown call id, of an extension with one leg', async () => {
    await start();
    const { inbox } = await watch({ events: ['answered', 'ended'], extensions: '10' });
    const asked = (): string[] =>
      simulator.requests.map(({ path }) => path).filter((path) => path.startsWith('/ondn/'));
    pbx().inbound({ extension: '10', number: caller });
    await polled(3);
    pbx().answer(idAt('10'));
    const { callId } = await inbox.event();
    assert.equal(callId, pbx().connectionsOf('10')[0]?.call);
    pbx().inbound({ extension: '10', number: '+492' });
    await polled(3);
    assert.deepEqual(asked(), ['/ondn/10']);
  });

  it('shares one poll loop, however many nodes watch', async () => {
    await start();
    for (const count of [1, 10, 100, 1000]) {
      const monitors = Array.from({ length: count }, (_, index) => ({
        ...{ id: `monitor${index}`, type: '3cx-call-monitor', z: 'tab', server: 'server' },
        ...{ operation: 'watch', events: ['ringing'], wires: [['done']] },
      }));
      await loadFlow(
        { type: '3cx-call-monitor', operation: 'watch', wires: [[]] },
        { url: simulator.url, pollInterval: 100 },
        { nodes: monitors },
      );
      const inbox = new Inbox(helper.getNode('done'));
      await polled(1);
      const [before, since] = [simulator.requestCount, performance.now()];
      pbx().makeCall('10', '11');
      for (let index = 0; index < count; index++) await inbox.next();
      await polled(3);
      const polls = simulator.requestCount - before - 2; // Beside those for the two call ids.
      const intervals = (performance.now() - since) / 100;
      assert.ok(polls <= intervals + 1, `${polls} polls in ${intervals} intervals for ${count} nodes`);
      await helper.unload();
      pbx().clearCalls();
    }
  });

  describe('when the API goes away', () => {
    /** The statuses a node has shown, from the texts' keys. */
    const shown = (node: Node): string[] =>
      calls(node, 'status').map(
        (status) => (status as { text?: string }).text?.replace(/^threecx\.status\.|, \d\d:\d\d$/g, '') ?? '',
      );

    let server: ApiServer | undefined;
    afterEach(() => server?.close());

    it('invents nothing meanwhile, and reports what ended after it', async () => {
      await start();
      // The same calls behind a server of their own, which can go away without them.
      const serve = (port: number): ReturnType<typeof ApiServer.start> =>
        ApiServer.start({
          ...{ pbx: pbx(), kind: 'community', auth: { type: 'none' }, build: 'original', host: '127.0.0.1', port },
          ...{ clock: new RealClock(), delay: 0 },
        });
      const first = await serve(0);
      server = first.server;
      const { node } = await loadFlow(
        {
          ...{ type: '3cx-call-monitor', operation: 'watch', wires: [['done']] },
          events: ['ringing', 'ended', 'missed', 'offline', 'online'],
        },
        { url: first.url, pollInterval: 100 },
      );
      const inbox = new Inbox(helper.getNode('done'));
      await until(() => (server?.requestCount ?? 0) >= 2, 'two polls');
      const began = [];
      for (const extension of ['10', '11', '12']) {
        pbx().inbound({ extension, number: `+49${extension}` });
        began.push(await inbox.event());
      }
      await server.close();
      const offline = await inbox.event();
      assert.deepEqual({ ...offline }, { event: 'offline', code: 'unreachable', seq: 4 });
      node.receive({});
      pbx().hangup(idAt('10'));
      pbx().hangup(idAt('11'));
      ({ server } = await serve(Number(new URL(first.url).port)));
      const [online, ...ended] = [await inbox.event(), await inbox.event(), await inbox.event()];
      assert.deepEqual({ ...online }, { event: 'online', code: null, seq: 5 });
      assert.deepEqual(
        ended.map(({ event, extension, outcome, synthetic, call }) => [event, extension, outcome, synthetic, call]),
        [
          ['ended', '10', 'unknown', true, began[0]?.call],
          ['ended', '11', 'unknown', true, began[1]?.call],
        ],
      );
      pbx().hangup(idAt('12'));
      const last = await inbox.event();
      assert.deepEqual([last.event, last.extension, last.call, last.synthetic], ['ended', '12', began[2]?.call, false]);
      assert.equal((await inbox.event()).event, 'missed');
      assert.deepEqual(shown(node), [
        ...['connecting', 'no-call', 'calls', 'calls', 'calls', 'retrying', 'error-unreachable', 'calls', 'no-call'],
      ]);
      assert.deepEqual(calls(helper.getNode('server'), 'warn'), ['threecx.log.unreachable']);
      assert.deepEqual(calls(helper.getNode('server'), 'log'), ['threecx.log.ok']);
    });

    it('shows "no answer" while one call makes the list hang, lets commands pass, and recovers with it', async () => {
      await start();
      const drop = {
        id: 'control',
        type: '3cx-call-control',
        z: 'tab',
        server: 'server',
        operation: 'drop',
        wires: [['refused'], []],
      };
      const { node } = await loadFlow(
        { type: '3cx-call-monitor', operation: 'watch', events: ['offline', 'online'], wires: [['done']] },
        { url: simulator.url, pollInterval: 100, timeout: 200 },
        { nodes: [drop] },
      );
      const inbox = new Inbox(helper.getNode('done'));
      const dropped = new Inbox(helper.getNode('refused'));
      await polled(2);
      // The number of its queue is not four digits long (community).
      pbx().inbound({ extension: '100', queue: '800', number: caller });
      assert.deepEqual({ ...(await inbox.event()) }, { event: 'offline', code: 'timeout', seq: 1 });
      assert.equal(shown(node).at(-1), 'error-timeout');
      helper.getNode('control').receive({ extension: '100' });
      assert.equal(((await dropped.next()).payload as { ok: boolean }).ok, true);
      assert.equal((await inbox.event()).event, 'online');
      assert.equal(shown(node).at(-1), 'no-call');
      assert.deepEqual(calls(helper.getNode('server'), 'warn'), ['threecx.log.offline']);
      assert.deepEqual(calls(helper.getNode('server'), 'log'), ['threecx.log.ok']);
    });

    it('fails a message that comes in meanwhile', async () => {
      await start();
      const flow = await loadFlow(
        { type: '3cx-call-monitor', operation: 'watch', events: ['offline'], wires: [['done']] },
        { url: simulator.url.replace(/:\d+$/, ':1'), pollInterval: 100 },
      );
      const inbox = new Inbox(helper.getNode('caught'));
      flow.node.receive({ topic: 'kept' });
      const { error, topic } = (await inbox.next()) as { error?: { code?: string }; topic?: string };
      assert.deepEqual([error?.code, topic], ['unreachable', 'kept']);
    });
  });

  it('does not watch without a connection, and shows that', async () => {
    await start();
    const { node } = await loadFlow(
      { type: '3cx-call-monitor', operation: 'watch', server: '' },
      { url: simulator.url },
    );
    const inbox = new Inbox(helper.getNode('caught'));
    node.receive({});
    assert.equal(((await inbox.next()) as { error?: { code?: string } }).error?.code, 'invalid-argument');
    assert.deepEqual(calls(node, 'status'), [{ fill: 'grey', shape: 'ring', text: 'threecx.status.not-configured' }]);
  });
});
