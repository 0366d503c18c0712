import { ownError, ThreeCxError } from '../pbx';

/** The answer of the token endpoint. */
export interface TokenAnswer {
  token: string;
  /** Its `expires_in`; null without one. */
  expiresIn: number | null;
}

/** Asks the token endpoint, over the connection of whoever needs a token first. */
export type AskForToken = () => Promise<TokenAnswer>;

interface Held {
  value: string;
  /** By the steady clock of this process: the PBX's may be set to another time. */
  receivedAt: number;
  renewAt: number;
  expiresAt: number;
}

/** A part of its life after which a token is renewed. */
const usedUp = 0.8;
/** Before 20.0.9 `expires_in` is in minutes, and since in seconds; the tokens of both live for an hour. */
const mostMinutes = 300;
const fallbackLife = 3_600_000;
/** A token that worked for this long was not taken by another program right after it was asked for, in ms. */
const settledAfter = 30_000;
const maxPause = 30_000;
/** How many tokens that are no longer valid are remembered, to be struck out of what the PBX says. */
const remembered = 3;

export const tokenTaken =
  'the PBX does not accept its own token: another program uses this API client, or the client ID or secret is wrong';
/** Of the error that says so. */
export const tokenTakenCode = 'TOKEN_TAKEN';

/** The one token of an API client: the PBX accepts only the last one that it gave to a client. */
export class TokenSource {
  private held: Held | null = null;
  private pending: Promise<string> | null = null;
  /** Tokens in a row that the PBX accepted for a short time only, or did not give. */
  private failures = 0;
  private pausedUntil = 0;
  private reason: ThreeCxError | null = null;
  private readonly before: string[] = [];
  private users = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * @returns the token that holds now; asked for once, however many wait for it
   * @throws ThreeCxError `unauthorized` at once while a pause lasts, and whatever `ask` throws
   */
  async get(ask: AskForToken): Promise<string> {
    const { held } = this;
    if (held !== null && this.now() < held.renewAt) return held.value;
    if (this.now() < this.pausedUntil) throw this.reason ?? tokenTakenError();
    const isShared = this.pending !== null;
    this.pending ??= this.renew(ask).finally(() => {
      this.pending = null;
    });
    try {
      return await this.pending;
    } catch (error) {
      // The connection that requested the token was closed: the others request their own.
      if (isShared && ownError(error).code === 'closed') return this.get(ask);
      throw error;
    }
  }

  /** The PBX did not accept a token. */
  reject(token: string): void {
    const { held } = this;
    if (held?.value !== token) return;
    if (this.now() - held.receivedAt >= settledAfter) this.failures = 0;
    this.forget();
    this.fail(tokenTakenError(), 1);
  }

  /** The texts that must not be quoted: tokens that are valid, or were a short time ago. */
  get secrets(): readonly string[] {
    return this.held === null ? this.before : [this.held.value, ...this.before];
  }

  /** Somebody uses it, until as many have released it. */
  acquire(): this {
    this.users += 1;
    return this;
  }

  release(): void {
    this.users -= 1;
  }

  /** Does nobody use it, nor would whoever comes next get a token that holds? */
  get isIdle(): boolean {
    return this.users === 0 && this.pending === null && (this.held === null || this.now() >= this.held.expiresAt);
  }

  private async renew(ask: AskForToken): Promise<string> {
    try {
      const { token, expiresIn } = await ask();
      const receivedAt = this.now();
      const life = lifeOf(token, expiresIn);
      this.forget();
      this.held = { value: token, receivedAt, renewAt: receivedAt + life * usedUp, expiresAt: receivedAt + life };
      return token;
    } catch (error) {
      const own = ownError(error);
      if (own.code === 'unauthorized') this.fail(own, 0);
      else if (this.held !== null && this.now() < this.held.expiresAt) return this.held.value;
      throw own;
    }
  }

  /** @param free how many failures in a row cost no pause */
  private fail(reason: ThreeCxError, free: number): void {
    this.failures += 1;
    this.reason = reason;
    const doublings = this.failures - free - 1;
    if (doublings >= 0) this.pausedUntil = this.now() + Math.min(1_000 * 2 ** doublings, maxPause);
  }

  private forget(): void {
    if (this.held === null) return;
    this.before.unshift(this.held.value);
    this.before.splice(remembered);
    this.held = null;
  }
}

const sources = new Map<string, TokenSource>();

/**
 * The token source of an API client: the same one for all in this process who use the client with this secret.
 *
 * @param url without a slash at its end
 * @returns it, to be released when it is no longer used
 */
export function tokenSourceOf(url: string, clientId: string, clientSecret: string): TokenSource {
  const key = JSON.stringify([url, clientId, clientSecret]);
  for (const [other, source] of sources) if (other !== key && source.isIdle) sources.delete(other);
  const source = sources.get(key) ?? new TokenSource();
  sources.set(key, source);
  return source.acquire();
}

/** How long a token lives, in ms: as it says itself (a JWT), else by the answer it came with. */
export function lifeOf(token: string, expiresIn: number | null): number {
  const { iat, exp } = claimsOf(token);
  if (typeof iat === 'number' && typeof exp === 'number' && exp > iat) return (exp - iat) * 1_000;
  if (expiresIn === null || !(expiresIn > 0)) return fallbackLife;
  return expiresIn * (expiresIn < mostMinutes ? 60_000 : 1_000);
}

function claimsOf(token: string): { iat?: unknown; exp?: unknown } {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

export function tokenTakenError(): ThreeCxError {
  return new ThreeCxError('unauthorized', tokenTaken, tokenTakenCode);
}
