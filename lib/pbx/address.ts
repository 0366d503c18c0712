import { choices } from './arguments';
import { ThreeCxError } from './errors';
import { operationNames } from './operations';

/** By what else a path of the HTTP API can go on: the community server logs in to one queue by `/save/<action>/…`. */
const names = [...operationNames, 'save'];
const actions = [...choices.action, 'login_only_to', 'logout_only_from', 'login_current', 'logout_current'];

/**
 * Finds an operation at the end of a path: its name in any case, alone or with arguments. The first argument is a number
 * or a queue action, so a path such as `/record/api` is not taken for an operation.
 */
export const operationAtEnd = new RegExp(
  `(?:^|/)(?:${names.join('|')})(?:/+(?:${actions.join('|')}))*(?:/+(?:%.*|[^a-z/]+(?:/.*)?))?/*$`,
  'i',
);

/** What is wrong with a base URL. */
export type BaseUrlProblem = 'address' | 'log-in' | 'query' | 'operation';

/** @returns what keeps operations from being added to it; null when nothing does */
export function baseUrlProblemOf(text: string): BaseUrlProblem | null {
  const url = httpUrlOf(text);
  if (url === null) return 'address';
  if (url.username !== '' || url.password !== '') return 'log-in';
  if (/[?#]/.test(url.href)) return 'query';
  return operationAtEnd.test(url.pathname) ? 'operation' : null;
}

/** @returns what is wrong with it already before its environment variables (`${…}`) are replaced */
export function baseUrlTemplateProblemOf(text: string): BaseUrlProblem | null {
  if (/^\s*[a-z]+:\/\/[^/?#]*@/i.test(text)) return 'log-in';
  return operationAtEnd.test(text.trim().replace(/^[a-z]+:\/\/[^/]*/i, '')) ? 'operation' : null;
}

/** @throws ThreeCxError `invalid-argument`, naming the setting but not quoting it */
export function httpUrl(setting: string, text: string): URL {
  const url = httpUrlOf(text);
  if (url === null) {
    throw new ThreeCxError('invalid-argument', `${setting} must be an address that begins with http:// or https://`);
  }
  return url;
}

/** @throws ThreeCxError `invalid-argument` when operations cannot be added to it */
export function baseUrl(text: string): URL {
  const url = httpUrl('url', text);
  const problem = baseUrlProblemOf(text);
  if (problem === 'log-in') throw logInInUrl();
  if (problem === 'query') {
    throw new ThreeCxError('invalid-argument', 'url must end with the path, without ? or #');
  }
  if (problem === 'operation') {
    const operation = operationAtEnd.exec(url.pathname)?.[0].split('/').find(Boolean) ?? '';
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
  if (baseUrlTemplateProblemOf(text) === 'log-in') throw logInInUrl();
}

function httpUrlOf(text: string): URL | null {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
  } catch {
    return null;
  }
}

function logInInUrl(): ThreeCxError {
  return new ThreeCxError('invalid-argument', 'url must not hold a user or password: they have fields of their own');
}
