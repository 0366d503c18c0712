import assert from 'node:assert/strict';
import type { CallEvent } from '../../lib/calls';
import type { ExtensionState } from '../../lib/pbx';
import type { Participant } from '../../simulator/v20/participants';
import { start, trunk } from '../truth/histories';
import type { V20Truth } from './histories';
import {
  directionOf,
  type Doing,
  isUp,
  type Life,
  type Look,
  livesOf,
  numberOf,
  ownQueueOf,
  Roots,
  typeOf,
} from './life';

export interface V20Findings {
  events: number;
  states: number;
  lives: number;
  /** Parts whose events cannot be checked, because two of them may look like one. */
  blurred: number;
  /** Phases of parts, such as ringing; `short` counts those that were over before anybody could see them. */
  phases: number;
  short: number;
}

/** The longest time that a ring which is gone waits until its ending is known, in ms. */
const doubtPeriod = 2_000;
const tickInterval = 250;
/** The longest time from one request that asks whether a call is over to the next, in ms. */
const longestPause = 30_000;
/** The longest time that a part which is gone waits for pending answers, in ms. */
const maxOrderWait = 1_000;
/** The longest time that a part which is gone waits to learn whether its call is over, in ms. */
const longestEnding = 100;
/** The longest time that a message waits for the next one, in ms. */
const longestHold = 50;

/**
 * Checks the events of a history against the truth.
 *
 * @throws AssertionError for an event that is wrong, superfluous, too late or missing
 */
export function checkV20(truth: V20Truth): V20Findings {
  return new Oracle(truth).check();
}

/** An extension's part in a call, as the events describe it. */
interface Party {
  key: number;
  events: { at: number; event: CallEvent }[];
  life: Life;
}

/** A leg that has answered a call which others were offered too. */
interface Taker {
  leg: Participant;
  isCertain: boolean;
  since: number;
}

class Oracle {
  private readonly findings: V20Findings = { events: 0, states: 0, lives: 0, blurred: 0, phases: 0, short: 0 };
  private readonly roots = new Roots();
  private readonly lives: readonly Life[];
  private readonly looks: readonly Look[];
  private readonly lists: readonly { asked: number; answered: number }[];
  private readonly parties = new Map<number, Party>();
  /** The longest delay until a change is known while all goes well, in ms. */
  private readonly usual: number;
  /** Each leg as it first was, by its id. */
  private readonly firsts = new Map<number, Participant>();
  /** The time until which each leg was there, by its id. */
  private readonly lasts = new Map<number, number>();
  /** The number of each leg's `answered` event among all reports, by the leg's id. */
  private readonly answersTold = new Map<string, number>();
  /** The same number of each event that ends a part. */
  private readonly endsTold = new Map<CallEvent, number>();
  private readonly knownAt = new Map<number, number>();
  private readonly stays = new Map<Life, ReturnType<Oracle['staysIn']>>();
  /** The time when the first list came. Parts that were there by then are not reported as new. */
  private readonly first: number;

  constructor(private readonly truth: V20Truth) {
    const { states, exchanges, plan } = truth;
    ({ lives: this.lives, looks: this.looks } = livesOf(states, this.roots, (dn) => this.sees(dn)));
    for (const { participants, until } of this.looks) {
      for (const leg of participants) {
        if (!this.firsts.has(leg.id)) this.firsts.set(leg.id, leg);
        this.lasts.set(leg.id, until);
      }
    }
    for (const [index, { events }] of truth.told.entries()) {
      for (const { event } of events) {
        if (event.event === 'answered') this.answersTold.set(event.connection, index);
        if (isEndName(event.event)) this.endsTold.set(event, index);
      }
    }
    // A refused socket reads the list too, but only to learn whether the token is still valid.
    const heard = new Set(truth.heard);
    this.lists = exchanges.filter(
      (one) => one.path === '/callcontrol' && one.status === 200 && heard.has(one.answered),
    );
    this.first = this.lists[0]?.answered ?? Infinity;
    const { request, message } = plan.delays;
    const { reordered = 0, forbidsParticipants } = plan.switches;
    const most = Math.max(0, ...states.map(({ participants }) => participants.length)) + 8;
    const roundTrip = 2 * request * (forbidsParticipants === true ? 2 : 1);
    this.usual = message + (reordered > 0 ? longestHold : 0) + roundTrip * (2 + Math.ceil((2 * most) / 4)) + 1;
  }

  check(): V20Findings {
    const { truth } = this;
    this.blur();
    this.assign();
    this.checkOrder();
    for (const party of this.parties.values()) {
      this.checkSequence(party);
      if (party.life.isBlurred) continue;
      this.checkPhases(party);
      for (const { at, event } of party.events) if (event.event !== 'missed') this.checkFields(party, at, event);
      this.checkEnd(party);
    }
    this.checkTold();
    this.checkStates();
    this.checkStateChanges();
    this.checkCalls();
    this.checkMissed();
    assert.deepEqual(truth.left, [], 'all calls are over');
    if (!truth.troubles.some(({ kind }) => kind === 'away' || kind === 'token')) assert.deepEqual(truth.silences, []);
    this.findings.lives = this.lives.length;
    this.findings.blurred = this.lives.filter(({ isBlurred }) => isBlurred).length;
    return this.findings;
  }

  private sees(dn: string): boolean {
    return this.truth.plan.switches.visibleDns?.includes(dn) ?? true;
  }

  // ---- when something is known -------------------------------------------------------------------------------------

  /** The latest time by which a change at the given time must be known. */
  private knownBy(at: number): number {
    const known = this.knownAt.get(at);
    if (known !== undefined) return known;
    const result = this.knownByMessage(at) ?? this.knownByList(at);
    this.knownAt.set(at, result);
    return result;
  }

  private knownByMessage(at: number): number | null {
    const by = at + this.usual;
    const isBad = this.truth.troubles.some(
      ({ kind, from, to }) =>
        (kind === 'silent' || kind === 'lost' || kind === 'away') &&
        from <= by + this.usual &&
        this.repairedAt(to) >= at - this.usual,
    );
    if (isBad || this.isSilence(at - this.usual, by + this.usual)) return null;
    const isToken = this.truth.troubles.some(
      ({ kind, from }) => kind === 'token' && from >= at - this.usual && from <= by,
    );
    const isOpen = this.truth.sockets.some(({ from, to }) => {
      const live = this.lists.find(({ asked }) => asked >= from)?.answered ?? Infinity;
      return live <= at && to >= by + (isToken ? 2 * this.usual : 0);
    });
    return isOpen ? by + (isToken ? 2 * this.usual : 0) : null;
  }

  /** The time when the next list comes, which shows all that was left out until then. */
  private repairedAt(at: number): number {
    return this.lists.find(({ asked }) => asked > at)?.answered ?? Infinity;
  }

