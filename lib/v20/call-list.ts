import type { Leg, Moment } from '../pbx';
import { type Dn, keyOf, type Participant, Participants } from './participants';

/** How long it may take until it is known how a ring ended, in ms: queues pause between agents. */
export const doubtPeriod = 2_000;

/** What the PBX says of a call that has no participant: it is over, goes on without one, or somebody took it. */
export type Verdict = 'over' | 'waiting' | 'taken';

/** Takes the legs as they are now. */
export type Emit = (legs: readonly Leg[], at: Moment, since: Moment) => void;

interface EndedRing {
  leg: Leg;
  participant: Participant;
  at: Moment;
  isAsked: boolean;
}

/**
 * All legs there are, as messages and lists change them. A leg that rang stays until it is known how that ended, marked
 * as gone: by another participant of the call, by a question to the PBX, or after two seconds.
 */
export class CallList {
  readonly participants: Participants;
  private readonly ended = new Map<string, EndedRing>();
  /** Of calls that go on without a participant. */
  private readonly standIns = new Map<string, Leg>();
  /** Calls whose caller has given up. */
  private readonly givenUp = new Set<string>();
  private readonly lastAt = new Map<string, Moment>();

  constructor(
    nameOf: (dn: string) => string,
    private readonly emit: Emit,
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

  /** @param at when the message about it came */
  upsert(participant: Participant, at: Moment): void {
    const { dn, id, callId } = participant;
    const key = keyOf(dn, id);
    if (this.participants.get(key) === null) {
      this.givenUp.delete(callId);
      // A phone that rings again has stopped before.
      for (const [other, ring] of this.ended) {
        const isSameCall = ring.participant.callId === callId;
        if (isSameCall && ring.participant.dn === dn) this.standIns.set(callId, standIn(callId));
        else if (ring.leg.id !== id) continue;
        this.release(other, at);
      }
    }
    if (!this.participants.upsert(participant)) return;
    this.standIns.delete(callId);
    this.emitAt(callId, at);
    this.settle(callId, at);
  }

  /** @param at when the message about it came */
  remove(key: string, at: Moment): void {
    const participant = this.participants.get(key);
    const leg = this.participants.remove(key);
    if (participant === null || leg === null) return;
    this.noteGivenUp(participant, leg);
    this.keepRing(key, participant, leg, at);
    this.emitAt(participant.callId, at);
    this.settle(participant.callId, at);
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
    for (const dn of dns) this.participants.setType(dn);
    const listed = new Map(dns.flatMap(({ participants }) => participants.map((one) => [keyOf(one.dn, one.id), one])));
    const missing = this.participants.keys().filter((key) => !listed.has(key) && !isOlder(key));
    return this.change(
      missing,
      [...listed].filter(([key]) => !isOlder(key)),
      at,
      since,
      isGap,
    );
  }

  /** Takes what there is at one DN. */
  takeDn(dn: Dn, at: Moment, isOlder: (key: string) => boolean): string[] {
    this.participants.setType(dn);
    const listed = new Map(dn.participants.map((one) => [keyOf(one.dn, one.id), one]));
    const own = this.participants.keys().filter((key) => this.participants.get(key)?.dn === dn.dn);
    const missing = own.filter((key) => !listed.has(key) && !isOlder(key));
    return this.change(
      missing,
      [...listed].filter(([key]) => !isOlder(key)),
      at,
      at,
      false,
    );
  }

  /**
   * Time has passed.
   *
   * @returns the calls of which only the PBX can say how they go on
   */
  expire(now: Moment): string[] {
    const questions = new Set<string>();
    for (const [key, ring] of this.ended) {
      if (now.steady - ring.at.steady < doubtPeriod) continue;
      const { callId } = ring.participant;
      if (callId === '' || this.participants.ofCall(callId).length > 0) this.release(key, now);
      else if (!ring.isAsked) {
        ring.isAsked = true;
        questions.add(callId);
      }
    }
    return [...questions];
  }

  /** The calls that go on without a participant. */
  get waiting(): string[] {
    return [...this.standIns.keys()];
  }

  /** The PBX was asked about a call. */
  resolve(callId: string, verdict: Verdict, now: Moment): void {
    // A participant knows better.
    const isSeen = this.participants.ofCall(callId).length > 0;
    if (!isSeen && verdict === 'waiting') this.standIns.set(callId, standIn(callId));
    const standing = this.standIns.get(callId);
    if (!isSeen && verdict === 'taken' && standing !== undefined) {
      this.standIns.set(callId, { ...standing, gone: { at: now, isTaken: true } });
      this.emit(this.legs(), now, now);
    }
    for (const [key, { participant }] of this.ended) {
      if (participant.callId === callId) this.release(key, now, !isSeen && verdict === 'taken');
    }
    if (verdict !== 'waiting' && this.standIns.delete(callId)) this.emit(this.legs(), now, now);
    this.forgetOver(callId);
  }

  private change(
    missing: readonly string[],
    listed: readonly [string, Participant][],
    at: Moment,
    since: Moment,
    isGap: boolean,
  ): string[] {
    const gone = missing.flatMap((key) => {
      const participant = this.participants.get(key);
      const leg = this.participants.remove(key);
      return participant === null || leg === null ? [] : [{ key, participant, leg }];
    });
    const changed = listed.filter(([, participant]) => this.participants.upsert(participant));
    for (const [, { callId }] of changed) this.standIns.delete(callId);
    if (isGap) {
      this.ended.clear();
      this.standIns.clear();
      for (const callId of this.lastAt.keys()) this.forgetOver(callId);
    } else {
      for (const { participant, leg } of gone) this.noteGivenUp(participant, leg);
      for (const { key, participant, leg } of gone) this.keepRing(key, participant, leg, at);
    }
    const keys = [...gone.map(({ key }) => key), ...changed.map(([key]) => key)];
    if (keys.length === 0 && !isGap) return [];
    this.emit(this.legs(), at, since);
    for (const callId of new Set([...gone, ...changed.map(([, participant]) => ({ participant }))].map(callIdOf))) {
      this.settle(callId, at);
    }
    return keys;
  }

  private noteGivenUp({ callId, status }: Participant, { role, direction }: Leg): void {
    if (callId === '' || direction !== 'outbound') return;
    if (status === 'dialing' || role === 'trunk') this.givenUp.add(callId);
  }

  /** A leg that rang stays, unless it is known how that ended. */
  private keepRing(key: string, participant: Participant, leg: Leg, at: Moment): void {
    const { dn, callId, status } = participant;
    if (status !== 'ringing' || leg.role !== 'extension' || callId === '') return;
    if (this.participants.ofCall(callId).some((other) => other.dn === dn)) return;
    this.ended.set(key, { leg: { ...leg, gone: { at, isTaken: false } }, participant, at, isAsked: false });
  }

  /** Lets go of the rings of a call of which is known by now how they ended. */
  private settle(callId: string, at: Moment): void {
    const members = this.participants.ofCall(callId);
    const isOver = members.length === 0 && this.givenUp.has(callId);
    for (const [key, { participant }] of this.ended) {
      if (participant.callId !== callId) continue;
      const { dn } = participant;
      if (members.some((other) => other.dn === dn)) this.release(key, at);
      else if (isOver || members.some((other) => this.hasTaken(other, dn) || this.isAtMenu(other)))
        this.release(key, at);
      else if (members.some((other) => this.talksTo(other, dn))) this.release(key, at, true);
    }
    if (members.length > 0) return;
    this.givenUp.delete(callId);
    this.forgetOver(callId);
  }

  /** Nothing more comes of a call that has neither participants nor rings whose end is in doubt. */
  private forgetOver(callId: string): void {
    if (this.participants.ofCall(callId).length > 0) return;
    if (![...this.ended.values()].some(({ participant }) => participant.callId === callId)) this.lastAt.delete(callId);
  }

  private hasTaken(other: Participant, dn: string): boolean {
    const role = this.participants.roleOf(other.dn);
    const mayTake = role === 'extension' || role === 'trunk';
    return mayTake && other.dn !== dn && isUp(other) && !this.participants.isCaller(other);
  }

  /** Does the caller talk to somebody who cannot be seen? */
  private talksTo(caller: Participant, dn: string): boolean {
    const { party } = caller;
    const isPerson = party.type === 'extension' || party.type === 'externalline';
    return isUp(caller) && this.participants.isCaller(caller) && isPerson && party.dn !== dn;
  }

  /** Has the caller got to a voicemail, say? */
  private isAtMenu(caller: Participant): boolean {
    return isUp(caller) && this.participants.isCaller(caller) && caller.party.type === 'specialmenu';
  }

  private release(key: string, now: Moment, isTaken = false): void {
    const ring = this.ended.get(key);
    if (ring === undefined) return;
    if (isTaken) {
      ring.leg = { ...ring.leg, gone: { at: ring.at, isTaken } };
      this.emit(this.legs(), now, ring.at);
    }
    this.ended.delete(key);
    this.emit(this.legs(), now, ring.at);
  }

  /** Within a call time does not go back, though some answers come later than others. */
  private emitAt(callId: string, at: Moment): void {
    const last = this.lastAt.get(callId);
    const moment = last !== undefined && last.steady > at.steady ? last : at;
    this.lastAt.set(callId, moment);
    this.emit(this.legs(), moment, at);
  }
}

function callIdOf({ participant }: { participant: Participant }): string {
  return participant.callId;
}

function isUp({ status }: Participant): boolean {
  return status === 'connected' || status === 'hold' || status === 'held';
}

/** Says only that a call goes on. */
function standIn(callId: string): Leg {
  return {
    ...{ id: `call-${callId}`, extension: '', status: 'connected', number: '', queue: null, recording: null },
    ...{ role: 'service', callId, group: callId },
  };
}
