import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The clients that may use the 3CX HTTP API. The original build accepts everybody; forks of it want HTTP Basic or a
 * bearer token. `user` must not contain a colon, and nothing may be empty.
 */
export type SimulatorAuth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly user: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string };

/** Checks the requests. It keeps only the hashes of secrets. */
export interface Guard {
  /** @param authorization the request's header, if it has one */
  allows(authorization: string | undefined): boolean;
  /** The `WWW-Authenticate` of a 401 (community); null for none. */
  readonly challenge: string | null;
}

/** @throws RangeError for a user, password or token that no request could bring; the sentence doesn't quote it */
export function guardOf(auth: SimulatorAuth): Guard {
  switch (auth.type) {
    case 'none':
      return { allows: () => true, challenge: null };
    case 'basic': {
      check('The user', auth.user, /^[^:\p{Cc}]+$/u, 'must have a character, no colon and no control characters.');
      check('The password', auth.password, /^[^\p{Cc}]+$/u, 'must have a character and no control characters.');
      const isRight = comparison(Buffer.from(`${auth.user}:${auth.password}`));
      return {
        allows: (authorization) => isRight(Buffer.from(credentials('basic', authorization), 'base64')),
        challenge: 'Basic realm=""',
      };
    }
    case 'bearer': {
      check('The token', auth.token, /^[\x21-\x7e]+$/, 'must be printable ASCII without blanks.');
      const isRight = comparison(Buffer.from(auth.token));
      return {
        allows: (authorization) => isRight(Buffer.from(credentials('bearer', authorization))),
        challenge: null,
      };
    }
    default:
      throw new RangeError('The authentication must be none, basic or bearer.');
  }
}

/** Callers without types can leave a secret out. */
function check(what: string, value: unknown, pattern: RegExp, rule: string): void {
  if (typeof value !== 'string' || value === '') throw new RangeError(`${what} is missing.`);
  if (!pattern.test(value)) throw new RangeError(`${what} ${rule}`);
}

/** The text after the scheme, in upper or lower case; empty for another scheme. */
function credentials(scheme: string, authorization = ''): string {
  const [given = '', value = ''] = authorization.split(' ', 2);
  return given.toLowerCase() === scheme ? value : '';
}

/** Compares in constant time: all hashes have the same length. */
function comparison(right: Buffer): (given: Buffer) => boolean {
  const hash = (value: Buffer) => createHash('sha256').update(value).digest();
  const expected = hash(right);
  return (given) => timingSafeEqual(hash(given), expected);
}
