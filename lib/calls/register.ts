import type { Leg, Moment } from '../pbx';
import { mergeCalls, newCall } from './call';
import { groupIntoCalls } from './grouping';
import type { Attendance, Call, Party } from './model';
import { enterByCode, goesOn, isAlone, isChanged, isDiallingCode, isNew, isUp, newParty } from './party';
import { goesOnElsewhere } from './transfers';

interface Last extends Pick<Attendance, 'partyOf'> {
  legs: readonly Leg[];
  present: Map<Party, readonly Leg[]>;
}

/** Finds out whose each leg is, and in which call. */
export class Register {
  /** DNs that were seen as a queue's number. */
  private readonly queues = new Set<string>();
  /** Of the last snapshot, where the PBX says which legs are one call. */
  private groups = new Map<string, Call>();
  private callCount = 0;
  private partyCount = 0;
  private last: Last = { legs: [], present: new Map(), partyOf: new Map() };

  isQueue(dn: string): boolean {
    return this.queues.has(dn);
  }

  /** The key of the party that was seen last for the first time; 0 before there was one. */
  get newestParty(): number {
    return this.partyCount;
  }

  /** @param list the legs of the next snapshot, in the order of the list */
  take(list: readonly Leg[], now: Moment): Attendance {
    return this.sameParties(list) ?? this.findParties([...new Map(list.map((leg) => [leg.id, leg])).values()], now);
  }

  /**
   * A leg stays in the call it was first put in. So while no leg came, went or moved, all parties are known, which
   * saves most of the work with long lists.
   *
   * @returns null where a party may be new, or in another call
   */
  private sameParties(legs: readonly Leg[]): Attendance | null {
    const { legs: before, present, partyOf } = this.last;
    if (legs.length !== before.length) return null;
    const news = new Map<string, Leg>();
    for (const [index, leg] of legs.entries()) {
      const known = before[index];
      if (leg === known) continue;
      if (leg.id !== known?.id || leg.extension !== known.extension || leg.group !== known.group) return null;
      news.set(leg.id, leg);
    }
    const parties = new Set([...news.keys()].map((id) => partyOf.get(id)).filter((party) => party !== undefined));
    const changed = [...parties].map((party): [Party, readonly Leg[]] => {
      const own = present.get(party) ?? [];
      return [party, own.map((leg) => news.get(leg.id) ?? leg)];
    });
    // A party that dialled may have dialled a code, and be in another call now.
    if (!changed.every(([party, own]) => party.status !== 'dialing' && goesOn(party, own))) return null;
    for (const [party, own] of changed) present.set(party, own);
    this.learnQueues([...news.values()]);
    this.last.legs = legs;
    return { present, changed, gone: [], partyOf, before: partyOf };
  }

  private findParties(legs: readonly Leg[], now: Moment): Attendance {
    this.learnQueues(legs);
    const claims = new Map<Party, Leg[]>();
    for (const [call, members] of this.divide(legs, now)) {
      for (const leg of members) addTo(claims, this.claimant(leg, call, now), leg);
    }
    const present = new Map<Party, readonly Leg[]>();
    for (const [party, own] of claims) {
      const [first] = own;
      if (first !== undefined) present.set(goesOn(party, own) ? party : this.begin(first, party.call, now), own);
    }
    const { present: before, partyOf: ownerBefore } = this.last;
    const arrivals = arrivalsByCode([...before.keys()], present);
    const attending = new Map([...present].map(([party, own]) => [arrivals.get(party) ?? party, own]));
    const partyOf = new Map([...attending].flatMap(([party, own]) => own.map(({ id }) => [id, party])));
    this.last = { legs, present: attending, partyOf };
    const gone = [...before.keys()].filter((party) => !attending.has(party));
    const changed = [...attending].filter(([party, own]) => isChanged(party, own));
    return { present: attending, changed, gone, partyOf, before: ownerBefore };
  }

  private learnQueues(legs: readonly Leg[]): void {
    for (const { queue, role, extension } of legs) {
      if (queue !== null) this.queues.add(queue.number);
      if (role === 'queue') this.queues.add(extension);
    }
  }

