import type { ApiType } from './apis';
import { choices } from './arguments';
import { ThreeCxError } from './errors';
import { operationNames } from './operations';

/**
 * The words with which the path of an operation can go on. The community server logs in to one queue by
 * `/save/<action>/…`.
 */
const names = [...operationNames, 'save'];
const actions = [...choices.action, 'login_only_to', 'logout_only_from', 'login_current', 'logout_current'];

/**
 * Finds an operation at the end of a path: its name in any case, alone or with arguments. The first argument must be a
 * number or a queue action, so a path such as `/record/api` is no operation.
 */
export const operationAtEnd = new RegExp(
  `(?:^|/)(?:${names.join('|')})(?:/+(?:${actions.join('|')}))*(?:/+(?:%.*|[^a-z/]+(?:/.*)?))?/*$`,
  'i',
);

/**
 * The beginning of a path of 3CX V20's own APIs (official), or of its web client, which people copy from the browser.
 */
const v20Path = /\/(?:callcontrol|connect\/+token|webclient|xapi)(?:\/.*)?$/i;

/** Prepares a base URL for adding paths: removes the slash at its end. */
export function withoutEndSlash({ href }: URL): string {
  return href.replace(/(?<!\/)\/+$/, '');
}

/**
 * The scheme of an address that was typed without one. The HTTP API is rarely behind TLS, 3CX V20 always is (official).
 */
const schemes: Readonly<Record<ApiType, string>> = { http: 'http://', v20: 'https://' };
/** A host name or IP address, perhaps with a port and a path. `http//pbx` is a slip, and no host. */
const bareAddress = /^(?!https?\/)(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?(?:[/?#].*)?$/is;

/** @returns the address with a scheme, if people typed it without one (`192.168.1.5:8889`); any other text unchanged */
export function withScheme(text: string, api: ApiType = 'http'): string {
  const address = text.trim();
  return bareAddress.test(address) ? schemes[api] + address : text;
}

/** The ends that no base URL may have. */
const ends: Readonly<Record<ApiType, RegExp>> = { http: operationAtEnd, v20: v20Path };

/** The ways in which a base URL can be wrong. */
export type BaseUrlProblem = 'address' | 'log-in' | 'query' | 'operation';

/** @returns the reason why no operation can be added to the URL; null when there is no reason */
export function baseUrlProblemOf(text: string, api: ApiType = 'http'): BaseUrlProblem | null {
  const url = httpUrlOf(text);
  if (url === null) return 'address';
  if (url.username !== '' || url.password !== '') return 'log-in';
  if (/[?#]/.test(url.href)) return 'query';
  return ends[api].test(url.pathname) ? 'operation' : null;
}

/** @returns what is wrong with the URL even before its environment variables (`${…}`) are replaced */
export function baseUrlTemplateProblemOf(text: string, api: ApiType = 'http'): BaseUrlProblem | null {
  if (holdsLogIn(text)) return 'log-in';
  return ends[api].test(text.trim().replace(/^[a-z]+:\/\/[^/]*/i, '')) ? 'operation' : null;
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
export function baseUrl(text: string, api: ApiType = 'http'): URL {
  const url = httpUrl('url', text);
  const problem = baseUrlProblemOf(text, api);
  if (problem === 'log-in') throw logInInUrl();
  if (problem === 'query') {
    throw new ThreeCxError('invalid-argument', 'url must end with the path, without ? or #');
  }
  if (problem === 'operation') {
    const end = ends[api].exec(url.pathname)?.[0].split('/').find(Boolean) ?? '';
    const what = api === 'http' ? 'an operation of the API' : 'a path of the PBX';
    throw new ThreeCxError('invalid-argument', `url must not end in ${what}: end it before ${end}`);
  }
  return url;
}

/**
 * Refuses an address with a user or password before its environment variables are replaced. Later, an error about a
 * variable that is not set would quote a password that contains `${`.
 *
 * @throws ThreeCxError `invalid-argument`
 */
export function refuseLogIn(text: string): void {
  if (holdsLogIn(text)) throw logInInUrl();
}

function holdsLogIn(text: string): boolean {
  return /^\s*[a-z]+:\/\/[^/?#]*@/i.test(text);
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
