import { launchBrowser } from './browser';
import { nodeRed5 } from './node-red-5';

/**
 * Run by `npm test` before its test files, of which two run at a time: else two of them would install the same thing. What
 * fails here is said by the tests that need it.
 */
export async function mochaGlobalSetup(): Promise<void> {
  await Promise.allSettled([nodeRed5(), launchBrowser().then((browser) => browser.close())]);
}
