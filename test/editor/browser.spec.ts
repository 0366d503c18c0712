import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(__dirname, '../..');

describe('A machine without a browser', function () {
  this.timeout(60_000);
  let empty: string;

  before(async () => {
    empty = await mkdtemp(join(tmpdir(), '3cx-no-browser-'));
  });
  after(() => rm(empty, { recursive: true, force: true }));

  const run = (args: string[], env: Record<string, string>): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, args, { cwd: repository, encoding: 'utf8', env: { ...process.env, ...env } });
  const sentence = /^No browser: .+ CHROME_PATH .+\.\n$/;

  // Elsewhere a browser is found without PATH.
  if (process.platform === 'linux') {
    it('is reported in one sentence if no browser can be installed: no apt-get, no network', () => {
      const { status, stdout, stderr } = run(['support/install-browser.mjs'], {
        ...{ PATH: '', CHROME_PATH: '', PLAYWRIGHT_BROWSERS_PATH: empty },
        PLAYWRIGHT_DOWNLOAD_HOST: 'http://127.0.0.1:9',
      });
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, sentence);
    });
  }

  it('is reported in one sentence if the named browser is not one', () => {
    const { status, stdout, stderr } = run(['support/install-browser.mjs'], { CHROME_PATH: join(empty, 'chrome') });
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, sentence);
  });

  it('fails the tests of the editor with that sentence', () => {
    const mocha = require.resolve('mocha/bin/mocha.js');
    const { status, stdout } = run([mocha, 'test/editor/events.spec.ts'], { CHROME_PATH: join(empty, 'chrome') });
    assert.notEqual(status, 0);
    assert.match(stdout, /Error: No browser: .+\.\n/);
  });
});
