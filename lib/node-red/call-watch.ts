import { CallTracker, type ExtensionState, type Moment, type Numbering, type Occurrence } from '../calls';
import { type ClientOptions, type Profile, type Snapshot, type ThreeCxClient, ThreeCxError } from '../http-api';
import { now } from './clock';
import { Pace } from './pace';

/** Called after each try to get a snapshot, with what has happened since the last time. */
export type Listener = (occurrences: readonly Occurrence[], isSnapshot: boolean) => void;

/** `connecting`: nothing is known yet. `retrying`: there was a snapshot, but none just now. */
export type WatchState = 'connecting' | 'online' | 'retrying' | 'offline';

/** What outlives a deploy: who watches anew goes on where the one before it stopped. */
export interface Memory {
  readonly url: string;
  readonly tracker: CallTracker;
  /** Tries in a row that gave no snapshot. */
  failures: number;
  /** Why the last try gave none. */
  error: ThreeCxError | null;
  /** When the last snapshot was asked for, by the steady clock. */
  askedAt: number;
  /** What happened while a node was deployed anew, by its id. */
  readonly unseen: Map<string, { since: number; occurrences: Occurrence[] }>;
  /** The extensions that took part in calls or commands, each with its profile where that was told. */
  readonly extensions: Map<string, Profile | null>;
}

/** An extension that was seen, and what is known of it now. */
export interface KnownExtension {
  extension: string;
  state: ExtensionState | null;
  profile: Profile | null;
}

/** So many tries in a row without a snapshot, and the API counts as offline. */
const failuresToOffline = 3;
/** The longest pause between two tries, in ms. */
const maxPause = 30_000;
/** Two snapshots further apart, or three intervals where that is more, have an outage between them, in ms. */
const maxDistance = 8_000;
/** How long a deploy may take, in ms: what a node does not come back for is forgotten. */
const maxDeploy = 60_000;
/** So many extensions are remembered. */
const maxExtensions = 1_000;
/** How long an extension is left alone that gave no answer when its call id was asked for, in ms. */
const callIdPause = 60_000;

/** What was known of a URL, or a fresh start. */
export function rememberedFor(url: string, numbering: Numbering, before: Memory | undefined): Memory {
  if (before?.url !== url) {
    const tracker = new CallTracker(numbering);
    return { url, tracker, failures: 0, error: null, askedAt: 0, unseen: new Map(), extensions: new Map() };
  }
  before.tracker.numbering = numbering;
  return before;
}

/** Polls the calls for all who watch one connection, as long as somebody does. */
export class CallWatch {
  private readonly listeners = new Map<string, Listener>();
  private readonly silentUntil = new Map<string, number>();
  private readonly pace: Pace;
  /** Until the next poll, in ms, when the last one gave a snapshot. */
  private pause = 0;
  private timer: NodeJS.Timeout | null = null;
  private polling = false;
  private askingForCallIds = false;
  private closed = false;

  /**
   * @param interval from one poll to the next, in ms; longer while the server takes more than half of that to answer
   * @param onChange is called when the API goes offline, and when there is a snapshot after tries that gave none
   */
  constructor(
    private readonly client: ThreeCxClient,
    private readonly memory: Memory,
    private readonly interval: number,
    private readonly onChange: () => void,
    private readonly clock: () => Moment = now,
  ) {
    this.pace = new Pace(interval);
  }

  get tracker(): CallTracker {
    return this.memory.tracker;
  }

  get state(): WatchState {
    const { failures, tracker } = this.memory;
    if (failures >= failuresToOffline) return 'offline';
    if (tracker.time === null) return 'connecting';
    return failures > 0 ? 'retrying' : 'online';
  }

  /** Does somebody watch, and did the last try give no snapshot? */
  get isFailing(): boolean {
    return this.listeners.size > 0 && this.memory.failures > 0;
  }

  /** How long it is from one poll to the next, in ms, because the server is slow; null while that is as set. */
  get stretched(): number | null {
    return this.pace.stretched;
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
    if (this.listeners.size === 1) this.pollNow();
    return (isRemoved) => {
      if (this.listeners.get(id) !== listener) return;
      this.listeners.delete(id);
      if (!isRemoved && !this.memory.unseen.has(id))
        this.memory.unseen.set(id, { since: this.clock().steady, occurrences: [] });
      if (this.listeners.size === 0) this.stopTimer();
    };
  }

  /** Hears what the server answers to others: for the client's `onAnswer`. */
  readonly hear: NonNullable<ClientOptions['onAnswer']> = ({ name, kind, result }) => {
    const { extension } = result.given;
    if (result.ok && extension !== undefined) this.remember(extension, result.profile);
    for (const connection of result.connections ?? []) this.remember(connection.extension);
    if (this.listeners.size === 0) return;
    if (/^(makecall|unpark|answer)$/.test(name) && extension !== undefined && result.callId != null) {
      this.tracker.tellCallId(extension, result.callId);
    }
    if ((kind === 'command' && result.ok) || this.memory.failures > 0) this.pollNow();
  };

