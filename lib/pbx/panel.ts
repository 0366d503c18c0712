import type { ApiType } from './apis';
import type { Queue, Recording } from './connections';
import type { ErrorCode } from './errors';
import type { Direction, EventName, ExtensionState } from './events';
import type { Profile } from './profiles';

/** The messages between the panel in Node-RED's sidebar and the runtime. */

/** The topic of all messages, in both directions, and the address below which an editor asks for a key. */
export const panelTopic = '3cx/panel';
/** How long a key is good for, in ms, unless it is renewed. */
export const panelLife = 45_000;

/** From an editor: shows that it may look, and asks for everything; with `isClosed` it looks no longer. */
export interface PanelRequest {
  key: string;
  isClosed?: boolean;
}

/** How the watch of a connection is; `invalid`: one of its settings is wrong. */
export type PanelState = 'connecting' | 'online' | 'polling' | 'retrying' | 'offline' | 'invalid';

export interface ConnectionRow {
  kind: 'connection';
  connection: string;
  name: string;
  /** Null where a setting is wrong. */
  api: ApiType | null;
  state: PanelState;
  /** Why there are no calls, as code and in words; null when there are. */
  code: ErrorCode | null;
  detail: string | null;
  /** Since when that is so, as far as the connection watches; ISO 8601. */
  since: string | null;
  /** How late what is shown may be, in ms. */
  accuracyMs: number;
  /** See `stretched` of a PBX. */
  period: number | null;
}

export interface ExtensionRow {
  kind: 'extension';
  connection: string;
  extension: string;
  name: string | null;
  /** Null when it is not known. */
  state: ExtensionState | null;
  /** Of the call that makes the state; null without one. */
  number: string | null;
  party: string | null;
  since: string | null;
  /** Of the profile and the log-in, what a node that watches them has learnt; null when nothing is known. */
  profile: Profile | null;
  profileName: string | null;
  loggedIn: boolean | null;
}

export interface CallRow {
  kind: 'call';
  connection: string;
  call: string;
  /** Those who are in it, in the order in which they joined. */
  extensions: { extension: string; name: string | null; state: ExtensionState }[];
  /** The party that is no extension; null for none. */
  number: string | null;
  party: string | null;
  /** `internal`: no trunk takes part. */
  direction: Direction | 'internal';
  queue: Queue | null;
  /** Null when the PBX does not tell. */
  recording: Recording | null;
  startedAt: string;
  answeredAt: string | null;
}

export type PanelRow = ConnectionRow | ExtensionRow | CallRow;

/** Something that happened, as a call-monitor sends it. */
export interface PanelEvent {
  connection: string;
  at: string;
  payload: Readonly<Record<string, unknown>> & { event: EventName; seq: number };
}

/** An error or a warning of one of the nodes. */
export interface PanelError {
  at: string;
  /** Its id in the editor. */
  node: string;
  type: string;
  name: string;
  /** Null for a warning, or an error without one. */
  code: string | null;
  message: string;
}

/** From the runtime: what has changed since the message before, or everything. */
export interface PanelUpdate {
  /** One more than in the message before: where it is not, one was lost. */
  seq: number;
  isWhole: boolean;
  /** The time of the runtime; ISO 8601. */
  now: string;
  /** The rows that are new or differ, by their keys. */
  rows: Readonly<Record<string, PanelRow>>;
  /** The keys of the rows that are gone. */
  gone: readonly string[];
  /** Oldest first. */
  events: readonly PanelEvent[];
  errors: readonly PanelError[];
}

/** How many events of each connection, and errors of all, are kept. */
export const panelKeeps = { events: 50, errors: 20 } as const;

export function keyOf(row: PanelRow): string {
  const { kind, connection } = row;
  if (kind === 'connection') return `${kind}/${connection}`;
  return `${kind}/${connection}/${kind === 'call' ? row.call : row.extension}`;
}
