import type { NodeMessage } from 'node-red';
import type { FollowedEvent, MadeCall } from '../calls';
import { canFollow, followEvents, type NodeType, type Result, resultOutputs, type ThreeCxError } from '../pbx';
import type { FollowedCalls, Settle } from './followed-calls';
import { Settings } from './settings';
import type { ConnectionUser, NodeAPI, OperationNodeDef } from './types';

/** `msg.payload` of the outputs *answered* and *ended*: the event of the extension that made the call. */
export type FollowPayload = FollowedEvent;

/**
 * Makes a node send the message that made a call again when the call is answered, and when it has ended.
 *
 * @param calls that the nodes of its connection follow; null without a connection
 * @returns begins to look for a call, and must be called before a command is sent; null for a node that does not follow
 *   calls
 */
export function followCalls(
  RED: NodeAPI,
  node: ConnectionUser,
  def: OperationNodeDef,
  type: NodeType,
  calls: FollowedCalls | null,
): (() => Settle) | null {
  if (calls === null || !canFollow(type) || !isWanted(RED, node, def)) return null;
  const onEvent = (event: FollowedEvent, msg: NodeMessage): void => {
    const again = event.event === 'ended' ? msg : RED.util.cloneMessage(msg);
    // A flow may change its message, and other nodes get the same event.
    const payload: FollowPayload = structuredClone(event);
    const output = resultOutputs.length + followEvents.indexOf(event.event);
    node.send([...Array<null>(output).fill(null), Object.assign(again, { payload })]);
  };
  const follower = { id: node.id, definition: definitionOf(def), onEvent };
  const end = calls.follow(follower);
  node.on('close', (removed: boolean, done: () => void) => {
    end(removed);
    done();
  });
  return () => calls.expect(follower);
}

/** @returns the call that a command has made; null when it was refused */
export function madeCallOf({ ok, given, callId = null }: Result): MadeCall | null {
  const { extension, destination } = given;
  return ok && extension !== undefined && destination !== undefined ? { extension, destination, callId } : null;
}

/** A wrong setting is logged, but does not stop the flow. */
function isWanted(RED: NodeAPI, node: ConnectionUser, def: OperationNodeDef): boolean {
  try {
    return new Settings(RED, node, { ...def }).flag('follow');
  } catch (error) {
    node.warn(`${(error as ThreeCxError).message}; it is not used`);
    return false;
  }
}

/**
 * The properties that make it a different node if they change: all but its place and its wires, as in Node-RED itself.
 */
function definitionOf(def: OperationNodeDef): string {
  const own = Object.entries(def).filter(([property]) => !['x', 'y', 'wires'].includes(property));
  return JSON.stringify(own.sort(([a], [b]) => a.localeCompare(b)));
}
