import assert from 'node:assert/strict';
import type { CallEvent, StateEvent } from '../../lib/calls';
import { type Direction, type EventOutcome, isCode } from '../../lib/pbx';
import type { HistoryEntry } from '../../simulator/history';
import type { Connection, ConnectionStatus } from '../../simulator/pbx';
import { extensions, type Poll, queues, trunk, type Truth } from './histories';
import { areLinked, isOnePiece, shareParty } from './lists';

/** The cases in which the lists do not show the truth, each with what the tracker reports instead. */
export type Unknowable =
  /**
   * Two calls that are next to each other in the list look like one. Their new connections share an outside number
   * (community), or their CCIDs continue (documented). They are reported as one call.
   */
  | 'looks like one call'
  /**
   * New connections share nothing with the rest of their call, or all of its earlier members have left. They are
   * reported as a call of their own, and the earlier call as over.
   */
  | 'looks like two calls'
  /** An extension left two calls that go on, but did not join them. They are reported as one call. */
  | 'looks joined'
  /**
   * Two calls were joined, and one of their parties answered or left at the same moment. They are reported as two
   * calls.
   */
  | 'joined unseen'
  /** Two calls of one extension were joined, so it has two parts in one call. */
  | 'joined with itself'
  /**
   * An extension dialled a code that did nothing, and now talks in another call. It is reported as if the code had
   * brought it there.
   */
  | 'looks picked up'
  /** The called extension answered and left between two polls. The call is reported as missed. */
  | 'answered unseen'
  /**
   * The call was forwarded outside and answered there, but that line stayed or was not seen. It is reported as missed.
   */
  | 'forwarded unseen'
  /**
   * A line of another call dialled, or talked and left together with this call. The call is reported as forwarded
   * there.
   */
  | 'looks forwarded'
  /**
   * It stopped ringing because another extension answered, which has left as well. It is reported as `missed`. Or the
   * other extension fetched the call from where it was parked. It is then reported as `answered-elsewhere`.
   */
  | 'stopped for a reason unseen'
  /**
   * A leg is first seen Connected, and the first leg of the call in the list is not the caller's. The first leg is
   * reported as the caller's.
   */
  | 'started by another'
  /** A queue has a connection of its own before its number was seen as a queue's. It is reported as an extension. */
  | 'queue not known';

export interface Findings {
  events: number;
  states: number;
  /** The PBX's calls that were seen. */
  calls: number;
  unknowable: Map<Unknowable, number>;
}

/** A party's part in a call as it was last seen: an extension with all its legs, or a single other leg. */
interface Seen {
  /** It stays the same as long as the part does. */
  readonly key: string;
  /** Its legs in the last list. */
  legs: readonly Connection[];
  /** The ids of all legs that it ever had. */
  ids: ReadonlySet<string>;
  /** The id of the leg that has the call. */
  id: string;
  dn: string;
  /** The PBX's id of the call. */
  call: string;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  firstPoll: number;
  firstStatus: ConnectionStatus;
  answeredPoll: number | null;
  direction: Direction;
  byCode: boolean;
  number: string;
  queue: string | null;
  recording: CallEvent['recording'];
  /** Is it a line that the call was forwarded to, with nothing in the list to link the two? */
  isApart: boolean;
}

/** A call of the PBX, with all the calls that were joined to it. */
interface SeenCall {
  firstSeen: number | null;
  /** The key of the line on which it came in. */
  callersLine: string | null;
  hasTrunk: boolean;
  /** The first ringing part of each extension, in the order in which they were seen. */
  rung: Seen[];
  /** A called extension has answered, or an outside line that the call was forwarded to. */
  isTaken: boolean;
  /** The last poll that saw such a line answer; -1 if none did. */
  takenOutside: number;
  /** The longest ring of the extensions that it rang and that have left, in seconds. */
  longestRing: number;
  /** The lists do not show reliably which legs belong to it. */
  isUnknowable: boolean;
  /** The tracker's name for it. */
  name: string | null;
}

interface Expected {
  /** Its place among a snapshot's events: gone (0), changed (1), new (2), missed (3). */
  rank: number;
  /** The event has one of these names. */
  names: readonly CallEvent['event'][];
  isOptional?: boolean;
  /** The party as it is after the event. */
  seen: Seen;
  outcome?: EventOutcome;
  /** The event has one of these values. */
  transferredTo?: readonly string[];
  /** The poll that saw it, if the event comes later. */
  since?: Look;
}

/** The state of an extension. */
type Standing = Pick<StateEvent, 'extensionState' | 'activeCalls'>;

const idle: Standing = { extensionState: 'idle', activeCalls: 0 };

/** A poll with a snapshot, and the parties before and after it. */
interface Look extends Omit<Poll, 'codes'> {
  index: number;
  isSynthetic: boolean;
  accuracy: number;
  before: ReadonlyMap<string, Seen>;
  after: ReadonlyMap<string, Seen>;
  /** The history since the previous snapshot. */
  gap: readonly HistoryEntry[];
  /** The codes that took a call since the previous snapshot. */
  codes: Truth['codes'];
}

const recordings: Readonly<Record<string, CallEvent['recording']>> = {
  Start: 'on',
  Resume: 'on',
  Pause: 'paused',
  Stop: 'off',
};

/** A DN of four digits that never rang may turn out to be a queue's for this long, in ms. */
const doubtPeriod = 1_000;

/**
 * Checks the events of a history against the truth.
 *
 * @throws AssertionError for an event that is wrong, superfluous or missing
 */
export function check(truth: Truth): Findings {
  const oracle = new Oracle(truth);
  for (const [index, poll] of truth.polls.entries()) oracle.poll(index, poll);
  return oracle.findings;
}

/** Counts the events of extensions' connections (begun, changed, ended) that an observer who misses nothing sees. */
export function countChanges({ entries }: Truth): number {
  const before = new Map<string, HistoryEntry>();
  let count = 0;
  for (const entry of entries) {
    const last = before.get(entry.connection);
    before.set(entry.connection, entry);
    const wasHere = last?.dn === entry.dn;
    if (last !== undefined && isInside(last.dn) && !(wasHere && entry.to !== null)) count += 1;
    if (!isInside(entry.dn) || entry.to === null) continue;
    const isNews = isUp(entry.from) ? entry.from === 'Connected' || entry.to === 'Connected' : isUp(entry.to);
    if (!wasHere || (entry.from !== entry.to && isNews)) count += 1;
    if (wasHere && recordings[last.recording] !== recordings[entry.recording]) count += 1;
  }
  return count;
}

/**
 * Works out the events that a history should cause. It knows more than any list shows: the PBX's call of each
 * connection, the calls that were joined, and everything that happened between two polls.
 *
 * The oracle checks everything that an event says about its connection: what happened, when, for how long, and in which
 * order. It also checks what the event says about its call. Calls that the list wrongly joins or splits are exempt, and
 * are counted.
 */
