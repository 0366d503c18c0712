import { errorCodes } from './errors';
import type { ServerKind, V20Identity } from './pbx';

/** The problems that a test of a connection can find. `secret`: the stored one belongs to another address. */
export const verdictProblems = [...errorCodes, 'secret'] as const;
export type VerdictProblem = (typeof verdictProblems)[number];

/**
 * Hints to the result of a test. `idle`: the server has lost the PBX. `no-list`: it answers, but does not list the
 * calls. `host-name`: it does not accept the host name in the address. `token-taken`: another program uses the API
 * client.
 */
export const verdictHints = ['idle', 'no-list', 'host-name', 'token-taken'] as const;
export type VerdictHint = (typeof verdictHints)[number];

/** The result of a test of a connection: everything that the browser gets. */
export interface Verdict {
  /** Null when the server answers. With 3CX V20, null means that it gave a token; `v20` then shows the rights. */
  problem: VerdictProblem | null;
  /** The setting that is wrong, the system's code for an address that cannot be reached, or the HTTP status. */
  detail: string | null;
  server: ServerKind | null;
  /** How many calls there are. */
  calls: number | null;
  /** The rights of the API client of 3CX V20; null without a token, and for an HTTP API. */
  v20: V20Identity | null;
  milliseconds: number;
  hint: VerdictHint | null;
}
