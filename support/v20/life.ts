import type { Direction } from '../../lib/pbx';
import type { Participant } from '../../simulator/v20/participants';
import { extensions, queues, trunk } from '../truth/histories';
import type { State } from './histories';

/** The activity of an extension in a call. */
export type Doing = 'ring' | 'dial' | 'talk' | 'hold';

export interface Phase {
  from: number;
  /** Infinity as long as it lasts. */
  to: number;
  doing: Doing;
}

/** One extension's part in a call, from its first leg to its last. */
export interface Life {
  readonly dn: string;
  /** Of the PBX, when it began. */
  readonly callid: number;
  readonly from: number;
  to: number;
  /** Of all its legs. */
  readonly ids: Set<number>;
  readonly callids: Set<number>;
  readonly phases: Phase[];
  /** The legs, from one change to the next, by the index of the state. */
  readonly legs: Map<number, readonly Participant[]>;
  /** Two parts have become one, or whoever sees one change after the other may take two for one. */
  isBlurred: boolean;
}

/** A state with what belongs together in it. */
export interface Look extends State {
  readonly index: number;
  /** Until when it lasted. */
  until: number;
  /** The parts there are. */
  readonly lives: ReadonlySet<Life>;
}

/** Which calls are one, by and by. */
export class Roots {
  private readonly joins = new Map<number, { older: number; at: number }>();

  /** @param at when; at the end without */
  of(callid: number, at = Infinity): number {
    const join = this.joins.get(callid);
    return join === undefined || join.at > at ? callid : this.of(join.older, at);
  }

  join(a: number, b: number, at: number): void {
    const [one, other] = [this.of(a), this.of(b)];
    if (one !== other) this.joins.set(Math.max(one, other), { older: Math.min(one, other), at });
  }
}