class Oracle {
  readonly findings: Findings = { events: 0, states: 0, calls: 0, unknowable: new Map() };
  private seen: ReadonlyMap<string, Seen> = new Map();
  private readonly calls = new Map<string, SeenCall>();
  /** Maps a joined call to the call that it became part of. */
  private readonly olderOf = new Map<string, string>();
  /** Maps the tracker's name of a call to that call. */
  private readonly named = new Map<string, string>();
  /** Maps a call to another one that it is joined with, or that it seems to be one with. */
  private readonly looks = new Map<string, string>();
  /** Maps a queue's number to the poll that first showed it as a queue's. */
  private readonly knownQueues = new Map<string, number>();
  /** The calls that had a party other than outside lines. */
  private readonly inhabited = new Set<string>();
  /** Each party as it was last seen, by its key. */
  private readonly latest = new Map<string, Seen>();
  /** The last reported state of each extension whose state was not idle. */
  private told: ReadonlyMap<string, Standing> = new Map();
  private lastPoll: number | null = null;
  private partyCount = 0;

  constructor(private readonly truth: Truth) {}

  poll(index: number, poll: Poll): void {
    if (poll.connections === null) {
      assert.deepEqual([...poll.events, ...poll.states], [], 'without a snapshot nothing is told');
      return;
    }
    const last = this.lastPoll === null ? undefined : this.truth.polls[this.lastPoll];
    const joins = this.truth.joins.slice(last?.joins ?? 0, poll.joins);
    const codes = this.truth.codes.slice(last?.codes ?? 0, poll.codes);
    this.join(joins);
    this.learnQueues(poll.connections, index);
    this.findUnknowable(poll.connections);
    const look: Look = {
      ...poll,
      index,
      isSynthetic: this.lastPoll !== null && index - this.lastPoll > 1,
      accuracy: poll.at - (last?.at ?? poll.at),
      before: this.seen,
      after: this.look(poll.connections, index, codes),
      gap: this.truth.entries.slice(last?.entries ?? 0, poll.entries),
      codes,
    };
    this.findJoinedLooks(look, joins);
    this.findPickUpLooks(look);
    this.findUnknownQueues(look);
    this.findForwardLooks(look);
    this.learn(look);
    if (last === undefined) assert.deepEqual([...poll.events, ...poll.states], [], 'the first snapshot is silent');
    else this.compare(look, this.expected(look));
    this.compareStates(look);
    this.seen = look.after;
    this.lastPoll = index;
    this.findings.events += poll.events.length;
    this.findings.states += poll.states.length;
    this.findings.calls = this.calls.size;
  }

  // ---- what there is -----------------------------------------------------------------------------------------------

  private root(call: string): string {
    const older = this.olderOf.get(call);
    return older === undefined ? call : this.root(older);
  }

  private isSameCall(one: Pick<Seen, 'call'>, other: Pick<Seen, 'call'>): boolean {
    return this.root(one.call) === this.root(other.call);
  }

  private callOf({ call }: Pick<Seen, 'call'>): SeenCall {
    const root = this.root(call);
    const known = this.calls.get(root);
    if (known !== undefined) return known;
    const seen: SeenCall = {
      ...{ firstSeen: null, callersLine: null, hasTrunk: false, rung: [], isTaken: false, takenOutside: -1 },
      ...{ longestRing: 0, isUnknowable: false, name: null },
    };
    this.calls.set(root, seen);
    return seen;
  }

  private join(joins: Truth['joins']): void {
    for (const { older, newer } of joins) {
      const dns = [older, newer].map((call) => {
        const members = [...this.seen.values()].filter((seen) => isInside(seen.dn) && this.isSameCall(seen, { call }));
        return new Set(members.map(({ dn }) => dn));
      });
      this.olderOf.set(newer, older);
      this.looksLike(older, newer);
      const from = this.calls.get(newer);
      if (from === undefined) continue;
      if (!this.calls.has(older) && from.name !== null) this.named.set(from.name, older);
      const into = this.callOf({ call: older });
      into.hasTrunk ||= from.hasTrunk;
      into.isTaken ||= from.isTaken;
      into.takenOutside = Math.max(into.takenOutside, from.takenOutside);
      into.longestRing = Math.max(into.longestRing, from.longestRing);
      into.isUnknowable ||= from.isUnknowable;
      into.rung.push(...from.rung.filter(({ dn }) => !into.rung.some((other) => other.dn === dn)));
      // The extension that joined the calls is in both anyway.
      const twice = [...(dns[0] ?? [])].filter((dn) => dns[1]?.has(dn));
      if (twice.length > 1) this.count('joined with itself', [older]);
    }
  }

  /** The parties of a list, in its order. */
  private look(connections: readonly Connection[], index: number, codes: Truth['codes']): ReadonlyMap<string, Seen> {
    const parties: { before: Seen | undefined; byCode: boolean; legs: Connection[] }[] = [];
    for (const connection of connections) {
      const own = this.ownerOf(connection);
      const isAtHome = own !== undefined && this.isSameCall(own, connection);
      const other = isInside(connection.dn)
        ? [...this.seen.values()].find((seen) => seen.dn === connection.dn && this.isSameCall(seen, connection))
        : undefined;
      const before = isAtHome ? own : (other ?? own ?? this.dialler(connection, connections, codes));
      const party = parties.find(({ before: taken, legs: [first] }) =>
        before === undefined
          ? taken === undefined &&
            isInside(connection.dn) &&
            first?.dn === connection.dn &&
            this.isSameCall(first, connection)
          : taken === before,
      );
      if (party !== undefined) party.legs.push(connection);
      else
        parties.push({
          before,
          byCode: before !== undefined && !this.isSameCall(before, connection),
          legs: [connection],
        });
    }
    const after = new Map<string, Seen>();
    for (const { before, byCode, legs } of parties) {
      const seen = this.lookAt(legs, before, byCode, connections, index);
      after.set(seen.key, seen);
    }
    return after;
  }

  /** The party that had this leg before, at the same DN. */
  private ownerOf({ id, dn }: Connection): Seen | undefined {
    return [...this.seen.values()].find((seen) => seen.dn === dn && seen.legs.some((leg) => leg.id === id));
  }

  /** The party that had this leg before, at any DN. */
  private ownerElsewhere({ id }: Connection): Seen | undefined {
    return [...this.seen.values()].find(({ legs }) => legs.some((leg) => leg.id === id));
  }

  /** The party whose code took this call on a new connection. */
  private dialler(connection: Connection, connections: readonly Connection[], codes: Truth['codes']): Seen | undefined {
    const code = codes.find(({ dn, to }) => dn === connection.dn && this.isSameCall({ call: to }, connection));
    const dialler = code && [...this.seen.values()].find(({ dn, call }) => dn === code.dn && call === code.from);
    const isThere = connections.some(
      (other) => other.dn === connection.dn && isUp(other.status) && this.isSameCall(other, connection),
    );
    return isThere ? dialler : undefined;
  }

