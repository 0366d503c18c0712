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
  /** The extension's profile and log-in, where the PBX returned them; also after a command. */
  presence?: Presence;
};

/** Receives the calls, snapshot by snapshot. */
export interface Watcher {
  onSnapshot(snapshot: Snapshot): void;
  /** Called when there is no snapshot although one is due. */
  onSilence(error: ThreeCxError): void;
  /**
   * Is the call id of a leg needed? The PBX asks this where an id costs a request. Without this method every id is
   * needed.
   *
   * @param connection the id of the leg
   */
  needsCallId?(extension: string, connection: string): boolean;
}

/** The program that answers at an address. */
export interface Identity {
  server: ServerKind | null;
  /** Only of 3CX V20. */
  v20?: V20Identity;
}

/** The rights of an API client of 3CX V20. Null instead of an error code: the right is there, and works. */
export interface V20Identity {
  /** Null when the PBX doesn't say. */
  version: string | null;
  callControl: ErrorCode | null;
  /** The number of extensions that Call Control shows. */
  extensions: number;
  /** The result for the WebSocket that sends events. */
  socket: ErrorCode | null;
  /** The result for the Configuration API. */
  configuration: ErrorCode | null;
}

/** An extension as the PBX lists it. */
export interface ListedExtension {
  extension: string;
  /** Null when the PBX reports no name. */
  name: string | null;
  /** Does the PBX report calls of this extension? */
  isWatched: boolean;
}

/** The two kinds of HTTP API servers. */
export const serverKinds = ['community', 'documented'] as const;
export type ServerKind = (typeof serverKinds)[number];

/** The last that is known: nothing, that it answers, or the reason why no request reaches it. */
export type Health = 'unknown' | 'ok' | 'unreachable' | 'unauthorized';

/** A phone system, independent of the way to it. */
export interface Pbx {
  /** The operations that the PBX can carry out. All others fail with `unsupported` before anything is sent. */
  readonly supports: ReadonlySet<OperationName>;

  /**
   * Carries out one operation. A command is sent at most once.
   *
   * @param args unchecked; arguments that the operation does not have are ignored
   * @param onStart called when the arguments are checked, before anything is sent
   * @returns done or refused, with its details
   * @throws ThreeCxError when the request could not be sent or got no answer; after `lost` and `timeout` the PBX may
   *   have carried out the command
   */
  execute(name: OperationName, args?: Readonly<Record<string, unknown>>, onStart?: () => void): Promise<Result>;

  /**
   * Reports the calls until it is ended. There is one watcher at a time.
   *
   * @param last when the watcher got its last snapshot, from this PBX or an earlier one; null for none
   * @returns ends it
   */
  watch(watcher: Watcher, last: Moment | null): () => void;

  /** The time between two snapshots, in ms, where the PBX is too slow for the interval that is set; otherwise null. */
  readonly stretched: number | null;

  /** Whether the connection polls the call list because the PBX sends no events although it should. */
  readonly isPolling?: boolean;

  /**
   * Whether snapshots come while a command is being carried out. If not, a snapshot before the answer is older than the
   * command.
   */
  readonly isConcurrent?: boolean;

  /** Requests a snapshot for the watcher. Absent where snapshots come at short intervals anyway. */
  refresh?(): void;

  /** Requests the extensions that the PBX lists, in any order. Absent where it lists none; called rarely. */
  extensions?(): Promise<readonly ListedExtension[]>;

  /**
   * The extensions whose calls are in the snapshots, according to the last one. Absent where the PBX lists no
   * extensions.
   */
  readonly watchedExtensions?: readonly string[];

  /** The name of a DN; null while it is not known. Absent where the PBX has no names. */
  nameOf?(dn: string): string | null;

  /** Whether one request returns the profiles of all extensions. If not, each extension takes its own request. */
  readonly listsPresences: boolean;

  /**
   * Looks up profiles, after everything else that waits. Each request takes 4 s at most.
   *
   * @param extensions null for all, where the PBX lists them
   * @returns the profiles by extension, without those that the PBX does not have
   * @throws ThreeCxError when there was no answer, which says nothing about any profile
   */
  presences(extensions: readonly string[] | null): Promise<ReadonlyMap<string, Presence>>;

  /**
   * Finds out which program answers.
   *
   * @throws ThreeCxError when there was no answer
   */
  identify(): Promise<Identity>;

  /** Ends everything in progress with `closed`. Can be called again. */
  close(): void;
}
