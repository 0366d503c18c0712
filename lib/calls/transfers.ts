import { type ConnectionStatus, isCode, type Leg } from '../pbx';
import { mergeCalls } from './call';
import type { Attendance, Call, Party } from './model';
import { isUp, leadingLeg } from './party';

/** The parties that left two calls at once, with the party that each was transferred to; null for the one that was not. */
export type Joined = ReadonlyMap<Party, string | null>;

/**
 * Attended transfer: an extension that leaves two calls at once, both of which live on, has made them one. The older
 * call's id stays.
 */
export function joinCalls(attendance: Attendance): Joined {
  const { present, gone, partyOf } = attendance;
  const joined = new Map<Party, string | null>();
  const left = gone.filter(
    ({ isExtension, status, legs, call }) =>
      isExtension &&
      status !== 'ringing' &&
      // Where the PBX says which legs are one call, it says that of two that became one too.
      groupsOf(legs.values()).size === 0 &&
      ![...legs.keys()].some((id) => partyOf.has(id)) &&
      isAlive(call, present),
  );
  for (const party of left) {
    const { extension, call: older } = party;
    const other = left.find((one) => one.extension === extension && one.call.order > older.order);
    if (other === undefined || joined.has(party)) continue;
    const newer = other.call;
    const isNewerOutside = isOutside(newer, attendance) && !isOutside(older, attendance);
    // Only the other party of an answered call is transferred; the second call may still have been dialling.
    const isNewer = other.answeredAt !== null && (isNewerOutside || party.answeredAt === null);
    joined.set(party, isNewer ? null : nameOfCall(newer, attendance));
    joined.set(other, isNewer ? nameOfCall(older, attendance) : null);
    mergeCalls(older, newer);
  }
  return joined;
}

/**
 * Finds the party that took over from one that is gone after it was answered. It is the party that has its leg now. Or
 * it is an extension that joined the call after that answer, while the outside line stays.
 */
export function takenOverBy(party: Party, { present, partyOf }: Attendance): string | null {
  const { call, extension, number, legs, answeredAt } = party;
  const heir = [...legs.keys()].map((id) => partyOf.get(id)).find((other) => other?.call === call);
  if (heir !== undefined) return heir.extension === extension ? null : nameOf(heir, present);
  // A party that rang and is gone did not get the call.
  const isThere = (other: Party): boolean => present.get(other)?.some(({ gone }) => gone === undefined) ?? false;
  const others = [...call.parties].filter(isThere);
  // Where the PBX says which legs are one call, lines outside may have no leg: see below.
  const groups = groupsOf(legs.values());
  const isCertain = groups.size > 0;
  if (!isCertain && !others.some(({ isTrunk, legs: before }) => isTrunk && before.size > 0)) return null;
  // Of two calls that have become one, the other one's legs may not have moved yet, or not be gone.
  const isWithOthers = (other: Party): boolean => {
    const rest = others.filter((one) => one !== other).flatMap((one) => present.get(one) ?? []);
    return isIn(present.get(other), groupsOf([...legs.values(), ...rest]));
  };
  const successors = others.filter(
    (other) =>
      other.isExtension &&
      other.extension !== extension &&
      (other.legs.size === 0 || other.startedAt.steady > (answeredAt?.steady ?? 0)) &&
      // In the other one of two calls that have become one may be a leg of the one it talks to already.
      (!isCertain || (other.extension !== number && isWithOthers(other))),
  );
  const successor = successors.find((other) => isUp(statusNow(other, present))) ?? successors[0];
  if (successor === undefined || (isCertain && !talksOn(successor, party, others, present))) return null;
  return successor.extension;
}

/** Does the successor talk to somebody who was there before, on an outside line or at an extension? */
function talksOn(
  successor: Party,
  { extension, legs }: Party,
  others: readonly Party[],
  present: Attendance['present'],
): boolean {
  const own = present.get(successor) ?? [];
  if (own.some(({ trunk }) => trunk !== undefined)) return true;
  // The other one of two calls that have become one may have legs that are about to go.
  const around = groupsOf([...legs.values(), ...own]);
  return others.some(
    (other) =>
      (other.isTrunk || other.isExtension) &&
      ![extension, successor.extension].includes(other.extension) &&
      other.legs.size > 0 &&
      isUp(statusNow(other, present)) &&
      isIn(present.get(other), around),
  );
}

