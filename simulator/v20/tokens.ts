import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock';
import type { V20Options, V20Switches } from './options';

/** An access token that was given out. */
export interface V20Token {
  /** The JWT itself. */
  readonly text: string;
  /** By the simulator's clock, in ms. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Another program took it. */
  readonly isForeign: boolean;
}

/** The answer of the token endpoint. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** As documented, for the token endpoint. */
export const unauthorizedBody = {
  error: 'unauthorized',
  error_description: 'The request requires valid user authentication.',
};

/** The tokens of the client, of which the last one is valid. */
export class Tokens {
  /** In the order in which they were given out. */
  readonly issued: V20Token[] = [];
  private readonly secretHash: Buffer;
  private readonly signingKey = randomBytes(32);
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly client: Pick<V20Options, 'clientId' | 'clientSecret'>,
    private readonly switches: V20Switches,
    private readonly clock: Clock,
  ) {
    this.secretHash = hashOf(client.clientSecret);
  }

  /** @param fields of the form that the client sent. */
  answer(fields: ReadonlyMap<string, string>): TokenAnswer {
    const grant = fields.get('grant_type');
    if (grant !== 'client_credentials') {
      const description = 'The grant_type must be client_credentials.';
      return { status: 400, body: { error: 'unsupported_grant_type', error_description: description } };
    }
    const isSecret = timingSafeEqual(hashOf(fields.get('client_secret') ?? ''), this.secretHash);
    if (fields.get('client_id') !== this.client.clientId || !isSecret) return { status: 401, body: unauthorizedBody };
    const { text } = this.issue();
    const { tokenLife, expiresIn } = this.switches;
    const life = expiresIn === 'seconds' ? tokenLife : tokenLife / 60;
    return {
      status: 200,
      body: { token_type: 'Bearer', expires_in: life, access_token: text, refresh_token: null },
    };
  }

  /** Gives out a token; those before it are no longer valid. */
  issue({ isForeign = false } = {}): V20Token {
    const issuedAt = this.clock.now();
    const token = {
      text: this.sign(issuedAt),
      issuedAt,
      expiresAt: issuedAt + this.switches.tokenLife * 1000,
      isForeign,
    };
    this.issued.push(token);
    for (const listener of this.listeners) listener();
    return token;
  }

  /** @param authorization the request's header, if it has one. */
  allows(authorization: string | undefined): boolean {
    const [scheme = '', text] = (authorization ?? '').split(' ', 2);
    const last = this.issued.at(-1);
    if (last === undefined || this.switches.contested) return false;
    return scheme.toLowerCase() === 'bearer' && text === last.text && this.clock.now() < last.expiresAt;
  }

  /**
   * @param listener is called for each token that is given out.
   * @returns ends it.
   */
  onIssue(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private sign(issuedAt: number): string {
    const iat = Math.floor(issuedAt / 1000);
    const claims = {
      sub: this.client.clientId,
      scope: 'xapi',
      aud: '/api',
      iss: 'simulator',
      role: ['App', 'system_owners'],
      // Two tokens of one second differ.
      jti: randomUUID(),
      iat,
      exp: iat + this.switches.tokenLife,
    };
    const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return `${unsigned}.${createHmac('sha256', this.signingKey).update(unsigned).digest('base64url')}`;
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
