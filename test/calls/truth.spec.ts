import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type CallEvent,
  type CallOccurrence,
  type CallTracker,
  Following,
  type FollowedEvent,
  type Interest,
  maxUnseen,
  type StateEvent,
  Subscription,
} from '../../lib/calls';
import { callEventNames } from '../../lib/pbx';
import { callOccurrences, everything, statesOf } from '../../support/calls';
import { extensions, type Made, play, plans, start, type Truth } from '../../support/truth/histories';
import { check, type Unknowable } from '../../support/truth/oracle';

const { TRUTH_RUNS: runs, TRUTH_SEED: seed, TRUTH_PATH: path } = process.env;
/** The histories are always the same, unless TRUTH_RUNS or TRUTH_SEED is set. */
const numRuns = Number(runs ?? 2000);
const followRuns = Number(runs ?? 1000);
const parameters = {
  numRuns,
  // The path of one failed history, as the failure prints it.
  ...(path === undefined ? {} : { path }),
  ...(seed !== undefined ? { seed: Number(seed) } : runs === undefined ? { seed: 1 } : {}),
};

describe('Events of calls, against the truth', function () {
  this.timeout(0);

  it(`are right in ${numRuns} random histories`, async () => {
    const totals = { histories: 0, polls: 0, calls: 0, events: 0, states: 0 };
    const unknowable = new Map<Unknowable, number>();
    await fc.assert(
      fc.asyncProperty(plans(60), async (plan) => {
        const truth = await play(plan);
        const findings = check(truth);
        totals.histories += 1;
        totals.polls += truth.polls.length;
        totals.calls += findings.calls;
        totals.events += findings.events;
        totals.states += findings.states;
        for (const [why, count] of findings.unknowable) unknowable.set(why, (unknowable.get(why) ?? 0) + count);
      }),
      parameters,
    );
    console.log(`      ${inWords(Object.entries(totals))}; unknowable: ${inWords([...unknowable])}`);
  });

  it(`tell of each call of ours once that it was answered, if it was, and once that it ended (${followRuns} histories)`, async () => {
    const totals = { calls: 0, answered: 0, unseen: 0, 'not to be told apart': 0 };
    await fc.assert(
      fc.asyncProperty(plans(60, { make: 12 }), async (plan) => {
        const log = new FollowLog();
        const truth = await play(
          // Events and polls are matched by the time of day.
          { ...plan, clock: [] },
          (occurrences, tracker) => log.take(callOccurrences(occurrences), tracker),
          (made, tracker, time) => log.make(made, tracker, time),
        );
        check(truth);
        log.end();
        for (const one of log.made) {
          const found = checkFollowed(one, log, truth);
          totals.calls += 1;
          if (found !== null) totals[found] += 1;
        }
      }),
      { ...parameters, numRuns: followRuns },
    );
    console.log(`      ${inWords(Object.entries(totals))}`);
  });

  it('are picked in order for whoever watches: what began is ended, no short ring is announced', async () => {
    await fc.assert(
      fc.asyncProperty(plans(40), interests(), fc.nat(20), async (plan, interest, firstPoll) => {
        const all = new Subscription({ ...everything, minRing: interest.minRing, initial: interest.initial });
        const own = new Subscription({ ...interest, events: everything.events });
        const some = new Subscription(interest);
        const told: Record<'all' | 'own' | 'some', Marked[]> = { all: [], own: [], some: [] };
        let pollCount = 0;
        let start = Infinity;
        await play({ ...plan, clock: [] }, (occurrences, tracker) => {
          if (pollCount++ < firstPoll) return;
          start = Math.min(start, tracker?.time?.wall ?? Infinity);
          const now = tracker && { current: () => tracker.current().map(marked), currentStates: () => [] };
          const calls = (subscription: Subscription) =>
            subscription.select(callOccurrences(occurrences).map(marked), now) as readonly unknown[] as Marked[];
          told.all.push(...calls(all));
          told.own.push(...calls(own));
          told.some.push(...calls(some));
        });
        assert.deepEqual(told.own, concernedOf(told.all, interest));
        assert.deepEqual(
          told.some,
          told.own.filter(({ event }) => interest.events.has(event)),
        );
        checkRings(told.all, interest, start);
      }),
      parameters,
    );
  });

  it('whoever wants states knows after each snapshot what its extensions do, and is told nothing twice', async () => {
    const named = ['10', '15', '20', '104'];
    const standingOf = ({ extensionState, activeCalls }: StateEvent) => `${extensionState} ${activeCalls}`;
    await fc.assert(
      fc.asyncProperty(plans(40), interests(), fc.nat(20), async (plan, filters, firstPoll) => {
        const interest = { ...filters, events: new Set(['state'] as const), named };
        const subscription = new Subscription(interest);
        const known = new Map<string, string>();
        let pollCount = 0;
        let isStarted = false;
        await play(plan, (occurrences, tracker) => {
          if (pollCount++ < firstPoll) return;
          const selected = subscription.select(occurrences, tracker);
          const news = selected.filter((event) => event.event === 'state');
          assert.ok(news.length === selected.length && news.every(({ extension }) => interest.extensions(extension)));
          if (tracker === null) {
            assert.deepEqual(news, []);
            return;
          }
          const current = statesOf(tracker.currentStates(extensions)).filter(({ extension }) =>
            interest.extensions(extension),
          );
          if (isStarted || interest.initial) {
            for (const event of news) {
              // An extension that is idle and not named has changed in the snapshot that the node starts with.
              const isGone = event.extensionState === 'idle' && !named.includes(event.extension);
              assert.equal(event.initial, !isStarted && !isGone);
              assert.notEqual(standingOf(event), known.get(event.extension) ?? (isStarted ? 'idle 0' : undefined));
              known.set(event.extension, standingOf(event));
            }
          } else for (const event of current) known.set(event.extension, standingOf(event));
          if (!isStarted && interest.initial) {
            const own = named.filter(interest.extensions);
            assert.deepEqual(
              own.filter((extension) => !known.has(extension)),
              [],
            );
          }
          isStarted = true;
          for (const event of current) assert.equal(known.get(event.extension) ?? 'idle 0', standingOf(event));
        });
      }),
      parameters,
    );
  });
});

