export const connectionStatuses = ['undefined', 'dialing', 'ringing', 'connected', 'hold', 'held'] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

export const recordings = ['on', 'paused', 'off'] as const;
export type Recording = (typeof recordings)[number];

export interface Queue {
  number: string;
  name: string;
}

/** One leg of a call: of an extension, a trunk, a queue or a service. */
export interface Connection {
  /** Unique while the leg lives. After a blind transfer the leg can belong to another DN. */
  id: string;
  /** The DN that the leg belongs to: an extension, or a trunk for the outside leg. */
  extension: string;
  status: ConnectionStatus;
  /** The other party, as the PBX wrote it; may be empty. */
  number: string;
  /** The other party's name; null when the PBX reports no name. */
  name: string | null;
  /** The queue that the call came through, null for a direct call. */
  queue: Queue | null;
  /** Null when the PBX does not report it. */
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

/** The kinds of DNs. */
export const roles = ['extension', 'trunk', 'queue', 'service'] as const;
export type Role = (typeof roles)[number];

/** A leg in a snapshot, with the facts that a call list does not have. */
export interface Leg extends Connection {
  role: Role;
  /** The PBX's own id of the call; null while it is not known. */
  callId: string | null;
  /** The same for all legs of one call, where the PBX reports which legs belong together. */
  group?: string;
  /** Did this leg's party call, or was it called? Set where the PBX reports it. */
  direction?: 'inbound' | 'outbound';
  /** The outside line that the other party is on, which may have no leg of its own in the snapshot. */
  trunk?: string;
  /** Set when the leg rang and is gone, and the reason was not known at once. */
  gone?: Gone;
}

/** How a ring ended. */
export interface Gone {
  at: Moment;
  /** True when the call was taken by somebody who has no leg in the snapshots. */
  isTaken: boolean;
}

/** A point in time. */
export interface Moment {
  /** Time of day, in ms since 1970. Somebody may set that clock at any time. */
  wall: number;
  /** In ms, by a clock that nobody sets. Durations and orders are derived from it. */
  steady: number;
}

/** All legs at one moment. */
export interface Snapshot {
  /** The legs of one call are neighbours, in the order in which they joined it. */
  connections: readonly Leg[];
  /** False when nothing has changed since the snapshot before. */
  changed: boolean;
  /** When it was received. */
  at: Moment;
  /** How late the snapshot may show something, in ms. */
  accuracyMs: number;
  /** True when so much time has passed since the snapshot before that something may have come and gone unseen. */
  afterGap: boolean;
}
