import { uptime } from 'node:os';
import type { Moment } from '../pbx';

/** The resolution of the system's running time, with a margin, in ms: a smaller difference is no sleep. */
const coarseness = 2_000;

/**
 * Counts milliseconds that nobody sets. It keeps counting while the machine sleeps, which Node.js's own clock does not.
 */
export class SteadyClock {
  private slept = 0;
  /** The difference between the two clocks while the machine has not slept. */
  private readonly offset: number;

  /**
   * @param running a clock that stops while the machine sleeps, in ms
   * @param system a clock that keeps going but is coarse, in ms
   */
  constructor(
    private readonly running = (): number => performance.now(),
    private readonly system = (): number => uptime() * 1_000,
  ) {
    this.offset = system() - running();
  }

  now(): number {
    const running = this.running();
    const slept = this.system() - this.offset - running;
    if (slept > this.slept + coarseness) this.slept = slept;
    return running + this.slept;
  }
}

const steady = new SteadyClock();

/** The present moment, by the clock on the wall and by the steady one. */
export function now(): Moment {
  return { wall: Date.now(), steady: steady.now() };
}
