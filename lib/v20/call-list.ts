import type { Leg, Moment } from '../pbx';
import { type Dn, isUp as isStatusUp, keyOf, type Participant, Participants } from './participants';

/** How long it may take until it is known how a ring ended, in ms: queues pause between agents. */
export const doubtPeriod = 2_000;

/** How long it may take where a slow PBX is still being asked for those who are left in the call, in ms. */
const longestDoubt = 10_000;

/** How long the Removes of a call that is over may take, one after the other, in ms. */
export const maxEnding = 100;

/** How long a phone may ring on when another one has answered, in ms. */
const maxTaking = 1_000;

/** Before anything was seen. */
const longAgo: Moment = { wall: 0, steady: -Infinity };

/** The PBX's answer about a call without a participant: it is over, goes on without one, or somebody took it. */
export type Verdict = 'over' | 'waiting' | 'taken';

/** Takes the legs as they are now. */
export type Emit = (legs: readonly Leg[], at: Moment, since: Moment) => void;

/** Since when something is true of a participant. */
interface Times {
  /** That it is in its call. */
  begunAt: Moment;
  /** That it talks; {@link longAgo} where nobody saw it begin to, or where it came talking from another call. */
  upAt: Moment | null;
  /** That the other party is who it is. */
  partyAt: Moment;
}

/** A participant that is gone. */
interface Gone {
  key: string;
  participant: Participant;
  leg: Leg;
  begunAt: Moment;
  at: Moment;
  /** Since when it may have been gone. */
  since: Moment;
}

interface EndedRing extends Omit<Gone, 'key'> {
  /** Steady time until which messages from before it ended may come. */
  until: number;
  isAsked: boolean;
}

/**
 * All legs at the moment, kept current by messages and lists. A leg that rang stays, marked as gone, until it is known
 * how that ended. Another participant of the call shows it, or an answer of the PBX, or some seconds pass.
 */
export class CallList {
  readonly participants: Participants;
  /** When the last list came; null before the first one. */
  listedAt: Moment | null = null;
  private readonly ended = new Map<string, EndedRing>();
  /** Of calls that go on without a participant. */
  private readonly standIns = new Map<string, Leg>();
  /** Calls whose caller has given up, with when. */
  private readonly givenUp = new Map<string, Moment>();
  private readonly lastAt = new Map<string, Moment>();
  private readonly times = new Map<string, Times>();

  /** @param isAwaited tells DNs with a new participant about which the PBX has not answered yet */
  constructor(
    nameOf: (dn: string) => string,
    private readonly emit: Emit,
    private readonly isAwaited: (dn: string) => boolean = () => false,
  ) {
    this.participants = new Participants(nameOf);
  }

  legs(): Leg[] {
    return [...this.participants.legs(), ...[...this.ended.values()].map(({ leg }) => leg), ...this.standIns.values()];
  }

  /** Is there something whose time matters: a phone that rings, or a ring that ended? */
  get isRestless(): boolean {
    return this.ended.size > 0 || this.standIns.size > 0 || this.participants.isRinging;
  }

  /**
   * @param at when the message about it came
   * @param heardSince steady time of the first message about it, if that was not answered
   */
  upsert(participant: Participant, at: Moment, heardSince = at.steady): void {
    const { callId } = participant;
    const key = keyOf(participant.dn, participant.id);
    // The messages of an answer on another leg come in either order.
    const cameAt = heardSince - (isUp(participant) ? maxEnding : 0);
    if (this.participants.get(key)?.callId !== callId) this.stopBefore(participant, at, cameAt);
    if (!this.put(participant, at)) return;
    this.standIns.delete(callId);
    this.emitAt(callId, at);
    this.settle(callId, at);
  }

  /**
   * @param at when the message about it came
   * @param until steady time until which messages from before may come, if no message said that it is gone
   */
  remove(key: string, at: Moment, until = at.steady): void {
    this.removeAll([[key, at]], until);
  }

