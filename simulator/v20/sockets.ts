import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../clock';
import type { Random } from '../random';
import type { V20Switches } from './options';
import type { Participant } from './participants';
import { pascalCase } from './wire';

/** A WebSocket that a client has opened. */
export interface V20Socket {
  /** 1, 2, … in the order in which they were opened. */
  readonly id: number;
  /** In ms since 1970. */
  readonly openedAt: number;
  /** Null as long as it is open. */
  readonly closedAt: number | null;
  /** Messages sent. */
  readonly sent: number;
  /** Pings received. */
  readonly pings: number;
}

export interface V20Event {
  /** 0 Upset, 1 Remove, 2 DTMFstring, 3 PromptPlaybackFinished, 4 Response. */
  readonly event_type: number;
  readonly entity: string;
  readonly attached_data: unknown;
}

/** A request that came over the WebSocket, and its answer. */
export type Respond = (path: string, data: unknown, headers: IncomingMessage['headers']) => Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The PBX's end of a WebSocket. */
export type SocketEnd = Pick<WebSocket, 'readyState' | 'OPEN' | 'send' | 'pong' | 'close' | 'terminate'> & {
  on(event: 'ping' | 'message', listener: (data: Buffer) => void): unknown;
  on(event: 'error' | 'close', listener: () => void): unknown;
};

interface OpenSocket {
  readonly socket: SocketEnd;
  readonly log: Mutable<V20Socket>;
  /** A message that waits until the next one has been sent. */
  held: string | null;
}

/** The event types as documented. */
const eventNames = ['Upsert', 'Remove', 'DTMFstring', 'PromptPlaybackFinished', 'Response'];
const upset = 0;
const remove = 1;
const response = 4;
/** How many sockets the log keeps. */
const logLength = 1000;
/** How long a message may wait for the next one, in ms. */
const longestHold = 50;

/** The WebSockets of `/callcontrol/ws`. */
export class Sockets {
  /** The last ones, in order. */
  readonly log: V20Socket[] = [];
  private readonly server = new WebSocketServer({ noServer: true, autoPong: false });
  private readonly open = new Set<OpenSocket>();
  private readonly repeating = new Map<string, () => void>();
  private opened = 0;
  private sequence = 0;

  constructor(
    private readonly switches: V20Switches,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly respond: Respond,
    private readonly notify: () => void,
  ) {}

  /** Opens a WebSocket for a client that may have one. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.server.handleUpgrade(request, socket, head, (webSocket) => this.add(webSocket, request.headers));
  }

  /** Takes a WebSocket that has been opened. */
  add(webSocket: SocketEnd, headers: IncomingMessage['headers']): void {
    const log = { id: ++this.opened, openedAt: Date.now(), closedAt: null, sent: 0, pings: 0 };
    const one: OpenSocket = { socket: webSocket, log, held: null };
    this.open.add(one);
    this.log.push(log);
    if (this.log.length > logLength) this.log.shift();
    webSocket.on('ping', (data: Buffer) => {
      one.log.pings++;
      if (!this.isSilent()) webSocket.pong(data);
    });
    webSocket.on('message', (data) => void this.answer(one, data, headers));
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('close', () => {
      this.open.delete(one);
      one.log.closedAt = Date.now();
      this.notify();
    });
    this.notify();
  }

  /** Tells of a new or changed participant, again and again while it rings where the switch says so. */
  upsert(participant: Participant): void {
    const entity = entityOf(participant);
    this.send({ event_type: upset, entity, attached_data: this.attached(participant) });
    this.repeating.get(entity)?.();
    this.repeating.delete(entity);
    const { repeatMs } = this.switches;
    if (repeatMs <= 0 || participant.status !== 'Ringing') return;
    this.repeating.set(
      entity,
      this.clock.after(repeatMs, () => this.upsert(participant)),
    );
  }

  remove(participant: Participant): void {
    const entity = entityOf(participant);
    this.repeating.get(entity)?.();
    this.repeating.delete(entity);
    this.send({ event_type: remove, entity, attached_data: null });
    if (this.switches.lateUpsets) this.send({ event_type: upset, entity, attached_data: null });
  }

  /** Sends an event to all clients, whatever it is. */
  send(event: V20Event): void {
    const text = this.textOf(event);
    for (const one of this.open) this.deliver(one, text);
  }

  /**
   * Closes all of them.
   * @param code of the WebSocket protocol; none: the connection breaks.
   */
  drop(code?: number): void {
    for (const { socket } of this.open) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
  }

  close(): void {
    this.drop();
    for (const cancel of this.repeating.values()) cancel();
    this.server.close();
  }

  /** Faults are per socket, as the network makes them. */
  private deliver(one: OpenSocket, text: string): void {
    if (this.isSilent() || this.isBy(this.switches.lost)) return;
    if (one.held === null && this.isBy(this.switches.reordered)) {
      one.held = text;
      this.clock.after(longestHold, () => this.release(one));
      return;
    }
    this.write(one, text);
    if (this.isBy(this.switches.repeated)) this.write(one, text);
    this.release(one);
  }

  private isSilent(): boolean {
    return this.switches.silent || this.switches.hangs;
  }

  private isBy(share: number): boolean {
    return share > 0 && this.random.chance(share);
  }

  private release(one: OpenSocket): void {
    const { held } = one;
    one.held = null;
    if (held !== null) this.write(one, held);
  }

  private write({ socket, log }: OpenSocket, text: string): void {
    if (socket.readyState !== socket.OPEN) return;
    log.sent++;
    socket.send(text);
  }

  private textOf(event: V20Event): string {
    const message = { sequence: ++this.sequence, event };
    if (!this.switches.pascalCase) return JSON.stringify(message);
    return JSON.stringify(
      pascalCase({ ...message, event: { ...event, event_type: eventNames[event.event_type] ?? event.event_type } }),
    );
  }

  private attached(participant: Participant): unknown {
    switch (this.switches.attachedData) {
      case 'null':
        return null;
      case 'participant':
        return participant;
      case 'response':
        return { StatusCode: 200, Response: participant };
    }
  }

  /** A request of the client, which only this client gets the answer to. */
  private async answer(one: OpenSocket, data: RawData, headers: IncomingMessage['headers']): Promise<void> {
    const request = requestOf(data);
    if (request === undefined) return;
    const { status, body } = await this.respond(request.path, request.data, headers);
    if (this.isSilent()) return;
    const attached = { RequestID: request.id, Path: request.path, StatusCode: status, Response: body };
    this.write(one, this.textOf({ event_type: response, entity: request.path, attached_data: attached }));
  }
}

function entityOf({ dn, id }: Participant): string {
  return `/callcontrol/${dn}/participants/${id}`;
}

/** Undefined for a message that is no request. */
function requestOf(data: RawData): { id: string; path: string; data: unknown } | undefined {
  try {
    const text = Buffer.isBuffer(data) ? data.toString() : '';
    const { RequestID, Path, RequestData } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (typeof RequestID !== 'string' || typeof Path !== 'string') return undefined;
    return { id: RequestID, path: Path, data: RequestData };
  } catch {
    return undefined;
  }
}
