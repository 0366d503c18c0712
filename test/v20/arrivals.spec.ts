import assert from 'node:assert/strict';
import type { Moment } from '../../lib/pbx';
import { Arrivals } from '../../lib/v20/arrivals';

describe('The arrival times of 3CX V20’s messages', () => {
  /** @returns the times of messages: each has a number, or none, and the time when it came */
  function noted(arrivals: Arrivals, ...messages: (readonly [number | null, number])[]): number[] {
    return messages.map(([sequence, time]) => {
      const at: Moment = { wall: time, steady: time };
      return arrivals.note(sequence, at).steady;
    });
  }

  it('are when they came, if they come in order or the same one comes again', () => {
    assert.deepEqual(noted(new Arrivals(), [1, 10], [2, 20], [2, 25], [9, 30]), [10, 20, 25, 30]);
  });

  it('are, for an overtaken message, when the first message came that was sent after it', () => {
    assert.deepEqual(noted(new Arrivals(), [1, 10], [3, 20], [4, 30], [2, 40], [5, 50]), [10, 20, 30, 20, 50]);
  });

  it('are, for a message without a number, when it came', () => {
    assert.deepEqual(noted(new Arrivals(), [4, 10], [null, 20], [3, 30]), [10, 20, 10]);
  });

  it('follow numbers that begin again after two seconds', () => {
    assert.deepEqual(noted(new Arrivals(), [900, 0], [1, 2_000], [2, 2_001], [3, 2_002]), [0, 0, 2_001, 2_002]);
  });

  it('do not depend on the numbers of another socket', () => {
    const arrivals = new Arrivals();
    noted(arrivals, [900, 0]);
    arrivals.forget();
    assert.deepEqual(noted(arrivals, [1, 10]), [10]);
  });
});
