import { readFileSync } from 'node:fs';
import process from 'node:process';
import stryker from '../stryker.config.mjs';

// The end of `npm run test:mutants`: Stryker's own threshold is for all files together, so a small file may go untested.
const { files } = JSON.parse(readFileSync(stryker.jsonReporter.fileName, 'utf8'));
const least = stryker.thresholds.break;

/** How many per cent of a file's mutants the tests notice; what does not compile needs no test. */
function scoreOf({ mutants }) {
  const count = (...wanted) => mutants.filter(({ status }) => wanted.includes(status)).length;
  const noticed = count('Killed', 'Timeout');
  const all = noticed + count('Survived', 'NoCoverage');
  return all === 0 ? 100 : (noticed / all) * 100;
}

const low = Object.entries(files).filter(([, file]) => scoreOf(file) < least);
for (const [name, file] of low) {
  console.error(`${name}: the tests notice ${scoreOf(file).toFixed(1)} % of the mutants; ${least} % are the least`);
}
if (low.length === 0) console.log(`In each file the tests notice ${least} % of the mutants or more.`);
process.exitCode = low.length === 0 ? 0 : 1;