/** The parts of all extensions that can be seen, in their order. */
export function livesOf(
  states: readonly State[],
  roots: Roots,
  sees: (dn: string) => boolean,
): { lives: Life[]; looks: Look[] } {
  const lives: Life[] = [];
  const looks: Look[] = [];
  const callids = new Map<number, number>();
  let open = new Map<string, { life: Life; legs: readonly Participant[] }>();
  for (const [index, state] of states.entries()) {
    const before = looks.at(-1);
    if (before !== undefined) before.until = state.at;
    for (const { dn, id, callid } of state.participants) {
      if (!sees(dn)) continue;
      const last = callids.get(id);
      if (last !== undefined && last !== callid) roots.join(last, callid, state.at);
      callids.set(id, callid);
    }
    const owners = new Map([...open.values()].flatMap(({ life, legs }) => legs.map(({ id }) => [id, life] as const)));
    const byRoot = new Map([...open.values()].map((one) => [keyOf(one.life, roots), one.life] as const));
    const groups = new Map<string, Participant[]>();
    for (const one of state.participants) {
      if (!sees(one.dn) || typeOf(one) !== 'extension') continue;
      const key = keyOf(one, roots);
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    const next: typeof open = new Map();
    for (const [key, legs] of groups) {
      const mine = new Set(legs.flatMap(({ id }) => owners.get(id) ?? []));
      const other = byRoot.get(key);
      if (other !== undefined) mine.add(other);
      const [first, ...others] = [...mine].sort((a, b) => a.from - b.from);
      // Two parts of one extension are one from now on.
      for (const one of others) [one.isBlurred, one.to] = [true, state.at];
      if (first !== undefined && others.length > 0) first.isBlurred = true;
      const life = first !== undefined && goesOn(first, legs) ? first : begin(legs, state.at);
      if (life !== first) lives.push(life);
      if (life !== first && first !== undefined) first.isBlurred = life.isBlurred = true;
      bringUp(life, legs, index, state.at);
      next.set(key, { life, legs });
    }
    const there = new Set([...next.values()].map(({ life }) => life));
    for (const { life } of open.values()) if (!there.has(life) && life.to === Infinity) life.to = state.at;
    for (const life of lives) {
      const last = life.phases.at(-1);
      if (life.to < Infinity && last?.to === Infinity) last.to = life.to;
    }
    open = next;
    looks.push({ ...state, index, until: Infinity, lives: there });
  }
  return { lives, looks };
}

/** The direction of a call, as its leg shows it. */
export function directionOf({ status, originated_by_type, legid }: Participant): Direction {
  if (status === 'Ringing') return 'inbound';
  if (status === 'Dialing') return 'outbound';
  return originated_by_type === 'None' && legid === 1 ? 'outbound' : 'inbound';
}

/** The type of a DN. */
export function typeOf({ dn }: Pick<Participant, 'dn'>): 'extension' | 'trunk' | 'queue' | 'service' {
  if (extensions.includes(dn)) return 'extension';
  if (dn === trunk) return 'trunk';
  return queues.some(({ number }) => number === dn) ? 'queue' : 'service';
}

export function isUp(doing: Doing | undefined): boolean {
  return doing === 'talk' || doing === 'hold';
}

function keyOf({ dn, callid }: { dn: string; callid: number }, roots: Roots): string {
  return `${dn} in ${roots.of(callid)}`;
}

function begin([first]: readonly Participant[], at: number): Life {
  if (first === undefined) throw new Error('A part in a call has a leg.');
  return {
    ...{ dn: first.dn, callid: first.callid, from: at, to: Infinity, isBlurred: false },
    ...{ ids: new Set(), callids: new Set(), phases: [], legs: new Map() },
  };
}

function bringUp(life: Life, legs: readonly Participant[], index: number, at: number): void {
  const last = life.phases.at(-1);
  const before = [...life.legs.values()].at(-1);
  const statuses = new Set(legs.map(({ status }) => status));
  // Somebody who is rung by the own call.
  if (statuses.has('Ringing') && statuses.has('Dialing')) life.isBlurred = true;
  // A phone that rings again, on another leg, may have stopped before.
  const isNew = before !== undefined && legs.every(({ id }) => !before.some((one) => one.id === id));
  if (isNew && last?.doing === 'ring' && doingOf(legs, 'ring') === 'ring') life.isBlurred = true;
  life.legs.set(index, legs);
  for (const { id, callid } of legs) {
    life.ids.add(id);
    life.callids.add(callid);
  }
  const now = doingOf(legs, last?.doing);
  if (now === last?.doing) return;
  if (last !== undefined) last.to = at;
  life.phases.push({ from: at, to: Infinity, doing: now });
}

/** A phone that rings on where another one has answered says nothing. */
function doingOf(legs: readonly Participant[], before: Doing | undefined): Doing {
  const all = new Set(legs.map(({ status }) => doings[status]));
  if (all.has('talk')) return 'talk';
  if (all.has('hold')) return 'hold';
  if (before !== undefined && isUp(before)) return before;
  if (before !== undefined && all.has(before)) return before;
  return all.has('ring') ? 'ring' : 'dial';
}

function goesOn(life: Life, legs: readonly Participant[]): boolean {
  const before = life.phases.at(-1)?.doing;
  const all = new Set(legs.map(({ status }) => doings[status]));
  if (before === undefined || all.has('talk') || all.has('hold') || all.has(before)) return true;
  const last = [...life.legs.values()].at(-1) ?? [];
  return (
    isUp(before) &&
    legs.some(({ id, status }) => status === 'Ringing' && last.some((one) => one.id === id && one.status === 'Ringing'))
  );
}

const doings: Readonly<Record<string, Doing>> = {
  Ringing: 'ring',
  Dialing: 'dial',
  Connected: 'talk',
  Hold: 'hold',
  Held: 'hold',
};

/** The number that a leg shows: never that of a trunk, a menu or the router. */
export function numberOf(leg: Participant): string {
  if (leg.party_caller_id !== '') return leg.party_caller_id;
  return ['Wextension', 'Wqueue', 'None'].includes(leg.party_dn_type) && leg.party_dn !== 'ROUTER' ? leg.party_dn : '';
}

/** The queue that a leg itself names. */
export function ownQueueOf(leg: Participant): string | null {
  if (leg.on_behalf_of_type === 'Wqueue') return leg.on_behalf_of_dn;
  if (leg.originated_by_type === 'Wqueue') return leg.originated_by_dn;
  return leg.referred_by_type === 'Wqueue' ? leg.referred_by_dn : null;
}
