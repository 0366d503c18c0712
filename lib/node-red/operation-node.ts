import type { NodeMessageInFlow, NodeStatus } from 'node-red';
import {
  argumentsOf,
  checkArguments,
  type ErrorCode,
  type NodeType,
  offerOf,
  offersOf,
  operationOf,
  type Result,
  ThreeCxError,
} from '../pbx';
import { accessOf, execute, openAccess, useConnection } from './connection';
import { followCalls, madeCallOf } from './follow';
import type { Settle } from './followed-calls';
import { migrate } from './migrate';
import { payloadOf } from './payload';
import { type NodeState, statusOf, type Task } from './status';
import { argumentLabel, argumentValue } from './typed-values';
import type { ConnectionUser, NodeAPI, OperationNodeDef } from './types';

type Message = NodeMessageInFlow & { operation?: unknown };
/** How an operation ended. */
type Outcome = { task: Task; result: Result } | { code: ErrorCode };

/** Registers a node that carries out the operations that the menu has for it. */
export function registerOperationNode(RED: NodeAPI, type: NodeType): void {
  RED.nodes.registerType(type, function (this: ConnectionUser, def: OperationNodeDef) {
    RED.nodes.createNode(this, def);
    carryOutOperations(RED, this, migrate(def), type);
  });
}

/**
 * Makes a node carry out one operation per message. Done goes to output 1, refused to output 2. Requests that could not
 * be sent or got no answer go to Catch nodes, with `msg.error.code`. A node with `follow` sends a message that made a
 * call again, see {@link followCalls}.
 */
export function carryOutOperations(RED: NodeAPI, node: ConnectionUser, def: OperationNodeDef, type: NodeType): void {
  const offered = Object.keys(offersOf(type));
  const [fallback = ''] = offered;
  const connection = useConnection(RED, node, def.server);
  const expectCall = followCalls(RED, node, def, type, openAccess(connection)?.calls.followed ?? null);
  const underWay: Task[] = [];
  let last: NodeState['last'] = null;
  let shown: NodeStatus | null = null;
  let closed = false;

  node.showHealth = () => {
    // A closed node must not show a status: it would appear under its successor.
    if (closed) return;
    const configured = openAccess(connection) !== null;
    const status = statusOf(RED, { configured, health: connection?.health ?? 'unknown', underWay, last });
    if (status.text === shown?.text && status.fill === shown?.fill && shown !== null) return;
    shown = status;
    node.status(status);
  };
  node.showHealth();
  node.on('close', () => {
    closed = true;
  });

  const carryOut = async (msg: Message): Promise<{ task: Task; result: Result; settle: Settle | null }> => {
    const name = def.operation === 'msg' ? msg.operation : (def.operation ?? fallback);
    const access = accessOf(connection);
    const offer = typeof name === 'string' ? offerOf(type, name) : null;
    if (offer === null || typeof name !== 'string') {
      throw new ThreeCxError('invalid-argument', `operation must be one of ${offered.join(', ')}`);
    }
    const task: Task = { name, offer };
    underWay.push(task);
    node.showHealth();
    let settle: Settle | null = null;
    const onStart = (): void => {
      if (expectCall !== null && operationOf(offer.operation).followed) settle = expectCall();
    };
    try {
      const args: Record<string, unknown> = { ...offer.fixed };
      for (const argument of argumentsOf(offer)) args[argument] = await argumentValue(RED, node, def, argument, msg);
      const given = checkArguments(offer.operation, args, (argument) => argumentLabel(def, argument));
      const { destination } = given;
      if (destination !== undefined) {
        task.callee = access.contacts.name(destination) ?? destination;
        node.showHealth();
      }
      const result = await execute(access, offer.operation, args, onStart);
      msg.payload = payloadOf(name, offer, result);
      return { task, result, settle };
    } catch (error) {
      (settle as Settle | null)?.(null);
      throw error;
    } finally {
      underWay.splice(underWay.indexOf(task), 1);
    }
  };

  node.on('input', (msg, send, done) => {
    const finish = (outcome: Outcome, error?: Error): void => {
      last = { ...outcome, at: new Date() };
      node.showHealth();
      done(error);
    };
    carryOut(msg).then(
      ({ task, result, settle }) => {
        // The flow may change the message after it was sent.
        const call = settle && madeCallOf(result);
        const made = call && { call, msg: RED.util.cloneMessage(msg) };
        send(result.ok ? msg : [null, msg]);
        settle?.(made);
        finish({ task, result });
      },
      (error: unknown) => {
        finish({ code: error instanceof ThreeCxError ? error.code : 'unexpected-answer' }, toError(error));
      },
    );
  });
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
