/** Checks of the simulator's options, in one sentence each. */

/** @throws RangeError unless it is an integer from 0 to `max` */
export function checkRange(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${what} must be an integer from 0 to ${max}.`);
  }
}

/** @throws RangeError unless it is one of these words */
export function checkOneOf(what: string, value: string, words: readonly string[]): void {
  if (!words.includes(value))
    throw new RangeError(`${what} must be ${new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(words)}.`);
}
