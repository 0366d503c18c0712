import { readdirSync, readFileSync } from 'node:fs';
import { extname, posix } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { TextlintKernel } from '@textlint/kernel';
import markdown from '@textlint/textlint-plugin-markdown';
import prh from 'textlint-rule-prh';
import { Catalogue, Comments, Help } from '../prose/plugins.mjs';
import { measure, sentenceLength } from '../prose/sentences.mjs';

// Checks the words of what people read: `npm run prose` for everything, `npm run prose -- <file> …` for these files only,
// and `npm run prose -- --measure` counts sentences instead.

/** Most words that a sentence may have. */
const maxWords = 30;

const filesIn = (folder, extension) =>
  readdirSync(folder, { recursive: typeof extension !== 'string' })
    .filter((name) => (typeof extension === 'string' ? name.endsWith(extension) : extension.test(name)))
    .map((name) => posix.join(folder, name));
const groups = {
  README: ['README.md'],
  docs: [
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    ...filesIn('docs', '.md'),
    ...filesIn('docs/decisions', '.md'),
  ],
  help: filesIn('nodes/locales/en-US', '.html'),
  catalogues: filesIn('nodes/locales/en-US', '.json'),
  'German help': filesIn('nodes/locales/de', '.html'),
  'German catalogues': filesIn('nodes/locales/de', '.json'),
  comments: ['bench', 'editor', 'lib', 'nodes', 'plugins', 'prose', 'scripts', 'simulator', 'support', 'test'].flatMap(
    (folder) => filesIn(folder, /\.(?:js|mjs|ts)$/),
  ),
};

const plugins = [
  { pluginId: 'markdown', plugin: markdown.default ?? markdown },
  { pluginId: 'help', plugin: { Processor: Help } },
  { pluginId: 'catalogue', plugin: { Processor: Catalogue } },
  { pluginId: 'comments', plugin: { Processor: Comments } },
];
const words = (file) => ({
  ruleId: 'words',
  rule: prh.default ?? prh,
  options: { rulePaths: [fileURLToPath(new URL(`../prose/${file}`, import.meta.url))], checkHeader: false },
});
const length = { ruleId: 'sentence-length', rule: sentenceLength, options: { maxWords } };

const kernel = new TextlintKernel();
const lint = (file, rules) =>
  kernel.lintText(readFileSync(file, 'utf8'), { filePath: file, ext: extname(file), plugins, rules });
const rulesFor = (file) => (file.includes('locales/de/') ? [words('german.yml')] : [words('english.yml'), length]);

const named = process.argv.slice(2);

if (named[0] === '--measure') {
  for (const [group, files] of Object.entries(groups)) {
    const lengths = [];
    let findings = 0;
    for (const file of files) {
      const { messages } = await lint(file, rulesFor(file));
      findings += messages.length;
      await lint(file, [{ ruleId: 'measure', rule: measure(lengths), options: true }]);
    }
    const sum = lengths.reduce((a, b) => a + b, 0);
    const long = lengths.filter((length) => length > 25).length;
    console.log(
      `${group}: ${findings} findings, ${lengths.length} sentences, mean ${(sum / lengths.length).toFixed(1)} words, ` +
        `longest ${Math.max(...lengths)}, over 25 words ${((100 * long) / lengths.length).toFixed(1)} %`,
    );
  }
} else {
  let findings = 0;
  for (const file of named.length > 0 ? named : Object.values(groups).flat()) {
    const { messages } = await lint(file, rulesFor(file));
    findings += messages.length;
    for (const { line, column, message } of messages) console.log(`${file}:${line}:${column}  ${message}`);
  }
  if (findings > 0) {
    console.log(`${findings} findings`);
    process.exitCode = 1;
  }
}
