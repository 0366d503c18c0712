import { addRung, type Call, newCall } from './call';
import { groupIntoCalls, type GroupingOptions } from './grouping';
import { goesOn, isAlone, isUp, leadingLeg, newParty, type Party, ringMs, spend } from './party';
import { Standings } from './standings';
import {
  type Attendance,
  goesOnElsewhere,
  isAlive,
  isForwarded,
  isTakenFrom,
  type Joined,
  joinCalls,
  takenOverBy,
  wasForwarded,
} from './transfers';
import type {
  CallEventName,
  CallOccurrence,
  CallState,
  ConnectionRecord,
  ConnectionStatus,
  Direction,
  Moment,
  Numbering,
} from './types';

type Extra = Partial<Pick<CallState, 'outcome' | 'transferredTo' | 'ringSeconds' | 'synthetic' | 'initial'>>;

/** A call id that was told for an extension; of a certain connection when that was asked for. */
interface ToldCallId {
  callId: string;
  connection: string | undefined;
}

/** How long a DN that answers without having rung may turn out to be a queue, in ms. */
const doubtPeriod = 1_000;
/** With other queue numbers the community server lists no calls at all; only some of its forks do. */
const maybeQueue = /^\d{4,}$/;

/**
 * Makes events of snapshots: what `showallcalls` lists, one list after the other, each with its time. It knows no clock
 * and does no I/O.
 */
export class CallTracker {
  /** The parties of the last snapshot, by the ids of their legs. */
  private partyOf: ReadonlyMap<string, Party> = new Map();
  private parties: readonly Party[] = [];
  private readonly standings = new Standings();
  /** DNs that were seen as a queue's number. */
  private readonly queues = new Set<string>();
  /** DNs that have rung, dialled, put on hold or carried out a command: no queue does. */
  private readonly phones = new Set<string>();
  /** Parties that may be a queue's own. */
  private readonly doubtful = new Set<Party>();
  /** Since the last snapshot, by extension. */
  private readonly told = new Map<string, ToldCallId>();
  private callCount = 0;
  private partyCount = 0;
  private last: Moment | null = null;
  private accuracyMs = 0;
  /** There was no snapshot since the last one when there should have been. */
  private gap = false;
  /** The last snapshot, as it was given. */
  private lastList: readonly ConnectionRecord[] | null = null;
  /** What {@link calls} tells, until something changes. */
  private states: CallState[] | null = null;

  /** @param numbering tells which DNs are outside lines and services; may change between two snapshots */
  constructor(public numbering: Numbering) {}

  /** When the last snapshot was made; null before the first one. */
  get time(): Moment | null {
    return this.last;
  }

  /**
   * Takes the next snapshot.
   *
   * @param list the connections there are, in the order of the list; the very same array as before when nothing changed
   * @param now when the list was made
   * @returns what has happened since the last snapshot: first what is gone, then what changed, what is new, and what was
   *   missed. Nothing for the first snapshot, whose calls began some time before
   */
  update(list: readonly ConnectionRecord[], now: Moment): CallOccurrence[] {
    const { last } = this;
    this.accuracyMs = now.steady - (last?.steady ?? now.steady);
    this.last = now;
    const isSame = list === this.lastList && this.told.size === 0 && this.doubtful.size === 0;
    this.lastList = list;
    if (isSame) {
      for (const state of this.states ?? []) state.accuracyMs = this.accuracyMs;
      this.gap = false;
      return [];
    }
    this.states = null;
    const attendance = this.attend(list, now);
    const { present, gone } = attendance;
    const joined = joinCalls(attendance);
    this.assignCallIds(present);
    for (const [party, direction] of directionsOf(attendance, this.partyOf)) party.direction = direction;
    const arrived = [...present].filter(([party]) => isNew(party));
    const stayed = [...present].filter(([party]) => !isNew(party));

    const occurrences: CallOccurrence[] = [];
    for (const party of gone) occurrences.push(...this.leave(party, attendance, joined, now));
    occurrences.push(...this.resolveDoubts(now));
    for (const [party, legs] of stayed) occurrences.push(...this.change(party, legs, now));
    for (const [party, legs] of arrived) occurrences.push(...this.change(party, legs, now));
    occurrences.push(...this.missed(gone, attendance, now));

    this.partyOf = attendance.partyOf;
    this.parties = [...present.keys()];
    this.gap = false;
    if (last !== null) return occurrences;
    for (const party of this.doubtful) this.release(party, now);
    return [];
  }

