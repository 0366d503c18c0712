import { type CallOccurrence, CallTracker, type Occurrence, type StateOccurrence } from '../calls';
import type {
  ApiType,
  ExtensionState,
  ListedExtension,
  Pbx,
  Profile,
  Result,
  Snapshot,
  ThreeCxError,
  Watcher,
} from '../pbx';
import { emptyProfileMemory, type ProfileMemory } from './profile-watch';

/** Called after each try to get a snapshot, with what has happened since the last time. */
export type Listener = (occurrences: readonly Occurrence[], isSnapshot: boolean) => void;

/**
 * `connecting`: nothing is known yet. `polling`: it is, but late, since events do not come by themselves as they should.
 * `retrying`: there was a snapshot, but none just now.
 */
export type WatchState = 'connecting' | 'online' | 'polling' | 'retrying' | 'offline';

/** What outlives a deploy: who watches anew goes on where the one before it stopped. */
export interface Memory {
  readonly api: ApiType;
  readonly url: string;
  readonly tracker: CallTracker;
  /** Tries in a row that gave no snapshot. */
  failures: number;
  /** Why the last try gave none. */
  error: ThreeCxError | null;
  /** What happened while a node was deployed anew, by its id. */
  readonly unseen: Map<string, { since: number; occurrences: Occurrence[] }>;
  /** The extensions that took part in calls or commands, each with its profile where that was told. */
  readonly extensions: Map<string, Profile | null>;
  /** DNs that are no extensions. */
  readonly others: Set<string>;
  readonly profiles: ProfileMemory;
}

/** An extension that was seen, or that the PBX lists, and what is known of it now. */
export interface KnownExtension {
  extension: string;
  /** As the PBX tells it. */
  name: string | null;
  state: ExtensionState | null;
  profile: Profile | null;
}

/** After this many failed tries in a row the PBX counts as offline. */
const failuresToOffline = 3;
/** How long a deploy may take, in ms: what a node does not come back for is forgotten. */
const maxDeploy = 60_000;
/** How many extensions are remembered. */
const maxExtensions = 1_000;

/** What was known of a URL, or a fresh start: the ids of calls are others where a PBX is reached another way. */
export function rememberedFor(url: string, before: Memory | undefined, api: ApiType = 'http'): Memory {
  if (before?.url === url && before.api === api) return before;
  return {
    ...{ api, url, tracker: new CallTracker(), failures: 0, error: null },
    ...{ unseen: new Map(), extensions: new Map(), others: new Set(), profiles: emptyProfileMemory() },
  };
}

/** Watches the calls for all nodes of one connection, as long as one of them does. */
export class CallWatch {
  private readonly listeners = new Map<string, Listener>();
  private endWatch: (() => void) | null = null;
  /** Made here, where it keeps no node alive that began to watch. */
  private readonly watcher: Watcher = {
    onSnapshot: (snapshot) => {
      this.succeed(snapshot);
    },
    onSilence: (error) => {
      this.fail(error);
    },
  };

  /** @param onChange is called when the PBX goes offline, and when there is a snapshot after tries that gave none */
  constructor(
    private readonly pbx: Pbx,
    private readonly memory: Memory,
    private readonly onChange: () => void,
  ) {}

  get tracker(): CallTracker {
    return this.memory.tracker;
  }

  get state(): WatchState {
    const { failures, tracker } = this.memory;
    if (failures >= failuresToOffline) return 'offline';
    if (tracker.time === null) return 'connecting';
    if (failures > 0) return 'retrying';
    return this.pbx.isPolling === true ? 'polling' : 'online';
  }

  /** Does somebody watch, and did the last try give no snapshot? */
  get isFailing(): boolean {
    return this.listeners.size > 0 && this.memory.failures > 0;
  }

  /** See {@link Pbx.stretched}. */
  get stretched(): number | null {
    return this.pbx.stretched;
  }

  /** Why the last try gave no snapshot; null when it gave one. */
  get error(): ThreeCxError | null {
    return this.memory.error;
  }

  /**
   * Starts to watch.
   *
   * @param id of the node: what happened since it was closed for a deploy comes with the next snapshot
   * @returns ends it; with `false` for a node that comes back
   */
  watch(id: string, listener: Listener): (isRemoved: boolean) => void {
    this.listeners.set(id, listener);
    this.endWatch ??= this.pbx.watch(this.watcher, this.tracker.time);
    return (isRemoved) => {
      if (this.listeners.get(id) !== listener) return;
      this.listeners.delete(id);
      const { unseen, tracker } = this.memory;
      if (!isRemoved && !unseen.has(id)) unseen.set(id, { since: tracker.time?.steady ?? 0, occurrences: [] });
      if (this.listeners.size === 0) this.close();
    };
  }

