import assert from 'node:assert/strict';
import type { ProfilePayload } from '../../lib/node-red/profile-node';
import { type Simulator, startSimulator } from '../../simulator';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { until } from '../../support/until';

/** A deploy drops what is on its way between two nodes, so what the nodes send is taken where they send it. */
const tellSent = `module.exports = (RED) => {
  RED.hooks.add('onSend.test', (sent) => {
    for (const { source, msg } of sent) process.send({ ...msg.payload, node: source.id });
  });
};`;

const watching = (id: string, z: string, properties: object = {}): Record<string, unknown>[] => [
  {
    ...{ id, z, type: '3cx-agent-status', server: 'pbx', operation: 'watch', name: '', extensions: '10', interval: 5 },
    ...{ wires: [[`end-${id}`]], ...properties },
  },
  { id: `end-${id}`, z, type: 'junction', wires: [[]] },
];

/** In a Node-RED of its own: the test helper knows no partial deploys. */
describe('A deploy while profiles are watched', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRed;
  const sent: (ProfilePayload & { node: string })[] = [];
  let flows: Record<string, unknown>[];

  before(async () => {
    simulator = await startSimulator({ delay: 0 });
    flows = [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'other', type: 'tab', label: 'other' },
      { id: 'pbx', type: '3cx-config', url: simulator.url },
      ...watching('one', 'tab'),
      ...watching('two', 'other'),
    ];
    nodeRed = await startNodeRed({
      flows,
      module: tellSent,
      onTold: (told) => sent.push(told as (typeof sent)[number]),
    });
    await looks(1);
  });
  after(async () => {
    await (nodeRed as NodeRed | undefined)?.stop();
    await (simulator as Simulator | undefined)?.close();
  });

  const looks = async (count: number): Promise<void> => {
    const wanted = simulator.requestCount + count;
    await until(() => simulator.requestCount >= wanted, 'look-ups');
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

  for (const [index, type] of (['full', 'flows', 'nodes'] as const).entries()) {
    it(`(${type}) announces nothing again and loses nothing`, async () => {
      const [away, back] = [`Custom ${(index % 2) + 1}` as 'Custom 1' | 'Custom 2', 'Available' as const];
      for (let time = 0; time < 3; time++) await deploy(type);
      await looks(2);
      assert.deepEqual(sent, []);
      const deployed = deploy(type);
      simulator.pbx.setProfile('10', away);
      await deployed;
      await until(() => sent.length >= 2, 'the change');
      await looks(2);
      const words = sent
        .splice(0)
        .map(({ node, profileName, previousProfileName }) => [node, previousProfileName, profileName].join(' '));
      assert.deepEqual(words.sort(), [`one ${back} ${away}`, `two ${back} ${away}`]);
      simulator.pbx.setProfile('10', back);
      await until(() => sent.length >= 2, 'the change back');
      sent.splice(0);
    });
  }

  it('leaves no complaint in the log', () => {
    assert.doesNotMatch(nodeRed.log(), /\[(warn|error)\] \[|listeners/);
  });
});
