import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { Subscription } from '../../lib/calls';
import { HttpApi } from '../../lib/http-api';
import { CallWatch, rememberedFor } from '../../lib/node-red/call-watch';
import { at, everything, numbering } from '../../support/calls';
import { type Part, report } from './report';
import { callsPerMinute, expectNoGrowth, heapSize, hours, megabytes, monitors, Simulated } from './virtual-week';

describe(`${hours} hours of polls and calls`, function () {
  this.timeout(3_600_000);
  let simulator: Simulated;
  let pbx: HttpApi;
  let watch: CallWatch;
  let clock: Clock;
  let found: Part | undefined;

  before(async () => {
    simulator = await Simulated.start();
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.now() });
    pbx = new HttpApi({ url: simulator.url, interval: 1_000, numbering, clock: () => at(Date.now()) });
    const away = (): never => assert.fail('the server went away');
    watch = new CallWatch(pbx, rememberedFor(simulator.url, undefined), away);
  });
  after(async () => {
    (watch as CallWatch | undefined)?.close();
    (pbx as HttpApi | undefined)?.close();
    (clock as Clock | undefined)?.uninstall();
    await (simulator as Simulated | undefined)?.advance(null);
    // Now that the date is real again.
    if (found !== undefined) report('week', found);
  });

  it('leave the heap as large as it was after the first hour', async () => {
    const told = new EventEmitter();
    const counts = { polls: 0, calls: 0, events: 0 };
    let known = new Set<string>();
    for (let id = 0; id < monitors; id++) {
      const subscription = new Subscription({ ...everything, minRing: id * 1_000, initial: true });
      watch.watch(`monitor ${id}`, (occurrences, isSnapshot) => {
        assert.ok(isSnapshot);
        counts.events += subscription.select(occurrences, watch.tracker).length;
        if (id === 0) told.emit('poll');
      });
    }
    await once(told, 'poll');
    let afterHour = 0;
    for (let second = 1; second <= hours * 3_600; second++) {
      await turn();
      await simulator.advance(1_000);
      const polled = once(told, 'poll');
      clock.tick(1_000);
      await polled;
      counts.polls += 1;
      const calls = new Set(watch.tracker.calls().map(({ call }) => call));
      for (const call of calls) if (!known.has(call)) counts.calls += 1;
      known = calls;
      // A command every minute; that there is no call to hang up is an answer too.
      if (second % 60 === 0) await pbx.execute('drop', { extension: '10' });
      if (second === 3_600) afterHour = heapSize();
    }
    const atEnd = expectNoGrowth(afterHour);
    found = {
      position: 50,
      title: hours === 24 * 7 ? 'A week' : `${hours} hours`,
      text:
        'The real client polls a simulated server once a second and sends a command every minute, while about ' +
        `${callsPerMinute} calls a minute come and go. Time is virtual; requests and connections are real.`,
      figures: {
        Hours: hours,
        Polls: counts.polls,
        Calls: counts.calls,
        [`Events sent to ${monitors} monitors`]: counts.events,
        'Heap after the first hour, in MB': megabytes(afterHour),
        'Heap at the end, in MB': megabytes(atEnd),
      },
    };
  });
});