  /** Were messages left out that no list had made up for before the life began? */
  private isRough(life: Life, at: number): boolean {
    return this.truth.troubles.some(
      ({ kind, from, to }) =>
        (kind === 'lost' || kind === 'silent') && from <= at && this.repairedAt(to) >= life.from - this.usual,
    );
  }

  /** Was there a silence in this time? A silence lasts from a failed list to the next one that comes. */
  private isSilence(from: number, to: number): boolean {
    return this.truth.silences.some((at) => {
      const until = this.lists.find(({ answered }) => answered >= at)?.answered ?? Infinity;
      return at <= to && until >= from;
    });
  }

  /** Was there a time in this one when the PBX did not answer, to questions about a call either? */
  private isUnanswered(from: number, to: number): boolean {
    const isAway = this.truth.troubles.some((one) => one.kind === 'away' && one.from <= to && one.to >= from);
    return isAway || this.isSilence(from, to);
  }

  private knownByList(at: number): number {
    return this.repairedAt(at) + this.usual;
  }

  /** Did all go well at about that time? */
  private isCalm(from: number, to: number): boolean {
    return this.looks.every(({ at }) => at < from - this.usual || at > to || this.knownByMessage(at) !== null);
  }

  /** The states that a report at the given time may be based on. */
  private window(at: number, earlier = 0): Look[] {
    return this.looks.filter((look) => look.at <= at && (look.until > at || this.knownBy(look.until) >= at - earlier));
  }

  // ---- which part an event is about --------------------------------------------------------------------------------

  /** Marks the parts of one extension in one call that follow each other so closely that they may look like one. */
  private blur(): void {
    // A part that moves from one call to the other may be seen in both.
    for (const life of this.lives) if (life.callids.size > 1) life.isBlurred = true;
    for (const life of this.lives) if (this.mayBeSplit(life)) life.isBlurred = true;
    // An extension that a code brings into a call may be seen as one part or as two.
    for (const life of this.lives) {
      const isCode = [...life.legs.values()].flat().some(({ party_caller_id }) => party_caller_id.startsWith('*'));
      if (!isCode || this.truth.plan.pbx.codes === 'unseen') continue;
      life.isBlurred = true;
      for (const other of this.lives) {
        // Both parts may be seen at once.
        const isNext = this.knownBy(other.from) >= life.to - this.usual && other.from <= this.knownBy(life.to);
        if (other.dn === life.dn && isNext) other.isBlurred = true;
      }
    }
    for (const [index, one] of this.lives.entries()) {
      for (const other of this.lives.slice(index + 1)) {
        if (other.dn !== one.dn || this.roots.of(other.callid) !== this.roots.of(one.callid)) continue;
        const isApart = other.from > this.overBy(one) && one.from <= this.knownBy(other.to);
        if (isApart && !this.mayBeListed(one, other)) continue;
        one.isBlurred = other.isBlurred = true;
      }
    }
  }

  /**
   * May the part look like two? After lost messages, a phone may still be unknown when the extension's other phones are
   * gone. The list that shows it does not show that it was there before. The same holds for a phone that begins to ring
   * just before the talking one is gone. The PBX has not answered by then that the new one rings. A part that is gone
   * waits for other answers, but not for long.
   */
  private mayBeSplit(life: Life): boolean {
    const from = new Map<number, number>();
    let before: readonly Participant[] = [];
    for (const [index, legs] of life.legs) {
      const at = this.looks[index]?.at ?? 0;
      for (const { id } of legs) if (!from.has(id)) from.set(id, at);
      const gone = before.filter(({ id }) => !legs.some((leg) => leg.id === id));
      const wasTalking = gone.some(({ status }) => status !== 'Ringing' && status !== 'Dialing');
      const isUnseen = ({ id, status }: Participant): boolean => {
        const since = from.get(id) ?? at;
        const known = this.knownBy(since);
        const isLeftOut = this.knownByMessage(since) === null || (wasTalking && status === 'Ringing');
        return since < at && known > at && (isLeftOut || known > at + maxOrderWait);
      };
      if (gone.length > 0 && legs.every(isUnseen)) return true;
      before = legs;
    }
    return false;
  }

  /**
   * May a list be the first to show the second part, while the end of the first part's ring is in doubt? The list does
   * not show since when a leg has been there. If one leg follows the other at once, the extension counts as in the call
   * all the time.
   */
  private mayBeListed(one: Life, { from }: Life): boolean {
    const { to } = one;
    if (!this.mayEndRinging(one) || from > to + this.longestDoubt) return false;
    return this.lists.some(({ asked, answered }) => asked >= from && answered <= this.knownBy(from));
  }

  /**
   * The time by which the part must be known to be over. A silence may begin while the end of its ring is still in
   * doubt. The list after the silence shows who is there, not who was there in between. If another leg follows the
   * ringing one at once, that leg counts as the one that answered.
   */
  private overBy(life: Life): number {
    const known = this.knownBy(life.to + longestEnding);
    if (!this.mayEndRinging(life)) return known;
    const silence = this.truth.silences.find((at) => at >= known && at <= known + doubtPeriod + tickInterval);
    return silence === undefined ? known : this.knownByList(silence);
  }

  /** Does it ring as long as it is seen? An answer just before the end may not be. */
  private mayEndRinging({ phases }: Life): boolean {
    return (phases.findLast(({ from, to }) => this.knownBy(from) < to) ?? phases[0])?.doing === 'ring';
  }

  private assign(): void {
    for (const { at, events } of this.truth.told) {
      this.findings.events += events.length;
      for (const { event, party: key } of events) {
        if (event.event === 'missed') continue;
        const known = this.parties.get(key);
        const party = known ?? { key, events: [], life: this.lifeOf(event, at) };
        this.parties.set(key, party);
        party.events.push({ at, event });
        assert.equal(event.extension, party.life.dn);
      }
    }
  }

  private lifeOf(event: CallEvent, at: number): Life {
    const own = this.lives.filter(({ dn, ids, from }) => {
      return dn === event.extension && ids.has(Number(event.connection)) && from <= at;
    });
    const isEnd = event.event === 'ended' || event.event === 'ring-stopped' || event.event === 'transferred';
    const later = isEnd ? doubtPeriod + 4 * this.usual + maxOrderWait : 0;
    const meant = own.filter((life) => {
      const limit = this.knownBy(life.to) + later;
      return at <= limit || (isEnd && this.isUnanswered(life.to, limit));
    });
    const life = meant.find((one) => this.partyOf(one) === undefined) ?? meant[0];
    return life ?? assert.fail(`at ${at} there was no ${event.event} of ${event.connection} at ${event.extension}`);
  }

