import dns, { type LookupAddress } from 'node:dns';
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ConnectionOptions, TLSSocket } from 'node:tls';

/** The time for connecting to a host name with one address, in ms: the default of Node.js. */
const defaultAttempt = 250;

export interface Agents {
  httpAgent: http.Agent;
  httpsAgent: https.Agent;
}

/** The demands of a request on its connection. */
export interface Needs {
  /** In ms. */
  timeout: number;
  /** Whether the request may be sent again when the connection breaks: a query may, a command may not. */
  repeatable: boolean;
  signal: AbortSignal;
}

/**
 * The one connection to a server, kept alive from request to request.
 *
 * A server may close an idle connection at any time, even at the moment when the next request leaves. So a command gets
 * a new connection unless this one was used just before.
 */
export class KeptConnection {
  /** A command never starts on a connection that has been idle for longer, in ms. */
  static readonly maxIdle = 1_000;

  private current: Agents;
  private attempt = defaultAttempt;
  /** The addresses that the server's name stands for. */
  private addresses: LookupAddress[] = [];
  /** Whether the server was seen to keep connections. */
  private isKept = false;
  /** The address that was connected to last. */
  private address: string | undefined;
  private socket: Socket | null = null;
  /** `Infinity` while it is not idle. */
  private idleSince = Infinity;
  /** The time for which the server keeps idle connections, according to its last answer, in ms. */
  private announced = Infinity;
  /** The shortest idle time after which the server was seen to close a connection, in ms. */
  private observed = Infinity;

  /**
   * @param host name or address to connect to: the server's, or its proxy's
   * @param tls settings for https
   */
  constructor(
    private readonly host: string,
    private readonly tls: ConnectionOptions,
  ) {
    this.current = this.createAgents(this.attempt);
  }

  /** The agents of the connection that `prepare` chose. */
  get agents(): Agents {
    return this.current;
  }

  /** Chooses between the open connection and a new one. */
  async prepare({ timeout, repeatable, signal }: Needs): Promise<void> {
    if (!repeatable && this.isFree() && (!this.isKept || this.idle > 1)) await readWhatArrived();
    if (this.isFree() && (repeatable || this.idle <= this.maxIdle)) return;
    this.addresses = this.lastUsedFirst(await abortable(resolve(this.host), signal));
    this.close();
    const count = this.addresses.length;
    // The last share of the time is for the answer.
    const attempt = count > 1 ? Math.ceil(timeout / (count + 1)) : defaultAttempt;
    if (attempt === this.attempt) return;
    this.attempt = attempt;
    this.current = this.createAgents(attempt);
  }

  /** Tracks a request, from its start to its answer. */
  track(request: ClientRequest): Tracked {
    const { idle } = this;
    this.idleSince = Infinity;
    return new Tracked(request, idle, (socket) => {
      if (socket === this.socket) return;
      this.socket = socket;
      this.address = socket.remoteAddress;
      socket.once('close', () => {
        if (socket === this.socket) this.closedAfter(this.idle);
      });
    });
  }

  /**
   * Notes that a request was answered: the connection is idle from now on, unless the answer ends it.
   *
   * @param keepAlive the header of the answer
   */
  release({ request, idle }: Tracked, keepAlive: unknown): void {
    const [, seconds = Infinity] = typeof keepAlive === 'string' ? (/\btimeout=(\d+)/i.exec(keepAlive) ?? []) : [];
    this.announced = Number(seconds) * 1_000;
    if (idle > 2 * this.observed) this.observed = Infinity;
    if (request.reusedSocket) this.isKept = true;
    if (request.shouldKeepAlive) this.idleSince = performance.now();
  }

  /** Notes that the server closed the connection after it had been idle for this many ms. */
  closedAfter(idle: number): void {
    if (idle < 0) return;
    this.isKept = false;
    this.observed = Math.min(this.observed, idle);
  }

  close(): void {
    this.socket = null;
    this.idleSince = Infinity;
    this.current.httpAgent.destroy();
    this.current.httpsAgent.destroy();
  }

  /** How long the connection has been idle, in ms; negative while it is not. */
  private get idle(): number {
    return performance.now() - this.idleSince;
  }

  /** The longest idle time after which a command may use the connection, in ms. */
  private get maxIdle(): number {
    return Math.min(KeptConnection.maxIdle, this.announced - 1_000, this.observed / 2);
  }

  private isFree(): boolean {
    return this.idleSince < Infinity && this.socket !== null && this.socket.readable && this.socket.writable;
  }

  private lastUsedFirst(addresses: readonly LookupAddress[]): LookupAddress[] {
    return [...addresses].sort((a, b) => Number(b.address === this.address) - Number(a.address === this.address));
  }

  /** @param attempt how long to wait for each address but the last, in ms */
  private createAgents(attempt: number): Agents {
    const lookup: LookupFunction = (_host, _options, callback) => {
      callback(null, this.addresses);
    };
    const options = {
      ...{ keepAlive: true, maxSockets: 1, lookup },
      ...{ autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attempt },
    };
    return { httpAgent: new http.Agent(options), httpsAgent: new https.Agent({ ...this.tls, ...options }) };
  }
}

/** A request, and the facts about its connection that its outcome depends on. */
export class Tracked {
  /** Whether bytes of it may have left. */
  sent = false;
  private socket: Socket | null = null;
  private bytesBefore = 0;

  /**
   * @param idle how long the connection had been idle before, in ms
   * @param connected called with the connection before the request is written to it
   */
  constructor(
    readonly request: ClientRequest,
    readonly idle: number,
    connected: (socket: Socket) => void,
  ) {
    request.once('socket', (socket) => {
      const ready = (): void => {
        this.sent = true;
        this.socket = socket;
        this.bytesBefore = socket.bytesRead;
        connected(socket);
      };
      // No byte of the request can have left before the connection was open.
      if (request.reusedSocket) ready();
      else if (socket instanceof TLSSocket) socket.once('secureConnect', ready);
      else if (socket.connecting) socket.once('connect', ready);
      else if (!socket.destroyed) ready();
    });
  }

  /** Did the request use a kept connection, and get no byte of an answer? */
  get isUnanswered(): boolean {
    return this.request.reusedSocket && this.socket?.bytesRead === this.bytesBefore;
  }
}

/**
 * Waits until a closed connection is noticed. A busy process learns of it late: it takes one turn to read the news, and
 * one to act on it.
 */
async function readWhatArrived(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

function resolve(host: string): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return Promise.resolve([{ address: host, family }]);
  return new Promise((done, fail) => {
    dns.lookup(host, { all: true }, (error, addresses) => {
      if (error === null) done(addresses);
      else fail(error);
    });
  });
}

/** Rejects as soon as the signal aborts. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_done, fail) => {
    abort = () => {
      fail(new Error('aborted'));
    };
  });
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
