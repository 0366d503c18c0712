import { Bench } from 'tinybench';

/** One line of the table. */
export interface Row {
  what: string;
  ours: string;
  against: string;
  theirs: string;
  /** Our time divided by theirs. */
  ratio: number;
  /** The ratio to reach; null for a line without a goal. */
  atMost: number | null;
}

/** Does something once. It may return its own time in ms, when not all of it counts. */
export type Task = () => unknown;

export interface Options {
  /** The number of rounds, each in the opposite order of the one before. */
  rounds?: number;
  /** The number of repetitions in a round. */
  samples?: number;
  /** The number of repetitions before, which do not count: the engine optimises code only after thousands of them. */
  warmup?: number;
  statistic?: 'p50' | 'p99';
}

/**
 * Runs tasks side by side, so that everything else on the machine slows all of them down equally.
 *
 * @returns for each task, in ms, the median over all rounds of a round's median, or of another statistic of it
 */
export async function sideBySide<Name extends string>(
  tasks: Record<Name, Task>,
  { rounds = 7, samples = 100, warmup = 0, statistic = 'p50' }: Options = {},
): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[];
  for (const name of names) for (let call = 0; call < warmup; call++) await tasks[name]();
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
