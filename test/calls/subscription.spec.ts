import assert from 'node:assert/strict';
import { type CallEvent, type Interest, Subscription } from '../../lib/calls';
import type { Connection, Moment } from '../../lib/pbx';
import { at, everything, ListTracker, words } from '../../support/calls';

function leg(id: string, extension: string, status: Connection['status'], number: string): Connection {
  return { id, extension, status, number, queue: null, recording: 'off' };
}

/** Plays lists, a second apart, after an empty one; what a node is told of it. */
function told(interest: Partial<Interest>, ...lists: Connection[][]): CallEvent[] {
  return toldBy((second) => at(second * 1000), interest, ...lists);
}

/** The same, by clocks. */
function toldBy(clock: (second: number) => Moment, interest: Partial<Interest>, ...lists: Connection[][]): CallEvent[] {
  const tracker = new ListTracker();
  const subscription = new Subscription({ ...everything, ...interest });
  return [[], ...lists].flatMap((list, index) => {
    const events = tracker.take(list, clock(index));
    return subscription.select(events, tracker).filter((event) => 'call' in event);
  });
}

describe('Events that concern a node', () => {
  const talking = [leg('1', '10', 'connected', '11'), leg('2', '11', 'connected', '10')];
  const outside = [leg('1', '10', 'connected', '+4930111'), leg('2', '10000', 'dialing', '+4930111')];

  it('end what began, though the number is another one by now', () => {
    assert.deepEqual(words(told({ number: /^11$/ }, talking, outside, [])), ['answered 10', 'ended 10 answered']);
  });

  it('end nothing that did not concern it', () => {
    assert.deepEqual(told({ number: /^\+49/, extensions: (dn) => dn === '10' }, talking, outside, []), []);
  });

  it('end what began inside, though the call goes outside by now', () => {
    assert.deepEqual(words(told({ scope: 'internal', extensions: (dn) => dn === '10' }, talking, outside, [])), [
      'answered 10',
      'ended 10 answered',
    ]);
  });

  describe('with a least ring', () => {
    const rings = [leg('1', '10000', 'connected', '+491'), leg('2', '10', 'ringing', '+491')];

    it('announce a ring that is long enough, also when the clock is set meanwhile', () => {
      for (const hours of [0, 1, -1]) {
        const clock = (second: number): Moment => ({
          wall: second * 1000 + (second > 1 ? hours * 3_600_000 : 0),
          steady: second * 1000,
        });
        const events = toldBy(clock, { minRing: 2_000 }, rings, rings, rings, []);
        assert.deepEqual(words(events), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
      }
    });

    it('announce nothing of a shorter one', () => {
      assert.deepEqual(told({ minRing: 2_000 }, rings, []), []);
    });

    it('count the ring of several phones as one', () => {
      const both = [...rings, leg('3', '10', 'ringing', '+491')];
      assert.deepEqual(words(told({ minRing: 2_000 }, rings, both, both, [])), [
        'ringing 10',
        'ended 10 missed',
        'missed 10 missed',
      ]);
    });
  });
});
