import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { examples, pagesOfExamples } from '../../scripts/gallery';

const docs = resolve(__dirname, '../../docs');

describe('The gallery of the examples', () => {
  it('has a picture of each example, and no other', () => {
    assert.deepEqual(
      readdirSync(join(docs, 'images')).filter((file) => file.startsWith('example-')),
      examples()
        .map(({ slug }) => `example-${slug}.png`)
        .sort(),
      'npm run docs makes them anew',
    );
  });

  it('has an entry for each example, as the example says it', async () => {
    for (const [file, page] of Object.entries(await pagesOfExamples())) {
      assert.equal(readFileSync(join(docs, file), 'utf8'), page, `${file}: npm run docs writes it anew`);
    }
  });

  it('has no two examples of the same title, and none without a sentence', () => {
    assert.equal(new Set(examples().map(({ slug }) => slug)).size, examples().length);
    assert.deepEqual(
      examples().filter(({ title, sentence }) => title === '' || !sentence.endsWith('.')),
      [],
    );
  });
});
