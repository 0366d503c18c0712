import { profileNames } from '../lib/pbx';
import { defaultSetup, type PbxSetup, type Phone, type Profile } from './setup';

/** The connection status `S` of `showallcalls` (documented and community). */
export type ConnectionStatus = 'Undefined' | 'Dialing' | 'Ringing' | 'Connected' | 'Hold' | 'Held';

/** One party's part in a call. */
export interface Connection {
  readonly id: string;
  /** Call id, as `ondn` answers it. */
  readonly call: string;
  /** 1, 2, … within the call (documented). */
  readonly ccid: number;
  /** The extension, or the trunk for the outside leg. */
  readonly dn: string;
  readonly status: ConnectionStatus;
  /** `EP`: the other party's number, empty for an anonymous caller, `*00` when parked. */
  readonly party: string;
  /** Number of the queue the call came through, which need not exist; null on a direct call and on the caller's leg. */
  readonly queue: string | null;
  /** `REC`: the last recording action, a number when it has no name. */
  readonly recording: string;
  /** Id of the phone it is at; null where it is at none, or stands for all phones of its extension. */
  readonly phone: string | null;
}

export interface Call {
  readonly id: string;
  /** Number of the queue it waits in until an agent answers, which need not exist; null when it waits in none. */
  readonly waitingIn: string | null;
  /** In the order of CCID; empty once the call is over. */
  readonly connections: readonly Connection[];
}

export interface Extension {
  readonly number: string;
  readonly name: string;
  readonly profile: Profile;
  readonly phones: readonly Phone[];
  /** Queues this extension is an agent of. */
  readonly agentOf: readonly string[];
  /** Queues whose calls it takes now. */
  readonly loggedInTo: readonly string[];
}

export interface Queue {
  readonly number: string;
  readonly name: string;
  readonly agents: readonly string[];
  /** Agents that take its calls now. */
  readonly loggedIn: readonly string[];
}

export interface PbxState {
  readonly extensions: readonly Extension[];
  readonly queues: readonly Queue[];
  /** DN of the outside line. */
  readonly trunk: string;
  readonly calls: readonly Call[];
  readonly connections: readonly Connection[];
}

/** An inbound call: `extension`, `queue` or both. */
export interface InboundCall {
  /** The caller's number, empty when anonymous. */
  readonly number: string;
  readonly extension?: string;
  readonly queue?: string;
}

/** The differences between PBXs. */
export interface PbxOptions {
  /** A call rings each phone of an extension on a connection of its own. Default: all of them on one. */
  readonly phoneLegs?: boolean;
  /**
   * How a pick-up (`*20*<extension>`) or a fetch (`*10`) is seen. `unseen`, the default: it connects at once. Otherwise it
   * is a call of its own, `Dialing` and alone, until `connect()`, and then keeps its connection id (`same-id`) or is
   * replaced by a new connection (`new-id`).
   */
  readonly codes?: CodeForm;
  /**
   * Whether a call that waits in a queue has a connection at the queue's number until somebody answers. Default: no.
   */
  readonly queueLegs?: boolean;
}

export const codeForms = ['unseen', 'same-id', 'new-id'] as const;
export type CodeForm = (typeof codeForms)[number];

/** The PBX won't do it. The community server gives no answer at all where its PBX throws. */
export class PbxError extends Error {
  /** `unknown`: there is no such DN, connection or profile. `impossible`: not in this state. Nothing has changed. */
  readonly reason: 'unknown' | 'impossible';

  constructor(reason: PbxError['reason'], message: string) {
    super(message);
    this.name = 'PbxError';
    this.reason = reason;
  }
}

/** Park position 0, the only one the community server parks at. */
const parkedParty = '*00';
/** The community server dials this to fetch a parked call. */
const retrieveCode = '*10';
/** Dialled to pick up the call that rings the extension after `*20*`. */
const pickUpCode = /^\*20\*(.+)$/;
/** The recording actions by the number the API takes (documented), as `REC` shows them (community). */
const recordingActions = ['Start', 'Stop', 'Pause', 'Resume'];

