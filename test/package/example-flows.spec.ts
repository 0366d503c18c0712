import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import commentNode from '@node-red/nodes/core/common/90-comment.js';
import injectNode from '@node-red/nodes/core/common/20-inject.js';
import catchNode from '@node-red/nodes/core/common/25-catch.js';
import changeNode from '@node-red/nodes/core/function/15-change.js';
import functionNode from '@node-red/nodes/core/function/10-function.js';
import rbeNode from '@node-red/nodes/core/function/rbe.js';
import switchNode from '@node-red/nodes/core/function/10-switch.js';
import templateNode from '@node-red/nodes/core/function/80-template.js';
import type { NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import { type Simulator, startSimulator } from '../../simulator';
import callControl from '../../nodes/3cx-call-control';
import callMonitor from '../../nodes/3cx-call-monitor';
import connection from '../../nodes/3cx-config';
import { useNodeRed } from '../support/flow';

const types = [
  ...[connection, callControl, callMonitor, catchNode, changeNode, commentNode],
  ...[functionNode, injectNode, rbeNode, switchNode, templateNode],
];
const caller = '+4915112345678';

interface FlowNode {
  id: string;
  type: string;
  name?: string;
}

/** Played on the simulator: what arrives at the debug nodes, where a user puts something of the own. */
describe('The example flow', () => {
  useNodeRed();
  let simulator: Simulator;
  let nodes: FlowNode[];
  /** What has arrived so far: the name of the debug node, and the message. */
  let arrived: [name: string, msg: NodeMessage][];
  let isOpen = false;

  const load = async (file: string): Promise<void> => {
    const flow = JSON.parse(readFileSync(join(resolve(__dirname, '../../examples'), file), 'utf8')) as FlowNode[];
    nodes = flow.map((node) => {
      if (node.type === '3cx-config') return { ...node, url: simulator.url, pollInterval: 100 };
      return node.type === 'debug' ? { ...node, type: 'helper' } : node;
    });
    arrived = [];
    await helper.load(types, nodes);
    for (const { id, name = '' } of nodes.filter(({ type }) => type === 'helper')) {
      helper.getNode(id).on('input', (msg) => arrived.push([name, msg]));
    }
    await until(() => simulator.requestCount > 0);
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (isOpen && !condition()) await turn();
  };
  /** Waits for so many messages in all, and tells at which nodes they arrived. */
  const names = async (count: number): Promise<string[]> => {
    await until(() => arrived.length >= count);
    return arrived.map(([name]) => name);
  };
  const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? '';

  beforeEach(async () => {
    isOpen = true;
    simulator = await startSimulator({ delay: 0 });
  });
  afterEach(async () => {
    isOpen = false;
    await simulator.close();
  });

  it('"start here" shows a call from beginning to end', async () => {
    await load('0 start here.json');
    simulator.pbx.inbound({ extension: '10', number: caller });
    await names(1);
    simulator.pbx.answer(idAt('10'));
    await names(2);
    simulator.pbx.clearCalls();
    await names(3);
    simulator.pbx.inbound({ extension: '10', number: caller });
    await names(4);
    simulator.pbx.clearCalls();
    assert.deepEqual(await names(6), ['rings', 'talks', 'over', 'rings', 'over', 'missed']);
  });

  it('"music pauses" pauses while the phone rings or talks, whatever other phones do', async () => {
    await load('6 music pauses while a phone rings or talks.json');
    simulator.pbx.inbound({ extension: '11', number: caller });
    simulator.pbx.inbound({ extension: '10', number: caller });
    assert.deepEqual(await names(1), ['pause the player']);
    simulator.pbx.answer(idAt('10'));
    simulator.pbx.makeCall('12', '10');
    await until(() => simulator.pbx.connectionsOf('10').length === 2);
    simulator.pbx.hangup(idAt('10'));
    simulator.pbx.hangup(idAt('10'));
    assert.deepEqual(await names(2), ['pause the player', 'let the player play']);
  });

  it('"missed call" sends one message for a call that nobody took, and none for one that a colleague took', async () => {
    await load('7 missed call to a message.json');
    simulator.pbx.inbound({ queue: '8000', number: caller });
    const asked = simulator.requestCount;
    await until(() => simulator.requestCount > asked + 3);
    simulator.pbx.answer(idAt('11'));
    const answered = simulator.requestCount;
    await until(() => simulator.requestCount > answered + 3);
    simulator.pbx.clearCalls();
    simulator.pbx.inbound({ queue: '8000', number: '+49301' });
    const again = simulator.requestCount;
    await until(() => simulator.requestCount > again + 8);
    simulator.pbx.clearCalls();
    assert.deepEqual(await names(1), ['send the message']);
    assert.match(
      String(arrived[0]?.[1].payload),
      /^Missed call from \+49301 through Support: Süd; EU, [\d.]+ seconds at 10 11 100 101 $/,
    );
  });

  it('"busy light" shows what the extension does', async () => {
    await load('8 busy light.json');
    simulator.pbx.makeCall('11', '10');
    await names(1);
    simulator.pbx.answer(idAt('10'));
    await names(2);
    simulator.pbx.hold(idAt('10'));
    await names(3);
    simulator.pbx.clearCalls();
    assert.deepEqual(await names(4), ['blinking', 'red', 'red', 'off']);
  });

  it('"did my call happen" tells of the own calls only', async () => {
    await load('9 did my call happen.json');
    simulator.pbx.makeCall('10', '11');
    simulator.pbx.answer(idAt('11'));
    const button = nodes.find(({ type }) => type === 'inject')?.id ?? '';
    simulator.pbx.clearCalls();
    helper.getNode(button).receive({});
    await until(() => simulator.pbx.connectionsOf('10000').length > 0);
    simulator.pbx.answer(idAt('10000'));
    await names(1);
    simulator.pbx.clearCalls();
    await names(2);
    assert.deepEqual(
      arrived.map(([name, { payload, ...msg }]) => {
        const { event, outcome } = payload as { event: string; outcome: string | null };
        return [name, event, outcome, (msg as { destination?: string }).destination];
      }),
      [
        ['what became of it', 'answered', null, '+4930111'],
        ['what became of it', 'ended', 'answered', '+4930111'],
      ],
    );
  });
});