  /** There was no snapshot when there should have been one: everything stays as it is. */
  noSnapshot(): void {
    this.gap = true;
    // By the next one they may be of calls that are over.
    this.told.clear();
  }

  /** Is it somebody's phone: no outside line, no service, and no DN that was seen as a queue's number? */
  isExtension(dn: string): boolean {
    return !this.isTrunk(dn) && dn.search(this.numbering.services) < 0 && !this.queues.has(dn);
  }

  /** Everything each extension is in, as events that say how it began (`initial`). */
  current(): CallOccurrence[] {
    return this.begunParties().map((party) =>
      this.occurrence(beginningOf(party.status), party, this.last ?? party.startedAt, { initial: true }),
    );
  }

  /** What is known now, one for each extension in a call: the very same array until something changes. */
  calls(): readonly CallState[] {
    this.states ??= this.begunParties().map((party) => this.state(party));
    return this.states;
  }

  /**
   * Takes a call id that the PBX told. It counts from the next snapshot on, when it is clear whose it can be: of several
   * connections the PBX names the last one (shipped).
   *
   * @param connection the one that was asked for, if it was
   */
  tellCallId(extension: string, callId: string, connection?: string): void {
    this.told.set(extension, { callId, connection });
    this.phones.add(extension);
  }

  /**
   * Picks a connection whose call id is to be asked for: of an extension that is in one call only. Each is picked once.
   *
   * @param mayAsk whether the extension can be asked now
   */
  pickUnknownCallId(mayAsk: (extension: string) => boolean): { extension: string; connection: string } | null {
    for (const party of this.begunParties()) {
      const { connection, extension } = party;
      if (party.callId !== null || party.askedForCallId || this.standings.countOf(extension) !== 1) continue;
      if (!mayAsk(extension)) continue;
      party.askedForCallId = true;
      return { extension, connection };
    }
    return null;
  }

  private begunParties(): Party[] {
    return this.parties.filter(
      ({ isExtension, status, withheld }) => isExtension && status !== 'undefined' && withheld === null,
    );
  }

  private isTrunk(dn: string): boolean {
    return dn.search(this.numbering.trunks) >= 0;
  }

  // ---- who is there ------------------------------------------------------------------------------------------------

  private attend(list: readonly ConnectionRecord[], now: Moment): Attendance {
    const records = [...new Map(list.map((record) => [record.id, record])).values()];
    for (const { queue } of records) if (queue !== null) this.queues.add(queue.number);

    const claims = new Map<Party, ConnectionRecord[]>();
    for (const [call, members] of this.divide(records, now)) {
      for (const record of members) {
        const party = this.claimant(record, call, now);
        const legs = claims.get(party);
        if (legs === undefined) claims.set(party, [record]);
        else legs.push(record);
      }
    }
    const present = new Map<Party, ConnectionRecord[]>();
    for (const [party, legs] of claims) {
      const [first] = legs as [ConnectionRecord];
      present.set(goesOn(party, legs) ? party : this.begin(first, party.call, now), legs);
    }
    const arrivals = this.arrivalsByCode(present);
    const attending = new Map([...present].map(([party, legs]) => [arrivals.get(party) ?? party, legs]));
    const partyOf = new Map([...attending].flatMap(([party, legs]) => legs.map(({ id }) => [id, party])));
    const gone = this.parties.filter((party) => !attending.has(party));
    return { present: attending, gone, partyOf, before: this.partyOf };
  }

  /** A connection stays in the call it was first put in; but for what was dialled alone, which may be a code. */
  private divide(records: readonly ConnectionRecord[], now: Moment): Map<Call, ConnectionRecord[]> {
    const ownCall = ({ id }: ConnectionRecord): Call | undefined => this.partyOf.get(id)?.call;
    const knownCall = (record: ConnectionRecord): Call | undefined => {
      const party = this.partyOf.get(record.id);
      const mayHaveArrived = party?.isExtension && party.status === 'dialing' && isUp(record.status) && isAlone(party);
      return mayHaveArrived ? undefined : party?.call;
    };
    const firstOf = (group: readonly ConnectionRecord[], callOf: (record: ConnectionRecord) => Call | undefined) =>
      group.map(callOf).find((call) => call !== undefined);
    const calls = new Map<Call, ConnectionRecord[]>();
    for (const group of groupIntoCalls(records, this.groupingBy(knownCall))) {
      let call = firstOf(group, knownCall) ?? firstOf(group, ownCall);
      call ??= newCall(group[0]?.id ?? '', ++this.callCount, now);
      for (const record of group) {
        // A code gets nobody into a call that nobody inside has ever been in.
        call = knownCall(record) ?? (call.isOutsideOnly ? ownCall(record) : undefined) ?? call;
        const members = calls.get(call);
        if (members === undefined) calls.set(call, [record]);
        else members.push(record);
      }
    }
    return calls;
  }

