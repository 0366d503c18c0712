import { ThreeCxError } from '../pbx';

export const maxWaiting = 100;
/** Longest wait for a slot, in ms. */
export const maxWait = 30_000;

interface Waiting {
  start(): void;
  fail(error: ThreeCxError): void;
}

/** Lets a number of jobs run at a time; the others wait, the urgent ones first, else first come first served. */
export class Slots {
  private readonly urgent = new Set<Waiting>();
  private readonly others = new Set<Waiting>();
  private running = 0;

  constructor(private readonly limit: number) {}

  /** @throws ThreeCxError `busy` when too many wait or this one waited too long, and what the job throws */
  async run<T>(job: () => Promise<T>, isUrgent = false): Promise<T> {
    const queue = isUrgent ? this.urgent : this.others;
    if (queue.size >= maxWaiting) {
      throw new ThreeCxError('busy', `more than ${maxWaiting} requests wait for the PBX`);
    }
    await this.turn(queue);
    try {
      return await job();
    } finally {
      this.running -= 1;
      this.next();
    }
  }

  /** Fails all that waits. */
  clear(error: ThreeCxError): void {
    for (const entry of this.waiting()) entry.fail(error);
  }

  private waiting(): Waiting[] {
    return [...this.urgent, ...this.others];
  }

  private turn(queue: Set<Waiting>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        entry.fail(new ThreeCxError('busy', `not sent: waited ${maxWait / 1000} s for requests before it`));
      }, maxWait);
      const leave = (): void => {
        clearTimeout(timer);
        queue.delete(entry);
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
      queue.add(entry);
      this.next();
    });
  }

  private next(): void {
    for (const entry of this.waiting().slice(0, this.limit - this.running)) {
      this.running += 1;
      entry.start();
    }
  }
}
