import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificates } from './certificates';
import { turns } from './process';

/** A request that arrived. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  socket: Socket;
  /** What a server that behaves well would answer. */
  good: string;
  /** Lets time pass for the client, in ms, once it waits. */
  pass: (milliseconds: number) => void;
  /** The base URL of another server. */
  elsewhere: string;
}

/** What a server does instead of answering. */
export interface Misbehaviour {
  /** Nobody listens. */
  refuses?: true;
  /** In place of a good one. */
  certificate?: keyof Omit<Certificates, 'authority'>;
  /** When a connection was opened. */
  onConnection?: (socket: Socket) => void;
  /** Instead of an answer. */
  onRequest?: (exchange: Exchange) => void;
}

export interface Surroundings {
  pass: (milliseconds: number) => void;
  elsewhere: string;
  /** For https. */
  certificates?: Certificates;
}

/** The 3CX HTTP API that people run, on 127.0.0.1, until it is told to misbehave. It keeps its port. */
export class FaultyServer {
  /** The raw URLs of the requests that arrived. */
  readonly requests: string[] = [];
  /** The most connections that were open at a time. */
  maxSockets = 0;
  /** The most bytes that a client took over one connection. */
  maxBytes = 0;
  /** The records of `showallcalls`. */
  calls = '';
  private readonly sockets = new Set<Socket>();
  private readonly server: Server | https.Server;
  private fault: Misbehaviour = {};
  private concerned = /^/;
  private port = 0;

  private constructor(private readonly surroundings: Surroundings) {
    const { certificates } = surroundings;
    this.server = certificates === undefined ? createServer() : https.createServer(certificates.good);
    this.server.keepAliveTimeout = 0;
    this.server.on('connection', (socket: Socket) => {
      this.accept(socket);
    });
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.receive(request, response);
    });
  }

  static async start(surroundings: Surroundings): Promise<FaultyServer> {
    const server = new FaultyServer(surroundings);
    await server.listen();
    return server;
  }

  get url(): string {
    return `${this.surroundings.certificates === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /**
   * Misbehaves from now on.
   *
   * @param concerned misbehaves for these requests only, by their URL
   */
  async begin(fault: Misbehaviour, concerned = /^/): Promise<void> {
    const { certificates } = this.surroundings;
    this.fault = fault;
    this.concerned = concerned;
    if (this.server instanceof https.Server && certificates !== undefined) {
      this.server.setSecureContext(certificates[fault.certificate ?? 'good']);
    }
    if (fault.refuses) await this.close();
    else if (!this.server.listening) await this.listen();
    if (fault.certificate !== undefined || fault.onConnection !== undefined) await this.hangUp();
    await turns();
  }

  /** Behaves well again. */
  end(): Promise<void> {
    return this.begin({});
  }

  /** Breaks all connections off, and resolves when the clients know. */
  async hangUp(): Promise<void> {
    for (const socket of this.sockets) socket.resetAndDestroy();
    await turns();
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    await this.hangUp();
    await closed;
  }

  private async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    ({ port: this.port } = this.server.address() as AddressInfo);
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    this.maxSockets = Math.max(this.maxSockets, this.sockets.size);
    socket
      .on('error', () => undefined)
      .on('close', () => {
        this.sockets.delete(socket);
        this.maxBytes = Math.max(this.maxBytes, socket.bytesWritten);
      });
    this.fault.onConnection?.(socket);
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', socket } = request;
    const good = this.answer(url);
    this.requests.push(url);
    if (this.fault.onRequest === undefined || !this.concerned.test(url)) response.end(good);
    else this.fault.onRequest({ request, response, socket, good, ...this.surroundings });
  }

  private answer(url: string): string {
    const [, operation = '', extension = '', action = ''] = url.split('/');
    switch (operation) {
      case 'showallcalls':
        return `<html><head></head><body>${this.calls}</body></html>`;
      case 'makecall':
      case 'unpark':
        return newCallIdOf(extension);
      case 'answer':
      case 'ondn':
        return callIdOf(extension);
      case 'dnregs':
        return `71-sip:${extension}@127.0.0.1:5488;ob-Phone 1.2`;
      case 'getcallerid':
        return 'Queue: Support Anrufer: +4915112345678';
      case 'login':
        return action.startsWith('log') ? 'is not a valid extension' : 'true';
      case 'setstatus':
        return 'Away';
      case 'showstatus':
        return '    CURRENT_STATUS=Available';
      case 'stop':
        return '<HTML><BODY> Server Stopped</BODY></HTML>';
      default:
        return 'true';
    }
  }
}

/** The call that an extension makes. */
export function newCallIdOf(extension: string): string {
  return `${callIdOf(extension)}_new`;
}

/** The call that it knows of an extension. */
export function callIdOf(extension: string): string {
  return `00000A5F3C2D1_${extension}`;
}
