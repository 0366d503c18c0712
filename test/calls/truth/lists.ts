/** What a list tells of which connections are one call, and what it cannot tell. */
import type { ServerKind } from '../../../simulator/operations';
import type { Connection } from '../../../simulator/pbx';
import { trunk } from './histories';

interface List {
  connections: readonly Connection[];
  /** The connections that were there before; nobody has to find out again where they belong. */
  known: ReadonlySet<string>;
  server: ServerKind;
}

/** Do all connections of a call show that they belong together? Documented they do, by their order. */
export function isOnePiece(members: readonly Connection[], list: List): boolean {
  if (list.server === 'documented') return true;
  const [first, ...others] = members;
  const piece = first === undefined ? [] : [first];
  let rest = others;
  for (;;) {
    const isLinked = (one: Connection): boolean =>
      piece.some((other) => (list.known.has(one.id) && list.known.has(other.id)) || shareParty(one, other, list));
    const linked = rest.filter(isLinked);
    if (linked.length === 0) return rest.length === 0;
    piece.push(...linked);
    rest = rest.filter((one) => !linked.includes(one));
  }
}

/** Do two calls, one after the other, look like one? */
export function areLinked(members: readonly Connection[], next: readonly Connection[], list: List): boolean {
  const [first] = next;
  const last = members.at(-1);
  if (first === undefined || last === undefined) return false;
  const isKnown = ({ id }: Connection): boolean => list.known.has(id);
  if (list.server === 'documented') return first.ccid > last.ccid && !(isKnown(first) && members.some(isKnown));
  if (isKnown(first) && members.some(isKnown)) return false;
  // Whoever dials starts a call, and one caller has one outside line.
  if (first.dn === trunk && members.some(({ dn, party }) => dn === trunk && party === first.party)) return false;
  if (first.dn !== trunk && first.status === 'Dialing') return false;
  return next.some((one) => members.some((other) => !(isKnown(one) && isKnown(other)) && shareParty(one, other, list)));
}

/** Each has the other's DN as its number, both have one number outside, or one is rung by the other. */
function shareParty(one: Connection, other: Connection, { connections }: List): boolean {
  if (one.party === other.party) return !connections.some(({ dn }) => dn === one.party);
  return rings(one, other) || rings(other, one);
}

function rings(caller: Connection, called: Connection): boolean {
  return (
    called.party === caller.dn &&
    (caller.party === called.dn || caller.status === 'Dialing' || caller.party === called.queue)
  );
}
