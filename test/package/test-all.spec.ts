import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

describe('npm run test:all', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'test-all-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs it with an npm and an npx that fail for this command, and pass for all others. */
  function runWhere(failing: string): { status: number | null; summary: string[] } {
    for (const name of ['npm', 'npx']) {
      const script = `#!/bin/sh\n[ "${name} $*" != "${failing}" ] || exit 3\n`;
      writeFileSync(join(folder, name), script, { mode: 0o755 });
    }
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
    const script = join(__dirname, '../../scripts/test-all.mjs');
    const { status, stdout } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
    const [, summary = ''] = stdout.split('All parts:\n');
    return { status, summary: summary.trimEnd().split('\n') };
  }

  const parts = ['npm run lint', 'npm run build', 'npm run coverage', 'npx stryker run'];
  for (const failing of ['nothing', ...parts]) {
    it(`runs all parts when ${failing} fails, and says so at the end`, () => {
      const { status, summary } = runWhere(failing);
      assert.equal(status, failing === 'nothing' ? 0 : 1);
      assert.deepEqual(
        summary.map((line) => line.replace(/ +\d+ s$/, '').trim()),
        parts.map((part) => `${part === failing ? 'FAILED' : 'passed'}  ${part}`),
      );
    });
  }
});
