// npm run test:all: mutation tests of the two pure folders, with their own specs.
import process from 'node:process';

// The specs run once for each mutant. Bundled they start in a quarter of the time; the random histories come last, always
// the same ones, for the mutants that no example kills.
Object.assign(process.env, { TRUTH_RUNS: '100', TRUTH_SEED: '1' });
const specs = ['.mutants/*/!(truth).spec.js', '.mutants/calls/truth.spec.js'];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['lib/calls/**/*.ts', 'lib/pbx/**/*.ts'],
  ignorePatterns: ['/dist', '/coverage', '/.cache', '/.node-red'],
  tempDirName: '.stryker-tmp',
  buildCommand: 'esbuild ./test/calls/*.spec.ts ./test/pbx/*.spec.ts --bundle --platform=node --outdir=.mutants',
  // Stryker's own runner for mocha reads no mocha 12, but from a version on that needs Node.js 22.
  testRunner: 'command',
  commandRunner: { command: `mocha --no-config --bail --reporter dot ${specs.map((spec) => `"${spec}"`).join(' ')}` },
  // What does not compile needs no test.
  plugins: ['@stryker-mutator/typescript-checker'],
  checkers: ['typescript'],
  tsconfigFile: 'tsconfig.mutants.json',
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'coverage/mutants.json' },
  clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false },
  thresholds: { high: 95, low: 95, break: 95 },
  concurrency: 2,
};
