// npm run test:all: all tests, including those that npm test leaves out because they take minutes.
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const env = { ...process.env, TEST_ALL: '1' };
const { status } = spawnSync('npm', ['test'], { env, stdio: 'inherit', shell: process.platform === 'win32' });
process.exitCode = status ?? 1;
