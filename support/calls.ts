import {
  type CallEvent,
  type CallOccurrence,
  CallTracker,
  type Interest,
  type Occurrence,
  type StateEvent,
} from '../lib/calls';
import { type Numbering, roleOf } from '../lib/http-api';
import { CallIds } from '../lib/http-api/call-ids';
import { callEventNames, type Connection, type ConnectionStatus, type Leg, type Moment, type Role } from '../lib/pbx';

/** The defaults of a connection. */
export const numbering: Numbering = { trunks: /^1\d{4}$/, services: /^(999|SP\d+|\*.*)$/ };

/** Of a node without a filter that wants all that happens to calls. */
export const everything: Interest = {
  events: new Set(callEventNames),
  extensions: () => true,
  named: [],
  direction: 'any',
  scope: 'any',
  queues: null,
  number: /(?:)/,
  minRing: 0,
  initial: false,
};

/** The events in words: name, extension, outcome and destination. */
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

/** A tracker that is given call lists, as the HTTP API's are. */
export class ListTracker extends CallTracker {
  private readonly legOf = new WeakMap<Connection, Leg>();
  private list: readonly Connection[] | null = null;
  private legs: Leg[] = [];

  /** @param callIds the ids of calls that commands were answered with */
  constructor(
    private readonly dns = numbering,
    private readonly callIds = new CallIds(),
  ) {
    super();
  }

  /** @param list the very same array as before when nothing changed */
  take(list: readonly Connection[], now: Moment): ReturnType<CallTracker['update']> {
    const isNews = this.callIds.assign(list);
    const changed = isNews || list !== this.list;
    this.list = list;
    if (changed) this.legs = list.map((connection) => this.known(connection));
    const accuracyMs = now.steady - (this.time?.steady ?? now.steady);
    return this.update({ connections: this.legs, changed, at: now, accuracyMs, afterGap: false });
  }

  private known(connection: Connection): Leg {
    const known = this.legOf.get(connection);
    const callId = this.callIds.of(connection.id);
    if (known !== undefined && (callId === null || known.callId === callId)) return known;
    const leg = { role: roleOf(connection.extension, this.dns), callId, ...connection };
    this.legOf.set(connection, leg);
    return leg;
  }
}

/** A record of a call list; with what only V20 says, where it says it. */
export type Listed = Connection & Partial<Leg>;

/**
 * Reads a call list in one line: `<id> <DN> <status> <number>` for each connection, with optional marks.
 *
 * Marks: `q<queue>`, `c<ccid>`, and the recording. For V20: `g<group>`, `#<call id>`, `@<role>`, `~<name>`, `/<trunk>`,
 * `>` for a party that called and `<` for one that was called. A leg that is gone has `-<ms since the start>`, perhaps
 * with `taken`.
 */
export function listOf(text: string): Listed[] {
  return text
    .split(';')
    .map((record) => record.trim())
    .filter((record) => record !== '')
    .map((record) => {
      const [id = '', extension = '', status = '', number = '', ...more] = record.split(' ');
      const wordAfter = (sign: string): string | undefined => more.find((word) => word.startsWith(sign))?.slice(1);
      const [queue, ccid, group, callId, role, name = null, trunk, gone] = ['q', 'c', 'g', '#', '@', '~', '/', '-'].map(
        wordAfter,
      );
      const direction = more.includes('>') ? 'outbound' : more.includes('<') ? 'inbound' : undefined;
      return {
        id,
        extension,
        status: status as ConnectionStatus,
        number,
        name,
        queue: queue === undefined ? null : { number: queue, name: 'Support' },
        recording: more.includes('on') ? 'on' : more.includes('paused') ? 'paused' : 'off',
        ...(ccid === undefined ? {} : { ccid }),
        ...(group === undefined ? {} : { group }),
        ...(callId === undefined ? {} : { callId }),
        ...(role === undefined ? {} : { role: role as Role }),
        ...(trunk === undefined ? {} : { trunk }),
        ...(direction === undefined ? {} : { direction }),
        ...(gone === undefined ? {} : { gone: { at: at(start + Number(gone)), isTaken: more.includes('taken') } }),
      };
    });
}

export const start = Date.UTC(2026, 10, 23, 18);

/** Those of calls. */
export function callOccurrences(occurrences: readonly Occurrence[]): CallOccurrence[] {
  return occurrences.filter((occurrence) => 'party' in occurrence);
}

export function eventsOf(occurrences: readonly Occurrence[]): CallEvent[] {
  return callOccurrences(occurrences).map(({ event }) => event);
}

export function statesOf(occurrences: readonly Occurrence[]): StateEvent[] {
  return occurrences.map(({ event }) => event).filter((event) => event.event === 'state');
}

/** A tracker that has begun, and has seen no call. */
export function watching(): ListTracker {
  const tracker = new ListTracker();
  tracker.take([], at(start));
  return tracker;
}

/** Plays snapshots, a second apart, after an empty one; `-` is a missing one. */
export function play(...snapshots: string[]): CallEvent[] {
  const tracker = watching();
  return snapshots.flatMap((text, index) => {
    if (text !== '-') return eventsOf(tracker.take(listOf(text), at(start + (index + 1) * 1000)));
    tracker.noSnapshot();
    return [];
  });
}

/** The calls of events, numbered in the order in which they come. */
export function callsOf(events: readonly CallEvent[]): number[] {
  const ids = [...new Set(events.map(({ call }) => call))];
  return events.map(({ call }) => ids.indexOf(call) + 1);
}
