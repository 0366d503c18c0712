import type { NodeMessageInFlow, NodeStatus } from 'node-red';
import { type Result, ThreeCxError } from '../http-api';
import { apiOf, useConnection } from './connection';
import { migrate } from './migrate';
import { payloadOf } from './payload';
import { argumentValue } from './typed-values';
import { type NodeState, statusOf } from './status';
import type { ConnectionUser, NodeAPI, NodeOperation, OperationNodeDef } from './types';

type Message = NodeMessageInFlow & { operation?: unknown };

/** The operations that a node offers, by their value of `operation`; the first is the default. */
export type NodeOperations = Readonly<Record<string, NodeOperation>>;

/** Registers a node that carries out operations and does nothing else. */
export function registerOperationNode(RED: NodeAPI, type: string, operations: NodeOperations): void {
  RED.nodes.registerType(type, function (this: ConnectionUser, def: OperationNodeDef) {
    RED.nodes.createNode(this, def);
    carryOutOperations(RED, this, migrate(def), operations);
  });
}

/**
 * Makes a node carry out one operation per message: done to output 1, refused to output 2, and to Catch nodes, with
 * `msg.error.code`, what could not be asked or was not answered.
 */
export function carryOutOperations(
  RED: NodeAPI,
  node: ConnectionUser,
  def: OperationNodeDef,
  operations: NodeOperations,
): void {
  const [byDefault = ''] = Object.keys(operations);
  const connection = useConnection(RED, node, def.server);
  const underWay: string[] = [];
  let last: NodeState['last'] = null;
  let shown: NodeStatus = {};
  let closed = false;

  node.showHealth = () => {
    // What a closed node shows would stand under the one that took its place.
    if (closed) return;
    const configured = connection?.api != null;
    const status = statusOf(RED, { configured, health: connection?.health ?? 'unknown', underWay, last });
    if (status.text === shown.text && status.fill === shown.fill) return;
    shown = status;
    node.status(status);
  };
  node.showHealth();
  node.on('close', () => {
    closed = true;
  });

  const carryOut = async (msg: Message): Promise<Result> => {
    const name = def.operation === 'msg' ? msg.operation : (def.operation ?? byDefault);
    const { client } = apiOf(connection);
    const operation = typeof name === 'string' && Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined || typeof name !== 'string') {
      throw new ThreeCxError('invalid-argument', `operation must be one of ${Object.keys(operations).join(', ')}`);
    }
    underWay.push(name);
    node.showHealth();
    try {
      const args: Record<string, unknown> = { ...operation.fixed };
      for (const argument of operation.arguments) args[argument] = await argumentValue(RED, node, def, argument, msg);
      const result = await client.execute(operation.api, args);
      msg.payload = payloadOf(name, operation, result);
      return result;
    } finally {
      underWay.splice(underWay.indexOf(name), 1);
    }
  };

  node.on('input', (msg, send, done) => {
    const finish = (outcome: NonNullable<NodeState['last']>, error?: unknown): void => {
      last = outcome;
      node.showHealth();
      done(error as Error | undefined);
    };
    carryOut(msg).then(
      (result) => {
        send(result.ok ? msg : [null, msg]);
        finish({ result });
      },
      (error: unknown) => {
        finish({ code: error instanceof ThreeCxError ? error.code : 'unexpected-answer' }, error);
      },
    );
  });
}