/** The captures begin with these, so that playing them gives the same ids. */
const firstConnection = 98779;
const firstCall = 20;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Leg = Mutable<Connection>;

interface OpenCall {
  readonly id: string;
  legs: Leg[];
  nextCcid: number;
  /** The queue whose agents are rung until one answers; null for a call that isn't offered to a queue. */
  offeredTo: string | null;
  /** Agents who hung up instead of answering: a queue doesn't ring them again for this call. */
  readonly declined: Set<string>;
  /** The connection of the queue itself. */
  queueLeg: Leg | null;
  /** Connections to outside numbers that are called instead of an extension, or beside it, and have not answered. */
  readonly forwarded: Set<Leg>;
  /** Connections that ring beside another one, which has the call until somebody answers there. */
  readonly routes: Map<Leg, Leg>;
}

interface Member {
  readonly number: string;
  readonly name: string;
  phones: readonly Phone[];
  profile: Profile;
  readonly agentOf: readonly string[];
  loggedIn: boolean;
  /**
   * The queues to be logged in to; null for all. Kept apart from `loggedIn`, since `logout_current` keeps it
   * (community).
   */
  workingSet: readonly string[] | null;
}

/**
 * The PBX: extensions, queues and calls in memory, without I/O and without time. Its answers over the HTTP API are in
 * `operations/`.
 */
export class Pbx {
  readonly trunk: string;
  private readonly members = new Map<string, Member>();
  private readonly queues: PbxSetup['queues'];
  private readonly options: Required<PbxOptions>;
  private readonly listeners = new Set<() => void>();
  private openCalls: OpenCall[] = [];
  private nextConnection = firstConnection;
  private nextCall = firstCall;

  /**
   * @param setup its extensions, queues and trunk; default: the set-up of the captures. Everybody is Available and
   *   logged in.
   */
  constructor(setup: PbxSetup = defaultSetup(), options: PbxOptions = {}) {
    this.options = { phoneLegs: false, codes: 'unseen', queueLegs: false, ...options };
    this.trunk = setup.trunk;
    this.queues = setup.queues;
    for (const { number, name, phones } of setup.extensions) {
      const agentOf = setup.queues.filter(({ agents }) => agents.includes(number)).map((queue) => queue.number);
      this.members.set(number, {
        number,
        name,
        phones,
        profile: profileNames.avail,
        agentOf,
        loggedIn: true,
        workingSet: null,
      });
    }
  }

  // ---- what there is -----------------------------------------------------------------------------------------------

  /** Everything at once. Like all results of this class it is a copy that doesn't change any more. */
  state(): PbxState {
    return {
      extensions: [...this.members.values()].map(copyOfMember),
      queues: this.queues.map((queue) => ({ ...queue, loggedIn: this.agentsOf(queue.number).map((m) => m.number) })),
      trunk: this.trunk,
      calls: this.calls(),
      connections: this.connections(),
    };
  }

  /** All calls, the oldest first. */
  calls(): Call[] {
    return this.openCalls.map(copyOfCall);
  }

  /** All connections, grouped by call, within a call in the order of CCID (community). */
  connections(): Connection[] {
    return this.legs().map((leg) => ({ ...leg }));
  }

  /**
   * The connections of one DN, the oldest first.
   *
   * @throws PbxError `unknown` when there is no such DN
   */
  connectionsOf(dn: string): Connection[] {
    this.check(dn);
    return this.connections().filter((connection) => connection.dn === dn);
  }

  /** Numbers of all DNs in the order in which the community server goes through them. */
  dns(): string[] {
    return [...this.members.keys(), ...this.queues.map((queue) => queue.number), this.trunk];
  }

  /**
   * The phones registered at a DN; none at queues and the trunk.
   *
   * @throws PbxError `unknown` when there is no such DN
   */
  phonesOf(dn: string): readonly Phone[] {
    this.check(dn);
    return this.members.get(dn)?.phones ?? [];
  }

