import type * as Lists from './lists';
import { shipped } from './shipped';
import { compared, type Row, sideBySide } from './side-by-side';

const { connectionsOf, ListReader, ListTracker } = shipped('lists.ts') as typeof Lists;

/** Parses a call list and compares it with the one before. */
export async function snapshots(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [10, 100, 1_000, 5_000]) {
    rows.push(await sideBySideWithJson(`parse and compare ${count} connections, 1 % changed`, history(count), 2));
  }
  const [list = ''] = history(100);
  // Two separate strings, as from the wire.
  const same = [list, Buffer.from(list).toString()];
  return [...rows, await sideBySideWithJson('the same with 100 connections, none changed', same, 0.1)];
}

async function sideBySideWithJson(what: string, lists: readonly string[], atMost: number): Promise<Row> {
  const sameData = lists.map((list) => JSON.stringify(connectionsOf(list)));
  const { length } = lists.join('');
  const reader = new ListReader();
  const tracker = new ListTracker();
  let time = 0;
  const inLists = (work: () => void): (() => number) => {
    return () => {
      const since = performance.now();
      work();
      return (performance.now() - since) / lists.length;
    };
  };
  const times = await sideBySide(
    {
      ours: inLists(() => {
        for (const list of lists) tracker.take(reader.read(list), { wall: (time += 1_000), steady: time });
      }),
      json: inLists(() => {
        for (const text of sameData) JSON.parse(text);
      }),
    },
    { samples: Math.max(10, Math.round(2e6 / length)), warmup: Math.round(4e7 / length) },
  );
  return compared(what, times.ours, '`JSON.parse` of the same data', times.json, atMost);
}

/** A ring of lists: from each to the next, 1 % of the connections are put on hold, or taken off hold again. */
function history(count: number): string[] {
  const isHeld = new Set<number>();
  return Array.from({ length: 20 }, (_, step) => {
    for (let change = Math.floor((step * count) / 100); change < Math.floor(((step + 1) * count) / 100); change++) {
      const index = (change % (count / 10)) * 10;
      if (!isHeld.delete(index)) isHeld.add(index);
    }
    return listOf(count, isHeld);
  });
}

/** Calls from outside, each with an outside line and an extension. */
function listOf(count: number, isHeld: ReadonlySet<number>): string {
  const records = Array.from({ length: count }, (_, index) => {
    const call = index >> 1;
    const status = isHeld.has(index) ? 'Hold' : 'Connected';
    const dn = index % 2 === 0 ? 2_000 + call : 10_000;
    return `ID=${98_000 + index};S=${status};DN=${dn};Queue_Name=Support;Queue_Nummer=8000;EP=+49151${1_000_000 + call};REC=Stop<br>`;
  });
  return `<html><head></head><body>${records.join('')}</body></html>`;
}
