import { callEventNames, type Interest } from '../../lib/calls';
import type { CallEvent, Moment, Numbering } from '../../lib/calls/types';

/** The defaults of a connection. */
export const numbering: Numbering = { trunks: /^1\d{4}$/, services: /^(999|SP\d+|\*.*)$/ };

/** What a node is told that has no filter. */
export const everything: Interest = {
  events: new Set(callEventNames),
  extensions: () => true,
  direction: 'any',
  scope: 'any',
  queues: null,
  number: /(?:)/,
  minRing: 0,
  initial: false,
};

/** The events in words: what, where, and what is told of it. */
export function words(events: readonly CallEvent[]): string[] {
  return events.map(({ event, extension, outcome, transferredTo, synthetic }) =>
    [event, extension, outcome, transferredTo === null ? null : `to ${transferredTo}`, synthetic ? 'synthetic' : null]
      .filter((word) => word !== null)
      .join(' '),
  );
}

/** A moment at which both clocks say the same. */
export function at(milliseconds: number): Moment {
  return { wall: milliseconds, steady: milliseconds };
}
