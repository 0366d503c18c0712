import type { ConnectionOptions } from 'node:tls';
import {
  type Arguments,
  baseUrl,
  checkArguments,
  checkDestination,
  type Connection,
  connectionDefaults,
  type Health,
  httpUrl,
  operationOf,
  type OperationName,
  type Outcome,
  ownError,
  type Presence,
  type Result,
  type ServerKind,
  ThreeCxError,
} from '../pbx';
import { ListReader, phoneOf, unexpected, unwrap } from './answers';
import { type Limits, RequestLane, type Turn } from './lane';
import { isUnknownOperation, requests } from './operations';
import { Wire } from './wire';

export interface ClientOptions {
  /** Base URL, http or https, a path prefix allowed. */
  url: string;
  auth?: { type: 'none' } | { type: 'basic'; user: string; password: string } | { type: 'bearer'; token: string };
  /** TLS settings for https. */
  tls?: ConnectionOptions;
  /** URL of an HTTP proxy. */
  proxy?: string;
  /** How long to wait for an answer once a request was sent, in ms. */
  timeout?: number;
  /** Limits the destinations of makecall, transfer and divert; without it any destination is allowed. */
  isAllowed?: (destination: string) => boolean;
  /** Whether `stop`, which ends the server, may be sent. */
  allowStop?: boolean;
  /** Called when the server can no longer be reached or logged in to, and when it can again. */
  onHealth?: (health: Health) => void;
  /** Called with each answer that was understood, before the caller gets it. */
  onAnswer?: () => void;
}

/** The result of a poll. */
export interface List {
  /** The same array object as in the poll before, when the server's text is unchanged. */
  connections: Connection[];
  /** How long the request was on the wire, in ms. */
  milliseconds: number;
}

/** The longest timeout of polls and look-ups, in ms: a command must not wait longer for them. */
const maxPollTimeout = 4_000;
/** How long commands do without a call list after the server failed to return one, in ms. */
const listPause = 60_000;

/** Speaks the 3CX HTTP API to one server, documented or community, one request at a time. */
export class HttpApiClient {
  private readonly lane = new RequestLane();
  private readonly wire: Wire;
  private readonly timeout: number;
  private health: Health = 'unknown';
  /** The operations for which the server understood the second of their two forms. */
  private readonly secondForm = new Set<OperationName>();
  /** The queries that the server does not know: it carried out the command after them. */
  private readonly missing = new Set<OperationName>();
  private waitingPoll: Promise<List> | null = null;
  private readonly lists = new ListReader();
  /** The list of the last poll. It is dropped when a command may have changed it. */
  private polled: { connections: Connection[]; until: number } | null = null;
  /** The time until which no command waits for a list, since the server left the last request for one unanswered. */
  private noListUntil = 0;

  /** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
  constructor(private readonly options: ClientOptions) {
    this.timeout = options.timeout ?? connectionDefaults.timeout;
    if (!(this.timeout > 0 && this.timeout < 2 ** 31)) {
      throw new ThreeCxError('invalid-argument', 'timeout must be a number of milliseconds');
    }
    this.wire = new Wire({
      url: baseUrl(options.url),
      authorization: authorization(options.auth ?? { type: 'none' }),
      tls: options.tls ?? {},
      proxy: options.proxy === undefined ? null : httpUrl('proxy', options.proxy),
    });
  }

  /**
   * Carries out one operation. A command is sent at most once.
   *
   * @param name an entry of the table of operations
   * @param args its arguments, unchecked; others are ignored
   * @param onStart called when they are checked, before anything is sent
   * @returns done or refused, with its details
   * @throws ThreeCxError when the request could not be sent or got no answer; after `lost` and `timeout` a command may have
   *   been carried out
   */
  async execute(
    name: OperationName,
    args: Readonly<Record<string, unknown>> = {},
    onStart?: () => void,
  ): Promise<Result> {
    const asked = checkArguments(name, args);
    this.checkAllowed(name, asked);
    onStart?.();
    const request = requests[name];
    return this.lane.run(operationOf(name).kind, async (turn) => {
      const unknown: OperationName[] = [];
      let given = asked;
      if (request.ringsByPrefix) {
        const check = await this.check(turn, 'dnregs', asked, unknown);
        if (check?.registration === null) return { ok: false, reason: 'no-phone', given, answer: check.answer };
        if (given.phone === 'Auto') given = { ...given, phone: phoneOf(check?.registration) };
      }
      const choose = request.byCallList?.(asked as Required<Arguments>);
      if (choose) {
        const chosen = choose(await this.listBefore(turn));
        if (typeof chosen === 'string') return { ok: false, reason: chosen, given, answer: '' };
        given = chosen;
      }
      const before =
        request.before === 'ondn'
          ? await this.check(turn, 'ondn', given, unknown)
          : request.before && (await this.currentList(turn));
      const answered = await this.send(turn, name, given, this.timeout);
      // The server carried out the command, so no passing fault made the queries before it fail.
      for (const query of unknown) this.missing.add(query);
      const after = request.after?.(answered);
      const known = after ? await this.lookUp(turn, after, given) : (before ?? null);
      const outcome = request.correct?.(answered, known, given as Required<Arguments>) ?? answered;
      this.options.onAnswer?.();
      return { ...outcome, given, answer: answered.answer };
    });
  }

