import { spawnSync } from 'node:child_process';
import process from 'node:process';

// `npm run test:all`: `npm test` with the tests that take minutes, and the mutation tests. Each part runs even if an
// earlier one failed, so that one run shows everything. This is a script because shells set variables in different
// ways.
const parts = ['npm run lint', 'npm run build', 'npm run coverage', 'npm run test:mutants'];
const env = { TRUTH_RUNS: '100000', ...process.env, TEST_ALL: '1' };

function run(part) {
  console.log(`\n> ${part}`);
  const start = performance.now();
  // A part that a signal ended, or that could not be started, has no exit status.
  const { status } = spawnSync(part, { env, stdio: 'inherit', shell: true });
  return { part, hasPassed: status === 0, seconds: Math.round((performance.now() - start) / 1000) };
}

const results = parts.map(run);
console.log('\nAll parts:');
for (const { part, hasPassed, seconds } of results) {
  console.log(`  ${hasPassed ? 'passed' : 'FAILED'}  ${part.padEnd(22)}${String(seconds).padStart(6)} s`);
}
process.exitCode = results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
