import { setImmediate as turn } from 'node:timers/promises';
import { VirtualClock } from '../../simulator/clock';
import { randomFrom } from '../../simulator/random';

/**
 * Time, timers and chance as a test has them: while it is installed, all timers of this process and `performance.now()`
 * go by its clock, and `Math.random()` by its seed. `setImmediate` stays real.
 */
export class VirtualTime {
  /** Requests that are being worked on: no time passes for them. */
  busy = 0;
  readonly clock = new VirtualClock(async () => {
    do await turn();
    while (this.busy > 0);
  });

  /** @returns puts everything back */
  install(seed: number): () => void {
    const timers = new Map<unknown, () => void>();
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const { random } = Math;
    const now = performance.now.bind(performance);
    const set = (callback: () => void, ms = 0): object => {
      const timer = {};
      timers.set(
        timer,
        this.clock.after(ms, () => {
          timers.delete(timer);
          callback();
        }),
      );
      return timer;
    };
    const repeat = (callback: () => void, ms: number): object => {
      const timer = {};
      const next = (): void => {
        timers.set(timer, this.clock.after(ms, run));
      };
      const run = (): void => {
        next();
        callback();
      };
      next();
      return timer;
    };
    const clear = (timer: unknown): void => {
      timers.get(timer)?.();
      timers.delete(timer);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear, setInterval: repeat, clearInterval: clear });
    const chance = randomFrom(seed);
    Math.random = () => chance.number();
    performance.now = () => this.clock.now();
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Math.random = random;
      performance.now = now;
    };
  }
}