  /**
   * The phones that a connection is at: one, or all phones of its extension.
   *
   * @throws PbxError `unknown`
   */
  phonesAt(id: string): readonly Phone[] {
    const { leg } = this.find(id);
    const phones = this.phonesOf(leg.dn);
    return leg.phone === null ? phones : phones.filter((phone) => phone.id === leg.phone);
  }

  /** Ids of the connections that dial a code and wait for `connect()`, the oldest first. */
  dialledCodes(): string[] {
    return this.openCalls.filter(isCode).flatMap(({ legs }) => legs.map(({ id }) => id));
  }

  /** @throws PbxError `unknown` when it is not an extension (a queue isn't one) */
  extension(number: string): Extension {
    return copyOfMember(this.member(number));
  }

  /** The queue's name, or undefined for a number without a queue. */
  queueName(number: string): string | undefined {
    return this.queues.find((queue) => queue.number === number)?.name;
  }

  // ---- calls -------------------------------------------------------------------------------------------------------

  /**
   * A call from outside. It rings the extension; without one, all agents of the queue who are logged in, Available and
   * idle, now or later. The queue need not exist, since the community server stumbles over queues it can't find.
   *
   * @throws PbxError `unknown` for an extension that isn't there, `impossible` with neither extension nor queue
   */
  inbound({ number, extension, queue }: InboundCall): Call {
    if (extension === undefined && queue === undefined) {
      throw new PbxError('impossible', 'A call needs an extension or a queue.');
    }
    if (extension !== undefined) this.member(extension);
    const call = this.newCall();
    this.addLeg(call, this.trunk, 'Connected', number, null);
    if (extension !== undefined) this.ring(call, extension, number, queue ?? null);
    else this.offer(call, queue ?? null);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * A call from an extension to an extension, a queue, or (any other number) out on the trunk. `*10` fetches the call
   * that was parked first, `*20*<extension>` picks up a call that rings the extension. Without such a call, the code
   * goes out on the trunk.
   *
   * @param phone id of the phone that dials, for connections that are at one phone
   * @returns the call; for a code, the call that it takes, or a call of its own while the code is visible
   * @throws PbxError `unknown` when the caller is not an extension
   */
  makeCall(from: string, destination: string, phone?: string): Call {
    this.member(from);
    const target = this.meantBy(destination);
    const isSeen = this.options.codes !== 'unseen';
    const call = target === undefined || isSeen ? this.newCall() : this.find(target.id).call;
    const leg = this.addLeg(call, from, 'Dialing', destination, null);
    if (this.options.phoneLegs) leg.phone = phone ?? null;
    if (target === undefined) this.dial(call, from, destination);
    else if (!isSeen) this.collect(call, target, leg);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * A code that is seen being dialled takes the call that it means: the one that rings, or is parked, by now. If that call
   * is gone, the code goes out on the trunk like any other number.
   *
   * @returns the call that it took
   * @throws PbxError `unknown`, or `impossible` when it dials no code
   */
  connect(id: string): Call {
    const { call, leg } = this.find(id);
    if (!isCode(call)) throw cannot('connect', leg);
    const target = this.meantBy(leg.party);
    if (target === undefined) {
      this.dial(call, leg.dn, leg.party);
      this.settle();
      return copyOfCall(call);
    }
    const taken = this.find(target.id).call;
    this.endCall(call);
    const keepsId = this.options.codes === 'same-id';
    const own = keepsId ? leg : this.addLeg(taken, leg.dn, 'Dialing', leg.party, null);
    if (keepsId) this.adopt(taken, leg);
    own.phone = leg.phone;
    this.collect(taken, target, own);
    this.settle();
    return copyOfCall(taken);
  }

  /**
   * Answers a ringing connection, or the trunk's dialing one: the outside party picks up. Other phones, other agents of a
   * queue, and a number that the call was forwarded to, stop ringing.
   *
   * @throws PbxError `unknown`, or `impossible` when it doesn't ring
   */
  answer(id: string): Call {
    const { call, leg } = this.find(id);
    if (leg.status !== 'Ringing' && !(leg.status === 'Dialing' && leg.dn === this.trunk)) throw cannot('answer', leg);
    this.take(call, leg);
    leg.status = 'Connected';
    this.callerGotThrough(call);
    settleHold(call);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Puts the other side on hold: Hold here, Held there.
   *
   * @throws PbxError `unknown`, or `impossible` unless Connected
   */
  hold(id: string): Call {
    const { call, leg } = this.find(id);
    if (leg.status !== 'Connected' || leg === call.queueLeg) throw cannot('hold', leg);
    leg.status = 'Hold';
    settleHold(call);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Ends the hold of this side.
   *
   * @throws PbxError `unknown`, or `impossible` unless this side put the other on hold
   */
  resume(id: string): Call {
    const { call, leg } = this.find(id);
    if (leg.status !== 'Hold') throw cannot('resume', leg);
    leg.status = 'Connected';
    settleHold(call);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Ends one connection. With nobody left to talk to the call is over; a caller whose last agent declined waits on, until
   * the queue itself ends it.
   *
   * @throws PbxError `unknown`
   */
  hangup(id: string): Call {
    const { call, leg } = this.find(id);
    if (leg === call.queueLeg) this.stopRinging(call);
    if (leg.status === 'Ringing') call.declined.add(leg.dn);
    this.removeLeg(call, leg);
    settleHold(call);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Blind transfer: the connection, with its ID, goes to the target and rings there; for an outside number it goes to
   * the trunk and dials. A queue rings its agents on connections of their own.
   *
   * @throws PbxError `unknown`, or `impossible` unless Connected to somebody
   */
  transfer(id: string, destination: string): Call {
    const { call, leg } = this.find(id);
    const isTalking = leg.status === 'Connected' && leg !== call.queueLeg;
    if (!isTalking || !others(call, leg).some((other) => !isRung(call, other))) throw cannot('transfer', leg);
    this.redirect(call, leg, destination);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Redirects a ringing call: the connection, with its ID, rings at the target instead; for an outside number it goes to
   * the trunk and dials. A queue rings its agents on connections of their own, and a queue that rang loses the call.
   *
   * @throws PbxError `unknown`, or `impossible` unless Ringing
   */
  divert(id: string, destination: string): Call {
    const { call, leg } = this.find(id);
    if (leg.status !== 'Ringing') throw cannot('divert', leg);
    this.stopRinging(call, leg);
    // A queue takes the call from whoever has it, and rings its agents.
    const origin = isRoute(call, leg) ? call.routes.get(leg) : undefined;
    if (this.queueName(destination) !== undefined) call.legs = call.legs.filter((other) => other !== origin);
    this.redirect(call, leg, destination);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Forwards a ringing call to an outside number on a new connection, which dials on the trunk; whoever answers first has
   * the call. The extension stops ringing, on all of its phones, or rings on.
   *
   * @throws PbxError `unknown`, or `impossible` unless Ringing, and for a number inside
   */
  forward(id: string, number: string, { ringsOn = false }: { readonly ringsOn?: boolean } = {}): Call {
    const { call, leg } = this.find(id);
    if (leg.status !== 'Ringing') throw cannot('forward', leg);
    if (this.dns().includes(number)) throw new PbxError('impossible', `${quote(number)} is not an outside number.`);
    call.forwarded.add(this.addLeg(call, this.trunk, 'Dialing', number, null));
    if (!ringsOn) call.legs = call.legs.filter(({ dn, status }) => dn !== leg.dn || status !== 'Ringing');
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Rings an extension or an outside number beside a connection, which keeps the call until somebody answers there.
   * @returns ids of the connections that ring now.
   * @throws PbxError `unknown`, or `impossible` while it dials, and for a queue.
   */
  addRoute(id: string, destination: string): string[] {
    const { call, leg } = this.find(id);
    if (leg.status === 'Dialing' || leg === call.queueLeg || isParked(leg)) throw cannot('route', leg);
    if (this.queueName(destination) !== undefined) {
      throw new PbxError('impossible', `${quote(destination)} is a queue.`);
    }
    const before = new Set(call.legs);
    const other = others(call, leg).find((one) => !isRung(call, one));
    const party = other === undefined ? '' : this.numberOf(other);
    if (this.members.has(destination)) this.ring(call, destination, party, leg.queue);
    else call.forwarded.add(this.addLeg(call, this.trunk, 'Dialing', destination, null));
    const routes = call.legs.filter((one) => !before.has(one));
    if (leg.status !== 'Ringing') for (const route of routes) call.routes.set(route, leg);
    this.settle();
    return routes.map((route) => route.id);
  }

  /** The connections that ring beside one that is being transferred: by the ID of each, the DN that transfers. */
  transfers(): Map<string, string> {
    const routes = this.openCalls.flatMap((call) =>
      [...call.routes].map(([route, origin]) => ({ call, route, origin })),
    );
    const ringing = routes.filter(({ call, route }) => call.legs.includes(route) && isRung(call, route));
    return new Map(ringing.map(({ route, origin }) => [route.id, origin.dn]));
  }

  /**
   * Parks a call at position 0: the connection stays at its DN, Held, with `*00` as the other party (community).
   * @throws PbxError `unknown`, or `impossible` while it dials or is alone.
   */
  park(id: string): Call {
    const { call, leg } = this.find(id);
    if (leg.status === 'Dialing' || leg === call.queueLeg || others(call, leg).length === 0) throw cannot('park', leg);
    this.take(call, leg);
    leg.status = 'Held';
    leg.party = parkedParty;
    this.callerGotThrough(call);
    settleHold(call);
    this.settle();
    return copyOfCall(call);
  }

  /**
   * Attended transfer: ends both connections and joins those they talked to, in the older call. The joined parties keep
   * their `EP` (community).
   *
   * @throws PbxError `unknown`, or `impossible` when both are in the same call or one still rings
   */
  joinCalls(firstId: string, secondId: string): Call {
    const first = this.find(firstId);
    const second = this.find(secondId);
    if (first.call === second.call) throw new PbxError('impossible', 'Cannot join a call with itself.');
    for (const { call, leg } of [first, second]) {
      if (leg.status === 'Ringing' || leg === call.queueLeg || isCode(call)) throw cannot('join', leg);
    }
    const firstIsOlder = this.openCalls.indexOf(first.call) < this.openCalls.indexOf(second.call);
    const [older, newer] = firstIsOlder ? [first.call, second.call] : [second.call, first.call];
    older.legs = older.legs.filter((leg) => leg !== first.leg && leg !== second.leg);
    for (const leg of others(newer, first.leg, second.leg)) {
      if (newer.forwarded.has(leg)) older.forwarded.add(leg);
      this.adopt(older, leg);
    }
    this.endCall(newer);
    settleHold(older);
    if (isOver(older)) this.endCall(older);
    this.settle();
    return copyOfCall(older);
  }

  /**
   * Records a recording action.
   *
   * @param action `0` to `3`, a name (`Start`, `Stop`, `Pause`, `Resume`), or any other 32-bit integer, which is kept as
   *   a number (community)
   * @throws PbxError `unknown` for another action or connection, `impossible` unless Connected
   */
  record(id: string, action: string): Call {
    const { call, leg } = this.find(id);
    if (leg.status !== 'Connected') throw cannot('record', leg);
    leg.recording = recordingAction(action);
    this.settle();
    return copyOfCall(call);
  }

  /** Ends all calls. Ids go on counting; profiles and log-ins stay. */
  clearCalls(): void {
    for (const call of [...this.openCalls]) this.endCall(call);
    this.settle();
  }

  // ---- people ------------------------------------------------------------------------------------------------------

  /**
   * Registers other phones at an extension; an empty list leaves it without.
   *
   * @throws PbxError `unknown` when it is not an extension
   */
  setPhones(extension: string, phones: readonly Phone[]): void {
    this.member(extension).phones = phones.map((phone) => ({ ...phone }));
    this.settle();
  }

  /** @throws PbxError `unknown` when it is not an extension */
  setProfile(extension: string, profile: Profile): void {
    this.member(extension).profile = profile;
    this.settle();
  }

  /**
   * Changes the queues that an agent is logged in to, in the way of the community server. A working set that ends up
   * empty (or full) means *all* queues from then on. An empty set logs the agent out, unless `loggedIn` says otherwise.
   *
   * @param change queues to take out of the working set, then to add; and the log-in status to end with
   * @throws PbxError `unknown` when it is not an extension
   */
  changeQueues(
    extension: string,
    change: { readonly remove?: readonly string[]; readonly add?: readonly string[]; readonly loggedIn?: boolean },
  ): void {
    const member = this.member(extension);
    const { remove = [], add = [] } = change;
    const current = member.workingSet ?? member.agentOf;
    const working = member.agentOf.filter((q) => add.includes(q) || (current.includes(q) && !remove.includes(q)));
    member.workingSet = working.length === 0 || working.length === member.agentOf.length ? null : working;
    if (working.length === 0) member.loggedIn = false;
    if (change.loggedIn !== undefined) member.loggedIn = change.loggedIn;
    this.settle();
  }

  // ---- watching ----------------------------------------------------------------------------------------------------

  /**
   * @param listener is called after each change, and must not change anything itself
   * @returns ends it
   */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  private legs(): Leg[] {
    return this.openCalls.flatMap((call) => call.legs);
  }

  private check(dn: string): void {
    const isThere = this.members.has(dn) || dn === this.trunk || this.queueName(dn) !== undefined;
    if (!isThere) throw new PbxError('unknown', `There is no DN ${quote(dn)}.`);
  }

  private member(number: string): Member {
    const member = this.members.get(number);
    if (member === undefined) throw new PbxError('unknown', `There is no extension ${quote(number)}.`);
    return member;
  }

  private find(id: string): { call: OpenCall; leg: Leg } {
    for (const call of this.openCalls) {
      const leg = call.legs.find((candidate) => candidate.id === id);
      if (leg !== undefined) return { call, leg };
    }
    throw new PbxError('unknown', `There is no connection ${quote(id)}.`);
  }

  private newCall(): OpenCall {
    const id = `00000A5F3C2D1_${this.nextCall++}`;
    const call: OpenCall = {
      ...{ id, legs: [], nextCcid: 1, offeredTo: null, declined: new Set() },
      ...{ queueLeg: null, forwarded: new Set(), routes: new Map() },
    };
    this.openCalls.push(call);
    return call;
  }

  private addLeg(call: OpenCall, dn: string, status: ConnectionStatus, party: string, queue: string | null): Leg {
    const id = String(this.nextConnection++);
    const ccid = call.nextCcid++;
    const leg: Leg = { id, call: call.id, ccid, dn, status, party, queue, recording: 'Stop', phone: null };
    call.legs.push(leg);
    return leg;
  }

  /** Takes a connection of another call over, with its id. */
  private adopt(call: OpenCall, leg: Leg): void {
    leg.call = call.id;
    leg.ccid = call.nextCcid++;
    call.legs.push(leg);
  }

  /** The phones that ring on connections of their own; null is a connection for all of them. */
  private ringingPhones(extension: string): readonly [string | null, ...string[]] {
    const [first = null, ...rest] = this.options.phoneLegs ? this.phonesOf(extension).map(({ id }) => id) : [];
    return [first, ...rest];
  }

  private ring(call: OpenCall, extension: string, party: string, queue: string | null): void {
    for (const phone of this.ringingPhones(extension)) {
      this.addLeg(call, extension, 'Ringing', party, queue).phone = phone;
    }
  }

  /** Rings whoever has the number. */
  private dial(call: OpenCall, from: string, destination: string): void {
    if (this.members.has(destination)) this.ring(call, destination, from, null);
    else if (this.queueName(destination) !== undefined) this.offer(call, destination);
    else this.addLeg(call, this.trunk, 'Dialing', destination, null);
  }

  /** From now on the call waits in this queue, or in none. */
  private offer(call: OpenCall, queue: string | null): void {
    call.offeredTo = queue;
    call.legs = call.legs.filter((leg) => leg !== call.queueLeg);
    call.queueLeg = null;
    const [caller] = call.legs;
    if (!this.options.queueLegs || queue === null || this.queueName(queue) === undefined) return;
    const party = caller === undefined ? '' : this.numberOf(caller);
    call.queueLeg = this.addLeg(call, queue, 'Connected', party, null);
    settleHold(call);
  }

  /** Everybody who is being rung, but for one. */
  private stopRinging(call: OpenCall, butFor?: Leg): void {
    call.legs = call.legs.filter((leg) => leg === butFor || !isRung(call, leg));
  }

  private removeLeg(call: OpenCall, leg: Leg): void {
    call.legs = call.legs.filter((other) => other !== leg);
    if (leg === call.queueLeg) this.offer(call, null);
    if (isOver(call)) this.endCall(call);
  }

  private endCall(call: OpenCall): void {
    if (!this.openCalls.includes(call)) return;
    this.openCalls = this.openCalls.filter((candidate) => candidate !== call);
    call.legs = [];
    call.offeredTo = null;
    call.queueLeg = null;
  }

  /** One connection gets the call: everybody else stops ringing, and the others now talk to this one. */
  private take(call: OpenCall, leg: Leg): void {
    if (!isRung(call, leg)) return;
    this.stopRinging(call, leg);
    call.forwarded.clear();
    const replaced = call.routes.get(leg);
    call.legs = call.legs.filter((other) => other !== replaced);
    this.offer(call, null);
    this.meet(call, leg);
  }

  /**
   * The connection that a code takes over; undefined for a number that is not a code, and for a code without a call.
   */
  private meantBy(destination: string): Leg | undefined {
    if (destination === retrieveCode) return this.legs().find(isParked);
    const [, extension] = pickUpCode.exec(destination) ?? [];
    return this.legs().find(({ dn, status }) => dn === extension && status === 'Ringing');
  }

  /** A new connection of the call takes over from one that rings or is parked. */
  private collect(call: OpenCall, target: Leg, leg: Leg): void {
    const rest = others(call, target, leg);
    const other = rest.find((one) => !isRung(call, one)) ?? rest[0];
    leg.party = other === undefined ? '' : this.numberOf(other);
    leg.queue = target.queue;
    if (isParked(target)) {
      this.removeLeg(call, target);
      leg.status = 'Connected';
      this.meet(call, leg);
    } else {
      leg.status = 'Ringing';
      this.take(call, leg);
      leg.status = 'Connected';
      this.callerGotThrough(call);
    }
    settleHold(call);
  }

  /** Somebody inside answered. An outside party that is being dialled has to pick up itself. */
  private callerGotThrough(call: OpenCall): void {
    for (const leg of call.legs) {
      if (leg.status === 'Dialing' && leg.dn !== this.trunk) leg.status = 'Connected';
    }
  }

  /** Sends a connection to an extension, a queue, or out on the trunk, whatever it was before. */
  private redirect(call: OpenCall, leg: Leg, destination: string): void {
    call.declined.clear();
    if (this.queueName(destination) !== undefined) {
      call.legs = call.legs.filter((other) => other !== leg);
      this.offer(call, destination);
      if (isOver(call)) this.endCall(call);
      return;
    }
    const other = others(call, leg).find((one) => !isRung(call, one));
    const inside = this.members.has(destination);
    const [phone, ...otherPhones] = inside ? this.ringingPhones(destination) : [null];
    this.offer(call, null);
    leg.dn = inside ? destination : this.trunk;
    leg.status = inside ? 'Ringing' : 'Dialing';
    leg.party = inside && other !== undefined ? this.numberOf(other) : destination;
    leg.phone = phone;
    for (const id of otherPhones) this.addLeg(call, destination, 'Ringing', leg.party, leg.queue).phone = id;
    this.meet(call, leg);
  }

  /** The other extensions of a call see whom they talk to now; a trunk always names its own outside party. */
  private meet(call: OpenCall, leg: Leg): void {
    for (const other of others(call, leg)) {
      if (other.dn !== this.trunk && !isParked(other)) other.party = this.numberOf(leg);
    }
  }

  /** How the other party sees this connection: by its extension, or by the outside number. */
  private numberOf(leg: Leg): string {
    return leg.dn === this.trunk ? leg.party : leg.dn;
  }

  private agentsOf(queue: string): Member[] {
    return [...this.members.values()].filter((member) => loggedInTo(member).includes(queue));
  }

  /** The end of each change. */
  private settle(): void {
    this.offerToQueues();
    for (const listener of this.listeners) listener();
  }

  /** Rings the agents for every queue call that rings nobody: a change may have set one free. */
  private offerToQueues(): void {
    for (const call of this.openCalls) {
      const { offeredTo: queue, legs } = call;
      const [caller] = others(call);
      if (queue === null || caller === undefined || legs.some((leg) => isRung(call, leg))) continue;
      const busy = new Set(this.legs().map((leg) => leg.dn));
      for (const { number, profile } of this.agentsOf(queue)) {
        if (profile !== profileNames.avail || busy.has(number) || call.declined.has(number)) continue;
        this.ring(call, number, this.numberOf(caller), queue);
      }
    }
  }
}

/** The connections of people, but for these. */
function others(call: OpenCall, ...legs: Leg[]): Leg[] {
  return call.legs.filter((leg) => leg !== call.queueLeg && !legs.includes(leg));
}

/** Could this connection answer the call? */
function isRung(call: OpenCall, leg: Leg): boolean {
  return leg.status === 'Ringing' || call.forwarded.has(leg);
}

/** Does this connection ring beside one that has the call? */
function isRoute(call: OpenCall, leg: Leg): boolean {
  const origin = call.routes.get(leg);
  return origin !== undefined && isRung(call, leg) && call.legs.includes(origin);
}

/** Is this a code that is being dialled, and waits for its call? */
function isCode(call: OpenCall): boolean {
  const [leg, other] = call.legs;
  return leg?.status === 'Dialing' && other === undefined && call.offeredTo === null;
}

/** A party is Held while the other side has Hold, or while it is parked. */
function settleHold(call: OpenCall): void {
  for (const leg of call.legs) {
    if (isParked(leg) || (leg.status !== 'Connected' && leg.status !== 'Held')) continue;
    leg.status = others(call, leg).some((other) => other.status === 'Hold') ? 'Held' : 'Connected';
  }
}

/** Does this connection hold a parked call? */
export function isParked(leg: Connection): boolean {
  return leg.status === 'Held' && leg.party === parkedParty;
}

/** A call needs two parties, one of whom doesn't just ring; a caller may wait alone in a queue. */
function isOver(call: OpenCall): boolean {
  const people = others(call).filter((leg) => !isRoute(call, leg));
  if (people.every((leg) => isRung(call, leg))) return true;
  return people.length < 2 && call.offeredTo === null;
}

function loggedInTo(member: Member): readonly string[] {
  return member.loggedIn ? (member.workingSet ?? member.agentOf) : [];
}

function recordingAction(action: string): string {
  if (recordingActions.includes(action)) return action;
  const number = /^[+-]?\d+$/.test(action) ? Number(action) : NaN;
  if (number !== (number | 0)) throw new PbxError('unknown', `There is no recording action ${quote(action)}.`);
  return recordingActions[number] ?? String(number);
}

function cannot(what: string, leg: Leg): PbxError {
  return new PbxError('impossible', `Cannot ${what} connection ${leg.id} of ${leg.dn}, which is ${leg.status}.`);
}

function copyOfCall(call: OpenCall): Call {
  return { id: call.id, waitingIn: call.offeredTo, connections: call.legs.map((leg) => ({ ...leg })) };
}

function copyOfMember(member: Member): Extension {
  const { number, name, profile, phones, agentOf } = member;
  return { number, name, profile, phones, agentOf, loggedInTo: loggedInTo(member) };
}

function quote(text: string): string {
  return JSON.stringify(text);
}
