import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import type { ServerKind } from '../lib/pbx';
import { type Guard, guardOf, type SimulatorAuth } from './auth';
import { type Build, builds, exceptionMessage, type Habits, idlePage, MissingArgument } from './builds';
import { type Clock, sleep } from './clock';
import { listen, shutDown } from './listen';
import { type Form, formOf } from './operations';
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
  readonly build: Build;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Times the delay. */
  readonly clock: Clock;
  /** Milliseconds that makecall, and unpark of the community server, blocks everything after it dialled. */
  readonly delay: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Before those that every answer has. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How many requests the log keeps. */
const maxLogged = 1000;
/** As the captured server announces, in seconds. */
const keepAlive = 15;
/** After this many requests on one connection the next answer is its last (community). */
const maxRequests = 100;
/** The errors after which HttpListener, that the community server is made with, closes the connection. */
const closingStatuses = [411, 500];

/**
 * The wire: the HTTP server that people run, with its habits, for both forms of the API. It works on the raw path, does
 * one request after the other, and where an operation fails it may never answer.
 */
export class ApiServer {
  /** The last requests in order of arrival. */
  readonly requests: LoggedRequest[] = [];
  /** Number of all requests that ever arrived. */
  requestCount = 0;
  /** Resolves when `/stop` has ended the server. */
  readonly stopped: Promise<void>;
  private readonly listeners = new Set<(request: LoggedRequest) => void>();
  private readonly pbx: Pbx;
  private readonly clock: Clock;
  private readonly delay: number;
  private readonly form: Form;
  private readonly guard: Guard;
  private readonly habits: Habits;
  private readonly server: Server;
  private readonly closing = new AbortController();
  /** Connections with a request that is never answered, or with their last answer: nothing more is read there. */
  private readonly ended = new WeakSet<Socket>();
  /** How many requests were answered on each connection. */
  private readonly answered = new WeakMap<Socket, number>();
  /** Settles when the last request that arrived has been served. */
  private lane = Promise.resolve();
  private hasStopped: () => void = () => undefined;

  private constructor({ pbx, kind, auth, build, clock, delay }: ApiServerOptions) {
    this.pbx = pbx;
    this.habits = builds[build];
    this.form = formOf(kind, this.habits);
    this.guard = guardOf(auth);
    this.clock = clock;
    this.delay = delay;
    this.stopped = new Promise((resolve) => (this.hasStopped = resolve));
    this.server = createServer({ keepAliveTimeout: keepAlive * 1000 }, (request, response) => {
      this.accept(request, response);
    });
  }

  /**
   * Starts the server.
   *
   * @throws Error with the system's `code`, such as `EADDRINUSE`
   */
  static async start(options: ApiServerOptions): Promise<{ server: ApiServer; url: string }> {
    const server = new ApiServer(options);
    return { server, url: await listen(server.server, options.port, options.host) };
  }

  /**
   * @param listener is told of each request when it arrives, and again when it is answered or will certainly not be
   * @returns ends it
   */
  onRequest(listener: (request: LoggedRequest) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends it at once, running requests included. */
  async close(): Promise<void> {
    this.closing.abort();
    await shutDown(this.server);
  }

  private tell(request: LoggedRequest): void {
    for (const listener of this.listeners) listener(request);
  }

  private accept(request: IncomingMessage, response: ServerResponse): void {
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
    if (this.requests.length > maxLogged) this.requests.shift();
    this.tell(logged);
    // Also for a client that has gone meanwhile: the community server finds out when it answers, the command is done.
    this.lane = this.lane.then(() => this.serve(logged, request, response));
  }

  /** Never rejects, since the lane has to go on. */
  private async serve(
    logged: Mutable<LoggedRequest>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { socket } = request;
    if (this.closing.signal.aborted || this.ended.has(socket)) {
      this.giveUp(logged);
      return;
    }
    const [, name = '', ...args] = logged.path.split('/');
    try {
      const answer = await this.answer(name, args, request);
      logged.answer = answer.body;
      logged.milliseconds = Date.now() - logged.at;
      this.send(answer, request, response);
      this.tell(logged);
      if (answer.status !== 200) return;
    } catch (error) {
      this.ended.add(socket);
      this.giveUp(logged);
      const expected = error instanceof PbxError || this.closing.signal.aborted;
      if (!expected) process.emitWarning(error instanceof Error ? error : String(error));
      return;
    }
    if (name === 'stop' && !this.habits.hasLostPbx) await this.stop(response);
  }

  private giveUp(logged: Mutable<LoggedRequest>): void {
    logged.isUnanswered = true;
    this.tell(logged);
  }

  /** @throws PbxError where there is no answer, and when it is closed meanwhile */
  private async answer(
    name: string,
    args: readonly string[],
    { method = '', headers }: IncomingMessage,
  ): Promise<Answer> {
    const hasLength = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (!hasLength && ['POST', 'PUT'].includes(method)) {
      return { status: 411, body: '<h1>Length Required</h1>', headers: { 'Content-Type': 'text/html' } };
    }
    if (!this.guard.allows(headers.authorization)) {
      const { challenge } = this.guard;
      return { status: 401, body: '', headers: challenge === null ? {} : { 'WWW-Authenticate': challenge } };
    }
    if (this.habits.hasLostPbx) return this.success(idlePage);
    try {
      const body = await this.carryOut(name, args);
      return name === 'stop' && !this.form.answersStop ? { status: 200, body: '', headers: {} } : this.success(body);
    } catch (error) {
      if (!(error instanceof PbxError)) throw error;
      if (this.habits.errors === '500') {
        return { status: 500, body: exceptionMessage(error), headers: { 'Access-Control-Allow-Origin': '*' } };
      }
      const body = this.form.failure(name);
      if (body === null) throw error;
      return this.success(body);
    }
  }

  private success(body: string): Answer {
    const { contentType } = this.habits;
    const type = contentType === null ? {} : { 'Content-Type': contentType };
    return { status: 200, body, headers: { 'Access-Control-Allow-Origin': 'null', ...type } };
  }

  private async carryOut(name: string, args: readonly string[]): Promise<string> {
    const operation = this.form.operations.get(name);
    if (operation === undefined) return this.form.idle;
    return operation({
      pbx: this.pbx,
      arg: (position) => {
        const value = args[position - 1];
        if (value === undefined) throw new MissingArgument(position);
        return value;
      },
      pause: () => sleep(this.clock, this.delay, this.closing.signal),
    });
  }

  private async stop(response: ServerResponse): Promise<void> {
    this.server.close();
    // Rejects when the client has gone, or close() came in between; either way there is nobody to wait for.
    await finished(response, { signal: this.closing.signal }).catch(() => undefined);
    await this.close();
    this.hasStopped();
  }

  /** Exactly the captured headers, in their order, and the `Date` that was left out of them. */
  private send({ status, body, headers }: Answer, { socket }: IncomingMessage, response: ServerResponse): void {
    const answered = this.answered.get(socket) ?? 0;
    this.answered.set(socket, answered + 1);
    const isLast = answered >= maxRequests || closingStatuses.includes(status) || !response.shouldKeepAlive;
    if (isLast) this.ended.add(socket);
    response.removeHeader('Connection');
    response.writeHead(status, {
      ...headers,
      Server: 'Mono-HTTPAPI/1.0',
      Date: new Date().toUTCString(),
      'Content-Length': Buffer.byteLength(body),
      ...(isLast ? { Connection: 'close' } : { 'Keep-Alive': `timeout=${keepAlive},max=${maxRequests - answered}` }),
    });
    response.end(body);
  }
}
