import {
  isPresenceChange,
  type OperationName,
  operationOf,
  ownError,
  type Pbx,
  type Presence,
  presenceAfter,
  type Profile,
  type Result,
  ThreeCxError,
} from '../pbx';
import { Backlog } from './backlog';
import { now } from './clock';
import { Schedule } from './schedule';

/** The profiles that a node watches. */
export interface ProfileInterest {
  /** Null: of all extensions that the connection knows. */
  extensions: ReadonlySet<string> | null;
  /** How often, in ms. */
  interval: number;
}

/** The answer about one extension. */
export interface ProfileReport {
  extension: string;
  presence: Presence;
  /** Null when nothing was known before. */
  previous: Presence | null;
  isChange: boolean;
}

/** Called after each look-up, and after a command that told a profile; without reports when there was no answer. */
export type ProfileListener = (reports: readonly ProfileReport[]) => void;

/** The known profiles. They outlive a deploy, so that the next watch goes on where the last one stopped. */
export interface ProfileMemory {
  readonly known: Map<string, Presence>;
  /** The changes during a redeploy. */
  readonly unseen: Backlog<ProfileReport>;
}

/** The part of the connection that the watch needs. */
export interface ProfileSurroundings {
  /** The extensions that were seen so far, where the PBX lists none. */
  seen(): readonly string[];
  /** A profile was read. */
  onRead(extension: string, profile: Profile | null): void;
  /** The PBX refuses to tell profiles. Called once, until it tells one. */
  onRefused(error: ThreeCxError): void;
}

/** The standing of the profiles that a node watches, for its status. */
export interface ProfileStanding {
  /** Why nothing is known; null when something is, or no answer has come yet. */
  error: ThreeCxError | null;
  /** The number of extensions whose profile the last look-up returned. */
  count: number;
  /** Was there any answer yet, or nothing to ask for? */
  isAnswered: boolean;
}

/** Where one look-up gives all profiles, it is the only thing on the schedule. */
const everything = '';
/** The pause after a refusal, in ms: the same request would be refused again. */
const pauseAfterRefusal = 600_000;
/** The longest pause while the PBX cannot be reached, in ms. */
const maxPause = 30_000;
/** The nodes of one deploy begin one after the other: how long the first look-up waits for more of them, in ms. */
const settling = 100;
/** How long an extension is left alone that the PBX does not list, in ms. */
const absence = 60_000;
/** The longest time that a timer of Node.js takes, in ms. */
const maxTimer = 2 ** 31 - 1;

export function emptyProfileMemory(): ProfileMemory {
  return { known: new Map(), unseen: new Backlog() };
}

/** Watches the profiles for all nodes of one connection, as long as one of them does: each is looked up once for all. */
export class ProfileWatch {
  private readonly watchers = new Map<string, { interest: ProfileInterest; listener: ProfileListener }>();
  private readonly schedule = new Schedule();
  /** Why the last look-up of an extension gave nothing. */
  private readonly failing = new Map<string, ThreeCxError>();
  /** Why there can be no request. */
  private trouble: ThreeCxError | null = null;
  private failures = 0;
  /** Steady times before which there is no request: the PBX cannot answer now, and there may be more nodes. */
  private pausedUntil = -Infinity;
  private settledAt = -Infinity;
  /** Extensions that are not in the list of the PBX, until when they are not looked for. */
  private readonly absentUntil = new Map<string, number>();
  /** Steady times at which a command told a profile: a look-up that began before may show the one before. */
  private readonly toldAt = new Map<string, number>();
  private hasAnswered = false;
  private timer: NodeJS.Timeout | null = null;
  private isAsking = false;
  private isClosed = false;

  /** @param steady the time, in ms, by a clock that nobody sets */
  constructor(
    private readonly pbx: Pick<Pbx, 'listsPresences' | 'presences'>,
    private readonly memory: ProfileMemory,
    private readonly surroundings: ProfileSurroundings,
    private readonly steady = (): number => now().steady,
  ) {}

