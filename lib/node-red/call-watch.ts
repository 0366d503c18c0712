import type { NodeMessage } from 'node-red';
import {
  type CallOccurrence,
  type CallState,
  CallTracker,
  type Expected,
  type Followed,
  type FollowedEvent,
  Following,
  type MadeCall,
  type News,
  type Occurrence,
  type SameNumber,
  type Sight,
  type StateOccurrence,
} from '../calls';
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
import { now } from './clock';
import { Contacts } from './contacts';
import { emptyProfileMemory, type ProfileMemory } from './profile-watch';

/** Called after each try to get a snapshot, with what has happened since the last time. */
export type Listener = (occurrences: readonly Occurrence[], isSnapshot: boolean) => void;

/**
 * `connecting`: nothing is known yet. `polling`: it is, but late, since events do not come by themselves as they should.
 * `retrying`: there was a snapshot, but none just now.
 */
export type WatchState = 'connecting' | 'online' | 'polling' | 'retrying' | 'offline';

/** Whose call is followed: the message that made it, of a node as it was deployed then. */
export interface Maker {
  node: string;
  definition: string;
  msg: NodeMessage;
}

/** A node that follows calls, as it is deployed. */
export interface Follower {
  id: string;
  definition: string;
  onEvent: (event: FollowedEvent, msg: NodeMessage) => void;
}

/** A command is under way; is to be called with what it came to: null when no call is to be followed. */
export type Settle = (made: { call: MadeCall; msg: NodeMessage } | null) => void;

/** What outlives a deploy: who watches anew goes on where the one before it stopped. */
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
  /** What happened while a node was deployed anew, by its id. */
  readonly unseen: Map<string, { since: number; occurrences: Occurrence[] }>;
  /** The extensions that took part in calls or commands, each with its profile where that was told. */
  readonly extensions: Map<string, Profile | null>;
  /** DNs that are no extensions. */
  readonly others: Set<string>;
  /** The DNs of the last snapshot. */
  dns: ReadonlySet<string>;
  /** The calls that nodes follow. */
  readonly following: Following<Maker>;
  /** What happened to them while their node was deployed anew. */
  untold: Followed<Maker>[];
  /** The nodes that are deployed anew, with the steady time since when. */
  readonly absent: Map<string, number>;
  readonly profiles: ProfileMemory;
}

/** An extension that was seen, or that the PBX lists, and what is known of it now. */
export interface KnownExtension {
  extension: string;
  /** By the connection's names, else as the PBX tells it. */
  name: string | null;
  state: ExtensionState | null;
  profile: Profile | null;
}

/** After this many failed tries in a row the PBX counts as offline. */
const failuresToOffline = 3;
/** How long a deploy may take, in ms: what a node does not come back for is forgotten. */
const maxDeploy = 60_000;
/** How much later than a call counts as unseen a snapshot is asked for, in ms. */
const refreshDelay = 50;
/** How many extensions are remembered. */
const maxExtensions = 1_000;
/** Comparing with a new one each time takes twenty times as long. */
const byNumber = new Intl.Collator(undefined, { numeric: true });

/** What was known of a URL, or a fresh start: the ids of calls are others where a PBX is reached another way. */
export function rememberedFor(url: string, before: Memory | undefined, api: ApiType = 'http'): Memory {
  if (before?.url === url && before.api === api) return before;
  return {
    ...{ api, url, tracker: new CallTracker(), failures: 0, error: null, since: null },
    ...{ unseen: new Map(), extensions: new Map(), others: new Set(), dns: new Set() },
    profiles: emptyProfileMemory(),
    ...{ following: new Following(), untold: [], absent: new Map() },
  };
}

/** Is it the number of an extension, or of another DN, that was seen? */
export function isKnownDn({ extensions, others, dns }: Memory, number: string): boolean {
  return extensions.has(number) || others.has(number) || dns.has(number);
}

