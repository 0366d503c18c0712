import { type CallEventName, type ConnectionStatus, isCode, type Leg, type Moment } from '../pbx';
import { addRung } from './call';
import type { Call, Party, Spent } from './model';

const spentIn: Record<ConnectionStatus, Spent> = {
  undefined: 'none',
  dialing: 'ring',
  ringing: 'ring',
  connected: 'talk',
  hold: 'hold',
  held: 'hold',
};

/** Of several legs, the one with the first of these has the call. */
const precedence: readonly ConnectionStatus[] = ['connected', 'hold', 'held', 'ringing', 'dialing', 'undefined'];

/** A party that is new in a snapshot; it gets its legs and its status when it is brought up to it. */
export function newParty(
  beginning: Pick<Party, 'key' | 'isExtension' | 'isTrunk' | 'call' | 'callId' | 'startedAt'>,
  { id, extension, number, name, queue, recording }: Leg,
): Party {
  return {
    ...beginning,
    extension,
    legs: new Map(),
    connection: id,
    status: 'undefined',
    previousStatus: null,
    statusSince: beginning.startedAt.steady,
    number,
    name,
    queue,
    recording,
    direction: 'unknown',
    cameByCode: false,
    answeredAt: null,
    answeredIn: undefined,
    endedAt: null,
    spent: { ring: 0, talk: 0, hold: 0, none: 0 },
    withheld: null,
  };
}

/** Is it, with one leg, all there is of its call? */
export function isAlone({ call, legs }: Party): boolean {
  return call.parties.size === 1 && legs.size === 1;
}

/** Is it answered, whoever may be on hold? */
export function isUp(status: ConnectionStatus): boolean {
  return status === 'connected' || status === 'hold' || status === 'held';
}

/**
 * Which of a party's legs has the call: one that talks, else one that still does what the party did.
 *
 * @param before the party as it was; undefined for a new one
 */
export function leadingLeg(legs: readonly Leg[], before: Pick<Party, 'connection' | 'status'> | undefined): Leg {
  const rank = ({ id, status }: Leg): number => {
    const isSame = status === before?.status && !isUp(status);
    return (isSame ? 2.5 : precedence.indexOf(status)) - (id === before?.connection ? 0.1 : 0);
  };
  return legs.reduce((leader, leg) => (rank(leg) < rank(leader) ? leg : leader));
}

/**
 * Is it still the same part in the call? A party that rings or dials after doing something else was elsewhere in
 * between, and begins again; unless that is another phone, which has been ringing all the while.
 */
export function goesOn(party: Party, now: readonly Leg[]): boolean {
  const { status, legs } = party;
  const next = leadingLeg(now, party).status;
  if (status === 'undefined' || next === 'undefined' || next === status || isUp(next)) return true;
  return isUp(status) && now.some((leg) => leg.status === 'ringing' && legs.get(leg.id)?.status === 'ringing');
}

/** Counts the time since the last change to the state it was spent in. */
export function spend(party: Party, now: Moment): void {
  party.spent[spentIn[party.status]] += now.steady - party.statusSince;
  party.statusSince = now.steady;
}

/** How long it has rung or dialled until now, in ms. */
export function ringMs(party: Party, now: Moment): number {
  const { spent, status, statusSince } = party;
  return spent.ring + (spentIn[status] === 'ring' ? (goneAt(party) ?? now).steady - statusSince : 0);
}

/** When the last of its legs was gone, where the snapshots kept them for longer; else null. */
export function goneAt({ legs }: Pick<Party, 'legs'>): Moment | null {
  const ends = [...legs.values()].map(({ gone }) => gone?.at);
  const known = ends.filter((end) => end !== undefined);
  const [last = null] = known.sort((a, b) => b.steady - a.steady);
  return known.length < ends.length ? null : last;
}

/** Is it new in a snapshot, and not brought up to it yet? */
export function isNew({ legs }: Party): boolean {
  return legs.size === 0;
}

/** Is anything new of its legs? */
export function isChanged({ legs: before }: Party, now: readonly Leg[]): boolean {
  return now.length !== before.size || now.some((leg) => before.get(leg.id) !== leg);
}

/** Enters a party into a call by a dialled code. It stays the same party, and nobody called it. */
export function enterByCode(party: Party, call: Call): Party {
  party.call.parties.delete(party);
  call.parties.add(party);
  party.call = call;
  party.cameByCode = true;
  return party;
}

export function isDiallingCode(party: Party): boolean {
  return party.isExtension && party.status === 'dialing' && isCode(party.number) && isAlone(party);
}

/**
 * Brings a party up to its legs in a snapshot.
 *
 * @returns the events that this is for its extension
 */
export function bringUp(party: Party, legs: readonly Leg[], now: Moment): CallEventName[] {
  const { id, status, number, name, queue, recording, callId, group } = leadingLeg(legs, party);
  noteInCall(party.call, legs, now);
  if (isNew(party)) Object.assign(party, { number, name, queue, recording });
  party.legs = new Map(legs.map((leg) => [leg.id, leg]));
  party.connection = id;
  party.callId = callId ?? party.callId;
  party.queue = queue ?? party.queue;
  // A code never overwrites a number. An empty number overwrites a code only.
  if (!isCode(number) && (number !== '' || isCode(party.number))) {
    // Whose name it was goes with the number.
    party.name = name ?? (number === party.number ? party.name : null);
    party.number = number;
  }
  const names: CallEventName[] = [];
  // An undefined status changes nothing. Neither does a phone that rings on where another one has answered.
  if (status !== party.status && status !== 'undefined' && (isUp(status) || !isUp(party.status))) {
    const name = enter(party, status, group, now);
    if (name !== null) names.push(name);
  }
  if (recording !== party.recording) {
    party.recording = recording;
    if (party.status !== 'undefined') names.push('recording');
  }
  return names;
}

function noteInCall(call: Call, legs: readonly Leg[], now: Moment): void {
  for (const { trunk, gone } of legs) {
    call.trunk ??= trunk ?? null;
    if (gone?.isTaken === true) call.takenUnseenAt = now.steady;
  }
}

/** A party gets into a status: what that means for its extension. */
function enter(party: Party, status: ConnectionStatus, group: Leg['group'], now: Moment): CallEventName | null {
  const before = party.status;
  spend(party, now);
  if (before !== 'undefined') party.previousStatus = before;
  party.status = status;
  if (status === 'ringing') {
    if (party.isExtension) addRung(party.call, party);
    return 'ringing';
  }
  // A party that dials after doing something else is another party.
  if (!isUp(status)) return 'dialing';
  if (!isUp(before)) {
    answer(party, group, now);
    return 'answered';
  }
  if (status === 'connected') return 'resumed';
  return before === 'connected' ? 'held' : null;
}

/** Happens once: a party stays answered. The caller, inside or outside, has not taken the call. */
function answer(party: Party, group: Leg['group'], now: Moment): void {
  const { call, isTrunk, isExtension, direction, cameByCode } = party;
  party.answeredAt = now;
  party.answeredIn = group;
  call.wasUp = true;
  const isOffered = isTrunk
    ? party !== call.callersLine && call.rung.length > 0
    : isExtension && (direction !== 'outbound' || cameByCode);
  if (isOffered) call.takenBy.add(party);
}
