import { groupIntoCalls } from './grouping';
import type {
  CallEvent,
  CallEventName,
  CallState,
  ConnectionRecord,
  ConnectionStatus,
  Direction,
  ExtensionState,
  Numbering,
} from './types';

/** A call: what its connections have in common. */
interface Call {
  id: string;
  /** 1, 2, … in the order in which the calls were first seen. */
  order: number;
  /** DN of its outside line. */
  trunk: string | null;
  /** Of each extension that it rang, the first connection. */
  rung: Leg[];
  /** The DNs that took the call; whoever began it has not taken it. */
  takenBy: Set<string>;
  longestRing: number;
}

/** A connection as long as it stands at one DN. */
interface Leg {
  id: string;
  extension: string;
  /** Kept as it was at first sight, so that what began is ended. */
  isExtension: boolean;
  call: Call;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  statusSince: number;
  number: string;
  queue: ConnectionRecord['queue'];
  recording: ConnectionRecord['recording'];
  direction: Direction;
  callId: string | null;
  /** `ondn` is asked once. */
  askedForCallId: boolean;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  /** Milliseconds spent in each state. */
  spent: Record<Spent, number>;
}

type Spent = 'ring' | 'talk' | 'hold' | 'none';
type Extra = Partial<Pick<CallState, 'outcome' | 'transferredTo' | 'ringSeconds' | 'synthetic' | 'initial'>>;

const spentIn: Record<ConnectionStatus, Spent> = {
  undefined: 'none',
  dialing: 'ring',
  ringing: 'ring',
  connected: 'talk',
  hold: 'hold',
  held: 'hold',
};

/** The state of an extension, by the status of its connections: with several, the first that applies. */
const states: readonly [ExtensionState, readonly ConnectionStatus[]][] = [
  ['talking', ['connected']],
  ['ringing', ['ringing']],
  ['dialing', ['dialing']],
  ['held', ['hold', 'held']],
];

/** A snapshot, put in order. */
interface Snapshot {
  /** By connection. */
  records: ReadonlyMap<string, ConnectionRecord>;
  /** The connections of each call, in the order of the list. */
  calls: Map<Call, ConnectionRecord[]>;
  /** The connections that stood at another DN before, or came back from one. */
  moved: ReadonlySet<string>;
}

/** A call id that was told for an extension; of a certain connection when that was asked for. */
interface ToldCallId {
  callId: string;
  connection: string | undefined;
}

/**
 * Makes events of snapshots: what `showallcalls` lists, one list after the other, each with its time. It knows no clock
 * and does no I/O.
 */
export class CallTracker {
  private readonly legs = new Map<string, Leg>();
  private readonly legsOf = new Map<string, Set<Leg>>();
  /** DNs that were seen as a queue's number. */
  private readonly queues = new Set<string>();
  /** Since the last snapshot, by extension. */
  private readonly told = new Map<string, ToldCallId>();
  private callCount = 0;
  private lastTime: number | null = null;
  private accuracyMs = 0;
  /** There was no snapshot since the last one when there should have been. */
  private gap = false;
  /** The last snapshot, as it was given. */
  private lastList: readonly ConnectionRecord[] | null = null;
  /** What {@link calls} tells, until something changes. */
  private states: CallState[] | null = null;

  /** @param numbering tells which DNs are outside lines and services; may change between two snapshots */
  constructor(public numbering: Numbering) {}

  /** When the last snapshot was made, in ms since 1970; null before the first one. */
  get time(): number | null {
    return this.lastTime;
  }

