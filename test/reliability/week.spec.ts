import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { Subscription } from '../../lib/calls';
import { HttpApi } from '../../lib/http-api';
import { CallWatch, rememberedFor } from '../../lib/node-red/call-watch';
import { at, everything, numbering } from '../../support/calls';
import { isLong, type Part, report } from './report';

const hours = isLong ? 24 * 7 : 3;
const monitors = 5;
const callsPerMinute = 4;
/** By so many bytes the heap goes up and down. */
const noise = 1_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function heapSize(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A simulator with virtual time, in a thread of its own: what it remembers is not on our heap. */
class Simulated {
  private constructor(
    private readonly worker: Worker,
    readonly url: string,
  ) {}

  static async start(): Promise<Simulated> {
    const worker = new Worker(
      `require('tsx/cjs');
      const { parentPort } = require('node:worker_threads');
      const { startSimulator } = require('./simulator');
      startSimulator({ time: 'virtual', delay: 0, traffic: ${callsPerMinute} }).then((simulator) => {
        parentPort.on('message', async (ms) => {
          if (ms === null) await simulator.close();
          else await simulator.advance(ms);
          parentPort.postMessage('done');
          if (ms === null) parentPort.close();
        });
        parentPort.postMessage(simulator.url);
      });`,
      { eval: true },
    );
    const [url] = (await once(worker, 'message')) as [string];
    return new Simulated(worker, url);
  }

  /** Lets so many ms pass, or ends it. */
  async advance(ms: number | null): Promise<void> {
    this.worker.postMessage(ms);
    await once(this.worker, 'message');
  }
}

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
    const atEnd = heapSize();
    assert.ok(atEnd - afterHour < noise, `the heap grew from ${afterHour} to ${atEnd} bytes`);
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
    found = {
      position: 50,
      title: hours === 24 * 7 ? 'A week' : `${hours} hours`,
      text:
        `The real client polls a simulated server once a second, and a command follows every minute, while about ` +
        `${callsPerMinute} calls a minute come and go; time is virtual, requests and connections are real.`,
      figures: {
        Hours: hours,
        Polls: counts.polls,
        Calls: counts.calls,
        [`Events told to ${monitors} monitors`]: counts.events,
        'Heap after the first hour, in MB': megabytes(afterHour),
        'Heap at the end, in MB': megabytes(atEnd),
      },
    };
  });
});