  private lookAt(
    legs: readonly Connection[],
    known: Seen | undefined,
    byCode: boolean,
    connections: readonly Connection[],
    index: number,
  ): Seen {
    const leader = leaderOf(legs, known);
    const { id, dn, call, party, queue } = leader;
    const stays = known !== undefined && goesOn(known, legs) ? known : undefined;
    // A phone that keeps ringing does not change the status of an extension that has answered.
    const status = stays !== undefined && isUp(stays.status) && !isUp(leader.status) ? stays.status : leader.status;
    const isNews = !isCode(party) && (party !== '' || isCode(stays?.number ?? ''));
    return {
      key: stays?.key ?? `${id} ${dn} ${++this.partyCount}`,
      legs,
      ids: new Set([...(stays?.ids ?? []), ...legs.map((leg) => leg.id)]),
      id,
      dn,
      call,
      status,
      previousStatus: stays === undefined ? null : stays.status === status ? stays.previousStatus : stays.status,
      firstPoll: stays?.firstPoll ?? index,
      firstStatus: stays?.firstStatus ?? status,
      answeredPoll: stays?.answeredPoll ?? (isUp(status) ? index : null),
      direction: stays?.direction ?? this.directionOf(leader, legs, connections),
      byCode: byCode || (stays?.byCode ?? false),
      number: stays === undefined || isNews ? party : stays.number,
      queue: (this.truth.server === 'community' ? queue : null) ?? stays?.queue ?? null,
      recording: recordings[leader.recording] ?? 'off',
      isApart: stays?.isApart ?? this.isApart(leader, connections),
    };
  }

  private standsApart(connection: Connection, connections: readonly Connection[]): boolean {
    const isKnown = [...this.seen.values()].some(({ isApart, id }) => isApart && id === connection.id);
    return isKnown || this.isApart(connection, connections);
  }

  /** Is it a forwarded call's own connection that shares nothing with the others (community)? */
  private isApart(line: Connection, connections: readonly Connection[]): boolean {
    if (this.truth.server === 'documented' || !this.truth.forwards.has(line.id) || has(this.seen, line.id))
      return false;
    const list = { connections, known: new Set<string>(), server: this.truth.server, queues: this.queueNumbers() };
    const others = connections.filter((other) => other !== line && this.isSameCall(other, line));
    const hasCaller = others.some((other) => connections.indexOf(other) < connections.indexOf(line));
    // A caller has one line; a second line with the same number is another call.
    const isSecond = others.some(({ dn, party }) => dn === trunk && party === line.party);
    return hasCaller && (isSecond || !others.some((other) => shareInOrder(other, line, list)));
  }

  /** The true direction if it was seen, otherwise the direction that the list suggests. */
  private directionOf(
    { id, dn, status, call }: Connection,
    legs: readonly Connection[],
    connections: readonly Connection[],
  ): Direction {
    if (status === 'Ringing') return 'inbound';
    if (status === 'Dialing') return 'outbound';
    const members = connections.filter(
      (other) => this.isSameCall(other, { call }) && !this.standsApart(other, connections),
    );
    if (members.length < 2) return 'unknown';
    const isFirst = legs.some((leg) => leg.id === members[0]?.id);
    const told = isFirst && !has(this.seen, id) ? 'outbound' : 'inbound';
    const first = this.truth.entries.find((entry) => entry.connection === id && entry.dn === dn)?.to ?? 'Connected';
    if (isInside(dn) && !isUp(first) && (first === 'Dialing') !== (told === 'outbound')) {
      this.count('started by another');
    }
    return told;
  }

  private learn({ after, index }: Look): void {
    const isNew = ({ firstPoll }: Seen): boolean => firstPoll === index;
    const all = [...after.values()];
    for (const seen of all) {
      this.latest.set(seen.key, seen);
      const call = this.callOf(seen);
      if (seen.dn !== trunk) this.inhabited.add(this.root(seen.call));
      if (call.firstSeen === null) [call.firstSeen, call.callersLine] = [index, seen.dn === trunk ? seen.key : null];
      if (seen.dn === trunk && !seen.isApart) call.hasTrunk = true;
    }
    for (const seen of [...all.filter((one) => !isNew(one)), ...all.filter(isNew)]) {
      const call = this.callOf(seen);
      const hasAnswered = seen.answeredPoll === index;
      if (seen.dn === trunk && hasAnswered && !seen.isApart && seen.key !== call.callersLine && call.rung.length > 0) {
        call.isTaken = true;
        call.takenOutside = index;
      }
      if (!isInside(seen.dn)) continue;
      if (seen.status === 'Ringing' && !call.rung.some(({ dn }) => dn === seen.dn)) call.rung.push(seen);
      if (hasAnswered && (seen.direction !== 'outbound' || seen.byCode)) call.isTaken = true;
    }
  }

  // ---- what cannot be known ----------------------------------------------------------------------------------------

  private count(why: Unknowable, calls: readonly string[] = []): void {
    if (calls.length > 0 && calls.every((call) => this.callOf({ call }).isUnknowable)) return;
    this.findings.unknowable.set(why, (this.findings.unknowable.get(why) ?? 0) + 1);
    for (const call of calls) this.callOf({ call }).isUnknowable = true;
  }

  private findUnknowable(connections: readonly Connection[]): void {
    const known = new Set([...this.seen.values()].flatMap(({ legs }) => legs.map(({ id }) => id)));
    // A number that an extension dialled alone may be a code, so the leg's call is worked out again.
    for (const { id, status } of connections) if (isUp(status) && this.hasDialledAlone(id)) known.delete(id);
    // A leg that changed calls by a code was not seen to do so if its DN has changed too, or it is not answered.
    for (const connection of connections) {
      const before = this.ownerElsewhere(connection);
      const isSeen = before?.dn === connection.dn && isUp(connection.status);
      if (before !== undefined && !this.isSameCall(before, connection) && !isSeen) {
        this.count('looks like two calls', [before.call, connection.call]);
      }
    }
    const wasThere = new Set([...this.seen.values()].map(({ call }) => this.root(call)));
    const list = { connections, known, server: this.truth.server, queues: this.queueNumbers() };
    const calls = [...new Set(connections.map(({ call }) => call))].map((call) => ({
      call,
      members: connections.filter((connection) => connection.call === call),
    }));
    for (const [index, { call, members }] of calls.entries()) {
      const linked = members.filter((one) => !this.standsApart(one, connections));
      const hasStayed = linked.some((one) => {
        const before = this.ownerElsewhere(one);
        return before !== undefined && this.isSameCall(before, one);
      });
      const nobodyStayed = linked.length > 0 && !hasStayed;
      if ((wasThere.has(this.root(call)) && nobodyStayed) || !isOnePiece(linked, list))
        this.count('looks like two calls', [call]);
      // A call that has only outside lines does not separate the calls before and after it.
      for (const next of calls.slice(index + 1)) {
        const isLine = next.members[0]?.dn === trunk && this.truth.server !== 'documented';
        const behind = isLine ? next.members.slice(1) : [];
        // Calls that already look like one are compared with the next call as one.
        const united = connections.filter((one) => this.lookOf(one.call) === this.lookOf(call));
        const isLinked = [members, united].some(
          (some) => areLinked(some, next.members, list) || areLinked(some, behind, list),
        );
        if (isLinked) {
          this.count('looks like one call', [call, next.call]);
          this.looksLike(call, next.call);
        }
        if (!isLine || next.members.some(({ dn }) => dn !== trunk)) break;
      }
    }
  }

