import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { transpileModule } from 'typescript';
import { pages, readPage } from './pages';

const repository = resolve(__dirname, '../..');

describe('The documentation', () => {
  it('can be reached from the README, every page and picture', () => {
    const reached = new Set(['README.md']);
    // The loop adds to the set that it walks through.
    for (const path of reached) {
      if (!path.endsWith('.md')) continue;
      for (const { file } of linksOf(path)) reached.add(file);
    }
    const all = ['docs', 'docs/decisions', 'docs/images'].flatMap((folder) =>
      readdirSync(join(repository, folder)).map((file) => posix.join(folder, file)),
    );
    assert.deepEqual(
      all.filter((file) => /\.(md|png|conf)$/.test(file) && !reached.has(file)),
      [],
    );
  });

  for (const { path, length, sections, targets, fences } of pages) {
    describe(path, () => {
      // Shorter pages take about two screens. The README may have three, and the sections of the change log are versions.
      if (length > 5_000 && !['README.md', 'CHANGELOG.md'].includes(path)) {
        it('has a list of contents with all its sections', () => {
          assert.deepEqual(
            sections.filter((section) => !targets.includes(`#${section}`)),
            [],
          );
        });
      }

      it('has no link that leads nowhere', () => {
        const dead = linksOf(path).filter(
          ({ file, anchor }) =>
            !existsSync(join(repository, file)) || (anchor !== '' && !readPage(file).anchors.has(anchor)),
        );
        assert.deepEqual(dead, []);
      });

      it('has only code that can be parsed', () => {
        for (const { language, text } of fences) {
          if (language === 'json') JSON.parse(text);
          if (language !== 'js') continue;
          const { diagnostics = [] } = transpileModule(text, { fileName: 'block.js', reportDiagnostics: true });
          assert.deepEqual(
            diagnostics.map(({ messageText }) => messageText),
            [],
            text,
          );
        }
      });

      it('names the language of each block', () => {
        assert.deepEqual(
          fences.filter(({ language }) => !/^(conf|ini|js|json|powershell|sh|text|yaml)$/.test(language)),
          [],
        );
      });
    });
  }

  it('has pictures of at most 60 kB', () => {
    const folder = join(repository, 'docs/images');
    const big = readdirSync(folder).filter((file) => statSync(join(folder, file)).size > 60_000);
    assert.deepEqual(big, []);
  });
});

/** Where a page's links and pictures lead inside the repository. */
function linksOf(path: string): { file: string; anchor: string }[] {
  return readPage(path)
    .targets.filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = decodeURIComponent(target).split('#');
      return { file: file === '' ? path : posix.join(posix.dirname(path), file), anchor };
    });
}
