import type { ConnectionRecord } from './types';

export interface GroupingOptions {
  /** Tells outside lines. */
  isTrunk: (dn: string) => boolean;
  /** The call a connection was put in before, if any: those of one call belong together, those of two do not. */
  knownCall: (record: ConnectionRecord) => unknown;
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
  { isTrunk, knownCall }: GroupingOptions,
): ConnectionRecord[][] {
  let dns: Set<string> | null = null;
  /** Asked for new connections only, and most lists have none. */
  const isDn = (number: string): boolean => (dns ??= new Set(records.map(({ extension }) => extension))).has(number);
  const groups: ConnectionRecord[][] = [];
  /** The calls that those of the last group were put in before. */
  const calls = new Set();
  for (const record of records) {
    const group = groups.at(-1);
    const call = knownCall(record);
    if (group !== undefined && belongs(record, call, group)) group.push(record);
    else {
      groups.push([record]);
      calls.clear();
    }
    if (call !== undefined) calls.add(call);
  }
  return groups;

  function belongs(record: ConnectionRecord, call: unknown, group: readonly ConnectionRecord[]): boolean {
    const before = group.at(-1);
    if (before?.ccid !== undefined && record.ccid !== undefined) return Number(record.ccid) > Number(before.ccid);
    if (call !== undefined && calls.size > 0) return calls.has(call);
    return !startsCall(record, group) && group.some((other) => areLinked(record, other));
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
    if (record.number !== other.extension) return false;
    // In a queue or a ring group the caller has its number, or whom it talked to before, and those it rings the caller's.
    const isRung = record.status === 'ringing' || other.number === record.queue?.number;
    return isRung || other.status === 'dialing' || other.number === record.extension;
  }
}
