import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { eventNames } from '../../lib/pbx';
import { type Simulator, startSimulator } from '../../simulator';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { until } from '../../support/until';

const caller = '+4915112345678';

/** A deploy drops what is on its way between two nodes, so what the monitors send is taken where they send it. */
const tellSent = `module.exports = (RED) => {
  RED.hooks.add('onSend.test', (sent) => {
    for (const { source, msg } of sent) process.send({ ...msg.payload, monitor: source.id });
  });
};`;

const all = { events: [...eventNames] };
const monitor = (id: string, z: string): Record<string, unknown>[] => [
  {
    ...{ id, z, type: '3cx-call-monitor', server: 'pbx', operation: 'watch', name: '' },
    ...all,
    wires: [[`end-${id}`]],
  },
  { id: `end-${id}`, z, type: 'junction', wires: [[]] },
];

/** In a Node-RED of its own: the test helper knows no partial deploys. */
describe('A deploy during calls', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRed;
  const arrivals = new EventEmitter();
  const events: { monitor: string; event: string; extension: string; seq: number; call: string }[] = [];
  let flows: Record<string, unknown>[];

  before(async () => {
    simulator = await startSimulator({ delay: 0 });
    flows = [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'other', type: 'tab', label: 'other' },
      { id: 'pbx', type: '3cx-config', url: simulator.url, pollInterval: 100 },
      // The first one is deployed again while the second one keeps the loop going.
      ...monitor('one', 'tab'),
      ...monitor('two', 'other'),
    ];
    nodeRed = await startNodeRed({
      flows,
      module: tellSent,
      onTold: (event) => {
        events.push(event as (typeof events)[number]);
        arrivals.emit('event');
      },
    });
    await polls(2);
  });
  after(async () => {
    await (nodeRed as NodeRed | undefined)?.stop();
    await (simulator as Simulator | undefined)?.close();
  });

  const polls = async (count: number): Promise<void> => {
    const wanted = simulator.requestCount + count;
    await until(() => simulator.requestCount >= wanted, 'polls');
  };
  const deploy = async (type: 'full' | 'flows' | 'nodes'): Promise<void> => {
    flows = flows.map((node) => (node.id === 'one' ? { ...node, name: `${String(node.name)}.` } : node));
    const response = await fetch(`${nodeRed.url}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type },
      body: JSON.stringify(flows),
    });
    assert.equal(response.status, 204);
  };
  /** Waits for this many events of each of the two nodes, and takes them. */
  const next = async (count: number): Promise<string[]> => {
    while (events.length < 2 * count) await once(arrivals, 'event');
    const of = (name: string): string[] =>
      events.filter(({ monitor }) => monitor === name).map(({ event, extension }) => `${event} ${extension}`);
    const [one, two] = [of('one'), of('two')];
    assert.deepEqual(one, two);
    events.splice(0);
    return one;
  };
  const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? '';

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`(${type}) announces nothing and loses nothing`, async () => {
      const { pbx } = simulator;
      pbx.inbound({ extension: '10', number: caller });
      assert.deepEqual(await next(2), ['ringing 10', 'state 10']);
      for (let time = 0; time < 5; time++) await deploy(type);
      await polls(3);
      assert.deepEqual(events, []);
      const deployed = deploy(type);
      pbx.answer(idAt('10'));
      await deployed;
      assert.deepEqual(await next(2), ['answered 10', 'state 10']);
      pbx.transfer(idAt('10'), '11');
      await Promise.all([deploy(type), deploy(type)]);
      assert.deepEqual(await next(5), ['transferred 10', 'ended 10', 'ringing 11', 'state 10', 'state 11']);
      pbx.clearCalls();
      await deploy(type);
      assert.deepEqual(await next(2), ['ended 11', 'state 11']);
    });
  }

  it('leaves no complaint in the log', () => {
    assert.doesNotMatch(nodeRed.log(), /\[(warn|error)\] \[|listeners/);
  });
});