  private groupingBy(knownCall: GroupingOptions['knownCall']): GroupingOptions {
    return { isTrunk: (dn) => this.isTrunk(dn), isQueue: (dn) => this.queues.has(dn), knownCall };
  }

  /** Whose leg it is in this call. */
  private claimant(record: ConnectionRecord, call: Call, now: Moment): Party {
    const { id, extension } = record;
    const before = this.partyOf.get(id);
    const own = before?.extension === extension ? before : undefined;
    if (own?.call === call) return own;
    const other = [...call.parties].find((party) => party.isExtension && party.extension === extension);
    if (other !== undefined) return other;
    if (own === undefined) return this.begin(record, call, now);
    return enterByCode(own, call);
  }

  private begin(record: ConnectionRecord, call: Call, now: Moment): Party {
    const { extension } = record;
    const kind = { isExtension: this.isExtension(extension), isTrunk: this.isTrunk(extension) };
    const party = newParty(++this.partyCount, record, kind, call, now);
    // It is the same call of the PBX when the connection stood at another DN before.
    party.callId = this.partyOf.get(record.id)?.callId ?? null;
    if (party.isTrunk) call.trunk ??= extension;
    else call.isOutsideOnly = false;
    if (call.parties.size === 0 && call.startedAt === now && party.isTrunk) call.callersLine = party;
    call.parties.add(party);
    return party;
  }

  /**
   * Who dialled a code alone, and is in another call by now, on a connection of another id.
   *
   * @returns by who would be new there
   */
  private arrivalsByCode(present: Attendance['present']): ReadonlyMap<Party, Party> {
    const arrivals = new Map<Party, Party>();
    for (const dialler of this.parties) {
      if (present.has(dialler) || !isDiallingCode(dialler) || goesOnElsewhere(dialler, present)) continue;
      const newcomer = [...present].find(([party, legs]) => {
        const isSame = party.isExtension && party.extension === dialler.extension;
        const [beginner] = party.call.parties;
        return (
          isSame &&
          isNew(party) &&
          !arrivals.has(party) &&
          party !== beginner &&
          legs.some(({ status }) => isUp(status))
        );
      })?.[0];
      if (newcomer === undefined) continue;
      newcomer.call.parties.delete(newcomer);
      arrivals.set(newcomer, enterByCode(dialler, newcomer.call));
    }
    return arrivals;
  }

  /** The call ids that were told since the last snapshot; what is not clear by now never will be. */
  private assignCallIds(present: ReadonlyMap<Party, readonly ConnectionRecord[]>): void {
    for (const [extension, { callId, connection }] of this.told) {
      const own = [...present].filter(([party]) => party.extension === extension);
      if (own.some(([party]) => party.callId === callId)) continue;
      const [only, second] = connection === undefined ? own.filter(([party]) => party.callId === null) : own;
      if (only === undefined || second !== undefined) continue;
      const [party, legs] = only;
      if (connection === undefined || legs.some(({ id }) => id === connection)) party.callId = callId;
    }
    this.told.clear();
  }

  // ---- what has happened -------------------------------------------------------------------------------------------

  private leave(party: Party, attendance: Attendance, joined: Joined, now: Moment): CallOccurrence[] {
    const { call, status, spent } = party;
    spend(party, now);
    party.endedAt = now;
    call.parties.delete(party);
    this.standings.remove(party);
    if (!party.isExtension || status === 'undefined') return [];
    if (party.direction === 'inbound') call.longestRing = Math.max(call.longestRing, spent.ring);
    if (party.withheld !== null && this.queues.has(party.extension)) this.settle(party);
    return this.endOf(party, attendance, joined).flatMap(([name, extra]) =>
      this.tell(name, party, now, { ...extra, synthetic: this.gap }),
    );
  }

