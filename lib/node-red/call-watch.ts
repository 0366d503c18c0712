import { type CallOccurrence, type CallState, CallTracker, type Occurrence, type StateOccurrence } from '../calls';
import type {
  ApiType,
  ExtensionState,
  ListedExtension,
  Moment,
  Pbx,
  Profile,
  Result,
  Snapshot,
  ThreeCxError,
  Watcher,
} from '../pbx';
import { Backlog } from './backlog';
import { now } from './clock';
import { Contacts } from './contacts';
import { emptyFollowMemory, FollowedCalls, type FollowMemory, type Lookout } from './followed-calls';
import { emptyProfileMemory, type ProfileMemory } from './profile-watch';

/** Called after each try to get a snapshot, with what has happened since the last time. */
export type Listener = (occurrences: readonly Occurrence[], isSnapshot: boolean) => void;

/**
 * `connecting`: nothing is known yet. `polling`: calls are known, but late, since no events arrive.
 * `retrying`: there was a snapshot, but none just now.
 */
export type WatchState = 'connecting' | 'online' | 'polling' | 'retrying' | 'offline';

/** The memory of a connection. It outlives a deploy, so that the next watch goes on where the last one stopped. */
export interface Memory {
  readonly api: ApiType;
  readonly url: string;
  readonly tracker: CallTracker;
  /** Tries in a row that gave no snapshot. */
  failures: number;
  /** Why the last try gave none. */
  error: ThreeCxError | null;
  /** Since when there are snapshots, or none; time of day. Null where nobody has watched since. */
  since: number | null;
  /** The events during a redeploy. */
  readonly unseen: Backlog<Occurrence>;
  /** The extensions that took part in calls or commands, each with its profile where that is known. */
  readonly extensions: Map<string, Profile | null>;
  /** DNs that are no extensions. */
  readonly others: Set<string>;
  /** The DNs of the last snapshot. */
  dns: ReadonlySet<string>;
  readonly followed: FollowMemory;
  readonly profiles: ProfileMemory;
}

/** An extension that was seen, or that the PBX lists, and what is known of it now. */
export interface KnownExtension {
  extension: string;
  /** From the connection's names, else from the PBX. */
  name: string | null;
  state: ExtensionState | null;
  profile: Profile | null;
}

/** After this many failed tries in a row the PBX counts as offline. */
const failuresToOffline = 3;
/** How many extensions are remembered. */
const maxExtensions = 1_000;
/** Made once, since it takes as long as loading half of the nodes, and only when extensions are listed. */
let byNumber: Intl.Collator | null = null;

/** The memory of a URL, or an empty one: through another interface, calls have other ids. */
export function rememberedFor(url: string, before: Memory | undefined, api: ApiType = 'http'): Memory {
  if (before?.url === url && before.api === api) return before;
  return {
    ...{ api, url, tracker: new CallTracker(), failures: 0, error: null, since: null },
    ...{ unseen: new Backlog(), extensions: new Map(), others: new Set(), dns: new Set() },
    ...{ profiles: emptyProfileMemory(), followed: emptyFollowMemory() },
  };
}

function compareNumbers(a: string, b: string): number {
  byNumber ??= new Intl.Collator(undefined, { numeric: true });
  return byNumber.compare(a, b);
}

/** Is it the number of an extension, or of another DN, that was seen? */
export function isKnownDn({ extensions, others, dns }: Memory, number: string): boolean {
  return extensions.has(number) || others.has(number) || dns.has(number);
}

/** Watches the calls for all nodes of one connection, as long as one of them listens or follows a call. */
export class CallWatch {
  /** The calls that nodes have made. */
  readonly followed: FollowedCalls;
  private readonly listeners = new Map<string, Listener>();
  /** Since the watch began. */
  private hasSnapshot = false;
  private endWatch: (() => void) | null = null;
  /** Made here, where it keeps no node alive that began to watch. */
  private readonly watcher: Watcher = {
    onSnapshot: (snapshot) => {
      this.succeed(snapshot);
    },
    onSilence: (error) => {
      this.fail(error);
    },
    // No call that is followed needs any but its own.
    needsCallId: (extension, connection) => this.listeners.size > 0 || this.followed.needsCallId(extension, connection),
  };

