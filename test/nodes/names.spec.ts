import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import { type NamedConnection, offers } from '../../lib/pbx';
import { statusOf } from '../../lib/node-red/status';
import type { NodeAPI } from '../../lib/node-red/types';
import type { CallsPayload } from '../../lib/node-red/watch-node';
import { type Simulator, startSimulator } from '../../simulator';
import { calls, type Flow, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { Inbox } from '../../support/inbox';
import { until } from '../../support/until';
import { credentials, startV20 } from './v20-support';

const caller = '015112345678';
const e164 = '+4915112345678';
const names = [
  { number: '10', name: 'Anna' },
  { number: '+49 (0)151 / 123 456 78', name: 'Grandma' },
  { number: '8000', name: 'Help desk' },
];
const watch = { type: '3cx-call-monitor', operation: 'watch', wires: [['done']], initial: true };

/** The fields of a payload about names. */
const who = ({ extensionName, number, e164, name }: Partial<NamedConnection>): unknown[] => [
  ...[extensionName, number, e164, name],
];

for (const api of ['http', 'v20'] as const) {
  describe(`Names and numbers, by ${api},`, () => {
    useNodeRed();
    let simulator: Simulator;
    /** A name that is not in the list: only 3CX V20 has it. */
    const told = (name: string): string | null => (api === 'v20' ? name : null);

    beforeEach(async () => {
      simulator = await (api === 'v20' ? startV20() : startSimulator({ delay: 0 }));
    });
    afterEach(() => simulator.close());

    const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? '';
    const load = (
      properties: Properties & { type: string },
      server: Properties = { country: 'DE', names },
      nodes: Properties[] = [],
    ): Promise<Flow> =>
      loadFlow(
        properties,
        { api, url: api === 'v20' ? simulator.v20Url : simulator.url, pollInterval: 100, ...server },
        { nodes, credentials: { server: credentials } },
      );

    async function watching(server?: Properties): Promise<{ flow: Flow; inbox: Inbox }> {
      const flow = await load(watch, server);
      const inbox = new Inbox(helper.getNode('done'));
      await until(() => calls(flow.node, 'status').length > 1, 'the first list of calls');
      // 3CX V20 tells names a moment later.
      const peers = (): boolean => simulator.v20?.requests.some(({ path }) => path.includes('/Peers')) ?? true;
      await until(peers, 'the names');
      return { flow, inbox };
    }

    it('stand in each event', async () => {
      const { inbox } = await watching();
      simulator.pbx.inbound({ extension: '10', queue: '8000', number: caller });
      const ringing = await inbox.event();
      assert.deepEqual(who(ringing), ['Anna', caller, e164, 'Grandma']);
      assert.deepEqual(ringing.queue, { number: '8000', name: 'Support: Süd; EU' });
      simulator.pbx.answer(idAt('10'));
      assert.deepEqual(who(await inbox.event()), ['Anna', caller, e164, 'Grandma']);
      simulator.pbx.hangup(idAt('10'));
      assert.deepEqual(who(await inbox.event()), ['Anna', caller, e164, 'Grandma']);
    });

    it('stand in the events of a call between extensions, which has no international form', async () => {
      const { inbox } = await watching();
      simulator.pbx.makeCall('11', '10');
      const [first, second] = [await inbox.event(), await inbox.event()].sort((a, b) =>
        a.extension.localeCompare(b.extension),
      );
      assert.deepEqual(first && who(first), ['Anna', '11', null, told('Extension 11')]);
      assert.deepEqual(second && who(second), [told('Extension 11'), '10', null, 'Anna']);
    });

    it('stand in events at the start, and in the answer to a message', async () => {
      simulator.pbx.inbound({ extension: '10', number: caller });
      const { flow, inbox } = await watching();
      const initial = await inbox.event();
      assert.deepEqual([initial.initial, ...who(initial)], [true, 'Anna', caller, e164, 'Grandma']);
      for (let asked = 0; asked < 2; asked++) {
        const { msg } = await flow.send({});
        assert.deepEqual((msg.payload as CallsPayload).calls.map(who), [['Anna', caller, e164, 'Grandma']]);
      }
    });

    it('stand in each state, with the call that causes it', async () => {
      const flow = await load({ ...watch, events: ['state'], extensions: '10' });
      const inbox = new Inbox(helper.getNode('done'));
      await until(() => calls(flow.node, 'status').length > 1, 'the first list of calls');
      const idle = (await inbox.next()).payload as Partial<NamedConnection>;
      assert.deepEqual(who(idle), ['Anna', null, null, null]);
      simulator.pbx.inbound({ extension: '10', number: caller });
      const ringing = (await inbox.next()).payload as Partial<NamedConnection>;
      assert.deepEqual(who(ringing), ['Anna', caller, e164, 'Grandma']);
    });

    it('stand in the answers of showallcalls and getcallerid', async () => {
      simulator.pbx.inbound({ extension: '10', number: caller });
      const flow = await load({ type: '3cx-call-monitor', operation: 'msg' });
      const list = (await flow.send({ operation: 'showallcalls' })).msg.payload as { connections: NamedConnection[] };
      const ten = list.connections.find(({ extension }) => extension === '10');
      assert.deepEqual(ten && who(ten), ['Anna', caller, e164, 'Grandma']);
      const { msg } = await flow.send({ operation: 'getcallerid', extension: '10' });
      assert.deepEqual(who(msg.payload as object), [undefined, caller, e164, 'Grandma']);
      const idle = (await flow.send({ operation: 'getcallerid', extension: '11' })).msg.payload as object;
      assert.deepEqual(who(idle), [undefined, null, null, null]);
    });

    it('stand under a node that asked who is calling', async () => {
      const { node, send } = await load({ type: '3cx-call-monitor', operation: 'getcallerid' });
      simulator.pbx.inbound({ extension: '10', number: caller });
      await send({ extension: '10' });
      assert.match((calls(node, 'status').at(-1) as { text: string }).text, /^Grandma, \d\d:\d\d$/);
    });

    it('are those of the connection that was deployed last', async () => {
      simulator.pbx.inbound({ extension: '10', number: caller });
      await watching();
      await helper.unload();
      const flow = await load(watch, { country: 'DE', names: [{ number: '10', name: 'Ben' }] });
      const { msg } = await flow.send({});
      assert.deepEqual((msg.payload as CallsPayload).calls.map(who), [['Ben', caller, e164, null]]);
    });

    it('without a country and a list are only what the number and the PBX say', async () => {
      const { inbox } = await watching({});
      simulator.pbx.inbound({ extension: '10', number: caller });
      assert.deepEqual(who(await inbox.event()), [told('Extension 10'), caller, null, null]);
      simulator.pbx.clearCalls();
      await inbox.words(2);
      simulator.pbx.inbound({ extension: '10', number: e164 });
      assert.deepEqual(who(await inbox.event()), [told('Extension 10'), e164, e164, null]);
    });

    it('reach a thousand nodes, each with a payload of its own', async () => {
      const nodes = Array.from({ length: 1_000 }, (_, index) => ({
        ...{ ...watch, id: `watch-${index}`, z: 'tab', server: 'server', wires: [['done']] },
      }));
      const flow = await load(watch, { country: 'DE', names }, nodes);
      const inbox = new Inbox(helper.getNode('done'));
      await until(() => calls(flow.node, 'status').length > 1, 'the first list of calls');
      simulator.pbx.inbound({ extension: '10', number: caller });
      const payloads = new Set<unknown>();
      for (let count = 0; count < 1_001; count++) {
        const event = await inbox.event();
        assert.deepEqual(who(event), ['Anna', caller, e164, 'Grandma']);
        payloads.add(event);
      }
      assert.equal(payloads.size, 1_001);
    });
  });
}

describe('A status', () => {
  const RED = { _: (key: string, { number = '' } = {}) => `${key.split('.').at(-1)} ${number}` } as unknown as NodeAPI;
  const nothing = { configured: true, health: 'ok', underWay: [], last: null } as const;
  const offer = offers['3cx-call-control'].makecall;

  it('names the party that a node calls, as far as the room allows, and the time', () => {
    const task = { name: 'makecall', offer, callee: 'Anna Muster-Mann, Sales' };
    const result = { ok: true, given: {}, answer: '' } as const;
    const at = new Date(2026, 0, 1, 9, 5);
    assert.equal(statusOf(RED, { ...nothing, underWay: [task] }).text, 'calling-number Anna Mu…');
    assert.equal(statusOf(RED, { ...nothing, last: { at, task, result } }).text, 'makecall Anna M…, 09:05');
    const short = { ...task, callee: 'A. B' };
    assert.equal(statusOf(RED, { ...nothing, last: { at, task: short, result } }).text, 'makecall A  B, 09:05');
  });
});

describe('The country and the names of a connection', () => {
  useNodeRed();

  const load = (server: Properties): Promise<Flow> =>
    loadFlow({ type: '3cx-call-control', operation: 'drop' }, { url: 'http://127.0.0.1:9', ...server });

  for (const [what, server, message] of [
    ['a country that there is not', { country: 'XX' }, 'country must be the two letters of a country, such as DE'],
    ['the name of a country', { country: 'Germany' }, 'country must be the two letters of a country, such as DE'],
    ['names that are no list', { names: { 10: 'Anna' } }, 'names must be a list of numbers and names'],
    ['a name that is no text', { names: [{ number: '10', name: ['Anna'] }] }, /^names: entry 1: name must be text/],
    ['a variable that is not set', { names: [{ number: '${NO_NUMBER}', name: 'Anna' }] }, /NO_NUMBER is not set$/],
  ] as const) {
    it(`may be wrong, which is logged once and without quoting names: ${what}`, async () => {
      const { connection, send } = await load(server);
      const [said, ...others] = calls(connection, 'error');
      assert.deepEqual(others, []);
      assert.match(String(said), message instanceof RegExp ? message : new RegExp(`^${message}$`));
      assert.doesNotMatch(String(said), /Anna|Germany/);
      assert.equal((await send({ extension: '10' })).msg.error?.code, 'invalid-argument');
    });
  }

  for (const [what, server] of [
    ['nothing', {}],
    ['empty', { country: '', names: [] }],
    ['small letters', { country: 'de' }],
    ['a variable', { country: '${COUNTRY}', names: [{ number: '${COUNTRY_CODE}', name: '${COUNTRY}' }] }],
    ['empty entries', { names: [{}, { number: '' }, { name: 'Anna' }, null, { number: 10, name: 'Ben' }] }],
  ] as const) {
    it(`may be ${what}`, async () => {
      Object.assign(process.env, { COUNTRY: 'AT', COUNTRY_CODE: '+43' });
      const { connection, send } = await load(server);
      assert.deepEqual(calls(connection, 'error'), []);
      assert.equal((await send({ extension: '10' })).msg.error?.code, 'unreachable');
    });
  }
});