  /** Returns the same call for all calls that look like one. */
  private lookOf(call: string): string {
    const other = this.looks.get(call);
    return other === undefined ? call : this.lookOf(other);
  }

  private looksLike(call: string, other: string): void {
    if (this.lookOf(call) !== this.lookOf(other)) this.looks.set(this.lookOf(other), this.lookOf(call));
  }

  private learnQueues(connections: readonly Connection[], index: number): void {
    if (this.truth.server === 'documented') return;
    for (const { queue } of connections) {
      if (queue !== null && !this.knownQueues.has(queue)) this.knownQueues.set(queue, index);
    }
  }

  private queueNumbers(): ReadonlySet<string> {
    return new Set(this.knownQueues.keys());
  }

  private hasDialledAlone(id: string): boolean {
    const seen = [...this.seen.values()].find(({ legs }) => legs.some((leg) => leg.id === id));
    return seen !== undefined && isInside(seen.dn) && seen.status === 'Dialing' && this.isAlone(seen);
  }

  private isAlone(seen: Seen): boolean {
    return ![...this.seen.values()].some((other) => other !== seen && !other.isApart && this.isSameCall(other, seen));
  }

  /** Two calls count as joined only if an extension left both at once and both go on. */
  private findJoinedLooks(look: Look, joins: Truth['joins']): void {
    const left = [...look.before.values()].filter(
      (seen) =>
        isInside(seen.dn) &&
        seen.status !== 'Ringing' &&
        // An extension that has another phone in the call has not left it.
        !look.after.has(seen.key) &&
        !hasLegOf(look.after, seen) &&
        membersLeft(seen.call, look).length > 0,
    );
    const isSeen = (call: string): boolean => [...look.before.values()].some((seen) => seen.call === call);
    for (const { older, newer } of joins) {
      const leftNewer = left.filter(({ call }) => call === newer).map(({ dn }) => dn);
      const looksJoined = left.some(({ call, dn }) => call === older && leftNewer.includes(dn));
      if (isSeen(older) && isSeen(newer) && !looksJoined) this.count('joined unseen', [older, newer]);
      // A party took over a leg from the other call at the moment when the two became one.
      const isTakenOver = [...look.after.values()].some(({ key, legs }) => {
        const before = look.before.get(key);
        const other = [...look.before.values()].find(
          (seen) => seen.key !== key && seen.legs.some(({ id }) => legs.some(isLeg(id))),
        );
        return [older, newer].every((call) => call === before?.call || call === other?.call);
      });
      if (isTakenOver) this.count('joined unseen', [older, newer]);
      const isTwice = [...look.after.values()].some(
        (seen) => isInside(seen.dn) && seen.legs.length > 1 && this.isSameCall(seen, { call: older }),
      );
      if (isTwice) this.count('joined with itself', [older]);
    }
    for (const one of left) {
      const other = left.find((seen) => seen.dn === one.dn && !this.isSameCall(seen, one));
      if (other !== undefined) this.count('looks joined', [one.call, other.call]);
    }
  }

  /** An extension that dialled a code and now talks in another call on a new connection got there by the code. */
  private findPickUpLooks({ before, after, codes }: Look): void {
    for (const { dn, from, to } of codes) {
      const isOnlyOne = codes.filter((other) => other.dn === dn).length === 1;
      if (!isOnlyOne) this.count('looks picked up', [from, to]);
      // The code may have brought the extension into any call in which it has begun to talk.
      const others = [...after.values()].filter(
        (one) => one.dn === dn && !this.isSameCall(one, { call: to }) && hasNewTalk(one, before),
      );
      for (const { call } of others) this.count('looks picked up', [from, to, call]);
    }
    for (const { from, to } of codes) {
      // The lists showed only outside lines in that call, or showed its forwarded line as another call.
      const hasLineApart = [...before.values()].some((seen) => seen.isApart && this.isSameCall(seen, { call: to }));
      const isUnseen = hasLineApart || !this.inhabited.has(this.root(to));
      const isUnknowable = [from, to].some((call) => this.callOf({ call }).isUnknowable);
      if (isUnseen || isUnknowable) this.count('looks like two calls', [from, to]);
    }
    for (const seen of before.values()) {
      if (!isInside(seen.dn) || !isDiallingCode(seen)) continue;
      if (after.has(seen.key) || codes.some(({ from }) => from === seen.call)) continue;
      const other = [...after.values()].find((one) => one.dn === seen.dn && hasNewTalk(one, before));
      if (other !== undefined) this.count('looks picked up', [seen.call, other.call]);
    }
  }

  /** The outside line of a call that looks like two may seem to be a separate call that another was forwarded to. */
  private findForwardLooks({ before, after }: Look): void {
    const lines = [...before.values(), ...after.values()].filter(
      (one) => one.dn === trunk && isUp(one.status) && this.callOf(one).isUnknowable,
    );
    for (const seen of before.values()) {
      if (after.has(seen.key)) continue;
      const [first] = this.callOf(seen).rung;
      const looksForwarded = lines.some(
        (line) => !this.isSameCall(line, seen) && line.firstPoll >= (first?.firstPoll ?? Infinity),
      );
      if (looksForwarded) this.count('looks forwarded', [seen.call]);
    }
  }

  /**
   * A queue's own connection counts as an extension's until this list or an earlier one shows its number as a queue's.
   */
  private findUnknownQueues({ after }: Look): void {
    for (const seen of after.values()) {
      if (!isQueue(seen.dn) || this.truth.numbering.services.test(seen.dn)) continue;
      if (seen.firstPoll < (this.knownQueues.get(seen.dn) ?? Infinity)) this.count('queue not known', [seen.call]);
    }
  }

  // ---- the expected events -----------------------------------------------------------------------------------------

  private expected(look: Look): Expected[] {
    const { before, after } = look;
    const gone = [...before.values()].filter(({ key }) => !after.has(key));
    return [
      ...gone.filter(({ dn }) => isInside(dn)).flatMap((seen) => this.leave(seen, look)),
      ...[...after.values()].filter(({ dn }) => isInside(dn)).flatMap((seen) => change(seen, look)),
      ...this.missed(gone, look),
    ];
  }

