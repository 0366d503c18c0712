/** `npm run bench -- <name>` */
import { parseArgs } from 'node:util';
import { fidelity } from './fidelity';

const benchmarks = new Map([['fidelity', fidelity]]);

const [name = ''] = parseArgs({ allowPositionals: true }).positionals;
const benchmark = benchmarks.get(name);
if (benchmark === undefined) {
  console.error(`There are these benchmarks: ${[...benchmarks.keys()].join(', ')}`);
  process.exitCode = 1;
} else {
  void benchmark();
}
