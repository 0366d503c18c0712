import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';

const root = fileURLToPath(new URL('..', import.meta.url));
const parts = join(root, '.cache/reliability');
const document = join(root, 'docs/reliability.md');
/** The marks around the generated parts, by the chapter of the parts. */
const chapters = {
  http: ['<!-- figures -->', '<!-- end of figures -->', '##'],
  v20: ['<!-- figures of 3CX V20 -->', '<!-- end of figures of 3CX V20 -->', '###'],
};

// `npm run test:reliability [-- name …]` runs the tests of test/reliability, all of them or those named, in their long
// form.
const names = process.argv.slice(2);
const specs = (names.length === 0 ? ['*'] : names).map((name) => `"test/reliability/${name}.spec.ts"`);
// This is a script because shells set variables in different ways.
const env = { RELIABILITY_RUNS: '10000', ...process.env };
const { status } = spawnSync(`npm run build && npx mocha ${specs.join(' ')}`, {
  ...{ cwd: root, env, stdio: 'inherit', shell: true },
});
if (status === 0) await render();
else process.exitCode = status ?? 1;

// Writes each chapter of docs/reliability.md between its two marks, from the files that the tests left in .cache/reliability/.
async function render() {
  const found = readdirSync(parts)
    .map((file) => JSON.parse(readFileSync(join(parts, file), 'utf8')))
    .sort((a, b) => a.position - b.position);
  let text = readFileSync(document, 'utf8');
  for (const [name, [begin, end, heading]] of Object.entries(chapters)) {
    const own = found.filter(({ chapter = 'http' }) => chapter === name);
    if (own.length === 0) continue;
    const [before, , after] = text.split(new RegExp(`(?<=${begin})|(?=${end})`));
    text = [before, ...own.map((part) => section(part, heading)), after].join('\n\n');
  }
  const options = await prettier.resolveConfig(document);
  writeFileSync(document, await prettier.format(text, { ...options, filepath: document }));
}

function section({ title, text, figures = {}, table, date, node }, heading) {
  const count = (value) => (typeof value === 'number' ? value.toLocaleString('en') : value);
  const lines = Object.entries(figures).map(([what, value]) => `- ${what}: **${count(value)}**`);
  return [
    `${heading} ${title}\n\n${text}`,
    `${lines.join('\n')}`,
    ...(table === undefined ? [] : [tableOf(table)]),
    `_${date}, Node.js ${node.replace('v', '')}_`,
  ].join('\n\n');
}

function tableOf({ columns, rows }) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [columns, columns.map(() => '---'), ...rows].map(line).join('\n');
}
