import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { Subscription } from '../../lib/calls';
import { CallWatch, rememberedFor } from '../../lib/node-red/call-watch';
import { V20Pbx } from '../../lib/v20';
import { at, everything } from '../../support/calls';
import { isLong, type Part, report } from './report';
import { callsPerMinute, expectNoGrowth, heapSize, hours, megabytes, monitors, Simulated, v20 } from './virtual-week';

// `npm test` has no time for it.
if (isLong) describe(`${hours} hours of events and calls over 3CX V20`, watchForHours);

function watchForHours(this: Mocha.Suite): void {
  this.timeout(3_600_000);
  let simulator: Simulated;
  let pbx: V20Pbx;
  let watch: CallWatch;
  let clock: Clock;
  let found: Part | undefined;

  before(async () => {
    simulator = await Simulated.start();
    clock = FakeTimers.install({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      now: Date.now(),
    });
    pbx = new V20Pbx({ url: simulator.v20Url, ...v20, clock: () => at(Date.now()) });
    const away = (): never => assert.fail('the PBX went away');
    watch = new CallWatch(pbx, rememberedFor(simulator.v20Url, undefined), away);
  });
  after(async () => {
    (watch as CallWatch | undefined)?.close();
    (pbx as V20Pbx | undefined)?.close();
    (clock as Clock | undefined)?.uninstall();
    await (simulator as Simulated | undefined)?.advance(null);
    // Now that the date is real again.
    if (found !== undefined) report('v20-week', found);
  });

  /** Waits until nothing is on the wire: what was sent within this machine is there in one of the next turns. */
  const settle = async (): Promise<void> => {
    const { underWay } = (pbx as unknown as { client: { underWay: ReadonlySet<unknown> } }).client;
    for (let quiet = 0; quiet < 2; quiet++) {
      await turn();
      if (underWay.size > 0) quiet = -1;
    }
  };

  it('leave the heap as large as it was after the first hour, and every call ended', async () => {
    const counts = { calls: 0, events: 0, gaps: 0 };
    const open = new Set<string>();
    let known = new Set<string>();
    for (let id = 0; id < monitors; id++) {
      const subscription = new Subscription({ ...everything, minRing: id * 1_000, initial: true });
      watch.watch(`monitor ${id}`, (occurrences, isSnapshot) => {
        assert.ok(isSnapshot);
        const events = subscription.select(occurrences, watch.tracker);
        counts.events += events.length;
        for (const event of id === 0 ? events : []) {
          if (!('call' in event)) continue;
          const key = `${event.extension} in ${event.call}`;
          if (event.synthetic) counts.gaps += 1;
          if (['ringing', 'dialing', 'answered'].includes(event.event)) open.add(key);
          else if (/^(ended|ring-stopped)$/.test(event.event)) assert.ok(open.delete(key), `${event.event}: ${key}`);
        }
      });
    }
    let afterHour = 0;
    for (let second = 1; second <= hours * 3_600; second++) {
      await simulator.advance(1_000);
      await settle();
      clock.tick(1_000);
      await settle();
      const calls = new Set(watch.tracker.calls().map(({ call }) => call));
      for (const call of calls) if (!known.has(call)) counts.calls += 1;
      known = calls;
      // A command every minute; that there is no call to hang up is an answer too.
      if (second % 60 === 0) await pbx.execute('drop', { extension: '10' });
      if (second === 3_600) afterHour = heapSize();
    }
    const atEnd = expectNoGrowth(afterHour);
    assert.equal(watch.state, 'online');
    assert.equal(counts.gaps, 0);
    // Nothing is open but what is there.
    assert.ok(open.size <= watch.tracker.calls().length, `${open.size} were not ended`);
    found = {
      chapter: 'v20',
      position: 60,
      title: hours === 24 * 7 ? 'V20: a week' : `V20: ${hours} hours`,
      text:
        'The real client listens to a simulated PBX and sends a command every minute, while about ' +
        `${callsPerMinute} calls a minute come and go. Time is virtual; requests and connections are real. So ` +
        'is the renewal of tokens, each of which lives for an hour.',
      figures: {
        Hours: hours,
        Calls: counts.calls,
        [`Events sent to ${monitors} monitors`]: counts.events,
        'Late events (synthetic)': counts.gaps,
        'Heap after the first hour, in MB': megabytes(afterHour),
        'Heap at the end, in MB': megabytes(atEnd),
      },
    };
  });
}
