export const connectionStatuses = ['undefined', 'dialing', 'ringing', 'connected', 'hold', 'held'] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

export const recordings = ['on', 'paused', 'off'] as const;
export type Recording = (typeof recordings)[number];

export interface Queue {
  number: string;
  name: string;
}

/** One leg of a call: an extension's, or an outside line's, a queue's or a service's. */
export interface Connection {
  /** Unique while the leg lives; after a blind transfer it can stand at another DN. */
  id: string;
  /** The DN that the leg belongs to: an extension, or a trunk for the outside leg. */
  extension: string;
  status: ConnectionStatus;
  /** The other party, as the PBX wrote it; may be empty. */
  number: string;
  /** The other party's name; null when the PBX tells none. */
  name: string | null;
  /** The queue that the call came through, null for a direct call. */
  queue: Queue | null;
  /** Null when the PBX does not tell. */
  recording: Recording | null;
  /** 1, 2, … within one call; only the documented form of the HTTP API has it. */
  ccid?: string;
}

/** A leg as a payload has it. */
export interface NamedConnection extends Connection {
  /** The extension's own name. */
  extensionName: string | null;
  /** `number` in international form; null for an extension, a code, and what is no number. */
  e164: string | null;
}

/** What a DN is. */
export const roles = ['extension', 'trunk', 'queue', 'service'] as const;
export type Role = (typeof roles)[number];

/** A leg in a snapshot, with what is known of it beyond what a call list has. */
export interface Leg extends Connection {
  role: Role;
  /** The PBX's own id of the call; null while it is not known. */
  callId: string | null;
  /** Where the PBX says which legs are one call: the same for those of one call. */
  group?: string;
  /** Where the PBX says so: did this leg's party call, or was it called? */
  direction?: 'inbound' | 'outbound';
  /** The outside line that the other party is on, which may have no leg of its own in the snapshot. */
  trunk?: string;
  /** It rang and is gone, but how that ended was not known at once. */
  gone?: Gone;
}

/** How a ring ended. */
export interface Gone {
  at: Moment;
  /** Somebody took the call who has no leg in the snapshots. */
  isTaken: boolean;
}

/** When something was. */
export interface Moment {
  /** Time of day, in ms since 1970: it may be set at any time. */
  wall: number;
  /** In ms, by a clock that nobody sets: durations and orders come from it. */
  steady: number;
}

/** All legs there are at one moment. */
export interface Snapshot {
  /** The legs of one call stand next to each other, in the order in which they joined it. */
  connections: readonly Leg[];
  /** False when nothing has changed since the snapshot before. */
  changed: boolean;
  /** When it was received. */
  at: Moment;
  /** How late what it shows may be, in ms. */
  accuracyMs: number;
  /** Since the snapshot before so much time has passed that something may have come and gone unseen. */
  afterGap: boolean;
}
