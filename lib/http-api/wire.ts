import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { AxiosProxyConfig, AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios';
import { decode } from './charset';
import { anyWriting, ownError, quote, ThreeCxError, withoutEndSlash } from '../pbx';
import { KeptConnection, type Needs, type Tracked } from './kept-connection';

export interface WireOptions {
  /** Base URL, http or https, a path prefix allowed. */
  url: URL;
  /** Value of the Authorization header. */
  authorization: string | null;
  /** TLS settings for https. */
  tls: ConnectionOptions;
  /** HTTP proxy; none is used without it, whatever the environment says. */
  proxy: URL | null;
}

/** The system code of an error from a server that listens for one host name, when the request used another. */
export const wrongHostCode = 'INVALID_HOSTNAME';
const wrongHost =
  'the server does not accept this host name (HTTP 400, Invalid Hostname): ' +
  'the url must have the name or IP address that the HTTP API was started with';

const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Loads axios with the first connection: that takes longer than loading all the rest, and an installed package may be
 * unused.
 */
function loadAxios(): AxiosStatic {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('axios') as AxiosStatic;
}

/** Sends GET requests to one server, over a connection that is kept alive, and reports how each ended. */
export class Wire {
  private readonly connection: KeptConnection;
  /** Only axios's HTTP adapter: its interceptors and transforms are not for such answers. */
  private readonly send = loadAxios().getAdapter('http');
  private readonly config: InternalAxiosRequestConfig;
  private readonly base: string;
  private readonly authorization: RegExp | null;
  private readonly secrets: readonly RegExp[];

  constructor(options: WireOptions) {
    this.authorization = options.authorization === null ? null : anyWriting(options.authorization);
    this.secrets = secretsOf(options.authorization, options.proxy).map(anyWriting);
    this.base = withoutEndSlash(options.url);
    this.connection = new KeptConnection(hostOf(options.proxy ?? options.url), options.tls);
    this.config = {
      ...loadAxios().defaults,
      method: 'get',
      proxy: options.proxy === null ? false : proxyConfig(options.proxy),
      headers: new (loadAxios().AxiosHeaders)({
        // Compression would let a small answer grow without limit.
        'Accept-Encoding': 'identity',
        ...(options.authorization === null ? {} : { Authorization: options.authorization }),
      }),
      decompress: false,
      maxContentLength: maxAnswerBytes,
      maxRedirects: 0,
      responseType: 'arraybuffer',
      validateStatus: null,
    };
  }

  /**
   * @param path begins with `/`; sent as it is
   * @param needs when its `signal` aborts after the request was sent, `get` throws the signal's reason, a ThreeCxError
   * @returns the body of a 200 answer
   * @throws ThreeCxError `unreachable`, `lost`, `unauthorized`, `server-error`, `unsupported`, `unexpected-answer`, or
   *   the reason of the signal
   */
  async get(path: string, needs: Needs): Promise<string> {
    let tracked = null as Tracked | null;
    const transport = {
      request: (options: RequestOptions, callback: (response: http.IncomingMessage) => void): ClientRequest => {
        const request = (options.protocol === 'https:' ? https : http).request(options, callback);
        tracked = this.connection.track(request);
        return request;
      },
    };
    try {
      await this.connection.prepare(needs);
      const request = {
        ...this.config,
        ...this.connection.agents,
        url: this.base + path,
        signal: needs.signal,
        transport,
      };
      const answer = (await this.send(request)) as AxiosResponse<Buffer>;
      if (tracked !== null) this.connection.release(tracked, answer.headers['keep-alive']);
      return this.read(answer);
    } catch (error) {
      const translated = this.translate(error, needs.signal, tracked?.sent ?? false);
      if (translated.code !== 'lost' || !tracked?.isUnanswered) throw translated;
      this.connection.closedAfter(tracked.idle);
      if (!needs.repeatable) throw translated;
      // The second request uses a new connection, so this happens only once.
      return this.get(path, needs);
    }
  }

  /** Closes the connection that is kept alive. */
  close(): void {
    this.connection.close();
  }

  private read({ status, data, headers }: AxiosResponse<Buffer>): string {
    const text = decode(data, headers['content-type']);
    if (status !== 200) throw this.statusError(status, text);
    if (this.authorization !== null && text.search(this.authorization) >= 0) {
      throw new ThreeCxError('unexpected-answer', 'the server answered with the log-in that it was sent');
    }
    return text;
  }

  private statusError(status: number, text: string): ThreeCxError {
    if (status === 400 && /invalid host|hostname is invalid/i.test(text)) {
      return new ThreeCxError('unexpected-answer', wrongHost, wrongHostCode);
    }
    if (status === 401 || status === 403) return new ThreeCxError('unauthorized', `not authorised (HTTP ${status})`);
    if (status === 404) return new ThreeCxError('unsupported', 'the server does not know this operation (HTTP 404)');
    if (status >= 500) {
      return new ThreeCxError('server-error', `the server failed (HTTP ${status}): ${quote(text, this.secrets)}`);
    }
    return new ThreeCxError('unexpected-answer', `the server answered HTTP ${status}`);
  }

  /**
   * Turns an error of axios into one of ours. The original contains the request with its headers, so it must not get
   * out.
   */
  private translate(error: unknown, signal: AbortSignal, sent: boolean): ThreeCxError {
    if (error instanceof ThreeCxError) return error;
    const code = codeOf(error);
    if (!sent) {
      if (signal.aborted && ownError(signal.reason).code === 'closed') return ownError(signal.reason);
      const why = signal.aborted ? 'no connection in time' : code;
      return new ThreeCxError('unreachable', `cannot connect to the server${why === '' ? '' : ` (${why})`}`, code);
    }
    if (signal.aborted) return ownError(signal.reason);
    if (error instanceof Error && error.message.startsWith('maxContentLength')) {
      return new ThreeCxError('unexpected-answer', 'the answer is longer than 4 MiB');
    }
    if (code.startsWith('HPE_')) return new ThreeCxError('unexpected-answer', 'the server does not speak HTTP');
    return new ThreeCxError('lost', `the connection broke after the request was sent (${code})`, code);
  }
}

/** The system's code of an error, or the code of axios. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** An IPv6 address without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function proxyConfig(url: URL): AxiosProxyConfig {
  const { protocol, port, username, password } = url;
  return {
    protocol,
    host: hostOf(url),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    ...(username === ''
      ? {}
      : { auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }),
  };
}

/** The secrets of an Authorization header and of a proxy's log-in, in each form. */
function secretsOf(authorization: string | null, proxy: URL | null): string[] {
  const basic = proxy === null ? '' : `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const [scheme, value = ''] = (authorization ?? '').split(' ');
  const logIns = [basic, scheme === 'Basic' ? Buffer.from(value, 'base64').toString() : ''];
  const passwords = logIns.map((logIn) => logIn.slice(logIn.indexOf(':') + 1));
  return [value, Buffer.from(basic).toString('base64'), ...passwords].filter((secret) => secret !== '');
}
