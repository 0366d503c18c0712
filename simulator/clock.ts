import { setImmediate as turn } from 'node:timers/promises';

/** The time for makecall's delay, the history and the traffic: the real one, or one that a test moves. */
export interface Clock {
  /** In ms: since 1970 in real time, since the start in virtual time. Never goes back. */
  now(): number;
  /**
   * Calls back once, after this many ms.
   *
   * @returns ends it
   */
  after(ms: number, callback: () => void): () => void;
  /** Ends all pending timers. */
  stop(): void;
}

export class RealClock implements Clock {
  private readonly timers = new Set<NodeJS.Timeout>();

  now(): number {
    return Math.round(performance.timeOrigin + performance.now());
  }

  after(ms: number, callback: () => void): () => void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      callback();
    }, ms);
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
      clearTimeout(timer);
    };
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

interface VirtualTimer {
  readonly at: number;
  readonly callback: () => void;
}

/** Starts at 0 and stands still until it is advanced. */
export class VirtualClock implements Clock {
  /** In the order in which they were set. */
  private readonly timers = new Set<VirtualTimer>();
  private time = 0;
  private advanced: Promise<unknown> = Promise.resolve();

  /** @param settle resolves when everything that a timer has started waits for another timer */
  constructor(private readonly settle: () => Promise<unknown> = turn) {}

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  stop(): void {
    this.timers.clear();
  }

  /**
   * Moves the time on, from one timer to the next. A timer can set further timers. A second call runs after the first.
   *
   * @throws RangeError for anything but a finite number of ms from 0
   */
  async advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError('The time to advance must be a number of ms from 0.');
    const advanced = this.advanced.then(() => this.moveTo(this.time + ms));
    this.advanced = advanced.catch(() => undefined);
    await advanced;
  }

  private async moveTo(end: number): Promise<void> {
    for (;;) {
      // A request that waited for the last timer continues first, and may set another one.
      await this.settle();
      const next = this.next();
      if (next === undefined || next.at > end) break;
      this.timers.delete(next);
      this.time = next.at;
      next.callback();
    }
    this.time = end;
  }

  /** The earliest timer; of several at the same time, the one that was set first. */
  private next(): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.timers) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }
}

/**
 * Waits by a clock.
 *
 * @throws the reason of the signal, when it aborts before
 */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}
