import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { isLong } from './report';

export const hours = isLong ? 24 * 7 : 3;
export const monitors = 5;
export const callsPerMinute = 4;
/** The noise of the heap, in bytes. */
const noise = 1_000_000;

/** The client of the APIs of 3CX V20. */
export const v20 = { clientId: 'nodered', clientSecret: 'secret-of-the-client' };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** In bytes, without compiled code: V8 goes on compiling for hours, and it is no leak. */
export function heapSize(): number {
  collectGarbage();
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !name.includes('code'))
    .reduce((sum, { space_used_size: size }) => sum + size, 0);
}

/** A simulator with virtual time, in a thread of its own: what it remembers is not on our heap. */
export class Simulated {
  private constructor(
    private readonly worker: Worker,
    readonly url: string,
    /** Of the APIs of 3CX V20. */
    readonly v20Url: string,
  ) {}

  static async start(): Promise<Simulated> {
    const worker = new Worker(
      `require('tsx/cjs');
      const { parentPort } = require('node:worker_threads');
      const { startSimulator } = require('./simulator');
      startSimulator({ time: 'virtual', delay: 0, traffic: ${callsPerMinute}, v20: ${JSON.stringify(v20)} }).then((simulator) => {
        parentPort.on('message', async (ms) => {
          if (ms === null) await simulator.close();
          else await simulator.advance(ms);
          parentPort.postMessage('done');
          if (ms === null) parentPort.close();
        });
        parentPort.postMessage([simulator.url, simulator.v20Url]);
      });`,
      { eval: true },
    );
    const [[url, v20Url]] = (await once(worker, 'message')) as [[string, string]];
    return new Simulated(worker, url, v20Url);
  }

  /** Lets this many ms pass, or ends it. */
  async advance(ms: number | null): Promise<void> {
    this.worker.postMessage(ms);
    await once(this.worker, 'message');
  }
}

/** @returns the size of the heap now, which is not that much larger than before */
export function expectNoGrowth(before: number): number {
  const now = heapSize();
  assert.ok(now - before < noise, `the heap grew from ${before} to ${now} bytes`);
  return now;
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
