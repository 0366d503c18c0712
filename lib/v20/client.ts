import type { ConnectionOptions } from 'node:tls';
import {
  anyWriting,
  baseUrl,
  connectionDefaults,
  type Health,
  httpUrl,
  ownError,
  quote,
  ThreeCxError,
  withoutEndSlash,
  withoutSecrets,
} from '../pbx';
import { Slots } from './slots';
import { type TokenAnswer, tokenSourceOf, type TokenSource, tokenTakenError } from './token';
import { type Answer, type Request, Wire } from './wire';
import { field, parseJson } from './json';

export interface ClientOptions {
  /** Base URL of the PBX, http or https. */
  url: string;
  clientId: string;
  clientSecret: string;
  /** TLS settings for https. */
  tls?: ConnectionOptions;
  /** URL of an HTTP proxy. */
  proxy?: string;
  /** How long to wait for an answer once a request was sent, in ms. */
  timeout?: number;
  /** Called when the PBX can no longer be reached or logged in to, and when it can again. */
  onHealth?: (health: Health) => void;
}

/** The subject of a request, and its purpose. */
export interface Asked {
  path: string;
  /** In ms; the connection's without one. */
  timeout?: number;
  /** The meaning of a 403 here. */
  forbidden: string;
  /** Of a read: an operation needs it, so it goes before those that watch. */
  isUrgent?: boolean;
}

const maxReads = 4;
const maxCommands = 8;

/** The end of a path that is understood here, whatever the status: the rest are errors. */
const understood: readonly number[] = [400, 404, 422, 424];

/** Sends authorised requests to one PBX. */
export class Client {
  readonly timeout: number;
  private readonly wire: Wire;
  private readonly tokens: TokenSource;
  private readonly commands = new Slots(maxCommands);
  private readonly reads = new Slots(maxReads);
  private readonly underWay = new Set<AbortController>();
  private isClosed = false;
  private health: Health = 'unknown';
  /** Expressions that find secrets, by the secret. */
  private readonly expressions = new Map<string, RegExp>();

  /** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
  constructor(private readonly options: ClientOptions) {
    this.timeout = options.timeout ?? connectionDefaults.timeout;
    if (!(this.timeout > 0 && this.timeout < 2 ** 31)) {
      throw new ThreeCxError('invalid-argument', 'timeout must be a number of milliseconds');
    }
    const url = baseUrl(options.url, 'v20');
    if (options.clientId.trim() === '') throw new ThreeCxError('invalid-argument', 'clientId is missing');
    if (options.clientSecret.trim() === '') throw new ThreeCxError('invalid-argument', 'clientSecret is missing');
    this.wire = new Wire({
      url,
      tls: options.tls ?? {},
      proxy: options.proxy === undefined ? null : httpUrl('proxy', options.proxy),
      timeout: this.timeout,
    });
    this.tokens = tokenSourceOf(withoutEndSlash(url), options.clientId, options.clientSecret);
  }

  /**
   * Asks for something; nothing is changed by it.
   *
   * @returns 200 with its text, or 404
   * @throws ThreeCxError for every other answer, and for none
   */
  read(asked: Asked): Promise<Answer> {
    return this.reads.run(() => this.authorised({ method: 'GET', path: asked.path }, asked), asked.isUrgent);
  }

  /**
   * Sends a command, once; again only after a 401, with which the PBX says that it has not carried it out.
   *
   * @returns an answer that says whether it was carried out: 2xx, 400, 404, 422 or 424
   * @throws ThreeCxError for every other answer, and for none; after `lost` and `timeout` it may have been carried out
   */
  command(method: 'POST' | 'PATCH', body: object, asked: Asked): Promise<Answer> {
    const request = {
      method,
      path: asked.path,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    };
    return this.commands.run(() => this.authorised(request, asked));
  }

  /** The address for a WebSocket, and the token to send with it. */
  async webSocket(path: string): Promise<ReturnType<Wire['webSocket']> & { token: string }> {
    const token = await this.token();
    return { ...this.wire.webSocket(path), token };
  }

  /** Asks for a token, or takes the one that there is. */
  async token(): Promise<string> {
    try {
      return await this.tokens.get(() => this.limited(this.timeout, (signal) => this.askForToken(signal)));
    } catch (error) {
      const own = ownError(error);
      this.setHealth(own.code === 'unauthorized' ? 'unauthorized' : healthOf(own, this.health));
      throw own;
    }
  }

  /** A text of the PBX, with our secret and tokens struck out. */
  withoutSecrets(text: string): string {
    return withoutSecrets(text, this.secrets());
  }

