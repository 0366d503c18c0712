import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ApiType, lacksOf, type NodeType, offerOf, offers } from '../lib/pbx';

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

/** The things that an example shows less of on a way to the PBX, although it runs there. */
const limits: Record<ApiType, Record<string, string>> = {
  http: {},
  v20: {
    '01 call control.json':
      'the buttons with _picks up_ work only for phones that the PBX can control, such as desk phones that it has set up',
    '12 home - busy sign.json':
      'a call on hold may show as talking. Nobody has seen yet whether the Call Control API shows that a call is on hold',
  },
};

/** @returns why an example cannot run that way: it has an operation that there is nothing for; null when it can */
export function lackOfExample(file: string, api: ApiType): string | null {
  const { operations } = lacksOf(api);
  const lacks = readExample(file).flatMap(({ type, operation }) => {
    const offer = type in offers ? offerOf(type as NodeType, String(operation)) : null;
    return offer === null ? [] : (operations[offer.operation] ?? []);
  });
  return lacks[0] ?? null;
}

/** @returns what an example that runs that way shows less of; null where it shows everything */
export function limitOfExample(file: string, api: ApiType): string | null {
  return limits[api][file] ?? null;
}

export function readExample(file: string): FlowNode[] {
  return JSON.parse(readFileSync(join(examplesFolder, file), 'utf8')) as FlowNode[];
}