  /**
   * Lists all connections. The request waits for all commands and queries, and a second caller shares a poll that
   * already waits.
   *
   * @param currentFor how long a command may use this list instead of requesting its own, in ms
   * @throws ThreeCxError when there is no list: a failure never looks like an empty list
   */
  poll(currentFor = 0): Promise<List> {
    const job = async (turn: Turn): Promise<List> => {
      this.waitingPoll = null;
      this.polled = null;
      const sent = performance.now();
      const connections = await this.list(turn);
      const received = performance.now();
      this.polled = { connections, until: received + currentFor };
      return { connections, milliseconds: received - sent };
    };
    this.waitingPoll ??= this.lane.run('poll', job, RequestLane.pollPatience);
    const poll = this.waitingPoll;
    poll.catch(() => {
      if (this.waitingPoll === poll) this.waitingPoll = null;
    });
    return poll;
  }

  /**
   * Asks for the id of an extension's last call, after all commands and queries that wait.
   *
   * @returns null when the extension has no call, or the server (documented) does not report ids
   * @throws ThreeCxError when the request could not be sent or got no answer
   */
  async callId(extension: string): Promise<string | null> {
    const given = checkArguments('ondn', { extension });
    const { callId } = await this.lane.run('poll', (turn) => this.ask(turn, 'ondn', given, this.pollTimeout));
    return callId ?? null;
  }

  /**
   * Asks for the profile of an extension, after all commands and queries that wait.
   *
   * @throws ThreeCxError when the request could not be sent or got no answer
   */
  async presence(extension: string): Promise<Presence> {
    const given = checkArguments('showstatus', { extension });
    const answered = await this.lane.run('poll', (turn) => this.ask(turn, 'showstatus', given, this.pollTimeout));
    const { profile = null, profileName = null } = answered;
    return { profile, profileName, loggedIn: null };
  }

  /**
   * Finds out which of the two servers answers. The community server does not know `Transfer` with a capital. The
   * documented server does nothing for a `Transfer` without arguments.
   *
   * @throws ThreeCxError when there was no answer
   */
  identify(): Promise<ServerKind> {
    return this.lane.run('query', async (turn) => {
      try {
        const body = await this.exchange(turn, '/Transfer', { timeout: this.timeout, yields: true });
        return isUnknownOperation('transfer', body) ? 'community' : 'documented';
      } catch (error) {
        if (ownError(error).code === 'server-error') return 'documented';
        throw error;
      }
    });
  }

  /** Aborts the request on the wire and fails all waiting ones with `closed`. Can be called again. */
  close(): void {
    this.lane.close();
    this.wire.close();
  }

  private checkAllowed(name: OperationName, given: Arguments): void {
    const operation = operationOf(name);
    const { allowStop = false, isAllowed } = this.options;
    if (operation.endsServer && !allowStop) {
      throw new ThreeCxError(
        'not-allowed',
        'stop is not allowed: it ends the HTTP API for everybody. Allow it in the connection first',
      );
    }
    checkDestination(name, given, isAllowed);
  }

  /**
   * Sends a query before a command that calls. `dnregs` matches the extension exactly, while makecall would ring any
   * extension that begins with it. `ondn` shows the id that makecall returns when it has made no new call.
   *
   * @param unknown collects the query when the server does not know it
   * @returns null when the server does not know the query, or answers `ondn` with something unexpected
   */
  private async check(
    turn: Turn,
    query: 'dnregs' | 'ondn',
    given: Arguments,
    unknown: OperationName[],
  ): Promise<Result | null> {
    if (this.missing.has(query)) return null;
    try {
      return await this.ask(turn, query, given, this.timeout);
    } catch (error) {
      const { code, message, systemCode } = ownError(error);
      if (code === 'unsupported') {
        unknown.push(query);
        return null;
      }
      // `ondn` does not decide whose phone rings, only how much the result can say about the call.
      if (query === 'ondn' && code === 'unexpected-answer') return null;
      const subject = query === 'dnregs' ? 'a phone' : 'earlier calls';
      throw new ThreeCxError(code, `${message}; nothing was dialled: the check for ${subject} failed`, systemCode);
    }
  }

  /** Returns the call list that a command depends on. */
  private async listBefore(turn: Turn): Promise<Connection[]> {
    try {
      return await this.list(turn);
    } catch (error) {
      const { code, message, systemCode } = ownError(error);
      throw new ThreeCxError(code, `${message}; nothing was changed: the call list could not be read`, systemCode);
    }
  }