  /** Aborts all that is on the wire and fails what waits with `closed`. Can be called again. */
  close(): void {
    if (!this.isClosed) this.tokens.release();
    this.isClosed = true;
    for (const controller of this.underWay) controller.abort(closedError());
    this.commands.clear(closedError());
    this.reads.clear(closedError());
    this.wire.close();
  }

  private async authorised(request: Omit<Request, 'signal'>, asked: Asked): Promise<Answer> {
    const token = await this.token();
    let answer = await this.exchange(request, token, asked);
    if (answer.status === 401) {
      this.tokens.reject(token);
      const another = await this.token();
      answer = await this.exchange(request, another, asked);
      if (answer.status === 401) {
        this.tokens.reject(another);
        this.setHealth('unauthorized');
        throw tokenTakenError();
      }
    }
    this.setHealth('ok');
    return this.checked(answer, asked);
  }

  private async exchange(request: Omit<Request, 'signal'>, token: string, { timeout }: Asked): Promise<Answer> {
    const headers = { ...request.headers, Authorization: `Bearer ${token}` };
    try {
      return await this.limited(timeout ?? this.timeout, (signal) => this.wire.send({ ...request, headers, signal }));
    } catch (error) {
      const own = ownError(error);
      this.setHealth(healthOf(own, this.health));
      throw own;
    }
  }

  private checked(answer: Answer, { forbidden }: Asked): Answer {
    const { status, text } = answer;
    if ((status >= 200 && status < 300) || understood.includes(status)) return answer;
    if (status === 403) throw new ThreeCxError('unauthorized', `${forbidden} (HTTP 403)`);
    if (status >= 500) {
      throw new ThreeCxError('server-error', `the PBX failed (HTTP ${status}): ${quote(text, this.secrets())}`);
    }
    throw new ThreeCxError('unexpected-answer', `the PBX answered HTTP ${status}`);
  }

  private async askForToken(signal: AbortSignal): Promise<TokenAnswer> {
    const { clientId, clientSecret } = this.options;
    const form = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' };
    const { status, text } = await this.wire.send({
      method: 'POST',
      path: '/connect/token',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal,
    });
    if (status >= 500) {
      throw new ThreeCxError('server-error', `the PBX gave no token (HTTP ${status}): ${quote(text, this.secrets())}`);
    }
    if (status === 404 || (status >= 300 && status < 400)) {
      throw new ThreeCxError(
        'unexpected-answer',
        `this address is not a 3CX V20: it has no token endpoint (HTTP ${status})`,
      );
    }
    const answer = parseJson(text);
    if (status === 401 || status === 403 || (status === 400 && field(answer, 'error') !== undefined)) {
      throw new ThreeCxError('unauthorized', `the PBX does not accept the client ID and secret (HTTP ${status})`);
    }
    // A proxy's, or a web server's before the PBX: it says nothing about the secret.
    if (status >= 400) throw new ThreeCxError('unexpected-answer', `the PBX gave no token (HTTP ${status})`);
    const token = field(answer, 'access_token');
    const expiresIn = Number(field(answer, 'expires_in'));
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw new ThreeCxError('unexpected-answer', 'the PBX answered without a token');
    }
    return { token, expiresIn: Number.isFinite(expiresIn) && expiresIn > 0 ? expiresIn : null };
  }

  private async limited<T>(timeout: number, exchange: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      controller.abort(new ThreeCxError('timeout', `no answer within ${timeout / 1000} s`));
    }, timeout);
    this.underWay.add(controller);
    try {
      if (this.isClosed) throw closedError();
      return await exchange(controller.signal);
    } finally {
      clearTimeout(timer);
      this.underWay.delete(controller);
    }
  }

  private secrets(): RegExp[] {
    const { clientSecret, proxy } = this.options;
    const password = proxy === undefined ? '' : decodeURIComponent(new URL(proxy).password);
    // The parts of a JWT too: its payload alone says what the client may do.
    const tokens = this.tokens.secrets.flatMap((token) => token.split('.')).filter((part) => part.length > 7);
    const current = [clientSecret, password, ...tokens].filter((secret) => secret !== '');
    for (const secret of this.expressions.keys()) if (!current.includes(secret)) this.expressions.delete(secret);
    return current.map((secret) => {
      const known = this.expressions.get(secret) ?? anyWriting(secret);
      this.expressions.set(secret, known);
      return known;
    });
  }

  private setHealth(health: Health): void {
    if (health === this.health || this.isClosed) return;
    this.health = health;
    this.options.onHealth?.(health);
  }
}

export function closedError(): ThreeCxError {
  return new ThreeCxError('closed', 'the connection was closed');
}

function healthOf({ code }: ThreeCxError, before: Health): Health {
  if (code === 'unreachable') return 'unreachable';
  return code === 'server-error' || code === 'unexpected-answer' ? 'ok' : before;
}
