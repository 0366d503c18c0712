import type { ConnectionOptions } from 'node:tls';
import { baseUrl, httpUrl } from './address';
import { type Connection, ListReader, unexpected, unwrap } from './answers';
import { type Arguments, checkArgument } from './arguments';
import { ThreeCxError } from './errors';
import { RequestLane, type Turn } from './lane';
import { isUnknownOperation, operationOf, type OperationName, type Outcome } from './operations';
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
  /** When set, makecall, transfer and divert go nowhere else. */
  allowDestinations?: RegExp;
  /** Whether `stop`, which ends the server, may be sent. */
  allowStop?: boolean;
  /** Is told when the server can no longer be reached or logged in to, and when it can again. */
  onHealth?: (health: Health) => void;
  /** Is told of each answer to a command or a query, before whoever asked for it. */
  onAnswer?: (answer: { name: OperationName; kind: 'command' | 'query'; result: Result }) => void;
}

/** What is known of the server: nothing yet, that it answers, or why no request gets through to it. */
export type Health = 'unknown' | 'ok' | 'unreachable' | 'unauthorized';

/** What became of an operation: what was asked, and what the PBX said. */
export type Result = Outcome & { given: Arguments; answer: string };

/** What a poll told. */
export interface Snapshot {
  /** The very same array as the time before when the server's text is the same. */
  connections: Connection[];
  /** How long the request was on the wire, in ms. */
  milliseconds: number;
}

/** Polls and look-ups get at most so many ms: they must not keep a command waiting. */
const maxPollTimeout = 4_000;

/** Speaks the 3CX HTTP API to one server, documented or shipped, one request at a time. */
export class ThreeCxClient {
  private readonly lane = new RequestLane();
  private readonly wire: Wire;
  private readonly timeout: number;
  private health: Health = 'unknown';
  /** Operations of which the server understood the second of their two forms. */
  private readonly secondForm = new Set<OperationName>();
  private knowsDnregs = true;
  private waitingPoll: Promise<Snapshot> | null = null;
  private readonly lists = new ListReader();

  /** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
  constructor(private readonly options: ClientOptions) {
    this.timeout = options.timeout ?? 8_000;
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
   * @returns done or refused, with what the PBX told
   * @throws ThreeCxError when it could not be asked or was not answered; after `lost` and `timeout` a command may have
   *   been carried out
   */
  async execute(name: OperationName, args: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    const operation = operationOf(name);
    const given = checkArguments(name, args);
    this.checkAllowed(name, given);
    return this.lane.run(operation.kind, async (turn) => {
      const check = operation.ringsByPrefix ? await this.checkPhone(turn, given) : null;
      if (check?.registration === null) return { ok: false, reason: 'no-phone', given, answer: check.answer };
      const result = await this.ask(turn, name, given, this.timeout);
      // It knows the one and not the other: so it was no fault that passes.
      if (operation.ringsByPrefix && check === null) this.knowsDnregs = false;
      return result;
    });
  }

  /**
   * Lists all connections, after all commands and queries that wait. One that already waits is shared.
   *
   * @throws ThreeCxError when there is no list: never an empty one instead
   */
  poll(): Promise<Snapshot> {
    const read = (body: string): Outcome => ({ ok: true, connections: this.lists.read(body) });
    this.waitingPoll ??= this.lane.run('poll', async (turn) => {
      this.waitingPoll = null;
      const sent = performance.now();
      const { connections = [] } = await this.ask(turn, 'showallcalls', {}, this.pollTimeout, read);
      return { connections, milliseconds: performance.now() - sent };
    });
    const poll = this.waitingPoll;
    poll.catch(() => {
      if (this.waitingPoll === poll) this.waitingPoll = null;
    });
    return poll;
  }

  /**
   * Asks for the call id of an extension's last call, after all commands and queries that wait.
   *
   * @returns null when it has no call, or the server (documented) does not tell
   * @throws ThreeCxError when it could not be asked or was not answered
   */
  async callId(extension: string): Promise<string | null> {
    const given = checkArguments('ondn', { extension });
    const { callId } = await this.lane.run('poll', (turn) => this.ask(turn, 'ondn', given, this.pollTimeout));
    return callId ?? null;
  }