  private partyOf(life: Life): Party | undefined {
    return [...this.parties.values()].find((party) => party.life === life);
  }

  // ---- the order ---------------------------------------------------------------------------------------------------

  private checkOrder(): void {
    const begun = new Set<number>();
    for (const { at, events } of this.truth.told) {
      let last = 0;
      for (const { event, party } of events) {
        const { event: name } = event;
        const isNew = !begun.has(party) && name !== 'missed' && !isEndName(name) && name !== 'transferred';
        const rank = isEndName(name) || name === 'transferred' ? 0 : name === 'missed' ? 3 : isNew ? 2 : 1;
        begun.add(party);
        // A part that was there when watching began is not new, even if this is its first event.
        const wasThere = Date.parse(event.startedAt) - start <= this.first;
        if (isNew && (wasThere || (this.parties.has(party) && this.isSilent(this.parties.get(party))))) continue;
        assert.ok(rank >= last, `at ${at} ${name} of ${event.extension} comes too late`);
        last = Math.max(last, rank);
      }
    }
  }

  /** Was the part there when watching began? */
  private isSilent(party: Party | undefined): boolean {
    return (party?.life.from ?? Infinity) <= this.first;
  }

  private checkSequence(party: Party): void {
    const names = party.events.map(({ event }) => event.event);
    const what = `${party.life.dn} in ${party.life.callid}: ${names.join(', ')}`;
    const isBegun = ['ringing', 'dialing', 'answered'].includes(names[0] ?? '');
    const mayHaveBegun =
      party.life.isBlurred && this.lives.some((life) => life.dn === party.life.dn && this.isSilent({ ...party, life }));
    assert.ok(isBegun || this.isSilent(party) || mayHaveBegun, `${what}: has not begun`);
    assert.equal(names.filter(isEndName).length, 1, `${what}: is ended once`);
    assert.ok(isEndName(names.at(-1)), `${what}: the end comes last`);
    assert.ok(names.filter((name) => name === 'ringing' || name === 'dialing').length <= 1, `${what}: begins twice`);
    assert.ok(names.filter((name) => name === 'answered').length <= 1, `${what}: answered twice`);
    const change = names.find((name) => name === 'held' || name === 'resumed');
    let isHeld = (this.isSilent(party) || mayHaveBegun) && change === 'resumed';
    for (const { event } of party.events) {
      if (event.event === 'held') assert.ok(!isHeld, `${what}: held twice`);
      if (event.event === 'resumed') assert.ok(isHeld, `${what}: was not held`);
      if (event.event === 'answered') isHeld = event.status !== 'connected';
      else if (event.event === 'held' || event.event === 'resumed') isHeld = event.event === 'held';
    }
  }

  // ---- the events and their times ----------------------------------------------------------------------------------

  private checkPhases(party: Party): void {
    const { life, events } = party;
    for (const { at, event } of events) {
      const { event: name } = event;
      if (isEndName(name) || name === 'transferred') continue;
      const what = `at ${at} ${name} of ${event.connection} at ${life.dn}`;
      const seen = this.phasesAt(life, at);
      assert.ok(
        seen.some((phase) => happens(name, phase.doing)) || (name === 'ringing' && this.seemsToRing(life, at, event)),
        `${what} did not happen`,
      );
      const [early] = life.phases.filter((phase) => happens(name, phase.doing));
      if (name === 'ringing' || name === 'dialing') {
        assert.ok(at <= this.knownBy(life.from), `${what} is late: since ${life.from}`);
      } else if (name === 'answered') {
        assert.ok(at <= this.knownBy(early?.from ?? 0), `${what} is late: since ${early?.from}`);
      }
    }
  }

  /** Does the phone ring while another one talks, with the PBX's answer about the talk still to come? */
  private seemsToRing(life: Life, at: number, { connection }: CallEvent): boolean {
    const up = life.phases.find(({ doing }) => isUp(doing));
    const legs = this.window(at).flatMap(({ index }) => life.legs.get(index) ?? []);
    const rings = legs.some(({ id, status }) => String(id) === connection && status === 'Ringing');
    return rings && up !== undefined && this.knownBy(up.from) >= at;
  }

  private phasesAt(life: Life, at: number): Life['phases'] {
    const window = this.window(at);
    const [from, to] = [window[0]?.at ?? 0, window.at(-1)?.until ?? Infinity];
    return life.phases.filter((phase) => phase.from < to && phase.to > from && phase.from <= at);
  }

  /** Checks that every phase that lasted long enough to be seen was reported. */
  private checkTold(): void {
    for (const life of this.lives) {
      const parties = [...this.parties.values()].filter((one) => one.life === life);
      const what = `${life.dn} in ${life.callid} from ${life.from} to ${life.to}`;
      if (life.isBlurred) continue;
      assert.ok(parties.length <= 1, `${what} was told twice`);
      const [party] = parties;
      for (const phase of life.phases) {
        this.findings.phases += 1;
        // A phase that began before the first list becomes known by that list.
        const known = Math.max(this.knownBy(phase.from), this.first);
        if (phase.to <= known) {
          this.findings.short += 1;
          continue;
        }
        // A part that was there at the beginning is reported only when something changes.
        if (this.isSilent({ life } as Party) && phase.from <= this.first) continue;
        assert.ok(party !== undefined, `${what}: ${phase.doing} from ${phase.from} to ${phase.to} was not told`);
        const last = party.events.findLast(({ at }) => at <= known);
        const told = last === undefined ? this.beganWith(life) : toldDoing(last.event);
        assert.equal(told, phase.doing, `${what}: ${phase.doing} from ${phase.from} to ${phase.to} by ${known}`);
      }
    }
  }

  /** The part's activity when watching began. The first list showed it; no event reports it. */
  private beganWith(life: Life): Doing | undefined {
    const asked = this.lists[0]?.asked ?? -Infinity;
    return life.phases.find(({ from, to }) => from <= asked && to > asked)?.doing;
  }

  // ---- the fields of an event --------------------------------------------------------------------------------------