  private leave(seen: Seen, look: Look): Expected[] {
    const rest = [...look.after.values()].filter((one) => !one.isApart && this.isSameCall(one, seen));
    if (this.callOf(seen).isUnknowable) {
      return [
        { rank: 0, names: ['transferred'], isOptional: true, seen },
        { rank: 0, names: ['ended', 'ring-stopped'], seen },
      ];
    }
    if (seen.status === 'Ringing' && rest.length > 0) {
      const isTaken = rest.some((one) => this.hasTaken(one, seen)) || this.isForwarded(seen, look);
      if (isTaken !== this.wasTaken(seen, look)) this.count('stopped for a reason unseen');
      return [{ rank: 0, names: ['ring-stopped'], seen, outcome: isTaken ? 'answered-elsewhere' : 'missed' }];
    }
    if (!isUp(seen.status)) {
      if (this.wentOnElsewhere(seen, look)) return [{ rank: 0, names: ['ended'], seen, outcome: 'answered' }];
      // An extension that first rang after the call came back from outside has missed it.
      const isOutside = this.callOf(seen).takenOutside > seen.firstPoll || this.wasForwarded(seen, look);
      const ofRing = isOutside ? 'answered-elsewhere' : 'missed';
      const outcome = look.isSynthetic ? 'unknown' : seen.status === 'Ringing' ? ofRing : 'not-reached';
      return [{ rank: 0, names: ['ended'], seen, outcome }];
    }
    const transferredTo = this.successors(seen, rest, look);
    if (transferredTo.length === 0) return [{ rank: 0, names: ['ended'], seen, outcome: 'answered' }];
    const transferred = { rank: 0, seen, outcome: 'transferred', transferredTo } as const;
    return [
      { ...transferred, names: ['transferred'] },
      { ...transferred, names: ['ended'] },
    ];
  }

  /** Has another extension that was called or picked up got the call, or a line that it was forwarded to? */
  private hasTaken(one: Seen, seen: Seen): boolean {
    if (one.dn === seen.dn || !isUp(one.status) || (one.answeredPoll ?? 0) <= seen.firstPoll) return false;
    if (one.dn === trunk) return one.key !== this.callOf(one).callersLine;
    return isInside(one.dn) && (one.direction !== 'outbound' || one.byCode);
  }

  /** Was a line dialled while it rang, and has that line been answered? */
  private isForwarded(seen: Seen, { after }: Look): boolean {
    return this.linesSince(seen, [...after.values()]).some(
      (line) =>
        line.firstStatus === 'Dialing' && isUp(line.status) && !this.leads(line, after) && this.checkLine(line, seen),
    );
  }

  /** Is it a caller's line, with another party in its call? */
  private leads(line: Seen, after: Look['after']): boolean {
    const others = [...after.values()].filter((one) => one !== line && !one.isApart && this.isSameCall(one, line));
    return !line.isApart && this.callOf(line).callersLine === line.key && others.length > 0;
  }

  /** Did a line talk and leave together with it? */
  private wasForwarded(seen: Seen, look: Look): boolean {
    const gone = [...look.before.values()].filter((one) => !look.after.has(one.key));
    return this.linesSince(seen, gone).some((line) => isUp(line.status) && this.checkLine(line, seen));
  }

  private checkLine(line: Seen, seen: Seen): boolean {
    if (!line.isApart || !this.isSameCall(line, seen)) this.count('looks forwarded');
    return true;
  }

  /** The separate outside lines that appeared while the call rang, or later. */
  private linesSince(seen: Seen, lines: readonly Seen[]): Seen[] {
    const [first] = this.callOf(seen).rung;
    return lines.filter(
      (line) =>
        line.dn === trunk &&
        line.firstPoll >= (first?.firstPoll ?? Infinity) &&
        (line.isApart || (!this.isSameCall(line, seen) && this.isOutsideOnly(line))),
    );
  }

  /** Has its call never been seen with a party other than outside lines? */
  private isOutsideOnly(line: Seen): boolean {
    return !this.inhabited.has(this.root(line.call));
  }

  /** Has the extension's code brought it into a call that it was already part of? */
  private wentOnElsewhere(seen: Seen, { before, after, codes }: Look): boolean {
    if (seen.status !== 'Dialing' || !codes.some(({ from }) => from === seen.call)) return false;
    return [...after.values()].some((one) => one.dn === seen.dn && before.has(one.key) && hasNewTalk(one, before));
  }

  /** Has another extension or a forwarded line answered, at the moment when this one stopped ringing or later? */
  private wasTaken({ ids, dn, call }: Seen, { gap }: Look): boolean {
    const end = gap.find((entry) => ids.has(entry.connection) && (entry.to === null || entry.dn !== dn));
    return gap.some(
      (entry) =>
        entry.at >= (end?.at ?? 0) &&
        entry.dn !== dn &&
        !isUp(entry.from) &&
        isUp(entry.to) &&
        (isInside(entry.dn)
          ? entry.from !== 'Dialing' || entry.party !== ''
          : entry.dn === trunk && entry.from === 'Dialing') &&
        this.root(entry.call) === this.root(call),
    );
  }

  /** The names of those who may have the other party now. While none has answered, all that ring are possible. */
  private successors(seen: Seen, rest: readonly Seen[], look: Look): string[] {
    const moved = rest.find(({ legs }) => legs.some(({ id }) => seen.legs.some((leg) => leg.id === id)));
    if (moved !== undefined) return moved.dn === seen.dn ? [] : [nameOf(moved)];
    const other = this.joinedWith(seen, look);
    if (other !== undefined) {
      const isOlder = this.olderOf.get(other.call) === seen.call;
      const [older, newer] = isOlder ? [seen, other] : [other, seen];
      const [ofOlder, ofNewer] = [membersLeft(older.call, look), membersLeft(newer.call, look)];
      const isNewerOutside = ofNewer.some(isOutside) && !ofOlder.some(isOutside);
      const transferred = isUp(newer.status) && (isNewerOutside || !isUp(older.status)) ? newer : older;
      return transferred === seen ? (isOlder ? ofNewer : ofOlder).map(nameOf) : [];
    }
    if (!rest.some((one) => isOutside(one) && look.before.has(one.key))) return [];
    const joiners = rest.filter(
      ({ dn, firstPoll }) => isInside(dn) && dn !== seen.dn && firstPoll > (seen.answeredPoll ?? 0),
    );
    const talking = joiners.filter(({ status }) => isUp(status));
    return (talking.length > 0 ? talking : joiners).map(nameOf);
  }

  /** The extension's part in the other call of an attended transfer, if both calls go on. */
  private joinedWith(seen: Seen, { before, after }: Look): Seen | undefined {
    return [...before.values()].find(
      (other) =>
        other.dn === seen.dn &&
        other.call !== seen.call &&
        this.isSameCall(other, seen) &&
        other.status !== 'Ringing' &&
        !hasLegOf(after, other) &&
        [seen, other].every(({ call }) => membersLeft(call, { before, after }).length > 0),
    );
  }

  private livesOn(call: string, after: Look['after']): boolean {
    return [...after.values()].some((one) => !one.isApart && this.isSameCall(one, { call }));
  }

