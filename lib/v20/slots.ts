import { ThreeCxError } from '../pbx';

export const maxWaiting = 100;
/** Longest wait for a slot, in ms. */
export const maxWait = 30_000;

interface Waiting {
  start(): void;
  fail(error: ThreeCxError): void;
}

/** Lets a number of jobs run at a time; the others wait, first come first served. */
export class Slots {
  private readonly waiting = new Set<Waiting>();
  private running = 0;

  /** @param before has precedence: nothing starts here while something waits there */
  constructor(
    private readonly limit: number,
    private readonly before: Slots | null = null,
  ) {
    if (before !== null) before.onFree.push(() => this.next());
  }

  private readonly onFree: (() => void)[] = [];

  /** @throws ThreeCxError `busy` when too many wait or this one waited too long, and what the job throws */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.waiting.size >= maxWaiting) {
      throw new ThreeCxError('busy', `more than ${maxWaiting} requests wait for the PBX`);
    }
    await this.turn();
    try {
      return await job();
    } finally {
      this.running -= 1;
      this.next();
    }
  }

  /** Fails all that waits. */
  clear(error: ThreeCxError): void {
    for (const entry of [...this.waiting]) entry.fail(error);
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        entry.fail(new ThreeCxError('busy', `not sent: waited ${maxWait / 1000} s for requests before it`));
      }, maxWait);
      const leave = (): void => {
        clearTimeout(timer);
        this.waiting.delete(entry);
      };
      const entry: Waiting = {
        start: () => {
          leave();
          resolve();
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      this.waiting.add(entry);
      this.next();
    });
  }

  private next(): void {
    for (const entry of this.waiting) {
      if (this.running >= this.limit || (this.before?.waiting.size ?? 0) > 0) break;
      this.running += 1;
      entry.start();
    }
    for (const notify of this.onFree) notify();
  }
}
