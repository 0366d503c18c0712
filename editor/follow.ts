import { canFollow, followEvents, offerOf, offersOf, operationOf, resultOutputs } from '../lib/pbx';
import { asText, current, defaultOf, type Reader, saved, setOutputs, written } from './fields';
import type { OperationNode } from './operations';

/** @returns whether the operation, or one that a message may choose, makes a call that can be followed */
export function mayFollow(node: OperationNode, read: Reader = current): boolean {
  if (!canFollow(node.type)) return false;
  const offer = offerOf(node.type, asText(read(node, 'operation') ?? defaultOf(node, 'operation')));
  const offers = offer === null ? Object.values(offersOf(node.type)) : [offer];
  return offers.some(({ operation }) => operationOf(operation).followed);
}

function outputsOf(node: OperationNode, read: Reader): string[] {
  const isFollowing = mayFollow(node, read) && asText(read(node, 'follow')) === 'true';
  return [...resultOutputs, ...(isFollowing ? followEvents : [])];
}

/** Sets the outputs of a flow written by hand, which may have `follow` without `outputs`; for onadd. */
export function countResultOutputs(node: OperationNode): void {
  node.outputs = Math.max(node.outputs, outputsOf(node, saved).length);
}

/** The label of an output. */
export function resultLabel(node: OperationNode, port: number): string {
  const name = [...resultOutputs, ...followEvents][port] ?? '';
  return node._(`threecx.label.${name}`);
}

/** Keeps the outputs in step with the dialog. */
export function prepareFollow(node: OperationNode): void {
  const mapOutputs = (): void => {
    setOutputs(node, outputsOf(node, written).length);
  };
  $('#node-input-follow, #node-input-operation').on('change', mapOutputs);
  mapOutputs();
}
