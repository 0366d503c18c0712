import type { Node, NodeMessageInFlow } from 'node-red';
import { type ArgumentName, ThreeCxError } from '../pbx';
import { expandEnvironment } from './settings';
import type { NodeAPI, OperationNodeDef } from './types';

/**
 * Reads an argument `x` of a node from where its `xType` says: `str`, `msg`, `flow`, `global`, `env` or `jsonata`.
 *
 * @param def the node's properties; without `xType` it is the message property of the argument's name
 * @returns undefined when it is absent
 * @throws ThreeCxError `invalid-argument` when it cannot be read, naming the argument
 */
export async function argumentValue(
  RED: NodeAPI,
  node: Node,
  def: OperationNodeDef,
  argument: ArgumentName,
  msg: NodeMessageInFlow,
): Promise<unknown> {
  const { type, value } = source(def, argument);
  if (type === 'str') return expandEnvironment(RED, node, argument, value);
  try {
    return await evaluate(RED, node, type, value, msg);
  } catch {
    // An absent property in an absent object is absent; the error of an expression may quote the message.
    if (type === 'msg') return undefined;
    throw new ThreeCxError('invalid-argument', `${argument} cannot be read from ${type}`);
  }
}

/** What a flow leaves out: the message property that is named like the argument, but `Soft` for the phone. */
function source(def: OperationNodeDef, argument: ArgumentName): { type: string; value: string } {
  const [byDefault, typeByDefault] = argument === 'phone' ? ['Soft', 'str'] : [argument, 'msg'];
  return { type: textOf(def[`${argument}Type`]) || typeByDefault, value: textOf(def[argument] ?? byDefault) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function evaluate(RED: NodeAPI, node: Node, type: string, value: string, msg: NodeMessageInFlow): Promise<unknown> {
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, msg, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