  /**
   * Starts to watch.
   *
   * @param id of the node: what changed since it was closed for a deploy comes with the next report
   * @returns ends it; with `false` for a node that comes back
   */
  watch(id: string, interest: ProfileInterest, listener: ProfileListener): (isRemoved: boolean) => void {
    const watcher = { interest, listener };
    const { known } = this.memory;
    this.settledAt = this.steady() + settling;
    if (this.watchers.size === 0) this.forget();
    this.watchers.set(id, watcher);
    const isNew = ![...(interest.extensions ?? [])].every((extension) => known.has(extension));
    if (this.pbx.listsPresences && isNew) this.schedule.hasten(everything);
    this.arm();
    return (isRemoved) => {
      if (this.watchers.get(id) !== watcher) return;
      this.watchers.delete(id);
      if (!isRemoved) this.memory.unseen.begin(id, this.steady());
      if (this.watchers.size === 0) this.forget();
      this.arm();
    };
  }

  /** Takes note of what the PBX answered to a node: a change of ours is reported at once. */
  note(name: OperationName, result: Result): void {
    const { given, presence } = result;
    const { extension } = given;
    if (extension === undefined || !this.isWatched(extension)) return;
    const { kind, done } = operationOf(name);
    // This refusal changes the profile anyway.
    const isDone = kind === 'command' && (result.ok || result.reason === 'not-an-agent');
    const time = this.steady();
    if (presence !== undefined) {
      this.toldAt.set(extension, time);
      if (!this.pbx.listsPresences) this.schedule.answered(extension, time);
      this.succeed();
      this.report([[extension, presence]], isDone);
    } else if (isDone && done.includes('profile')) {
      this.schedule.hasten(this.pbx.listsPresences ? everything : extension);
    }
    this.arm();
  }

  /** The PBX can be reached again: there is no reason to wait any longer. */
  retry(): void {
    this.pausedUntil = -Infinity;
    this.arm();
  }

  /** @returns what is known of these extensions, null for all, in the order of their numbers */
  known(extensions: ReadonlySet<string> | null): [extension: string, presence: Presence][] {
    return [...this.memory.known]
      .filter(([extension]) => extensions?.has(extension) ?? true)
      .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
  }

  /** @param extensions null for all */
  standing(extensions: ReadonlySet<string> | null): ProfileStanding {
    const { known } = this.memory;
    let count = 0;
    let failure: ThreeCxError | null = null;
    for (const extension of extensions ?? known.keys()) {
      const error = this.failing.get(extension);
      if (error !== undefined) failure = error;
      else if (known.has(extension)) count += 1;
    }
    const isIdle = extensions === null && !this.pbx.listsPresences && this.surroundings.seen().length === 0;
    const error = this.trouble ?? (count === 0 ? failure : null);
    return { error, count, isAnswered: this.hasAnswered || count > 0 || isIdle };
  }

  /** Ends all of it at once. */
  close(): void {
    this.isClosed = true;
    this.stopTimer();
  }

  /** Nobody watches: a node that is not back in time loses its backlog. */
  private forget(): void {
    const { known, unseen } = this.memory;
    unseen.forget(this.steady());
    if (unseen.isEmpty) known.clear();
  }

  private isWatched(extension: string): boolean {
    return [...this.watchers.values()].some(({ interest }) => interest.extensions?.has(extension) ?? true);
  }

  /** The look-ups, each with the shortest interval that a node wants. */
  private wanted(): Map<string, number> {
    const intervals = new Map<string, number>();
    for (const { interest } of this.watchers.values()) {
      const extensions = interest.extensions ?? this.surroundings.seen();
      for (const key of this.pbx.listsPresences ? [everything] : extensions) {
        intervals.set(key, Math.min(interest.interval, intervals.get(key) ?? Infinity));
      }
    }
    return intervals;
  }

