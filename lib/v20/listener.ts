import { type Leg, type Moment, ownError, ThreeCxError, type Watcher } from '../pbx';
import { Arrivals } from './arrivals';
import type { CallControl } from './call-control';
import { CallList, doubtPeriod, maxEnding } from './call-list';
import type { Client } from './client';
import type { Directory } from './directory';
import { isUp, keyOf, type Message, messageOf, type Participant } from './participants';
import { EventSocket } from './socket';
import { tokenTaken } from './token';
import type { Xapi } from './xapi';

/** How many messages wait for the first list. */
const maxKept = 10_000;
/** From one list to the next where no events come, in ms. */
const pollInterval = 5_000;
/** The shortest and the longest pause after a failure, in ms. */
const minPause = 1_000;
const maxPause = 30_000;
/** When nothing was known for longer, something may have come and gone unseen, in ms. */
const maxGap = 8_000;
/** How long the first list waits for the socket, in ms. */
const maxSocketWait = 2_000;
/** How often it is looked whether a ring lasts, or how one ended, in ms. */
const tickInterval = 250;
/** How long an event may come later than a list that shows what it is about, in ms. */
const maxDelay = 2_000;
/** How long a Remove waits for what came before it to be answered, in ms. */
const maxOrderWait = 1_000;
/** The first and shortest pause between two questions about a call that no participant shows, in ms. */
const minQuestionPause = 2_000;
/** After this many questions without an answer, the visible participants count. */
const maxUnanswered = 3;

export interface ListenerParts {
  client: Client;
  callControl: CallControl;
  xapi: Xapi;
  directory: Directory;
  clock: () => Moment;
  /** How often a list checks what the events said, in ms. */
  checkInterval: number;
}

/** One participant, or DN, that is being asked for. */
interface Job {
  /** Steady time of the first message about it. */
  since: number;
  /** The time of the first message that is not answered yet; null when all are. */
  again: Moment | null;
  /** The time of the latest message. */
  last: Moment;
  /** Its participant was removed meanwhile. */
  isCancelled: boolean;
  /** Settles with the answer that is awaited. */
  answer: Promise<unknown>;
}

/** A participant that talked and is gone. */
interface Leaving {
  at: Moment;
  /** The events that it waited for have come. */
  isReady: boolean;
  /** It waits for the others to be removed too, since the call may be over. */
  mayBeOver: boolean;
  /** Calls off the wait. */
  stop: () => void;
}

/**
 * Reports the calls as long as somebody watches. Each event leads to one request about its subject. Lists come first,
 * check what the events said, and replace them when they stop.
 */
export class Listener {
  private readonly list: CallList;
  private socket: EventSocket | null = null;
  private socketFailures = 0;
  private socketTimer: NodeJS.Timeout | null = null;
  /** Messages that came before the first list. */
  private kept: { message: Message; at: Moment }[] | null = null;
  /** Events come, and there was a list since they do. */
  private isLive = false;
  /** Steady time until which nothing can have happened unseen; null before the first list. */
  private knownUntil: number | null;
  private failures = 0;
  private listTimer: NodeJS.Timeout | null = null;
  private isListing = false;
  private isListWanted = false;
  /** Of what something newer is known than the list that is under way. */
  private newer = new Set<string>();
  private readonly jobs = new Map<string, Job>();
  private readonly leaving = new Map<string, Leaving>();
  private readonly sequences = new Map<string, number>();
  private readonly arrivals = new Arrivals();
  /** Participants that were removed a short time ago: late messages about them must not be believed. */
  private readonly removed = new Set<string>();
  /** Changes that a list showed, and no event did, with the time. */
  private readonly suspects = new Map<string, number>();
  private readonly questions = new Map<string, { at: number; pause: number; unanswered: number }>();
  private tickTimer: NodeJS.Timeout | null = null;
  private isOver = false;
  private afterGap = false;
  private hasEmitted = false;
  /** Something changed that was not reported yet. */
  private isDirty = true;
  /** Steady time since when it may be so. */
  private untoldSince = Infinity;
  private lastEmit = 0;

