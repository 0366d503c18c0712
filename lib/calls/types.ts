import type {
  ApiEventName,
  CallEventName,
  ConnectionStatus,
  Direction,
  EventOutcome,
  ExtensionState,
  Queue,
  Recording,
} from '../pbx';

/** The facts about one extension's part in a call. Times are ISO 8601, durations in seconds. */
export interface CallState {
  /** Ours; lives over transfers. */
  call: string;
  connection: string;
  callId: string | null;
  extension: string;
  /** The extension's own name: the connection knows it, not the tracker. */
  extensionName: string | null;
  /** Of this extension, after the event; with several calls the first of the type's list. */
  extensionState: ExtensionState;
  activeCalls: number;
  /** The other party. */
  number: string;
  /** `number` in international form, which the connection knows too; null for an extension and what is no number. */
  e164: string | null;
  /** The other party's name; null without a name. */
  name: string | null;
  direction: Direction;
  /** No trunk takes part. */
  internal: boolean;
  queue: Queue | null;
  trunk: string | null;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  /** Null when the PBX does not report it. */
  recording: Recording | null;
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

/** The fields of a state that come from the call behind it. */
type CallOfState = Pick<
  CallState,
  | 'call'
  | 'connection'
  | 'number'
  | 'e164'
  | 'name'
  | 'direction'
  | 'internal'
  | 'queue'
  | 'trunk'
  | 'startedAt'
  | 'answeredAt'
>;

/**
 * A change of an extension's state. The event names the latest of the calls that make the state; those fields are null
 * when the extension is idle.
 */
export interface StateEvent extends Readonly<{ [Name in keyof CallOfState]: CallOfState[Name] | null }> {
  event: 'state';
  extension: string;
  /** As in {@link CallState}. */
  extensionName: string | null;
  extensionState: ExtensionState;
  /** Null with `initial`. */
  previousState: ExtensionState | null;
  activeCalls: number;
  /** How late this may be, in ms. */
  accuracyMs: number;
  /** The node has just started, and this is how things are. */
  initial: boolean;
  /** It changed while there was no snapshot. */
  synthetic: boolean;
}
/** It carries no call. */
export interface ApiEvent {
  event: ApiEventName;
  /** Why there is no snapshot, as `msg.error.code` would say; null when there is one again. */
  code: string | null;
}
export type WatchEvent = CallEvent | StateEvent | ApiEvent;

/** An event of a call, and what is known of it beyond its fields. */
export interface CallOccurrence {
  event: CallEvent;
  /** One extension's part in one call: the same from its first event to its last. */
  party: number;
  /** How long it rang until now, in ms. */
  ringMs: number;
}
export interface StateOccurrence {
  event: StateEvent;
}
export type Occurrence = CallOccurrence | StateOccurrence | { event: ApiEvent };
