import type { Node, NodeMessageInFlow } from 'node-red';
import { type ArgumentName, fallbackOf, ThreeCxError } from '../pbx';
import { expandEnvironment } from './settings';
import type { NodeAPI, OperationNodeDef } from './types';

/**
 * Reads an argument `x` of a node from the place that its `xType` names: `str`, `msg`, `flow`, `global`, `env` or
 * `jsonata`.
 *
 * @param def the node's properties
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
  const { type, value } = sourceOf(def, argument);
  if (type === 'str') return expandEnvironment(RED, node, argument, value);
  try {
    return await evaluate(RED, node, type, value, msg);
  } catch {
    // An absent property in an absent object is absent; the error of an expression may quote the message.
    if (type === 'msg') return undefined;
    throw new ThreeCxError('invalid-argument', `${argument} cannot be read from ${type}`);
  }
}

/** The source of an argument. */
interface Source {
  type: string;
  value: string;
}

/** An empty text stands for the message property that is named like the argument, as in the core nodes. */
function sourceOf(def: OperationNodeDef, argument: ArgumentName): Source {
  const fallback = fallbackOf(argument);
  const type = textOf(def[`${argument}Type`]) || fallback.type;
  const source = { type, value: textOf(def[argument] ?? fallback.value) };
  return source.type === 'str' && source.value === '' ? { type: 'msg', value: argument } : source;
}

/** The name of an argument in an error: the message property that it comes from, or its own name. */
export function argumentLabel(def: OperationNodeDef, argument: ArgumentName): string {
  const { type, value } = sourceOf(def, argument);
  return type === 'msg' && value !== '' ? `msg.${value}` : argument;
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
