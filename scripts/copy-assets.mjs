import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist/nodes');

// Files that tsc does not compile go beside its output.
cpSync(join(root, 'icons'), join(built, 'icons'), { recursive: true });
cpSync(join(root, 'plugins/3cx-panel.html'), join(root, 'dist/plugins/3cx-panel.html'));
cpSync(join(root, 'simulator/page'), join(root, 'dist/simulator/page'), { recursive: true });

const definitions = readdirSync(join(root, 'nodes')).filter((file) => file.endsWith('.html'));
for (const file of definitions) cpSync(join(root, 'nodes', file), join(built, file));

// Node-RED gives every node a catalogue of its own, and a status key is looked up in that one only. The strings that
// the nodes share stand once, in shared.json, and are merged into each node's own.
for (const language of readdirSync(join(root, 'nodes/locales'))) {
  const from = join(root, 'nodes/locales', language);
  const to = join(built, 'locales', language);
  mkdirSync(to, { recursive: true });
  const { threecx: shared } = readJson(join(from, 'shared.json'));
  for (const type of definitions.map((file) => basename(file, '.html'))) {
    const { threecx: own } = readJson(join(from, `${type}.json`));
    writeFileSync(join(to, `${type}.json`), JSON.stringify({ threecx: merge(shared, own) }, null, 2));
    writeFileSync(join(to, `${type}.html`), withSharedParts(readFileSync(join(from, `${type}.html`), 'utf8'), from));
  }
}

/** Replaces each `<!-- shared-… -->` by the file of that name: what the help of several nodes says stands once. */
function withSharedParts(help, folder) {
  return help.replace(/^( *)<!-- (shared-[\w-]+) -->\n/gm, (_, indent, name) =>
    readFileSync(join(folder, `${name}.html`), 'utf8').replace(/^(?=.)/gm, indent),
  );
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function merge(base, over) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = typeof value === 'object' ? merge(base[key] ?? {}, value) : value;
  }
  return merged;
}
