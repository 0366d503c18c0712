import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');

/** @param path in the repository */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');
export const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith(end));

export const languages = readdirSync(join(root, 'nodes/locales'));
export const translations = languages.filter((language) => language !== 'en-US');
/** All node types, the connection too. */
export const types = filesIn('nodes', '.html').map((file) => basename(file, '.html'));

/** Texts by their keys, such as `threecx.label.name`. */
export type Texts = Record<string, string>;

function flat(value: object, path: string): Texts {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(flat(inner, `${path}${key}.`))
        : [[path + key, String(inner)]],
    ),
  );
}

/** @param file of the sources: `shared`, or a node type */
export const texts = (language: string, file: string): Texts =>
  flat(JSON.parse(read(`nodes/locales/${language}/${file}.json`)) as object, '');
/** The build's catalogue of a node's own texts and the shared ones. */
export const catalogue = (language: string, type: string): Texts => ({
  ...texts(language, 'shared'),
  ...texts(language, type),
});
/** The help of a node, as it is built. */
export const helpOf = (language: string, type: string): string => read(`dist/nodes/locales/${language}/${type}.html`);

/** @returns the first group of each match */
export const allOf = (text: string, expression: RegExp): string[] =>
  [...text.matchAll(expression)].map((match) => match[1] ?? '');

/** The rows of all tables of a page, each with its cells. */
export const rowsOf = (path: string): string[][] =>
  allOf(read(path), /^\|(.*)\|$/gm).map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));
/** The code in a text in Markdown. */
export const codesOf = (markdown: string): string[] => allOf(markdown, /`([^`\n]+)`/g);