  private checkFields(party: Party, at: number, event: CallEvent): void {
    const { life } = party;
    const what = `at ${at} ${event.event} of ${event.connection} at ${life.dn}`;
    const isEnd = isEndName(event.event) || event.event === 'transferred';
    const wait = isEnd ? this.endWait(party) : 0;
    const window = this.window(at, wait);
    const own = this.legsAt(life, window);
    assert.ok(own.length > 0 || isEnd, `${what}: no leg`);
    assert.ok(life.ids.has(Number(event.connection)), `${what}: connection`);
    assert.ok(life.callids.has(Number(event.callId)), `${what}: callId ${event.callId}`);
    assert.equal(event.initial, false);
    if (!this.isRough(life, at)) this.checkNumber(party, at, event, own, what);
    this.checkQueue(party, at, event, window, what);
    const directions = new Set([...life.legs.values()].flat().map(directionOf));
    assert.ok(directions.has(event.direction), `${what}: direction ${event.direction}`);
    const first = life.phases[0]?.doing;
    const began = party.events[0]?.event.event;
    if (began === 'ringing' || (first === 'ring' && life.phases.length === 1))
      assert.equal(event.direction, 'inbound', what);
    if (began === 'dialing' || (first === 'dial' && life.phases.length === 1))
      assert.equal(event.direction, 'outbound', what);
    assert.equal(event.direction, party.events[0]?.event.direction, `${what}: direction`);
    this.checkLine(party, at, event, wait, what);
    this.checkRung(party, at, event, what);
    this.checkTimes(party, at, event, what);
    if (event.synthetic) {
      // The ending of a ring that is gone just before a silence becomes known after it.
      const isUnseen = !this.isCalm(this.from(window), at) || this.isSilence(life.to, at);
      assert.ok(isEnd && isUnseen, `${what}: synthetic`);
    }
    const isAccurate = event.accuracyMs <= Math.max(this.lateness(at, wait), isEnd ? this.unanswered(life, at) : 0);
    assert.ok(
      event.accuracyMs >= 0 && (this.isRough(life, at) || isAccurate),
      `${what}: accuracyMs ${event.accuracyMs}`,
    );
    assert.equal(event.recording, null, what);
  }

  private from(window: readonly Look[]): number {
    return window[0]?.at ?? 0;
  }

  private lateness(at: number, wait: number): number {
    const window = this.window(at, wait);
    const last = this.lists.findLast(({ answered }) => answered <= at)?.answered ?? 0;
    // A PBX that answers at once may answer two in the same millisecond.
    const before = this.lists.findLast(({ answered }) => answered < last)?.asked ?? 0;
    return (
      Math.max(at - before, at - (window[0]?.until === undefined ? 0 : Math.min(window[0].at, at)) + wait) + this.usual
    );
  }

  /** How long the PBX may have given no answer about the rings of its call that become known to be over with it. */
  private unanswered(life: Life, at: number): number {
    const together = [...this.parties.values()].filter(
      ({ events, life: { callid } }) => events.at(-1)?.at === at && this.isSameCall({ callid }, life),
    );
    const from = Math.min(...together.map(({ life: { to } }) => to));
    return this.isUnanswered(from, at) ? at - from + this.usual : 0;
  }

  private endWait({ life, events }: Party): number {
    const isAnswered = events.some(({ event }) => event.answeredAt !== null);
    // Any of these states may be the last one that was seen.
    const last = [...life.legs].filter(([index]) => this.knownBy(this.looks[index]?.until ?? 0) >= life.to);
    // A phone whose Remove was left out seems to keep ringing.
    const named = [...life.legs.values()].flat().findLast(({ id }) => String(id) === events.at(-1)?.event.connection);
    const wasRinging = [...last.flatMap(([, legs]) => legs), named].some((leg) => leg?.status === 'Ringing');
    return isAnswered && !wasRinging ? maxOrderWait : this.longestDoubt;
  }

  /** The longest time that the ending of a ring may be in doubt, in ms. */
  private get longestDoubt(): number {
    return doubtPeriod + longestEnding + 2 * tickInterval + 4 * this.usual;
  }

  /** The part's legs in these states; for a part that is gone, its last legs too. */
  private legsAt(life: Life, window: readonly Look[]): Participant[] {
    const own = window.flatMap(({ index }) => life.legs.get(index) ?? []);
    const last = [...life.legs.values()].at(-1) ?? [];
    return (window.at(-1)?.until ?? Infinity) > life.to || window.some(({ at }) => at >= life.to)
      ? [...own, ...last]
      : own;
  }

  private checkNumber({ life }: Party, at: number, event: CallEvent, own: readonly Participant[], what: string): void {
    const now = new Set(own.map(numberOf));
    const isOpen = [...now].some((number) => number === '' || number.startsWith('*'));
    // A number stays when a code or an empty number follows it.
    const before = isOpen
      ? [...life.legs].filter(([index]) => (this.looks[index]?.at ?? 0) <= at).flatMap(([, legs]) => legs)
      : [];
    for (const leg of before) now.add(numberOf(leg));
    assert.ok(now.has(event.number), `${what}: number ${event.number}, not ${[...now].join(' or ')}`);
  }

  private checkQueue({ life }: Party, at: number, event: CallEvent, window: readonly Look[], what: string): void {
    const legs = [...life.legs].filter(([index]) => (this.looks[index]?.at ?? 0) <= at);
    const possible = new Set<string | null>();
    for (const [index, own] of legs)
      for (const leg of own) for (const queue of this.queuesOf(leg, index)) possible.add(queue);
    const number = event.queue?.number ?? null;
    assert.ok(number === null || possible.has(number), `${what}: queue ${number}, not ${[...possible].join(' or ')}`);
    if (number === null && window.length > 0) {
      const named = window.map(({ index }) => life.legs.get(index)).filter((own) => own !== undefined);
      const isNamed = named.length > 0 && named.every((own) => own.every((leg) => ownQueueOf(leg) !== null));
      assert.ok(!isNamed, `${what}: has no queue`);
    }
  }

  private queuesOf(leg: Participant, index: number): (string | null)[] {
    const own = ownQueueOf(leg);
    if (own !== null) return [own];
    const until = this.looks[index]?.participants ?? [];
    const last = Math.max(0, ...until.map(({ id }) => id));
    const others = [...this.firsts.values()].filter(
      (other) =>
        other.id <= last &&
        other.callid === leg.callid &&
        typeOf(other) === 'queue' &&
        other.legid < leg.legid &&
        this.sees(other.dn),
    );
    return [null, ...others.map(({ dn }) => dn)];
  }

