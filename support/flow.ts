import { EventEmitter, once } from 'node:events';
import catchNode from '@node-red/nodes/core/common/25-catch.js';
import type { Node, NodeInitializer, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { ErrorCode } from '../lib/pbx';
import agentStatus from '../nodes/3cx-agent-status';
import callControl from '../nodes/3cx-call-control';
import callMonitor from '../nodes/3cx-call-monitor';
import connection from '../nodes/3cx-config';
import recorder from '../nodes/3cx-recorder';

export type Properties = Record<string, unknown>;

/** Where a message came out, and what it was then. */
export interface Outcome {
  output: 'done' | 'refused' | 'caught';
  msg: NodeMessage & { error?: { message: string; code: ErrorCode } };
}

export interface Flow {
  /** The node under test, as Node-RED made it. */
  node: Node;
  /** The connection. */
  connection: Node;
  /** Sends a message through a node, the one under test where none is named, and waits for it to come out. */
  send: (msg: Properties, id?: string) => Promise<Outcome>;
}

/** The first argument of each call of a method that the test helper watches (`status`, `error`, `warn`, `log`). */
export function calls(node: Node, method: 'status' | 'error' | 'warn' | 'log'): unknown[] {
  // It watches the method of all nodes together.
  const spy = (node as unknown as Record<string, { args: unknown[][]; thisValues: unknown[] }>)[method];
  return spy?.args.filter((_args, index) => spy.thisValues[index] === node).map(([first]) => first) ?? [];
}

/** Node-RED's test server, for all tests of a `describe`; flows are unloaded after each. */
export function useNodeRed(): void {
  before((done) => {
    helper.init(require.resolve('node-red'));
    helper.startServer(done);
  });
  after((done) => {
    helper.stopServer(done);
  });
  afterEach(() => helper.unload());
}

/**
 * Loads one node with its connection, a Catch node, and a probe at every way out.
 *
 * @param properties of the node under test, `type` included
 * @param server properties of its connection
 * @param more nodes beside these, the types that they are of, and credentials by node id
 */
export async function loadFlow(
  properties: Properties & { type: string },
  server: Properties,
  more: { nodes?: Properties[]; types?: NodeInitializer[]; credentials?: Record<string, Record<string, string>> } = {},
): Promise<Flow> {
  const flow = [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'server', type: '3cx-config', ...server },
    { id: 'node', z: 'tab', server: 'server', wires: [['done'], ['refused']], ...properties },
    { id: 'catcher', z: 'tab', type: 'catch', scope: null, wires: [['caught']] },
    ...['done', 'refused', 'caught'].map((id) => ({ id, z: 'tab', type: 'helper' })),
    ...(more.nodes ?? []),
  ];
  const types = [connection, callControl, agentStatus, recorder, callMonitor, catchNode, ...(more.types ?? [])];
  await helper.load(types, flow as Parameters<typeof helper.load>[1], more.credentials ?? {});
  const node = helper.getNode('node');
  const outcomes = new EventEmitter();
  for (const output of ['done', 'refused', 'caught'] as const) {
    helper.getNode(output).on('input', (msg) => outcomes.emit('outcome', { output, msg }));
  }
  return {
    node,
    connection: helper.getNode('server'),
    send: async (msg, id = 'node') => {
      const outcome = once(outcomes, 'outcome') as Promise<[Outcome]>;
      helper.getNode(id).receive(msg);
      return (await outcome)[0];
    },
  };
}
