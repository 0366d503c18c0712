const reasons = {
  range: 'is no range: its ends need the same number of digits, the smaller one first',
  characters: 'is no number, range or pattern',
  pattern: 'is a pattern: only numbers and ranges can stand here',
  number: 'is no number of an extension',
  count: 'has more numbers than can stand here',
} as const;

/** The ways in which an entry can be wrong. The last three apply to lists of numbers and ranges only. */
export type NumberListProblem = keyof typeof reasons;

/**
 * An entry that is not allowed in a list of numbers. The error does not quote it: it may be somebody's phone number.
 */
export class NumberListError extends RangeError {
  /**
   * @param entry its place in the list, from 1
   * @param problem what is wrong with it
   */
  constructor(
    readonly entry: number,
    readonly problem: NumberListProblem,
  ) {
    super(`entry ${entry} ${reasons[problem]}`);
  }
}

/** Is it a code of the PBX, as for a parked call (community), instead of somebody's number? */
export function isCode(number: string): boolean {
  return number.startsWith('*');
}

/** No extension has more digits. */
const maxLength = 32;

/** An entry in a list of numbers: a number, a range whose numbers are as long as its ends, or a pattern. */
type Entry = { number: string } | { first: string; last: string } | { pattern: string };

/** The country codes of the ITU, E.164: none of them begins with another one. */
const countryCode =
  '(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679])\\d)';
/** Digits, with the characters that people put between them, the no-break space too. */
const written = /^(?=[+(\d])\+?[\d \u00a0()/.-]*\d$/;
const between = /\(0\)|[ \u00a0()/.-]/g;
/** Replaces `(0)`, the digit that is dialled only without the country code. */
const optionalZero = 'o';
const internationalZero = new RegExp(`^((?:\\+|00)${countryCode})${optionalZero}`);

/**
 * Reads a number the way people write it: `+49 (0)30 / 123-45` is `+493012345`.
 *
 * @returns its digits, perhaps after a `+`; null when the text is not a number written this way
 */
export function plainNumber(text: string): string | null {
  if (!written.test(text)) return null;
  const marked = text.replace(between, (part) => (part === '(0)' ? optionalZero : ''));
  return marked.replace(internationalZero, '$1').replaceAll(optionalZero, '0');
}

/** @returns the regular expression between the slashes of a text; null for a text without them */
export function expressionIn(text: string): string | null {
  return /^\/(.*)\/$/s.exec(text.trim())?.[1] ?? null;
}

/**
 * Reads the setting for allowed destinations: a list of numbers, see {@link parseNumberList}, or a regular expression
 * between slashes.
 *
 * @returns whether a destination is allowed; an empty text allows every destination
 * @throws NumberListError, or SyntaxError for an expression
 */
export function parseDestinations(text: string): (destination: string) => boolean {
  const expression = expressionIn(text);
  if (expression === null) return parseNumberList(text);
  const pattern = new RegExp(expression);
  return (destination) => pattern.test(destination);
}

/**
 * Reads a list of numbers: `10, 20-29, 3*, 1?1`.
 *
 * @param text entries with commas between; numbers in a range have as many digits as its ends; `*` matches any
 *   characters, `?` one character
 * @returns whether a number is in the list; an empty list contains every number
 * @throws NumberListError
 */
export function parseNumberList(text: string): (number: string) => boolean {
  const matchers = entriesOf(text).map(matcherOf);
  if (matchers.length < 2) return matchers[0] ?? (() => true);
  return (number) => matchers.some((matches) => matches(number));
}

/**
 * Lists the numbers of a list: its numbers, and those in its ranges. Patterns add none.
 *
 * @param text see {@link parseNumberList}
 * @param max how many numbers to list; the rest is left out
 * @returns each number once, in the order of the list
 * @throws NumberListError
 */
export function namedNumbers(text: string, max: number): string[] {
  const named = new Set<string>();
  for (const entry of entriesOf(text)) {
    for (const number of numbersOf(entry)) {
      if (named.size >= max) return [...named];
      named.add(number);
    }
  }
  return [...named];
}

/** @throws NumberListError */
function entriesOf(text: string): Entry[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry, index) => entryOf(entry, index + 1));
}

function entryOf(entry: string, position: number): Entry {
  const [, first = '', last = ''] = /^(\d+)\s*-\s*(\d+)$/.exec(entry) ?? [];
  if (first !== '') {
    if (first.length !== last.length || first > last) throw new NumberListError(position, 'range');
    return { first, last };
  }
  if (!/^[0-9A-Za-z_.*?+-]+$/.test(entry)) throw new NumberListError(position, 'characters');
  return /[*?]/.test(entry) ? { pattern: entry } : { number: entry };
}

/** Yields one number at a time, since a range may have more than fit into memory. */
function* numbersOf(entry: Entry): Generator<string> {
  if ('number' in entry) yield entry.number;
  if (!('first' in entry) || entry.first.length > maxLength) return;
  const { length } = entry.first;
  const last = BigInt(entry.last);
  for (let number = BigInt(entry.first); number <= last; number++) yield String(number).padStart(length, '0');
}

function matcherOf(entry: Entry): (number: string) => boolean {
  if ('number' in entry) return (number) => number === entry.number;
  if ('first' in entry) {
    const { first, last } = entry;
    // Numbers are compared as text of one length: 020 is not 20, and 100 is not between 10 and 11.
    return (number) => number.length === first.length && /^\d+$/.test(number) && number >= first && number <= last;
  }
  const [head = '', ...parts] = entry.pattern.replace(/[.+]/g, '\\$&').replaceAll('?', '.').split('*');
  // The text after a `*` matches where it first occurs. Backtracking between several `.*` would be slow for a long
  // number.
  const inner = parts.slice(0, -1).map((part, index) => `(?=(?<to${index}>.*?${part}))\\k<to${index}>`);
  const tail = parts.slice(-1).map((part) => `.*${part}`);
  const expression = new RegExp(`^${[head, ...inner, ...tail].join('')}$`, 's');
  return (number) => expression.test(number);
}

/**
 * Lists the numbers of a list without patterns.
 *
 * @param text see {@link parseNumberList}
 * @param max how many numbers there may be
 * @param isAllowed may this number be in the list?
 * @returns each number once, in the order of the list
 * @throws NumberListError
 */
export function listNumbers(text: string, max: number, isAllowed: (number: string) => boolean): string[] {
  const named = new Set<string>();
  for (const [index, entry] of entriesOf(text).entries()) {
    const position = index + 1;
    if ('pattern' in entry) throw new NumberListError(position, 'pattern');
    if ('first' in entry && !isAllowed(entry.first)) throw new NumberListError(position, 'number');
    for (const number of numbersOf(entry)) {
      if (!isAllowed(number)) throw new NumberListError(position, 'number');
      named.add(number);
      if (named.size > max) throw new NumberListError(position, 'count');
    }
  }
  return [...named];
}
