import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { examples, pagesOfExamples } from '../../scripts/gallery';

const docs = resolve(__dirname, '../../docs');

describe('The gallery of the examples', () => {
  it('has a picture of each example, and no other picture', () => {
    assert.deepEqual(
      readdirSync(join(docs, 'images')).filter((file) => file.startsWith('example-')),
      examples()
        .map(({ slug }) => `example-${slug}.png`)
        .sort(),
      'npm run docs makes them anew',
    );
  });

  it('has an entry for each example, in the words of the example', async () => {
    for (const [file, page] of Object.entries(await pagesOfExamples())) {
      assert.equal(readFileSync(join(docs, file), 'utf8'), page, `${file}: npm run docs writes it anew`);
    }
  });

  it('names the examples that 3CX V20 cannot run, and those that show less there', async () => {
    const { 'examples.md': page = '' } = await pagesOfExamples();
    const marked = examples().filter(({ v20 }) => v20 !== null);
    assert.deepEqual(
      marked.map(({ title, v20 }) => [title, v20?.startsWith('Not ')]),
      [
        ['3CX call control', false],
        ['3CX recorder', true],
        ['3CX all together', true],
        ['Busy sign', false],
        ['Record a queue, not the payment', true],
      ],
    );
    const unbroken = page.replaceAll(/\s+/g, ' ');
    for (const { title, v20 } of marked) assert.ok(unbroken.includes(`- ${v20}`), title);
  });

  it('has no two examples of the same title, and none without a sentence', () => {
    assert.equal(new Set(examples().map(({ slug }) => slug)).size, examples().length);
    assert.deepEqual(
      examples().filter(({ title, sentence }) => title === '' || !sentence.endsWith('.')),
      [],
    );
  });
});
