import { ThreeCxError } from '../pbx';

/** Commands overtake queries, queries overtake polls. */
export type Priority = 'command' | 'query' | 'poll';

/** One exchange on the wire; rejects with the reason when `signal` aborts. */
export type Exchange<T> = (signal: AbortSignal) => Promise<T>;

export interface Limits {
  timeout: number;
  yields: boolean;
}

/** A job's use of the lane while it has its turn. */
export interface Turn {
  /**
   * Puts one exchange on the wire.
   *
   * @param exchange does it
   * @param limits `timeout` in ms; `yields` when a waiting command may end it early because it hangs
   */
  send<T>(exchange: Exchange<T>, limits: Limits): Promise<T>;
}

interface Waiting {
  start(): void;
  fail(error: ThreeCxError): void;
}

/** The community server answers one request at a time: so one is on the wire, and the others wait here, ordered. */
export class RequestLane {
  static readonly maxWaiting = 100;
  /** Longest wait for the own turn, in ms. */
  static readonly maxWait = 30_000;
  /**
   * How long a query may be on the wire while a command waits, in ms. It may wait for two calls that another program
   * makes, which take the server 5 s.
   */
  static readonly patience = 6_000;
  /** How long a poll waits behind commands, in ms: it takes milliseconds, and they take seconds. */
  static readonly pollPatience = 1_000;

  private readonly waiting: Record<Priority, Set<Waiting>> = {
    command: new Set(),
    query: new Set(),
    poll: new Set(),
  };
  /** Those, of any priority, that may not be overtaken any longer. */
  private readonly due = new Set<Waiting>();
  private occupied = false;
  private closed = false;
  /** Ends the exchange that is on the wire. */
  private abort: ((reason: ThreeCxError) => void) | null = null;
  /** Set once the exchange on the wire has used up the patience of a waiting command. */
  private overdue = false;

  /**
   * Waits for a turn and runs the job; nobody else is on the wire until its promise settles.
   *
   * @param overtakenFor how long others may overtake it, in ms
   * @throws ThreeCxError `busy` when too many wait or this one waited too long, `closed`, and what the job throws
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
          // Not before `run` has returned: the caller may have to note that its job waits.
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

  /** Aborts what is on the wire and fails what waits with `closed`; nothing is sent any more. */
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