  private checkLine({ life }: Party, at: number, event: CallEvent, wait: number, what: string): void {
    const isOutside = (one: Participant): boolean => one.party_dn_type === 'Wexternalline' || one.dn === trunk;
    const members = (looks: readonly Look[], when: number): Participant[] =>
      looks.flatMap(({ participants }) =>
        participants.filter((one) => this.isSameCall(one, life, when) && this.sees(one.dn) && isOutside(one)),
      );
    const may =
      members(
        this.looks.filter((look) => look.at <= at),
        at,
      ).length > 0;
    // The call counts as another one after a state that shows nobody in it, or nobody who was there before.
    const idsIn = (look: Look | undefined): number[] =>
      (look?.participants ?? [])
        .filter((one) => this.isSameCall(one, life, look?.at) && this.sees(one.dn))
        .map(({ id }) => id);
    const isEmpty = (look: Look): boolean => {
      const before = new Set(idsIn(this.looks[look.index - 1]));
      return !idsIn(look).some((id) => before.has(id));
    };
    const again = this.looks.findLast((look) => look.at <= at && look.at >= this.first && isEmpty(look))?.at ?? 0;
    const known = this.looks.filter(
      (look) =>
        look.at >= Math.max(this.first, Math.min(again, life.from)) &&
        look.until > this.knownBy(look.at) &&
        this.knownBy(look.at) < at - wait,
    );
    const [earliest] = this.window(at, wait);
    const must = members(known, Math.min(earliest?.at ?? 0, at)).length > 0;
    assert.equal(event.internal, event.trunk === null, what);
    if (event.internal) assert.ok(!must, `${what}: internal`);
    else {
      assert.ok(may, `${what}: not internal`);
      assert.equal(event.trunk, trunk, what);
    }
  }

  private checkRung({ life }: Party, at: number, event: CallEvent, what: string): void {
    const root = this.roots.of(life.callid);
    const rung = this.lives.filter(
      (one) =>
        this.roots.of(one.callid) === root && [...one.legs.values()].flat().some(({ status }) => status === 'Ringing'),
    );
    const may = new Set(rung.filter(({ from }) => from <= at).map(({ dn }) => dn));
    for (const dn of event.extensions) assert.ok(may.has(dn), `${what}: ${dn} has not rung`);
    assert.equal(new Set(event.extensions).size, event.extensions.length, `${what}: extensions`);
  }

  private checkTimes({ life, events }: Party, at: number, event: CallEvent, what: string): void {
    const isBetween = (name: string, text: string | null, from: number, wait = 0): void => {
      if (text === null) return;
      const time = Date.parse(text) - start;
      assert.ok(
        time >= from - this.usual && time <= Math.min(Math.ceil(at), Math.max(this.knownBy(from), this.first) + wait),
        `${what}: ${name} ${time}, not since ${from}`,
      );
    };
    // Nobody sees the beginning of a phase that is over before it can be seen.
    const seen = life.phases.find(({ from, to }) => to > this.knownBy(from)) ?? life.phases.at(-1);
    const unseen = this.knownBy(seen?.from ?? life.from) - this.knownBy(life.from);
    isBetween('startedAt', event.startedAt, life.from, Math.max(0, unseen));
    const times = [event.startedAt, event.answeredAt, event.endedAt].filter((time) => time !== null);
    assert.deepEqual(times, times.toSorted(), `${what}: times`);
    const { ringSeconds, talkSeconds, holdSeconds } = event;
    for (const seconds of [ringSeconds, talkSeconds, holdSeconds])
      assert.ok((seconds ?? 0) >= 0, `${what}: ${seconds} s`);
    const up = life.phases.find(({ doing }) => isUp(doing));
    const until = events.findIndex((one) => one.event === event);
    const wasAnswered = events.slice(0, until + 1).some((one) => one.event.event === 'answered');
    if (!this.isSilent({ life } as Party)) assert.equal(event.answeredAt !== null, wasAnswered, `${what}: answeredAt`);
    if (event.answeredAt !== null) {
      assert.ok(up !== undefined, `${what}: answeredAt`);
      isBetween('answeredAt', event.answeredAt, up.from);
    }
    assert.equal(event.endedAt !== null, isEndName(event.event) || event.event === 'transferred', `${what}: endedAt`);
    // When it happened, as told and in truth: not more than accuracyMs lie between them.
    const [told, from] =
      event.endedAt !== null
        ? [event.endedAt, life.to]
        : event.event === 'answered'
          ? [event.answeredAt, up?.from]
          : [until === 0 ? event.startedAt : null, seen?.from];
    if (told !== null && from !== undefined && !this.isRough(life, at) && !this.isSilent({ life } as Party)) {
      const earliest = Date.parse(told) - start - event.accuracyMs;
      assert.ok(earliest <= from + this.usual, `${what}: since ${earliest} at the earliest, not ${from}`);
    }
    // A silence may begin while a part that is gone waits.
    const ending = Math.max(longestEnding, this.knownBy(life.to + longestEnding) - this.knownBy(life.to));
    if (!this.isRough(life, at)) isBetween('endedAt', event.endedAt, life.to, Math.max(ending, maxOrderWait));
    if (event.endedAt === null || this.isSilent({ life } as Party)) return;
    // A part that is gone may wait for another one of its call, which waits itself.
    const error = life.phases.reduce(
      (sum, { from, to }) => sum + this.knownBy(from) - from + this.knownBy(to) - to,
      longestEnding + ending,
    );
    const spent = (...what: Doing[]): number =>
      life.phases.filter(({ doing }) => what.includes(doing)).reduce((sum, { from, to }) => sum + to - from, 0);
    const isNear = (name: string, seconds: number | null, ms: number): void => {
      assert.ok(
        seconds !== null && Math.abs(seconds * 1000 - ms) <= error,
        `${what}: ${name} ${seconds}, in truth ${ms} ms`,
      );
    };
    isNear('ringSeconds', event.ringSeconds, spent('ring', 'dial'));
    isNear('talkSeconds', event.talkSeconds, spent('talk'));
    isNear('holdSeconds', event.holdSeconds, spent('hold'));
  }

  // ---- how it ended ------------------------------------------------------------------------------------------------

  private checkEnd(party: Party): void {
    const { life, events } = party;
    const end = events.at(-1);
    if (end === undefined) return;
    const { at, event } = end;
    const what = `at ${at} ${event.event} of ${event.connection} at ${life.dn} in ${life.callid}`;
    // Nobody knows that a phone keeps ringing if its messages were left out.
    assert.ok(at >= life.to || this.isRough(life, at), `${what}: is there until ${life.to}`);
    const limit = this.knownBy(life.to) + this.endWait(party);
    assert.ok(at <= limit || this.isUnanswered(life.to, limit), `${what}: late, since ${life.to}`);
    // The messages also report states that lasted for no time at all.
    const isSince = (look: Look): boolean =>
      look.until > life.to || (look.until === life.to && look.at === life.to && !look.lives.has(life));
    const since = this.looks.filter((look) => isSince(look) && look.at <= at);
    const told = [event.event, event.outcome, event.transferredTo].join(' ');
    const possible = new Set(since.flatMap((look) => this.endings(party, look, at)));
    if (event.synthetic) possible.add('ended unknown ');
    // Legs that left at the same moment or shortly before may not be known to be gone yet.
    for (const look of this.window(at)) {
      if (look.at >= life.to) continue;
      const endings = event.answeredAt === null ? this.stops(party, look, at) : this.transfers(party, look);
      for (const ending of endings) possible.add(ending);
    }
    // Nobody knows how a part ended if its messages were left out.
    assert.ok(this.isRough(life, at) || possible.has(told), `${what}: ${told}, not ${[...possible].join(' or ')}`);
    const names = events.map((one) => one.event.event);
    assert.equal(names.includes('transferred'), event.outcome === 'transferred', `${what}: transferred`);
  }

