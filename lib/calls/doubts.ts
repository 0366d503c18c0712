import type { Moment } from '../pbx';
import type { Party } from './model';
import type { CallOccurrence } from './types';

/** How long a DN that answers without having rung may turn out to be a queue, in ms. */
const doubtPeriod = 1_000;
/** With other queue numbers the community server lists no calls at all; only some of its forks do. */
const maybeQueue = /^\d{4,}$/;

/**
 * A queue may have a leg of its own, which answers at once, before its number is known as a queue's. The events of such a
 * DN are withheld for a moment. They are released if it does not turn out to be a queue, and dropped if it does.
 */
export class Doubts {
  /** DNs that have rung, dialled or put on hold: no queue does. */
  private readonly phones = new Set<string>();
  private readonly doubtful = new Set<Party>();

  get isEmpty(): boolean {
    return this.doubtful.size === 0;
  }

  /**
   * Notes what a party does.
   *
   * @param mayBegin whether it has just begun, where nothing was before
   */
  note(party: Party, mayBegin: boolean): void {
    const { extension, status, direction, queue } = party;
    if (status === 'ringing' || status === 'hold' || direction === 'outbound') this.phones.add(extension);
    if (!mayBegin || queue !== null || !maybeQueue.test(extension) || this.phones.has(extension)) return;
    party.withheld = [];
    this.doubtful.add(party);
  }

  /** @returns the events to report now: none while they are withheld, else this one and those withheld before it */
  pass(party: Party, occurrence: CallOccurrence, now: Moment): CallOccurrence[] {
    if (party.withheld === null) return [occurrence];
    if (this.phones.has(party.extension) || party.endedAt !== null) return [...this.release(party, now), occurrence];
    party.withheld.push(occurrence);
    return [];
  }

  /** Releases the events of the DNs that are clearly no queues by now. */
  resolve(now: Moment): CallOccurrence[] {
    return [...this.doubtful].flatMap((party) => {
      const isOver = now.steady - party.startedAt.steady >= doubtPeriod;
      return isOver || this.phones.has(party.extension) ? this.release(party, now) : [];
    });
  }

  /** It is a queue's. */
  settle(party: Party): void {
    party.isExtension = false;
    party.withheld = null;
    this.doubtful.delete(party);
  }

  /** All of them are extensions: at the start no event is reported, so none is withheld. */
  dismiss(now: Moment): void {
    for (const party of this.doubtful) this.release(party, now);
  }

  /** Those of the DNs that are queues. */
  of(isQueue: (dn: string) => boolean): Party[] {
    return [...this.doubtful].filter(({ extension }) => isQueue(extension));
  }

  private release(party: Party, now: Moment): CallOccurrence[] {
    const withheld = party.withheld ?? [];
    party.withheld = null;
    this.doubtful.delete(party);
    for (const { event } of withheld) event.accuracyMs += now.steady - party.startedAt.steady;
    return withheld;
  }
}
