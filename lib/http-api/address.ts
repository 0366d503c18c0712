import { queueActions } from './arguments';
import { ThreeCxError } from './errors';
import { operations } from './operations';

/**
 * Finds an operation at the end of a path: its name in any case, alone or with arguments. The first argument is a number
 * or a queue action, so a path such as `/record/api` is not taken for an operation.
 */
export const operationAtEnd = new RegExp(
  `(?:^|/)(?:${Object.keys(operations).join('|')})(?:/+(?:${queueActions.join('|')}))*(?:/+(?:%.*|[^a-z/]+(?:/.*)?))?/*$`,
  'i',
);

/** @throws ThreeCxError `invalid-argument`, naming the setting but not quoting it */
export function httpUrl(setting: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ThreeCxError('invalid-argument', `${setting} must be an address that begins with http:// or https://`);
  }
  return url;
}

/** @throws ThreeCxError `invalid-argument` when operations cannot be added to it */
export function baseUrl(text: string): URL {
  const url = httpUrl('url', text);
  if (url.username !== '' || url.password !== '') throw logInInUrl();
  if (/[?#]/.test(url.href)) {
    throw new ThreeCxError('invalid-argument', 'url must end with the path, without ? or #');
  }
  const operation = operationAtEnd.exec(url.pathname)?.[0].split('/').find(Boolean);
  if (operation !== undefined) {
    throw new ThreeCxError(
      'invalid-argument',
      `url must not end in an operation of the API: end it before ${operation}`,
    );
  }
  return url;
}

/**
 * Refuses an address with a user or password before its environment variables are replaced: an error about one that is
 * not set would quote a password that has `${` in it.
 *
 * @throws ThreeCxError `invalid-argument`
 */
export function refuseLogIn(text: string): void {
  if (/^\s*[a-z]+:\/\/[^/?#]*@/i.test(text)) throw logInInUrl();
}

function logInInUrl(): ThreeCxError {
  return new ThreeCxError('invalid-argument', 'url must not hold a user or password: they have fields of their own');
}
