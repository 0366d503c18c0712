import assert from 'node:assert/strict';
import FakeTimers from '@sinonjs/fake-timers';
import { now, SteadyClock } from '../../lib/node-red/clock';

describe('The steady clock', () => {
  it('goes on, whatever the wall clock says', () => {
    const before = now();
    const clock = FakeTimers.install({ toFake: ['Date'], now: 0 });
    try {
      const after = now();
      assert.equal(after.wall, 0);
      assert.ok(after.steady >= before.steady);
    } finally {
      clock.uninstall();
    }
  });

  it('counts the time that the machine slept, which only the uptime of the system shows', () => {
    let [running, system] = [5_000, 905_000];
    const clock = new SteadyClock(
      () => running,
      () => system,
    );
    running += 1_000;
    system += 1_990;
    assert.equal(clock.now(), 6_000, 'less than its coarseness is no sleep');
    running += 1_000;
    system += 601_000;
    assert.equal(clock.now(), 607_990);
    running += 1_000;
    system += 1_000;
    assert.equal(clock.now(), 608_990);
    system += 3_600_000;
    assert.equal(clock.now(), 4_208_990);
  });
});