  /** The possible endings if this state were all that is known. */
  private endings(party: Party, look: Look, at: number): string[] {
    const { life, events } = party;
    const isAnswered = events.at(-1)?.event.answeredAt !== null;
    if (isAnswered) return this.transfers(party, look);
    const doing = toldBefore(events) ?? life.phases[0]?.doing;
    if (doing === 'dial') {
      const isCode = [...life.legs.values()].flat().some(({ party_caller_id }) => party_caller_id.startsWith('*'));
      return ['ended not-reached ', ...(isCode ? ['ended answered '] : [])];
    }
    const views = ['all', 'visible', 'known'] as const;
    return views.flatMap((view) => {
      const all = view === 'all';
      const rest = look.participants.filter(
        (one) =>
          this.isSameCall(one, life, look.at) &&
          (all || this.sees(one.dn)) &&
          (view !== 'known' || this.isKnownWith(one, life, at)),
      );
      const isWaiting = look.calls.some(({ id }) => this.isSameCall({ callid: callidOf(id) }, life, look.at));
      const isAlive = rest.length > 0 || (all && isWaiting);
      const everybody = this.takers(party, at);
      const takers = everybody.filter(({ leg }) => all || this.sees(leg.dn));
      const isUnseen = this.wasUnseen(life);
      if (isAlive && isUnseen) return ['ring-stopped answered-elsewhere ', 'ring-stopped missed '];
      if (isAlive) {
        const own = takers.filter(({ leg }) => rest.some(({ id }) => id === leg.id));
        return own.length > 0 ? stopsOf(own) : ['ring-stopped missed '];
      }
      const hidden = this.wasUnseen(life);
      // A phone that stops ringing just after somebody has answered seems to have stopped because of that.
      const recent = everybody.some(({ since }) => since >= life.to - 1_000 - this.usual && since <= life.to);
      if (recent || (!all && hidden))
        return ['ring-stopped answered-elsewhere ', 'ended missed ', 'ended answered-elsewhere '];
      const wasOutside = this.looks.some(
        ({ at: when, participants }) =>
          when <= at &&
          participants.some(
            (one) =>
              this.isSameCall(one, life, when) &&
              typeOf(one) === 'trunk' &&
              one.legid > 1 &&
              one.status === 'Connected',
          ),
      );
      if (wasOutside && everybody.length === 0) return ['ended missed ', 'ended answered-elsewhere '];
      const outside = everybody.filter(({ leg }) => typeOf(leg) === 'trunk' || !this.sees(leg.dn));
      if (outside.length === 0) return ['ended missed '];
      const isCertain = outside.some(({ isCertain, leg }) => isCertain && typeOf(leg) === 'trunk' && this.sees(leg.dn));
      return isCertain ? ['ended answered-elsewhere '] : ['ended answered-elsewhere ', 'ended missed '];
    });
  }

  /** The possible endings of a ring if the others were still known to be in the call. */
  private stops(party: Party, look: Look, at: number): string[] {
    const { life } = party;
    const own = this.takers(party, at).filter(({ leg }) => look.participants.some(({ id }) => id === leg.id));
    if (own.length > 0) return stopsOf(own);
    // It is not in doubt for ever, however slowly the PBX answers that the others are gone too.
    const isLong = at - life.to >= doubtPeriod;
    const isOther = (one: Participant): boolean => one.dn !== life.dn && this.sees(one.dn);
    const others = look.participants.filter((one) => isOther(one) && this.isSameCall(one, life, look.at));
    return isLong && others.length > 0 ? ['ring-stopped missed '] : [];
  }

  /**
   * Must it be known by then that this leg is in the part's call? A leg that has only just come is not known yet. Nor
   * is a join of two calls, if the leg that moved between them had only just come, or was gone before anybody could see
   * it there.
   */
  private isKnownWith({ id, callid }: Participant, life: Life, at: number): boolean {
    const stays = this.staysIn(life);
    const from = stays.get(id)?.from;
    if (life.callids.has(callid)) return from !== undefined && this.knownBy(from) < at;
    return [...stays].some(([leg, { from: since, movedAt }]) => {
      if (movedAt === null || this.knownBy(since) >= movedAt) return false;
      return this.knownBy(movedAt) < Math.min(at, this.lasts.get(leg) ?? Infinity);
    });
  }

  /**
   * The legs that were in this part's PBX call, by id, with the times when they came and when they moved to another
   * call.
   */
  private staysIn(life: Life): ReadonlyMap<number, { from: number; movedAt: number | null }> {
    const known = this.stays.get(life);
    if (known !== undefined) return known;
    const stays = new Map<number, { from: number; movedAt: number | null }>();
    for (const look of this.looks) {
      for (const { id, dn, callid } of look.participants) {
        const stay = stays.get(id);
        if (!this.sees(dn)) continue;
        if (life.callids.has(callid)) stays.set(id, stay ?? { from: look.at, movedAt: null });
        else if (stay !== undefined) stay.movedAt ??= look.at;
      }
    }
    this.stays.set(life, stays);
    return stays;
  }

  /**
   * The called legs that have answered since this part began to ring. An answer is not certain if it came at about
   * the time of the ring, or if the talk was over before anybody could see it. The answer of an outside line is not
   * certain either if nobody could see the line in the call that it came from.
   */
  private takers({ life, events }: Party, at: number): Taker[] {
    const end = events.at(-1)?.event;
    const takers = new Map<number, Taker>();
    const answers = new Map<number, { since: number; as: Participant }>();
    for (const look of this.looks) {
      if (look.at > at) break;
      for (const leg of look.participants) {
        const isUpNow = leg.status !== 'Ringing' && leg.status !== 'Dialing';
        const { since, as } = answers.get(leg.id) ?? { since: look.at, as: leg };
        if (isUpNow) answers.set(leg.id, { since, as });
        if (!isUpNow || leg.dn === life.dn || !this.isSameCall(leg, life, look.at)) continue;
        if (this.knownBy(since) < life.from || look.until <= life.from) continue;
        // An extension that picks up a call which it makes itself has not taken it.
        const isCaller = look.participants.some(
          (one) =>
            one.dn === leg.dn && one.id !== leg.id && this.isSameCall(one, life, look.at) && one.legid < leg.legid,
        );
        if (this.takes(leg) || this.cameUnseen(leg, look.at))
          takers.set(leg.id, {
            leg,
            since,
            isCertain:
              this.takes(leg) &&
              since > this.knownBy(life.from) &&
              ((end !== undefined && this.isAnswerTold(leg, end)) ||
                this.knownBy(since) < Math.min(at, this.lasts.get(leg.id) ?? Infinity)) &&
              // The answer was in this call, not in one that has become part of it since.
              this.isSameCall(as, life, since) &&
              !isCaller &&
              !this.isBlurredAt(leg) &&
              !this.isCallerOf(life, leg),
          });
      }
    }
    return [...takers.values()];
  }

