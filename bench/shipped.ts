import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { buildSync } from 'esbuild';

/**
 * Loads a module of this folder with all that it imports as one file, as in an installed package. The loader of the
 * benchmarks would add a call wherever the code makes a function, which takes a fourth of the time.
 */
export function shipped(file: string): unknown {
  const { outputFiles } = buildSync({
    ...{ entryPoints: [join(__dirname, file)], bundle: true, write: false },
    ...{ format: 'cjs', platform: 'node', target: 'node20', packages: 'external' },
  });
  const run = compileFunction(outputFiles[0]?.text ?? '', ['module', 'require']) as (...given: unknown[]) => void;
  const module = { exports: {} };
  run(module, require);
  return module.exports;
}
