import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import GithubSlugger from 'github-slugger';
import { lexer, Parser, TextRenderer, type Token, type Tokens, walkTokens } from 'marked';

const repository = resolve(__dirname, '../..');

/** A page of the documentation. */
export interface Page {
  /** Its path in the repository, with `/`. */
  path: string;
  /** In characters. */
  length: number;
  /** The anchors of its headings, as GitHub makes them. */
  anchors: ReadonlySet<string>;
  /** The anchors of its sections (`##`). */
  sections: readonly string[];
  /** Where its links and pictures lead, as written. */
  targets: readonly string[];
  fences: readonly Fence[];
  /** The commands for a terminal, line by line: from blocks of `sh`, and from the text. */
  commands: readonly string[];
}

/** A fenced block. */
export interface Fence {
  language: string;
  /** `file` of the info string, as in "```js file=test/missed.js": where the reader puts it. */
  file: string | undefined;
  text: string;
}

/** Reads a page, by its path in the repository. */
export function readPage(path: string): Page {
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  const sections: string[] = [];
  const targets: string[] = [];
  const fences: Fence[] = [];
  const commands: string[] = [];
  const source = readFileSync(join(repository, path), 'utf8');
  void walkTokens(lexer(source), (token: Token) => {
    if (token.type === 'heading') {
      const anchor = slugger.slug(textOf(token.tokens ?? []));
      anchors.add(anchor);
      if ((token as Tokens.Heading).depth === 2) sections.push(anchor);
    }
    if (token.type === 'link' || token.type === 'image') targets.push((token as Tokens.Link).href);
    if (token.type === 'code') {
      const { lang = '', text } = token as Tokens.Code;
      const [language = ''] = lang.split(' ', 1);
      fences.push({ language, file: /\bfile=(\S+)/.exec(lang)?.[1], text });
      if (language === 'sh')
        commands.push(
          ...text
            .replace(/\\\n */g, '')
            .replace(/ +# .*/g, '')
            .split('\n'),
        );
    }
    if (token.type === 'codespan' && /^(npm|npx|curl) /.test((token as Tokens.Codespan).text)) {
      commands.push((token as Tokens.Codespan).text);
    }
  });
  return { path, length: source.length, anchors, sections, targets, fences, commands };
}

/** All pages that people read. */
export const pages: readonly Page[] = ['', 'docs', 'docs/decisions'].flatMap((folder) =>
  readdirSync(join(repository, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => readPage(posix.join(folder, file))),
);

function textOf(tokens: Token[]): string {
  return Parser.parseInline(tokens, { renderer: new TextRenderer() as never });
}