  /** Takes those of one call away that are gone together, each with the time when the message about it came. */
  removeAll(removals: readonly (readonly [string, Moment])[], until?: number): void {
    const gone = removals.flatMap(([key, at]) => this.takeAway(key, at));
    const [first] = gone;
    if (first === undefined) return;
    for (const one of gone) this.noteGivenUp(one);
    for (const one of gone) this.keepRing(one, until);
    const { callId } = first.participant;
    const at = latest(gone.map((one) => one.at));
    this.emitAt(callId, at, earliest(gone));
    this.settle(callId, at);
  }

  /**
   * Takes a list of all there is.
   *
   * @param at when it came
   * @param since since when what it changes may have been so
   * @param isOlder tells participants of which something newer is known, or about to be
   * @param isGap what happened before it was not seen: nothing is known of how rings ended
   * @returns the keys of the participants that it changed
   */
  take(dns: readonly Dn[], at: Moment, since: Moment, isOlder: (key: string) => boolean, isGap: boolean): string[] {
    // Nobody who is new in it was in the one before.
    const newSince = this.listedAt === null ? longAgo : latest([this.listedAt, since]);
    this.listedAt = at;
    return this.change(this.participants.keys(), dns, isOlder, { at, since, newSince }, isGap);
  }

  /** Takes what there is at one DN. */
  takeDn(dn: Dn, at: Moment, isOlder: (key: string) => boolean): string[] {
    const own = this.participants.keys().filter((key) => this.participants.get(key)?.dn === dn.dn);
    return this.change(own, [dn], isOlder, { at, since: at, newSince: longAgo }, false);
  }

  /**
   * Time has passed.
   *
   * @param isLeaving tells participants that are about to be removed, or may be
   * @param unheardSince steady time since when there is somebody of whom nothing else is known yet; Infinity without
   * @returns the calls of which only the PBX can say how they go on
   */
  expire(now: Moment, isLeaving: (key: string) => boolean, unheardSince = Infinity): string[] {
    const questions = new Set<string>();
    const over: string[] = [];
    for (const [key, ring] of this.ended) {
      const { callId } = ring.participant;
      const age = now.steady - ring.at.steady;
      const members = this.participants.ofCall(callId);
      const leaving = members.filter((other) => isLeaving(keyOf(other.dn, other.id)));
      if (age < doubtPeriod) {
        if (age < maxEnding || leaving.length > 0 || this.isAwaited(ring.participant.dn)) continue;
        const isAnyRinging = members.some(({ status }) => status === 'ringing');
        // The call goes on, and somebody has answered it, or nobody is left who could.
        if (members.some((other) => (isAnyRinging ? this.hasAnswered(other, ring) : this.isTalking(other))))
          over.push(key);
        continue;
      }
      // They may be gone too: is the call over? And whoever came meanwhile may have taken it.
      const isEnding = leaving.length > 0 && leaving.length === members.length;
      const isUnheard = unheardSince <= ring.at.steady + doubtPeriod;
      if ((isEnding || isUnheard) && age < longestDoubt) continue;
      if (callId === '' || members.length > 0) over.push(key);
      else if (!ring.isAsked) {
        ring.isAsked = true;
        questions.add(callId);
      }
    }
    this.release(over, now);
    return [...questions];
  }

  /** When this one is gone: has somebody got the call who came later, or is it over? */
  mayBeOver(key: string): boolean {
    const leaver = this.participants.get(key);
    const upAt = this.times.get(key)?.upAt ?? null;
    if (leaver === null || upAt === null) return false;
    return this.participants.ofCall(leaver.callId).some((other) => {
      const begunAt = this.times.get(keyOf(other.dn, other.id))?.begunAt ?? upAt;
      const mayHaveGot = other.dn !== leaver.dn && this.participants.roleOf(other.dn) === 'extension';
      return mayHaveGot && begunAt.steady > upAt.steady;
    });
  }

  /** Is it in doubt how a call without a participant goes on? */
  isOpen(callId: string): boolean {
    return this.standIns.has(callId) || this.ringsOf(callId).length > 0;
  }

