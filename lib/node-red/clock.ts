import { uptime } from 'node:os';
import type { Moment } from '../pbx';

/** The system counts its running time in hundredths or whole seconds: less than this is no sleep, in ms. */
const coarseness = 2_000;

/** Counts milliseconds that nobody sets. It goes on while the machine sleeps, when Node.js's own clock stands still. */
export class SteadyClock {
  private slept = 0;
  /** The difference between the two clocks while the machine has not slept. */
  private readonly offset: number;

  /**
   * @param running stands still while the machine sleeps, in ms
   * @param system goes on, but coarsely, in ms
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

/** The moment it is, by the clock on the wall and by the steady one. */
export function now(): Moment {
  return { wall: Date.now(), steady: steady.now() };
}
