import { type ArgumentName, isAbsent } from './arguments';
import type { EventName } from './events';
import type { OperationName } from './operations';

/** The ways to a PBX: the HTTP API, a program beside it, or the APIs that 3CX V20 has itself. The first is the default. */
export const apiTypes = ['http', 'v20'] as const;
export type ApiType = (typeof apiTypes)[number];

/** The gaps of one way to a PBX. Each sentence names the gap, and the way around it. */
export interface Lacks {
  operations: Readonly<Partial<Record<OperationName, string>>>;
  /** Arguments that an operation does not take, though it can be carried out. */
  arguments: Readonly<Partial<Record<OperationName, Readonly<Partial<Record<ArgumentName, string>>>>>>;
  /** Events that never come. */
  events: readonly EventName[];
  /** Events that may or may not come: nobody has tried it. */
  unsureEvents: readonly EventName[];
}

/**
 * The gaps of each way to the PBX. These operations fail with `unsupported` before anything is sent, and the dialogs
 * mark all gaps. 3CX V20: its documentation has no request for them (V20 official).
 */
const lacking = {
  // Divert is no gap: the community server does nothing for it, and its answer says so.
  http: { operations: {}, arguments: {}, events: [], unsureEvents: [] },
  v20: {
    operations: {
      record:
        'recording cannot be started or stopped: the APIs of 3CX V20 have nothing for it. Let the PBX record all calls ' +
        'of the extension, or start the recording in the 3CX app',
      atttrans:
        'calls cannot be joined: the APIs of 3CX V20 have no attended transfer. Use transfer: the call comes back when ' +
        'nobody answers',
      stop: 'there is no HTTP API to stop: 3CX V20 is reached directly',
    },
    arguments: {
      login: {
        queue:
          'an extension cannot be logged in to or out of a single queue: the APIs of 3CX V20 do this for all queues at ' +
          'once only. Leave the queue empty',
      },
    },
    events: ['recording'],
    // The PBX's own interface for programs has both statuses of a held call (official). Nobody has seen them here.
    unsureEvents: ['held', 'resumed'],
  },
} as const satisfies Record<ApiType, Lacks>;

/** The operations that can be carried out that way. */
export type OperationBy<Api extends ApiType> = Exclude<OperationName, keyof (typeof lacking)[Api]['operations']>;

export function lacksOf(api: ApiType): Lacks {
  return lacking[api];
}

/**
 * @param args unchecked; those that the operation does not have are ignored
 * @returns why that cannot be carried out; null when it can
 */
export function lackOf(api: ApiType, operation: OperationName, args: Readonly<Record<string, unknown>>): string | null {
  const { operations, arguments: untaken } = lacksOf(api);
  const given = Object.entries(untaken[operation] ?? {}).find(([name]) => !isAbsent(args[name]));
  return operations[operation] ?? given?.[1] ?? null;
}