  /**
   * Takes the PBX's answer about a call.
   *
   * @param knownUntil steady time; the answer covers nothing that happened later
   */
  resolve(callId: string, verdict: Verdict, now: Moment, knownUntil = now.steady): void {
    // A participant knows better: with one it is known soon, and without a question, how a ring ended.
    const isSeen = this.participants.ofCall(callId).length > 0;
    const rings = this.ringsOf(callId);
    const before = this.endedBy(knownUntil, rings);
    const isLatest = before.length === rings.length;
    if (!isSeen && verdict === 'waiting' && isLatest) this.standIns.set(callId, standIn(callId));
    const standing = this.standIns.get(callId);
    if (!isSeen && verdict === 'taken' && standing !== undefined) {
      this.standIns.set(callId, { ...standing, gone: { at: now, isTaken: true } });
      this.emit(this.legs(), now, now);
    }
    if (!isSeen) this.release(before, now, verdict === 'taken');
    if (verdict !== 'waiting' && this.standIns.delete(callId)) this.emit(this.legs(), now, now);
    this.forgetOver(callId);
  }

  /** The keys of its rings whose end is in doubt. */
  private ringsOf(callId: string): string[] {
    return [...this.ended].filter(([, { participant }]) => participant.callId === callId).map(([key]) => key);
  }

  /** Of some rings, those that had ended by then, and those that ended together with these. */
  private endedBy(knownUntil: number, keys: readonly string[]): string[] {
    const ends = keys.map((key) => ({ key, end: this.ended.get(key)?.at.steady ?? Infinity }));
    const over: string[] = [];
    let until = knownUntil;
    for (const { key, end } of ends.toSorted((a, b) => a.end - b.end)) {
      if (end > until) break;
      over.push(key);
      until = Math.max(until, end + maxEnding);
    }
    return over;
  }

  /** @param known the keys of those that are gone if they are not listed */
  private change(
    known: readonly string[],
    dns: readonly Dn[],
    isOlder: (key: string) => boolean,
    { at, since, newSince }: { at: Moment; since: Moment; newSince: Moment },
    isGap: boolean,
  ): string[] {
    for (const dn of dns) this.participants.setType(dn);
    const all = new Map(dns.flatMap(({ participants }) => participants.map((one) => [keyOf(one.dn, one.id), one])));
    const missing = known.filter((key) => !all.has(key) && !isOlder(key));
    const listed = [...all].filter(([key]) => !isOlder(key));
    for (const [key, participant] of listed) {
      // Since when somebody talks, no list says: as long as it is in doubt how the ring ended, on another leg all the while.
      const cameAt = isUp(participant) ? -Infinity : at.steady;
      if (!isGap && this.participants.get(key)?.callId !== participant.callId) this.stopBefore(participant, at, cameAt);
    }
    const gone = missing.flatMap((key) => this.takeAway(key, at, since));
    const changed = listed.filter(([, participant]) => this.put(participant, at, newSince));
    for (const [, { callId }] of changed) this.standIns.delete(callId);
    if (isGap) {
      this.ended.clear();
      this.standIns.clear();
      for (const callId of this.lastAt.keys()) this.forgetOver(callId);
    } else {
      for (const one of gone) this.noteGivenUp(one);
      for (const one of gone) this.keepRing(one);
    }
    const keys = [...gone.map(({ key }) => key), ...changed.map(([key]) => key)];
    if (keys.length === 0 && !isGap) return [];
    // After a gap it is the first to tell of whatever is there.
    const told = isGap ? this.participants.keys() : changed.map(([key]) => key);
    const calls = new Set([
      ...gone.map(callIdOf),
      ...told.map((key) => this.participants.get(key)?.callId).filter((callId) => callId !== undefined),
    ]);
    for (const callId of calls) this.momentOf(callId, at);
    this.emit(this.legs(), at, since);
    for (const callId of calls) this.settle(callId, at);
    return keys;
  }

  /**
   * It is new in its call: a phone that rings again, or somebody who comes back, has stopped ringing before.
   *
   * @param cameAt steady time at which it may have come at the earliest: one leg may have followed the other
   */
  private stopBefore({ dn, id, callId }: Participant, at: Moment, cameAt: number): void {
    this.givenUp.delete(callId);
    // Since when it has been seen in another call; null for a new one.
    const elsewhereSince = this.times.get(keyOf(dn, id))?.begunAt.steady ?? null;
    for (const [key, ring] of this.ended) {
      const isSame = ring.participant.callId === callId && ring.participant.dn === dn;
      // Where one leg follows another at once, the extension has been in the call all the while.
      const wasElsewhere = elsewhereSince !== null && elsewhereSince > ring.at.steady;
      const isLater = wasElsewhere || cameAt > ring.until;
      if (isSame && isLater) this.standIns.set(callId, standIn(callId));
      else if (ring.leg.id !== id) continue;
      this.release([key], at);
    }
  }

