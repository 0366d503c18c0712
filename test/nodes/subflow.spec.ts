import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import { type Simulator, startSimulator } from '../../simulator';
import callControl from '../../nodes/3cx-call-control';
import callMonitor from '../../nodes/3cx-call-monitor';
import connection from '../../nodes/3cx-config';
import { useNodeRed } from '../../support/flow';
import { until } from '../../support/until';

/** A subflow whose properties are an extension and a connection. */
const subflow = {
  id: 'sub',
  type: 'subflow',
  name: 'hang up',
  env: [
    { name: 'EXTENSION', type: 'str', value: '12' },
    { name: 'PBX', type: '3cx-config', value: '' },
  ],
  in: [{ wires: [{ id: 'drop-inside' }] }],
  out: [{ wires: [{ id: 'drop-inside', port: 0 }] }, { wires: [{ id: 'watch-inside', port: 0 }] }],
};
// Node-RED treats a node without a place on the canvas as a configuration node.
const inside = { z: 'sub', server: '${PBX}', wires: [], x: 100, y: 100 };
const nodes = [
  { id: 'tab', type: 'tab', label: 'test' },
  subflow,
  ...[
    { id: 'drop-inside', type: '3cx-call-control', operation: 'drop', extension: '${EXTENSION}', extensionType: 'str' },
    { id: 'watch-inside', type: '3cx-call-monitor', extensions: '${EXTENSION}', events: ['ringing', 'ended'] },
  ].map((node) => ({ ...node, ...inside })),
  ...['done', 'events'].map((id) => ({ id, z: 'tab', type: 'helper' })),
];
const instance = (value: string, extension: string): object => ({
  id: 'instance',
  type: 'subflow:sub',
  z: 'tab',
  x: 100,
  y: 100,
  env: [
    { name: 'PBX', type: 'conf-type', value },
    { name: 'EXTENSION', type: 'str', value: extension },
  ],
  wires: [['done'], ['events']],
});

describe('In a subflow', () => {
  useNodeRed();
  let simulators: Simulator[];
  beforeEach(async () => {
    simulators = [await startSimulator(), await startSimulator()];
  });
  afterEach(() => Promise.all(simulators.map((simulator) => simulator.close())));

  it('extension and connection can be properties of it', async () => {
    const [first, second] = simulators as [Simulator, Simulator];
    const connections = simulators.map(({ url }, index) => {
      return { id: `pbx${index}`, type: '3cx-config', url, pollInterval: 100 };
    });
    const flow = [...nodes, ...connections, instance('pbx1', '10')];
    await helper.load([connection, callControl, callMonitor], flow as Parameters<typeof helper.load>[1]);
    const received = async (id: string): Promise<Record<string, unknown>> => {
      const [{ payload }] = (await once(helper.getNode(id), 'input')) as [NodeMessage];
      return payload as Record<string, unknown>;
    };
    await until(() => second.requestCount > 0, 'the first poll');

    const ringing = received('events');
    for (const { pbx } of simulators) for (const extension of ['11', '10']) pbx.inbound({ extension, number: '+491' });
    assert.deepEqual([(await ringing).event, (await ringing).extension], ['ringing', '10']);

    const done = received('done');
    helper.getNode('instance').receive({});
    assert.deepEqual([(await done).ok, (await done).extension], [true, '10']);
    assert.equal(second.pbx.connectionsOf('10').length, 0);
    assert.equal(first.requestCount, 0);
  });
});
