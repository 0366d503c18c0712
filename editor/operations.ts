import {
  type ArgumentName,
  argumentsOf,
  type NodeType,
  type Offer,
  offerOf,
  offersOf,
  operationOf,
  watchedBy,
  type Watched,
  watchOperation,
} from '../lib/pbx';
import { asText, current, defaultOf, hasEnvironment, type Reader } from './fields';

/** A node that has operations. */
export interface OperationNode extends EditorNode {
  readonly type: NodeType;
}

/** @returns whether the node sends messages without an input */
export function isWatching(node: EditorNode, read: Reader): boolean {
  return watched(node, read) !== null;
}

/** @returns the subject that the node watches; null for a node that does not watch */
export function watched(node: EditorNode, read: Reader): Watched | null {
  const operation = read(node, 'operation') ?? defaultOf(node, 'operation');
  return operation === watchOperation ? watchedBy(node.type) : null;
}

/** @returns null while the operation is not known, because a message chooses it, or the node does not have one */
export function chosenOffer(node: OperationNode): Offer | null {
  return offerOf(node.type, asText(current(node, 'operation')));
}

/** @returns every offer that may be needed, also with `msg`, an environment variable or a later version's operation */
export function possibleOffers(node: OperationNode): Offer[] {
  const offer = chosenOffer(node);
  if (offer !== null) return [offer];
  return isWatching(node, current) ? [] : Object.values(offersOf(node.type));
}

/** @returns the arguments that the chosen operation may need */
export function usedArguments(node: OperationNode): ArgumentName[] {
  return possibleOffers(node).flatMap(argumentsOf);
}

/** @returns the arguments that the node has fields for */
export function allArguments(node: OperationNode): Set<ArgumentName> {
  return new Set(Object.values(offersOf(node.type)).flatMap(argumentsOf));
}

/** @returns whether the chosen operation may call a number that a connection can forbid */
export function mayDial(node: OperationNode): boolean {
  return possibleOffers(node).some(({ operation }) => operationOf(operation).dials);
}

/** Is the operation one of this node's? */
export function validateOperation(node: OperationNode, value: unknown = defaultOf(node, 'operation')): Judgement {
  const name = asText(value);
  const isKnown =
    name === 'msg' ||
    hasEnvironment(name) ||
    offerOf(node.type, name) !== null ||
    (name === watchOperation && watchedBy(node.type) !== null);
  return isKnown || node._('threecx.error.operation', { operation: value });
}
