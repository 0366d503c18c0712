import type { ClientRequest, IncomingMessage } from 'node:http';
import type * as Ws from 'ws';
import { type Moment, ownError, ThreeCxError } from '../pbx';
import type { Client } from './client';
import { codeOf } from './wire';

const pingInterval = 5_000;
/** Without an answer for so long the connection is dead, in ms. */
const maxSilence = 15_000;
const maxMessageBytes = 4 * 1024 * 1024;

export interface SocketHandlers {
  onOpen(): void;
  onMessage(text: string): void;
  /** @param aliveAt when it was last seen alive; null when it never opened */
  onClose(error: ThreeCxError, aliveAt: Moment | null): void;
}

/** With the first socket: not everybody has one. */
function loadWs(): typeof Ws {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('ws') as typeof Ws;
}

/** The WebSocket over which the PBX sends its events: opened once, closed once. */
export class EventSocket {
  private socket: Ws.WebSocket | null = null;
  private timer: NodeJS.Timeout | null = null;
  private aliveAt: Moment | null = null;
  private isOver = false;

  constructor(
    private readonly client: Client,
    private readonly clock: () => Moment,
    private readonly handlers: SocketHandlers,
  ) {
    void this.open(true);
  }

  get isOpen(): boolean {
    return this.aliveAt !== null && !this.isOver;
  }

  /** Ends it, without a word to the handlers. */
  close(): void {
    this.isOver = true;
    this.stop();
  }

  /** Ends it as if it had broken. */
  fail(error: ThreeCxError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stop();
    this.handlers.onClose(error, this.aliveAt);
  }

  /** @param mayRetry whether a token that the PBX does not accept may be another program's doing */
  private async open(mayRetry: boolean): Promise<void> {
    let way: Awaited<ReturnType<Client['webSocket']>>;
    try {
      way = await this.client.webSocket('/callcontrol/ws');
    } catch (error) {
      this.fail(ownError(error));
      return;
    }
    if (this.isOver) return;
    const socket = new (loadWs().WebSocket)(way.url, {
      ...way.options,
      headers: { Authorization: `Bearer ${way.token}` },
      handshakeTimeout: this.client.timeout,
      followRedirects: false,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    });
    this.socket = socket;
    socket.on('unexpected-response', (request: ClientRequest, { statusCode = 0 }: IncomingMessage) => {
      request.destroy();
      if (socket !== this.socket) return;
      if (statusCode === 401 && mayRetry) void this.retry();
      else this.fail(refusal(statusCode));
    });
    socket.on('open', () => {
      this.aliveAt = this.clock();
      this.timer = setInterval(() => this.ping(), pingInterval);
      this.handlers.onOpen();
    });
    const isAlive = (): void => {
      this.aliveAt = this.clock();
    };
    socket.on('ping', isAlive);
    socket.on('pong', isAlive);
    socket.on('message', (data: Ws.RawData, isBinary: boolean) => {
      isAlive();
      if (!isBinary && !this.isOver) this.handlers.onMessage((data as Buffer).toString());
    });
    socket.on('error', (error: Error) => {
      if (socket === this.socket) this.fail(broken(codeOf(error), this.aliveAt !== null));
    });
    socket.on('close', (code: number) => {
      if (socket === this.socket) this.fail(broken(String(code), this.aliveAt !== null));
    });
  }

  /**
   * A read shows whether REST accepts the token, and replaces it if not. It may hold there: a proxy can strip it from the
   * request for a WebSocket alone.
   */
  private async retry(): Promise<void> {
    this.socket = null;
    try {
      await this.client.read({ path: '/callcontrol', forbidden: notOpened });
    } catch (error) {
      this.fail(ownError(error));
      return;
    }
    if (!this.isOver) await this.open(false);
  }

  private ping(): void {
    const { aliveAt } = this;
    if (aliveAt !== null && this.clock().steady - aliveAt.steady > maxSilence) {
      this.fail(new ThreeCxError('timeout', `the WebSocket gave no answer for ${maxSilence / 1000} s`));
    } else {
      this.socket?.ping();
    }
  }

  private stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    const { socket } = this;
    this.socket = null;
    // Later messages and errors of this socket do not matter.
    socket?.removeAllListeners();
    socket?.on('error', () => undefined);
    socket?.terminate();
  }
}

const notOpened = 'the PBX does not open a WebSocket for this API client';

function refusal(status: number): ThreeCxError {
  if (status === 401 || status === 403) {
    return new ThreeCxError('unauthorized', `${notOpened} (HTTP ${status})`);
  }
  if (status >= 500) return new ThreeCxError('server-error', `the PBX opened no WebSocket (HTTP ${status})`);
  return new ThreeCxError('unexpected-answer', `the PBX opened no WebSocket (HTTP ${status})`);
}

function broken(code: string, wasOpen: boolean): ThreeCxError {
  return wasOpen
    ? new ThreeCxError('lost', `the WebSocket broke (${code})`, code)
    : new ThreeCxError('unreachable', `cannot open a WebSocket to the PBX (${code})`, code);
}
