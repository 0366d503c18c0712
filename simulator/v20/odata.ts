import { Refusal } from './http';

/** A row of an entity set. */
export type Row = Readonly<Record<string, unknown>>;

/** The error body of the Configuration API. */
export function odataError(message: string, target?: string): unknown {
  const details = target === undefined ? [] : [{ code: '', message, target }];
  const text = target === undefined ? message : `${target}:\n${message}`;
  return { error: { code: '', message: text, details } };
}

export function badRequest(message: string, target?: string): Refusal {
  return new Refusal(400, odataError(message, target));
}

/** Rows of one answer when the client doesn't say. */
const pageSize = 50;
const largestTop = 100;
const options = ['$select', '$filter', '$orderby', '$top', '$skip', '$count', '$expand'];
const comparison = /^(\w+) (eq|ne) (?:'((?:[^']|'')*)'|(\w+))$/;

/**
 * Answers a request for an entity set.
 * @param expandable members that are only there when `$expand` names them.
 * @throws Refusal 400 for what isn't understood.
 */
export function collection(
  rows: readonly Row[],
  query: URLSearchParams,
  set: string,
  expandable: string[] = [],
): unknown {
  checkOptions(query);
  const found = sorted(rows.filter(filterOf(query.get('$filter'))), query.get('$orderby'));
  const skip = numberOf(query, '$skip', 0);
  const top = numberOf(query, '$top', pageSize);
  if (top > largestTop) throw badRequest(`The limit of '${largestTop}' for Top query has been exceeded.`);
  const { context, shape } = projection(query, set, expandable);
  return {
    '@odata.context': context,
    ...(query.get('$count') === 'true' ? { '@odata.count': found.length } : {}),
    value: found.slice(skip, skip + top).map(shape),
  };
}

/**
 * Answers a request for one entity.
 * @throws Refusal 400 for what isn't understood.
 */
export function entity(row: Row, query: URLSearchParams, set: string, expandable: string[] = []): unknown {
  checkOptions(query);
  const { context, shape } = projection(query, set, expandable);
  return { '@odata.context': `${context}/$entity`, ...shape(row) };
}

function checkOptions(query: URLSearchParams): void {
  const unknown = [...query.keys()].find((key) => !options.includes(key));
  if (unknown !== undefined) throw badRequest(`The query parameter '${unknown}' is not supported.`);
}

function projection(
  query: URLSearchParams,
  set: string,
  expandable: readonly string[],
): { context: string; shape: (row: Row) => Row } {
  const selected = listOf(query.get('$select'));
  const expanded = listOf(query.get('$expand')).map((name) => name.split('(', 1)[0] ?? '');
  const unknown = expanded.find((name) => !expandable.includes(name));
  if (unknown !== undefined) throw badRequest(`Property '${unknown}' cannot be expanded.`);
  const suffix = selected.length === 0 ? '' : `(${selected.join(',')})`;
  return {
    context: `/xapi/v1/$metadata#${set}${suffix}`,
    shape: (row) => {
      const missing = selected.find((name) => !(name in row));
      if (missing !== undefined) throw badRequest(`Could not find a property named '${missing}'.`);
      return Object.fromEntries(
        Object.entries(row).filter(([name]) =>
          expandable.includes(name) ? expanded.includes(name) : selected.length === 0 || selected.includes(name),
        ),
      );
    },
  };
}

function listOf(text: string | null): string[] {
  return text === null || text === '' ? [] : text.split(',').map((name) => name.trim());
}

/** Comparisons with `eq` and `ne`, joined by `and` or by `or`. */
function filterOf(filter: string | null): (row: Row) => boolean {
  if (filter === null) return () => true;
  const isOr = filter.includes(' or ');
  const tests = filter.split(isOr ? ' or ' : ' and ').map(testOf);
  return (row) => (isOr ? tests.some((test) => test(row)) : tests.every((test) => test(row)));
}

function testOf(text: string): (row: Row) => boolean {
  const [, name = '', operator, quoted, bare] = comparison.exec(text.trim()) ?? [];
  if (operator === undefined) throw badRequest('The query specified in the URI is not valid.');
  const value = quoted?.replaceAll("''", "'") ?? bare ?? '';
  return (row) => {
    const member = row[name];
    if (member === undefined) throw badRequest(`Could not find a property named '${name}'.`);
    // A string needs quotes, as in OData.
    if (typeof member === 'string' && quoted === undefined) throw badRequest(`'${value}' is not a string.`);
    return (textOf(member) === value) === (operator === 'eq');
  };
}

/** Members that can be compared are text, numbers, yes or no, or not there. */
function textOf(member: unknown): string {
  return typeof member === 'string' ? member : JSON.stringify(member);
}

function sorted(rows: readonly Row[], orderBy: string | null): readonly Row[] {
  const [name = '', direction = 'asc'] = orderBy?.split(' ') ?? [];
  if (name === '') return rows;
  const sign = direction === 'desc' ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(a[name], b[name]));
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return textOf(a) < textOf(b) ? -1 : 1;
}

function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`Invalid value '${text}' for ${name}.`);
  return Number(text);
}
