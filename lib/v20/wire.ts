import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, type ConnectionOptions, TLSSocket } from 'node:tls';
import type { AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios';
import type * as ProxyAgents from 'https-proxy-agent';
import { ownError, ThreeCxError, withoutEndSlash } from '../pbx';

export interface WireOptions {
  /** Base URL of the PBX. */
  url: URL;
  tls: ConnectionOptions;
  /** Everything goes through it, the WebSocket too; null for none, whatever the environment says. */
  proxy: URL | null;
  /** How long connecting may take, in ms. */
  timeout: number;
}

export interface Request {
  method: 'GET' | 'POST' | 'PATCH';
  /** Begins with `/`; sent as it is. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Its reason, a ThreeCxError, is thrown when it aborts after the request was sent. */
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  text: string;
  version: string | null;
}

const maxAnswerBytes = 4 * 1024 * 1024;
/** A server may close an idle connection at any time, also while a command leaves, in ms. */
const maxIdleForCommands = 1_000;

/** With the first connection: they take longer than all the rest of the package, and not everybody uses them. */
function loadAxios(): AxiosStatic {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('axios') as AxiosStatic;
}
function loadProxyAgents(): typeof ProxyAgents {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('https-proxy-agent') as typeof ProxyAgents;
}

/** Sends requests to one PBX, and reports what became of each. */
export class Wire {
  private readonly base: string;
  /** Looked up once: to require it takes as long as to send with it. */
  private readonly axios = loadAxios();
  /** Of axios the part that sends: its interceptors and transforms are not for such answers. */
  private readonly adapter = this.axios.getAdapter('http');
  private readonly config: InternalAxiosRequestConfig;
  private readonly reads: http.Agent;
  private readonly commands: http.Agent;

  constructor(private readonly options: WireOptions) {
    this.base = withoutEndSlash(options.url);
    this.reads = this.createAgent({});
    this.commands = this.createAgent({ timeout: maxIdleForCommands });
    this.config = {
      ...this.axios.defaults,
      proxy: false,
      decompress: false,
      maxContentLength: maxAnswerBytes,
      maxRedirects: 0,
      responseType: 'arraybuffer',
      validateStatus: null,
    } as unknown as InternalAxiosRequestConfig;
  }

  /**
   * @returns the answer, whatever its status
   * @throws ThreeCxError `unreachable`, `lost`, `unexpected-answer`, or the reason of the signal
   */
  async send(request: Request): Promise<Answer> {
    const { method, path, headers = {}, body, signal } = request;
    const isRead = method === 'GET';
    const agent = isRead ? this.reads : this.commands;
    let tracked = null as Tracked | null;
    const transport = {
      request: (options: RequestOptions, callback: (response: http.IncomingMessage) => void): ClientRequest => {
        const sent = (this.isSecure ? https : http).request(options, callback);
        tracked = new Tracked(sent);
        return sent;
      },
    };
    try {
      const answer = (await this.adapter({
        ...this.config,
        method,
        url: this.base + path,
        headers: new this.axios.AxiosHeaders({
          Accept: 'application/json',
          // Compressed answers would only let a small one grow without limit.
          'Accept-Encoding': 'identity',
          ...headers,
        }),
        ...(body === undefined ? {} : { data: body }),
        httpAgent: agent,
        httpsAgent: agent,
        signal,
        transport,
      })) as AxiosResponse<Buffer>;
      const version: unknown = answer.headers['x-3cx-version'];
      return {
        status: answer.status,
        text: answer.data.toString().replace(/^\uFEFF/, ''),
        version: typeof version === 'string' && version !== '' ? version : null,
      };
    } catch (error) {
      const own = translate(error, signal, tracked?.sent ?? false);
      // A connection that was kept alive had been closed; this happens once, since the next one is new.
      if (own.code === 'lost' && isRead && tracked?.isUnanswered) return this.send(request);
      throw own;
    }
  }

  /** The address and options with which a WebSocket goes the same way. */
  webSocket(path: string): { url: string; options: http.ClientRequestArgs & ConnectionOptions } {
    return {
      url: this.base.replace(/^http/, 'ws') + path,
      options: {
        ...this.options.tls,
        ...this.attempts,
        ...(this.options.proxy === null ? {} : { agent: this.createAgent({}) }),
      },
    };
  }

  close(): void {
    this.reads.destroy();
    this.commands.destroy();
  }

  private get isSecure(): boolean {
    return this.options.url.protocol === 'https:';
  }

  /** Of a name with several addresses each gets its share of the time. */
  private get attempts(): { autoSelectFamily: true; autoSelectFamilyAttemptTimeout: number } {
    const share = Math.max(10, Math.ceil(this.options.timeout / 3));
    return { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: share };
  }

  private createAgent(extra: { timeout?: number }): http.Agent {
    const { proxy, tls } = this.options;
    const options = { keepAlive: true, ...this.attempts, ...extra };
    if (proxy !== null) {
      const agent = new (loadProxyAgents().HttpsProxyAgent)(proxy, options);
      // The options of the agent apply to the proxy only. It passes none on to the server behind it, and forgets an IP
      // address there.
      const host = this.options.url.hostname.replace(/^\[|\]$/g, '');
      const identity: ConnectionOptions = {
        checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      };
      Object.assign(agent.options, isIP(host) === 0 ? {} : identity, tls, options);
      return agent;
    }
    return this.isSecure ? new https.Agent({ ...tls, ...options }) : new http.Agent(options);
  }
}

/** A request, and what is known of the connection that it uses. */
class Tracked {
  /** Whether bytes of it may have left. */
  sent = false;
  private socket: Socket | null = null;
  private bytesBefore = 0;

  constructor(private readonly request: ClientRequest) {
    request.once('socket', (socket) => {
      const ready = (): void => {
        this.sent = true;
        this.socket = socket;
        this.bytesBefore = socket.bytesRead;
      };
      // Before the connection stands no byte of the request can have left.
      if (request.reusedSocket) ready();
      else if (socket instanceof TLSSocket) socket.once('secureConnect', ready);
      else if (socket.connecting) socket.once('connect', ready);
      else if (!socket.destroyed) ready();
    });
  }

  /** Did it use a connection that stood before, and get no byte of an answer? */
  get isUnanswered(): boolean {
    return this.request.reusedSocket && this.socket?.bytesRead === this.bytesBefore;
  }
}

/** An error of axios carries the request with its headers: only what it means leaves this place. */
function translate(error: unknown, signal: AbortSignal, sent: boolean): ThreeCxError {
  if (error instanceof ThreeCxError) return error;
  const code = codeOf(error);
  if (!sent) {
    if (signal.aborted && ownError(signal.reason).code === 'closed') return ownError(signal.reason);
    const why = signal.aborted ? 'no connection in time' : code;
    return new ThreeCxError('unreachable', `cannot connect to the PBX${why === '' ? '' : ` (${why})`}`, code);
  }
  if (signal.aborted) return ownError(signal.reason);
  if (error instanceof Error && error.message.startsWith('maxContentLength')) {
    return new ThreeCxError('unexpected-answer', 'the answer is longer than 4 MiB');
  }
  if (code.startsWith('HPE_')) return new ThreeCxError('unexpected-answer', 'the PBX does not speak HTTP');
  return new ThreeCxError('lost', `the connection broke after the request was sent (${code})`, code);
}

/** The system's code, or that of axios. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