  /**
   * @param newSince since when it may be as it is, if it is new: a list does not say when somebody came
   * @returns whether something is new
   */
  private put(participant: Participant, at: Moment, newSince = at): boolean {
    const key = keyOf(participant.dn, participant.id);
    const before = this.participants.get(key);
    const isMoved = before?.callId !== participant.callId;
    const last = this.times.get(key);
    const seenAt = before === null ? newSince : at;
    // A participant that talked before its call became part of another one has answered nothing there.
    const upAt = before !== null && isUp(before) ? longAgo : null;
    const times = isMoved || last === undefined ? { begunAt: at, upAt, partyAt: seenAt } : last;
    if (before?.party.dn !== participant.party.dn) times.partyAt = seenAt;
    if (isUp(participant)) times.upAt ??= seenAt;
    this.times.set(key, times);
    const isNew = this.participants.upsert(participant);
    if (before !== null && isMoved) this.moveRings(before.callId, participant.callId);
    return isNew;
  }

  /** A call has become part of another one: how its rings ended, the other one tells. */
  private moveRings(from: string, to: string): void {
    if (from === '') return;
    for (const ring of this.ended.values()) {
      if (ring.participant.callId === from) ring.participant = { ...ring.participant, callId: to };
    }
  }

  private takeAway(key: string, at: Moment, since = at): Gone[] {
    const participant = this.participants.get(key);
    const leg = this.participants.remove(key);
    const begunAt = this.times.get(key)?.begunAt ?? at;
    this.times.delete(key);
    if (participant === null || leg === null) return [];
    return [{ key, participant, leg, begunAt, at: this.momentOf(participant.callId, at), since }];
  }

  private noteGivenUp({ participant: { callId, status }, leg: { role, direction }, at }: Gone): void {
    if (callId === '' || direction !== 'outbound') return;
    if (status === 'dialing' || role === 'trunk') this.givenUp.set(callId, at);
  }

  /** Has its caller given up just now? Where phones ring on after that, there is another caller, who cannot be seen. */
  private isGivenUp(callId: string, { steady }: Moment): boolean {
    const givenUpAt = this.givenUp.get(callId)?.steady;
    return givenUpAt !== undefined && steady - givenUpAt <= doubtPeriod;
  }

  /** A leg that rang stays, unless it is known how that ended. */
  private keepRing({ key, participant, leg, begunAt, at, since }: Gone, until = at.steady): void {
    const { dn, callId, status } = participant;
    if (status !== 'ringing' || leg.role !== 'extension' || callId === '') return;
    if (this.participants.ofCall(callId).some((other) => other.dn === dn)) return;
    const marked = { ...leg, gone: { at, isTaken: false } };
    this.ended.set(key, { leg: marked, participant, begunAt, at, since, until, isAsked: false });
  }

  /** Lets go of the rings of a call of which is known by now how they ended. */
  private settle(callId: string, at: Moment): void {
    const members = this.participants.ofCall(callId);
    const isOver = members.length === 0 && this.isGivenUp(callId, at);
    const over: string[] = [];
    const taken: string[] = [];
    for (const [key, ring] of this.ended) {
      if (ring.participant.callId !== callId) continue;
      const { dn } = ring.participant;
      if (isOver || members.some((other) => other.dn === dn)) over.push(key);
      // It may have been answered there on another leg.
      else if (this.isAwaited(dn)) continue;
      else if (members.some((other) => this.hasTaken(other, ring) || this.isAtMenu(other))) over.push(key);
      else if (members.some((other) => this.talksTo(other, ring))) taken.push(key);
    }
    this.release(over, at);
    this.release(taken, at, true);
    this.forgetOver(callId);
  }

