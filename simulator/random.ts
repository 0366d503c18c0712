/** Random numbers that come out the same for the same seed. */

export interface Random {
  /** From 0 to below 1. */
  number(): number;
  /** From 0 to below `end`, a whole number. */
  integer(end: number): number;
  /** From `first` to `last`, a whole number. */
  between(first: number, last: number): number;
  /** True once in this many times, on average. */
  chance(probability: number): boolean;
  /** One of them; undefined for an empty list. */
  pick<T>(values: readonly T[]): T | undefined;
  /** All of them in another order; a copy. */
  shuffled<T>(values: readonly T[]): T[];
}

/** @param seed a 32-bit integer; more than that is cut off */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  // Mulberry32: small, and even enough for a play.
  const number = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (end: number) => Math.floor(number() * end);
  return {
    number,
    integer,
    between: (first, last) => first + integer(last - first + 1),
    chance: (probability) => number() < probability,
    pick: (values) => values[integer(values.length)],
    shuffled: (values) => {
      const rest = [...values];
      return values.flatMap(() => rest.splice(integer(rest.length), 1));
    },
  };
}