  /** Was this leg's `answered` event reported before the end of another one, or together with it? */
  private isAnswerTold({ id }: Participant, end: CallEvent): boolean {
    return (this.answersTold.get(String(id)) ?? Infinity) <= (this.endsTold.get(end) ?? -1);
  }

  /** An outside line seems to have been called if it left another call before anybody could see it there. */
  private cameUnseen(leg: Participant, at: number): boolean {
    const first = this.firsts.get(leg.id);
    if (typeOf(leg) !== 'trunk' || first === undefined || first.callid === leg.callid) return false;
    const since = this.looks.find(({ participants }) => participants.includes(first))?.at ?? 0;
    return this.knownBy(since) >= at;
  }

  /** Is it the line of the caller who rings there, which was still dialled when it was transferred? */
  private isCallerOf({ legs }: Life, { dn, party_caller_id }: Participant): boolean {
    return [...legs.values()].flat().some((one) => one.party_dn === dn && one.party_caller_id === party_caller_id);
  }

  private isBlurredAt({ dn, id }: Participant): boolean {
    return this.lives.some((life) => life.dn === dn && life.ids.has(id) && life.isBlurred);
  }

  /** Is or was anybody in the call who cannot be seen? */
  private wasUnseen(life: Life): boolean {
    return this.looks.some(({ at, participants }) =>
      participants.some((one) => !this.sees(one.dn) && this.isSameCall(one, life, at)),
    );
  }

  private transfers({ life }: Party, look: Look): string[] {
    const answered = life.phases.find(({ doing }) => isUp(doing))?.from ?? life.from;
    const none = 'ended answered ';
    const rest = look.participants.filter(
      (one) => this.isSameCall(one, life, look.at) && this.sees(one.dn) && one.dn !== life.dn,
    );
    const candidates = rest.filter((one) => {
      const type = typeOf(one);
      if (type !== 'extension' && type !== 'trunk') return false;
      // Only its time in this call counts. A leg from another call is new here, however old it is.
      const isHere = ({ at, participants }: Look): boolean =>
        participants.some((leg) => leg.id === one.id && this.isSameCall(leg, life, at));
      const since = this.looks.find(isHere)?.at ?? 0;
      if (since <= answered && this.knownBy(since) < answered) return false;
      return one.party_dn_type === 'Wexternalline' || rest.some((other) => other.id !== one.id && other.dn !== one.dn);
    });
    return [
      none,
      ...candidates.map((one) => `ended transferred ${typeOf(one) === 'trunk' ? one.party_caller_id : one.dn}`),
    ];
  }

  private isSameCall({ callid }: { callid: number }, life: Life, at = Infinity): boolean {
    return this.roots.of(callid, at) === this.roots.of(life.callid, at);
  }

  // ---- extensions and calls ----------------------------------------------------------------------------------------

  /** Checks that an event's extension state matches all that was reported of the extension, this event included. */
  private checkStates(): void {
    const now = new Map<number, { extension: string; status: CallEvent['status']; call: string }>();
    for (const { at, events } of this.truth.told) {
      for (const { event, party } of events) {
        if (event.event === 'missed') continue;
        if (event.endedAt !== null) now.delete(party);
        else now.set(party, { extension: event.extension, status: event.status, call: event.call });
        if (this.wasInCall(event.extension)) continue;
        const own = [...now.values()].filter(({ extension }) => extension === event.extension);
        assert.equal(
          event.extensionState,
          stateOf(own.map(({ status }) => status)),
          `at ${at} ${event.event} of ${event.extension}`,
        );
      }
    }
  }

  /** Was the extension in a call when watching began? Parts that were there at the beginning were not reported. */
  private wasInCall(extension: string): boolean {
    return this.lives.some(
      ({ dn, from, to }) => dn === extension && from <= this.first && to >= this.first - this.usual,
    );
  }

  /** Checks that a state is reported whenever an event shows a new one, and never twice. */
  private checkStateChanges(): void {
    const idle = { extensionState: 'idle', activeCalls: 0 } as const;
    const told = new Map<string, Pick<CallEvent, 'extensionState' | 'activeCalls'>>();
    const is = (extension: string) => {
      const { extensionState, activeCalls } = told.get(extension) ?? idle;
      return { extensionState, activeCalls };
    };
    for (const { at, events, states } of this.truth.told) {
      this.findings.states += states.length;
      assert.equal(new Set(states.map(({ extension }) => extension)).size, states.length, `at ${at}: two of one`);
      for (const { extension, extensionState, previousState, activeCalls, connection } of states) {
        const what = `at ${at} state of ${extension}`;
        if (told.has(extension) || !this.wasInCall(extension)) {
          assert.equal(previousState, is(extension).extensionState, `${what}: previousState`);
          assert.notDeepEqual({ extensionState, activeCalls }, is(extension), `${what}: twice`);
        }
        const isLeg = this.lives.some(({ dn, ids }) => dn === extension && ids.has(Number(connection)));
        assert.ok(connection === null ? extensionState === 'idle' : isLeg, `${what}: connection`);
        told.set(extension, { extensionState, activeCalls });
      }
      const last = new Map(
        events.filter(({ event }) => event.event !== 'missed').map(({ event }) => [event.extension, event]),
      );
      for (const [extension, { extensionState, activeCalls }] of last) {
        if (!told.has(extension) && this.wasInCall(extension)) continue;
        assert.deepEqual({ extensionState, activeCalls }, is(extension), `at ${at} state of ${extension}`);
      }
    }
    for (const extension of told.keys()) assert.deepEqual(is(extension), idle, `${extension} at the end`);
  }

