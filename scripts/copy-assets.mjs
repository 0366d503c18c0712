import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist/nodes');

// These files are not compiled, and are copied beside the output.
cpSync(join(root, 'icons'), join(built, 'icons'), { recursive: true });
cpSync(join(root, 'plugins/3cx-panel.html'), join(root, 'dist/plugins/3cx-panel.html'));
cpSync(join(root, 'simulator/page'), join(root, 'dist/simulator/page'), { recursive: true });

const definitions = readdirSync(join(root, 'nodes')).filter((file) => file.endsWith('.html'));
for (const file of definitions) cpSync(join(root, 'nodes', file), join(built, file));

// Node-RED gives every node its own catalogue, and looks up a status only there. So the texts that nodes share are
// written once, in shared.json, and merged into each node's catalogue.
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

/** Replaces each `<!-- shared-… -->` by the file of that name, which holds the help that several nodes share. */
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
