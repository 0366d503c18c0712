import type { CallEventName, Direction, Leg, Moment, Snapshot } from '../pbx';
import { Doubts } from './doubts';
import { endingsOf, missedCalls } from './endings';
import type { Attendance, Call, Party } from './model';
import { isoTime } from './moment';
import { bringUp, goneAt, isNew, isUp, leadingLeg, ringMs, spend } from './party';
import { Register } from './register';
import { Standings } from './standings';
import { States } from './states';
import { type Joined, joinCalls } from './transfers';
import type { CallOccurrence, CallState, StateOccurrence } from './types';

type Extra = Partial<Pick<CallState, 'outcome' | 'transferredTo' | 'ringSeconds' | 'synthetic' | 'initial'>>;

/** Makes events of snapshots, one after the other. It knows no clock and does no I/O. */
export class CallTracker {
  private readonly register = new Register();
  private readonly doubts = new Doubts();
  private readonly standings = new Standings();
  private readonly states = new States(this.standings);
  private present: Attendance['present'] = new Map();
  private last: Moment | null = null;
  /** How late the last snapshot may be, in ms. */
  accuracyMs = 0;
  /** There was no snapshot since the last one when there should have been. */
  private gap = false;
  /** What {@link calls} tells, until something changes. */
  private knownCalls: CallState[] | null = null;

  /** When the last snapshot was made; null before the first one. */
  get time(): Moment | null {
    return this.last;
  }

  /**
   * Takes the next snapshot.
   *
   * @returns what has happened since the last snapshot: first what is gone, then what changed, what is new, what was
   *   missed, and which extensions do something else now. Nothing for the first snapshot, whose calls began some time
   *   before
   */
  update({ connections, changed, at, accuracyMs, afterGap }: Snapshot): (CallOccurrence | StateOccurrence)[] {
    const isFirst = this.last === null;
    this.last = at;
    this.accuracyMs = accuracyMs;
    this.gap ||= afterGap;
    const isNews = changed || !this.doubts.isEmpty;
    const occurrences = isNews ? this.compare(connections, at) : this.nothing();
    if (isFirst) this.doubts.dismiss(at);
    const states = isNews ? this.states.changes(at, accuracyMs, this.gap) : [];
    this.gap = false;
    return isFirst ? [] : [...occurrences, ...states];
  }

  /** There was no snapshot when there should have been one: everything stays as it is. */
  noSnapshot(): void {
    this.gap = true;
  }

  /** Was it seen as a queue's number? */
  isQueue(dn: string): boolean {
    return this.register.isQueue(dn);
  }

  /** The key of the party that was seen last for the first time: those that come later have a higher one. */
  get newestParty(): number {
    return this.register.newestParty;
  }

  /** Has anybody picked up in the call of a party but its own extension? */
  isOtherSideUp(key: number): boolean {
    const own = [...this.present.keys()].find((party) => party.key === key);
    const others = [...(own?.call.parties ?? [])].filter(({ extension }) => extension !== own?.extension);
    return others.some(({ status }) => isUp(status));
  }

  /** Everything each extension is in, as events that say how it began (`initial`). */
  current(): CallOccurrence[] {
    return this.begunParties().map((party) => {
      const { status, startedAt } = party;
      const name = status === 'ringing' || status === 'dialing' ? status : 'answered';
      return this.occurrence(name, party, this.last ?? startedAt, { initial: true });
    });
  }

  /**
   * @param extensions in a call or not
   * @returns what each of these does now, and each that is in a call (`initial`)
   */
  currentStates(extensions: Iterable<string>): StateOccurrence[] {
    return this.states.current(extensions, this.accuracyMs);
  }

  /** The present calls, one for each extension in a call: the very same array until something changes. */
  calls(): readonly CallState[] {
    this.knownCalls ??= this.begunParties().map((party) => this.state(party));
    return this.knownCalls;
  }

  private begunParties(): Party[] {
    return [...this.present.keys()].filter(
      ({ isExtension, status, withheld }) => isExtension && status !== 'undefined' && withheld === null,
    );
  }

  private nothing(): CallOccurrence[] {
    for (const state of this.knownCalls ?? []) state.accuracyMs = this.accuracyMs;
    return [];
  }

  private compare(legs: readonly Leg[], now: Moment): CallOccurrence[] {
    this.knownCalls = null;
    const attendance = this.register.take(legs, now);
    const { changed, gone, before } = attendance;
    this.present = attendance.present;
    const joined = joinCalls(attendance);
    for (const [party, direction] of directionsOf(attendance)) party.direction = direction;
    const arrived = changed.filter(([party]) => isNew(party));
    const stayed = changed.filter(([party]) => !isNew(party));

    const occurrences = gone.flatMap((party) => this.leave(party, attendance, joined, now));
    for (const party of this.doubts.of((dn) => this.isQueue(dn))) this.settle(party);
    occurrences.push(...this.doubts.resolve(now));
    for (const [party, own] of [...stayed, ...arrived]) occurrences.push(...this.change(party, own, before, now));
    const missed = this.gap ? [] : missedCalls(attendance, (dn) => this.isQueue(dn));
    occurrences.push(...missed.flatMap((call) => this.miss(call, now)));
    return occurrences;
  }

