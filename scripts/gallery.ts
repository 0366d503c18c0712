import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { slug } from 'github-slugger';
import { format, resolveConfig } from 'prettier';
import { exampleFiles, type FlowNode, lackOfExample, limitOfExample, readExample } from '../support/examples';

const docs = resolve(__dirname, '../docs');

/** One example of the gallery: a tab of a file in examples/. */
export interface Example {
  /** The id of its tab. */
  id: string;
  file: string;
  /** The tab's own title and sentence. */
  title: string;
  sentence: string;
  /** The changes that its comments ask for. */
  changes: string[];
  /** Its anchor in the gallery, and the name of its picture. */
  slug: string;
  /** The types of our nodes in it. */
  uses: string[];
  /** A note on 3CX V20, where the example does not run there as it is. */
  v20: string | null;
}

/** All nodes of the examples; the connection, which they share, once. */
export function exampleNodes(): FlowNode[] {
  const nodes = exampleFiles().flatMap(readExample);
  return [...new Map(nodes.map((node) => [node.id, node])).values()];
}

export function examples(): Example[] {
  return exampleFiles().flatMap((file) => {
    const nodes = readExample(file);
    const v20 = wordsOnV20(lackOfExample(file, 'v20'), limitOfExample(file, 'v20'));
    return nodes
      .filter(({ type }) => type === 'tab')
      .map(({ id, label, info }) => {
        const inTab = nodes.filter(({ z }) => z === id);
        const title = String(label);
        return {
          ...{ id, file, title, sentence: String(info), slug: slug(title) },
          changes: inTab.flatMap(
            ({ type, name }) => /^Change: (.*)/.exec(type === 'comment' ? (name ?? '') : '')?.[1] ?? [],
          ),
          v20,
          uses: [...new Set(inTab.map(({ type }) => type).filter((type) => type.startsWith('3cx-')))].sort(),
        };
      });
  });
}

function wordsOnV20(lack: string | null, limit: string | null): string | null {
  if (lack !== null) return `Not with 3CX V20, where ${lack}`;
  return limit === null ? null : `With 3CX V20 ${limit}`;
}

/** The pages about the examples, by their names in docs/: the gallery, and each page with a list of examples. */
export async function pagesOfExamples(): Promise<Record<string, string>> {
  const pages: Record<string, string> = { 'examples.md': await formatted(gallery()) };
  for (const file of readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'examples.md')) {
    const text = readFileSync(join(docs, file), 'utf8');
    const filled = text.replace(
      /(<!-- examples of (\S+) -->).*?(<!-- end -->)/s,
      (_all, begin: string, type: string, end) => [begin, listOfUsing(type), end].join('\n\n'),
    );
    if (text.includes('<!-- examples of')) pages[file] = await formatted(filled);
  }
  return pages;
}

function listOfUsing(type: string): string {
  return examples()
    .filter(({ uses }) => uses.includes(type))
    .map(({ title, slug, sentence }) => `- [${title}](examples.md#${slug}): ${sentence}`)
    .join('\n');
}

function gallery(): string {
  const entries = examples().map(
    ({ file, title, sentence, changes, uses, slug, v20 }) => `## ${title}

${sentence}

![The flow "${title}"](images/example-${slug}.png)

${[
  ...changes.map((change) => `- Change: ${change}`),
  ...(v20 === null ? [] : [`- ${v20}`]),
  `- Nodes: ${uses.map((type) => `[${type.replace('3cx-', '')}](${type.replace('3cx-', '')}.md)`).join(', ')}`,
  `- In the import menu: [${basename(file, '.json')}](../examples/${encodeURIComponent(file)})`,
].join('\n')}`,
  );
  return `# Examples

These flows come with the package: _Menu → Import → Examples → node-red-contrib-3cx_. You can try them without a phone
system: their connection leads to a fresh [simulator](simulator.md). The flows for MQTT and for several phone systems say
what else they need.

All of them run with the HTTP API, and with 3CX V20 unless an entry says otherwise. Only the connection differs:
[Setting up 3CX V20](setup-v20.md) shows what each node needs there. The tests play the examples on the simulator, both
ways. Nobody has tried them on a V20 phone system yet.

${contents()}

<!-- Written by \`npm run docs\`, of the flows in examples/. -->

${entries.join('\n\n')}
`;
}

/** Links to all entries, in groups by the numbers of the files. */
function contents(): string {
  const groups: readonly [name: string, first: number, last: number][] = [
    ['First steps', 0, 9],
    ['At home', 10, 19],
    ['In the office', 20, 24],
    ['With other programs', 25, 29],
    ['MQTT, several PBXs', 30, 39],
  ];
  return groups
    .map(([name, first, last]) => {
      const links = examples()
        .filter(({ file }) => parseInt(file, 10) >= first && parseInt(file, 10) <= last)
        .map(({ title, slug }) => `[${title}](#${slug})`);
      return `- ${name}: ${links.join(' · ')}`;
    })
    .join('\n');
}

async function formatted(text: string): Promise<string> {
  const path = join(docs, 'examples.md');
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
