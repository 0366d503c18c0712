import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');

describe('npm run prose', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'prose-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function findings(name: string, text: string): string[] {
    const file = join(folder, name);
    writeFileSync(file, text);
    const { stdout, stderr } = spawnSync(process.execPath, ['scripts/prose.mjs', file], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    return [...stdout.matchAll(/:(\d+:\d+) {2}(.*?)(?: =>|,)/g)].map(([, at, what]) => `${at} ${what}`);
  }

  it('reports wording in Markdown, outside code and headings', () => {
    const text = '# What is told\n\nThe flow is told, `is told`.\n\n```js\nis told\n```\n';
    assert.deepEqual(findings('page.md', text), ['3:10 is told']);
  });

  it('reports a long sentence in a paragraph and in a table, and counts code as one word', () => {
    const words = (count: number): string => ['The', ...Array.from({ length: count - 1 }, () => 'word')].join(' ');
    const text = `Short. ${words(31)}.\n\n\`${words(31)}\` ${words(29)}.\n\n| a |\n| - |\n| ${words(31)} |\n`;
    assert.deepEqual(findings('page.md', text), ['1:8 31 words', '7:3 31 words']);
  });

  it('reports wording in help, at its place in the file', () => {
    const text =
      '<script type="text/html">\n  <h3>What is told</h3>\n  <p>The\n    flow is told <i>is told</i></p>\n</script>\n';
    assert.deepEqual(findings('help.html', text), ['4:10 is told']);
  });

  it('reports wording in comments, outside code, tags and instructions', () => {
    const text =
      "/**\n * Is `is told`.\n *\n * @param told is told it\n */\nconst a = 'is told';\n// eslint-disable-next-line -- is told\n  // So, it\n  // is told.\n";
    assert.deepEqual(findings('code.ts', text), ['4:16 is told', '9:6 is told']);
  });

  it('reports wording in a catalogue, and leaves its keys alone', () => {
    assert.deepEqual(findings('texts.json', '{\n  "is told": "is \\"\\" so many"\n}\n'), ['2:23 so many']);
  });
});
