import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What one spec found, for its section of docs/reliability.md. */
export interface Part {
  /** Whose chapter it is in: that of the HTTP API where nothing else is said. */
  chapter?: 'v20';
  /** The place of the section in the page. */
  position: number;
  title: string;
  /** Markdown. */
  text: string;
  /** The counted values. */
  figures?: Record<string, number | string>;
  table?: { columns: string[]; rows: string[][] };
}

const folder = resolve(__dirname, '../../.cache/reliability');

/** How many random sequences to try; `npm run test:reliability` asks for ten times as many as `npm test`. */
export const runs = Number(process.env.RELIABILITY_RUNS ?? 1_000);
/** Does `npm run test:reliability` ask, which has time? */
export const isLong = process.env.RELIABILITY_RUNS !== undefined;

/**
 * Keeps what a spec found; `npm run test:reliability` makes docs/reliability.md of it.
 *
 * @param name of the spec
 */
export function report(name: string, part: Part): void {
  mkdirSync(folder, { recursive: true });
  const ranOn = { date: new Date().toISOString().slice(0, 10), node: process.version };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...part, ...ranOn }, null, 2));
}

/** A table of faults by columns, with the results; equal columns are merged. */
export function tableOf(told: ReadonlyMap<string, ReadonlyMap<string, string>>): {
  columns: string[];
  rows: string[][];
} {
  const [first = new Map<string, string>()] = told.values();
  const groups = new Map<string, string[]>();
  for (const column of first.keys()) {
    const cells = [...told.values()].map((row) => row.get(column)).join();
    groups.set(cells, [...(groups.get(cells) ?? []), column]);
  }
  const [most = [], ...others] = [...groups.values()].sort((a, b) => b.length - a.length);
  return {
    columns: ['the server …', ...others.map((names) => names.join(', ')), `the other ${most.length}`],
    rows: [...told].map(([fault, row]) => [fault, ...[...others, most].map(([name = '']) => `\`${row.get(name)}\``)]),
  };
}
