import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request to the V20 APIs, and what became of it. */
export interface V20Request {
  /** 1, 2, … in the order of arrival. */
  readonly id: number;
  readonly method: string;
  /** The raw path. */
  readonly path: string;
  /** When it arrived, in ms since 1970. */
  readonly at: number;
  /** Null before it is answered; 101 for a WebSocket. */
  readonly status: number | null;
  /** From its arrival to its answer, in ms. */
  readonly milliseconds: number | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How many requests the log keeps. */
const logLength = 1000;

export class RequestLog {
  /** The last requests in order of arrival. */
  readonly requests: V20Request[] = [];
  /** Number of all requests that ever arrived. */
  count = 0;

  constructor(private readonly notify: () => void) {}

  add(request: IncomingMessage, response: ServerResponse): void {
    const answered = this.open(request);
    response.once('finish', () => answered(response.statusCode));
  }

  /** @returns what to call with the status of the answer. */
  open({ method = '', url = '' }: IncomingMessage): (status: number) => void {
    const logged: Mutable<V20Request> = {
      id: ++this.count,
      method,
      path: url,
      at: Date.now(),
      status: null,
      milliseconds: null,
    };
    this.requests.push(logged);
    if (this.requests.length > logLength) this.requests.shift();
    this.notify();
    return (status) => {
      logged.status = status;
      logged.milliseconds = Date.now() - logged.at;
      this.notify();
    };
  }
}
