export type ConnectionStatus = 'undefined' | 'dialing' | 'ringing' | 'connected' | 'hold' | 'held';
export type Recording = 'on' | 'paused' | 'off';

/** One leg of a call in a snapshot, in the order of the list. */
export interface ConnectionRecord {
  id: string;
  /** The DN. */
  extension: string;
  status: ConnectionStatus;
  /** The other party, as the PBX wrote it. */
  number: string;
  queue: { number: string; name: string } | null;
  recording: Recording;
  /** 1, 2, … within one call; only the documented form has it. */
  ccid?: string;
}

/** When a snapshot was made. */
export interface Moment {
  /** Time of day, in ms since 1970: it may be set at any time. */
  wall: number;
  /** In ms, by a clock that nobody sets: durations and orders come from it. */
  steady: number;
}

/** Which DNs are no person's phone. */
export interface Numbering {
  /** DNs of outside lines. */
  trunks: RegExp;
  /** DNs of voicemail, parking, IVR. */
  services: RegExp;
}

/** What can happen to a call; in this order the events have outputs of their own. */
export const callEventNames = [
  'ringing',
  'dialing',
  'answered',
  'held',
  'resumed',
  'recording',
  'transferred',
  'ring-stopped',
  'ended',
  'missed',
] as const;
export type CallEventName = (typeof callEventNames)[number];

/** What can happen to the API: it gave no snapshot three times in a row, and gives one again. */
export const apiEventNames = ['offline', 'online'] as const;
export type ApiEventName = (typeof apiEventNames)[number];

export type EventName = CallEventName | ApiEventName;

export type Direction = 'inbound' | 'outbound' | 'unknown';
export type ExtensionState = 'talking' | 'ringing' | 'dialing' | 'held' | 'idle';
export type EventOutcome = 'answered' | 'answered-elsewhere' | 'missed' | 'not-reached' | 'transferred' | 'unknown';

/** What is known of one extension's part in a call. Times are ISO 8601, durations in seconds. */
export interface CallState {
  /** Ours; lives over transfers. */
  call: string;
  connection: string;
  callId: string | null;
  extension: string;
  /** Of this extension, after the event; with several calls the first of the type's list. */
  extensionState: ExtensionState;
  activeCalls: number;
  /** The other party. */
  number: string;
  direction: Direction;
  /** No trunk takes part. */
  internal: boolean;
  queue: { number: string; name: string } | null;
  trunk: string | null;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  recording: Recording;
  startedAt: string;
  answeredAt: string | null;
  endedAt: string | null;
  ringSeconds: number | null;
  talkSeconds: number | null;
  holdSeconds: number | null;
  outcome: EventOutcome | null;
  transferredTo: string | null;
  /** All extensions that the call rang. */
  extensions: string[];
  /** How late this may be, in ms: the time since the snapshot before. */
  accuracyMs: number;
  initial: boolean;
  /** It happened while there was no snapshot. */
  synthetic: boolean;
}

export type CallEvent = CallState & { event: CallEventName };
/** It carries no call. */
export interface ApiEvent {
  event: ApiEventName;
  /** Why there is no snapshot, as `msg.error.code` would say; null when there is one again. */
  code: string | null;
}
export type WatchEvent = CallEvent | ApiEvent;

/** An event of a call, and what is known of it beside what it tells. */
export interface CallOccurrence {
  event: CallEvent;
  /** One extension's part in one call: the same from its first event to its last. */
  party: number;
  /** How long it rang until now, in ms. */
  ringMs: number;
}
export type Occurrence = CallOccurrence | { event: ApiEvent };