/** Has somebody taken the call that this party was offered: somebody who was called too, or who picked it up? */
export function isTakenFrom(party: Party, { present }: Attendance): boolean {
  return [...party.call.parties].some((other) => {
    if (other.extension === party.extension || !isUp(statusNow(other, present))) return false;
    if (!answeredSince(other, party)) return false;
    if (other.isTrunk) return other !== party.call.callersLine;
    return other.isExtension && (other.direction !== 'outbound' || other.cameByCode);
  });
}

/** Has somebody, who is answered in this snapshot at the latest, answered since a party began to ring in this call? */
export function answeredSince({ answeredAt, answeredIn }: Party, { startedAt, legs }: Party): boolean {
  if (answeredAt === null) return true;
  const [leg] = legs.values();
  // A party that answered before two calls became one has not taken the other call.
  return answeredAt.steady > startedAt.steady && answeredIn === leg?.group;
}

/** Is it forwarded by now to a line outside, which was seen dialling and on which somebody has answered? */
export function isForwarded({ call }: Party, { present }: Attendance): boolean {
  // Where the PBX says which legs are one call, such a line is in it.
  if (isTold(call)) return false;
  return [...present.keys()].some((line) => {
    const isDialled = line.direction === 'outbound' && (line !== line.call.callersLine || line.call.parties.size === 1);
    return isDialled && mayForward(line.call, call) && isUp(statusNow(line, present));
  });
}

/** Was it forwarded to a line outside on which somebody answered, and which has gone with it? */
export function wasForwarded(call: Call, { gone, present }: Attendance): boolean {
  if (isTold(call)) return false;
  return gone.some(({ call: line }) => line.wasUp && mayForward(line, call) && !isAlive(line, present));
}

/** Has its extension, which dialled a code, a part in another call that goes on with what it dialled? */
export function goesOnElsewhere(party: Party, present: Attendance['present']): boolean {
  if (party.status !== 'dialing') return false;
  return [...present].some(
    ([other, legs]) =>
      other.isExtension &&
      other.extension === party.extension &&
      other.legs.size > 0 &&
      legs.some(
        ({ id, status }) => isUp(status) && !other.legs.has(id) && (isCode(party.number) || party.legs.has(id)),
      ),
  );
}

export function isAlive({ parties }: Call, present: Attendance['present']): boolean {
  return [...parties].some((party) => present.has(party));
}

/** Does the PBX say which legs are in this call? */
function isTold({ rung }: Call): boolean {
  return rung.some(({ legs }) => groupsOf(legs.values()).size > 0);
}

/** Does the PBX say that one of the legs is in one of these calls? */
function isIn(legs: readonly Leg[] | undefined, groups: ReadonlySet<string>): boolean {
  return [...groupsOf(legs ?? [])].some((group) => groups.has(group));
}

/** The calls that the PBX says legs are in: none where it does not say that. */
function groupsOf(legs: Iterable<Leg>): ReadonlySet<string> {
  return new Set([...legs].map(({ group }) => group).filter((group) => group !== undefined));
}

/**
 * Without CCIDs nothing links a call to the line on which it is forwarded outside. A call of nothing but outside lines
 * that came while the other one rang, or after, may be that line.
 */
function mayForward(line: Call, call: Call): boolean {
  const [first] = call.rung;
  return line.isOutsideOnly && first !== undefined && line.startedAt.steady >= first.startedAt.steady;
}

/** Has it a line outside, other than one that is new: that one may belong to either of two calls that became one? */
function isOutside(call: Call, attendance: Attendance): boolean {
  return partiesLeft(call, attendance).some(({ isTrunk }) => isTrunk);
}

/** The parties of a call that have a leg from before, perhaps one that stood at another DN. */
function partiesLeft(call: Call, { present, before }: Attendance): Party[] {
  return [...present]
    .filter(([party, legs]) => party.call === call && legs.some(({ id }) => before.has(id)))
    .map(([party]) => party);
}

/** How a transfer names the party it went to: the extension, or the number outside. */
function nameOfCall(call: Call, attendance: Attendance): string {
  // A party that is new there was not in the conversation, even if it is only another phone of the one that left.
  const there = partiesLeft(call, attendance);
  const party = there.find(({ isExtension }) => isExtension) ?? there[0];
  return party === undefined ? '' : nameOf(party, attendance.present);
}

function nameOf(party: Party, present: Attendance['present']): string {
  return party.isTrunk ? (present.get(party)?.[0]?.number ?? '') : party.extension;
}

/** The status in this snapshot, whether or not the party has been brought up to it. */
function statusNow(party: Party, present: Attendance['present']): ConnectionStatus {
  const legs = present.get(party);
  return legs === undefined ? 'undefined' : leadingLeg(legs, party).status;
}
