import type { NodeMessageInFlow } from 'node-red';
import { type Result, ThreeCxError } from '../http-api';
import { useConnection } from './connection';
import { payloadOf } from './payload';
import { argumentValue } from './typed-values';
import { type NodeState, statusOf } from './status';
import type { ConnectionNode, ConnectionUser, NodeAPI, NodeOperation, OperationNodeDef } from './types';

type Message = NodeMessageInFlow & { operation?: unknown };

/**
 * Registers a node that carries out one operation per message: done to output 1, refused to output 2, and to Catch
 * nodes, with `msg.error.code`, what could not be asked or was not answered.
 *
 * @param type of the node
 * @param operations those it offers, by their value of `operation`; the first is the default
 */
export function registerOperationNode(
  RED: NodeAPI,
  type: string,
  operations: Readonly<Record<string, NodeOperation>>,
): void {
  const [byDefault = ''] = Object.keys(operations);

  RED.nodes.registerType(type, function (this: ConnectionUser, def: OperationNodeDef) {
    RED.nodes.createNode(this, def);
    const connection = useConnection(RED, this, def.server);
    const underWay: string[] = [];
    let last: NodeState['last'] = null;
    let closed = false;

    this.showHealth = () => {
      // What a closed node shows would stand under the one that took its place.
      if (closed) return;
      const configured = connection?.client != null;
      this.status(statusOf(RED, { configured, health: connection?.health ?? 'unknown', underWay, last }));
    };
    this.showHealth();
    this.on('close', () => {
      closed = true;
    });

    const carryOut = async (msg: Message): Promise<Result> => {
      const name = def.operation === 'msg' ? msg.operation : (def.operation ?? byDefault);
      const client = clientOf(connection);
      const operation = typeof name === 'string' && Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (operation === undefined || typeof name !== 'string') {
        throw new ThreeCxError('invalid-argument', `operation must be one of ${Object.keys(operations).join(', ')}`);
      }
      underWay.push(name);
      this.showHealth();
      try {
        const args: Record<string, unknown> = { ...operation.fixed };
        for (const argument of operation.arguments) args[argument] = await argumentValue(RED, this, def, argument, msg);
        const result = await client.execute(operation.api, args);
        msg.payload = payloadOf(name, operation, result);
        return result;
      } finally {
        underWay.splice(underWay.indexOf(name), 1);
      }
    };

    this.on('input', (msg, send, done) => {
      const finish = (outcome: NonNullable<NodeState['last']>, error?: unknown): void => {
        last = outcome;
        this.showHealth();
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
  });
}

function clientOf(connection: ConnectionNode | null): NonNullable<ConnectionNode['client']> {
  if (connection === null) throw new ThreeCxError('invalid-argument', 'server: no 3CX connection is chosen');
  if (connection.client === null) {
    throw connection.problem ?? new ThreeCxError('closed', 'the connection was closed');
  }
  return connection.client;
}