  private missed(gone: readonly Seen[], look: Look): Expected[] {
    const over = gone.filter((seen) => !seen.isApart && !this.livesOn(seen.call, look.after));
    const calls = new Map(over.map((seen) => [this.callOf(seen), seen]));
    return [...calls].flatMap(([call, seen]) => {
      const [first] = call.rung;
      if (first === undefined || call.isTaken || look.isSynthetic || call.isUnknowable) return [];
      if (this.wasForwarded(seen, look)) return [];
      const answered = this.answerUnseen(call, look);
      if (answered !== undefined) this.count(isInside(answered.dn) ? 'answered unseen' : 'forwarded unseen');
      return [{ rank: 3, names: ['missed'], seen: this.latest.get(first.key) ?? first, outcome: 'missed' }];
    });
  }

  private answerUnseen(call: SeenCall, { entries }: Look): HistoryEntry | undefined {
    const [first] = call.rung;
    const ring = this.truth.entries.findIndex(({ connection, to }) => first?.ids.has(connection) && to === 'Ringing');
    return this.truth.entries
      .slice(0, entries)
      .find(
        (entry, index) =>
          (isInside(entry.dn) ? entry.from === 'Ringing' : entry.from === 'Dialing' && index > ring) &&
          isUp(entry.to) &&
          this.calls.get(this.root(entry.call)) === call,
      );
  }

  // ---- the reported events -----------------------------------------------------------------------------------------

  private compare(look: Look, expected: readonly Expected[]): void {
    const open = new Set(expected);
    const present = new Map(look.before);
    let rank = 0;
    for (const event of look.events) {
      if (isQueue(event.extension)) {
        assert.ok(this.mayTellQueue(event), `at ${look.at} ${event.event} of the queue ${event.extension}`);
        continue;
      }
      const match = [...open].find(
        ({ names, seen }) =>
          names.includes(event.event) && seen.ids.has(event.connection) && seen.dn === event.extension,
      );
      if (match === undefined) {
        if (this.isOfUnknowable(event) && this.isLenient(event)) continue;
        assert.fail(`at ${look.at} there was no ${event.event} of ${event.connection} at ${event.extension}`);
      }
      open.delete(match);
      if (match.rank === 0) present.delete(match.seen.key);
      else if (match.rank < 3) present.set(match.seen.key, match.seen);
      if (this.isBlurred(match.seen)) continue;
      assert.ok(match.rank >= rank, `at ${look.at} ${event.event} of ${event.connection} comes too late`);
      rank = match.rank;
      this.compareEvent(event, match, look, [...present.values()]);
    }
    for (const { isOptional, names, seen } of open) {
      const isLenient = isOptional ?? this.isBlurred(seen);
      assert.ok(isLenient, `at ${look.at} ${names.join(' or ')} of ${seen.id} at ${seen.dn} was not told`);
    }
  }

  /** Each extension's reported state is true after every snapshot, and no state is reported twice. */
  private compareStates(look: Look): void {
    const { at, states, current } = look;
    const told = new Map(this.told);
    if (this.lastPoll === null) for (const state of current) told.set(state.extension, standingOf(state));
    assert.equal(
      new Set(states.map(({ extension }) => extension)).size,
      states.length,
      `at ${at}: two of one extension`,
    );
    for (const state of states) {
      const { extension, previousState } = state;
      const before = this.told.get(extension) ?? idle;
      const what = `at ${at} state of ${extension}`;
      assert.notDeepEqual(standingOf(state), before, `${what}: twice`);
      assert.equal(previousState, before.extensionState, `${what}: previousState`);
      told.set(extension, standingOf(state));
      if (isQueue(extension)) {
        const mayBeTold = before !== idle || this.mayTellQueue({ extension, startedAt: state.startedAt ?? '' });
        assert.ok(mayBeTold, `${what}, which is a queue`);
      } else this.compareState(state, look);
    }
    for (const state of current) {
      const { extension } = state;
      const what = `at ${at} ${extension}`;
      const standing = told.get(extension) ?? idle;
      assert.deepEqual(standing, standingOf(state), `${what} was told as it is`);
      const own = [...look.after.values()].filter(({ dn }) => dn === extension);
      if (!own.some((one) => this.isBlurred(one))) assert.equal(standing.extensionState, stateOf(own), what);
      if (own.some((one) => this.callOf(one).isUnknowable)) continue;
      assert.equal(standing.activeCalls, new Set(own.map((one) => this.root(one.call))).size, `${what}: activeCalls`);
    }
    this.told = new Map([...told].filter(([, { extensionState }]) => extensionState !== 'idle'));
  }

  private compareState(state: StateEvent, look: Look): void {
    const { extension, extensionState, connection } = state;
    const what = `at ${look.at} state of ${extension}`;
    const is = (name: string, actual: unknown, truth: unknown): void => {
      assert.deepEqual(actual, truth, `${what}: ${name}`);
    };
    is('accuracyMs', state.accuracyMs, look.accuracy);
    is('initial', state.initial, false);
    is('synthetic', state.synthetic, look.isSynthetic);
    const own = [...look.after.values()].filter(({ dn }) => dn === extension);
    if (extensionState === 'idle') {
      const { call, number, direction, internal, queue, trunk: line, startedAt, answeredAt } = state;
      is('call', [connection, call, number, direction, internal, queue, line], Array(7).fill(null));
      is('times', [startedAt, answeredAt], [null, null]);
      return;
    }
    if (own.some((one) => this.isBlurred(one))) return;
    const makers = own.filter((one) => stateOf([one]) === extensionState);
    const latest = Math.max(...makers.map(({ firstPoll }) => firstPoll));
    const seen = makers.find(({ firstPoll, id }) => firstPoll === latest && id === connection);
    assert.ok(seen !== undefined, `${what}: ${connection} is not the latest`);
    is('number', state.number, seen.number);
    is('queue', state.queue?.number ?? null, seen.queue);
    const { polls } = this.truth;
    is('startedAt', state.startedAt, isoTime(polls[seen.firstPoll]?.wall ?? null));
    is('answeredAt', state.answeredAt, isoTime(polls[seen.answeredPoll ?? -1]?.wall ?? null));
    const call = this.callOf(seen);
    if (call.isUnknowable) return;
    is('direction', state.direction, seen.direction);
    is('internal', state.internal, !call.hasTrunk);
    is('trunk', state.trunk, call.hasTrunk ? trunk : null);
    is('call', state.call, call.name ?? state.call);
  }

  /** Did its extension have another connection at about that time? */
  private isShared({ dn, ids }: Pick<Seen, 'dn' | 'ids'>): boolean {
    const [from, to] = this.lifeOf(dn, (id) => ids.has(id));
    const others = new Set(this.truth.entries.filter((entry) => entry.dn === dn).map(({ connection }) => connection));
    return [...others].some((other) => {
      const [start, end] = this.lifeOf(dn, (id) => id === other);
      return !ids.has(other) && start <= to && end >= from;
    });
  }