  private checkCalls(): void {
    const rootOf = new Map<string, number>();
    const nameOf = new Map<number, { name: string; at: number }>();
    for (const { at, events } of this.truth.told) {
      for (const { event } of events) {
        const root = this.roots.of(Number(event.callId));
        const other = rootOf.get(event.call) ?? root;
        assert.equal(other, root, `at ${at} ${event.event} of ${event.extension}: two calls have one id`);
        rootOf.set(event.call, root);
        const last = nameOf.get(root);
        if (last !== undefined && last.name !== event.call) {
          const wasEmpty = this.looks.some(
            (look) =>
              look.at <= at &&
              look.until >= last.at - 4 * this.usual - doubtPeriod &&
              !look.participants.some((one) => this.roots.of(one.callid) === root && this.sees(one.dn)),
          );
          const isIn = (one: Participant): boolean => this.roots.of(one.callid) === root && this.sees(one.dn);
          const wasReplaced = this.looks.some(({ participants }, index) => {
            const before = this.looks[index - 1]?.participants.filter(isIn) ?? [];
            const ids = new Set(participants.filter(isIn).map(({ id }) => id));
            return before.length > 0 && !before.some(({ id }) => ids.has(id));
          });
          const wasJoined = this.lives.some(({ callids }) =>
            [...callids].some((id) => id !== root && this.roots.of(id) === root),
          );
          const isJoined =
            wasJoined ||
            [...this.looks].some(({ participants }) =>
              participants.some(({ callid }) => callid !== root && this.roots.of(callid) === root),
            );
          assert.ok(
            wasEmpty || isJoined || wasReplaced || (this.truth.plan.switches.reordered ?? 0) > 0,
            `at ${at} ${event.event} of ${event.extension}: a call has two ids`,
          );
        }
        nameOf.set(root, { name: event.call, at });
      }
    }
  }

  private checkMissed(): void {
    const told = this.truth.told.flatMap(({ at, events }) => events.map(({ event }) => ({ at, event })));
    const counts = new Map<string, number>();
    for (const { at, event } of told.filter((one) => one.event.event === 'missed')) {
      const root = this.roots.of(Number(event.callId));
      const what = `at ${at} missed of ${root}`;
      counts.set(event.call, (counts.get(event.call) ?? 0) + 1);
      assert.equal(counts.get(event.call), 1, `${what}: twice`);
      const own = told.filter((one) => one.event.call === event.call);
      assert.ok(
        own.every((one) => one.at <= at),
        `${what}: something comes after it`,
      );
      assert.equal(event.outcome, 'missed');
      const [took] = this.tookLong(root, at).filter((life) =>
        this.partyOf(life)?.events.some((one) => one.event.call === event.call),
      );
      assert.equal(took, undefined, `${what}: was answered by ${took?.dn}`);
    }
    // Each ring that could be seen and was not answered needs a `missed` event.
    for (const life of this.lives) {
      const root = this.roots.of(life.callid);
      if (life.phases[0]?.doing !== 'ring' || life.isBlurred || this.isSilent({ life } as Party)) continue;
      if (life.to < this.knownBy(life.from) || !this.isCalm(life.from, Infinity)) continue;
      // A silence during the doubt hides whether the call is over. If nobody in the call can be seen, this lasts until
      // the PBX, asked now and then, answers that it is over.
      const isIn = ({ callid }: { callid: number }): boolean => this.roots.of(callid) === root;
      const last = this.looks.findLast(
        ({ participants, calls }) => participants.some(isIn) || calls.some(({ id }) => isIn({ callid: callidOf(id) })),
      );
      const isUnseen = last?.participants.every((one) => !isIn(one) || !this.sees(one.dn)) ?? false;
      const doubt = this.longestDoubt + (isUnseen ? longestPause : 0);
      if (this.isSilence(life.from, this.knownBy(last?.until ?? Infinity) + doubt)) continue;
      // If a hidden call has become part of this one, the PBX shows only that both lines talk.
      const isJoined = (one: Participant): boolean =>
        !this.sees(one.dn) && this.firsts.get(one.id)?.callid !== one.callid;
      const wasUp = this.looks.some((look) =>
        look.participants.some((one) => this.roots.of(one.callid) === root && (this.takes(one) || isJoined(one))),
      );
      if (
        wasUp ||
        this.looks.some(({ participants }) =>
          participants.some((one) => this.roots.of(one.callid) === root && one.callid !== root),
        )
      )
        continue;
      const count = told.filter(
        (one) => one.event.event === 'missed' && this.roots.of(Number(one.event.callId)) === root,
      ).length;
      assert.ok(count > 0, `a missed call of ${life.dn} in ${root} was not told`);
    }
  }

  /** The parts whose answer must have been seen. */
  private tookLong(root: number, at: number): Life[] {
    return this.lives.filter((life) => {
      if (this.roots.of(life.callid) !== root || life.isBlurred) return false;
      const [leg] = [...life.legs.values()].flat();
      const up = life.phases.find(({ doing, from, to }) => isUp(doing) && to > this.knownBy(from));
      return (
        leg !== undefined &&
        directionOf(leg) === 'inbound' &&
        up !== undefined &&
        this.knownBy(up.from) <= at &&
        up.from > this.first
      );
    });
  }

  /** Did this leg answer the call, after it was called or after a code brought it into the call? */
  private takes(one: Participant): boolean {
    if (one.status === 'Ringing' || one.status === 'Dialing') return false;
    const first = this.firsts.get(one.id) ?? one;
    if (typeOf(one) === 'trunk') return first.status === 'Dialing';
    return typeOf(one) === 'extension' && (directionOf(first) === 'inbound' || first.callid !== one.callid);
  }
}

function stopsOf(takers: readonly Taker[]): string[] {
  const isTaken = takers.some(({ isCertain }) => isCertain);
  return ['ring-stopped answered-elsewhere ', ...(isTaken ? [] : ['ring-stopped missed '])];
}

function callidOf(call: string): number {
  return Number(call.slice(call.lastIndexOf('_') + 1));
}

function isEndName(name: CallEvent['event'] | undefined): boolean {
  return name === 'ended' || name === 'ring-stopped';
}

function happens(name: CallEvent['event'], doing: Doing): boolean {
  switch (name) {
    case 'ringing':
      return doing === 'ring';
    case 'dialing':
      return doing === 'dial';
    case 'answered':
      return isUp(doing);
    case 'held':
      return doing === 'hold';
    case 'resumed':
      return doing === 'talk';
    default:
      return false;
  }
}

function toldDoing({ event, status }: CallEvent): Doing | undefined {
  if (isEndName(event) || event === 'transferred') return undefined;
  return status === 'ringing' ? 'ring' : status === 'dialing' ? 'dial' : status === 'connected' ? 'talk' : 'hold';
}

function toldBefore(events: Party['events']): Doing | undefined {
  const last = events.findLast(({ event }) => toldDoing(event) !== undefined);
  return last === undefined ? undefined : toldDoing(last.event);
}

function stateOf(statuses: readonly CallEvent['status'][]): ExtensionState {
  const has = (...some: CallEvent['status'][]): boolean => statuses.some((status) => some.includes(status));
  if (has('connected')) return 'talking';
  if (has('ringing')) return 'ringing';
  if (has('dialing')) return 'dialing';
  return has('hold', 'held') ? 'held' : 'idle';
}