  /** A leg stays in the call it was first put in; but for what was dialled alone, which may be a code. */
  private divide(legs: readonly Leg[], now: Moment): Map<Call, Leg[]> {
    const { partyOf } = this.last;
    const ownCall = ({ id }: Leg): Call | undefined => partyOf.get(id)?.call;
    const knownCall = (leg: Leg): Call | undefined => {
      const party = partyOf.get(leg.id);
      const mayHaveArrived = party?.isExtension && party.status === 'dialing' && isUp(leg.status) && isAlone(party);
      return mayHaveArrived ? undefined : party?.call;
    };
    const calls = new Map<Call, Leg[]>();
    const groups: typeof this.groups = new Map();
    for (const group of groupIntoCalls(legs, { isQueue: (dn) => this.isQueue(dn), knownCall })) {
      const name = group[0]?.group;
      if (name !== undefined) uniteCalls(group.map(knownCall));
      let call = firstOf(group, knownCall) ?? firstOf(group, ownCall);
      // All who were in it may be gone, and others there.
      if (name !== undefined) call ??= this.groups.get(name);
      call ??= newCall(group[0]?.id ?? '', ++this.callCount, now);
      for (const leg of group) {
        // A code gets nobody into a call that nobody inside has ever been in.
        call = knownCall(leg) ?? (call.isOutsideOnly ? ownCall(leg) : undefined) ?? call;
        addTo(calls, call, leg);
      }
      if (name !== undefined) groups.set(name, call);
    }
    this.groups = groups;
    return calls;
  }

  /** Whose leg it is in this call. */
  private claimant(leg: Leg, call: Call, now: Moment): Party {
    const before = this.last.partyOf.get(leg.id);
    const own = before?.extension === leg.extension ? before : undefined;
    if (own?.call === call) return own;
    const other = [...call.parties].find((party) => party.isExtension && party.extension === leg.extension);
    if (other !== undefined) return other;
    return own === undefined ? this.begin(leg, call, now) : enterByCode(own, call);
  }

  private begin(leg: Leg, call: Call, now: Moment): Party {
    const { id, extension, role } = leg;
    const isExtension = role === 'extension' && !this.isQueue(extension);
    // It is the same call of the PBX when the leg stood at another DN before.
    const callId = this.last.partyOf.get(id)?.callId ?? null;
    const key = ++this.partyCount;
    const party = newParty({ key, isExtension, isTrunk: role === 'trunk', call, callId, startedAt: now }, leg);
    if (party.isTrunk) call.trunk ??= extension;
    else call.isOutsideOnly = false;
    const isFirst = call.parties.size === 0;
    const isCaller = leg.group === undefined ? isFirst : leg.direction === 'outbound';
    if (party.isTrunk && isCaller) call.callersLine ??= party;
    call.parties.add(party);
    return party;
  }
}

/** The PBX says that they are one: the oldest one's id stays. */
function uniteCalls(calls: readonly (Call | undefined)[]): void {
  const known = [...new Set(calls.filter((call) => call !== undefined))].sort((a, b) => a.order - b.order);
  const [oldest, ...others] = known;
  for (const other of others) if (oldest !== undefined) mergeCalls(oldest, other);
}

/**
 * The parties that dialled a code alone, and are in another call by now, on a leg of another id.
 *
 * @returns by the parties that would be new there
 */
function arrivalsByCode(before: readonly Party[], present: Attendance['present']): ReadonlyMap<Party, Party> {
  const arrivals = new Map<Party, Party>();
  for (const dialler of before) {
    if (present.has(dialler) || !isDiallingCode(dialler) || goesOnElsewhere(dialler, present)) continue;
    const newcomer = [...present].find(([party, legs]) => {
      const isSame = party.isExtension && party.extension === dialler.extension;
      const [beginner] = party.call.parties;
      return (
        isSame && isNew(party) && !arrivals.has(party) && party !== beginner && legs.some(({ status }) => isUp(status))
      );
    })?.[0];
    if (newcomer === undefined) continue;
    newcomer.call.parties.delete(newcomer);
    arrivals.set(newcomer, enterByCode(dialler, newcomer.call));
  }
  return arrivals;
}

function firstOf(group: readonly Leg[], callOf: (leg: Leg) => Call | undefined): Call | undefined {
  return group.map(callOf).find((call) => call !== undefined);
}

function addTo<Key>(lists: Map<Key, Leg[]>, key: Key, leg: Leg): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [leg]);
  else list.push(leg);
}