  /** The extensions that were seen so far, in the order of their numbers. */
  extensions(): KnownExtension[] {
    const calls = new Map(this.tracker.calls().map(({ extension, extensionState }) => [extension, extensionState]));
    const otherwise = this.state === 'online' && this.listeners.size > 0 ? 'idle' : null;
    return [...this.memory.extensions]
      .filter(([extension]) => this.tracker.isExtension(extension))
      .map(([extension, profile]) => ({ extension, state: otherwise && (calls.get(extension) ?? otherwise), profile }))
      .sort((a, b) => a.extension.localeCompare(b.extension, undefined, { numeric: true }));
  }

  /** Ends all of it at once. */
  close(): void {
    this.closed = true;
    this.stopTimer();
  }

  private remember(extension: string, profile: Profile | null = null): void {
    const { extensions } = this.memory;
    if (!extensions.has(extension) && extensions.size >= maxExtensions) return;
    extensions.set(extension, profile ?? extensions.get(extension) ?? null);
  }

  private pollNow(): void {
    this.stopTimer();
    // One that is under way while a command is carried out has waited for it, so it comes after.
    if (this.polling || this.closed || this.listeners.size === 0) return;
    this.polling = true;
    void this.client
      .poll(2 * (this.pace.stretched ?? this.interval))
      .then((snapshot) => {
        this.succeed(snapshot);
      })
      .catch((error: unknown) => {
        this.fail(error instanceof ThreeCxError ? error : new ThreeCxError('unexpected-answer', String(error)));
      })
      .finally(() => {
        this.polling = false;
        this.schedule();
      });
  }

  private schedule(): void {
    if (this.closed || this.listeners.size === 0) return;
    const { failures } = this.memory;
    // Not in step with others that lost the same server.
    const jitter = 1 + Math.random() / 4;
    const growing = this.interval * 2 ** Math.max(failures - 1, 0) * jitter;
    const pause = failures === 0 ? this.pause : Math.max(this.interval, Math.min(growing, maxPause));
    this.timer = setTimeout(() => {
      this.pollNow();
    }, pause);
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private succeed({ connections, milliseconds }: Snapshot): void {
    this.pause = this.pace.pauseAfter(milliseconds);
    // Nobody would hear of what the tracker takes note of now.
    if (this.closed || this.listeners.size === 0) return;
    const wasOffline = this.state === 'offline';
    const wasFailing = this.isFailing;
    this.memory.failures = 0;
    this.memory.error = null;
    if (wasFailing) this.onChange();
    const arrival = this.clock();
    // The list may be as old as its request, and much can happen in a long time, whatever the reason for it.
    if (arrival.steady - this.memory.askedAt > Math.max(maxDistance, 3 * this.interval)) this.tracker.noSnapshot();
    this.memory.askedAt = arrival.steady - milliseconds;
    const occurrences = this.tracker.update(connections, arrival);
    this.tell(wasOffline ? [{ event: { event: 'online', code: null } }, ...occurrences] : occurrences, true);
    void this.askForCallIds();
  }

  private fail(error: ThreeCxError): void {
    if (this.closed || this.listeners.size === 0) return;
    this.memory.failures += 1;
    this.memory.error = error;
    this.tracker.noSnapshot();
    const goesOffline = this.memory.failures === failuresToOffline;
    if (goesOffline) this.onChange();
    this.tell(goesOffline ? [{ event: { event: 'offline', code: error.code } }] : [], false);
  }

  private tell(occurrences: readonly Occurrence[], isSnapshot: boolean): void {
    const { unseen } = this.memory;
    for (const [id, listener] of this.listeners) {
      const before = unseen.size === 0 ? undefined : unseen.get(id);
      listener(before === undefined ? occurrences : [...before.occurrences, ...occurrences], isSnapshot);
      if (before !== undefined) unseen.delete(id);
    }
    if (unseen.size === 0) return;
    const { steady } = this.clock();
    for (const [id, missed] of unseen) {
      if (steady - missed.since > maxDeploy) unseen.delete(id);
      else missed.occurrences.push(...occurrences);
    }
  }

  /** One after the other; each is one request, which everything else overtakes. */
  private async askForCallIds(): Promise<void> {
    if (this.askingForCallIds) return;
    this.askingForCallIds = true;
    try {
      for (;;) {
        const unknown = this.tracker.pickUnknownCallId((dn) => (this.silentUntil.get(dn) ?? 0) <= this.clock().steady);
        if (unknown === null || this.closed || this.listeners.size === 0) return;
        await this.askForCallId(unknown);
      }
    } finally {
      this.askingForCallIds = false;
    }
  }

  private async askForCallId({ extension, connection }: { extension: string; connection: string }): Promise<void> {
    try {
      const callId = await this.client.callId(extension);
      this.silentUntil.delete(extension);
      if (callId !== null) this.tracker.tellCallId(extension, callId, connection);
    } catch (error) {
      if (!(error instanceof ThreeCxError)) throw error;
      this.silentUntil.set(extension, this.clock().steady + callIdPause);
    }
  }
}
