// npm run test:all: mutation tests of the two pure folders, with their own specs.
// The specs run once for each mutant. Bundled they start in a quarter of the time. The random histories are left out: they
// take 20 times as long as all the examples, which have to be enough.
const specs = '.mutants/*/!(truth).spec.js';

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['lib/calls/**/*.ts', 'lib/pbx/**/*.ts'],
  ignorePatterns: ['/dist', '/coverage', '/.cache', '/.node-red'],
  tempDirName: '.stryker-tmp',
  buildCommand: 'esbuild ./test/calls/*.spec.ts ./test/pbx/*.spec.ts --bundle --platform=node --outdir=.mutants',
  // Stryker's own runner for mocha reads no mocha 12, but from a version on that needs Node.js 22.
  testRunner: 'command',
  commandRunner: { command: `mocha --no-config --bail --reporter dot "${specs}"` },
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