/** Watches the calls for all nodes of one connection, as long as one of them does. */
export class CallWatch {
  private readonly listeners = new Map<string, Listener>();
  private readonly followers = new Map<string, Follower>();
  /** Since the watch began. */
  private hasSnapshot = false;
  private refreshTimer: NodeJS.Timeout | null = null;
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
    needsCallId: (extension, connection) =>
      this.listeners.size > 0 || this.memory.following.needsCallId(extension, connection),
  };

  /**
   * @param onChange is called when the PBX goes offline, and when there is a snapshot after tries that gave none
   * @param contacts complete what is told of calls, once for all nodes
   */
  constructor(
    private readonly pbx: Pbx,
    private readonly memory: Memory,
    private readonly onChange: () => void,
    private readonly contacts = new Contacts({ country: '', names: [] }, pbx, (number) => isKnownDn(memory, number)),
    private readonly clock: () => Moment = now,
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
      if (!isRemoved && !unseen.has(id)) unseen.set(id, { since: tracker.time?.steady ?? 0, occurrences: [] });
      this.endIfIdle(isRemoved);
    };
  }

  /**
   * Follows the calls that a node makes. Those that it made before it was deployed anew are followed on, if nothing of it
   * has changed since.
   *
   * @returns ends it; with `false` for a node that comes back
   */
  follow(follower: Follower): (isRemoved: boolean) => void {
    const { id, definition } = follower;
    const { absent } = this.memory;
    this.followers.set(id, follower);
    absent.delete(id);
    this.forgetCalls((maker) => maker.node === id && maker.definition !== definition);
    if (this.isFollowing) this.begin();
    return (isRemoved) => {
      if (this.followers.get(id) !== follower) return;
      this.followers.delete(id);
      if (isRemoved) this.forgetNode(id);
      else absent.set(id, this.clock().steady);
      this.endIfIdle(isRemoved);
    };
  }

  /** Watches for the call that a command of a node makes; to be called before anything of it is sent. */
  expect({ id, definition }: Pick<Follower, 'id' | 'definition'>): Settle {
    const { following } = this.memory;
    const before = this.sight();
    const expected = following.expect(before);
    this.begin();
    return (made) => {
      const isKept = this.followers.get(id)?.definition === definition || this.memory.absent.has(id);
      if (made === null || !isKept) following.cancel(expected);
      else this.followCall(expected, made, { node: id, definition, msg: made.msg });
      this.endIfIdle();
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
      .sort((a, b) => byNumber.compare(a.extension, b.extension));
  }

  /** Everything each extension is in, as events that say how it began (`initial`). */
  current(): CallOccurrence[] {
    return this.withNames(this.tracker.current());
  }

  /**
   * @param named extensions that somebody asks for
   * @returns what each of these does (`initial`) – where the PBX lists what is watched, each one listed instead, as
   *   nothing is known of any other –, and each that is in a call
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

  /** Completes events that are about to be told, in place. */
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
    if (this.refreshTimer !== null) clearTimeout(this.refreshTimer);
  }

  private begin(): void {
    this.endWatch ??= this.pbx.watch(this.watcher, this.tracker.time);
  }

  /** @param isOver nobody is about to come back after a deploy */
  private endIfIdle(isOver = true): void {
    if (this.listeners.size > 0 || this.isFollowing) return;
    this.close();
    if (isOver) this.memory.since = null;
  }

  /** Is there a call to be followed, or something to tell, for a node that is there? */
  private get isFollowing(): boolean {
    const { following, untold } = this.memory;
    const isThere = ({ node }: Maker): boolean => this.followers.has(node);
    return following.isNeeded(isThere) || untold.some(({ owner }) => isThere(owner));
  }

  private sight(): Sight {
    const isCurrent = this.hasSnapshot && this.memory.failures === 0;
    return { newestParty: this.tracker.newestParty, isCurrent };
  }

  private followCall(expected: Expected, { call }: { call: MadeCall }, owner: Maker): void {
    const { following } = this.memory;
    const before = this.pbx.isConcurrent === true ? expected.before : this.sight();
    const made = { owner, call, before, answeredAt: this.clock() };
    this.tell(following.follow(expected, made, this.news([]), this.sameNumber));
    this.refreshWhenDue();
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

  /** Are two numbers the same: one as it was dialled, the other as the PBX tells it? */
  private readonly sameNumber: SameNumber = (a, b) => this.contacts.sameNumber(a, b);

  private forgetCalls(isForgotten: (maker: Maker) => boolean): void {
    const { memory } = this;
    memory.following.drop(isForgotten);
    memory.untold = memory.untold.filter(({ owner }) => !isForgotten(owner));
  }

  private forgetNode(id: string): void {
    this.memory.absent.delete(id);
    this.forgetCalls(({ node }) => node === id);
  }

  private news(occurrences: readonly CallOccurrence[]): News {
    const { tracker } = this;
    return {
      occurrences,
      current: this.current(),
      isOtherSideUp: (party) => tracker.isOtherSideUp(party),
    };
  }

  /** Tells the nodes what happened to their calls; what is about one that is deployed anew waits for it. */
  private tell(followed: readonly Followed<Maker>[]): void {
    const all = [...this.memory.untold, ...followed];
    this.memory.untold = all.filter(({ owner }) => !this.followers.has(owner.node));
    for (const { owner, event } of all) {
      this.followers.get(owner.node)?.onEvent(this.contacts.complete(event), owner.msg);
    }
  }

  /** Where snapshots are rare, one is asked for when it is time to say that a call was never seen. */
  private refreshWhenDue(): void {
    const { patience } = this.memory.following;
    if (this.refreshTimer !== null) clearTimeout(this.refreshTimer);
    this.refreshTimer = null;
    if (patience === null || this.pbx.refresh === undefined || this.endWatch === null) return;
    // A little later, so that it is over by then.
    this.refreshTimer = setTimeout(() => this.pbx.refresh?.(), patience + refreshDelay);
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
    const isForgotten = (leftAt: number): boolean => snapshot.at.steady - leftAt > maxDeploy;
    for (const [id, { since: leftAt }] of memory.unseen) if (isForgotten(leftAt)) memory.unseen.delete(id);
    for (const [id, leftAt] of memory.absent) if (isForgotten(leftAt)) this.forgetNode(id);
    const ofCalls = occurrences.filter((one) => 'party' in one);
    this.tellFollowers(ofCalls, snapshot.at, since);
  }

  private tellFollowers(occurrences: readonly CallOccurrence[], at: Moment, since: Moment | null): void {
    const { following, untold } = this.memory;
    if (following.isEmpty && untold.length === 0) return;
    this.tell(following.take(this.news(occurrences), at, since, this.sameNumber));
    this.refreshWhenDue();
    this.endIfIdle();
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
    for (const [id, listener] of this.listeners) {
      const before = unseen.size === 0 ? undefined : unseen.get(id);
      listener(before === undefined ? occurrences : [...before.occurrences, ...occurrences], isSnapshot);
      if (before !== undefined) unseen.delete(id);
    }
    for (const missed of unseen.values()) missed.occurrences.push(...occurrences);
  }
}
