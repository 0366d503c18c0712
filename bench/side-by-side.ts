import { Bench } from 'tinybench';

/** One line of the table. */
export interface Row {
  what: string;
  ours: string;
  against: string;
  theirs: string;
  /** Ours by theirs. */
  ratio: number;
  /** The ratio to reach; null for one that is only told. */
  atMost: number | null;
}

/** Does something once; a number that it gives is how long that took, in ms, where it is not the whole of it. */
export type Task = () => unknown;

export interface Options {
  /** How often all of them are run, each time in the opposite order. */
  rounds?: number;
  /** How often each is done in a round. */
  samples?: number;
  statistic?: 'p50' | 'p99';
}

/**
 * Runs tasks side by side, so that whatever else the machine does slows down all of them.
 *
 * @returns of each the median, or another statistic, in ms: that of a round, of which again the median
 */
export async function sideBySide<Name extends string>(
  tasks: Record<Name, Task>,
  { rounds = 7, samples = 100, statistic = 'p50' }: Options = {},
): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[];
  const found = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({
      iterations: samples,
      time: 0,
      warmupIterations: Math.ceil(samples / 10),
      warmupTime: 0,
      throws: true,
    });
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      bench.add(name, async () => {
        const took = await tasks[name]();
        return typeof took === 'number' ? { overriddenDuration: took } : undefined;
      });
    }
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (!('latency' in result)) throw new Error(`${name} was not measured`);
      found.get(name as Name)?.push(result.latency[statistic]);
    }
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, median(values)])) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** @param time in ms */
export function milliseconds(time: number): string {
  return time < 1 ? `${(time * 1000).toPrecision(3)} µs` : `${Number(time.toPrecision(3))} ms`;
}

/** A line for two times. */
export function compared(
  what: string,
  ours: number,
  against: string,
  theirs: number,
  atMost: number | null = null,
): Row {
  return { what, ours: milliseconds(ours), against, theirs: milliseconds(theirs), ratio: ours / theirs, atMost };
}
