import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

  const parts = ['npm run lint', 'npm run build', 'npm run coverage', 'npm run test:mutants'];
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

  it('fails if too many mutants of one file survive, however many of the others are killed', () => {
    const mutants = (killed: number, survived: number): object => ({
      mutants: [
        ...Array<object>(killed).fill({ status: 'Killed' }),
        ...Array<object>(survived).fill({ status: 'Survived' }),
        { status: 'Timeout' },
        { status: 'CompileError' },
      ],
    });
    const check = (files: Record<string, object>): { status: number | null; stderr: string } => {
      mkdirSync(join(folder, 'coverage'), { recursive: true });
      writeFileSync(join(folder, 'coverage/mutants.json'), JSON.stringify({ files }));
      const script = join(__dirname, '../../scripts/check-mutants.mjs');
      return spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8' });
    };
    assert.equal(check({ 'a.ts': mutants(100, 0), 'b.ts': mutants(18, 1), 'c.ts': { mutants: [] } }).status, 0);
    const { status, stderr } = check({ 'a.ts': mutants(1_000, 0), 'b.ts': mutants(17, 1) });
    assert.equal(status, 1);
    assert.match(stderr, /^b\.ts: .* 94\.7 %/);
    assert.doesNotMatch(stderr, /a\.ts/);
  });
});