  /** Returns the last poll before the given connections came to a DN, and the first one after they left. */
  private lifeOf(dn: string, isMeant: (id: string) => boolean): [number, number] {
    const { entries, polls } = this.truth;
    const first = entries.findIndex((entry) => entry.dn === dn && isMeant(entry.connection));
    const last = entries.findLastIndex((entry) => isMeant(entry.connection));
    const before = polls.findLastIndex((poll) => poll.connections !== null && poll.entries <= first);
    const after = polls.findIndex((poll) => poll.connections !== null && poll.entries > last);
    return [before, after < 0 ? polls.length : after];
  }

  /** Could the lists show it as another part of its extension? */
  private isBlurred(seen: Seen): boolean {
    return this.callOf(seen).isUnknowable && (seen.ids.size > 1 || this.isShared(seen));
  }

  private isLenient({ event, extension, connection }: CallEvent): boolean {
    return event === 'missed' || this.isShared({ dn: extension, ids: new Set([connection]) });
  }

  /** Was the number unknown both when the connection was first seen and when its events were due? */
  private mayTellQueue({ extension, startedAt }: Pick<CallEvent, 'extension' | 'startedAt'>): boolean {
    const { polls, numbering } = this.truth;
    const first = polls.findIndex(({ connections, wall }) => connections !== null && isoTime(wall) === startedAt);
    const since = polls[first]?.at ?? 0;
    const told = polls.findIndex(({ connections, at }) => connections !== null && at >= since + doubtPeriod);
    const isKnown = (this.knownQueues.get(extension) ?? Infinity) <= (first === 0 || told < 0 ? first : told);
    return !isKnown && !numbering.services.test(extension);
  }

  private isOfUnknowable({ connection }: CallEvent): boolean {
    const calls = this.truth.entries.filter((entry) => entry.connection === connection).map(({ call }) => call);
    return calls.some((call) => this.callOf({ call }).isUnknowable);
  }

  private compareEvent(
    event: CallEvent,
    { rank, seen, outcome, transferredTo }: Expected,
    look: Look,
    present: Seen[],
  ) {
    const what = `at ${look.at} ${event.event} of ${seen.id} at ${seen.dn}`;
    const call = this.callOf(seen);
    const is = (name: string, actual: unknown, truth: unknown): void => {
      assert.deepEqual(actual, truth, `${what}: ${name}`);
    };
    const own = present.filter(({ dn }) => dn === seen.dn);
    if (!own.some((one) => this.isBlurred(one))) is('extensionState', event.extensionState, stateOf(own));
    is('accuracyMs', event.accuracyMs, look.accuracy);
    is('initial', event.initial, false);
    is('synthetic', event.synthetic, rank === 0 && look.isSynthetic);
    if (rank < 3) {
      this.compareConnection(event, seen, look, rank === 0 ? look.wall : null, is);
      // Another leg may have the call now; the event then describes that leg.
      const owner =
        look.before.get(seen.key) ?? [...look.before.values()].find(({ legs }) => legs.some(isLeg(seen.id)));
      const isOther = (owner?.id ?? seen.id) !== seen.id;
      assert.ok(isOther || happened(event.event, seen, look.gap), `${what} did not happen`);
    }
    if (!own.some((one) => this.callOf(one).isUnknowable)) {
      is('activeCalls', event.activeCalls, new Set(own.map((one) => this.root(one.call))).size);
    }
    if (rank === 0 && seen.direction === 'inbound') {
      call.longestRing = Math.max(call.longestRing, event.ringSeconds ?? 0);
    }
    if (call.isUnknowable) return;

    if (rank === 3) is('ringSeconds', event.ringSeconds, call.longestRing);
    call.name ??= event.call;
    is('call', event.call, call.name);
    const owner = this.named.get(event.call);
    is('owner of the call’s name', owner ?? this.root(seen.call), this.root(seen.call));
    this.named.set(event.call, this.root(seen.call));
    is('direction', event.direction, seen.direction);
    is('internal', event.internal, !call.hasTrunk);
    is('trunk', event.trunk, call.hasTrunk ? trunk : null);
    const rung = call.rung.map(({ dn }) => dn);
    is('extensions', event.extensions, rung.slice(0, event.extensions.length));
    const rungBefore = call.rung.filter(({ firstPoll }) => firstPoll < look.index);
    assert.ok(event.extensions.length >= (rank === 3 ? rung : rungBefore).length, `${what}: extensions`);
    is('outcome', event.outcome, outcome ?? null);
    if (transferredTo === undefined) is('transferredTo', event.transferredTo, null);
    else assert.ok(transferredTo.includes(event.transferredTo ?? ''), `${what}: transferredTo`);
  }

  private compareConnection(
    event: CallEvent,
    seen: Seen,
    look: Look,
    endedAt: number | null,
    is: (name: string, actual: unknown, truth: unknown) => void,
  ): void {
    const timeOf = (index: number | null): string | null => isoTime(this.truth.polls[index ?? -1]?.wall ?? null);
    is('number', event.number, seen.number);
    is('queue', event.queue?.number ?? null, seen.queue);
    is('status', event.status, seen.status.toLowerCase());
    is('previousStatus', event.previousStatus, seen.previousStatus?.toLowerCase() ?? null);
    is('recording', event.recording, seen.recording);
    is('startedAt', event.startedAt, timeOf(seen.firstPoll));
    is('answeredAt', event.answeredAt, timeOf(seen.answeredPoll));
    is('endedAt', event.endedAt, isoTime(endedAt));
    const { spent, error } = this.timesOf(seen, look);
    const isNear = (name: string, seconds: number | null, truth: number, isKnown: boolean): void => {
      is(`${name} is known`, seconds !== null, isKnown);
      if (seconds === null) return;
      const distance = Math.abs(seconds * 1000 - truth);
      assert.ok(
        distance <= error,
        `${name} of ${seen.id} at ${seen.dn} at ${look.at}: ${seconds} s, in truth ${truth} ms`,
      );
    };
    isNear('ringSeconds', event.ringSeconds, spent.ring, seen.answeredPoll !== null || endedAt !== null);
    isNear('talkSeconds', event.talkSeconds, spent.talk, endedAt !== null);
    isNear('holdSeconds', event.holdSeconds, spent.hold, endedAt !== null);
  }