  private arm(): void {
    this.stopTimer();
    if (this.isClosed || this.isAsking || this.watchers.size === 0) return;
    this.schedule.set(this.wanted());
    // Where nothing is to be looked up yet, an extension may be seen by then.
    const shortest = Math.min(...[...this.watchers.values()].map(({ interest }) => interest.interval));
    const time = this.steady();
    const at = Math.max(this.schedule.next()?.at ?? time + shortest, this.pausedUntil, this.settledAt);
    const pause = Math.min(Math.max(at - time, 0), shortest, maxTimer);
    this.timer = setTimeout(() => void this.lookUp(), Math.ceil(pause));
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async lookUp(): Promise<void> {
    this.schedule.set(this.wanted());
    const due = this.schedule.next();
    const begun = this.steady();
    if (due === null || Math.max(due.at, this.pausedUntil, this.settledAt) > begun) {
      this.arm();
      return;
    }
    this.isAsking = true;
    this.schedule.begin(due, begun);
    const asked = due.key === everything ? this.listed(begun) : [due.key];
    try {
      // All that are watched may be absent.
      const told = asked?.length === 0 ? null : await this.pbx.presences(asked);
      if (told !== null && !this.isClosed) this.take(asked, told, begun);
    } catch (error) {
      if (!this.isClosed) this.fail(due.key, ownError(error));
    } finally {
      this.isAsking = false;
      const time = this.steady();
      this.schedule.end(time, time - begun);
      this.arm();
    }
  }

  /** All that the nodes watch and the PBX may list; null when one of them watches everything. */
  private listed(time: number): readonly string[] | null {
    const all = new Set<string>();
    for (const { interest } of this.watchers.values()) {
      if (interest.extensions === null) return null;
      for (const extension of interest.extensions) {
        if ((this.absentUntil.get(extension) ?? -Infinity) <= time) all.add(extension);
      }
    }
    return [...all];
  }

  private take(asked: readonly string[] | null, told: ReadonlyMap<string, Presence>, begun: number): void {
    this.succeed();
    const current = [...told].filter(([extension]) => this.isWatched(extension) && !this.isOutdated(extension, begun));
    for (const extension of asked ?? []) {
      if (told.has(extension)) continue;
      this.absentUntil.set(extension, begun + absence);
      this.failing.set(extension, new ThreeCxError('invalid-argument', 'the PBX has no such extension'));
    }
    this.report(current, false);
  }

  private isOutdated(extension: string, begun: number): boolean {
    const toldAt = this.toldAt.get(extension);
    if (toldAt !== undefined && toldAt < begun) this.toldAt.delete(extension);
    return toldAt !== undefined && toldAt >= begun;
  }

  private succeed(): void {
    this.trouble = null;
    this.failures = 0;
    this.pausedUntil = -Infinity;
    this.hasAnswered = true;
  }

  private report(told: readonly (readonly [string, Presence])[], isCommand: boolean): void {
    const { known } = this.memory;
    const reports = told.flatMap(([extension, read]): ProfileReport[] => {
      this.failing.delete(extension);
      if (read.profileName === null && read.loggedIn === null) return [];
      const previous = known.get(extension) ?? null;
      const presence = presenceAfter(previous, read);
      known.set(extension, presence);
      this.surroundings.onRead(extension, presence.profile);
      const isChange = previous === null ? isCommand : isPresenceChange(previous, presence);
      return [{ extension, presence, previous, isChange }];
    });
    this.notify(reports);
  }

  private fail(key: string, error: ThreeCxError): void {
    const time = this.steady();
    switch (error.code) {
      case 'closed':
        return;
      case 'unauthorized':
        if (this.trouble?.code !== 'unauthorized') this.surroundings.onRefused(error);
        this.trouble = error;
        this.pausedUntil = time + pauseAfterRefusal;
        break;
      case 'unreachable':
      case 'busy':
        // It says nothing about this extension.
        if (error.code === 'unreachable') this.trouble = error;
        this.pausedUntil = time + Math.min(1_000 * 2 ** this.failures, maxPause);
        this.failures += 1;
        break;
      default:
        this.schedule.leaveAlone(key, time);
        if (key === everything) this.trouble = error;
        else this.failing.set(key, error);
    }
    this.notify([]);
  }

  private notify(reports: readonly ProfileReport[]): void {
    const { unseen } = this.memory;
    for (const [id, { interest, listener }] of this.watchers) {
      listener(unseen.take(id, reports).filter(({ extension }) => interest.extensions?.has(extension) ?? true));
    }
    unseen.add(reports.filter(({ isChange }) => isChange));
    unseen.forget(this.steady());
  }
}
