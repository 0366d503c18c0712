import { parseArgs } from 'node:util';
import { keepAwake } from './awake';
import { fidelity } from './fidelity';
import { speed, speedOfV20 } from './speed';

/** The benchmarks, by the argument that selects one: `npm run bench -- fidelity`; without an argument it is `speed`. */
const benchmarks = new Map([
  ['speed', speed],
  ['fidelity', fidelity],
  ['v20', speedOfV20],
]);

const [name = 'speed'] = parseArgs({ allowPositionals: true }).positionals;
const benchmark = benchmarks.get(name);
if (benchmark === undefined) {
  console.error(`There are these benchmarks: ${[...benchmarks.keys()].join(', ')}`);
  process.exitCode = 1;
} else {
  void benchmark().finally(keepAwake());
}