/** An event with the key of its party. */
type Marked = CallEvent & { party: number };

function marked(occurrence: CallOccurrence): CallOccurrence {
  const { event, party } = occurrence;
  return { ...occurrence, event: Object.assign({}, event, { party }) };
}

function inWords(counts: readonly [string, number][]): string {
  return counts.map(([what, count]) => `${count} ${what}`).join(', ');
}

function interests(): fc.Arbitrary<Interest> {
  return fc.record({
    events: fc.subarray([...callEventNames]).map((names) => new Set(names)),
    named: fc.constant([]),
    extensions: fc.constantFrom<Interest['extensions']>(
      () => true,
      (dn) => dn.length === 2,
      (dn) => dn < '15',
    ),
    direction: fc.constantFrom('any', 'inbound', 'outbound'),
    scope: fc.constantFrom('any', 'external', 'internal'),
    queues: fc.constantFrom<Interest['queues']>(
      null,
      () => true,
      (dn) => dn === '8000',
    ),
    number: fc.constantFrom(/(?:)/, /^\+49/, /[0-4]$/),
    minRing: fc.oneof(fc.constant(0), fc.nat(5000)),
    initial: fc.boolean(),
  });
}

/**
 * The events that concern a node. An end concerns it if an earlier event of the same party did. Without an earlier
 * event the filters decide.
 */
function concernedOf(events: readonly Marked[], interest: Interest): Marked[] {
  const { extensions, direction, scope, queues, number } = interest;
  const concerned = new Map<number, boolean>();
  return events.filter((event) => {
    const dns = event.event === 'missed' ? event.extensions : [event.extension];
    const passes =
      dns.some(extensions) &&
      (direction === 'any' || event.direction === direction) &&
      (scope === 'any' || event.internal === (scope === 'internal')) &&
      (queues === null || (event.queue !== null && queues(event.queue.number))) &&
      number.test(event.number);
    if (event.event === 'missed') return passes;
    const key = event.party;
    const before = concerned.get(key);
    const isEnd = event.event === 'ended' || event.event === 'ring-stopped';
    if (isEnd) concerned.delete(key);
    else concerned.set(key, before === true || passes);
    return isEnd ? (before ?? passes) : passes;
  });
}

