/**
 * Says what should have been told of a history. It knows what no list tells: to which call of the PBX each connection
 * belongs, who was joined with whom, and all that happened between two polls.
 *
 * What an event says of its connection is held against that without exception: what happened, when, for how long, in
 * which order. What it says of its call is as well, but for calls that their list does not tell apart or together; those
 * are counted.
 */
import assert from 'node:assert/strict';
import type { CallEvent, Direction, EventOutcome } from '../../../lib/calls/types';
import type { HistoryEntry } from '../../../simulator/history';
import type { Connection, ConnectionStatus } from '../../../simulator/pbx';
import { extensions, type Poll, trunk, type Truth } from './histories';
import { areLinked, isOnePiece } from './lists';

/** Why nobody can know something from the lists, and what the tracker makes of it then. */
export type Unknowable =
  /**
   * Two calls stand next to each other like one: new connections with the same outside number (shipped), or with CCIDs
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
  /** Who was called answered and was gone, between two polls. It was missed. */
  | 'answered unseen'
  /**
   * It stopped ringing since another extension answered, which is gone as well: `missed`. Or that one took the call from
   * where it was parked: `answered-elsewhere`.
   */
  | 'stopped for a reason unseen'
  /** First seen Connected, and the first record of the call is not who started it. It counts as who did. */
  | 'started by another';

export interface Findings {
  events: number;
  /** Seen calls of the PBX. */
  calls: number;
  unknowable: Map<Unknowable, number>;
}

/** A connection as it was last seen at a DN. */
interface Seen {
  id: string;
  dn: string;
  /** Of the PBX. */
  call: string;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  firstPoll: number;
  answeredPoll: number | null;
  direction: Direction;
  number: string;
  queue: string | null;
  recording: CallEvent['recording'];
}

/** A call of the PBX, with all that was joined to it. */
interface SeenCall {
  hasTrunk: boolean;
  /** The connections that were seen ringing an extension, the first one of each, in order. */
  rung: Seen[];
  /** An extension has answered that was called. */
  isTaken: boolean;
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
}

/** A poll with a snapshot, and what was seen before and after it. */
interface Look extends Poll {
  index: number;
  isSynthetic: boolean;
  accuracy: number;
  before: ReadonlyMap<string, Seen>;
  after: ReadonlyMap<string, Seen>;
  /** What happened since the snapshot before. */
  gap: readonly HistoryEntry[];
}

const recordings: Readonly<Record<string, CallEvent['recording']>> = {
  Start: 'on',
  Resume: 'on',
  Pause: 'paused',
  Stop: 'off',
};

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

class Oracle {
  readonly findings: Findings = { events: 0, calls: 0, unknowable: new Map() };
  private seen: ReadonlyMap<string, Seen> = new Map();
  private readonly calls = new Map<string, SeenCall>();
  /** Of a joined call, the one that it has become part of. */
  private readonly olderOf = new Map<string, string>();
  /** Whose name it is. */
  private readonly named = new Map<string, string>();
  private lastPoll: number | null = null;

  constructor(private readonly truth: Truth) {}

  poll(index: number, poll: Poll): void {
    if (poll.connections === null) {
      assert.deepEqual(poll.events, [], 'without a snapshot nothing is told');
      return;
    }
    const last = this.lastPoll === null ? undefined : this.truth.polls[this.lastPoll];
    const joins = this.truth.joins.slice(last?.joins ?? 0, poll.joins);
    this.join(joins);
    this.findUnknowable(poll.connections);
    const look: Look = {
      ...poll,
      index,
      isSynthetic: this.lastPoll !== null && index - this.lastPoll > 1,
      accuracy: poll.at - (last?.at ?? poll.at),
      before: this.seen,
      after: new Map(poll.connections.map((connection) => [keyOf(connection), this.lookAt(connection, poll, index)])),
      gap: this.truth.entries.slice(last?.entries ?? 0, poll.entries),
    };
    this.findJoinedLooks(look, joins);
    this.learn(look);
    if (last === undefined) assert.deepEqual(poll.events, [], 'the first snapshot is silent');
    else this.compare(look, this.expected(look));
    this.seen = look.after;
    this.lastPoll = index;
    this.findings.events += poll.events.length;
    this.findings.calls = this.calls.size;
  }

