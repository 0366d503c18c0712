import assert from 'node:assert/strict';
import { type CallEvent, type Interest, type Occurrence, Subscription } from '../../lib/calls';
import type { Moment } from '../../lib/pbx';
import { at, everything, listOf, ListTracker, words } from '../../support/calls';

/** Plays lists, a second apart, after an empty one, and returns a node's events. `-` is a missing list. */
function told(interest: Partial<Interest>, ...lists: string[]): CallEvent[] {
  return toldBy((second) => at(second * 1000), interest, ...lists);
}

/** The same, by clocks. */
function toldBy(clock: (second: number) => Moment, interest: Partial<Interest>, ...lists: string[]): CallEvent[] {
  return [...toldEach(new Subscription({ ...everything, ...interest }), clock, ['', ...lists])].flat();
}

/** The same, list by list, to a node that watches from the first list on. */
function toldEach(subscription: Subscription, clock: (second: number) => Moment, lists: string[]): CallEvent[][] {
  const tracker = new ListTracker();
  return lists.map((list, index) => {
    if (list === '-') tracker.noSnapshot();
    const occurrences = list === '-' ? [] : tracker.take(listOf(list), clock(index));
    return subscription.select(occurrences, list === '-' ? null : tracker).filter((event) => 'outcome' in event);
  });
}

/** A node that begins to watch with the last list, when the tracker has seen those before. */
function toldLate(interest: Partial<Interest>, ...lists: string[]): CallEvent[] {
  const tracker = new ListTracker();
  const events = lists.map((list, index) => tracker.take(listOf(list), at(index * 1000)));
  const subscription = new Subscription({ ...everything, ...interest });
  return subscription.select(events.at(-1) ?? [], tracker).filter((event) => 'outcome' in event);
}

