import { isCode, type Leg } from '../pbx';

export interface GroupingOptions {
  /** Tells queues, as far as their numbers are known. */
  isQueue: (dn: string) => boolean;
  /** The call that a leg was put in before, if any: legs of one call stay together, legs of two stay apart. */
  knownCall: (leg: Leg) => unknown;
}

interface Group {
  legs: Leg[];
  /** The calls that they were put in before. */
  calls: Set<unknown>;
}

/** How many calls there are. */
export function countCalls(legs: readonly Leg[]): number {
  const queues = new Set(legs.map(({ queue }) => queue?.number));
  return groupIntoCalls(legs, { isQueue: (dn) => queues.has(dn), knownCall: () => undefined }).length;
}

/**
 * Divides a snapshot into calls. Where the PBX says which legs are one call, that decides (V20). Else the legs of one call
 * stand next to each other (community). With CCIDs (documented), a CCID that is not above the one before starts a new
 * call. Without them, neighbours belong together when each has the other's DN as its number, when they share the outside
 * number, or when one rings the other.
 *
 * @param legs in the order of the list
 */
export function groupIntoCalls(legs: readonly Leg[], { isQueue, knownCall }: GroupingOptions): Leg[][] {
  let dns: Set<string> | null = null;
  /** Filled for new legs only, since most lists contain no new leg. */
  const isDn = (number: string): boolean => (dns ??= new Set(legs.map(({ extension }) => extension))).has(number);
  const groups: Group[] = [];
  const byGroup = new Map<string, Group>();
  for (const leg of legs) {
    const call = knownCall(leg);
    let group = leg.group === undefined ? groupOf(leg, call) : byGroup.get(leg.group);
    if (group === undefined) groups.push((group = { legs: [], calls: new Set() }));
    if (leg.group !== undefined) byGroup.set(leg.group, group);
    group.legs.push(leg);
    if (call !== undefined) group.calls.add(call);
  }
  return groups.map((group) => group.legs);

  /** The group before, or the one before lone outside lines: the call may be forwarded on one of them. */
  function groupOf(leg: Leg, call: unknown): Group | undefined {
    const isLine = leg.role === 'trunk';
    for (let at = groups.length - 1; at >= 0; at--) {
      const group = groups[at];
      if (group === undefined || belongs(leg, call, group)) return group;
      const [only, second] = group.legs;
      const isLoneLine = second === undefined && only?.role === 'trunk';
      if (isLine || !isLoneLine || leg.ccid !== undefined) return undefined;
    }
    return undefined;
  }

  function belongs(leg: Leg, call: unknown, group: Group): boolean {
    const before = group.legs.at(-1);
    if (before?.ccid !== undefined && leg.ccid !== undefined) return Number(leg.ccid) > Number(before.ccid);
    if (call !== undefined && group.calls.size > 0) return group.calls.has(call);
    return !startsCall(leg, group.legs) && group.legs.some((other) => areLinked(leg, other));
  }

  /** A leg that dials starts a call, and one caller has one outside line. */
  function startsCall(leg: Leg, group: readonly Leg[]): boolean {
    if (leg.role !== 'trunk') return leg.status === 'dialing';
    return group.some(({ role, number }) => role === 'trunk' && number === leg.number);
  }

  function areLinked(leg: Leg, other: Leg): boolean {
    // A code is no number: two parked calls have the same one. But it can be dialled.
    const isParking = isCode(leg.number) && leg.role !== 'trunk' && other.role !== 'trunk';
    // A caller who withholds the number has an empty one on all legs of the call.
    if (leg.number === other.number && !isDn(leg.number)) return !isParking;
    if (leg.number === other.number && areRungTogether(leg, other)) return true;
    if (leg.number !== other.extension) return false;
    // In a queue or a ring group the caller's leg has the group's number, or the one it talked to before; the legs that ring
    // have the caller's.
    const isRung = leg.status === 'ringing' || other.number === leg.queue?.number || isQueue(leg.extension);
    return isRung || other.status === 'dialing' || other.number === leg.extension;
  }
}

/** Two phones of one extension, two agents of a queue, or an agent and the queue itself, that ring for one caller. */
function areRungTogether(leg: Leg, other: Leg): boolean {
  if (leg.status !== 'ringing') return false;
  if (leg.queue !== null && leg.queue.number === other.extension) return true;
  const isSameQueue = leg.queue?.number === other.queue?.number;
  return other.status === 'ringing' && isSameQueue && (leg.queue !== null || leg.extension === other.extension);
}