  // ---- what there is -----------------------------------------------------------------------------------------------

  private root(call: string): string {
    const older = this.olderOf.get(call);
    return older === undefined ? call : this.root(older);
  }

  private callOf({ call }: Pick<Seen, 'call'>): SeenCall {
    const root = this.root(call);
    const known = this.calls.get(root);
    if (known !== undefined) return known;
    const seen = { hasTrunk: false, rung: [], isTaken: false, longestRing: 0, isUnknowable: false, name: null };
    this.calls.set(root, seen);
    return seen;
  }

  private join(joins: Truth['joins']): void {
    for (const { older, newer } of joins) {
      this.olderOf.set(newer, older);
      const from = this.calls.get(newer);
      if (from === undefined) continue;
      if (!this.calls.has(older) && from.name !== null) this.named.set(from.name, older);
      const into = this.callOf({ call: older });
      into.hasTrunk ||= from.hasTrunk;
      into.isTaken ||= from.isTaken;
      into.longestRing = Math.max(into.longestRing, from.longestRing);
      into.isUnknowable ||= from.isUnknowable;
      into.rung.push(...from.rung.filter(({ dn }) => !into.rung.some((other) => other.dn === dn)));
    }
  }

  private lookAt(connection: Connection, { connections }: Poll, index: number): Seen {
    const { id, dn, call, status, party, queue } = connection;
    const before = this.seen.get(keyOf(connection));
    const stays = before !== undefined && !isBack(before, connection) ? before : undefined;
    const isNumber = party !== '' && !party.startsWith('*');
    return {
      id,
      dn,
      call,
      status,
      previousStatus: stays === undefined ? null : stays.status === status ? stays.previousStatus : stays.status,
      firstPoll: stays?.firstPoll ?? index,
      answeredPoll: stays?.answeredPoll ?? (isUp(status) ? index : null),
      direction: stays?.direction ?? this.directionOf(connection, connections ?? []),
      number: stays === undefined || isNumber ? party : stays.number,
      queue: (this.truth.server === 'shipped' ? queue : null) ?? stays?.queue ?? null,
      recording: recordings[connection.recording] ?? 'off',
    };
  }

  /** By the truth where it was seen, else by the list. */
  private directionOf({ id, dn, status, call }: Connection, connections: readonly Connection[]): Direction {
    if (status === 'Ringing') return 'inbound';
    if (status === 'Dialing') return 'outbound';
    const members = connections.filter((other) => this.root(other.call) === this.root(call));
    if (members.length < 2) return 'unknown';
    const told = members[0]?.id === id && !has(this.seen, id) ? 'outbound' : 'inbound';
    const first = this.truth.entries.find((entry) => entry.connection === id && entry.dn === dn)?.to ?? 'Connected';
    if (isInside(dn) && !isUp(first) && (first === 'Dialing') !== (told === 'outbound')) {
      this.count('started by another');
    }
    return told;
  }

  private learn({ after }: Look): void {
    for (const seen of after.values()) {
      const call = this.callOf(seen);
      if (seen.dn === trunk) call.hasTrunk = true;
      if (!isInside(seen.dn)) continue;
      if (seen.status === 'Ringing' && !call.rung.some(({ dn }) => dn === seen.dn)) call.rung.push(seen);
      if (seen.answeredPoll !== null && seen.direction !== 'outbound') call.isTaken = true;
    }
  }

  // ---- what cannot be known ----------------------------------------------------------------------------------------

