import type { CallEvent, CallState, EventName, WatchEvent } from './types';

/** What one watching node wants to be told. */
export interface Interest {
  events: ReadonlySet<EventName>;
  extensions: (dn: string) => boolean;
  direction: 'any' | 'inbound' | 'outbound';
  scope: 'any' | 'external' | 'internal';
  /** Null: whether or not the call came through a queue. */
  queues: ((dn: string) => boolean) | null;
  number: RegExp;
  /** In ms. A shorter ring is not announced, nor that it stopped, ended or was missed. */
  minRing: number;
  /** Announce what there is at the start. */
  initial: boolean;
}

/** The state of the calls after a snapshot. */
interface Now {
  /** When the snapshot was made, in ms since 1970. */
  time: number | null;
  /** Everything each extension is in, as an event that says how it began. */
  current(): CallEvent[];
}

/** Picks what one watching node announces. */
export class Subscription {
  /** Rings that are shorter than `minRing` so far. */
  private readonly shortRings = new Map<string, CallEvent>();
  /** Of each connection, whether something of it passed: its number, queue or trunk may be others by its end. */
  private readonly passed = new Map<string, boolean>();
  private started = false;

  constructor(private readonly interest: Interest) {}

  /**
   * Takes what has happened since the last time.
   *
   * @param now after a snapshot; null when there was none
   * @returns the events to announce, in order
   */
  select(events: readonly WatchEvent[], now: Now | null): WatchEvent[] {
    const isStart = !this.started && now !== null;
    if (isStart) this.started = true;
    const news = isStart && this.interest.initial ? withCurrent(events, now.current()) : events;
    const { minRing } = this.interest;
    const announced = minRing > 0 ? this.withoutShortRings(news, now) : news;
    return announced.filter((event) => this.isConcerned(event) && this.interest.events.has(event.event));
  }

  /** What began is ended, and what did not begin is not. */
  private isConcerned(event: WatchEvent): boolean {
    if (!('call' in event) || event.event === 'missed') return this.passes(event);
    if (!this.interest.extensions(event.extension)) return false;
    const key = keyOf(event);
    const before = this.passed.get(key);
    if (event.event === 'ended' || event.event === 'ring-stopped') {
      this.passed.delete(key);
      return before ?? this.passes(event);
    }
    const isPassing = this.passes(event);
    this.passed.set(key, isPassing || before === true);
    return isPassing;
  }

  /** Is it a call, or an event of one, that the node is to look at? Those of the API always are. */
  passes(event: CallState | WatchEvent): boolean {
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

  private withoutShortRings(events: readonly WatchEvent[], now: Now | null): WatchEvent[] {
    const announced: WatchEvent[] = [];
    for (const event of events) {
      if (!('call' in event)) announced.push(event);
      else if (event.event === 'ringing') this.shortRings.set(keyOf(event), event);
      else if (event.event === 'recording') announced.push(event);
      // What was missed comes last.
      else if (event.event === 'missed') announced.push(...this.released(now), ...this.afterRing(event));
      else announced.push(...this.afterRing(event));
    }
    return [...announced, ...this.released(now)];
  }

  /** What is announced of an event with which a ring, if there was one, is over. */
  private afterRing(event: CallEvent): CallEvent[] {
    const isShort = (event.ringSeconds ?? 0) * 1000 < this.interest.minRing;
    const ringing = this.shortRings.get(keyOf(event));
    this.shortRings.delete(keyOf(event));
    if (isShort) return isEndOfRing(event) ? [] : [event];
    // It was long enough by the end, but no snapshot came in between.
    return ringing === undefined ? [event] : [ringing, event];
  }

  /** The rings that go on for long enough now, as they are now. */
  private released(now: Now | null): CallEvent[] {
    if (now === null || this.shortRings.size === 0) return [];
    return now.current().flatMap((event) => {
      const ringing = this.shortRings.get(keyOf(event));
      if (ringing === undefined || (now.time ?? 0) - Date.parse(event.startedAt) < this.interest.minRing) return [];
      this.shortRings.delete(keyOf(event));
      return [{ ...event, initial: ringing.initial }];
    });
  }
}

/** What there is says all of the connections there are; of those that are gone, the events do. */
function withCurrent(events: readonly WatchEvent[], current: readonly CallEvent[]): WatchEvent[] {
  const living = new Set(current.map(keyOf));
  const others = events.filter((event) => !('call' in event) || event.event === 'missed' || !living.has(keyOf(event)));
  const isMissed = ({ event }: WatchEvent): boolean => event === 'missed';
  return [...others.filter((event) => !isMissed(event)), ...current, ...others.filter(isMissed)];
}

/** A connection is another one at another DN. */
function keyOf({ connection, extension }: CallState): string {
  return `${connection} ${extension}`;
}

function isEndOfRing({ event, answeredAt, direction }: CallEvent): boolean {
  if (event === 'missed' || event === 'ring-stopped') return true;
  return event === 'ended' && answeredAt === null && direction === 'inbound';
}