/**
 * Checks that each end has its beginning, that each beginning has its end, and that no short ring is reported.
 *
 * @param start when the node began to watch; without `initial` it gets no beginning for parts that were there already
 */
function checkRings(events: readonly Marked[], { minRing, initial }: Interest, start: number): void {
  const begun = new Map<number, CallEvent>();
  for (const event of events) {
    const { connection, extension, startedAt, answeredAt, endedAt, direction, ringSeconds } = event;
    const what = `${event.event} of ${connection} at ${extension}`;
    const key = event.party;
    const rang = (ringSeconds ?? 0) * 1000;
    switch (event.event) {
      case 'ringing':
      case 'dialing':
        assert.ok(!begun.has(key), `${what}: twice`);
        begun.set(key, event);
        break;
      case 'answered':
        // A ring that was too short is not reported, but its answer is.
        if (begun.get(key)?.event === 'ringing') assert.ok(rang >= minRing, `${what}: short`);
        begun.set(key, event);
        break;
      case 'ended':
      case 'ring-stopped':
        if (Date.parse((initial ? endedAt : startedAt) ?? '') > start)
          assert.ok(begun.has(key), `${what}: has not begun`);
        if (answeredAt === null && direction === 'inbound') assert.ok(rang >= minRing, `${what}: short`);
        begun.delete(key);
        break;
      case 'missed':
        assert.ok(rang >= minRing, `${what}: short`);
        break;
      default:
        break;
    }
  }
  assert.deepEqual([...begun.keys()], [], 'what began is ended');
}

interface FollowedMade {
  made: Made;
  /** Steady time. */
  time: number;
  /** Was there an up-to-date snapshot when the call was made? */
  isSure: boolean;
  /** The key of the newest part that was seen before the call was made. */
  newestParty: number;
  told: FollowedEvent[];
}

/** Follows our calls in a history, as a connection does, and keeps all that was seen. */
class FollowLog {
  readonly made: FollowedMade[] = [];
  readonly seen: CallOccurrence[] = [];
  private readonly following = new Following<FollowedMade>();
  private tracker: CallTracker | null = null;
  private last: CallTracker['time'] = null;
  private isGap = false;

  take(occurrences: readonly CallOccurrence[], tracker: CallTracker | null): void {
    if (tracker?.time == null) {
      this.isGap = true;
      return;
    }
    this.tracker = tracker;
    this.seen.push(...occurrences, ...tracker.current());
    const since = this.isGap ? null : this.last;
    this.isGap = false;
    this.last = tracker.time;
    this.tell(this.following.take(this.news(tracker, occurrences), tracker.time, since, isSame));
  }

  make(made: Made, tracker: CallTracker, time: number): void {
    const isSure = this.last !== null && !this.isGap;
    const before = { newestParty: tracker.newestParty, isCurrent: isSure };
    const owner = { made, time, isSure, newestParty: before.newestParty, told: [] };
    this.made.push(owner);
    const answeredAt = { wall: time, steady: time };
    const follow = { owner, call: made, before, answeredAt };
    this.tell(this.following.follow(this.following.expect(before), follow, this.news(tracker, []), isSame));
  }

  /** Runs until every call is over or has been unseen for too long. */
  end(): void {
    const { last, tracker } = this;
    assert.ok(last && tracker);
    let since = last;
    for (let time = 1_000; time <= maxUnseen + 1_000; time += 1_000) {
      const at = { wall: last.wall + time, steady: last.steady + time };
      this.tell(this.following.take(this.news(tracker, []), at, since, isSame));
      since = at;
    }
    assert.ok(this.following.isEmpty, 'nothing is followed any more');
  }

  private news(tracker: CallTracker, occurrences: readonly CallOccurrence[]) {
    return { occurrences, current: tracker.current(), isOtherSideUp: (key: number) => tracker.isOtherSideUp(key) };
  }

  private tell(followed: readonly { owner: FollowedMade; event: FollowedEvent }[]): void {
    for (const { owner, event } of followed) owner.told.push(event);
  }
}