  constructor(
    private readonly parts: ListenerParts,
    private readonly watcher: Watcher,
    last: Moment | null,
  ) {
    this.knownUntil = last?.steady ?? null;
    const { directory } = parts;
    this.list = new CallList(
      (dn) => directory.nameOf(dn),
      (legs, at, since) => this.emit(legs, true, at, since),
      (dn) => this.unheard().some(([key]) => key.startsWith(keyOf(dn, ''))),
    );
    this.connect();
    // The list comes after the socket, whose messages then leave nothing out; but it does not wait for long.
    this.listTimer = setTimeout(() => this.refresh(), maxSocketWait);
  }

  /** Whether the list is polled because no events come. */
  get isPolling(): boolean {
    return !this.isLive && this.failures === 0 && this.knownUntil !== null && this.hasEmitted;
  }

  /** The queue of a call that is under way, for whoever asks about one of its participants. */
  get participants(): CallList['participants'] {
    return this.list.participants;
  }

  /** Something was answered: there is no reason to wait any longer when the PBX was away. */
  onAnswer(): void {
    if (this.failures > 0) this.refresh();
  }

  /** Nothing gets through: a list shows whether events still can be looked at, though the socket may stand. */
  onTrouble(): void {
    if (this.isLive && this.failures === 0 && !this.isListing) this.refresh();
  }

  /** A command was carried out: without events only a list shows what came of it. */
  onCommand(): void {
    if (!this.isLive) this.refresh();
  }

  end(): void {
    this.isOver = true;
    this.socket?.close();
    for (const { stop } of this.leaving.values()) stop();
    for (const timer of [this.socketTimer, this.listTimer, this.tickTimer]) if (timer !== null) clearTimeout(timer);
  }

  private connect(): void {
    this.socketTimer = null;
    this.socket = new EventSocket(this.parts.client, this.parts.clock, {
      onOpen: () => {
        this.kept = [];
        // It is not known whether they go on.
        this.sequences.clear();
        this.arrivals.forget();
        this.askAllAgain(this.parts.clock());
        this.refresh();
      },
      onMessage: (text) => {
        const message = messageOf(text);
        if (message !== null) this.take(message, this.parts.clock());
      },
      onClose: (_error, aliveAt) => {
        this.disconnect(aliveAt);
      },
    });
  }

  private disconnect(aliveAt: Moment | null): void {
    this.socket = null;
    this.kept = null;
    if (this.isOver) return;
    if (this.isLive) {
      this.isLive = false;
      this.knownUntil = aliveAt?.steady ?? this.knownUntil;
      this.refresh();
    } else if (!this.hasEmitted && this.failures === 0) {
      this.refresh();
    }
    const pause = pauseAfter(this.socketFailures);
    this.socketFailures += 1;
    this.socketTimer = setTimeout(() => this.connect(), pause);
  }

  /** The answers that are awaited may be older than an outage, and no message says what changed in it. */
  private askAllAgain(now: Moment): void {
    for (const job of this.jobs.values()) {
      job.isCancelled = true;
      askAgain(job, now);
    }
  }

  /** Where no message says what changed while an answer was under way, the next list must not be older than that. */
  private catchUp(): void {
    if (!this.isLive && this.failures === 0 && this.jobs.size === 0 && this.newer.size > 0) this.refresh();
  }

  /** Asks for a list, at once or after the one that is under way. */
  refresh(): void {
    if (this.isOver) return;
    if (this.isListing) {
      this.isListWanted = true;
      return;
    }
    if (this.listTimer !== null) clearTimeout(this.listTimer);
    this.listTimer = null;
    this.isListing = true;
    this.isListWanted = false;
    this.newer = new Set();
    const isAfterOpen = this.kept !== null;
    const askedAt = this.parts.clock();
    void this.parts.callControl
      .list()
      .then(({ dns }) => {
        if (!this.isOver) this.succeed(dns, askedAt, isAfterOpen);
      })
      .catch((error: unknown) => {
        if (!this.isOver) this.fail(ownError(error));
      })
      .finally(() => {
        this.isListing = false;
        if (this.isOver) return;
        if (this.isListWanted && this.failures === 0) this.refresh();
        else this.schedule();
      });
  }

