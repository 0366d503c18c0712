import assert from 'node:assert/strict';
import http from 'node:http';
import helper from 'node-red-node-test-helper';
import type { CallEvent } from '../../lib/calls';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { type Flow, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { Inbox } from '../../support/inbox';
import { until } from '../../support/until';
import { loadV20, startV20 } from './v20-support';

const outside = '+4915112345678';
const wires = [['done'], ['refused'], ['answered'], ['ended']];
const node = {
  ...{ type: '3cx-call-control', operation: 'makecall', follow: true, outputs: 4, wires },
  ...{ extension: '10', extensionType: 'str', destination: 'destination', destinationType: 'msg' },
};
const probes = ['answered', 'ended', 'made', 'again', 'over'].map((id) => ({ id, z: 'tab', type: 'helper' }));
/** A second node that follows, at the same connection. */
const other = { ...node, id: 'other', z: 'tab', server: 'server', wires: [['made'], ['made'], ['again'], ['over']] };
const monitor = { id: 'monitor', z: 'tab', type: '3cx-call-monitor', server: 'server', wires: [['made']] };

for (const api of ['http', 'v20'] as const) {
  describe(`3cx-call-control (${api})`, function () {
    this.timeout(60_000);
    useNodeRed();
    let simulator: Simulator;
    let flow: Flow;
    let answered: Inbox;
    let ended: Inbox;
    afterEach(() => simulator.close());

    const start = async (
      properties: Properties = {},
      { nodes = [], ...options }: SimulatorOptions & { nodes?: Properties[] } = {},
    ): Promise<void> => {
      const deployed = { ...node, ...properties };
      const more = { nodes: [...probes, ...nodes] };
      if (api === 'v20') {
        const v20 = await startV20({}, options);
        simulator = v20;
        flow = await loadV20(v20.v20Url, deployed, more);
      } else {
        simulator = await startSimulator({ delay: 50, ...options });
        flow = await loadFlow(deployed, { url: simulator.url, pollInterval: 100 }, more);
      }
      answered = new Inbox(helper.getNode('answered'));
      ended = new Inbox(helper.getNode('ended'));
    };
    const pbx = (): Simulator['pbx'] => simulator.pbx;
    const idAt = (dn: string): string => pbx().connectionsOf(dn).at(-1)?.id ?? assert.fail(`no call at ${dn}`);
    const polls = (): number => simulator.requests.filter(({ path }) => path === '/showallcalls').length;
    /** Waits until all that has happened so far was seen. */
    const seen = async (): Promise<void> => {
      if (api === 'v20') {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return;
      }
      const wanted = polls() + 2;
      await until(() => polls() >= wanted, 'polls');
    };
    const isWatching = async (): Promise<boolean> => {
      const before = polls();
      await new Promise((resolve) => setTimeout(resolve, 350));
      const { sockets = [] } = simulator.v20 ?? {};
      return polls() > before || sockets.some(({ closedAt }) => closedAt === null);
    };
    const payloadOf = async (inbox: Inbox): Promise<CallEvent> => (await inbox.next()).payload as CallEvent;

    it('follows a call that is answered, with the message that made it', async () => {
      await start();
      const made = await flow.send({ destination: '11', topic: 'alarm', round: { number: 3 } });
      assert.equal(made.output, 'done');
      const { callId } = made.msg.payload as { callId: string };
      await seen();
      assert.deepEqual([answered.all, ended.all], [[], []]);
      pbx().answer(idAt('11'));
      const { payload: first, ...kept } = await answered.next();
      assert.deepEqual(
        { ...kept, _msgid: undefined },
        { destination: '11', topic: 'alarm', round: { number: 3 }, _msgid: undefined },
      );
      const event = first as CallEvent;
      assert.deepEqual(
        [event.event, event.extension, event.number, event.callId, event.direction, event.status],
        ['answered', '10', '11', callId, 'outbound', 'connected'],
      );
      assert.ok(!('seq' in event) && !event.initial && !event.synthetic);
      pbx().hangup(idAt('11'));
      const { payload: last, ...again } = await ended.next();
      assert.deepEqual(again, kept);
      const end = last as CallEvent;
      assert.deepEqual(
        [end.event, end.outcome, end.call, end.connection, typeof end.talkSeconds],
        ['ended', 'answered', event.call, event.connection, 'number'],
      );
      assert.equal(await isWatching(), false);
      assert.deepEqual([answered.all.length, ended.all.length], [1, 1]);
    });

    it('follows a call that nobody answers, inside or outside', async () => {
      await start();
      for (const destination of ['11', outside]) {
        await flow.send({ destination });
        await seen();
        pbx().hangup(idAt(destination === outside ? pbx().trunk : destination));
        const { event, outcome, number, talkSeconds } = await payloadOf(ended);
        assert.deepEqual([event, outcome, number, talkSeconds], ['ended', 'not-reached', destination, 0]);
      }
      assert.deepEqual(answered.all, []);
    });

    it('follows a call that the extension itself gives up', async () => {
      await start();
      await flow.send({ destination: '11' });
      await seen();
      pbx().hangup(idAt('10'));
      assert.equal((await payloadOf(ended)).outcome, 'not-reached');
    });

    it('follows a call that goes out on the trunk and is answered there', async () => {
      await start();
      await flow.send({ destination: outside });
      pbx().answer(idAt(pbx().trunk));
      const { internal, trunk, number } = await payloadOf(answered);
      assert.deepEqual([internal, trunk, number], [false, pbx().trunk, outside]);
      pbx().clearCalls();
      assert.equal((await payloadOf(ended)).outcome, 'answered');
    });

    it('follows a call that the other side passes on, and reports its end once', async () => {
      await start();
      await flow.send({ destination: '11' });
      pbx().answer(idAt('11'));
      await payloadOf(answered);
      pbx().transfer(idAt('11'), '12');
      await seen();
      pbx().answer(idAt('12'));
      await seen();
      assert.deepEqual([answered.all.length, ended.all.length], [1, 0]);
      pbx().hangup(idAt('12'));
      assert.equal((await payloadOf(ended)).outcome, 'answered');
    });

    it('reports the end as `transferred` for a call that the extension passes on', async () => {
      await start();
      await flow.send({ destination: outside });
      pbx().answer(idAt(pbx().trunk));
      await payloadOf(answered);
      pbx().transfer(idAt('10'), '12');
      const { outcome, transferredTo } = await payloadOf(ended);
      assert.deepEqual([outcome, transferredTo], ['transferred', '12']);
    });

    it('follows a call of an extension with several phones', async () => {
      await start({}, { phoneLegs: true });
      await flow.send({ destination: '100' });
      await seen();
      pbx().answer(idAt('100'));
      assert.equal((await payloadOf(answered)).status, 'connected');
      pbx().clearCalls();
      assert.equal((await payloadOf(ended)).outcome, 'answered');
      assert.deepEqual([answered.all.length, ended.all.length], [1, 1]);
    });

    it('follows its own call, and no other call of the extension', async () => {
      await start();
      pbx().makeCall('10', '12');
      pbx().answer(idAt('12'));
      await flow.send({ destination: '12' });
      await flow.send({ destination: '11' });
      pbx().inbound({ extension: '10', number: outside });
      await seen();
      pbx().answer(idAt('10'));
      pbx().answer(idAt('11'));
      assert.equal((await payloadOf(answered)).number, '11');
      pbx().hangup(pbx().connectionsOf('12')[0]?.id ?? '');
      await seen();
      assert.deepEqual(ended.all, []);
      pbx().clearCalls();
      const numbers = [(await payloadOf(ended)).number, (await payloadOf(ended)).number];
      assert.deepEqual(numbers.sort(), ['11', '12']);
    });

    it('follows only its own of two calls to the same number from two nodes', async () => {
      await start({}, { nodes: [other] });
      const over = new Inbox(helper.getNode('over'));
      const [made, madeToo] = [new Inbox(helper.getNode('done')), new Inbox(helper.getNode('made'))];
      flow.node.receive({ destination: '11' });
      helper.getNode('other').receive({ destination: '11' });
      const ids = [await made.next(), await madeToo.next()].map(({ payload }) => (payload as CallEvent).callId);
      await seen();
      const callAt = new Map(
        pbx()
          .connections()
          .map(({ id, call }) => [id, call]),
      );
      pbx().clearCalls();
      const ends = [await payloadOf(ended), await payloadOf(over)];
      // The PBX's own id of a call is another one in V20.
      const own = ends.map(({ callId, connection }) => (api === 'v20' ? callId : callAt.get(connection)));
      assert.deepEqual(own, ids);
      assert.equal(await isWatching(), false);
      assert.deepEqual([ended.all.length, over.all.length], [1, 1]);
    });

    it('follows a call beside a call-monitor, which sends the same as before', async () => {
      await start({}, { nodes: [monitor] });
      const watched = new Inbox(helper.getNode('made'));
      await flow.send({ destination: '11' });
      pbx().answer(idAt('11'));
      await payloadOf(answered);
      pbx().clearCalls();
      await payloadOf(ended);
      assert.equal(await isWatching(), true);
      const events = watched.all.map(({ payload }) => payload as CallEvent & { seq: number });
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_event, index) => index + 1),
      );
      assert.ok(events.some(({ event, extension }) => event === 'ended' && extension === '11'));
    });

    it('follows no call that was refused', async () => {
      await start();
      pbx().setPhones('10', []);
      assert.equal((await flow.send({ destination: '11' })).output, 'refused');
      assert.equal(await isWatching(), false);
    });

    it('follows no call whose command was not sent', async () => {
      await start({ destination: 'not a number', destinationType: 'str' });
      const { output, msg } = await flow.send({});
      assert.deepEqual([output, msg.error?.code], ['caught', 'invalid-argument']);
      assert.equal(simulator.requestCount, 0);
      assert.equal(await isWatching(), false);
    });

    it('follows no other operation', async () => {
      await start({ operation: 'msg' });
      pbx().inbound({ extension: '10', number: outside });
      assert.equal((await flow.send({ operation: 'drop' })).output, 'done');
      assert.equal(await isWatching(), false);
      await flow.send({ operation: 'makecall', destination: '11' });
      await seen();
      pbx().clearCalls();
      assert.equal((await payloadOf(ended)).outcome, 'not-reached');
    });

    it('follows nothing without `follow`, as in an older flow', async () => {
      await start({ follow: undefined });
      await flow.send({ destination: '11' });
      assert.equal(await isWatching(), false);
      pbx().clearCalls();
      assert.deepEqual([answered.all, ended.all], [[], []]);
    });

    it('keeps the response of a web request until the end of the call', async () => {
      await start();
      const res = { _res: new http.ServerResponse(new http.IncomingMessage(null as never)) };
      await flow.send({ destination: '11', res });
      pbx().answer(idAt('11'));
      const first = (await answered.next()) as { res?: unknown };
      pbx().clearCalls();
      const last = (await ended.next()) as { res?: unknown };
      assert.deepEqual([first.res === res, last.res === res], [true, true]);
    });

    it('sends the next message without what a flow changed in the previous one', async () => {
      await start();
      helper.getNode('answered').on('input', (msg: { round?: { number: number }; payload?: unknown }) => {
        if (msg.round) msg.round.number = 99;
      });
      const { msg } = await flow.send({ destination: '11', round: { number: 1 } });
      (msg as unknown as { round: { number: number } }).round.number = 98;
      pbx().answer(idAt('11'));
      await answered.next();
      pbx().clearCalls();
      await ended.next();
      assert.deepEqual((ended.all[0] as { round?: unknown }).round, { number: 1 });
    });
  });
}
