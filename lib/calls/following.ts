import type { FollowEventName, Moment } from '../pbx';
import type { CallEvent, CallOccurrence } from './types';

/** How long a call may take to be seen, in ms of the time that the snapshots cover. */
export const maxUnseen = 10_000;

/** The end of a call that was never seen: null is what nobody knows. */
export type UnseenEnd = { [Field in keyof CallEvent]: CallEvent[Field] | null } & {
  event: 'ended';
  extension: string;
  /** The destination, as it was dialled. */
  number: string;
  outcome: 'unknown';
  synthetic: true;
};

/** An event of a followed call: it is answered at most once, and ended exactly once. */
export type FollowedEvent = (CallEvent & { event: FollowEventName }) | UnseenEnd;

/** A call that was made. */
export interface MadeCall {
  extension: string;
  destination: string;
  /** Null when the PBX gave none. */
  callId: string | null;
}

/** An event of a followed call, and the owner of the call. */
export interface Followed<Owner> {
  owner: Owner;
  event: FollowedEvent;
}

/** The calls seen so far: the key of the newest party, and whether the last snapshot is current. */
export interface Sight {
  newestParty: number;
  isCurrent: boolean;
}

/** The news of a snapshot. */
export interface News {
  occurrences: readonly CallOccurrence[];
  /** All there is, as events that say how it began. */
  current: readonly CallOccurrence[];
  /** Has anybody but the party's own extension picked up in its call? */
  isOtherSideUp: (party: number) => boolean;
}

/** Do two texts name the same number? */
export type SameNumber = (a: string, b: string) => boolean;

/** A command is under way: what happens meanwhile may be about the call that it makes. */
export interface Expected {
  readonly before: Sight;
  readonly occurrences: CallOccurrence[];
}

interface Follow<Owner> {
  readonly owner: Owner;
  readonly call: MadeCall;
  /** The calls seen before the command: none of them is the one that it made. */
  readonly before: Sight;
  /** Steady time: from then on it is counted how long the call is not seen. */
  readonly answeredAt: number;
  /** In ms. */
  unseenFor: number;
  /** The calling extension's part in the call; null until it is seen. */
  party: number | null;
  /** The leg that this part had when it was found. */
  leg: string | null;
  isAnswered: boolean;
}

/**
 * Follows calls that were made, from the command to their end. One part in a call is followed for one owner only, and
 * never one that was there before the command. It knows no clock and does no I/O.
 */
export class Following<Owner> {
  private readonly expected = new Set<Expected>();
  private readonly follows = new Set<Follow<Owner>>();
  /** The parties that are followed, or were a short time ago. */
  private readonly taken = new Set<number>();

  /** Is there a call to look for, or to look at? */
  isNeeded(isPresent: (owner: Owner) => boolean): boolean {
    return this.expected.size > 0 || [...this.follows].some(({ owner }) => isPresent(owner));
  }

  /** Nothing is expected, and nothing followed. */
  get isEmpty(): boolean {
    return this.expected.size === 0 && this.follows.size === 0;
  }

  /** Would the call id of a leg help to find a call by its id, or is it that of a call that is followed? */
  needsCallId(extension: string, connection: string): boolean {
    return [...this.follows].some(({ call, party, leg }) =>
      party === null ? call.extension === extension && call.callId !== null : leg === connection,
    );
  }

  /** How much longer the snapshots have to cover until a call counts as unseen, in ms; null when all of them were seen. */
  get patience(): number | null {
    const unseen = [...this.follows].filter(({ party }) => party === null).map(({ unseenFor }) => unseenFor);
    return unseen.length === 0 ? null : maxUnseen - Math.max(...unseen);
  }

  /** A command is about to be sent that may make a call. */
  expect(before: Sight): Expected {
    const expected = { before, occurrences: [] };
    this.expected.add(expected);
    return expected;
  }

  /** No call came of it that is to be followed. */
  cancel(expected: Expected): void {
    this.expected.delete(expected);
  }

  /**
   * A command was answered: its call is followed from now on.
   *
   * @param before what was seen before the call can have been
   * @param answeredAt from then on it is counted how long the call is not seen
   * @param news of now: the call may have been seen before the answer came
   */
  follow(
    expected: Expected,
    { owner, call, before, answeredAt }: Pick<Follow<Owner>, 'owner' | 'call' | 'before'> & { answeredAt: Moment },
    news: News,
    sameNumber: SameNumber,
  ): Followed<Owner>[] {
    this.expected.delete(expected);
    const unseen = { answeredAt: answeredAt.steady, unseenFor: 0, party: null, leg: null };
    const follow = { owner, call, before, ...unseen, isAnswered: false };
    this.follows.add(follow);
    return this.look([follow], { ...news, occurrences: expected.occurrences }, sameNumber);
  }

  /** Forgets the calls of some owners. */
  drop(isDropped: (owner: Owner) => boolean): void {
    for (const follow of this.follows) if (isDropped(follow.owner)) this.follows.delete(follow);
  }

