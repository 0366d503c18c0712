import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const examplesFolder = resolve(__dirname, '../examples');
/** Modules beside the core nodes that an example may use. */
export const otherModules = ['@flowfuse/node-red-dashboard'];

export type FlowNode = Record<string, unknown> & {
  id: string;
  type: string;
  name?: string;
  x?: number;
  y?: number;
  wires?: string[][];
  links?: string[];
};

/** The names of the example files, in the order of the import menu. */
export function exampleFiles(): string[] {
  return readdirSync(examplesFolder).sort();
}

export function readExample(file: string): FlowNode[] {
  return JSON.parse(readFileSync(join(examplesFolder, file), 'utf8')) as FlowNode[];
}