  private leave(party: Party, attendance: Attendance, joined: Joined, now: Moment): CallOccurrence[] {
    const { call, status, spent, direction } = party;
    party.endedAt = goneAt(party) ?? now;
    spend(party, party.endedAt);
    call.parties.delete(party);
    this.standings.remove(party);
    if (!party.isExtension || status === 'undefined') return [];
    if (direction === 'inbound') call.longestRing = Math.max(call.longestRing, spent.ring);
    if (party.withheld !== null && this.isQueue(party.extension)) this.settle(party);
    const synthetic = this.gap;
    return endingsOf(party, attendance, joined, this.gap).flatMap(({ name, ...ending }) =>
      this.tell(name, party, now, { ...ending, synthetic }),
    );
  }

  private change(party: Party, legs: readonly Leg[], before: Attendance['before'], now: Moment): CallOccurrence[] {
    const isBegun = party.status !== 'undefined';
    const names = bringUp(party, legs, now);
    if (party.isExtension && names.length > 0) {
      this.standings.add(party);
      // Where the PBX says which legs are one call, it says which DNs are queues too.
      const isCertain = legs[0]?.group !== undefined;
      if (!isCertain) this.doubts.note(party, !isBegun && !before.has(party.connection));
    }
    return names.flatMap((name) => this.tell(name, party, now));
  }

  private miss({ rung, longestRing }: Call, now: Moment): CallOccurrence[] {
    return rung.slice(0, 1).map((first) => {
      const occurrence = this.occurrence('missed', first, now, {
        outcome: 'missed',
        ringSeconds: longestRing / 1000,
      });
      return { ...occurrence, ringMs: longestRing };
    });
  }

  private settle(party: Party): void {
    this.doubts.settle(party);
    this.standings.remove(party);
  }

  private tell(name: CallEventName, party: Party, now: Moment, extra: Extra = {}): CallOccurrence[] {
    return party.isExtension ? this.doubts.pass(party, this.occurrence(name, party, now, extra), now) : [];
  }

  private occurrence(event: CallEventName, party: Party, now: Moment, extra: Extra = {}): CallOccurrence {
    return { event: { event, ...this.state(party, extra) }, party: party.key, ringMs: ringMs(party, now) };
  }

  private state(party: Party, extra: Extra = {}): CallState {
    const { call, spent, startedAt, answeredAt, endedAt } = party;
    return {
      call: call.id,
      connection: party.connection,
      callId: party.callId,
      extension: party.extension,
      extensionName: null,
      ...this.standings.of(party.extension),
      number: party.number,
      e164: null,
      name: party.name,
      direction: party.direction,
      internal: call.trunk === null,
      queue: party.queue,
      trunk: call.trunk,
      status: party.status,
      previousStatus: party.previousStatus,
      recording: party.recording,
      startedAt: isoTime(startedAt),
      answeredAt: answeredAt && isoTime(answeredAt),
      endedAt: endedAt && isoTime(endedAt),
      ringSeconds: answeredAt === null && endedAt === null ? null : spent.ring / 1000,
      talkSeconds: endedAt === null ? null : spent.talk / 1000,
      holdSeconds: endedAt === null ? null : spent.hold / 1000,
      outcome: null,
      transferredTo: null,
      extensions: call.rung.map(({ extension }) => extension),
      accuracyMs: this.accuracyMs,
      initial: false,
      synthetic: false,
      ...extra,
    };
  }
}

/**
 * Finds the directions of parties whose status the PBX had not reported before; they stay fixed. A party that is seen
 * Connected first has started the call if its leg is the call's first, unless the leg was transferred there.
 */
function directionsOf({ present, changed, before }: Attendance): readonly (readonly [Party, Direction])[] {
  const beginners = changed.filter(([{ status }]) => status === 'undefined');
  if (beginners.length === 0) return [];
  const calls = new Map<Call, { first: Party; count: number }>();
  for (const [party, { length }] of present) {
    const { first, count } = calls.get(party.call) ?? { first: party, count: 0 };
    calls.set(party.call, { first, count: count + length });
  }
  return beginners.map(([party, legs]) => {
    const { status, id, direction } = leadingLeg(legs, undefined);
    if (direction !== undefined) return [party, direction];
    if (status === 'ringing') return [party, 'inbound'];
    if (status === 'dialing') return [party, 'outbound'];
    const call = calls.get(party.call);
    if (call === undefined || call.count < 2) return [party, 'unknown'];
    return [party, call.first === party && !before.has(id) ? 'outbound' : 'inbound'];
  });
}
