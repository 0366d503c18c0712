import type { Arguments } from './arguments';
import type { Moment, Snapshot } from './connections';
import type { ErrorCode, ThreeCxError } from './errors';
import type { Details, OperationName, RefusalReason } from './operations';
import type { Presence } from './profiles';

/** The PBX said no. */
interface Refusal {
  ok: false;
  reason: RefusalReason;
  /** The PBX's own reason, where it gives one. */
  detail?: string;
}

/** How an operation ended: done or refused, with its details. */
export type Outcome = ({ ok: true } | Refusal) & Partial<Details>;

/** The outcome of an operation, with its checked arguments and the raw text that the PBX answered. */
export type Result = Outcome & {
  given: Arguments;
  answer: string;
  /** What the PBX told of the extension's profile and log-in, after a command too. */
  presence?: Presence;
};

/** Gets the calls, snapshot by snapshot. */
export interface Watcher {
  onSnapshot(snapshot: Snapshot): void;
  /** There is no snapshot when there should have been one. */
  onSilence(error: ThreeCxError): void;
  /**
   * Is the call id of a leg of use? Where it costs a request, it is asked for only then; absent: always.
   *
   * @param connection the id of the leg
   */
  needsCallId?(extension: string, connection: string): boolean;
}

/** What answers at an address. */
export interface Identity {
  server: ServerKind | null;
  /** Only of 3CX V20. */
  v20?: V20Identity;
}

/** What 3CX V20 allows an API client. Null in place of an error code: it is allowed, or works. */
export interface V20Identity {
  /** Null when the PBX doesn't say. */
  version: string | null;
  callControl: ErrorCode | null;
  /** How many extensions Call Control shows. */
  extensions: number;
  /** The WebSocket over which events come. */
  socket: ErrorCode | null;
  /** The Configuration API. */
  configuration: ErrorCode | null;
}

/** An extension as the PBX lists it. */
export interface ListedExtension {
  extension: string;
  /** Null when the PBX tells none. */
  name: string | null;
  /** Would a call of this extension be seen? */
  isWatched: boolean;
}

/** The two kinds of HTTP API servers. */
export const serverKinds = ['community', 'documented'] as const;
export type ServerKind = (typeof serverKinds)[number];

/** Nothing is known yet, it answers, or why no request gets through to it. */
export type Health = 'unknown' | 'ok' | 'unreachable' | 'unauthorized';

/** A phone system, whichever way it is reached. */
export interface Pbx {
  /** The operations that it can carry out. All others fail with `unsupported`, and nothing is sent. */
  readonly supports: ReadonlySet<OperationName>;

  /**
   * Carries out one operation. A command is sent at most once.
   *
   * @param args unchecked; those that the operation does not have are ignored
   * @param onStart called when the arguments are checked, before anything is sent
   * @returns done or refused, with its details
   * @throws ThreeCxError when the request could not be sent or got no answer; after `lost` and `timeout` a command may have
   *   been carried out
   */
  execute(name: OperationName, args?: Readonly<Record<string, unknown>>, onStart?: () => void): Promise<Result>;

  /**
   * Reports which calls there are, until ended. Only one watches at a time.
   *
   * @param last when the watcher got its last snapshot, from this PBX or one before; null for none
   * @returns ends it
   */
  watch(watcher: Watcher, last: Moment | null): () => void;

  /** The time between two snapshots, in ms, where the PBX is too slow for the time that is set; null otherwise. */
  readonly stretched: number | null;

  /** Whether the call list is polled because events do not come by themselves, as they should. */
  readonly isPolling?: boolean;

  /** Whether snapshots come while a command is under way. Else one that comes before its answer is from before it. */
  readonly isConcurrent?: boolean;

  /** Gives the watcher a snapshot soon. Absent where they come at short intervals anyway. */
  refresh?(): void;

  /** The extensions that the PBX itself lists, in any order; asked for now and then only. Absent where it lists none. */
  extensions?(): Promise<readonly ListedExtension[]>;

  /** The extensions whose calls are in the snapshots, as far as it is known by the last one. Absent where the PBX lists none. */
  readonly watchedExtensions?: readonly string[];

  /** What a DN is called, as far as the PBX has told; null while that is not known. Absent where it tells no names. */
  nameOf?(dn: string): string | null;

  /** Whether one look-up gives the profiles of all extensions; else each extension takes one of its own. */
  readonly listsPresences: boolean;

  /**
   * Looks profiles up, after everything else that waits; each request gets 4 s at most.
   *
   * @param extensions of which ones; null, where the PBX lists them: of all
   * @returns what the PBX told, by extension; one that is not there has no profile
   * @throws ThreeCxError when there was no answer, which says nothing about any profile
   */
  presences(extensions: readonly string[] | null): Promise<ReadonlyMap<string, Presence>>;

  /**
   * Finds out what answers.
   *
   * @throws ThreeCxError when there was no answer
   */
  identify(): Promise<Identity>;

  /** Ends all that is under way, with `closed`. Can be called again. */
  close(): void;
}