  private endOf(party: Party, attendance: Attendance, joined: Joined): [CallEventName, Extra][] {
    const { call, status, answeredAt } = party;
    if (answeredAt !== null) {
      const transferredTo = joined.has(party) ? joined.get(party) : takenOverBy(party, attendance);
      if (transferredTo == null) return [['ended', { outcome: 'answered' }]];
      const extra: Extra = { outcome: 'transferred', transferredTo };
      return [
        ['transferred', extra],
        ['ended', extra],
      ];
    }
    if (status === 'ringing' && isAlive(call, attendance.present)) {
      const isTaken = isTakenFrom(party, attendance) || isForwarded(party, attendance);
      return [['ring-stopped', { outcome: isTaken ? 'answered-elsewhere' : 'missed' }]];
    }
    if (goesOnElsewhere(party, attendance.present)) return [['ended', { outcome: 'answered' }]];
    if (this.gap) return [['ended', { outcome: 'unknown' }]];
    if (status === 'dialing') return [['ended', { outcome: 'not-reached' }]];
    const isForwardedOutside = [...call.takenBy].some(({ isTrunk }) => isTrunk) || wasForwarded(call, attendance);
    return [['ended', { outcome: isForwardedOutside ? 'answered-elsewhere' : 'missed' }]];
  }

  private change(party: Party, legs: readonly ConnectionRecord[], now: Moment): CallOccurrence[] {
    if (legs.length === party.legs.size && legs.every((leg) => party.legs.get(leg.id) === leg)) return [];
    const leader = leadingLeg(legs, party);
    const { status, number, queue, recording } = leader;
    if (isNew(party)) Object.assign(party, { number, queue, recording });
    party.legs = new Map(legs.map((leg) => [leg.id, leg]));
    party.connection = leader.id;
    party.queue = queue ?? party.queue;
    if (number !== '' && !number.startsWith('*')) party.number = number;
    const names: CallEventName[] = [];
    // A status that the PBX does not tell says nothing; nor does a phone that rings on where another one has answered.
    if (status !== party.status && status !== 'undefined' && (isUp(status) || !isUp(party.status))) {
      spend(party, now);
      const isFirst = party.status === 'undefined';
      if (!isFirst) party.previousStatus = party.status;
      party.status = status;
      if (party.isExtension) this.recognize(party, isFirst, leader);
      const name = enter(party, now);
      if (name !== null) names.push(name);
    }
    if (recording !== party.recording) {
      party.recording = recording;
      if (party.status !== 'undefined') names.push('recording');
    }
    return names.flatMap((name) => this.tell(name, party, now));
  }

  /** A queue may have a leg of its own, which answers at once, before its number is known; but it does nothing else. */
  private recognize(party: Party, isFirst: boolean, { id, queue }: ConnectionRecord): void {
    const { extension, status, direction } = party;
    if (status === 'ringing' || status === 'dialing' || status === 'hold' || direction === 'outbound') {
      this.phones.add(extension);
    }
    if (!isFirst) return;
    this.standings.add(party);
    if (!maybeQueue.test(extension) || this.phones.has(extension)) return;
    if (queue !== null || this.partyOf.has(id)) return;
    party.withheld = [];
    this.doubtful.add(party);
  }

  /** What is withheld is told once a DN is not found to be a queue's, and never where it is. */
  private resolveDoubts(now: Moment): CallOccurrence[] {
    return [...this.doubtful].flatMap((party) => {
      if (this.queues.has(party.extension)) this.settle(party);
      else if (now.steady - party.startedAt.steady >= doubtPeriod || this.phones.has(party.extension))
        return this.release(party, now);
      return [];
    });
  }

  /** It is a queue's. */
  private settle(party: Party): void {
    party.isExtension = false;
    party.withheld = null;
    this.doubtful.delete(party);
    this.standings.remove(party);
  }

  private release(party: Party, now: Moment): CallOccurrence[] {
    const withheld = party.withheld ?? [];
    party.withheld = null;
    this.doubtful.delete(party);
    for (const { event } of withheld) event.accuracyMs += now.steady - party.startedAt.steady;
    return withheld;
  }

  private missed(gone: readonly Party[], attendance: Attendance, now: Moment): CallOccurrence[] {
    const over = new Set(gone.map(({ call }) => call).filter((call) => !isAlive(call, attendance.present)));
    return [...over].flatMap((call) => {
      const [first] = call.rung;
      if (first === undefined || this.gap || this.isTaken(call) || wasForwarded(call, attendance)) return [];
      const extra: Extra = { outcome: 'missed', ringSeconds: call.longestRing / 1000 };
      return [{ ...this.occurrence('missed', first, now, extra), ringMs: call.longestRing }];
    });
  }

