import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { WebSocket as WsSocket } from 'ws';
import { ownError } from '../../lib/pbx';
import { type Answer, type Request, Wire } from '../../lib/v20/wire';
import type { Random } from '../../simulator/random';
import type { V20App } from '../../simulator/v20/server';
import type { SocketEnd } from '../../simulator/v20/sockets';
import type { VirtualTime } from './virtual-time';

/** How long something may be under way, in ms; how long it is, chance decides each time. */
export interface Delays {
  /** A request to the PBX, and as long again its answer. */
  request: number;
  /** A message over a WebSocket. Messages on their own are never out of order. */
  message: number;
}

/** A request that was answered. */
export interface Exchange {
  path: string;
  status: number;
  /** The time when the PBX got it: the answer describes that moment. */
  asked: number;
  answered: number;
}

/** A WebSocket, as its client saw it. */
export interface Opened {
  from: number;
  /** Infinity while it is open. */
  to: number;
}

/** Between a client and the simulated PBX: in memory, by a virtual clock, and with chance only by its seed. */
export class Network {
  readonly exchanges: Exchange[] = [];
  readonly sockets: Opened[] = [];

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly delays: Delays,
    private readonly v20: V20App,
  ) {}

  /**
   * Takes the place of all connections that `lib/v20` makes.
   *
   * @returns puts them back
   */
  install(): () => void {
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { send } = Wire.prototype;
    // The module from which lib/v20 takes its WebSockets.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const ws = require('ws') as { WebSocket: object };
    const { WebSocket } = ws;
    const network = this as Network;
    const open = function (url: string, { headers }: { headers: IncomingMessage['headers'] }): ClientEnd {
      return network.open(new URL(url).pathname, headers);
    };
    Wire.prototype.send = (request) => this.send(request);
    ws.WebSocket = open;
    return () => {
      Wire.prototype.send = send;
      ws.WebSocket = WebSocket;
    };
  }

  private send({ method, path, headers, body, signal }: Request): Promise<Answer> {
    const { clock } = this.time;
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(ownError(signal.reason)), { once: true });
      const arrive = async (): Promise<void> => {
        const asked = clock.now();
        const response = await this.v20.app.request(path, {
          method,
          ...(headers === undefined ? {} : { headers }),
          ...(body === undefined ? {} : { body }),
        });
        const { status } = response;
        const text = await response.text();
        this.after(this.delays.request, () => {
          if (!signal.aborted) this.exchanges.push({ path, status, asked, answered: clock.now() });
          resolve({ status, text, version: response.headers.get('X-3CX-Version') });
        });
      };
      this.after(this.delays.request, () => {
        this.time.busy += 1;
        void arrive()
          .catch(reject)
          .finally(() => (this.time.busy -= 1));
      });
    });
  }

  private open(url: string, headers: IncomingMessage['headers']): ClientEnd {
    const there = this.line();
    const back = this.line();
    const client = new ClientEnd(there);
    const server = new ServerEnd(back);
    client.other = server;
    server.other = client;
    there(() => {
      const status = this.v20.socketRefusal({ url, headers: lowerCase(headers) });
      if (status === null) this.v20.sockets.add(server, headers);
      const request = { destroy: () => undefined };
      if (status === null) back(() => this.noteOpen(client));
      else back(() => client.emit('unexpected-response', request, { statusCode: status }));
    });
    return client;
  }

  private noteOpen(client: ClientEnd): void {
    if (client.readyState !== client.OPEN) return;
    const opened = { from: this.time.clock.now(), to: Infinity };
    this.sockets.push(opened);
    client.onGone = () => (opened.to = this.time.clock.now());
    client.emit('open');
  }

  /** One way of a connection, on which nothing overtakes. */
  private line(): Line {
    let last = 0;
    return (arrive) => {
      const { clock } = this.time;
      last = Math.max(last, clock.now() + this.random.integer(this.delays.message + 1));
      clock.after(last - clock.now(), arrive);
    };
  }

  private after(most: number, callback: () => void): void {
    this.time.clock.after(this.random.integer(most + 1), callback);
  }
}

type Line = (arrive: () => void) => void;

abstract class End extends EventEmitter {
  readonly OPEN = 1;
  readyState: WsSocket['readyState'] = 1;
  other!: End;
  /** No listener: the client takes all of its own away before it ends. */
  onGone: () => void = () => undefined;

  constructor(protected readonly line: Line) {
    super();
  }

  send(text: string): void {
    this.line(() => this.other.emit('message', Buffer.from(text), false));
  }

  terminate(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    this.onGone();
    this.emit('close', 1006);
    this.line(() => this.other.terminate());
  }

  close(): void {
    this.terminate();
  }
}

/** What `ws` gives a client. */
class ClientEnd extends End {
  ping(): void {
    this.line(() => this.other.emit('ping', Buffer.alloc(0)));
  }
}

class ServerEnd extends End implements SocketEnd {
  pong(): void {
    this.line(() => this.other.emit('pong'));
  }
}

function lowerCase(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
