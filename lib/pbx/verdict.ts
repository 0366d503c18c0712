import { errorCodes } from './errors';
import type { ServerKind, V20Identity } from './pbx';

/** Why a test of a connection failed. `secret`: the stored one is not for this address. */
export const verdictProblems = [...errorCodes, 'secret'] as const;
export type VerdictProblem = (typeof verdictProblems)[number];

/**
 * What a test has to add. `idle`: the server has lost the PBX. `no-list`: it answers, but does not list the calls.
 * `host-name`: it does not accept the address that it was asked by. `token-taken`: another program uses the API client.
 */
export const verdictHints = ['idle', 'no-list', 'host-name', 'token-taken'] as const;
export type VerdictHint = (typeof verdictHints)[number];

/** What a test of a connection found: all that goes back to the browser. */
export interface Verdict {
  /** Null: the server answers; 3CX V20 gave a token, and `v20` says what that is good for. */
  problem: VerdictProblem | null;
  /** Which setting is wrong, the system's code for an address that cannot be reached, or the HTTP status. */
  detail: string | null;
  server: ServerKind | null;
  /** How many calls there are. */
  calls: number | null;
  /** What 3CX V20 allows the API client; null without a token, and for an HTTP API. */
  v20: V20Identity | null;
  milliseconds: number;
  hint: VerdictHint | null;
}
