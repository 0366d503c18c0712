import { spawnSync } from 'node:child_process';
import process from 'node:process';

// All tests, those too that `npm test` leaves out because they take minutes, and the mutation tests. A script of its own, since not every shell
// sets variables in the same way.
const env = { TRUTH_RUNS: '100000', ...process.env, TEST_ALL: '1' };

function run(command, ...args) {
  const { status } = spawnSync(command, args, { env, stdio: 'inherit', shell: process.platform === 'win32' });
  return status === 0;
}

const hasPassed = [run('npm', 'test'), run('npx', 'stryker', 'run')].every(Boolean);
process.exitCode = hasPassed ? 0 : 1;
