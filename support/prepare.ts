import { launchBrowser } from './browser';
import { nodeRed5 } from './node-red-5';

/**
 * Runs in `npm test` before the test files. Two of them run at a time, and would otherwise install the same thing twice. The
 * tests that need it report a failure.
 */
export async function mochaGlobalSetup(): Promise<void> {
  await Promise.allSettled([nodeRed5(), launchBrowser().then((browser) => browser.close())]);
}