  private count(why: Unknowable, calls: readonly string[] = []): void {
    if (calls.length > 0 && calls.every((call) => this.callOf({ call }).isUnknowable)) return;
    this.findings.unknowable.set(why, (this.findings.unknowable.get(why) ?? 0) + 1);
    for (const call of calls) this.callOf({ call }).isUnknowable = true;
  }

  private findUnknowable(connections: readonly Connection[]): void {
    const known = new Set([...this.seen.values()].map(({ id }) => id));
    const wasThere = new Set([...this.seen.values()].map(({ call }) => this.root(call)));
    const list = { connections, known, server: this.truth.server };
    const calls = [...new Set(connections.map(({ call }) => call))].map((call) => ({
      call,
      members: connections.filter((connection) => connection.call === call),
    }));
    for (const [index, { call, members }] of calls.entries()) {
      const nobodyStayed = wasThere.has(this.root(call)) && !members.some(({ id }) => known.has(id));
      if (nobodyStayed || !isOnePiece(members, list)) this.count('looks like two calls', [call]);
      const next = calls[index + 1];
      if (next !== undefined && areLinked(members, next.members, list)) {
        this.count('looks like one call', [call, next.call]);
      }
    }
  }

  /** Two calls that an extension left at once and that live on count as joined, and no others. */
  private findJoinedLooks(look: Look, joins: Truth['joins']): void {
    const left = [...look.before.values()].filter(
      (seen) =>
        isInside(seen.dn) &&
        seen.status !== 'Ringing' &&
        !has(look.after, seen.id) &&
        membersLeft(seen.call, look).length > 0,
    );
    const isSeen = (call: string): boolean => [...look.before.values()].some((seen) => seen.call === call);
    for (const { older, newer } of joins) {
      const leftNewer = left.filter(({ call }) => call === newer).map(({ dn }) => dn);
      const looksJoined = left.some(({ call, dn }) => call === older && leftNewer.includes(dn));
      if (isSeen(older) && isSeen(newer) && !looksJoined) this.count('joined unseen', [older, newer]);
    }
    for (const one of left) {
      const other = left.find(({ dn, call }) => dn === one.dn && this.root(call) !== this.root(one.call));
      if (other !== undefined) this.count('looks joined', [one.call, other.call]);
    }
  }

  // ---- what should be told -----------------------------------------------------------------------------------------

  private expected(look: Look): Expected[] {
    const { before, after } = look;
    const gone = [...before.values()].filter((seen) => after.get(keyOf(seen))?.firstPoll !== seen.firstPoll);
    return [
      ...gone.filter(({ dn }) => isInside(dn)).flatMap((seen) => this.leave(seen, look)),
      ...[...after.values()].filter(({ dn }) => isInside(dn)).flatMap((seen) => change(seen, look)),
      ...this.missed(gone, look),
    ];
  }

