import type { Moment } from '../pbx';
import type { Call, Party } from './model';

/** @param connection the id of its first leg: with the time of day it makes an id that does not come again */
export function newCall(connection: string, order: number, now: Moment): Call {
  return {
    id: `${connection}-${now.wall.toString(36)}`,
    order,
    startedAt: now,
    trunk: null,
    parties: new Set(),
    callersLine: null,
    rung: [],
    takenBy: new Set(),
    longestRing: 0,
    isOutsideOnly: true,
    wasUp: false,
    takenUnseenAt: -Infinity,
  };
}

/** Two calls have become one: everything known of the newer call moves to the older. */
export function mergeCalls(older: Call, newer: Call): void {
  older.trunk ??= newer.trunk;
  older.longestRing = Math.max(older.longestRing, newer.longestRing);
  older.isOutsideOnly &&= newer.isOutsideOnly;
  older.wasUp ||= newer.wasUp;
  older.takenUnseenAt = Math.max(older.takenUnseenAt, newer.takenUnseenAt);
  for (const party of newer.takenBy) older.takenBy.add(party);
  for (const party of newer.rung) addRung(older, party);
  for (const party of newer.parties) older.parties.add(party);
  // Those that rang may be gone already, and `missed` is about the first of them.
  for (const party of [...newer.parties, ...newer.rung]) party.call = older;
}

export function addRung({ rung }: Call, party: Party): void {
  if (!rung.some(({ extension }) => extension === party.extension)) rung.push(party);
}
