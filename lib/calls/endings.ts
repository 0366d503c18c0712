import type { CallEventName, EventOutcome } from '../pbx';
import type { Attendance, Call, Party } from './model';
import {
  answeredSince,
  goesOnElsewhere,
  isAlive,
  isForwarded,
  isTakenFrom,
  type Joined,
  takenOverBy,
  wasForwarded,
} from './transfers';

/** An event with which a part in a call is over. */
export interface Ending {
  name: CallEventName;
  outcome: EventOutcome;
  transferredTo: string | null;
}

/**
 * How a party that is gone has ended.
 *
 * @param isUnseen whether it happened while there was no snapshot
 */
export function endingsOf(party: Party, attendance: Attendance, joined: Joined, isUnseen: boolean): Ending[] {
  if (party.answeredAt === null) return [unanswered(party, attendance, isUnseen)];
  const transferredTo = joined.has(party) ? joined.get(party) : takenOverBy(party, attendance);
  if (transferredTo == null) return [{ name: 'ended', outcome: 'answered', transferredTo: null }];
  const ending = { outcome: 'transferred', transferredTo } as const;
  return [
    { name: 'transferred', ...ending },
    { name: 'ended', ...ending },
  ];
}

function unanswered(party: Party, attendance: Attendance, isUnseen: boolean): Ending {
  const { call, status } = party;
  if (status === 'ringing' && isAlive(call, attendance.present)) {
    const isTaken = wasTakenUnseen(party) || isTakenFrom(party, attendance) || isForwarded(party, attendance);
    return { name: 'ring-stopped', outcome: isTaken ? 'answered-elsewhere' : 'missed', transferredTo: null };
  }
  return { name: 'ended', outcome: outcomeOf(party, attendance, isUnseen), transferredTo: null };
}

function outcomeOf(party: Party, attendance: Attendance, isUnseen: boolean): EventOutcome {
  const { call, status } = party;
  if (goesOnElsewhere(party, attendance.present)) return 'answered';
  if (isUnseen) return 'unknown';
  if (status === 'dialing') return 'not-reached';
  const isTakenOutside =
    wasTakenUnseen(party) || [...call.takenBy].some((other) => other.isTrunk && answeredSince(other, party));
  return isTakenOutside || wasForwarded(call, attendance) ? 'answered-elsewhere' : 'missed';
}

/** Since it began to ring: it has missed what was taken before, and has come back. */
function wasTakenUnseen({ call, startedAt }: Party): boolean {
  return call.takenUnseenAt > startedAt.steady;
}

/**
 * The calls that are over without having been taken, whether or not they rang somebody.
 *
 * @param isQueue a queue that has taken a call does not count
 */
export function missedCalls(attendance: Attendance, isQueue: (dn: string) => boolean): Call[] {
  const { gone, present } = attendance;
  const over = new Set(gone.map(({ call }) => call).filter((call) => !isAlive(call, present)));
  return [...over].filter((call) => {
    const isTaken = [...call.takenBy].some(({ isTrunk, extension }) => isTrunk || !isQueue(extension));
    return !isTaken && call.takenUnseenAt === -Infinity && !wasForwarded(call, attendance);
  });
}
