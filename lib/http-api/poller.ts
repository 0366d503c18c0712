import { type Connection, type Leg, type Moment, ownError, type Watcher } from '../pbx';
import { CallIds } from './call-ids';
import type { HttpApiClient, List } from './client';
import { Pace } from './pace';
import { type Numbering, roleOf } from './roles';

/** The longest pause between two polls while the server is away, in ms. */
const maxPause = 30_000;
/** The longest time between two lists without a gap, in ms; or three intervals, where that is longer. */
const maxDistance = 8_000;
/** How long to leave an extension alone after it got no answer to `ondn`, in ms. */
const callIdPause = 60_000;

export interface PollerOptions {
  /** The time from one poll to the next, in ms; longer while the server needs more than half of it to answer. */
  interval: number;
  numbering: Numbering;
  clock: () => Moment;
}

/** Polls the call list as long as somebody watches. */
export class Poller {
  private readonly callIds = new CallIds();
  private readonly silentUntil = new Map<string, number>();
  private readonly pace: Pace;
  private watcher: Watcher | null = null;
  /** Failed polls in a row. */
  private failures = 0;
  /** The pause until the next poll, in ms, after a poll that gave a list. */
  private pause = 0;
  private timer: NodeJS.Timeout | null = null;
  private isPolling = false;
  private isAskingForCallIds = false;
  /** The times at which the last list was received and requested: the list may show either moment. */
  private last: { at: Moment; askedAt: number } | null = null;
  private list: readonly Connection[] = [];
  private legs: readonly Leg[] = [];
  /** The leg of each connection: the same object until the connection changes. */
  private readonly legOf = new WeakMap<Connection, Leg>();

  constructor(
    private readonly client: HttpApiClient,
    private readonly options: PollerOptions,
  ) {
    this.pace = new Pace(options.interval);
  }

  /** See {@link Pbx.stretched}. */
  get stretched(): number | null {
    return this.pace.stretched;
  }

  /** See {@link Pbx.watch}. */
  watch(watcher: Watcher, last: Moment | null): () => void {
    this.watcher = watcher;
    if (this.last === null && last !== null) this.last = { at: last, askedAt: last.steady };
    this.pollNow();
    return () => {
      if (this.watcher !== watcher) return;
      this.watcher = null;
      this.stopTimer();
    };
  }

  /** Notes the call id that a command returned. */
  tellCallId(extension: string, callId: string): void {
    if (this.watcher !== null) this.callIds.tell(extension, callId);
  }

  /** Polls again soon when the server answers anything after it was away. */
  onAnswer(): void {
    if (this.failures > 0) this.pollNow();
  }

  /** Polls at once. A poll that waited for a command comes after it, so it needs no second one. */
  pollNow(): void {
    this.stopTimer();
    if (this.isPolling || this.watcher === null) return;
    this.isPolling = true;
    // A command may use this list as the current one until the next poll is late.
    void this.client
      .poll(2 * (this.stretched ?? this.options.interval))
      .then(
        (list) => {
          this.succeed(list);
        },
        (error: unknown) => {
          this.fail(error);
        },
      )
      .finally(() => {
        this.isPolling = false;
        this.schedule();
      });
  }

  close(): void {
    this.watcher = null;
    this.stopTimer();
  }

  private schedule(): void {
    if (this.watcher === null) return;
    // The jitter keeps clients that lost the same server from polling in step.
    const jitter = 1 + Math.random() / 4;
    const { interval } = this.options;
    const growing = interval * 2 ** Math.max(this.failures - 1, 0) * jitter;
    const pause = this.failures === 0 ? this.pause : Math.max(interval, Math.min(growing, maxPause));
    this.timer = setTimeout(() => {
      this.pollNow();
    }, pause);
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private succeed({ connections, milliseconds }: List): void {
    this.pause = this.pace.pauseAfter(milliseconds);
    this.failures = 0;
    const { watcher, last } = this;
    if (watcher === null) return;
    const at = this.options.clock();
    const distance = at.steady - (last?.askedAt ?? at.steady);
    // The list may be as old as the request for it.
    this.last = { at, askedAt: at.steady - milliseconds };
    const isNews = this.callIds.assign(connections);
    const changed = isNews || connections !== this.list;
    this.list = connections;
    if (changed) this.legs = connections.map((connection) => this.known(connection));
    watcher.onSnapshot({
      connections: this.legs,
      changed,
      at,
      accuracyMs: at.steady - (last?.at.steady ?? at.steady),
      afterGap: distance > Math.max(maxDistance, 3 * this.options.interval),
    });
    void this.askForCallIds();
  }

  private fail(error: unknown): void {
    this.failures += 1;
    this.callIds.forget();
    this.watcher?.onSilence(ownError(error));
  }

  private known(connection: Connection): Leg {
    const callId = this.callIds.of(connection.id);
    const known = this.legOf.get(connection);
    if (known?.callId === callId) return known;
    const leg = { ...connection, role: known?.role ?? roleOf(connection.extension, this.options.numbering), callId };
    this.legOf.set(connection, leg);
    return leg;
  }

  /** Asks for call ids, one after the other. Each takes one request, which everything else overtakes. */
  private async askForCallIds(): Promise<void> {
    if (this.isAskingForCallIds) return;
    this.isAskingForCallIds = true;
    try {
      for (;;) {
        if (this.watcher === null) return;
        const leg = this.callIds.pick(this.list, (dn, id) => this.mayAsk(dn, id));
        if (leg === null) return;
        await this.askForCallId(leg);
      }
    } finally {
      this.isAskingForCallIds = false;
    }
  }

  private mayAsk(dn: string, leg: string): boolean {
    const isQueue = this.list.some(({ queue }) => queue?.number === dn);
    const isExtension = roleOf(dn, this.options.numbering) === 'extension' && !isQueue;
    if (this.watcher?.needsCallId?.(dn, leg) === false) return false;
    return isExtension && (this.silentUntil.get(dn) ?? 0) <= this.options.clock().steady;
  }

  private async askForCallId({ extension, id }: Connection): Promise<void> {
    try {
      const callId = await this.client.callId(extension);
      this.silentUntil.delete(extension);
      if (callId !== null) this.callIds.tell(extension, callId, id);
    } catch (error) {
      ownError(error);
      this.silentUntil.set(extension, this.options.clock().steady + callIdPause);
    }
  }
}
