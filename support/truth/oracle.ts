import assert from 'node:assert/strict';
import type { CallEvent, StateEvent } from '../../lib/calls';
import { type Direction, type EventOutcome, isCode } from '../../lib/pbx';
import type { HistoryEntry } from '../../simulator/history';
import type { Connection, ConnectionStatus } from '../../simulator/pbx';
import { extensions, type Poll, queues, trunk, type Truth } from './histories';
import { areLinked, isOnePiece, shareParty } from './lists';

/** Why nobody can know something from the lists, and what the tracker makes of it then. */
export type Unknowable =
  /**
   * Two calls stand next to each other like one: new connections with the same outside number (community), or with CCIDs
   * that go on (documented). They are one call.
   */
  | 'looks like one call'
  /**
   * New connections have nothing in common with the rest of their call, or nobody stayed of those there were before. They
   * are a call of their own, the one before is over.
   */
  | 'looks like two calls'
  /** An extension left two calls that live on, but did not join them. They are one call. */
  | 'looks joined'
  /** Two calls were joined, and a party of them has answered or gone in the same moment. They are two calls. */
  | 'joined unseen'
  /** Two calls of one extension were joined: it has two parts in one call. */
  | 'joined with itself'
  /** An extension dialled a code that did nothing, and talks by now in another call: the code got it there. */
  | 'looks picked up'
  /** Who was called answered and was gone, between two polls. It was missed. */
  | 'answered unseen'
  /** It was forwarded outside and answered there, but that line stayed, or was not seen. It was missed. */
  | 'forwarded unseen'
  /** A line of another call dialled, or talked and was gone with it: it was forwarded there. */
  | 'looks forwarded'
  /**
   * It stopped ringing since another extension answered, which is gone as well: `missed`. Or that one took the call from
   * where it was parked: `answered-elsewhere`.
   */
  | 'stopped for a reason unseen'
  /** First seen Connected, and the first record of the call is not who started it. It counts as who did. */
  | 'started by another'
  /** A queue has a connection of its own before its number was seen as a queue's. It is an extension. */
  | 'queue not known';

export interface Findings {
  events: number;
  states: number;
  /** Seen calls of the PBX. */
  calls: number;
  unknowable: Map<Unknowable, number>;
}

/** A party's part in a call, as it was last seen: an extension with all its legs, else one leg. */
interface Seen {
  /** The same as long as it is the same part. */
  readonly key: string;
  /** Its legs in the last list. */
  legs: readonly Connection[];
  /** All legs that it ever had. */
  ids: ReadonlySet<string>;
  /** The leg that has the call. */
  id: string;
  dn: string;
  /** Of the PBX. */
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
  /** A line on which the call is forwarded, which nothing in the list links to it. */
  isApart: boolean;
}

/** A call of the PBX, with all that was joined to it. */
interface SeenCall {
  firstSeen: number | null;
  /** The line on which it came in. */
  callersLine: string | null;
  hasTrunk: boolean;
  /** The parties that were seen ringing an extension, the first one of each, in order. */
  rung: Seen[];
  /** An extension has answered that was called, or a line outside that it was forwarded to. */
  isTaken: boolean;
  /** The last poll that saw such a line answer; -1 for none. */
  takenOutside: number;
  /** In seconds, of those that it rang and that are gone. */
  longestRing: number;
  /** What belongs to it cannot be known. */
  isUnknowable: boolean;
  /** How the tracker names it. */
  name: string | null;
}

interface Expected {
  /** Its place in a snapshot: gone, changed, new, missed. */
  rank: number;
  /** One of these. */
  names: readonly CallEvent['event'][];
  isOptional?: boolean;
  /** As it is after the event. */
  seen: Seen;
  outcome?: EventOutcome;
  /** One of these. */
  transferredTo?: readonly string[];
  /** Told later than it was seen: when it was seen. */
  since?: Look;
}

/** The state of an extension. */
type Standing = Pick<StateEvent, 'extensionState' | 'activeCalls'>;

const idle: Standing = { extensionState: 'idle', activeCalls: 0 };

/** A poll with a snapshot, and what was seen before and after it. */
interface Look extends Omit<Poll, 'codes'> {
  index: number;
  isSynthetic: boolean;
  accuracy: number;
  before: ReadonlyMap<string, Seen>;
  after: ReadonlyMap<string, Seen>;
  /** What happened since the snapshot before. */
  gap: readonly HistoryEntry[];
  /** The codes that took a call since. */
  codes: Truth['codes'];
}

const recordings: Readonly<Record<string, CallEvent['recording']>> = {
  Start: 'on',
  Resume: 'on',
  Pause: 'paused',
  Stop: 'off',
};