function isSame(a: string, b: string): boolean {
  return a === b;
}

/** The events of the part that made one of our calls, and whether the lists show that the call is ours. */
function sightOf({ made, time, isSure, newestParty }: FollowedMade, seen: readonly CallOccurrence[]) {
  const { extension, destination, connection, callId } = made;
  const isOf = ({ event }: CallOccurrence): boolean => event.extension === extension;
  const dialled = seen.find((one) => one.event.connection === connection && isOf(one));
  const own = seen.filter((one) => one.party === dialled?.party && isOf(one));
  const isKnown = own.some(({ party, event }) => {
    if (isSure && party <= newestParty) return false;
    // A call that was seen as a part of another one for too long was given up.
    if (Date.parse(event.startedAt) - (start + time) > maxUnseen) return false;
    if (callId !== null && event.callId !== null) return event.callId === callId;
    return isSure && event.direction !== 'inbound' && event.number === destination;
  });
  return { own, isKnown };
}

/**
 * Checks the events of one of our calls against what happened to the leg that dialled it.
 *
 * @returns what was special about it
 */
function checkFollowed(
  one: FollowedMade,
  { seen, made: all }: FollowLog,
  { polls }: Truth,
): 'answered' | 'unseen' | 'not to be told apart' | null {
  const { made, told } = one;
  const { extension, destination, connection } = made;
  const what = `${extension} to ${destination} on ${connection}`;
  const names = told.map(({ event }) => event).join(' ');
  assert.ok(names === 'ended' || names === 'answered ended', `${what}: ${names}`);
  const end = told.at(-1);
  const { own, isKnown } = sightOf(one, seen);
  // Another call of ours was not seen, and took this one's place: it has the same number or was given this one's id.
  const isTaken = all.some(
    (other) =>
      other.made.extension === extension &&
      !sightOf(other, seen).isKnown &&
      own.some(({ event }) => event.call === other.told.at(-1)?.call),
  );
  // A call's number does not distinguish it from a call dialled by hand just before, and perhaps joined with it.
  const hasId = made.callId !== null && own.some(({ event }) => event.callId === made.callId);
  const isOther = !hasId && end?.call !== null && !own.some(({ event }) => event.connection === end?.connection);
  if (!isKnown || isTaken || isOther) {
    if (end?.outcome === 'unknown' && end.call === null) return isTaken ? 'not to be told apart' : 'unseen';
    // Another call of the extension, to the same number or with the same id, was seen in its place.
    const isTold = ({ event }: CallOccurrence): boolean =>
      event.call === end?.call && event.connection === end.connection && event.extension === extension;
    // An extension that fetches a call by a code is in that call afterwards.
    const parties = new Set(seen.filter(isTold).map(({ party }) => party));
    const isLikely = seen.some(
      ({ event, party }) =>
        (event.call === end?.call || parties.has(party)) &&
        event.extension === extension &&
        (event.number === destination || (made.callId !== null && event.callId === made.callId)),
    );
    assert.ok(isLikely, `${what}: ended ${JSON.stringify(end)}`);
    return 'not to be told apart';
  }
  const [ending] = own.filter(({ event }) => event.event === 'ended' || event.event === 'ring-stopped');
  assert.deepEqual(end, { ...ending?.event, event: 'ended' }, what);
  const { startedAt = '', endedAt = '' } = ending?.event ?? {};
  // An extension that fetches a call by a code may have another leg afterwards.
  const ids = new Set(own.map(({ event }) => event.connection));
  const isUp = polls.some(({ wall, connections }) => {
    const time = new Date(wall).toISOString();
    const legs = connections?.filter(({ id, dn }) => ids.has(id) && dn === extension) ?? [];
    const isIn = time >= startedAt && time < (endedAt ?? '');
    return isIn && legs.some(({ status }) => ['Connected', 'Hold', 'Held'].includes(status));
  });
  if (ending?.event.direction === 'outbound') assert.equal(told.length === 2, isUp, `${what}: answered`);
  if (isUp) assert.match(String(end.outcome), /^(?:answered|transferred)$/, what);
  return told.length === 2 ? 'answered' : null;
}