  private schedule(): void {
    if (this.listTimer !== null) clearTimeout(this.listTimer);
    const usual = this.isLive ? this.parts.checkInterval : pollInterval;
    this.listTimer = setTimeout(() => this.refresh(), this.failures > 0 ? pauseAfter(this.failures - 1) : usual);
  }

  private succeed(dns: Parameters<CallList['take']>[0], askedAt: Moment, isAfterOpen: boolean): void {
    const at = this.parts.clock();
    const wasLive = this.isLive;
    const known = wasLive && this.failures === 0 ? null : this.knownUntil;
    this.afterGap = this.failures > 0 || (known !== null && askedAt.steady - known > maxGap);
    this.failures = 0;
    if (this.afterGap) this.askAllAgain(at);
    const since = this.knownUntil ?? at.steady;
    this.knownUntil = askedAt.steady;
    this.forget();
    // Before the snapshot, which is the last for a while to tell that the list is no longer polled.
    const kept = isAfterOpen && this.socket?.isOpen ? this.kept : null;
    if (kept !== null) this.isLive = true;
    const emitted = this.lastEmit;
    const keys = this.list.take(
      dns,
      at,
      { wall: at.wall, steady: Math.min(since, at.steady) },
      (key) => this.isNewer(key, this.afterGap),
      this.afterGap,
    );
    // A caller that waits for a snapshot gets one, even without a change.
    if (this.lastEmit === emitted) this.emit(this.list.legs(), false, at, at);
    if (wasLive) for (const key of keys) this.suspects.set(key, at.steady);
    if (kept !== null) {
      this.kept = null;
      this.socketFailures = 0;
      // The list includes everything before its request, and may include later messages.
      for (const { message, at: cameAt } of kept) {
        if (cameAt.steady >= askedAt.steady) this.take({ ...message, attached: null }, cameAt);
      }
    }
    this.catchUp();
    this.tickSoon();
    void this.parts.directory.refresh().then((isNew) => {
      if (!isNew || this.isOver) return;
      this.list.participants.refresh();
      const now = this.parts.clock();
      this.emit(this.list.legs(), true, now, now);
    });
  }

  /** Messages of what was gone before this list was asked for have come by now. */
  private forget(): void {
    const { participants } = this.list;
    for (const key of [...this.removed, ...this.sequences.keys()]) {
      if (this.isNewer(key) || participants.get(key) !== null) continue;
      this.removed.delete(key);
      this.sequences.delete(key);
    }
  }

  private fail(error: ThreeCxError): void {
    if (error.code === 'closed') return;
    this.failures += 1;
    this.watcher.onSilence(error);
  }

  private take(message: Message, cameAt: Moment): void {
    if (this.kept !== null) {
      this.kept.push({ message, at: cameAt });
      if (this.kept.length > maxKept) this.socket?.fail(new ThreeCxError('busy', 'no list came to begin with'));
      return;
    }
    const { kind, dn, participant: id, sequence, attached } = message;
    const at = this.arrivals.note(sequence, cameAt);
    if (kind === 'other' || !this.isLive) return;
    if (id === null) {
      void this.lookAtDn(dn, at);
      return;
    }
    const key = keyOf(dn, id);
    this.newer.add(key);
    this.suspects.delete(key);
    const last = this.sequences.get(key);
    const isLate = sequence !== null && last !== undefined && sequence < last;
    if (sequence !== null && !isLate) this.sequences.set(key, sequence);
    const job = this.jobs.get(key);
    if (kind === 'remove' && !isLate) {
      if (job !== undefined) {
        job.again = null;
        job.isCancelled = true;
      }
      this.removed.add(key);
      this.remove(key, at);
    } else if (attached?.id === id && !isLate && job === undefined && this.isCredible(key, attached)) {
      this.leaveBefore(attached);
      this.list.upsert(attached, at);
      this.tickSoon();
    } else {
      // Late as it is, what was asked for before it came may have been answered before that.
      if (kind === 'remove' && job !== undefined) job.isCancelled = true;
      this.lookAt({ dn, id }, at);
    }
  }

