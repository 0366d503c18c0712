import assert from 'node:assert/strict';
import type { CallEvent } from '../../lib/calls';
import { at, eventsOf, listOf, ListTracker, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;

/** Plays lists by the milliseconds at which they come, after an empty one. */
function playAt(lists: Record<number, string>): CallEvent[][] {
  const tracker = watching();
  return Object.entries(lists).map(([time, list]) => eventsOf(tracker.take(listOf(list), at(start + Number(time)))));
}

describe('A DN that answers at once and may be a queue', () => {
  const answers = `${line}; 2 2001 connected ${caller}`;

  it('is not reported at once; after a second it counts as an extension', () => {
    const each = playAt({ 100: answers, 400: `${answers} on`, 1000: `${answers} on`, 1100: `${answers} on`, 1200: '' });
    assert.deepEqual(each.map(words), [[], [], [], ['answered 2001', 'recording 2001'], ['ended 2001 answered']]);
    assert.equal(each[3]?.[0]?.accuracyMs, 1100);
  });

  it('counts as an extension after a second in which nothing has changed', () => {
    const tracker = watching();
    const list = listOf(answers);
    assert.deepEqual(tracker.take(list, at(start + 1000)), []);
    assert.deepEqual(tracker.calls(), []);
    assert.deepEqual(words(eventsOf(tracker.take(list, at(start + 2000)))), ['answered 2001']);
    assert.equal(tracker.calls().length, 1);
  });

  it('counts as an extension if it leaves without being seen as a queue', () => {
    const [, events = []] = playAt({ 100: answers, 400: '' });
    assert.deepEqual(words(events), ['answered 2001', 'ended 2001 answered']);
    assert.equal(events[0]?.accuracyMs, 400);
  });

  it('is a queue once its number is seen as one, even if its leg is gone by then', () => {
    const agent = `3 10 ringing ${caller} q2001`;
    assert.deepEqual(playAt({ 100: answers, 400: `${line}; ${agent}` }).map(words), [[], ['ringing 10']]);
    assert.deepEqual(playAt({ 100: answers, 400: `${answers}; ${agent}`, 700: '' }).map(words), [
      [],
      ['ringing 10'],
      ['ended 10 missed', 'missed 10 missed'],
    ]);
  });

  it('is an extension when it puts the call on hold or rings in another call', () => {
    assert.deepEqual(playAt({ 100: answers, 400: `${line}; 2 2001 hold ${caller}` }).map(words), [
      [],
      ['answered 2001', 'held 2001'],
    ]);
    const both = `${answers}; 3 10001 connected +492; 4 2001 ringing +492`;
    assert.deepEqual(playAt({ 100: answers, 400: both, 500: both }).map(words), [
      [],
      ['ringing 2001'],
      ['answered 2001'],
    ]);
  });

  for (const [what, list] of [
    ['has rung', `${line}; 2 2001 ringing ${caller}`],
    ['has dialled', '1 2001 dialing +491; 2 10000 dialing +491'],
    ['has put a call on hold', `${line}; 2 2001 hold ${caller}`],
    ['has begun a call', '1 2001 connected +491; 2 10000 connected +491'],
  ] as const) {
    it(`is an extension if it ${what} before`, () => {
      const events = play(list, '', `8 10000 connected ${caller}; 9 2001 connected ${caller}`);
      assert.deepEqual(words(events).slice(-1), ['answered 2001']);
      assert.equal(events.at(-1)?.connection, '9');
    });
  }

  it('is an extension if the call came through a queue, or if its leg was another extension’s before', () => {
    assert.deepEqual(words(play(`${line}; 2 2001 connected ${caller} q8000`)), ['answered 2001']);
    const moved = play(`${line}; 2 10 connected ${caller}`, `${line}; 2 2001 connected ${caller}`);
    assert.deepEqual(words(moved).slice(-1), ['answered 2001']);
  });

  it('is an extension if the PBX says which legs are one call, because it also says which DNs are queues', () => {
    assert.deepEqual(words(play(`${line} ga; 2 2001 connected ${caller} ga`)), ['answered 2001']);
  });

  it('counts as an extension in the first snapshot, which causes no events', () => {
    for (const next of ['2 2001 connected', '3 2001 connected']) {
      const tracker = new ListTracker();
      assert.deepEqual(tracker.take(listOf(answers), at(start)), []);
      assert.equal(tracker.calls().length, 1);
      const events = tracker.take(listOf(`${line}; ${next} ${caller} on`), at(start + 100));
      assert.deepEqual(words(eventsOf(events)), ['recording 2001']);
    }
  });

  it('has four digits or more', () => {
    for (const dn of ['200', 'x2001', '2001x']) {
      assert.deepEqual(words(play(`${line}; 2 ${dn} connected ${caller}`)), [`answered ${dn}`]);
    }
    assert.deepEqual(words(play(`${line}; 2 20012 connected ${caller}`)), []);
  });

  it('does not count as having answered the call if it is known to be a queue by the end', () => {
    const events = play(answers, answers, `${answers}; 3 10 ringing ${caller} q2001`, line, '');
    assert.deepEqual(words(events).slice(-1), ['missed 10 missed']);
  });
});