describe('Events that concern a node', () => {
  const talking = '1 10 connected 11; 2 11 connected 10';
  const outside = '1 10 connected +4930111; 2 10000 dialing +4930111';
  const rings = '1 10000 connected +491; 2 10 ringing +491';
  const talks = '1 10000 connected +491; 2 10 connected +491';

  it('include the end of a call whose beginning concerned it, even if the number has changed', () => {
    assert.deepEqual(words(told({ number: /^11$/ }, talking, outside, '')), ['answered 10', 'ended 10 answered']);
  });

  it('do not include the end of a call whose beginning did not concern it', () => {
    assert.deepEqual(told({ number: /^\+49/, extensions: (dn) => dn === '10' }, talking, outside, ''), []);
  });

  it('include the end of a call that began inside, even if it goes outside by now', () => {
    assert.deepEqual(words(told({ scope: 'internal', extensions: (dn) => dn === '10' }, talking, outside, '')), [
      'answered 10',
      'ended 10 answered',
    ]);
  });

  it('include the end of a call that began inside, whatever other events of that call did not concern it', () => {
    const recorded = '1 10 connected +4930111 on; 2 10000 dialing +4930111';
    assert.deepEqual(words(told({ scope: 'internal', extensions: (dn) => dn === '10' }, talking, recorded, '')), [
      'answered 10',
      'ended 10 answered',
    ]);
  });

  it('are of the kinds that it asks for', () => {
    assert.deepEqual(words(told({ events: new Set(['answered', 'missed']) }, rings, talks, '')), ['answered 10']);
    assert.deepEqual(words(told({ events: new Set(['missed']) }, rings, '')), ['missed 10 missed']);
  });

  it('are in the order in which they happened', () => {
    assert.deepEqual(words(told({}, `${rings}; 3 11 connected +491`)), ['ringing 10', 'answered 11']);
  });

  it('include the end of a ring that concerned it, even if the number has changed', () => {
    const ringing = (number: string): string => `1 10000 connected +491; 2 10 ringing ${number}`;
    assert.deepEqual(words(told({ number: /^.491$/ }, ringing('+491'), ringing('+492'), '1 10000 connected +491')), [
      'ringing 10',
      'ring-stopped 10 missed',
    ]);
  });

  it('are of the extensions that it asks for; a missed call is of all extensions that rang', () => {
    const both = `${rings}; 3 11 ringing +491`;
    const only = (extension: string): Partial<Interest> => ({ extensions: (dn) => dn === extension });
    assert.deepEqual(words(told(only('11'), both, '')), ['ringing 11', 'ended 11 missed', 'missed 10 missed']);
    assert.deepEqual(words(told(only('12'), both, '')), []);
  });

  it('are of the direction that it asks for', () => {
    const call = '1 10 dialing 11; 2 11 ringing 10';
    assert.deepEqual(words(told({ direction: 'inbound' }, call)), ['ringing 11']);
    assert.deepEqual(words(told({ direction: 'outbound' }, call)), ['dialing 10']);
  });

  it('are of internal or external calls, as it asks', () => {
    const lists = `${talking}; 3 10000 connected +491; 4 12 connected +491`;
    assert.deepEqual(words(told({ scope: 'internal' }, lists)), ['answered 10', 'answered 11']);
    assert.deepEqual(words(told({ scope: 'external' }, lists)), ['answered 12']);
  });

  it('are of the queues that it asks for', () => {
    const lists = `${talking}; 3 10000 connected +491; 4 12 ringing +491 q8000`;
    assert.deepEqual(words(told({ queues: () => true }, lists)), ['ringing 12']);
    assert.deepEqual(words(told({ queues: (dn) => dn === '8000' }, lists)), ['ringing 12']);
    assert.deepEqual(words(told({ queues: (dn) => dn === '8001' }, lists)), []);
  });

  it('are of the numbers that match its pattern, at any position', () => {
    assert.deepEqual(words(told({ number: /^\+4/ }, rings)), ['ringing 10']);
    assert.deepEqual(words(told({ number: /1$/g }, rings, talks)), ['ringing 10', 'answered 10']);
    assert.deepEqual(words(told({ number: /^1/ }, rings)), []);
  });

  it('include those of the API, whatever else it asks for', () => {
    const offline: Occurrence = { event: { event: 'offline', code: 'timeout' } };
    const nothing: Partial<Interest> = { extensions: () => false, queues: () => false, number: /x/, minRing: 1000 };
    const subscription = new Subscription({ ...everything, ...nothing, events: new Set(['offline']) });
    assert.deepEqual(subscription.select([offline, { event: { event: 'online', code: null } }], null), [offline.event]);
  });

  describe('at the start', () => {
    it('are those from then on, unless it asks for the calls that are there', () => {
      assert.deepEqual(words(toldLate({}, rings, rings)), []);
      const [event, ...others] = toldLate({ initial: true }, rings, rings);
      assert.deepEqual([event?.event, event?.initial, others.length], ['ringing', true, 0]);
    });

    it('report the calls that are there, once, and those that ended at this moment', () => {
      const events = toldLate({ initial: true }, '', rings, '3 10000 connected +492; 4 11 connected +492');
      assert.deepEqual(words(events), ['ended 10 missed', 'answered 11', 'missed 10 missed']);
      assert.deepEqual(
        events.map(({ initial }) => initial),
        [false, true, false],
      );
    });

    it('report the calls that are there when the first snapshot comes, and only then', () => {
      const subscription = new Subscription({ ...everything, initial: true });
      const each = toldEach(subscription, (second) => at(second * 1000), ['-', rings, rings, talks]);
      assert.deepEqual(each.map(words), [[], ['ringing 10'], [], ['answered 10']]);
    });

    it('include those of the API beside the calls that are there', () => {
      const tracker = new ListTracker();
      tracker.take(listOf(rings), at(0));
      const subscription = new Subscription({ ...everything, events: new Set(['online', 'ringing']), initial: true });
      const events = subscription.select([{ event: { event: 'online', code: null } }], tracker);
      assert.deepEqual(
        events.map(({ event }) => event),
        ['online', 'ringing'],
      );
    });
  });

  describe('that asks for a minimum ring time', () => {
    it('announce a ring that is long enough, even if the clock is set meanwhile', () => {
      for (const hours of [0, 1, -1]) {
        const clock = (second: number): Moment => ({
          wall: second * 1000 + (second > 1 ? hours * 3_600_000 : 0),
          steady: second * 1000,
        });
        const events = toldBy(clock, { minRing: 2_000 }, rings, rings, rings, '');
        assert.deepEqual(words(events), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
      }
    });

    it('announce a ring as soon as it is long enough', () => {
      const subscription = new Subscription({ ...everything, minRing: 2_000 });
      const each = toldEach(subscription, (second) => at(second * 1000), ['', rings, rings, '-', rings, rings, talks]);
      assert.deepEqual(each.map(words), [[], [], [], [], ['ringing 10'], [], ['answered 10']]);
    });

    it('show whether a ring was there at the start', () => {
      const starts = (initial: boolean): (boolean | string)[] => {
        const subscription = new Subscription({ ...everything, minRing: 2_000, initial });
        const lists = initial ? [rings, rings, rings] : ['', rings, rings, rings];
        return toldEach(subscription, (second) => at(second * 1000), lists).flatMap((events) =>
          events.flatMap((event) => [event.event, event.initial]),
        );
      };
      assert.deepEqual(starts(true), ['ringing', true]);
      assert.deepEqual(starts(false), ['ringing', false]);
    });

    it('announce nothing about a shorter ring', () => {
      assert.deepEqual(told({ minRing: 2_000 }, rings, ''), []);
      const stopped = '1 10000 connected +491; 3 999 connected +491';
      assert.deepEqual(told({ minRing: 2_000 }, rings, stopped, stopped, ''), []);
    });

    it('announce no missed call after a shorter ring if it was a queue that answered', () => {
      const part = (id: number, text: string): string => `1 10000 connected +491; ${id} ${text} +491`;
      const lists = [part(2, '2001 ringing'), part(2, '2001 connected'), `${part(3, '10 ringing')} q2001`, ''];
      assert.deepEqual(words(told({ events: new Set(['missed']) }, ...lists)), ['missed 2001 missed']);
      assert.deepEqual(told({ events: new Set(['missed']), minRing: 5_000 }, ...lists), []);
    });

    it('announce that a shorter ring was answered, and everything after it', () => {
      assert.deepEqual(words(told({ minRing: 2_000 }, rings, talks, '')), ['answered 10', 'ended 10 answered']);
    });

    it('announce a ring that is seen to be long enough only when it is over', () => {
      const clock = (second: number): Moment => at(second < 2 ? second * 1000 : 4_000);
      for (const [then, ...events] of [
        ['', 'ringing 10', 'ended 10 missed', 'missed 10 missed'],
        [talks, 'ringing 10', 'answered 10'],
      ] as const) {
        assert.deepEqual(words(toldBy(clock, { minRing: 3_000 }, rings, then)), events);
      }
    });

    it('announce a ring that is long enough, even if its recording began before', () => {
      const recorded = '1 10000 connected +491; 2 10 ringing +491 on';
      assert.deepEqual(words(told({ minRing: 2_000 }, rings, recorded, recorded)), ['recording 10', 'ringing 10']);
    });

    it('announce the recording of a ringing call, and everything about a dialling extension', () => {
      const recorded = '1 10000 connected +491; 2 10 ringing +491 on';
      assert.deepEqual(words(told({ minRing: 5_000 }, rings, recorded)), ['recording 10']);
      assert.deepEqual(words(told({ minRing: 5_000 }, '1 10 dialing +491; 2 10000 dialing +491', '')), [
        'dialing 10',
        'ended 10 not-reached',
      ]);
    });

    it('announce a missed call last, after a ring of another call that has become long enough', () => {
      const other = '3 10000 connected +492; 4 11 ringing +492';
      assert.deepEqual(words(told({ minRing: 2_000 }, `${rings}; ${other}`, `${rings}; ${other}`, other)), [
        'ringing 10',
        'ended 10 missed',
        'ringing 11',
        'missed 10 missed',
      ]);
    });

    it('count the rings of several phones as one ring', () => {
      const both = `${rings}; 3 10 ringing +491`;
      assert.deepEqual(words(told({ minRing: 2_000 }, rings, both, both, '')), [
        'ringing 10',
        'ended 10 missed',
        'missed 10 missed',
      ]);
    });
  });
});