  /**
   * Takes the next snapshot.
   *
   * @param list the connections there are, in the order of the list; the very same array as before when nothing changed
   * @param time when the list was made, in ms since 1970; a clock that was set back counts as one that stood still
   * @returns what has happened since the last snapshot: first what is gone, then what changed, what is new, and what was
   *   missed. Nothing for the first snapshot, whose calls began some time before
   */
  update(list: readonly ConnectionRecord[], time: number): CallEvent[] {
    const isFirst = this.lastTime === null;
    const now = Math.max(time, this.lastTime ?? time);
    this.accuracyMs = now - (this.lastTime ?? now);
    this.lastTime = now;
    const isSame = list === this.lastList && this.told.size === 0;
    this.lastList = list;
    if (isSame) {
      for (const state of this.states ?? []) state.accuracyMs = this.accuracyMs;
      this.gap = false;
      return [];
    }
    this.states = null;
    const records = new Map<string, ConnectionRecord>();
    for (const record of list) records.set(record.id, record);
    for (const { queue } of records.values()) if (queue !== null) this.queues.add(queue.number);

    const gone = [...this.legs.values()].filter((leg) => !isStill(leg, records.get(leg.id)));
    const moved = new Set(gone.map(({ id }) => id).filter((id) => records.has(id)));
    const snapshot: Snapshot = { records, calls: this.callsOf([...records.values()], now), moved };
    const joined = this.joinCalls(gone, snapshot);
    const callIds = this.toldCallIds(records);

    const events: CallEvent[] = [];
    for (const leg of gone) {
      this.remove(leg, now);
      events.push(...this.leave(leg, snapshot, joined));
      const callId = leg.callId;
      // It is the same call of the PBX when the connection stands at another DN now.
      if (callId !== null && records.has(leg.id)) callIds.set(leg.id, callId);
    }
    const arrived: ConnectionRecord[] = [];
    for (const record of records.values()) {
      const leg = this.legs.get(record.id);
      if (leg === undefined) arrived.push(record);
      else events.push(...this.change(leg, record, snapshot, callIds.get(record.id) ?? leg.callId, now));
    }
    const callOf = new Map<string, Call>();
    if (arrived.length > 0) {
      for (const [call, members] of snapshot.calls) for (const { id } of members) callOf.set(id, call);
    }
    for (const record of arrived) {
      const call = callOf.get(record.id);
      if (call !== undefined) events.push(...this.arrive(record, call, snapshot, callIds.get(record.id) ?? null, now));
    }
    const over = new Set(gone.map(({ call }) => call).filter((call) => !snapshot.calls.has(call)));
    for (const call of over) events.push(...this.missed(call));
    this.gap = false;
    return isFirst ? [] : events;
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
  current(): CallEvent[] {
    return this.begunLegs().map((leg) => this.event(beginningOf(leg.status), leg, { initial: true }));
  }

  /** What is known now, one for each extension in a call: the very same array until something changes. */
  calls(): readonly CallState[] {
    this.states ??= this.begunLegs().map((leg) => this.state(leg));
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
  }

  /**
   * Picks a connection whose call id is to be asked for: the only one of its extension. Each is picked once.
   *
   * @param mayAsk whether the extension can be asked now
   */
  pickUnknownCallId(mayAsk: (extension: string) => boolean): { extension: string; connection: string } | null {
    for (const leg of this.begunLegs()) {
      const { id, extension } = leg;
      if (leg.callId !== null || leg.askedForCallId || this.legsAt(extension).length !== 1 || !mayAsk(extension))
        continue;
      leg.askedForCallId = true;
      return { extension, connection: id };
    }
    return null;
  }

  private begunLegs(): Leg[] {
    return [...this.legs.values()].filter(({ isExtension, status }) => isExtension && status !== 'undefined');
  }

  private legsAt(extension: string): Leg[] {
    return [...(this.legsOf.get(extension) ?? [])];
  }

  private isTrunk(dn: string): boolean {
    return dn.search(this.numbering.trunks) >= 0;
  }

  /** A connection never leaves the call it was first put in. */
  private callsOf(records: readonly ConnectionRecord[], now: number): Map<Call, ConnectionRecord[]> {
    const knownCall = ({ id }: ConnectionRecord): Call | undefined => this.legs.get(id)?.call;
    const calls = new Map<Call, ConnectionRecord[]>();
    for (const group of groupIntoCalls(records, { isTrunk: (dn) => this.isTrunk(dn), knownCall })) {
      let call = group.map(knownCall).find((known) => known !== undefined) ?? this.newCall(group[0]?.id ?? '', now);
      for (const record of group) {
        call = knownCall(record) ?? call;
        const members = calls.get(call);
        if (members === undefined) calls.set(call, [record]);
        else members.push(record);
        if (call.trunk === null && this.isTrunk(record.extension)) call.trunk = record.extension;
      }
    }
    return calls;
  }

  private newCall(connection: string, now: number): Call {
    const order = ++this.callCount;
    return {
      id: `${connection}-${now.toString(36)}`,
      order,
      trunk: null,
      rung: [],
      takenBy: new Set(),
      longestRing: 0,
    };
  }

  /**
   * Attended transfer: an extension that leaves two calls at once, both of which live on, has joined them. The older
   * call's id stays.
   *
   * @returns to whom each of the left connections was transferred, null for the other one of the two
   */
  private joinCalls(gone: readonly Leg[], { records, calls }: Snapshot): Map<Leg, string | null> {
    const joined = new Map<Leg, string | null>();
    const left = gone.filter(
      ({ id, isExtension, status, call }) => isExtension && status !== 'ringing' && !records.has(id) && calls.has(call),
    );
    for (const leg of left) {
      const other = left.find(({ extension, call }) => extension === leg.extension && call.order > leg.call.order);
      if (other === undefined || joined.has(leg)) continue;
      const [older, newer] = [leg.call, other.call];
      const [ofOlder = [], ofNewer = []] = [calls.get(older), calls.get(newer)];
      const isNewerOutside = newer.trunk !== null && older.trunk === null;
      // Only who was answered here can be transferred; the other one may have been dialling still.
      const isNewer = other.answeredAt !== null && (isNewerOutside || leg.answeredAt === null);
      joined.set(leg, isNewer ? null : this.partyOf(ofNewer));
      joined.set(other, isNewer ? this.partyOf(ofOlder) : null);

      calls.set(older, [...ofOlder, ...ofNewer]);
      calls.delete(newer);
      older.trunk ??= newer.trunk;
      for (const one of newer.rung) addRung(older, one);
      older.longestRing = Math.max(older.longestRing, newer.longestRing);
      for (const dn of newer.takenBy) older.takenBy.add(dn);
      // Those that rang may be gone already; a missed call is told of the first of them.
      for (const one of [...this.legs.values(), ...newer.rung]) if (one.call === newer) one.call = older;
    }
    return joined;
  }

  /** How a transfer names the party it went to: the extension, or the number outside. */
  private partyOf(records: readonly ConnectionRecord[]): string {
    const [first] = records;
    const inside = records.find(({ extension }) => this.isExtension(extension)) ?? first;
    return inside === undefined ? '' : this.nameOf(inside);
  }

  private nameOf({ extension, number }: ConnectionRecord): string {
    return this.isTrunk(extension) ? number : extension;
  }

  /** The call ids that were told since the last snapshot, by connection; what is not clear by now never will be. */
  private toldCallIds(records: ReadonlyMap<string, ConnectionRecord>): Map<string, string> {
    const callIds = new Map<string, string>();
    for (const [extension, { callId, connection }] of this.told) {
      const own = [...records.values()].filter((record) => record.extension === extension);
      const unknown = own.filter(({ id }) => (this.legs.get(id)?.callId ?? null) === null);
      const isKnown = own.some(({ id }) => this.legs.get(id)?.callId === callId);
      const [only, second] = connection === undefined ? unknown : own;
      if (only === undefined || second !== undefined || isKnown) continue;
      if (connection === undefined || connection === only.id) callIds.set(only.id, callId);
    }
    this.told.clear();
    return callIds;
  }

  private leave(leg: Leg, snapshot: Snapshot, joined: ReadonlyMap<Leg, string | null>): CallEvent[] {
    const { call, status } = leg;
    const synthetic = this.gap;
    if (!leg.isExtension || status === 'undefined') return [];
    const rest = snapshot.calls.get(call) ?? [];
    if (leg.answeredAt !== null) {
      const transferredTo = joined.has(leg) ? joined.get(leg) : this.takenOverBy(leg, rest, snapshot);
      if (transferredTo == null) return [this.event('ended', leg, { outcome: 'answered', synthetic })];
      const extra: Extra = { outcome: 'transferred', transferredTo, synthetic };
      return [this.event('transferred', leg, extra), this.event('ended', leg, extra)];
    }
    if (status === 'ringing' && rest.length > 0) {
      const outcome = rest.some((record) => this.hasTaken(record, leg, snapshot)) ? 'answered-elsewhere' : 'missed';
      return [this.event('ring-stopped', leg, { outcome, synthetic })];
    }
    const outcome = status === 'ringing' ? 'missed' : 'not-reached';
    return [this.event('ended', leg, { outcome: synthetic ? 'unknown' : outcome, synthetic })];
  }

  /** A connection that is not new at its DN. */
  private stillThere({ id }: ConnectionRecord, { moved }: Snapshot): Leg | undefined {
    return moved.has(id) ? undefined : this.legs.get(id);
  }

  /** Does another extension talk that has been called and answered since this one began to ring? */
  private hasTaken(record: ConnectionRecord, leg: Leg, snapshot: Snapshot): boolean {
    const { extension, status } = record;
    const isOther = extension !== leg.extension && this.isExtension(extension);
    const { direction, answeredAt } = this.stillThere(record, snapshot) ?? { direction: 'inbound', answeredAt: null };
    return isOther && isUp(status) && direction !== 'outbound' && (answeredAt ?? Infinity) > leg.startedAt;
  }

  /**
   * Who has the other party now: whoever has the same connection, or an extension that joined the call after this one
   * answered, while the outside line stays.
   */
  private takenOverBy(leg: Leg, rest: readonly ConnectionRecord[], snapshot: Snapshot): string | null {
    const moved = rest.find(({ id }) => id === leg.id);
    if (moved !== undefined) return moved.extension === leg.extension ? null : this.nameOf(moved);
    if (!rest.some((one) => this.isTrunk(one.extension) && this.stillThere(one, snapshot))) return null;
    const successors = rest.filter((one) => {
      const startedAt = this.stillThere(one, snapshot)?.startedAt ?? Infinity;
      return this.isExtension(one.extension) && startedAt > (leg.answeredAt ?? 0);
    });
    const successor = successors.find(({ status }) => isUp(status)) ?? successors[0];
    return successor?.extension ?? null;
  }

  private arrive(
    record: ConnectionRecord,
    call: Call,
    snapshot: Snapshot,
    callId: string | null,
    now: number,
  ): CallEvent[] {
    const leg: Leg = {
      id: record.id,
      extension: record.extension,
      isExtension: this.isExtension(record.extension),
      call,
      status: 'undefined',
      previousStatus: null,
      statusSince: now,
      number: record.number,
      queue: record.queue,
      recording: record.recording,
      direction: 'unknown',
      callId,
      askedForCallId: false,
      startedAt: now,
      answeredAt: null,
      endedAt: null,
      spent: { ring: 0, talk: 0, hold: 0, none: 0 },
    };
    this.legs.set(leg.id, leg);
    const others = this.legsOf.get(leg.extension);
    if (others === undefined) this.legsOf.set(leg.extension, new Set([leg]));
    else others.add(leg);
    return this.change(leg, record, snapshot, callId, now);
  }

  private remove(leg: Leg, now: number): void {
    this.legs.delete(leg.id);
    const others = this.legsOf.get(leg.extension);
    others?.delete(leg);
    if (others?.size === 0) this.legsOf.delete(leg.extension);
    spend(leg, now);
    leg.endedAt = now;
    if (leg.isExtension && leg.direction === 'inbound') {
      leg.call.longestRing = Math.max(leg.call.longestRing, leg.spent.ring);
    }
  }

  private change(
    leg: Leg,
    record: ConnectionRecord,
    snapshot: Snapshot,
    callId: string | null,
    now: number,
  ): CallEvent[] {
    const names: CallEventName[] = [];
    leg.callId = callId;
    leg.queue = record.queue ?? leg.queue;
    if (record.number !== '' && !record.number.startsWith('*')) leg.number = record.number;
    // A status that the PBX does not tell says nothing.
    if (record.status !== leg.status && record.status !== 'undefined') {
      spend(leg, now);
      const isFirst = leg.status === 'undefined';
      if (isFirst) leg.direction = directionOf(record, snapshot.calls.get(leg.call) ?? [], snapshot.moved);
      else leg.previousStatus = leg.status;
      leg.status = record.status;
      const name = this.enter(leg, now);
      if (name !== null) names.push(name);
    }
    if (record.recording !== leg.recording) {
      leg.recording = record.recording;
      if (leg.status !== 'undefined') names.push('recording');
    }
    return leg.isExtension ? names.map((name) => this.event(name, leg)) : [];
  }

  /** A connection got into its status: what that means for its extension. */
  private enter(leg: Leg, now: number): CallEventName | null {
    const { status, previousStatus, call } = leg;
    if (status === 'ringing') {
      if (leg.isExtension) addRung(call, leg);
      return 'ringing';
    }
    if (!isUp(status)) return previousStatus === null ? 'dialing' : null;
    if (previousStatus === null || !isUp(previousStatus)) {
      leg.answeredAt ??= now;
      if (leg.direction !== 'outbound') call.takenBy.add(leg.extension);
      return 'answered';
    }
    if (status === 'connected') return 'resumed';
    return previousStatus === 'connected' ? 'held' : null;
  }

  private missed({ rung, takenBy, longestRing }: Call): CallEvent[] {
    const [first] = rung;
    if (first === undefined || this.gap || [...takenBy].some((dn) => this.isExtension(dn))) return [];
    return [this.event('missed', first, { outcome: 'missed', ringSeconds: longestRing / 1000 })];
  }

  private event(event: CallEventName, leg: Leg, extra: Extra = {}): CallEvent {
    return { event, ...this.state(leg, extra) };
  }

  private state(leg: Leg, extra: Extra = {}): CallState {
    const { call, spent, answeredAt, endedAt } = leg;
    const own = this.legsAt(leg.extension).filter(({ status }) => status !== 'undefined');
    const [state = 'idle'] = states.find(([, statuses]) => own.some(({ status }) => statuses.includes(status))) ?? [];
    return {
      call: call.id,
      connection: leg.id,
      callId: leg.callId,
      extension: leg.extension,
      extensionState: state,
      activeCalls: new Set(own.map((one) => one.call)).size,
      number: leg.number,
      direction: leg.direction,
      internal: call.trunk === null,
      queue: leg.queue,
      trunk: call.trunk,
      status: leg.status,
      previousStatus: leg.previousStatus,
      recording: leg.recording,
      startedAt: isoTime(leg.startedAt),
      answeredAt: answeredAt === null ? null : isoTime(answeredAt),
      endedAt: endedAt === null ? null : isoTime(endedAt),
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

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function addRung({ rung }: Call, leg: Leg): void {
  if (!rung.some(({ extension }) => extension === leg.extension)) rung.push(leg);
}

function spend(leg: Leg, now: number): void {
  leg.spent[spentIn[leg.status]] += now - leg.statusSince;
  leg.statusSince = now;
}

/** Is it answered, whoever may be on hold? */
function isUp(status: ConnectionStatus): boolean {
  return status === 'connected' || status === 'hold' || status === 'held';
}

function beginningOf(status: ConnectionStatus): CallEventName {
  return status === 'ringing' || status === 'dialing' ? status : 'answered';
}

/** Whoever rings or dials after something else has been at another DN in between, and begins anew. */
function isStill({ extension, status }: Leg, record: ConnectionRecord | undefined): boolean {
  if (record?.extension !== extension) return false;
  return status === 'undefined' || status === record.status || !/^(ringing|dialing)$/.test(record.status);
}

/**
 * Fixed at first sight: who is seen Connected first has started the call when it is its first record, unless the
 * connection was transferred there.
 */
function directionOf(
  { id, status }: ConnectionRecord,
  members: readonly ConnectionRecord[],
  moved: ReadonlySet<string>,
): Direction {
  if (status === 'ringing') return 'inbound';
  if (status === 'dialing') return 'outbound';
  if (members.length < 2) return 'unknown';
  return members[0]?.id === id && !moved.has(id) ? 'outbound' : 'inbound';
}
