import type { Call } from './call';
import type { CallOccurrence, ConnectionRecord, ConnectionStatus, Direction, Moment } from './types';

/**
 * One party's part in a call: an extension with all its legs in it, for each of its phones may have one. At outside lines
 * and services each leg is a party of its own.
 */
export interface Party {
  /** 1, 2, … in the order of first sight. */
  readonly key: number;
  /** The DN. */
  readonly extension: string;
  /** Kept as it was at first sight, so that what began is ended; until it is clear, see {@link withheld}. */
  isExtension: boolean;
  readonly isTrunk: boolean;
  call: Call;
  /** The legs it had in the last snapshot, by their ids. */
  legs: ReadonlyMap<string, ConnectionRecord>;
  /** The leg that has the call. */
  connection: string;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  /** Steady time. */
  statusSince: number;
  number: string;
  queue: ConnectionRecord['queue'];
  recording: ConnectionRecord['recording'];
  direction: Direction;
  /** It was not called: it dialled a code, and that got it into a call that was there. */
  cameByCode: boolean;
  callId: string | null;
  /** `ondn` is asked once. */
  askedForCallId: boolean;
  readonly startedAt: Moment;
  answeredAt: Moment | null;
  endedAt: Moment | null;
  /** Milliseconds spent in each state. */
  readonly spent: Record<Spent, number>;
  /** Its events, as long as it isn't clear whether it is an extension; null once it is. */
  withheld: CallOccurrence[] | null;
}

type Spent = 'ring' | 'talk' | 'hold' | 'none';

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
  key: number,
  { id, extension, number, queue, recording }: ConnectionRecord,
  { isExtension, isTrunk }: Pick<Party, 'isExtension' | 'isTrunk'>,
  call: Call,
  now: Moment,
): Party {
  return {
    key,
    extension,
    isExtension,
    isTrunk,
    call,
    legs: new Map(),
    connection: id,
    status: 'undefined',
    previousStatus: null,
    statusSince: now.steady,
    number,
    queue,
    recording,
    direction: 'unknown',
    cameByCode: false,
    callId: null,
    askedForCallId: false,
    startedAt: now,
    answeredAt: null,
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
export function leadingLeg(
  legs: readonly ConnectionRecord[],
  before: Pick<Party, 'connection' | 'status'> | undefined,
): ConnectionRecord {
  const rank = ({ id, status }: ConnectionRecord): number => {
    const isSame = status === before?.status && !isUp(status);
    return (isSame ? 2.5 : precedence.indexOf(status)) - (id === before?.connection ? 0.1 : 0);
  };
  return legs.reduce((leader, leg) => (rank(leg) < rank(leader) ? leg : leader));
}

/**
 * Is it still the same part in the call? Whoever rings or dials after something else has been elsewhere in between, and
 * begins anew; unless that is another phone, which has been ringing all the while.
 */
export function goesOn(party: Party, now: readonly ConnectionRecord[]): boolean {
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
export function ringMs({ spent, status, statusSince, endedAt }: Party, now: Moment): number {
  const isRinging = spentIn[status] === 'ring' && endedAt === null;
  return spent.ring + (isRinging ? now.steady - statusSince : 0);
}