  private isTaken({ takenBy }: Call): boolean {
    return [...takenBy].some(({ isTrunk, extension }) => isTrunk || this.isExtension(extension));
  }

  /** An event of a party, with those before it that were withheld until now. */
  private tell(name: CallEventName, party: Party, now: Moment, extra: Extra = {}): CallOccurrence[] {
    if (!party.isExtension) return [];
    const occurrence = this.occurrence(name, party, now, extra);
    if (party.withheld === null) return [occurrence];
    if (this.phones.has(party.extension) || party.endedAt !== null) return [...this.release(party, now), occurrence];
    party.withheld.push(occurrence);
    return [];
  }

  private occurrence(event: CallEventName, party: Party, now: Moment, extra: Extra = {}): CallOccurrence {
    return { event: { event, ...this.state(party, extra) }, party: party.key, ringMs: ringMs(party, now) };
  }

  private state(party: Party, extra: Extra = {}): CallState {
    const { call, spent, answeredAt, endedAt } = party;
    return {
      call: call.id,
      connection: party.connection,
      callId: party.callId,
      extension: party.extension,
      ...this.standings.of(party.extension),
      number: party.number,
      direction: party.direction,
      internal: call.trunk === null,
      queue: party.queue,
      trunk: call.trunk,
      status: party.status,
      previousStatus: party.previousStatus,
      recording: party.recording,
      startedAt: isoTime(party.startedAt),
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

function isoTime({ wall }: Moment): string {
  return new Date(wall).toISOString();
}

function isNew({ legs }: Party): boolean {
  return legs.size === 0;
}

/** A party got into its status: what that means for its extension. */
function enter(party: Party, now: Moment): CallEventName | null {
  const { status, previousStatus, call } = party;
  if (status === 'ringing') {
    if (party.isExtension) addRung(call, party);
    return 'ringing';
  }
  if (!isUp(status)) return previousStatus === null ? 'dialing' : null;
  if (previousStatus === null || !isUp(previousStatus)) {
    answer(party, now);
    return 'answered';
  }
  if (status === 'connected') return 'resumed';
  return previousStatus === 'connected' ? 'held' : null;
}

/** Whoever began the call, inside or outside, has not taken it. */
function answer(party: Party, now: Moment): void {
  const { call, isTrunk, direction, cameByCode } = party;
  party.answeredAt ??= now;
  call.wasUp = true;
  const isOffered = isTrunk
    ? party !== call.callersLine && call.rung.length > 0
    : direction !== 'outbound' || cameByCode;
  if (isOffered) call.takenBy.add(party);
}

function beginningOf(status: ConnectionStatus): CallEventName {
  return status === 'ringing' || status === 'dialing' ? status : 'answered';
}

/** Who came into a call by dialling a code is the same party there, and was called by nobody. */
function enterByCode(party: Party, call: Call): Party {
  party.call.parties.delete(party);
  call.parties.add(party);
  party.call = call;
  party.cameByCode = true;
  return party;
}

function isDiallingCode(party: Party): boolean {
  return party.isExtension && party.status === 'dialing' && party.number.startsWith('*') && isAlone(party);
}

/**
 * The directions of those whose status the PBX had not told before, fixed from then on: who is seen Connected first has
 * started the call when it is its first record, unless the connection was transferred there.
 */
function directionsOf(
  { present }: Attendance,
  before: ReadonlyMap<string, Party>,
): readonly (readonly [Party, Direction])[] {
  const beginners = [...present].filter(([{ status }]) => status === 'undefined');
  if (beginners.length === 0) return [];
  const calls = new Map<Call, { first: Party; legs: number }>();
  for (const [party, { length }] of present) {
    const { first, legs } = calls.get(party.call) ?? { first: party, legs: 0 };
    calls.set(party.call, { first, legs: legs + length });
  }
  return beginners.map(([party, legs]) => {
    const { status, id } = leadingLeg(legs, undefined);
    if (status === 'ringing') return [party, 'inbound'];
    if (status === 'dialing') return [party, 'outbound'];
    const call = calls.get(party.call);
    if (call === undefined || call.legs < 2) return [party, 'unknown'];
    return [party, call.first === party && !before.has(id) ? 'outbound' : 'inbound'];
  });
}