  /** Nothing more comes of a call that has neither participants nor rings whose end is in doubt. */
  private forgetOver(callId: string): void {
    if (this.participants.ofCall(callId).length > 0 || this.ringsOf(callId).length > 0) return;
    this.lastAt.delete(callId);
    this.givenUp.delete(callId);
  }

  /** Has somebody answered who was called, and has it stopped ringing for that? */
  private hasTaken(other: Participant, ring: EndedRing): boolean {
    const isOther = other.dn !== ring.participant.dn;
    return isOther && this.hasAnswered(other, ring) && ring.at.steady - this.upSince(other) <= maxTaking;
  }

  /** Has somebody who was called talked only since it began to ring? */
  private hasAnswered(other: Participant, { begunAt }: EndedRing): boolean {
    return this.isTalking(other) && this.upSince(other) > begunAt.steady;
  }

  /** @returns steady time since when it talks; -Infinity where that is not known */
  private upSince({ dn, id }: Participant): number {
    return this.times.get(keyOf(dn, id))?.upAt?.steady ?? -Infinity;
  }

  /** Does somebody talk who was called? */
  private isTalking(other: Participant): boolean {
    const role = this.participants.roleOf(other.dn);
    return (role === 'extension' || role === 'trunk') && isUp(other) && !this.participants.isCaller(other);
  }

  /**
   * Does the caller talk to somebody who cannot be seen? An outside line is connected while a call from it rings, and so
   * says nothing.
   */
  private talksTo(caller: Participant, { participant: { dn }, begunAt }: EndedRing): boolean {
    const { party } = caller;
    const isPerson = party.type === 'extension' || party.type === 'externalline';
    const isCaller = this.participants.roleOf(caller.dn) === 'extension' && this.participants.isCaller(caller);
    const isSeen = party.dn === dn || this.participants.dns.has(party.dn);
    const { upAt, partyAt } = this.times.get(keyOf(caller.dn, caller.id)) ?? { upAt: null, partyAt: begunAt };
    // A party that the caller talked to before it rang has not taken the call from there.
    const isNew = upAt !== null && latest([upAt, partyAt]).steady > begunAt.steady;
    return isUp(caller) && isCaller && isPerson && !isSeen && isNew;
  }

  /** Has the caller got to a voicemail, say? */
  private isAtMenu(caller: Participant): boolean {
    return isUp(caller) && this.participants.isCaller(caller) && caller.party.type === 'specialmenu';
  }

  /** All at once: what rang for one call has ended with it. */
  private release(keys: readonly string[], now: Moment, isTaken = false): void {
    const rings = keys.map((key) => this.ended.get(key)).filter((ring) => ring !== undefined);
    if (rings.length === 0) return;
    const since = earliest(rings);
    if (isTaken) {
      for (const ring of rings) ring.leg = { ...ring.leg, gone: { at: ring.at, isTaken } };
      this.emit(this.legs(), now, since);
    }
    for (const key of keys) this.ended.delete(key);
    this.emit(this.legs(), now, since);
    for (const { participant } of rings) this.forgetOver(participant.callId);
  }

  /** Within a call time does not go back, though some answers come later than others. */
  private emitAt(callId: string, at: Moment, since = at): void {
    this.emit(this.legs(), this.momentOf(callId, at), since);
  }

  private momentOf(callId: string, at: Moment): Moment {
    const last = this.lastAt.get(callId);
    const moment = last !== undefined && last.steady > at.steady ? last : at;
    this.lastAt.set(callId, moment);
    return moment;
  }
}

function callIdOf({ participant }: { participant: Participant }): string {
  return participant.callId;
}

function latest(moments: readonly Moment[]): Moment {
  return moments.reduce((last, one) => (one.steady > last.steady ? one : last));
}

function earliest(gone: readonly { since: Moment }[]): Moment {
  return gone.map(({ since }) => since).reduce((first, one) => (one.steady < first.steady ? one : first));
}

function isUp({ status }: Participant): boolean {
  return isStatusUp(status);
}

/** Says only that a call goes on. */
function standIn(callId: string): Leg {
  return {
    ...{ id: `call-${callId}`, extension: '', status: 'connected', number: '', name: null, queue: null },
    recording: null,
    ...{ role: 'service', callId, group: callId },
  };
}
