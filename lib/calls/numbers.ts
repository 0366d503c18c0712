/**
 * Reads a list of numbers: `10, 20-29, 3*, 1?1`.
 *
 * @param text commas between; a range has as many digits as its ends; `*` stands for any characters, `?` for one
 * @returns tells whether a number is in it; everything is when the list is empty
 * @throws RangeError that tells which entry it cannot read, but does not quote it: it may be somebody's phone number
 */
export function parseNumberList(text: string): (number: string) => boolean {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const matchers = entries.map((entry, index) => matcherOf(entry, `entry ${index + 1}`));
  if (matchers.length < 2) return matchers[0] ?? (() => true);
  return (number) => matchers.some((matches) => matches(number));
}

function matcherOf(entry: string, name: string): (number: string) => boolean {
  const [, first = '', last = ''] = /^(\d+)\s*-\s*(\d+)$/.exec(entry) ?? [];
  if (first !== '') {
    if (first.length !== last.length || first > last)
      throw new RangeError(`${name} is no range: its ends need the same number of digits, the smaller one first`);
    // As text, so that 020 is another number than 20; of one length, so that 100 is not between 10 and 11.
    return (number) => number.length === first.length && /^\d+$/.test(number) && number >= first && number <= last;
  }
  if (!/^[0-9A-Za-z_.*?+-]+$/.test(entry)) throw new RangeError(`${name} is no number, range or pattern`);
  if (!/[*?]/.test(entry)) return (number) => number === entry;
  const [head = '', ...parts] = entry.replace(/[.+]/g, '\\$&').replaceAll('?', '.').split('*');
  // What follows a `*` is taken where it first comes and for good: a long number could keep several `.*` busy.
  const inner = parts.slice(0, -1).map((part, index) => `(?=(?<to${index}>.*?${part}))\\k<to${index}>`);
  const tail = parts.slice(-1).map((part) => `.*${part}`);
  const expression = new RegExp(`^${[head, ...inner, ...tail].join('')}$`, 's');
  return (number) => expression.test(number);
}