/** How long a DN of four digits that never rang may turn out to be a queue's, in ms. */
const doubtPeriod = 1_000;

/**
 * Holds the events of a history against the truth.
 *
 * @throws AssertionError for an event that is wrong, too much or missing
 */
export function check(truth: Truth): Findings {
  const oracle = new Oracle(truth);
  for (const [index, poll] of truth.polls.entries()) oracle.poll(index, poll);
  return oracle.findings;
}

/** How many events there are of the connections of extensions to who sees all: that they began, changed and ended. */
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
 * Says what should have been told of a history. It knows what no list tells: to which call of the PBX each connection
 * belongs, who was joined with whom, and all that happened between two polls.
 *
 * What an event says of its connection is held against that without exception: what happened, when, for how long, in
 * which order. What it says of its call is as well, but for calls that their list does not tell apart or together; those
 * are counted.
 */
class Oracle {
  readonly findings: Findings = { events: 0, states: 0, calls: 0, unknowable: new Map() };
  private seen: ReadonlyMap<string, Seen> = new Map();
  private readonly calls = new Map<string, SeenCall>();
  /** Of a joined call, the one that it has become part of. */
  private readonly olderOf = new Map<string, string>();
  /** Whose name it is. */
  private readonly named = new Map<string, string>();
  /** Of a call that is, or looks like, one with another: that one. */
  private readonly looks = new Map<string, string>();
  /** Of a queue, the poll in which its number was first seen as one. */
  private readonly knownQueues = new Map<string, number>();
  /** The calls that had anybody but lines outside. */
  private readonly inhabited = new Set<string>();
  /** Each party as it was last seen, by its key. */
  private readonly latest = new Map<string, Seen>();
  /** What was told last of each extension that was not idle then. */
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
      // Besides whoever joined them.
      const twice = [...(dns[0] ?? [])].filter((dn) => dns[1]?.has(dn));
      if (twice.length > 1) this.count('joined with itself', [older]);
    }
  }

  /** The parties there are, in the order of the list. */
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

  /** Whose leg it was before. */
  private ownerOf({ id, dn }: Connection): Seen | undefined {
    return [...this.seen.values()].find((seen) => seen.dn === dn && seen.legs.some((leg) => leg.id === id));
  }

  /** Whose leg it was before, at whatever DN. */
  private ownerElsewhere({ id }: Connection): Seen | undefined {
    return [...this.seen.values()].find(({ legs }) => legs.some((leg) => leg.id === id));
  }

  /** Who dialled the code that took this call on a new connection. */
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
    // Another phone that rings on is no news of who talks.
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

  /** Forwarded by a connection of its own that has nothing in common with the others (community). */
  private isApart(line: Connection, connections: readonly Connection[]): boolean {
    if (this.truth.server === 'documented' || !this.truth.forwards.has(line.id) || has(this.seen, line.id))
      return false;
    const list = { connections, known: new Set<string>(), server: this.truth.server, queues: this.queueNumbers() };
    const others = connections.filter((other) => other !== line && this.isSameCall(other, line));
    const hasCaller = others.some((other) => connections.indexOf(other) < connections.indexOf(line));
    // One caller has one line: another one with the same number is another call.
    const isSecond = others.some(({ dn, party }) => dn === trunk && party === line.party);
    return hasCaller && (isSecond || !others.some((other) => shareInOrder(other, line, list)));
  }

  /** By the truth where it was seen, else by the list. */
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
    // What was dialled alone may be a code: where it belongs is found out anew.
    for (const { id, status } of connections) if (isUp(status) && this.hasDialledAlone(id)) known.delete(id);
    // Whoever has come by a code and is elsewhere since was not seen to come.
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
      // Beyond lines that stand alone.
      for (const next of calls.slice(index + 1)) {
        const isLine = next.members[0]?.dn === trunk && this.truth.server !== 'documented';
        const behind = isLine ? next.members.slice(1) : [];
        // A call that looks like one with another goes on where that one does.
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

  /** The same for all calls that look like one. */
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

  /** Two calls that an extension left at once and that live on count as joined, and no others. */
  private findJoinedLooks(look: Look, joins: Truth['joins']): void {
    const left = [...look.before.values()].filter(
      (seen) =>
        isInside(seen.dn) &&
        seen.status !== 'Ringing' &&
        // Who has another phone there has not left.
        !look.after.has(seen.key) &&
        !hasLegOf(look.after, seen) &&
        membersLeft(seen.call, look).length > 0,
    );
    const isSeen = (call: string): boolean => [...look.before.values()].some((seen) => seen.call === call);
    for (const { older, newer } of joins) {
      const leftNewer = left.filter(({ call }) => call === newer).map(({ dn }) => dn);
      const looksJoined = left.some(({ call, dn }) => call === older && leftNewer.includes(dn));
      if (isSeen(older) && isSeen(newer) && !looksJoined) this.count('joined unseen', [older, newer]);
      // In the moment in which they became one it has another leg, which was in the other call.
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

  /** Whoever dialled a code and talks by now in another call, on a connection that is new, got there by the code. */
  private findPickUpLooks({ before, after, codes }: Look): void {
    for (const { dn, from, to } of codes) {
      const isOnlyOne = codes.filter((other) => other.dn === dn).length === 1;
      if (!isOnlyOne) this.count('looks picked up', [from, to]);
      // The code may have got it into any call in which it has begun to talk.
      const others = [...after.values()].filter(
        (one) => one.dn === dn && !this.isSameCall(one, { call: to }) && hasNewTalk(one, before),
      );
      for (const { call } of others) this.count('looks picked up', [from, to, call]);
    }
    for (const { from, to } of codes) {
      // By the lists nobody rang, or whoever talks on the line that it was forwarded to is in another call.
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

  /** Of a call that looks like two, the line outside may be a call by itself, and so one that another was forwarded to. */
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

  /** Until its number is known as a queue's, by this list or one before, a queue's own connection is an extension's. */
  private findUnknownQueues({ after }: Look): void {
    for (const seen of after.values()) {
      if (!isQueue(seen.dn) || this.truth.numbering.services.test(seen.dn)) continue;
      if (seen.firstPoll < (this.knownQueues.get(seen.dn) ?? Infinity)) this.count('queue not known', [seen.call]);
    }
  }

  // ---- what should be told -----------------------------------------------------------------------------------------

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
      // Who was rung when it had come back from there has missed it.
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

  /** Does another extension that was called, or picked up, have the call, or a line that it was forwarded to? */
  private hasTaken(one: Seen, seen: Seen): boolean {
    if (one.dn === seen.dn || !isUp(one.status) || (one.answeredPoll ?? 0) <= seen.firstPoll) return false;
    if (one.dn === trunk) return one.key !== this.callOf(one).callersLine;
    return isInside(one.dn) && (one.direction !== 'outbound' || one.byCode);
  }

  /** Is there a line that was dialled while it rang, and has been answered? */
  private isForwarded(seen: Seen, { after }: Look): boolean {
    return this.linesSince(seen, [...after.values()]).some(
      (line) =>
        line.firstStatus === 'Dialing' && isUp(line.status) && !this.leads(line, after) && this.checkLine(line, seen),
    );
  }

  /** Is it the line of a caller, who talks to somebody outside? */
  private leads(line: Seen, after: Look['after']): boolean {
    const others = [...after.values()].filter((one) => one !== line && !one.isApart && this.isSameCall(one, line));
    return !line.isApart && this.callOf(line).callersLine === line.key && others.length > 0;
  }

  /** Is there a line that talked, and has gone with it? */
  private wasForwarded(seen: Seen, look: Look): boolean {
    const gone = [...look.before.values()].filter((one) => !look.after.has(one.key));
    return this.linesSince(seen, gone).some((line) => isUp(line.status) && this.checkLine(line, seen));
  }

  private checkLine(line: Seen, seen: Seen): boolean {
    if (!line.isApart || !this.isSameCall(line, seen)) this.count('looks forwarded');
    return true;
  }

  /** The lines outside by themselves that came while the call rang, or after. */
  private linesSince(seen: Seen, lines: readonly Seen[]): Seen[] {
    const [first] = this.callOf(seen).rung;
    return lines.filter(
      (line) =>
        line.dn === trunk &&
        line.firstPoll >= (first?.firstPoll ?? Infinity) &&
        (line.isApart || (!this.isSameCall(line, seen) && this.isOutsideOnly(line))),
    );
  }

  /** Has it never been seen with anybody inside? */
  private isOutsideOnly(line: Seen): boolean {
    return !this.inhabited.has(this.root(line.call));
  }

  /** Has its code got the extension into a call in which it has a part already? */
  private wentOnElsewhere(seen: Seen, { before, after, codes }: Look): boolean {
    if (seen.status !== 'Dialing' || !codes.some(({ from }) => from === seen.call)) return false;
    return [...after.values()].some((one) => one.dn === seen.dn && before.has(one.key) && hasNewTalk(one, before));
  }

  /** Has another extension, or a line it was forwarded to, answered when it stopped ringing, or since? */
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

  /** Who may have the other party now; any of those that ring for it. */
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

  /** The other connection of an attended transfer, where both calls live on. */
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

  // ---- what was told -----------------------------------------------------------------------------------------------

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

  /** What was told of each extension is true after every snapshot, and nothing is told twice. */
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

  /** Has its extension had another connection about that time? */
  private isShared({ dn, ids }: Pick<Seen, 'dn' | 'ids'>): boolean {
    const [from, to] = this.lifeOf(dn, (id) => ids.has(id));
    const others = new Set(this.truth.entries.filter((entry) => entry.dn === dn).map(({ connection }) => connection));
    return [...others].some((other) => {
      const [start, end] = this.lifeOf(dn, (id) => id === other);
      return !ids.has(other) && start <= to && end >= from;
    });
  }

  /** From the poll before some connections of a DN came to the one after they were gone. */
  private lifeOf(dn: string, isMeant: (id: string) => boolean): [number, number] {
    const { entries, polls } = this.truth;
    const first = entries.findIndex((entry) => entry.dn === dn && isMeant(entry.connection));
    const last = entries.findLastIndex((entry) => isMeant(entry.connection));
    const before = polls.findLastIndex((poll) => poll.connections !== null && poll.entries <= first);
    const after = polls.findIndex((poll) => poll.connections !== null && poll.entries > last);
    return [before, after < 0 ? polls.length : after];
  }

  /** It may be another part of its extension, to whoever sees the lists. */
  private isBlurred(seen: Seen): boolean {
    return this.callOf(seen).isUnknowable && (seen.ids.size > 1 || this.isShared(seen));
  }

  private isLenient({ event, extension, connection }: CallEvent): boolean {
    return event === 'missed' || this.isShared({ dn: extension, ids: new Set([connection]) });
  }

  /** Was its number not known when the connection was first seen, nor by the time that it had to be told? */
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
      // Another leg has the call now, and what is true of that one.
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
   * How long a party truly was in which state, in ms. Each change is seen up to `accuracyMs` of its event late, which
   * makes one state too long and another too short, so a duration can be wrong by the sum of that over all snapshots that
   * saw a change; where nothing changed, it is exact.
   */
  private timesOf({ ids, dn, firstPoll }: Seen, look: Look): { spent: Record<Spent, number>; error: number } {
    const spent = { ring: 0, talk: 0, hold: 0 };
    const statuses = new Map<string, ConnectionStatus>();
    let error = 0;
    // What was before it was seen here counts for nothing: it began before the first snapshot, or was here once before.
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

/** What changed of a party, or that it is new. */
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

/** Is it in the history, since the snapshot before? */
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

/** Of several legs, the one that has the call: one that talks, else one that still does what was done before. */
function leaderOf(legs: readonly Connection[], before: Seen | undefined): Connection {
  const order: readonly (ConnectionStatus | undefined)[] = [
    ...(['Connected', 'Hold', 'Held'] as const),
    ...([before?.status, 'Ringing', 'Dialing', 'Undefined'] as const),
  ];
  const best = order.find((status) => legs.some((leg) => leg.status === status));
  const leaders = legs.filter(({ status }) => status === best);
  return leaders.find(({ id }) => id === before?.id) ?? leaders[0] ?? assert.fail('a party has a leg');
}

/** It rings or dials, and did something else before: it has been somewhere else in between, unless a phone rings on. */
function goesOn(seen: Seen, legs: readonly Connection[]): boolean {
  const { status: next } = leaderOf(legs, seen);
  if (isUp(next) || next === seen.status) return true;
  const rings = new Set(seen.legs.filter((leg) => leg.status === 'Ringing').map(({ id }) => id));
  return isUp(seen.status) && legs.some((leg) => leg.status === 'Ringing' && rings.has(leg.id));
}

/** Does it talk on a connection that it did not have? */
function isLeg(id: string): (leg: Connection) => boolean {
  return (leg) => leg.id === id;
}

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

/** Those that are still there, at whatever DN, of who was in a call before. */
function membersLeft(call: string, { before, after }: Pick<Look, 'before' | 'after'>): Seen[] {
  const members = [...before.values()].filter((one) => one.call === call && !one.isApart);
  const ids = new Set(members.flatMap(({ legs }) => legs.map(({ id }) => id)));
  return [...after.values()].filter(({ legs }) => legs.some(({ id }) => ids.has(id)));
}

type Spent = 'ring' | 'talk' | 'hold';

/** @param last what it was in before: once somebody talked, a phone that rings on says nothing */
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

/** Is the connection there, at whatever DN? */
function has(seen: ReadonlyMap<string, Seen>, id: string): boolean {
  return [...seen.values()].some(({ legs }) => legs.some((leg) => leg.id === id));
}

/** Is any of its connections there, at whatever DN? */
function hasLegOf(seen: ReadonlyMap<string, Seen>, { legs }: Seen): boolean {
  return legs.some(({ id }) => has(seen, id));
}

function nameOf({ dn, number, legs }: Seen): string {
  return dn === trunk ? (legs[0]?.party ?? number) : dn;
}

function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
