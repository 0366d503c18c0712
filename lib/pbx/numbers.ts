/** An entry that a list of numbers may not have. It is not quoted: it may be somebody's phone number. */
export class NumberListError extends RangeError {
  /**
   * @param entry which one, from 1 on
   * @param problem its ends are no range, or it is none of the things that can stand in a list
   */
  constructor(
    readonly entry: number,
    readonly problem: 'range' | 'characters',
  ) {
    const reason =
      problem === 'range'
        ? 'is no range: its ends need the same number of digits, the smaller one first'
        : 'is no number, range or pattern';
    super(`entry ${entry} ${reason}`);
  }
}

/** Is it a code of the PBX, as for a parked call (community), and nobody's number? */
export function isCode(number: string): boolean {
  return number.startsWith('*');
}

/**
 * Reads a list of numbers: `10, 20-29, 3*, 1?1`.
 *
 * @param text commas between; a range has as many digits as its ends; `*` stands for any characters, `?` for one
 * @returns whether a number is in it; every number is in an empty list
 * @throws NumberListError
 */
export function parseNumberList(text: string): (number: string) => boolean {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const matchers = entries.map((entry, index) => matcherOf(entry, index + 1));
  if (matchers.length < 2) return matchers[0] ?? (() => true);
  return (number) => matchers.some((matches) => matches(number));
}

function matcherOf(entry: string, position: number): (number: string) => boolean {
  const [, first = '', last = ''] = /^(\d+)\s*-\s*(\d+)$/.exec(entry) ?? [];
  if (first !== '') {
    if (first.length !== last.length || first > last) throw new NumberListError(position, 'range');
    // As text, so that 020 is another number than 20; of one length, so that 100 is not between 10 and 11.
    return (number) => number.length === first.length && /^\d+$/.test(number) && number >= first && number <= last;
  }
  if (!/^[0-9A-Za-z_.*?+-]+$/.test(entry)) throw new NumberListError(position, 'characters');
  if (!/[*?]/.test(entry)) return (number) => number === entry;
  const [head = '', ...parts] = entry.replace(/[.+]/g, '\\$&').replaceAll('?', '.').split('*');
  // The text after a `*` matches where it first occurs, without backtracking: several `.*` take long for a long number.
  const inner = parts.slice(0, -1).map((part, index) => `(?=(?<to${index}>.*?${part}))\\k<to${index}>`);
  const tail = parts.slice(-1).map((part) => `.*${part}`);
  const expression = new RegExp(`^${[head, ...inner, ...tail].join('')}$`, 's');
  return (number) => expression.test(number);
}