  /** Takes note of what the PBX answered to a node. */
  note({ ok, given, profile }: Result): void {
    if (ok && given.extension !== undefined) this.remember(given.extension, profile);
  }

  /**
   * @param listed by the PBX itself
   * @returns these and those that were seen so far, in the order of their numbers
   */
  extensions(listed: readonly ListedExtension[] = []): KnownExtension[] {
    const { extensions: seen, tracker } = this.memory;
    const states = new Map(tracker.calls().map(({ extension, extensionState }) => [extension, extensionState]));
    const isKnown = (this.state === 'online' || this.state === 'polling') && this.listeners.size > 0;
    const own = this.seen();
    const entries = new Map(listed.map((entry) => [entry.extension, entry]));
    return [...new Set([...own, ...entries.keys()])]
      .map((extension) => {
        const { name = null, isWatched = true } = entries.get(extension) ?? {};
        const state = isKnown && isWatched ? (states.get(extension) ?? 'idle') : null;
        return { extension, name, state, profile: seen.get(extension) ?? null };
      })
      .sort((a, b) => a.extension.localeCompare(b.extension, undefined, { numeric: true }));
  }

  /** Everything each extension is in, as events that say how it began (`initial`). */
  current(): CallOccurrence[] {
    return this.tracker.current();
  }

  /**
   * @param named extensions that somebody asks for
   * @returns what each of these does (`initial`) – where the PBX lists what is watched, each one listed instead, as
   *   nothing is known of any other –, and each that is in a call
   */
  currentStates(named: readonly string[]): StateOccurrence[] {
    const { watchedExtensions } = this.pbx;
    return this.tracker.currentStates(watchedExtensions ?? named.filter((dn) => this.mayBeExtension(dn)));
  }

  /** @returns the extensions that took part in calls or commands, or told a profile */
  seen(): string[] {
    return [...this.memory.extensions.keys()].filter((extension) => this.mayBeExtension(extension));
  }

  /** Ends all of it at once. */
  close(): void {
    this.endWatch?.();
    this.endWatch = null;
  }

  /** Unless it was seen as something else. */
  private mayBeExtension(dn: string): boolean {
    const { others, tracker } = this.memory;
    return !others.has(dn) && !tracker.isQueue(dn);
  }

  /** Takes note of an extension that there is, and of its profile where that was told. */
  remember(extension: string, profile: Profile | null = null): void {
    const { extensions } = this.memory;
    if (!extensions.has(extension) && extensions.size >= maxExtensions) return;
    extensions.set(extension, profile ?? extensions.get(extension) ?? null);
  }

  private succeed(snapshot: Snapshot): void {
    const { memory, isFailing } = this;
    const wasOffline = this.state === 'offline';
    memory.failures = 0;
    memory.error = null;
    if (isFailing) this.onChange();
    for (const { role, extension } of snapshot.changed ? snapshot.connections : []) {
      if (role === 'extension') this.remember(extension);
      else memory.others.add(extension);
    }
    const occurrences = memory.tracker.update(snapshot);
    this.notify(wasOffline ? [{ event: { event: 'online', code: null } }, ...occurrences] : occurrences, true);
    for (const [id, { since }] of memory.unseen) if (snapshot.at.steady - since > maxDeploy) memory.unseen.delete(id);
  }

  private fail(error: ThreeCxError): void {
    const { memory } = this;
    memory.failures += 1;
    memory.error = error;
    memory.tracker.noSnapshot();
    const goesOffline = memory.failures === failuresToOffline;
    if (goesOffline) this.onChange();
    this.notify(goesOffline ? [{ event: { event: 'offline', code: error.code } }] : [], false);
  }

  private notify(occurrences: readonly Occurrence[], isSnapshot: boolean): void {
    const { unseen } = this.memory;
    for (const [id, listener] of this.listeners) {
      const before = unseen.size === 0 ? undefined : unseen.get(id);
      listener(before === undefined ? occurrences : [...before.occurrences, ...occurrences], isSnapshot);
      if (before !== undefined) unseen.delete(id);
    }
    for (const missed of unseen.values()) missed.occurrences.push(...occurrences);
  }
}
