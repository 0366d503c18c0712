import { isCode, type ServerKind } from '../../lib/pbx';
import type { Connection } from '../../simulator/pbx';
import { trunk } from './histories';

/** A call list, which tells of most connections, but not of all, which of them are one call. */
export interface List {
  connections: readonly Connection[];
  /** The connections that were there before; nobody has to find out again where they belong. */
  known: ReadonlySet<string>;
  server: ServerKind;
  /** The queues whose numbers are known. */
  queues: ReadonlySet<string>;
}

/** Do all connections of a call show that they belong together? Documented they do, by their order. */
export function isOnePiece(members: readonly Connection[], list: List): boolean {
  if (list.server === 'documented') return true;
  const [first, ...others] = members;
  const piece = new Set(first === undefined ? [] : [first]);
  for (;;) {
    const linked = others.filter((one) => !piece.has(one) && [...piece].some((other) => belong(one, other)));
    if (linked.length === 0) return piece.size === members.length;
    for (const one of linked) piece.add(one);
  }

  function belong(one: Connection, other: Connection): boolean {
    const [earlier, later] = members.indexOf(one) < members.indexOf(other) ? [one, other] : [other, one];
    if (list.known.has(one.id) && list.known.has(other.id)) return true;
    // One caller has one outside line: another one with the same number is another call.
    const before = members.slice(0, members.indexOf(later));
    const isSecondLine = later.dn === trunk && before.some(({ dn, party }) => dn === trunk && party === later.party);
    return !isSecondLine && shareParty(earlier, later, list);
  }
}

/** Do two calls, one after the other, look like one? */
export function areLinked(members: readonly Connection[], next: readonly Connection[], list: List): boolean {
  const [first] = next;
  const last = members.at(-1);
  if (first === undefined || last === undefined) return false;
  const isKnown = ({ id }: Connection): boolean => list.known.has(id);
  if (list.server === 'documented') return first.ccid > last.ccid && !(isKnown(first) && members.some(isKnown));
  if (isKnown(first) && members.some(isKnown) && isOnePiece(members, list)) return false;
  // A party that dials starts a call, and one caller has one outside line.
  if (first.dn === trunk && members.some(({ dn, party }) => dn === trunk && party === first.party)) return false;
  if (first.dn !== trunk && first.status === 'Dialing') return false;
  return next.some((one) => members.some((other) => !(isKnown(one) && isKnown(other)) && shareParty(other, one, list)));
}

/** Both have one number outside, each has the other's DN as its number, or the later one is rung by the earlier one. */
export function shareParty(earlier: Connection, later: Connection, { connections, queues }: List): boolean {
  // A code such as that of a parked call is no number, unless it was dialled.
  const isParking = isCode(later.party) && earlier.dn !== trunk && later.dn !== trunk;
  const isNumberOutside = !connections.some(({ dn }) => dn === later.party);
  if (earlier.party === later.party && isNumberOutside) return !isParking;
  if (earlier.party === later.party && later.status === 'Ringing') {
    const areRung = earlier.status === 'Ringing' && earlier.queue === later.queue;
    if (later.queue === earlier.dn || (areRung && (later.queue !== null || earlier.dn === later.dn))) return true;
  }
  const isRung =
    later.status === 'Ringing' || earlier.status === 'Dialing' || earlier.party === later.queue || queues.has(later.dn);
  return later.party === earlier.dn && (isRung || earlier.party === later.dn);
}
