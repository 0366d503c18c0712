import assert from 'node:assert/strict';
import { type CallEvent, CallTracker, type Interest, Subscription } from '../../lib/calls';
import type { ConnectionRecord } from '../../lib/calls/types';
import { at, everything, numbering, words } from './support';

function leg(id: string, extension: string, status: ConnectionRecord['status'], number: string): ConnectionRecord {
  return { id, extension, status, number, queue: null, recording: 'off' };
}

/** Plays lists, a second apart, after an empty one; what a node is told of it. */
function told(interest: Partial<Interest>, ...lists: ConnectionRecord[][]): CallEvent[] {
  const tracker = new CallTracker(numbering);
  const subscription = new Subscription({ ...everything, ...interest });
  return [[], ...lists].flatMap((list, index) => {
    const events = tracker.update(list, at(index * 1000));
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
});
