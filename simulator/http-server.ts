/**
 * The wire: the HTTP server people really run, with its habits, for both forms of the API. It works on the raw path, does
 * one request after the other, and where an operation fails it may never answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { type Guard, guardOf, type SimulatorAuth } from './auth';
import { type Clock, sleep } from './clock';
import { exceptionText, type Fork, LOST_PBX, MissingArgument } from './forks';
import { listen, shutDown } from './listen';
import { type Form, forms, IDLE, type ServerKind } from './operations';
import { type Pbx, PbxError } from './pbx';

/** A request, and what became of it. */
export interface LoggedRequest {
  /** 1, 2, … in the order of arrival. */
  readonly id: number;
  /** The raw path. */
  readonly path: string;
  /** When it arrived, in ms since 1970. */
  readonly at: number;
  /** The body it was answered with; null before, and for good where the server gives no answer. */
  readonly answer: string | null;
  /** From its arrival to its answer, in ms; null as long as `answer` is. */
  readonly milliseconds: number | null;
  /** It is certain by now that it gets no answer. */
  readonly isUnanswered: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ApiServerOptions {
  readonly pbx: Pbx;
  /** Which form of the API it speaks. */
  readonly kind: ServerKind;
  readonly auth: SimulatorAuth;
  /** How it differs from the original; null for the original. */
  readonly fork: Fork | null;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** What the delay goes by. */
  readonly clock: Clock;
  /** Milliseconds that makecall (and the shipped unpark) blocks everything after it dialled. */
  readonly delay: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How many requests the log keeps. */
const LOG_LENGTH = 1000;
/** What the captured server announces, in seconds. */
const KEEP_ALIVE = 15;

export class ApiServer {
  /** The last requests in order of arrival. */
  readonly requests: LoggedRequest[] = [];
  /** Number of all requests that ever arrived. */
  requestCount = 0;
  /** Resolves when `/stop` has ended the server. */
  readonly stopped: Promise<void>;
  readonly #listeners = new Set<(request: LoggedRequest) => void>();
  readonly #pbx: Pbx;
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #form: Form;
  readonly #guard: Guard;
  readonly #fork: Fork | null;
  readonly #server: Server;
  readonly #closing = new AbortController();
  /** Connections with a request that is never answered: nothing after it on the same connection is read. */
  readonly #hung = new WeakSet<Socket>();
  /** Settles when the last request that arrived has been served. */
  #lane = Promise.resolve();
  #hasStopped: () => void = () => undefined;

  private constructor({ pbx, kind, auth, fork, clock, delay }: ApiServerOptions) {
    this.#pbx = pbx;
    this.#form = forms[kind];
    this.#guard = guardOf(auth);
    this.#fork = fork;
    this.#clock = clock;
    this.#delay = delay;
    this.stopped = new Promise((resolve) => (this.#hasStopped = resolve));
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE * 1000 }, (request, response) => {
      this.#accept(request, response);
    });
  }

  /**
   * Starts the server.
   * @throws Error with the system's `code`, such as `EADDRINUSE`.
   */
  static async start(options: ApiServerOptions): Promise<{ server: ApiServer; url: string }> {
    const server = new ApiServer(options);
    return { server, url: await listen(server.#server, options.port, options.host) };
  }

  /**
   * @param listener is told of each request when it arrives, and again when it is answered or will certainly not be.
   * @returns ends it.
   */
  onRequest(listener: (request: LoggedRequest) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends it at once, running requests included. */
  async close(): Promise<void> {
    this.#closing.abort();
    await shutDown(this.#server);
  }

  #tell(request: LoggedRequest): void {
    for (const listener of this.#listeners) listener(request);
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = request.url ?? '';
    const logged = {
      id: ++this.requestCount,
      path,
      at: Date.now(),
      answer: null,
      milliseconds: null,
      isUnanswered: false,
    };
    this.requests.push(logged);
    if (this.requests.length > LOG_LENGTH) this.requests.shift();
    this.#tell(logged);
    // Also for a client that has gone meanwhile: the shipped server finds out when it answers, the command is done.
    this.#lane = this.#lane.then(() => this.#serve(logged, request, response));
  }

  /** Never rejects, since the lane has to go on. */
  async #serve(logged: Mutable<LoggedRequest>, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    if (this.#closing.signal.aborted || this.#hung.has(socket)) {
      this.#giveUp(logged);
      return;
    }
    const [, name = '', ...args] = logged.path.split('/');
    try {
      const { status, body, headers } = await this.#answer(name, args, request.headers.authorization);
      logged.answer = body;
      logged.milliseconds = Date.now() - logged.at;
      send(response, status, body, headers);
      this.#tell(logged);
      if (status !== 200) return;
    } catch (error) {
      this.#hung.add(socket);
      this.#giveUp(logged);
      const expected = error instanceof PbxError || this.#closing.signal.aborted;
      if (!expected) process.emitWarning(error instanceof Error ? error : String(error));
      return;
    }
    if (name === 'stop' && this.#fork !== 'idle') await this.#stop(response);
  }

  #giveUp(logged: Mutable<LoggedRequest>): void {
    logged.isUnanswered = true;
    this.#tell(logged);
  }

  /** @throws PbxError where there is no answer, and when it is closed meanwhile. */
  async #answer(name: string, args: readonly string[], authorization: string | undefined): Promise<Answer> {
    if (!this.#guard.allows(authorization)) {
      return { status: 401, body: 'Unauthorized', headers: { 'WWW-Authenticate': this.#guard.challenge } };
    }
    if (this.#fork === 'idle') return { status: 200, body: LOST_PBX };
    try {
      return { status: 200, body: await this.#carryOut(name, args) };
    } catch (error) {
      if (!(error instanceof PbxError)) throw error;
      if (this.#fork === 'exceptions') return { status: 500, body: exceptionText(error) };
      const body = this.#form.failure(name);
      if (body === null) throw error;
      return { status: 200, body };
    }
  }

  async #carryOut(name: string, args: readonly string[]): Promise<string> {
    const operation = this.#form.operations.get(name);
    if (operation === undefined) return IDLE;
    return operation({
      pbx: this.#pbx,
      arg: (position) => {
        const value = args[position - 1];
        if (value === undefined) throw new MissingArgument(position);
        return value;
      },
      pause: () => sleep(this.#clock, this.#delay, this.#closing.signal),
    });
  }

  async #stop(response: ServerResponse): Promise<void> {
    this.#server.close();
    // Rejects when the client has gone, or close() came in between; either way there is nobody to wait for.
    await finished(response, { signal: this.#closing.signal }).catch(() => undefined);
    await this.close();
    this.#hasStopped();
  }
}

/** Exactly the captured headers, in their order: no Content-Type, no Date, no Connection. */
function send(response: ServerResponse, status: number, body: string, headers: Answer['headers']): void {
  response.sendDate = false;
  response.removeHeader('Connection');
  response.writeHead(status, {
    'Access-Control-Allow-Origin': 'null',
    Server: 'Mono-HTTPAPI/1.0',
    'Content-Length': Buffer.byteLength(body),
    'Keep-Alive': `timeout=${KEEP_ALIVE},max=100`,
    ...headers,
  });
  response.end(body);
}
