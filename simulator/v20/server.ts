import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { H3, H3Event } from 'h3' with { 'resolution-mode': 'import' };
import { type Clock, sleep } from '../clock';
import { type Fault, faults } from '../fault';
import { listen, shutDown } from '../listen';
import { checkOneOf } from '../options';
import type { Pbx } from '../pbx';
import { randomFrom } from '../random';
import { Actions } from './actions';
import { addCallControl, sees } from './call-control';
import { Refusal } from './http';
import { RequestLog, type V20Request } from './log';
import { checkV20Options, type V20Options, type V20Switches } from './options';
import { Participants } from './participants';
import { Sockets, type V20Event, type V20Socket } from './sockets';
import { Tokens, unauthorizedBody, type V20Token } from './tokens';
import { addXapi } from './xapi';

/** The APIs of 3CX V20. */
export interface V20Api {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly clientId: string;
  /** Can be changed at any time. */
  readonly switches: V20Switches;
  /** The last 1000 requests, in order of arrival, answered or not. */
  readonly requests: readonly V20Request[];
  /** Number of all requests so far. */
  readonly requestCount: number;
  /** All tokens that were given out, in order; the last one is valid until it expires. */
  readonly tokens: readonly V20Token[];
  /** The last 1000 WebSockets, in the order in which they were opened. */
  readonly sockets: readonly V20Socket[];
  /** Another program takes a token of the same client: those before it are no longer valid. */
  takeToken(): void;
  /**
   * Closes all WebSockets.
   * @param code of the WebSocket protocol; none: the connections break.
   */
  dropSockets(code?: number): void;
  /** Sends an event to all WebSockets, whatever it is. */
  send(event: V20Event): void;
  /** Its fault: `hangs` and `fails` are the switches `hangs` and `failsWith`. */
  readonly fault: Fault;
  /**
   * Breaks it, or mends it; `fails` is status 503.
   * @throws Error with the system's `code` when another program has taken its port, and without one after its end.
   */
  setFault(fault: Fault): Promise<void>;
}

/** The V20 server, as the simulator itself uses it. */
export interface V20Server {
  readonly api: V20Api;
  /**
   * @param listener is called after each request, answer, token, switch, and opened or closed WebSocket.
   * @returns ends it.
   */
  onChange(listener: () => void): () => void;
  /** Ends it at once. */
  close(): Promise<void>;
}

/** The parts of a V20 PBX. */
export interface V20Parts {
  readonly pbx: Pbx;
  readonly clock: Clock;
  readonly seed: number;
  readonly v20: V20Options;
}

/** The V20 APIs without a server: for requests and WebSockets that come in another way. */
export interface V20App {
  readonly app: H3;
  readonly sockets: Sockets;
  readonly tokens: Tokens;
  readonly participants: Participants;
  /** Can be changed at any time. */
  readonly switches: V20Switches;
  /** @throws Refusal when it no longer hangs, but is dropped. */
  whileHanging(): Promise<void>;
  /** Ends all WebSockets, and the requests that hang. */
  drop(): void;
  /** The status with which a WebSocket is refused; null: it may be opened. */
  socketRefusal(request: Pick<IncomingMessage, 'url' | 'headers'>): number | null;
  /** Ends what is under way. */
  close(): void;
}

/** The path of the WebSocket. */
const socketPath = '/callcontrol/ws';

/**
 * @param notify is called after each token, each switch, and each opened or closed WebSocket.
 * @throws RangeError for an option that isn't allowed.
 */
export async function createV20({ pbx, clock, seed, v20 }: V20Parts, notify: () => void): Promise<V20App> {
  const { clientId } = v20;
  let publish: () => void = () => undefined;
  /** Emits `switch` after each change of one. */
  const changes = new EventEmitter().setMaxListeners(0);
  const switches = new Proxy(checkV20Options(v20), {
    set: (target, name, value) => {
      const isSet = Reflect.set(target, name, value);
      // Some change what participants look like.
      publish();
      changes.emit('switch');
      notify();
      return isSet;
    },
  });
  const tokens = new Tokens(v20, switches, clock);
  const participants = new Participants(pbx, switches, clientId);
  const closing = new AbortController();
  let hanging = new AbortController();
  const whileHanging = async (): Promise<void> => {
    const { signal } = hanging;
    try {
      while (switches.hangs) await once(changes, 'switch', { signal });
    } catch {
      throw new Refusal(503);
    }
  };
  // h3 is an ES module, this package CommonJS.
  const { H3, HTTPError } = await import('h3');
  const app = new H3();
  const sockets = new Sockets(switches, clock, randomFrom(seed), respondWith(app), notify);

  app.use(async ({ req, res }, next) => {
    try {
      if (switches.hangs) await whileHanging();
      checkAccess(req, tokens, switches);
      const answer = await next();
      if (req.method === 'GET' && switches.getDelay > 0) await sleep(clock, switches.getDelay, closing.signal);
      return answer;
    } catch (error) {
      if (closing.signal.aborted) throw new HTTPError({ status: 503 });
      if (!(error instanceof Refusal)) throw error;
      res.status = error.status;
      return error.body ?? '';
    }
  });
  app.post('/connect/token', async ({ req, res }) => {
    const { status, body } = tokens.answer(await formOf(req));
    res.status = status;
    return body;
  });
  addCallControl(app, participants, new Actions({ pbx, switches, participants, clock }), switches);
  addXapi(app, { pbx, participants, switches, clock, clientId });

  tokens.onIssue(() => {
    if (!switches.socketOutlivesToken) sockets.drop();
    notify();
  });
  publish = () => {
    const { upserts, removes } = participants.update();
    for (const one of upserts) if (sees(switches, one.dn)) sockets.upsert(one);
    for (const one of removes) if (sees(switches, one.dn)) sockets.remove(one);
  };
  const stopListening = pbx.onChange(publish);

  return {
    ...{ app, sockets, tokens, participants, switches, whileHanging },
    socketRefusal: (request) => socketRefusal(request, tokens, switches),
    drop: () => {
      hanging.abort();
      hanging = new AbortController();
      sockets.drop();
    },
    close: () => {
      stopListening();
      closing.abort();
      hanging.abort();
      sockets.close();
    },
  };
}

