import assert from 'node:assert/strict';
import { Schedule } from '../../lib/node-red/schedule';

describe('A schedule of look-ups', () => {
  let schedule: Schedule;
  let now: number;
  beforeEach(() => {
    schedule = new Schedule();
    now = 1_000;
  });
  const every = (interval: number, ...keys: string[]): void => {
    schedule.set(new Map(keys.map((key) => [key, interval])));
  };
  /** Looks up what is due until then, and says what and when. */
  const run = (until: number, took = 0, late = 0): string[] => {
    const begun: string[] = [];
    for (;;) {
      const due = schedule.next();
      if (due === null || Math.max(due.at, now) > until) return begun;
      now = Math.max(due.at, now) + late;
      schedule.begin(due, now);
      begun.push(`${due.key} ${now}`);
      now += took;
      schedule.end(now, took);
    }
  };

  it('has nothing to look up when it is empty', () => {
    assert.equal(schedule.next(), null);
    every(1_000, 'a');
    every(1_000);
    assert.equal(schedule.next(), null);
  });

  it('begins at once, and goes on once per interval', () => {
    every(1_000, 'a');
    assert.deepEqual(run(3_500), ['a 1000', 'a 2000', 'a 3000']);
  });

  it('spreads its look-ups over the interval', () => {
    every(1_000, 'a', 'b', 'c', 'd');
    assert.deepEqual(run(2_249), ['a 1000', 'b 1250', 'c 1500', 'd 1750', 'a 2000']);
  });

  it('looks up each of 100 once per interval, even if timers are late', () => {
    every(30_000, ...Array.from({ length: 100 }, (_, index) => String(index)));
    const begun = run(1_000 + 30_000 * 4 - 1, 20, 5);
    assert.equal(begun.length, 400);
    const counts = new Set(
      Array.from(
        { length: 4 },
        (_, round) => new Set(begun.slice(100 * round, 100 * (round + 1)).map((one) => one.split(' ')[0])).size,
      ),
    );
    assert.deepEqual(counts, new Set([100]));
  });

  it('keeps each to an interval of its own', () => {
    schedule.set(
      new Map([
        ['a', 1_000],
        ['b', 4_000],
      ]),
    );
    const begun = run(8_999).map((one) => one.split(' ')[0]);
    assert.equal(begun.filter((key) => key === 'a').length, 8);
    assert.equal(begun.filter((key) => key === 'b').length, 2);
  });

  it('rests after a look-up for as long as that took', () => {
    every(1_000, 'a', 'b');
    assert.deepEqual(run(8_000, 1_500), ['a 1000', 'b 4000', 'a 7000']);
  });

  it('goes on from where it is after a long pause, and makes up for nothing', () => {
    every(1_000, 'a');
    run(1_500);
    now = 60_000;
    assert.deepEqual(run(61_500), ['a 60000', 'a 61000']);
  });

  it('leaves an entry without an answer alone for a minute', () => {
    every(10_000, 'a', 'b');
    run(1_000);
    schedule.leaveAlone('a', now);
    assert.deepEqual(run(61_999), ['b 6000', 'b 16000', 'b 26000', 'b 36000', 'b 46000', 'b 56000', 'a 61000']);
  });

  it('looks up a hastened entry at once, even if it was left alone', () => {
    every(10_000, 'a');
    run(1_000);
    schedule.leaveAlone('a', now);
    now = 2_000;
    schedule.hasten('a');
    assert.deepEqual(run(2_500), ['a 2000']);
  });

  it('restarts the interval at an answer that came another way', () => {
    every(10_000, 'a');
    run(1_000);
    schedule.leaveAlone('a', now);
    schedule.answered('a', 5_000);
    assert.deepEqual(run(20_000), ['a 15000']);
  });

  it('applies a shorter interval from the last look-up on', () => {
    every(30_000, 'a');
    run(1_000);
    every(5_000, 'a');
    assert.deepEqual(run(7_000), ['a 6000']);
    every(5_000, 'a', 'b');
    assert.deepEqual(run(8_500), ['b 8500']);
  });

  it('forgets entries that are no longer looked up', () => {
    every(10_000, 'a', 'b');
    run(1_000);
    every(10_000, 'b');
    every(10_000, 'a', 'b');
    assert.deepEqual(run(6_000), ['a 6000']);
  });
});