  /**
   * How long a party truly spent in each state, in ms. A change is seen up to its event's `accuracyMs` late. This makes
   * one state too long and another too short. A duration can be wrong by the sum of these delays over all snapshots
   * that saw a change. It is exact where nothing changed.
   */
  private timesOf({ ids, dn, firstPoll }: Seen, look: Look): { spent: Record<Spent, number>; error: number } {
    const spent = { ring: 0, talk: 0, hold: 0 };
    const statuses = new Map<string, ConnectionStatus>();
    let error = 0;
    // The time before this part was seen does not count: its leg began before the first snapshot, or was here once
    // before.
    let since = 0;
    let last: { at: number; in: Spent | null } = { at: 0, in: null };
    let polled: Poll | null = null;
    for (const [index, poll] of this.truth.polls.slice(0, look.index + 1).entries()) {
      if (poll.connections === null) continue;
      const own = this.truth.entries
        .slice(polled?.entries ?? 0, poll.entries)
        .filter(({ connection }) => ids.has(connection));
      if (index === firstPoll) since = polled?.at ?? poll.at;
      if (index >= firstPoll && own.length > 0 && polled !== null) error += poll.at - polled.at;
      for (const { at, connection, dn: where, to } of own) {
        if (index >= firstPoll && last.in !== null) spent[last.in] += Math.max(at - Math.max(last.at, since), 0);
        if (where === dn && to !== null) statuses.set(connection, to);
        else statuses.delete(connection);
        last = { at, in: spentBy([...statuses.values()], last.in) };
      }
      polled = poll;
    }
    if (last.in !== null) spent[last.in] += look.at - Math.max(last.at, since);
    return { spent, error };
  }
}

/** The expected events of a party that has changed or is new. */
function change(seen: Seen, { before, index }: Look): Expected[] {
  const last = before.get(seen.key);
  if (seen.firstPoll === index || last === undefined) return [{ rank: 2, names: [beginOf(seen.status)], seen }];
  const names: CallEvent['event'][] = [];
  if (seen.answeredPoll === index) names.push('answered');
  else if (last.status === 'Connected' && seen.status !== 'Connected') names.push('held');
  else if (last.status !== 'Connected' && seen.status === 'Connected') names.push('resumed');
  if (last.recording !== seen.recording) names.push('recording');
  return names.map((name) => ({ rank: 1, names: [name], seen }));
}

/** Does the history since the previous snapshot contain the event? */
function happened(event: CallEvent['event'], { ids, dn, recording }: Seen, gap: readonly HistoryEntry[]): boolean {
  const own = gap.filter(({ connection }) => ids.has(connection));
  const here = own.filter((entry) => entry.dn === dn);
  switch (event) {
    case 'ringing':
      return here.some(({ to }) => to === 'Ringing');
    case 'dialing':
      return here.some(({ to }) => to === 'Dialing');
    case 'answered':
      return here.some(({ from, to }) => !isUp(from) && isUp(to));
    case 'held':
      return here.some(({ to }) => to === 'Hold' || to === 'Held');
    case 'resumed':
      return here.some(({ from, to }) => from !== to && to === 'Connected');
    case 'recording':
      return here.some((entry) => recordings[entry.recording] === recording);
    default:
      return own.some((entry) => entry.to === null || entry.dn !== dn || isUp(entry.to));
  }
}

/** The leg that has the call: one that talks, or else one that still does what the party did before. */
function leaderOf(legs: readonly Connection[], before: Seen | undefined): Connection {
  const order: readonly (ConnectionStatus | undefined)[] = [
    ...(['Connected', 'Hold', 'Held'] as const),
    ...([before?.status, 'Ringing', 'Dialing', 'Undefined'] as const),
  ];
  const best = order.find((status) => legs.some((leg) => leg.status === status));
  const leaders = legs.filter(({ status }) => status === best);
  return leaders.find(({ id }) => id === before?.id) ?? leaders[0] ?? assert.fail('a party has a leg');
}

/**
 * Is it still the same part? A party that rings or dials after something else was elsewhere in between, unless a phone
 * kept ringing.
 */
function goesOn(seen: Seen, legs: readonly Connection[]): boolean {
  const { status: next } = leaderOf(legs, seen);
  if (isUp(next) || next === seen.status) return true;
  const rings = new Set(seen.legs.filter((leg) => leg.status === 'Ringing').map(({ id }) => id));
  return isUp(seen.status) && legs.some((leg) => leg.status === 'Ringing' && rings.has(leg.id));
}

function isLeg(id: string): (leg: Connection) => boolean {
  return (leg) => leg.id === id;
}

/** Does it talk on a connection that it did not have before? */
function hasNewTalk(seen: Seen, before: ReadonlyMap<string, Seen>): boolean {
  const legs = before.get(seen.key)?.legs ?? [];
  return seen.legs.some((leg) => isUp(leg.status) && !legs.some(({ id }) => id === leg.id));
}

function isDiallingCode({ status, number }: Seen): boolean {
  return status === 'Dialing' && isCode(number);
}

function shareInOrder(one: Connection, other: Connection, list: Parameters<typeof shareParty>[2]): boolean {
  const { connections } = list;
  const isEarlier = connections.indexOf(one) < connections.indexOf(other);
  return isEarlier ? shareParty(one, other, list) : shareParty(other, one, list);
}

function standingOf({ extensionState, activeCalls }: Standing): Standing {
  return { extensionState, activeCalls };
}

function stateOf(own: readonly Seen[]): CallEvent['extensionState'] {
  const isIn = (...statuses: ConnectionStatus[]): boolean => own.some(({ status }) => statuses.includes(status));
  if (isIn('Connected')) return 'talking';
  if (isIn('Ringing')) return 'ringing';
  if (isIn('Dialing')) return 'dialing';
  return isIn('Hold', 'Held') ? 'held' : 'idle';
}

/** The parties that are still there, at any DN, of those that were in a call before. */
function membersLeft(call: string, { before, after }: Pick<Look, 'before' | 'after'>): Seen[] {
  const members = [...before.values()].filter((one) => one.call === call && !one.isApart);
  const ids = new Set(members.flatMap(({ legs }) => legs.map(({ id }) => id)));
  return [...after.values()].filter(({ legs }) => legs.some(({ id }) => ids.has(id)));
}

type Spent = 'ring' | 'talk' | 'hold';

/** @param last the state before; after an answer a phone that keeps ringing does not change it */
function spentBy(statuses: readonly ConnectionStatus[], last: Spent | null): Spent | null {
  if (statuses.includes('Connected')) return 'talk';
  if (statuses.some(isUp)) return 'hold';
  return statuses.length === 0 ? null : (last ?? 'ring');
}

function beginOf(status: ConnectionStatus): CallEvent['event'] {
  return status === 'Ringing' ? 'ringing' : status === 'Dialing' ? 'dialing' : 'answered';
}

function isUp(status: ConnectionStatus | null): boolean {
  return status === 'Connected' || status === 'Hold' || status === 'Held';
}

function isInside(dn: string): boolean {
  return extensions.includes(dn);
}

function isQueue(dn: string): boolean {
  return queues.some(({ number }) => number === dn);
}

function isOutside({ dn }: Seen): boolean {
  return dn === trunk;
}

/** Is the connection there, at any DN? */
function has(seen: ReadonlyMap<string, Seen>, id: string): boolean {
  return [...seen.values()].some(({ legs }) => legs.some((leg) => leg.id === id));
}

/** Is any of its connections there, at any DN? */
function hasLegOf(seen: ReadonlyMap<string, Seen>, { legs }: Seen): boolean {
  return legs.some(({ id }) => has(seen, id));
}

function nameOf({ dn, number, legs }: Seen): string {
  return dn === trunk ? (legs[0]?.party ?? number) : dn;
}

function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