  /**
   * @param onChange is called when the PBX goes offline, and when there is a snapshot after tries that gave none
   * @param contacts complete the events, once for all nodes
   */
  constructor(
    private readonly pbx: Pbx,
    private readonly memory: Memory,
    private readonly onChange: () => void,
    private readonly contacts = new Contacts({ country: '', names: [] }, pbx, (number) => isKnownDn(memory, number)),
    private readonly clock: () => Moment = now,
  ) {
    this.followed = new FollowedCalls(pbx, memory.followed, this.lookout(), contacts, clock);
  }

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
    return this.endWatch !== null && this.memory.failures > 0;
  }

  /** See {@link Memory.since}. */
  get since(): number | null {
    return this.memory.since;
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
    this.begin();
    return (isRemoved) => {
      if (this.listeners.get(id) !== listener) return;
      this.listeners.delete(id);
      const { unseen, tracker } = this.memory;
      if (!isRemoved) unseen.begin(id, tracker.time?.steady ?? 0);
      this.endIfIdle(isRemoved);
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
        const { name: listedName = null, isWatched = true } = entries.get(extension) ?? {};
        const name = this.contacts.extensionName(extension) ?? listedName;
        const state = isKnown && isWatched ? (states.get(extension) ?? 'idle') : null;
        return { extension, name, state, profile: seen.get(extension) ?? null };
      })
      .sort((a, b) => compareNumbers(a.extension, b.extension));
  }

  /** Everything each extension is in, as events that say how it began (`initial`). */
  current(): CallOccurrence[] {
    return this.withNames(this.tracker.current());
  }

  /**
   * @param named extensions that somebody asks for
   * @returns the state of each of these, and of each that is in a call, marked `initial`. A PBX that lists what it
   *   watches gives the listed ones instead: nothing is known of any other
   */
  currentStates(named: readonly string[]): StateOccurrence[] {
    const { watchedExtensions } = this.pbx;
    const asked = watchedExtensions ?? named.filter((dn) => this.mayBeExtension(dn));
    return this.withNames(this.tracker.currentStates(asked));
  }

  /** @returns a copy of what is known of calls, completed */
  completed(states: readonly CallState[]): CallState[] {
    return structuredClone(states).map((state) => this.contacts.complete(state));
  }

  /** Completes events before they are sent, in place. */
  private withNames<T extends CallOccurrence | StateOccurrence>(occurrences: T[]): T[] {
    for (const { event } of occurrences) this.contacts.complete(event);
    return occurrences;
  }

  /** @returns the extensions that took part in calls or commands, or told a profile */
  seen(): string[] {
    return [...this.memory.extensions.keys()].filter((extension) => this.mayBeExtension(extension));
  }

  /** Ends all of it at once. */
  close(): void {
    this.endWatch?.();
    this.endWatch = null;
    this.hasSnapshot = false;
    this.followed.watchEnded();
  }

  private begin(): void {
    this.endWatch ??= this.pbx.watch(this.watcher, this.tracker.time);
  }

  /** @param isOver nobody is about to come back after a deploy */
  private endIfIdle(isOver: boolean): void {
    if (this.listeners.size > 0 || this.followed.isNeeded) return;
    this.close();
    if (isOver) this.memory.since = null;
  }

  /** This watch, as the followed calls see it. */
  private lookout(): Lookout {
    return {
      isWatching: () => this.endWatch !== null,
      sight: () => ({
        newestParty: this.tracker.newestParty,
        isCurrent: this.hasSnapshot && this.memory.failures === 0,
      }),
      news: (occurrences) => ({
        occurrences,
        current: this.current(),
        isOtherSideUp: (party) => this.tracker.isOtherSideUp(party),
      }),
      begin: () => {
        this.begin();
      },
      endIfIdle: (isOver) => {
        this.endIfIdle(isOver);
      },
    };
  }

  /** Unless it was seen as something else. */
  private mayBeExtension(dn: string): boolean {
    const { others, tracker } = this.memory;
    return !others.has(dn) && !tracker.isQueue(dn);
  }

  /** Remembers an extension, and its profile where that is known. */
  remember(extension: string, profile: Profile | null = null): void {
    const { extensions } = this.memory;
    if (!extensions.has(extension) && extensions.size >= maxExtensions) return;
    extensions.set(extension, profile ?? extensions.get(extension) ?? null);
  }

  private succeed(snapshot: Snapshot): void {
    const { memory, isFailing } = this;
    const wasOffline = this.state === 'offline';
    const since = memory.failures > 0 || snapshot.afterGap ? null : memory.tracker.time;
    if (memory.failures > 0 || memory.since === null) memory.since = snapshot.at.wall;
    memory.failures = 0;
    memory.error = null;
    if (isFailing) this.onChange();
    if (snapshot.changed) memory.dns = new Set(snapshot.connections.map(({ extension }) => extension));
    for (const { role, extension } of snapshot.changed ? snapshot.connections : []) {
      if (role === 'extension') this.remember(extension);
      else memory.others.add(extension);
    }
    const occurrences = this.withNames(memory.tracker.update(snapshot));
    this.hasSnapshot = true;
    this.notify(wasOffline ? [{ event: { event: 'online', code: null } }, ...occurrences] : occurrences, true);
    memory.unseen.forget(snapshot.at.steady);
    const ofCalls = occurrences.filter((one) => 'party' in one);
    this.followed.take(ofCalls, snapshot.at, since);
  }

  private fail(error: ThreeCxError): void {
    const { memory } = this;
    if (memory.failures === 0 || memory.since === null) memory.since = this.clock().wall;
    memory.failures += 1;
    memory.error = error;
    memory.tracker.noSnapshot();
    const goesOffline = memory.failures === failuresToOffline;
    if (goesOffline) this.onChange();
    this.notify(goesOffline ? [{ event: { event: 'offline', code: error.code } }] : [], false);
  }

  private notify(occurrences: readonly Occurrence[], isSnapshot: boolean): void {
    const { unseen } = this.memory;
    for (const [id, listener] of this.listeners) listener(unseen.take(id, occurrences), isSnapshot);
    unseen.add(occurrences);
  }
}
