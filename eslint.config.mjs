import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** What the files of each folder may import, beside those of their own folder. */
const mayImport = {
  'lib/pbx': [],
  'lib/calls': ['../pbx'],
  'lib/http-api': ['../pbx', 'axios', 'node:'],
  'lib/v20': ['../pbx', 'axios', 'ws', 'https-proxy-agent', 'node:'],
  'lib/node-red': ['../pbx', '../calls', '../http-api', '../v20', 'node-red', 'awesome-phonenumber', 'node:'],
  nodes: ['../lib/'],
  plugins: ['../lib/'],
  // In the browser, as lib/pbx is with it.
  editor: ['../lib/pbx'],
};
/** The folders that stand above each of these, which it must not import from. */
const above = {
  simulator: ['lib/(?!pbx$).*', 'nodes', 'plugins', 'support', 'scripts', 'bench', 'test'],
  support: ['scripts', 'bench', 'test'],
  scripts: ['bench', 'test'],
  bench: ['scripts', 'test'],
  test: ['bench'],
};

function layer(folder, regex) {
  const message = `This is none of the folders that ${folder}/ may import from.`;
  return {
    files: [`${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex, message }] }] },
  };
}

export default defineConfig(
  globalIgnores(['dist/', 'resources/', 'coverage/', '.node-red/', '.stryker-tmp/']),
  js.configs.recommended,
  {
    // What is matched comes from servers and callers: no text may keep an expression busy.
    ignores: ['support/**', 'test/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignoreSticky: false }],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // Constants too; what is destructured has the name that it was given elsewhere, `RED` is Node-RED's.
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'variable', format: ['camelCase'], leadingUnderscore: 'allow' },
        { selector: 'variable', filter: '^RED$', format: null },
        { selector: 'variable', modifiers: ['destructured'], format: null },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'PrivateIdentifier', message: 'Write private members as `private name`.' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  Object.entries(mayImport).map(([folder, names]) =>
    layer(folder, `^(?!${['./', ...names].map((name) => name.replaceAll('.', '\\.')).join('|')})`),
  ),
  Object.entries(above).map(([folder, names]) => layer(folder, `^(?:\\.\\./)+(?:${names.join('|')})(?:/|$)`)),
  { files: ['**/*.mjs'], languageOptions: { globals: globals.node } },
  { files: ['simulator/page/*.js'], languageOptions: { globals: globals.browser } },
);
