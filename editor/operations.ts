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

/** @returns whether it is a node that sends messages by itself */
export function isWatching(node: EditorNode, read: Reader): boolean {
  return watched(node, read) !== null;
}

/** @returns what a node watches; null when it does not */
export function watched(node: EditorNode, read: Reader): Watched | null {
  const operation = read(node, 'operation') ?? defaultOf(node, 'operation');
  return operation === watchOperation ? watchedBy(node.type) : null;
}

/** @returns null while it is not known which operation a message asks for, or where none is asked for */
export function chosenOffer(node: OperationNode): Offer | null {
  return offerOf(node.type, asText(current(node, 'operation')));
}

/** @returns all that the node offers: what `msg`, an environment variable and a later version's operation may need */
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
