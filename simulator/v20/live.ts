import type { Fault } from '../fault';
import type { V20Request } from './log';
import type { V20Api } from './server';
import type { V20Socket } from './sockets';

/** The facts about the V20 APIs for the page; no secret and no token. */
export interface V20State {
  readonly url: string;
  readonly clientId: string;
  /** Not there while nothing is wrong with them. */
  readonly fault?: Exclude<Fault, 'none'>;
  /** How many tokens the client got. */
  readonly tokens: number;
  /** How many tokens another program took. */
  readonly foreignTokens: number;
  /** The WebSockets that are open. */
  readonly sockets: readonly V20Socket[];
  /** The last requests, the oldest first. */
  readonly requests: readonly V20Request[];
}

/** How many requests the page shows. */
const shownRequests = 50;

export function v20StateOf({ url, clientId, fault, tokens, sockets, requests }: V20Api): V20State {
  const foreignTokens = tokens.filter(({ isForeign }) => isForeign).length;
  return {
    url,
    clientId,
    ...(fault === 'none' ? {} : { fault }),
    tokens: tokens.length - foreignTokens,
    foreignTokens,
    sockets: sockets.filter(({ closedAt }) => closedAt === null),
    requests: requests.slice(-shownRequests),
  };
}