  private lookAt({ dn, id }: Pick<Participant, 'dn' | 'id'>, at: Moment): void {
    void this.look(keyOf(dn, id), at, async (since) => {
      if (!this.knows(dn)) await this.learn(dn, since);
      return this.ask(dn, id);
    });
  }

  /**
   * A participant that talked and is gone may have transferred the call. An earlier message may be about its successor,
   * which is still being looked up, so that comes first, for a while. Where a possible successor is there, the call may
   * also be over: the message that says so comes a moment later. A ring waits anyway until it is known how it ended.
   */
  private remove(key: string, at: Moment, until?: number): void {
    if (this.leaving.has(key)) return;
    const status = this.list.participants.get(key)?.status;
    const answers = [...this.jobs.values()].map(({ answer }) => answer);
    const mayBeOver = this.list.mayBeOver(key);
    if (status === undefined || status === 'ringing' || (answers.length === 0 && !mayBeOver)) {
      this.list.remove(key, at, until);
      this.tickSoon();
      return;
    }
    const timers: NodeJS.Timeout[] = [];
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        timers.push(setTimeout(resolve, ms));
      });
    const leaving: Leaving = { at, isReady: false, mayBeOver, stop: () => timers.forEach(clearTimeout) };
    this.leaving.set(key, leaving);
    void Promise.race([Promise.allSettled(answers), wait(maxOrderWait)]).then(() => {
      leaving.isReady = true;
      if (this.leaving.get(key) === leaving) this.leaveWhenReady(key);
    });
    if (!mayBeOver) return;
    void wait(maxEnding).then(() => {
      leaving.mayBeOver = false;
      if (this.leaving.get(key) === leaving) this.leaveWhenReady(key);
    });
  }

  /** Nobody leaves a call as long as it may be over, since those left in it would look like the successor. */
  private leaveWhenReady(key: string): void {
    const together = this.leavingWith(key).map(([, leaving]) => leaving);
    if (together.some(({ isReady }) => isReady) && !together.some(({ mayBeOver }) => mayBeOver)) this.leave(key);
  }

  /** With it go those of its call that wait too: the call may be over. */
  private leave(key: string): void {
    if (!this.leaving.has(key) || this.isOver) return;
    const together = this.leavingWith(key);
    for (const [other, { stop }] of together) {
      this.leaving.delete(other);
      stop();
    }
    this.list.removeAll(together.map(([other, { at }]) => [other, at]));
    this.tickSoon();
  }

  private leavingWith(key: string): [string, Leaving][] {
    const callOf = (one: string): string => {
      const { callId = '' } = this.list.participants.get(one) ?? {};
      return callId === '' ? one : callId;
    };
    return [...this.leaving].filter(([other]) => callOf(other) === callOf(key));
  }

  /** Unless something newer is known, or may be: that it is gone, was answered, or what a list has just shown. */
  private isCredible(key: string, { dn, status }: Participant): boolean {
    const before = this.list.participants.get(key)?.status;
    const isOld = isUp(before) && !isUp(status);
    const listedAt = this.list.listedAt?.steady ?? -Infinity;
    const mayBeOld = this.parts.clock().steady - listedAt <= maxDelay;
    return this.knows(dn) && !this.removed.has(key) && !isOld && !mayBeOld;
  }

  /** A phone rings where somebody is about to be removed from the same call: that is another part in it. */
  private leaveBefore({ dn, callId, status }: Participant): void {
    if (status !== 'ringing') return;
    for (const key of [...this.leaving.keys()]) {
      const other = this.list.participants.get(key);
      if (other?.dn === dn && other.callId === callId) this.leave(key);
    }
  }

  /**
   * Is something newer known than the list that is under way, or about to be?
   *
   * @param isAskedAgain what is asked for will be asked for after the list
   */
  private isNewer(key: string, isAskedAgain = false): boolean {
    return this.newer.has(key) || (this.jobs.has(key) && !isAskedAgain) || this.leaving.has(key);
  }

  private knows(dn: string): boolean {
    return this.list.participants.dns.has(dn);
  }

  /**
   * Asks for a participant, once more when a message came meanwhile: the last answer counts.
   *
   * @param ask null: it is gone
   */
  private async look(key: string, at: Moment, ask: (since: Moment) => Promise<Participant | null>): Promise<void> {
    const running = this.jobs.get(key);
    if (running !== undefined) {
      askAgain(running, at);
      return;
    }
    const job = newJob(at);
    this.jobs.set(key, job);
    try {
      while (job.again !== null) {
        const since: Moment = job.again;
        job.again = null;
        job.isCancelled = false;
        const answer = ask(since);
        job.answer = answer;
        const participant = await answer;
        if (this.isOver) return;
        this.newer.add(key);
        if (this.wasCancelled(job)) continue;
        if (participant === null) {
          // Nothing comes after the message about a removal, but it may not have come yet, nor others sent before.
          this.remove(key, job.last, this.parts.clock().steady + maxEnding);
          this.removed.add(key);
          continue;
        }
        this.leave(key);
        this.leaveBefore(participant);
        this.list.upsert(participant, since, job.since);
        this.removed.delete(key);
      }
    } catch (error) {
      this.refreshAfter(ownError(error));
    } finally {
      this.jobs.delete(key);
      this.catchUp();
      this.tickSoon();
    }
  }

  /** While its answer was awaited. */
  private wasCancelled({ isCancelled }: Job): boolean {
    return isCancelled;
  }

  /** @returns null when it is gone */
  private async ask(dn: string, id: string): Promise<Participant | null> {
    const { callControl } = this.parts;
    try {
      return await callControl.participant(dn, id);
    } catch (error) {
      if (ownError(error).code !== 'unauthorized') throw error;
      // Some PBXs list participants that they do not show one by one.
      const { value } = await callControl.participants(dn);
      return value.find((participant) => participant.id === id) ?? null;
    }
  }

  private async learn(dn: string, at: Moment): Promise<void> {
    const found = await this.parts.callControl.dn(dn);
    if (found !== null && !this.isOver) this.list.takeDn(found, at, (key) => this.isNewer(key));
  }

  private async lookAtDn(dn: string, at: Moment): Promise<void> {
    const key = keyOf(dn, '');
    const running = this.jobs.get(key);
    if (running !== undefined) {
      askAgain(running, at);
      return;
    }
    const job = newJob(at);
    this.jobs.set(key, job);
    try {
      while (job.again !== null && !this.isOver) {
        const since: Moment = job.again;
        job.again = null;
        job.answer = this.learn(dn, since);
        await job.answer;
      }
    } catch (error) {
      this.refreshAfter(ownError(error));
    } finally {
      this.jobs.delete(key);
    }
  }

  /** Something could not be looked at: a list shows it, unless it is nothing for this API client to see. */
  private refreshAfter({ code, message }: ThreeCxError): void {
    if (code === 'closed' || (code === 'unauthorized' && message !== tokenTaken)) return;
    // While lists fail the next one comes after a pause, whatever else fails meanwhile.
    if (this.failures === 0) this.refresh();
  }

  /** Looks again and again, as long as time alone changes something. */
  private tickSoon(): void {
    if (this.tickTimer !== null || this.isOver) return;
    if (!this.list.isRestless && this.suspects.size === 0) return;
    this.tickTimer = setTimeout(() => {
      this.tickTimer = null;
      this.tick();
      this.tickSoon();
    }, tickInterval);
  }

  private tick(): void {
    const now = this.parts.clock();
    if ([...this.suspects.values()].some((since) => now.steady - since >= maxDelay)) {
      this.suspects.clear();
      this.socket?.fail(new ThreeCxError('lost', 'the WebSocket left out events'));
    }
    // Until there is a list again, nobody knows how things are.
    if (this.failures > 0) return;
    const isLeaving = (key: string): boolean => this.leaving.has(key) || this.jobs.has(key);
    const unheardSince = Math.min(...this.unheard().map(([, { since }]) => since));
    for (const callId of this.list.expire(now, isLeaving, unheardSince)) void this.question(callId);
    for (const [callId, { at }] of this.questions) {
      if (!this.list.isOpen(callId)) this.questions.delete(callId);
      else if (now.steady >= at) void this.question(callId);
    }
    // A ring that has gone on for long enough is reported with the next snapshot.
    if (this.isLive) this.emit(this.list.legs(), false, now, now);
  }

  /** Those who are new, and about whom the PBX has not answered yet. */
  private unheard(): [string, Job][] {
    const { participants } = this.list;
    return [...this.jobs].filter(([key]) => participants.get(key) === null && !this.removed.has(key));
  }

  /** Asks the PBX about a call of which it shows no participant. */
  private async question(callId: string): Promise<void> {
    const { xapi, directory, clock } = this.parts;
    const asked = this.questions.get(callId) ?? { pause: minQuestionPause / 2, unanswered: 0 };
    const pause = Math.min(asked.pause * 2, maxPause);
    this.questions.set(callId, { at: Infinity, pause, unanswered: asked.unanswered });
    const typeOf = (dn: string): string => {
      const known = directory.typeOf(dn);
      return known !== '' ? known : (this.list.participants.dns.get(dn) ?? '').replace(/^W/, '').toLowerCase();
    };
    const askedAt = clock();
    // Where it does not say, those are over of which nothing has been heard for long enough, and what ended with them.
    let { steady: knownUntil } = askedAt;
    const verdict = await xapi.verdictOn(callId, typeOf).catch((error: unknown) => {
      knownUntil -= doubtPeriod - maxEnding;
      const mayNotAsk = ownError(error).code === 'unauthorized';
      return mayNotAsk || asked.unanswered + 1 >= maxUnanswered ? 'over' : null;
    });
    if (this.isOver || this.failures > 0) return;
    if (verdict !== null) this.list.resolve(callId, verdict, clock(), knownUntil);
    const unanswered = verdict === null ? asked.unanswered + 1 : 0;
    this.questions.set(callId, { at: clock().steady + pause, pause, unanswered });
    this.tickSoon();
  }

  private emit(legs: readonly Leg[], changed: boolean, at: Moment, since: Moment): void {
    // Until there is a list again, nobody knows how things are.
    this.isDirty ||= changed;
    this.untoldSince = Math.min(this.untoldSince, since.steady);
    if (this.isOver || this.failures > 0 || this.knownUntil === null) return;
    const now = this.parts.clock();
    const { afterGap, isDirty, untoldSince } = this;
    this.afterGap = false;
    this.isDirty = false;
    this.untoldSince = Infinity;
    this.hasEmitted = true;
    this.lastEmit += 1;
    const accuracyMs = Math.max(0, now.steady - untoldSince);
    this.watcher.onSnapshot({ connections: legs, changed: isDirty, at, accuracyMs, afterGap });
  }
}

/** @param at when the first message came */
function newJob(at: Moment): Job {
  return { since: at.steady, again: at, last: at, isCancelled: false, answer: Promise.resolve() };
}

function askAgain(job: Job, at: Moment): void {
  job.again ??= at;
  job.last = at;
}

/** Growing from 1 to 30 s; not in step with others that lost the same PBX. */
function pauseAfter(failures: number): number {
  return Math.min(minPause * 2 ** Math.min(failures, 10), maxPause) * (1 - Math.random() / 4);
}
