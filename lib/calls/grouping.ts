import type { ConnectionRecord } from './types';

export interface GroupingOptions {
  /** Tells outside lines. */
  isTrunk: (dn: string) => boolean;
  /** Tells queues, as far as their numbers are known. */
  isQueue: (dn: string) => boolean;
  /** The call a connection was put in before, if any: those of one call belong together, those of two do not. */
  knownCall: (record: ConnectionRecord) => unknown;
}

interface Group {
  records: ConnectionRecord[];
  /** The calls that they were put in before. */
  calls: Set<unknown>;
}

/**
 * Divides a snapshot into calls. The connections of one call stand next to each other (shipped). With CCIDs
 * (documented), one not above the one before starts a new call. Without, neighbours belong together of which each has
 * the other's DN as its number, that share the outside number, or of which one is rung by the other.
 *
 * @param records in the order of the list
 */
export function groupIntoCalls(
  records: readonly ConnectionRecord[],
  { isTrunk, isQueue, knownCall }: GroupingOptions,
): ConnectionRecord[][] {
  let dns: Set<string> | null = null;
  /** Asked for new connections only, and most lists have none. */
  const isDn = (number: string): boolean => (dns ??= new Set(records.map(({ extension }) => extension))).has(number);
  const groups: Group[] = [];
  for (const record of records) {
    const call = knownCall(record);
    let group = groupOf(record, call);
    if (group === undefined) groups.push((group = { records: [], calls: new Set() }));
    group.records.push(record);
    if (call !== undefined) group.calls.add(call);
  }
  return groups.map((group) => group.records);

  /** The group before; or the one beyond lines outside that stand alone: a call may be forwarded on one of them. */
  function groupOf(record: ConnectionRecord, call: unknown): Group | undefined {
    const isLine = isTrunk(record.extension);
    for (let at = groups.length - 1; at >= 0; at--) {
      const group = groups[at];
      if (group === undefined || belongs(record, call, group)) return group;
      const [only, second] = group.records;
      const isLoneLine = only !== undefined && second === undefined && isTrunk(only.extension);
      if (isLine || !isLoneLine || record.ccid !== undefined) return undefined;
    }
    return undefined;
  }

  function belongs(record: ConnectionRecord, call: unknown, group: Group): boolean {
    const before = group.records.at(-1);
    if (before?.ccid !== undefined && record.ccid !== undefined) return Number(record.ccid) > Number(before.ccid);
    if (call !== undefined && group.calls.size > 0) return group.calls.has(call);
    return !startsCall(record, group.records) && group.records.some((other) => areLinked(record, other));
  }

  /** Whoever dials starts a call; and one caller has one outside line. */
  function startsCall(record: ConnectionRecord, group: readonly ConnectionRecord[]): boolean {
    if (!isTrunk(record.extension)) return record.status === 'dialing';
    return group.some(({ extension, number }) => isTrunk(extension) && number === record.number);
  }

  function areLinked(record: ConnectionRecord, other: ConnectionRecord): boolean {
    // A code is no number: two parked calls have the same one. But it can be dialled.
    const isParking = record.number.startsWith('*') && !isTrunk(record.extension) && !isTrunk(other.extension);
    // A caller who withholds the number has an empty one on all connections of the call.
    if (record.number === other.number && !isDn(record.number)) return !isParking;
    if (record.number === other.number && areRungTogether(record, other)) return true;
    if (record.number !== other.extension) return false;
    // In a queue or a ring group the caller has its number, or whom it talked to before, and those it rings the caller's.
    const isRung = record.status === 'ringing' || other.number === record.queue?.number || isQueue(record.extension);
    return isRung || other.status === 'dialing' || other.number === record.extension;
  }
}

/** Two phones of one extension, two agents of a queue, or an agent and the queue itself, that ring for one caller. */
function areRungTogether(record: ConnectionRecord, other: ConnectionRecord): boolean {
  if (record.status !== 'ringing') return false;
  if (record.queue !== null && record.queue.number === other.extension) return true;
  const isSameQueue = record.queue?.number === other.queue?.number;
  return other.status === 'ringing' && isSameQueue && (record.queue !== null || record.extension === other.extension);
}
