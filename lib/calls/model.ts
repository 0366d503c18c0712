import type { ConnectionStatus, Direction, Leg, Moment } from '../pbx';
import type { CallOccurrence } from './types';

/** A call: what its parties have in common. */
export interface Call {
  readonly id: string;
  /** 1, 2, … in the order in which the calls were first seen. */
  readonly order: number;
  readonly startedAt: Moment;
  /** DN of its outside line. */
  trunk: string | null;
  /** Those who were in it in the last snapshot. */
  readonly parties: Set<Party>;
  /** The outside line it came in on, when it came from outside. */
  callersLine: Party | null;
  /** Each extension that it rang, the first time. */
  readonly rung: Party[];
  /** The parties that took it after it was offered: never the one that began it. */
  readonly takenBy: Set<Party>;
  /** In ms, of the extensions that it rang and that are gone. */
  longestRing: number;
  /** Nobody but outside lines has ever been in it. */
  isOutsideOnly: boolean;
  /** Somebody talked in it. */
  wasUp: boolean;
  /** Steady time at which somebody took it last who has no leg in the snapshots; -Infinity as long as nobody did. */
  takenUnseenAt: number;
}

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
  legs: ReadonlyMap<string, Leg>;
  /** The leg that has the call. */
  connection: string;
  status: ConnectionStatus;
  previousStatus: ConnectionStatus | null;
  /** Steady time. */
  statusSince: number;
  number: string;
  name: Leg['name'];
  queue: Leg['queue'];
  recording: Leg['recording'];
  direction: Direction;
  /** It was not called: it dialled a code, and that got it into a call that was there. */
  cameByCode: boolean;
  callId: string | null;
  readonly startedAt: Moment;
  answeredAt: Moment | null;
  /** The call of the PBX in which it was answered, where the PBX says which legs are one. */
  answeredIn: Leg['group'];
  endedAt: Moment | null;
  /** Milliseconds spent in each state. */
  readonly spent: Record<Spent, number>;
  /** Its events, as long as it isn't clear whether it is an extension; null once it is. */
  withheld: CallOccurrence[] | null;
}

export type Spent = 'ring' | 'talk' | 'hold' | 'none';

/** The parties in a snapshot, and those of the one before that are gone. */
export interface Attendance {
  /** In the order of the list, each with its legs. */
  readonly present: ReadonlyMap<Party, readonly Leg[]>;
  /** Those of them of which something is new, or all. */
  readonly changed: readonly (readonly [Party, readonly Leg[]])[];
  readonly gone: readonly Party[];
  /** The party of each leg, by the leg's id. */
  readonly partyOf: ReadonlyMap<string, Party>;
  /** The party of each leg in the snapshot before. */
  readonly before: ReadonlyMap<string, Party>;
}