  /**
   * Tells which of the two servers it is: the shipped one does not know `Transfer` with its capital. Without arguments
   * it does nothing on the other one.
   *
   * @throws ThreeCxError when there was no answer
   */
  identify(): Promise<'shipped' | 'documented'> {
    return this.lane.run('query', async (turn) => {
      try {
        const body = await this.exchange(turn, '/Transfer', { timeout: this.timeout, yields: true });
        return isUnknownOperation('transfer', body) ? 'shipped' : 'documented';
      } catch (error) {
        if ((error as ThreeCxError).code === 'server-error') return 'documented';
        throw error;
      }
    });
  }

  /** Aborts what is on the wire and fails what waits with `closed`. Can be called again. */
  close(): void {
    this.lane.close();
    this.wire.close();
  }

  private checkAllowed(name: OperationName, given: Arguments): void {
    const operation = operationOf(name);
    const { allowStop = false, allowDestinations } = this.options;
    if (operation.endsServer && !allowStop) {
      throw new ThreeCxError('not-allowed', 'stop ends the API server: allow it in the connection first');
    }
    if (operation.dials && allowDestinations && (given.destination ?? '').search(allowDestinations) < 0) {
      throw new ThreeCxError('not-allowed', 'the connection does not allow this destination');
    }
  }

  /**
   * `dnregs` matches the extension exactly, where makecall would ring whoever's begins with it.
   *
   * @returns null when the server does not know `dnregs`, which it is asked once
   */
  private async checkPhone(turn: Turn, given: Arguments): Promise<Result | null> {
    if (!this.knowsDnregs) return null;
    try {
      return await this.ask(turn, 'dnregs', given, this.timeout);
    } catch (error) {
      if (!(error instanceof ThreeCxError)) throw error;
      if (error.code === 'unsupported') return null;
      throw new ThreeCxError(error.code, `nothing was dialled, the check for a phone failed: ${error.message}`);
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
    const operation = operationOf(name);
    const [first, second] = operation.paths(given as Required<Arguments>);
    const forms = second === undefined ? [first] : this.secondForm.has(name) ? [second, first] : [first, second];
    let body = '';
    for (const form of forms) {
      try {
        body = await this.exchange(turn, form, { timeout, yields: operation.kind === 'query' });
      } catch (error) {
        if (operation.endsServer && error instanceof ThreeCxError && error.code === 'lost') {
          return { ok: true, given, answer: '' };
        }
        throw error;
      }
      if (!operation.otherPathOn?.test(unwrap(body))) {
        if (form === second) this.secondForm.add(name);
        break;
      }
    }
    if (isUnknownOperation(name, body)) {
      throw new ThreeCxError('unsupported', `the server does not know ${name}, or does nothing for it`);
    }
    const outcome = read?.(body) ?? operation.read(unwrap(body), given as Required<Arguments>, body);
    if (outcome === null) throw unexpected(body);
    const result = { ...outcome, given, answer: body };
    this.options.onAnswer?.({ name, kind: operation.kind, result });
    return result;
  }

  private async exchange(turn: Turn, path: string, limits: { timeout: number; yields: boolean }): Promise<string> {
    try {
      const body = await turn.send((signal) => this.wire.get(path, signal), limits);
      this.setHealth('ok');
      return body;
    } catch (error) {
      const code = (error as ThreeCxError).code;
      if (code === 'unreachable' || code === 'unauthorized') this.setHealth(code);
      else if (code === 'server-error' || code === 'unsupported' || code === 'unexpected-answer') this.setHealth('ok');
      throw error;
    }
  }

  private setHealth(health: Health): void {
    if (health === this.health) return;
    this.health = health;
    this.options.onHealth?.(health);
  }
}

function checkArguments(name: OperationName, args: Readonly<Record<string, unknown>>): Arguments {
  const { arguments: required, optional = [] } = operationOf(name);
  const given: Arguments = {};
  for (const argument of required) given[argument] = checkArgument(argument, args[argument]);
  for (const argument of optional) {
    if (!isAbsent(args[argument])) given[argument] = checkArgument(argument, args[argument]);
  }
  return given;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
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
