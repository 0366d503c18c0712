import { uptime } from 'node:os';
import type { Moment } from '../calls';

/** The system counts its running time in hundredths or whole seconds: less than this is no sleep, in ms. */
const coarseness = 2_000;

let slept = 0;
/** The difference between the two clocks while the machine has not slept. */
const offset = uptime() * 1_000 - performance.now();

/**
 * The time of day, and a time that nobody sets. The latter goes on while the machine sleeps, when Node.js's own clock
 * stands still: the system's running time counts that.
 */
export function now(): Moment {
  const running = performance.now();
  const asleep = uptime() * 1_000 - offset - running;
  if (asleep > slept + coarseness) slept = asleep;
  return { wall: Date.now(), steady: running + slept };
}