  /**
   * Takes a snapshot.
   *
   * @param at when it was made
   * @param since when the snapshot before was made; null when something may have come and gone unseen since
   * @returns what has happened to the calls, in order
   */
  take(news: News, at: Moment, since: Moment | null, sameNumber: SameNumber): Followed<Owner>[] {
    for (const { occurrences } of this.expected) occurrences.push(...news.occurrences);
    const followed = this.look([...this.follows], news, sameNumber);
    for (const follow of this.follows) {
      if (follow.party === null) followed.push(...this.countUnseen(follow, at, since));
    }
    if (this.isEmpty) this.taken.clear();
    return followed;
  }

  private countUnseen(follow: Follow<Owner>, at: Moment, since: Moment | null): Followed<Owner>[] {
    const { owner, call, answeredAt } = follow;
    if (since !== null) follow.unseenFor += Math.max(0, at.steady - Math.max(since.steady, answeredAt));
    if (follow.unseenFor < maxUnseen) return [];
    this.follows.delete(follow);
    return [{ owner, event: unseenEnd(call) }];
  }

  private look(follows: readonly Follow<Owner>[], news: News, sameNumber: SameNumber): Followed<Owner>[] {
    if (follows.some(({ party }) => party === null)) this.find(follows, news, sameNumber);
    return follows.flatMap((follow) => this.eventsOf(follow, news).map((event) => ({ owner: follow.owner, event })));
  }

  /** Finds the parts in calls that are followed from now on: by the call id wherever it is known, else by the number. */
  private find(follows: readonly Follow<Owner>[], { occurrences, current }: News, sameNumber: SameNumber): void {
    // Calls that are over are in the events, unchanged ones in the state.
    const seen = [...occurrences, ...current].sort((a, b) => a.party - b.party);
    const assign = (fits: (follow: Follow<Owner>, occurrence: CallOccurrence) => boolean): void => {
      for (const follow of follows.filter(({ party }) => party === null)) {
        const isOwn = ({ party, event }: CallOccurrence): boolean =>
          event.extension === follow.call.extension && !this.taken.has(party);
        const match = seen.find((one) => isOwn(one) && fits(follow, one));
        if (match === undefined) continue;
        follow.party = match.party;
        follow.leg = match.event.connection;
        this.taken.add(match.party);
      }
    };
    assign(({ call, before }, { event, party }) => {
      const mayBeNew = !before.isCurrent || party > before.newestParty;
      return mayBeNew && call.callId !== null && event.callId === call.callId;
    });
    assign(({ call, before }, { event, party }) => {
      const isNew = before.isCurrent && party > before.newestParty;
      const isOther = call.callId !== null && event.callId !== null;
      // The destination may be calling the extension just now.
      return isNew && !isOther && !rangFirst(event) && sameNumber(event.number, call.destination);
    });
  }

  private eventsOf(follow: Follow<Owner>, { occurrences, current, isOtherSideUp }: News): FollowedEvent[] {
    const told: FollowedEvent[] = [];
    const tellAnswered = (event: CallEvent): void => {
      if (!follow.isAnswered) told.push({ ...event, event: 'answered', initial: false });
      follow.isAnswered = true;
    };
    for (const { event, party } of occurrences) {
      if (party !== follow.party) continue;
      if (event.event === 'answered' && !rangFirst(event)) tellAnswered(event);
      if (event.event !== 'ended' && event.event !== 'ring-stopped') continue;
      const successor = current.find((other) => isPickedUp(event, other.event));
      if (successor === undefined) {
        this.follows.delete(follow);
        return [...told, { ...event, event: 'ended' }];
      }
      follow.party = successor.party;
    }
    const now = current.find(({ party }) => party === follow.party);
    // It may have been answered before it was found. Picking up the calling phone is no answer of the other side.
    const isUp = now !== undefined && now.event.answeredAt !== null;
    if (isUp && (!rangFirst(now.event) || isOtherSideUp(now.party))) tellAnswered(now.event);
    return told;
  }
}

/** Has the extension's phone rung first, as when somebody calls it? */
function rangFirst({ direction }: CallEvent): boolean {
  return direction === 'inbound';
}

/** The calling phone rang first, and dials now that it was picked up: that is the same leg, and another part. */
function isPickedUp(end: CallEvent, { extension, connection, status }: CallEvent): boolean {
  const isSameLeg = extension === end.extension && connection === end.connection;
  return isSameLeg && end.answeredAt === null && end.direction === 'inbound' && status !== 'ringing';
}

function unseenEnd({ extension, destination, callId }: MadeCall): UnseenEnd {
  return {
    event: 'ended',
    call: null,
    connection: null,
    callId,
    extension,
    extensionName: null,
    extensionState: null,
    activeCalls: null,
    number: destination,
    e164: null,
    name: null,
    direction: null,
    internal: null,
    queue: null,
    trunk: null,
    status: null,
    previousStatus: null,
    recording: null,
    startedAt: null,
    answeredAt: null,
    endedAt: null,
    ringSeconds: null,
    talkSeconds: null,
    holdSeconds: null,
    outcome: 'unknown',
    transferredTo: null,
    extensions: null,
    accuracyMs: null,
    initial: false,
    synthetic: true,
  };
}