/**
 * Starts the V20 APIs.
 * @throws RangeError for an option that isn't allowed.
 * @throws Error with the system's `code`, such as `EADDRINUSE`.
 */
export async function startV20(options: V20Parts & { readonly host: string }): Promise<V20Server> {
  const { port = 0, clientId } = options.v20;
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  const log = new RequestLog(notify);
  const v20 = await createV20(options, notify);
  const { app, sockets, tokens, switches } = v20;
  const { toNodeHandler } = await import('h3');
  const handle = toNodeHandler(app);
  const server = createServer((request, response) => {
    log.add(request, response);
    void handle(request, response);
  });
  onUpgrade(server, log, v20);
  const url = await listen(server, port, options.host, 'v20-port');
  const { port: actualPort } = server.address() as AddressInfo;
  let isGone = false;
  let hasEnded = false;
  let changing = Promise.resolve();
  const change = async (fault: Fault): Promise<void> => {
    checkOneOf('The fault', fault, faults);
    if (hasEnded) throw new Error('The V20 APIs have ended.');
    if (fault === 'gone' && !isGone) {
      v20.drop();
      await shutDown(server);
    } else if (fault !== 'gone' && isGone) {
      await listen(server, actualPort, options.host, 'v20-port');
    }
    isGone = fault === 'gone';
    switches.failsWith = fault === 'fails' ? 503 : null;
    switches.hangs = fault === 'hangs';
  };
  const api: V20Api = {
    url,
    clientId,
    switches,
    requests: log.requests,
    get requestCount() {
      return log.count;
    },
    tokens: tokens.issued,
    sockets: sockets.log,
    takeToken: () => void tokens.issue({ isForeign: true }),
    dropSockets: (code) => sockets.drop(code),
    send: (event) => sockets.send(event),
    get fault() {
      if (isGone) return 'gone';
      if (switches.hangs) return 'hangs';
      return switches.failsWith === null ? 'none' : 'fails';
    },
    setFault: async (fault) => {
      const changed = changing.then(() => change(fault));
      changing = changed.catch(() => undefined);
      await changed;
    },
  };
  return {
    api,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      hasEnded = true;
      v20.close();
      // It may be about to listen again.
      await changing;
      await shutDown(server);
    },
  };
}

/** @throws Refusal for a request that isn't allowed. */
function checkAccess({ url, headers }: H3Event['req'], tokens: Tokens, switches: V20Switches): void {
  const { pathname } = new URL(url);
  if (switches.failsWith !== null) throw new Refusal(switches.failsWith);
  if (pathname === '/connect/token') return;
  if (!tokens.allows(headers.get('Authorization') ?? undefined)) throw new Refusal(401, unauthorizedBody);
  if (isUnder('/callcontrol', pathname) && !switches.callControl) throw new Refusal(403);
  if (isUnder('/xapi', pathname) && !switches.xapi) throw new Refusal(403);
}

function isUnder(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The status of a WebSocket that isn't opened. */
function socketRefusal(
  { url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  tokens: Tokens,
  switches: V20Switches,
): number | null {
  if (switches.failsWith !== null) return switches.failsWith;
  if (switches.refusesSockets) return 503;
  if (url !== socketPath) return 404;
  if (!tokens.allows(headers.authorization)) return 401;
  return switches.callControl ? null : 403;
}

function onUpgrade(server: Server, log: RequestLog, v20: V20App): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const answered = log.open(request);
    socket.on('error', () => socket.destroy());
    const open = () => {
      const refusal = v20.socketRefusal(request);
      answered(refusal ?? 101);
      if (refusal === null) v20.sockets.accept(request, socket, head);
      else
        socket.end(
          `HTTP/1.1 ${refusal} ${STATUS_CODES[refusal] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
        );
    };
    if (v20.switches.hangs) v20.whileHanging().then(open, () => socket.destroy());
    else open();
  });
}

/** Carries out a request of a WebSocket as if it had come over HTTP. */
function respondWith(app: H3): ConstructorParameters<typeof Sockets>[3] {
  return async (path, data, { authorization = '' }) => {
    const isRead = data === null || data === undefined || data === '';
    const response = await app.request(path, {
      method: isRead ? 'GET' : 'POST',
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      ...(isRead ? {} : { body: JSON.stringify(data) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };
}

/** The fields of a form, urlencoded or multipart; none where it is neither. */
async function formOf(request: H3Event['req']): Promise<ReadonlyMap<string, string>> {
  try {
    const form = await request.formData();
    return new Map([...form].flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
  } catch {
    return new Map();
  }
}