  /**
   * Returns the list of the last poll while it is current, and otherwise a new one; null when the server gives none.
   */
  private async currentList(turn: Turn): Promise<Outcome | null> {
    const { polled } = this;
    if (polled !== null && performance.now() < polled.until) return { ok: true, connections: polled.connections };
    return this.lookUp(turn, 'showallcalls', {});
  }

  /** Sends a query on behalf of a command. The command succeeds or fails by its own answer alone. */
  private async lookUp(turn: Turn, query: 'showstatus' | 'showallcalls', given: Arguments): Promise<Outcome | null> {
    try {
      if (query === 'showstatus') return await this.ask(turn, query, given, this.pollTimeout);
      if (performance.now() < this.noListUntil) return null;
      return { ok: true, connections: await this.list(turn) };
    } catch (error) {
      ownError(error);
      return null;
    }
  }

  private async list(turn: Turn): Promise<Connection[]> {
    const read = (body: string): Outcome => ({ ok: true, connections: this.lists.read(body) });
    try {
      const { connections = [] } = await this.ask(turn, 'showallcalls', {}, this.pollTimeout, read);
      this.noListUntil = 0;
      return connections;
    } catch (error) {
      if (ownError(error).code === 'timeout') this.noListUntil = performance.now() + listPause;
      throw error;
    }
  }

  private get pollTimeout(): number {
    return Math.min(this.timeout, maxPollTimeout);
  }

  /** @param read reads the answer in place of the table's entry */
  private async ask(
    turn: Turn,
    name: OperationName,
    given: Arguments,
    timeout: number,
    read?: (body: string) => Outcome,
  ): Promise<Result> {
    const result = await this.send(turn, name, given, timeout, read);
    this.options.onAnswer?.();
    return result;
  }

  private async send(
    turn: Turn,
    name: OperationName,
    given: Arguments,
    timeout: number,
    read?: (body: string) => Outcome,
  ): Promise<Result> {
    const { kind, endsServer } = operationOf(name);
    const request = requests[name];
    if (kind === 'command') this.polled = null;
    const [first, second] = request.paths(given as Required<Arguments>);
    const forms = second === undefined ? [first] : this.secondForm.has(name) ? [second, first] : [first, second];
    let body = '';
    for (const form of forms) {
      try {
        body = await this.exchange(turn, form, { timeout, yields: kind === 'query' });
      } catch (error) {
        const own = ownError(error);
        if (endsServer && own.code === 'lost') return { ok: true, given, answer: '' };
        throw given.extension === undefined ? own : aboutExtension(own);
      }
      if (!request.otherPathOn?.test(unwrap(body))) {
        if (form === second) this.secondForm.add(name);
        else if (second !== undefined) this.secondForm.delete(name);
        break;
      }
    }
    if (isUnknownOperation(name, body)) {
      throw new ThreeCxError('unsupported', `the server does not know ${name}, or does nothing for it`);
    }
    const outcome = read?.(body) ?? request.read(unwrap(body), given as Required<Arguments>, body);
    if (outcome === null) throw unexpected(body);
    this.missing.delete(name);
    return { ...outcome, given, answer: body };
  }

  private async exchange(turn: Turn, path: string, limits: Limits): Promise<string> {
    try {
      const body = await turn.send(
        (signal) => this.wire.get(path, { signal, timeout: limits.timeout, repeatable: limits.yields }),
        limits,
      );
      this.setHealth('ok');
      return body;
    } catch (error) {
      const { code } = ownError(error);
      if (code === 'unreachable' || code === 'unauthorized') this.setHealth(code);
      else if (code === 'server-error' || code === 'unsupported' || code === 'unexpected-answer') this.setHealth('ok');
      throw error;
    }
  }

  private setHealth(health: Health): void {
    if (health === this.health) return;
    this.health = health;
    // Another server may answer from now on.
    if (health === 'unreachable') this.missing.clear();
    this.options.onHealth?.(health);
  }
}

/** Adds the most common reason to a timeout. */
function aboutExtension(error: ThreeCxError): ThreeCxError {
  if (error.code !== 'timeout') return error;
  return new ThreeCxError(
    'timeout',
    `${error.message}; this server does not answer when the extension does not exist`,
    error.systemCode,
  );
}

function authorization(auth: NonNullable<ClientOptions['auth']>): string | null {
  if (auth.type === 'basic') {
    if (auth.user.trim() === '') throw new ThreeCxError('invalid-argument', 'user is missing: Basic needs one');
    return `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
  }
  if (auth.type === 'none') return null;
  if (!/^[\x21-\x7e]+$/.test(auth.token)) {
    throw new ThreeCxError('invalid-argument', 'token is missing or holds a character that no header can carry');
  }
  return `Bearer ${auth.token}`;
}
