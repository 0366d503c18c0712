import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../support/browser';
import { Editor } from '../../support/editor';
import { exampleFiles, otherModules } from '../../support/examples';
import { startNodeRed } from '../../support/node-red';
import { nodeRed5 } from '../../support/node-red-5';

/** Node-RED also loads what the repository has installed, unless it must not. */
const settings = { externalModules: { palette: { denyList: otherModules } } };
const example = exampleFiles().find((file) => file.includes('dashboard')) ?? '';

/** Where its module is not installed. */
describe('The example with a dashboard, imported', function () {
  this.timeout(600_000); // Node-RED 5 or a browser may have to be installed first
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => (browser as Browser | undefined)?.close());

  for (const [version, program] of [
    ['4.1', () => Promise.resolve({})],
    ['5.0', nodeRed5],
  ] as const) {
    it(`lets Node-RED ${version} offer to install its module`, async () => {
      const nodeRed = await startNodeRed({ ...(await program()), settings });
      try {
        const editor = await Editor.open(browser, nodeRed.url);
        await editor.importExample(example.replace(/\.json$/, ''));
        const offer = editor.page.locator('.red-ui-notification', { hasText: otherModules[0] ?? '' });
        await offer.waitFor();
        const buttons = await offer.locator('button').allInnerTexts();
        assert.ok(buttons.includes('Install all'), buttons.join());
        await editor.page.close();
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
