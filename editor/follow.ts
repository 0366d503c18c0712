import { canFollow, followEvents, offerOf, offersOf, operationOf, resultOutputs } from '../lib/pbx';
import { asText, current, defaultOf, type Reader, saved, written } from './fields';
import type { OperationNode } from './operations';

/** @returns whether the operation, or one that a message may ask for, makes a call that can be followed */
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

/** A flow written by hand may say `follow` and not how many `outputs`; for onadd. */
export function countResultOutputs(node: OperationNode): void {
  node.outputs = Math.max(node.outputs, outputsOf(node, saved).length);
}

/** What an output is for, in words. */
export function resultLabel(node: OperationNode, port: number): string {
  const name = [...resultOutputs, ...followEvents][port] ?? '';
  return node._(`threecx.label.${name}`);
}

/** Keeps the number of outputs, and what the editor needs to know for their wires, as the dialog stands. */
export function prepareFollow(node: OperationNode): void {
  const mapOutputs = (): void => {
    const { length } = outputsOf(node, written);
    const map: [string, number][] = [];
    for (let port = 0; port < Math.max(node.outputs, length); port++) {
      map.push([port < node.outputs ? String(port) : `new${port}`, port < length ? port : -1]);
    }
    $('#node-input-outputs').val(JSON.stringify(Object.fromEntries(map)));
  };
  $('#node-input-follow, #node-input-operation').on('change', mapOutputs);
  mapOutputs();
}
