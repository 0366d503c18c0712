import { readFile } from 'node:fs/promises';
import schemaFile from './pbx.schema.json';
import { type PbxDescription, type PbxSetup, setupOf } from './setup';

/** The part of JSON Schema that pbx.schema.json is written in; a test holds what is checked here against ajv. */
interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly pattern?: string;
}

const schema: Schema = schemaFile;
const definitions: Readonly<Record<string, Schema>> = schemaFile.definitions;

/**
 * Reads a set-up from a JSON file.
 *
 * @throws RangeError that begins with the file's name: it isn't there, isn't JSON, or isn't a set-up
 */
export async function readSetup(file: string): Promise<PbxSetup> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new RangeError(`${file}: cannot be read (${code}).`, { cause });
  }
  let value: unknown;
  try {
    // Editors on Windows may put a byte order mark in front.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new RangeError(`${file}: is not JSON.`, { cause });
  }
  return checkSetup(value, file);
}

/**
 * Checks a set-up, and fills in what it leaves out: its form, that no number is there twice, and that all agents are
 * extensions.
 *
 * @param name what the sentence begins with
 * @throws RangeError with the place, as a JSON pointer
 */
export function checkSetup(value: unknown, name = 'pbx'): PbxSetup {
  const problem = problemOf(value, schema, '');
  if (problem !== null) throw new RangeError(`${name}: ${problem}.`);
  const setup = setupOf(value as PbxDescription);
  const badReference = referenceProblemOf(setup);
  if (badReference !== null) throw new RangeError(`${name}: ${badReference}.`);
  return setup;
}

/** @returns the first thing that the schema doesn't allow, or null */
function problemOf(value: unknown, { $ref, ...inline }: Schema, place: string): string | null {
  const {
    type,
    required = [],
    properties = {},
    items,
    pattern,
    description,
  } = $ref === undefined ? inline : (definitions[$ref.replace('#/definitions/', '')] ?? inline);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const where = place === '' ? 'the set-up' : place;
  if (type === 'string') {
    if (typeof value !== 'string') return `${where} must be a string`;
    return pattern === undefined || new RegExp(pattern, 'u').test(value) ? null : `${where} must be ${description}`;
  }
  if (type === 'array') {
    if (!Array.isArray(value)) return `${where} must be an array`;
    return firstOf(value, (item, index) => problemOf(item, items ?? {}, `${place}/${index}`));
  }
  if (!isObject) return `${where} must be an object`;
  const missing = required.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return `${where} must have the property ${JSON.stringify(missing)}`;
  return firstOf(Object.entries(value), ([key, item]) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) return `${where} must not have the property ${JSON.stringify(key)}`;
    return problemOf(item, property, `${place}/${key}`);
  });
}

/** Checks the rules that no schema can express. */
function referenceProblemOf({ extensions, queues, trunk }: PbxSetup): string | null {
  const numbers = new Map<string, string>();
  const twice = (number: string, place: string): string | null => {
    const other = numbers.get(number);
    numbers.set(number, other ?? place);
    return other === undefined ? null : `${place} is ${JSON.stringify(number)}, as ${other} is`;
  };
  const isExtension = new Set(extensions.map(({ number }) => number));
  return (
    firstOf(extensions, ({ number }, index) => twice(number, `/extensions/${index}/number`)) ??
    firstOf(queues, ({ number }, index) => twice(number, `/queues/${index}/number`)) ??
    twice(trunk, '/trunk') ??
    firstOf(queues, ({ agents }, queue) =>
      firstOf(agents, (agent, index) => {
        const place = `/queues/${queue}/agents/${index}`;
        if (!isExtension.has(agent)) return `${place} is ${JSON.stringify(agent)}, which is no extension`;
        if (agents.indexOf(agent) === index) return null;
        return `${place} is ${JSON.stringify(agent)}, who is in the queue already`;
      }),
    )
  );
}

function firstOf<T>(values: readonly T[], problem: (value: T, index: number) => string | null): string | null {
  for (const [index, value] of values.entries()) {
    const found = problem(value, index);
    if (found !== null) return found;
  }
  return null;
}
