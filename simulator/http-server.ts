import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import type { ServerKind } from '../lib/pbx';
import { type Guard, guardOf, type SimulatorAuth } from './auth';
import { type Build, builds, exceptionMessage, type Habits, idlePage, MissingArgument } from './builds';
import { type Clock, sleep } from './clock';
import { type Fault, faults } from './fault';
import { listen, shutDown } from './listen';
import { type Form, formOf } from './operations';
import { checkOneOf } from './options';
import { type Pbx, PbxError } from './pbx';

/** A request, and its answer. */
export interface LoggedRequest {
  /** 1, 2, … in the order of arrival. */
  readonly id: number;
  /** The raw path. */
  readonly path: string;
  /** When it arrived, in ms since 1970. */
  readonly at: number;
  /** The body of its answer; null before, and for good where the server gives no answer. */
  readonly answer: string | null;
  /** From its arrival to its answer, in ms; null as long as `answer` is. */
  readonly milliseconds: number | null;
  /** True once it is certain that it gets no answer. */
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
  /** These headers come before those of every answer. */
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
 * The wire: the HTTP server that people run, with its habits, for both forms of the API. It works on the raw path,
 * handles one request after the other, and may never answer where an operation fails.
 */
export class ApiServer {
  /** The last requests in order of arrival. */
  readonly requests: LoggedRequest[] = [];
  /** Number of all requests that ever arrived. */
  requestCount = 0;
  /** Resolves when `/stop` has ended the server. */
  readonly stopped: Promise<void>;
  private readonly listeners = new Set<(request: LoggedRequest) => void>();
  /** Emits `fault` after each change of it. */
  private readonly changes = new EventEmitter();
  private currentFault: Fault = 'none';
  private changing = Promise.resolve();
  private readonly pbx: Pbx;
  private readonly clock: Clock;
  private readonly delay: number;
  private readonly form: Form;
  private readonly guard: Guard;
  private readonly habits: Habits;
  private readonly server: Server;
  private readonly host: string;
  /** The one that it listens at, or did. */
  private port = 0;
  /** Aborted for good at its end. */
  private readonly closing = new AbortController();
  /** Aborted whenever it stops listening: open requests get no answer. */
  private life = new AbortController();
  /** Connections with a request that is never answered, or with their last answer: nothing more is read there. */
  private readonly ended = new WeakSet<Socket>();
  /** How many requests were answered on each connection. */
  private readonly answered = new WeakMap<Socket, number>();
  /** Settles when the last request that arrived has been served. */
  private lane = Promise.resolve();
  private hasStopped: () => void = () => undefined;

  private constructor({ pbx, kind, auth, build, host, clock, delay }: ApiServerOptions) {
    this.pbx = pbx;
    this.host = host;
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
    const url = await listen(server.server, options.port, options.host, 'port');
    server.port = (server.server.address() as AddressInfo).port;
    return { server, url };
  }

  /**
   * @param listener called for each request when it arrives, and again when it is answered or certainly will not be
   * @returns ends it
   */
  onRequest(listener: (request: LoggedRequest) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The fault that it has. */
  get fault(): Fault {
    return this.currentFault;
  }

  /**
   * Breaks it, or mends it. Changes come one after the other.
   *
   * @throws Error with the system's `code` when another program has taken its port, and without one after its end;
   *   RangeError for a fault that there isn't
   */
  async setFault(fault: Fault): Promise<void> {
    const changed = this.changing.then(() => this.change(fault));
    this.changing = changed.catch(() => undefined);
    await changed;
  }

  /**
   * @param listener is called after each change of the fault
   * @returns ends it
   */
  onFault(listener: () => void): () => void {
    this.changes.on('fault', listener);
    return () => this.changes.off('fault', listener);
  }

  /** Ends it at once, running requests included. */
  async close(): Promise<void> {
    this.closing.abort();
    this.life.abort();
    // It may be about to listen again.
    await this.changing;
    await shutDown(this.server);
  }

  private async change(fault: Fault): Promise<void> {
    checkOneOf('The fault', fault, faults);
    if (this.closing.signal.aborted) throw new Error('The HTTP API has ended.');
    if (fault === this.currentFault) return;
    if (fault === 'gone') {
      this.life.abort();
      await shutDown(this.server);
    } else if (this.currentFault === 'gone') {
      this.life = new AbortController();
      await listen(this.server, this.port, this.host, 'port');
    }
    this.currentFault = fault;
    this.changes.emit('fault');
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
    // This also runs for a client that is gone: the community server notices that only when it answers, and has carried
    // out the command.
    const { signal } = this.life;
    this.lane = this.lane.then(() => this.serve(logged, request, response, signal));
  }

  /** Never rejects, since the lane has to go on. */
  private async serve(
    logged: Mutable<LoggedRequest>,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { socket } = request;
    if (signal.aborted || this.ended.has(socket)) {
      this.giveUp(logged);
      return;
    }
    const [, name = '', ...args] = logged.path.split('/');
    try {
      while (this.currentFault === 'hangs') await once(this.changes, 'fault', { signal });
      const answer = await this.answer(name, args, request, signal);
      logged.answer = answer.body;
      logged.milliseconds = Date.now() - logged.at;
      this.send(answer, request, response);
      this.tell(logged);
      if (answer.status !== 200) return;
    } catch (error) {
      this.ended.add(socket);
      this.giveUp(logged);
      const expected = error instanceof PbxError || signal.aborted;
      if (!expected) process.emitWarning(error instanceof Error ? error : String(error));
      return;
    }
    if (name === 'stop' && !this.habits.hasLostPbx) await this.stop(response, signal);
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
    signal: AbortSignal,
  ): Promise<Answer> {
    const hasLength = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (!hasLength && ['POST', 'PUT'].includes(method)) {
      return { status: 411, body: '<h1>Length Required</h1>', headers: { 'Content-Type': 'text/html' } };
    }
    if (!this.guard.allows(headers.authorization)) {
      const { challenge } = this.guard;
      return { status: 401, body: '', headers: challenge === null ? {} : { 'WWW-Authenticate': challenge } };
    }
    if (this.currentFault === 'fails') return failure(exceptionMessage(new PbxError('unknown', '')));
    if (this.habits.hasLostPbx) return this.success(idlePage);
    try {
      const body = await this.carryOut(name, args, signal);
      return name === 'stop' && !this.form.answersStop ? { status: 200, body: '', headers: {} } : this.success(body);
    } catch (error) {
      if (!(error instanceof PbxError)) throw error;
      if (this.habits.errors === '500') return failure(exceptionMessage(error));
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

  private async carryOut(name: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    const operation = this.form.operations.get(name);
    if (operation === undefined) return this.form.idle;
    return operation({
      pbx: this.pbx,
      arg: (position) => {
        const value = args[position - 1];
        if (value === undefined) throw new MissingArgument(position);
        return value;
      },
      pause: () => sleep(this.clock, this.delay, signal),
    });
  }

  private async stop(response: ServerResponse, signal: AbortSignal): Promise<void> {
    this.server.close();
    // It rejects when the client is gone, or after close(); either way nobody waits.
    await finished(response, { signal }).catch(() => undefined);
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

function failure(body: string): Answer {
  return { status: 500, body, headers: { 'Access-Control-Allow-Origin': '*' } };
}
