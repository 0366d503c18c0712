import { ThreeCxError } from '../pbx';

/** Commands overtake queries, queries overtake polls. */
export type Priority = 'command' | 'query' | 'poll';

/** One exchange on the wire; rejects with the reason when `signal` aborts. */
export type Exchange<T> = (signal: AbortSignal) => Promise<T>;

export interface Limits {
  timeout: number;
  yields: boolean;
}

/** The use of the lane by a job during its turn. */
export interface Turn {
  /**
   * Puts one exchange on the wire.
   *
   * @param exchange performs it
   * @param limits `timeout` in ms; `yields` when a waiting command may end a hanging exchange early
   */
  send<T>(exchange: Exchange<T>, limits: Limits): Promise<T>;
}

interface Waiting {
  start(): void;
  fail(error: ThreeCxError): void;
}

/** Sends one request at a time and lets the others wait, in order: the community server answers one at a time. */
export class RequestLane {
  static readonly maxWaiting = 100;
  /** The longest wait for a turn, in ms. */
  static readonly maxWait = 30_000;
  /**
   * How long a query may stay on the wire while a command waits, in ms. The query may be waiting for two calls of
   * another program, which take the server 5 s.
   */
  static readonly patience = 6_000;
  /** How long commands may overtake a poll, in ms. A poll takes milliseconds, and a command takes seconds. */
  static readonly pollPatience = 1_000;

  private readonly waiting: Record<Priority, Set<Waiting>> = {
    command: new Set(),
    query: new Set(),
    poll: new Set(),
  };
  /** Jobs of any priority that others may no longer overtake. */
  private readonly due = new Set<Waiting>();
  private occupied = false;
  private closed = false;
  /** Ends the exchange that is on the wire. */
  private abort: ((reason: ThreeCxError) => void) | null = null;
  /** True once the exchange on the wire has used up the patience of a waiting command. */
  private overdue = false;

  /**
   * Waits for a turn and runs the job. Nothing else is on the wire until its promise settles.
   *
   * @param overtakenFor how long others may overtake it, in ms
   * @throws ThreeCxError `busy` when too many jobs wait or this one waited too long, `closed`, and anything the job
   *   throws
   */
  run<T>(priority: Priority, job: (turn: Turn) => Promise<T>, overtakenFor?: number): Promise<T> {
    if (this.closed) return Promise.reject(closedError());
    if (this.occupied && this.waitingCount() >= RequestLane.maxWaiting) {
      return Promise.reject(new ThreeCxError('busy', `more than ${RequestLane.maxWaiting} requests wait for the PBX`));
    }
    return new Promise((resolve, reject) => {
      const queue = this.waiting[priority];
      const timers = [
        setTimeout(() => {
          entry.fail(
            new ThreeCxError('busy', `not sent: waited ${RequestLane.maxWait / 1000} s for requests before it`),
          );
        }, RequestLane.maxWait),
      ];
      if (overtakenFor !== undefined) timers.push(setTimeout(() => this.due.add(entry), overtakenFor));
      const leave = (): void => {
        timers.forEach(clearTimeout);
        queue.delete(entry);
        this.due.delete(entry);
      };
      const entry: Waiting = {
        start: () => {
          leave();
          // The job starts after `run` has returned, so that the caller can first note that it waits.
          Promise.resolve({ send: this.send.bind(this) })
            .then(job)
            .finally(() => {
              this.occupied = false;
              this.next();
            })
            .then(resolve, reject);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      queue.add(entry);
      if (priority === 'command' && this.overdue) this.abort?.(hangsError());
      this.next();
    });
  }

  /** Aborts the exchange on the wire and fails all waiting jobs with `closed`. Nothing is sent from now on. */
  close(): void {
    this.closed = true;
    this.abort?.(closedError());
    for (const queue of Object.values(this.waiting)) for (const entry of queue) entry.fail(closedError());
  }

  private waitingCount(): number {
    return this.waiting.command.size + this.waiting.query.size + this.waiting.poll.size;
  }

  private next(): void {
    if (this.occupied) return;
    const { command, query, poll } = this.waiting;
    const [entry] = [this.due, command, query, poll].find((queue) => queue.size > 0) ?? [];
    if (entry === undefined) return;
    this.occupied = true;
    entry.start();
  }

  private async send<T>(exchange: Exchange<T>, limits: Limits): Promise<T> {
    if (this.closed) throw closedError();
    const controller = new AbortController();
    const abort = (reason: ThreeCxError): void => {
      controller.abort(reason);
    };
    const timers = [
      setTimeout(() => {
        abort(timeoutError(limits.timeout));
      }, limits.timeout),
    ];
    if (limits.yields) {
      const waitersLoseTheirPatience = (): void => {
        this.overdue = true;
        if (this.waiting.command.size > 0) abort(hangsError());
      };
      timers.push(setTimeout(waitersLoseTheirPatience, RequestLane.patience));
    }
    this.abort = abort;
    try {
      return await exchange(controller.signal);
    } finally {
      timers.forEach(clearTimeout);
      this.abort = null;
      this.overdue = false;
    }
  }
}

function timeoutError(timeout: number): ThreeCxError {
  return new ThreeCxError('timeout', `no answer within ${timeout / 1000} s`);
}

function hangsError(): ThreeCxError {
  return new ThreeCxError('timeout', `no answer within ${RequestLane.patience / 1000} s, and a command waited`);
}

function closedError(): ThreeCxError {
  return new ThreeCxError('closed', 'the connection was closed');
}
