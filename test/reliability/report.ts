import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What one spec found, for its section of docs/reliability.md. */
export interface Part {
  /** The sections stand in this order. */
  position: number;
  title: string;
  /** Markdown. */
  text: string;
  /** What was counted. */
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
