import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificates } from './certificates';
import { turns } from './process';

/** A request that arrived. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  socket: Socket;
  /** The answer of a healthy server. */
  good: string;
  /** Lets time pass for the client, in ms, once it waits. */
  pass: (milliseconds: number) => void;
  /** The base URL of another server. */
  elsewhere: string;
}

/** The behaviour of a server instead of answering. */
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

/** A server on 127.0.0.1 that works well until a test makes it misbehave. It keeps its port. */
export abstract class MisbehavingServer {
  /** The raw URLs of the requests that arrived, each after its method where that is not GET. */
  readonly requests: string[] = [];
  /** The most connections that were open at a time. */
  maxSockets = 0;
  /** The most bytes that a client took over one connection. */
  maxBytes = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server | https.Server;
  private fault: Misbehaviour = {};
  private concerned: Pick<RegExp, 'test'> = /^/;
  private port = 0;

  protected constructor(private readonly surroundings: Surroundings) {
    const { certificates } = surroundings;
    this.server = certificates === undefined ? createServer() : https.createServer(certificates.good);
    this.server.keepAliveTimeout = 0;
    this.server.on('connection', (socket: Socket) => {
      this.accept(socket);
    });
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.receive(request, response);
    });
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (this.fault.onRequest === undefined || !this.concerned.test(nameOf(request))) {
        this.requests.push(nameOf(request));
        this.upgrade(request, socket, head);
        return;
      }
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      void this.receive(request, response);
    });
  }

  /** Carries out a request: what was carried out stays so, whatever becomes of the answer. */
  protected abstract answer(request: string, body: string): string;

  /** Opens a WebSocket. */
  protected upgrade(...[, socket]: [request: IncomingMessage, socket: Socket, head: Buffer]): void {
    socket.destroy();
  }

  get url(): string {
    return `${this.surroundings.certificates === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /**
   * Misbehaves from now on.
   *
   * @param concerned misbehaves for these requests only
   */
  async begin(fault: Misbehaviour, concerned: Pick<RegExp, 'test'> = /^/): Promise<void> {
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

  protected async listen(): Promise<void> {
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

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = nameOf(request);
    const { socket } = request;
    this.requests.push(name);
    const body = request.method === 'GET' ? '' : await text(request);
    const good = this.answer(name, body);
    if (this.fault.onRequest === undefined || !this.concerned.test(name)) response.end(good);
    else this.fault.onRequest({ request, response, socket, good, ...this.surroundings });
  }
}

function nameOf({ method = '', url = '' }: IncomingMessage): string {
  return method === 'GET' ? url : `${method} ${url}`;
}

/** The 3CX HTTP API that people run. */
export class FaultyServer extends MisbehavingServer {
  /** The records of `showallcalls`. */
  calls = '';

  static async start(surroundings: Surroundings): Promise<FaultyServer> {
    const server = new FaultyServer(surroundings);
    await server.listen();
    return server;
  }

  protected answer(url: string): string {
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
