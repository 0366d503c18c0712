import type { EventName, filterChoices } from '../pbx';
import type { ApiEvent, CallEvent, CallOccurrence, CallState, Occurrence, StateOccurrence, WatchEvent } from './types';

/** The events that one watching node wants. */
export interface Interest {
  events: ReadonlySet<EventName>;
  extensions: (dn: string) => boolean;
  /** The extensions of which the node wants to know what they do at the start, in a call or not. */
  named: readonly string[];
  direction: (typeof filterChoices)['direction'][number];
  scope: (typeof filterChoices)['scope'][number];
  /** Null: any call, through a queue or not. */
  queues: ((dn: string) => boolean) | null;
  number: RegExp;
  /** In ms. A shorter ring is not announced, and neither is its end. */
  minRing: number;
  /** Announce the calls that exist at the start, and what extensions do. */
  initial: boolean;
}

/** The state of the calls after a snapshot. */
interface Now {
  /** Everything each extension is in, as an event that says how it began. */
  current(): CallOccurrence[];
  /** The state of these extensions, and of all that are in a call. */
  currentStates(extensions: readonly string[]): StateOccurrence[];
}

/** Picks what one watching node announces. */
export class Subscription {
  /** Rings that are shorter than `minRing` so far, by party. */
  private readonly shortRings = new Map<number, CallOccurrence>();
  /** By party, whether one of its events passed: by its end its number, queue or trunk may have changed. */
  private readonly passed = new Map<number, boolean>();
  private started = false;

  constructor(private readonly interest: Interest) {}

  /**
   * Takes what has happened since the last time.
   *
   * @param now after a snapshot; null when there was none
   * @returns the events to announce, in order
   */
  select(occurrences: readonly Occurrence[], now: Now | null): WatchEvent[] {
    const isStart = !this.started && now !== null;
    if (isStart) this.started = true;
    const { initial, minRing } = this.interest;
    const news = isStart && initial ? this.withCurrent(occurrences, now) : occurrences;
    const announced = minRing > 0 ? this.withoutShortRings(news, now) : news;
    return announced
      .filter((occurrence) => this.isConcerned(occurrence) && this.interest.events.has(occurrence.event.event))
      .map(({ event }) => event);
  }

  /**
   * How things are now stands for all events of the parties that are there, and for all changes of the extensions that it
   * is about. Those that are gone keep their events.
   */
  private withCurrent(occurrences: readonly Occurrence[], now: Now): Occurrence[] {
    const { events, named } = this.interest;
    const current = now.current();
    const states = events.has('state') ? now.currentStates(named) : [];
    const living = new Set(current.map(({ party }) => party));
    const told = new Set(states.map(({ event }) => event.extension));
    const others = occurrences.filter((one) => {
      if (isOfState(one)) return !told.has(one.event.extension);
      return !isOfCall(one) || !living.has(one.party);
    });
    return [...others.filter((one) => !comesLast(one)), ...current, ...others.filter(comesLast), ...states];
  }

  /** An end passes when an event of its party passed before, and only then. */
  private isConcerned(occurrence: Occurrence): boolean {
    const { event } = occurrence;
    // Of the filters only this one counts.
    if (event.event === 'state') return this.interest.extensions(event.extension);
    if (!isOfCall(occurrence) || event.event === 'missed') return this.passes(event);
    const { party } = occurrence;
    if (!this.interest.extensions(occurrence.event.extension)) return false;
    const before = this.passed.get(party);
    if (event.event === 'ended' || event.event === 'ring-stopped') {
      this.passed.delete(party);
      return before ?? this.passes(event);
    }
    const isPassing = this.passes(event);
    this.passed.set(party, isPassing || before === true);
    return isPassing;
  }

  /** Is it a call, or an event of one, that the node is to look at? Events of the API always are. */
  passes(event: CallState | ApiEvent): boolean {
    if (!('call' in event)) return true;
    const { extensions, direction, scope, queues, number } = this.interest;
    const isMissed = 'event' in event && event.event === 'missed';
    return (
      (isMissed ? event.extensions.some(extensions) : extensions(event.extension)) &&
      (direction === 'any' || direction === event.direction) &&
      (scope === 'any' || (scope === 'internal') === event.internal) &&
      (queues === null || (event.queue !== null && queues(event.queue.number))) &&
      event.number.search(number) >= 0
    );
  }

  private withoutShortRings(occurrences: readonly Occurrence[], now: Now | null): Occurrence[] {
    const announced: Occurrence[] = [];
    let isReleased = false;
    for (const occurrence of occurrences) {
      if (comesLast(occurrence) && !isReleased) {
        announced.push(...this.released(now));
        isReleased = true;
      }
      if (!isOfCall(occurrence) || occurrence.event.event === 'recording') announced.push(occurrence);
      else if (occurrence.event.event === 'ringing') this.shortRings.set(occurrence.party, occurrence);
      else announced.push(...this.afterRing(occurrence));
    }
    return [...announced, ...this.released(now)];
  }

  /** The events to announce for one with which a ring, if there was one, is over. */
  private afterRing(occurrence: CallOccurrence): CallOccurrence[] {
    const { event, party, ringMs } = occurrence;
    const ringing = this.shortRings.get(party);
    this.shortRings.delete(party);
    if (ringMs < this.interest.minRing) return isEndOfRing(event) ? [] : [occurrence];
    // It was long enough by the end, but no snapshot came in between.
    return ringing === undefined ? [occurrence] : [ringing, occurrence];
  }

  /** The rings that go on for long enough now, as they are now. */
  private released(now: Now | null): CallOccurrence[] {
    if (now === null || this.shortRings.size === 0) return [];
    return now.current().flatMap((occurrence) => {
      const { party, ringMs } = occurrence;
      const ringing = this.shortRings.get(party);
      if (ringing === undefined || ringMs < this.interest.minRing) return [];
      this.shortRings.delete(party);
      return [{ ...occurrence, event: { ...occurrence.event, initial: ringing.event.initial } }];
    });
  }
}

function isOfCall(occurrence: Occurrence): occurrence is CallOccurrence {
  return 'party' in occurrence;
}

function isOfState(occurrence: Occurrence): occurrence is StateOccurrence {
  return occurrence.event.event === 'state';
}

/** Of a snapshot, what was missed comes after all else that happened, and what it means for the extensions at the end. */
function comesLast({ event }: Occurrence): boolean {
  return event.event === 'missed' || event.event === 'state';
}

/** Of an event that can follow a ring: with all others, who was called has answered. */
function isEndOfRing({ event, answeredAt, direction }: CallEvent): boolean {
  return event === 'missed' || (answeredAt === null && direction === 'inbound');
}