  private leave(seen: Seen, look: Look): Expected[] {
    const rest = [...look.after.values()].filter(({ call }) => this.root(call) === this.root(seen.call));
    if (this.callOf(seen).isUnknowable) {
      return [
        { rank: 0, names: ['transferred'], isOptional: true, seen },
        { rank: 0, names: ['ended', 'ring-stopped'], seen },
      ];
    }
    if (seen.status === 'Ringing' && rest.length > 0) {
      const isTaken = rest.some(({ dn, status, direction, answeredPoll }) => {
        const isLater = answeredPoll !== null && answeredPoll > seen.firstPoll;
        return isInside(dn) && dn !== seen.dn && isUp(status) && isLater && direction !== 'outbound';
      });
      if (isTaken !== this.wasTaken(seen, look)) this.count('stopped for a reason unseen');
      return [{ rank: 0, names: ['ring-stopped'], seen, outcome: isTaken ? 'answered-elsewhere' : 'missed' }];
    }
    if (!isUp(seen.status)) {
      const outcome = look.isSynthetic ? 'unknown' : seen.status === 'Ringing' ? 'missed' : 'not-reached';
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

  /** Has another extension answered when it stopped ringing, or since? */
  private wasTaken({ id, dn, call }: Seen, { gap }: Look): boolean {
    const end = gap.find((entry) => entry.connection === id && (entry.to === null || entry.dn !== dn));
    return gap.some(
      (entry) =>
        entry.at >= (end?.at ?? 0) &&
        isInside(entry.dn) &&
        entry.dn !== dn &&
        entry.from === 'Ringing' &&
        isUp(entry.to) &&
        this.root(entry.call) === this.root(call),
    );
  }

  /** Who may have the other party now; any of those that ring for it. */
  private successors(seen: Seen, rest: readonly Seen[], look: Look): string[] {
    const moved = rest.find(({ id }) => id === seen.id);
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
    if (!rest.some((one) => isOutside(one) && look.before.has(keyOf(one)))) return [];
    const joiners = rest.filter(({ dn, firstPoll }) => isInside(dn) && firstPoll > (seen.answeredPoll ?? 0));
    const talking = joiners.filter(({ status }) => isUp(status));
    return (talking.length > 0 ? talking : joiners).map(nameOf);
  }

  /** The other connection of an attended transfer, where both calls live on. */
  private joinedWith(seen: Seen, { before, after }: Look): Seen | undefined {
    return [...before.values()].find(
      (other) =>
        other.dn === seen.dn &&
        other.call !== seen.call &&
        this.root(other.call) === this.root(seen.call) &&
        other.status !== 'Ringing' &&
        !has(after, other.id) &&
        [seen, other].every(({ call }) => membersLeft(call, { before, after }).length > 0),
    );
  }

  private livesOn(call: string, after: Look['after']): boolean {
    return [...after.values()].some((one) => this.root(one.call) === this.root(call));
  }

  private missed(gone: readonly Seen[], look: Look): Expected[] {
    const over = gone.filter(({ call }) => !this.livesOn(call, look.after));
    const calls = new Set(over.map((seen) => this.callOf(seen)));
    return [...calls].flatMap((call) => {
      const [first] = call.rung;
      if (first === undefined || call.isTaken || look.isSynthetic || call.isUnknowable) return [];
      if (this.wasAnswered(call, look)) this.count('answered unseen');
      return [{ rank: 3, names: ['missed'], seen: first, outcome: 'missed' }];
    });
  }

  private wasAnswered(call: SeenCall, { entries }: Look): boolean {
    return this.truth.entries
      .slice(0, entries)
      .some(
        (entry) =>
          isInside(entry.dn) &&
          entry.from === 'Ringing' &&
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
      const match = [...open].find(
        ({ names, seen }) => names.includes(event.event) && seen.id === event.connection && seen.dn === event.extension,
      );
      if (match === undefined) {
        if (event.event === 'missed' && this.isOfUnknowable(event)) continue;
        assert.fail(`at ${look.at} there was no ${event.event} of ${event.connection} at ${event.extension}`);
      }
      open.delete(match);
      assert.ok(match.rank >= rank, `at ${look.at} ${event.event} of ${event.connection} comes too late`);
      rank = match.rank;
      if (rank === 0) present.delete(keyOf(match.seen));
      else if (rank < 3) present.set(keyOf(match.seen), match.seen);
      this.compareEvent(event, match, look, [...present.values()]);
    }
    for (const { isOptional, names, seen } of open) {
      assert.ok(isOptional, `at ${look.at} ${names.join(' or ')} of ${seen.id} at ${seen.dn} was not told`);
    }
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
    is('extensionState', event.extensionState, stateOf(own));
    is('accuracyMs', event.accuracyMs, look.accuracy);
    is('initial', event.initial, false);
    is('synthetic', event.synthetic, rank === 0 && look.isSynthetic);
    if (rank < 3) {
      this.compareConnection(event, seen, look, rank === 0 ? look.at : null, is);
      assert.ok(happened(event.event, seen, look.gap), `${what} did not happen`);
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
    const timeOf = (index: number | null): string | null => isoTime(this.truth.polls[index ?? -1]?.at ?? null);
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
   * How long a connection truly was in which state at its DN, in ms. Each change is seen up to `accuracyMs` of its event
   * late, which makes one state too long and another too short, so a duration can be wrong by the sum of that over all
   * snapshots that saw a change; where nothing changed, it is exact.
   */
  private timesOf({ id, dn, firstPoll }: Seen, look: Look): { spent: Record<Spent, number>; error: number } {
    const spent = { ring: 0, talk: 0, hold: 0 };
    let error = 0;
    // What was before it was seen here counts for nothing: it began before the first snapshot, or was here once before.
    let since = 0;
    let last: { at: number; in: Spent | null } = { at: 0, in: null };
    let polled: Poll | null = null;
    for (const [index, poll] of this.truth.polls.slice(0, look.index + 1).entries()) {
      if (poll.connections === null) continue;
      const own = this.truth.entries
        .slice(polled?.entries ?? 0, poll.entries)
        .filter(({ connection }) => connection === id);
      if (index === firstPoll) since = polled?.at ?? poll.at;
      if (index >= firstPoll && own.length > 0 && polled !== null) error += poll.at - polled.at;
      for (const { at, dn: where, to } of own) {
        if (index >= firstPoll && last.in !== null) spent[last.in] += Math.max(at - Math.max(last.at, since), 0);
        last = { at, in: where === dn && to !== null ? spentIn(to) : null };
      }
      polled = poll;
    }
    if (last.in !== null) spent[last.in] += look.at - Math.max(last.at, since);
    return { spent, error };
  }
}

/** What changed of a connection, or that it is new. */
function change(seen: Seen, { before, index }: Look): Expected[] {
  const last = before.get(keyOf(seen));
  if (seen.firstPoll === index || last === undefined) return [{ rank: 2, names: [beginOf(seen.status)], seen }];
  const names: CallEvent['event'][] = [];
  if (seen.answeredPoll === index) names.push('answered');
  else if (last.status === 'Connected' && seen.status !== 'Connected') names.push('held');
  else if (last.status !== 'Connected' && seen.status === 'Connected') names.push('resumed');
  if (last.recording !== seen.recording) names.push('recording');
  return names.map((name) => ({ rank: 1, names: [name], seen }));
}

/** Is it in the history, since the snapshot before? */
function happened(event: CallEvent['event'], { id, dn, recording }: Seen, gap: readonly HistoryEntry[]): boolean {
  const own = gap.filter(({ connection }) => connection === id);
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
      return here.some((entry) => entry.from === entry.to && recordings[entry.recording] === recording);
    default:
      return own.some((entry) => entry.to === null || entry.dn !== dn);
  }
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
  const ids = new Set([...before.values()].filter((one) => one.call === call).map(({ id }) => id));
  return [...after.values()].filter(({ id }) => ids.has(id));
}

/** It rings or dials, and did something else before: it has been somewhere else in between. */
function isBack(before: Seen, { status }: Connection): boolean {
  return !isUp(status) && status !== before.status;
}

type Spent = 'ring' | 'talk' | 'hold';

function spentIn(status: ConnectionStatus): Spent {
  return status === 'Connected' ? 'talk' : isUp(status) ? 'hold' : 'ring';
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

function isOutside({ dn }: Seen): boolean {
  return dn === trunk;
}

/** Is the connection there, at whatever DN? */
function has(seen: ReadonlyMap<string, Seen>, id: string): boolean {
  return [...seen.values()].some((one) => one.id === id);
}

function nameOf({ dn, number }: Seen): string {
  return dn === trunk ? number : dn;
}

function keyOf({ id, dn }: Pick<Seen, 'id' | 'dn'>): string {
  return `${id} ${dn}`;
}

function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
