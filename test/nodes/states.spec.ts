import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { StateEvent } from '../../lib/calls';
import type { ApiType } from '../../lib/pbx';
import { type Simulator, startSimulator, type V20Simulator, type V20Switches } from '../../simulator';
import { calls, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { Inbox } from '../../support/inbox';
import { until } from '../../support/until';
import { loadV20, startV20 } from './v20-support';

const caller = '+4915112345678';
const monitor = { type: '3cx-call-monitor', operation: 'watch', events: ['state'], wires: [['done']] };

/** The next messages in words: extension, from which state to which, how many calls. */
async function next(inbox: Inbox, count = 1): Promise<string[]> {
  const words: string[] = [];
  for (let index = 0; index < count; index++) {
    const { topic, payload } = await inbox.next();
    if (topic !== 'state') words.push(String(topic));
    else {
      const { extension, previousState, extensionState, activeCalls, initial, synthetic } = payload as StateEvent;
      const marks = [initial && 'initial', synthetic && 'synthetic'].filter((mark) => mark !== false);
      words.push([extension, previousState ?? '-', 'to', extensionState, activeCalls, ...marks].join(' '));
    }
  }
  return words;
}

for (const api of ['http', 'v20'] as const satisfies readonly ApiType[]) {
  describe(`A call-monitor that watches states, api ${api}`, function () {
    this.timeout(30_000);
    useNodeRed();
    let simulator: Simulator;
    afterEach(() => simulator.close());

    const pbx = (): Simulator['pbx'] => simulator.pbx;
    const v20 = (): V20Simulator => simulator as V20Simulator;
    const idAt = (dn: string): string => pbx().connectionsOf(dn).at(-1)?.id ?? '';
    const start = async (switches: Partial<V20Switches> = {}): Promise<void> => {
      simulator = api === 'v20' ? await startV20(switches) : await startSimulator({ delay: 0 });
    };

    /** Loads one watching node and waits until it has seen the calls there are. */
    async function watch(properties: Properties = {}, nodes: Properties[] = []): Promise<{ node: Node; inbox: Inbox }> {
      const own = { ...monitor, ...properties };
      const { node } =
        api === 'v20'
          ? await loadV20(v20().v20Url, own, { nodes })
          : await loadFlow(own, { url: simulator.url, pollInterval: 100, timeout: 300 }, { nodes });
      const inbox = new Inbox(helper.getNode('done'));
      await shows(node, 'no-call', 'calls');
      return { node, inbox };
    }

    async function shows(node: Node, ...statuses: string[]): Promise<void> {
      const last = (): string => String((calls(node, 'status').at(-1) as { text?: string } | undefined)?.text);
      await until(() => statuses.some((status) => last() === `threecx.status.${status}`), statuses.join(' or '));
    }

    it('works as a busy light, with one message for each change and nothing else', async () => {
      await start();
      const { inbox } = await watch({ extensions: '10' });
      pbx().inbound({ extension: '11', number: caller });
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(inbox), ['10 idle to ringing 1']);
      pbx().answer(idAt('10'));
      assert.deepEqual(await next(inbox), ['10 ringing to talking 1']);
      pbx().answer(idAt('11'));
      pbx().hangup(idAt('10'));
      assert.deepEqual(await next(inbox), ['10 talking to idle 0']);
      assert.equal(inbox.all.length, 3);
    });

    it('sends everything about the call that causes the state, and null if there is none', async () => {
      await start();
      const { inbox } = await watch();
      pbx().inbound({ extension: '10', queue: '8000', number: caller });
      const { topic, payload } = await inbox.next();
      // 3CX V20 may tell the name of the extension by now.
      const { call, connection, startedAt, accuracyMs, extensionName, ...ringing } = payload as StateEvent;
      assert.equal(topic, 'state');
      assert.deepEqual(ringing, {
        ...{ event: 'state', extension: '10', extensionState: 'ringing', previousState: 'idle', activeCalls: 1 },
        ...{ number: caller, e164: caller, name: null, direction: 'inbound', internal: false },
        ...{ queue: { number: '8000', name: 'Support: Süd; EU' }, trunk: '10000', answeredAt: null },
        ...{ initial: false, synthetic: false, seq: 1 },
      });
      assert.match(`${call} ${connection} ${startedAt}`, /^\S+ \d+ \d{4}-\d\d-\d\dT\S+Z$/);
      assert.ok(accuracyMs >= 0 && accuracyMs < 5_000, `${accuracyMs} ms`);
      pbx().answer(idAt('10'));
      const talking = (await inbox.next()).payload as StateEvent;
      assert.deepEqual([talking.extensionState, talking.call, talking.connection], ['talking', call, connection]);
      assert.equal(talking.startedAt, startedAt);
      assert.match(String(talking.answeredAt), /Z$/);
      pbx().clearCalls();
      const { accuracyMs: late, extensionName: its, ...idle } = (await inbox.next()).payload as StateEvent;
      assert.equal(typeof late, 'number');
      assert.ok([its, extensionName].every((name) => name === null || name === 'Extension 10'));
      assert.deepEqual(idle, {
        ...{ event: 'state', extension: '10', extensionState: 'idle', previousState: 'talking', activeCalls: 0 },
        ...{
          call: null,
          connection: null,
          number: null,
          e164: null,
          name: null,
          direction: null,
          internal: null,
          queue: null,
          trunk: null,
        },
        ...{ startedAt: null, answeredAt: null, initial: false, synthetic: false, seq: 3 },
      });
    });

    it('names the latest of several calls', async () => {
      await start();
      const { inbox } = await watch({ extensions: '10' });
      const states: unknown[] = [];
      for (const number of [caller, '+4930222']) {
        pbx().inbound({ extension: '10', number });
        const { extensionState, activeCalls, number: told } = (await inbox.next()).payload as StateEvent;
        states.push([extensionState, activeCalls, told]);
      }
      assert.deepEqual(states, [
        ['ringing', 1, caller],
        ['ringing', 2, '+4930222'],
      ]);
    });

    it('gets no states if its flow does not set the events', async () => {
      await start();
      const { inbox } = await watch({ events: undefined });
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(inbox), ['ringing']);
      pbx().hangup(idAt('10'));
      assert.deepEqual(await next(inbox, 2), ['ended', 'missed']);
    });

    it('sends states last, on the output after that of missed', async () => {
      await start();
      const { inbox: all } = await watch({ events: ['state', 'missed', 'ended', 'ringing'] });
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(all, 2), ['ringing', '10 idle to ringing 1']);
      pbx().hangup(idAt('10'));
      const gone = await next(all, 3);
      assert.deepEqual(gone, ['ended', 'missed', '10 ringing to idle 0']);
      await helper.unload();
      await watch({ events: ['offline', 'state', 'missed'], split: true, wires: [['done'], ['refused'], ['caught']] });
      const outputs = ['done', 'refused', 'caught'].map((id) => new Inbox(helper.getNode(id)));
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(outputs[1] ?? assert.fail()), ['10 idle to ringing 1']);
      pbx().hangup(idAt('10'));
      assert.deepEqual(await next(outputs[0] ?? assert.fail()), ['missed']);
      assert.deepEqual(outputs[2]?.all, []);
    });

    it('filters states by the extensions only', async () => {
      await start();
      const filters = {
        direction: 'outbound',
        scope: 'internal',
        queues: '8001',
        number: '^nobody$',
        minRing: 600_000,
      };
      const { inbox } = await watch({ extensions: '10', ...filters, events: ['ringing', 'ended', 'state'] });
      pbx().inbound({ extension: '11', number: caller });
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(inbox), ['10 idle to ringing 1']);
      pbx().hangup(idAt('10'));
      assert.deepEqual(await next(inbox), ['10 ringing to idle 0']);
      assert.equal(inbox.all.length, 2);
    });

    it('gets the states of its extensions at the start, and then their changes', async () => {
      await start();
      pbx().inbound({ extension: '11', number: caller });
      const { inbox } = await watch({ extensions: '10, 11, 100-101', initial: true });
      const named = ['10', '11', '100', '101'].map((extension) =>
        extension === '11' ? '11 - to ringing 1 initial' : `${extension} - to idle 0 initial`,
      );
      assert.deepEqual((await next(inbox, 4)).toSorted(), named.toSorted());
      pbx().hangup(idAt('11'));
      assert.deepEqual(await next(inbox), ['11 ringing to idle 0']);
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(inbox), ['10 idle to ringing 1']);
      assert.equal((inbox.all.at(-1)?.payload as { seq: number }).seq, 6);
    });

    it('gets nothing at the start if that is not wanted', async () => {
      await start();
      pbx().inbound({ extension: '10', number: caller });
      const { inbox } = await watch({ extensions: '10, 11' });
      pbx().answer(idAt('10'));
      assert.deepEqual(await next(inbox), ['10 ringing to talking 1']);
    });

    if (api === 'http') {
      it('gets the extensions in a call at the start even if its filter is a pattern', async () => {
        await start();
        pbx().inbound({ extension: '10', number: caller });
        const { inbox } = await watch({ extensions: '1*', initial: true });
        pbx().inbound({ extension: '11', number: caller });
        assert.deepEqual(await next(inbox, 2), ['10 - to ringing 1 initial', '11 idle to ringing 1']);
      });

      it('gets at most a thousand extensions at the start, the first ones', async () => {
        await start();
        pbx().inbound({ extension: '100', number: caller });
        const { inbox } = await watch({ extensions: '5000-5998, 11, 12, 100, 0000000000-9999999999', initial: true });
        const told = await next(inbox, 1_001);
        assert.deepEqual(told.slice(-2), ['11 - to idle 0 initial', '100 - to ringing 1 initial']);
        pbx().clearCalls();
        assert.deepEqual(await next(inbox), ['100 ringing to idle 0']);
      });

      it('gets nothing when two calls change places', async () => {
        await start();
        const { inbox } = await watch({ extensions: '10' });
        pbx().inbound({ extension: '10', number: caller });
        const first = idAt('10');
        assert.deepEqual(await next(inbox), ['10 idle to ringing 1']);
        pbx().answer(first);
        assert.deepEqual(await next(inbox), ['10 ringing to talking 1']);
        pbx().hold(first);
        assert.deepEqual(await next(inbox), ['10 talking to held 1']);
        pbx().makeCall('10', '12');
        assert.deepEqual(await next(inbox), ['10 held to dialing 2']);
        pbx().answer(idAt('12'));
        assert.deepEqual(await next(inbox), ['10 dialing to talking 2']);
        const second = idAt('10');
        pbx().hold(second);
        pbx().resume(first);
        const polls = simulator.requestCount;
        await until(() => simulator.requestCount > polls + 2, 'polls');
        pbx().hangup(second);
        assert.deepEqual(await next(inbox), ['10 talking to talking 1']);
      });
    } else {
      it('gets all extensions at the start that the API client may see, and no others', async () => {
        await start({ visibleDns: ['10', '11', '8000', '10000'] });
        const { inbox } = await watch({ initial: true, events: ['state', 'ringing'] });
        assert.deepEqual(await next(inbox, 2), ['10 - to idle 0 initial', '11 - to idle 0 initial']);
        pbx().inbound({ extension: '12', number: caller });
        pbx().inbound({ extension: '11', number: caller });
        assert.deepEqual(await next(inbox, 2), ['ringing', '11 idle to ringing 1']);
        await helper.unload();
        const { inbox: own } = await watch({ initial: true, extensions: '1?, 500' });
        assert.deepEqual((await next(own, 2)).toSorted(), ['10 - to idle 0 initial', '11 - to ringing 1 initial']);
        pbx().clearCalls();
        assert.deepEqual(await next(own), ['11 ringing to idle 0']);
      });
    }

    it('gets nothing while there is no call list, and then what differs', async () => {
      await start();
      const { node, inbox } = await watch({ extensions: '10-12' });
      pbx().inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(inbox), ['10 idle to ringing 1']);
      let end: () => void;
      if (api === 'v20') {
        v20().v20.switches.failsWith = 503;
        v20().v20.dropSockets();
        end = () => (v20().v20.switches.failsWith = null);
      } else {
        // The number of its queue is not four digits long, so the list hangs (community).
        pbx().inbound({ extension: '100', queue: '800', number: caller });
        end = () => {
          pbx().hangup(idAt('100'));
        };
      }
      await shows(node, 'retrying');
      pbx().hangup(idAt('10'));
      pbx().inbound({ extension: '12', number: caller });
      end();
      assert.deepEqual(await next(inbox, 2), ['10 ringing to idle 0 synthetic', '12 idle to ringing 1 synthetic']);
      pbx().answer(idAt('12'));
      assert.deepEqual(await next(inbox), ['12 ringing to talking 1']);
    });
  });
}
