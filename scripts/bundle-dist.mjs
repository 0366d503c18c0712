// Makes what is installed: one file for each folder of lib/, since Node-RED waits while files are looked up, and one for
// each entry. They have no comments: those are in the sources. The declarations are those that people can import, with
// their comments. The simulator's page is minified.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transformSync } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

await bundleDeclarations();
const entries = [
  'index',
  'simulator/index',
  'simulator/cli',
  ...modules('nodes'),
  ...modules('plugins'),
  ...folders('lib'),
];
await Promise.all(entries.map(bundleCode));
for (const loader of ['js', 'css']) {
  const file = join(dist, 'simulator/page', `page.${loader}`);
  const { code } = transformSync(readFileSync(file, 'utf8'), { loader, minify: true, charset: 'utf8' });
  writeFileSync(file, code);
}

/** Leaves one file of declarations for each entry, without those that nobody can import. */
async function bundleDeclarations() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const inputs = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : join(root, types)));
  const bundled = await Promise.all(
    inputs.map(async (input) => {
      const bundle = await rollup({ input, plugins: [dts()], external: /^node:/ });
      const { output } = await bundle.generate({ format: 'es' });
      return output[0].code;
    }),
  );
  for (const file of readdirSync(dist, { recursive: true })) if (file.endsWith('.d.ts')) rmSync(join(dist, file));
  for (const [index, input] of inputs.entries()) writeFileSync(input, bundled[index]);
}

/** @param entry a module of the sources, without its ending; the output has the same place in dist/ */
async function bundleCode(entry) {
  const outfile = join(dist, `${entry}.js`);
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`${entry}.ts`],
    outfile,
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    charset: 'utf8',
    plugins: [{ name: 'other-entries', setup: leaveOtherEntries }],
  });
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, removeComments: true };
  const [{ text }] = outputFiles;
  writeFileSync(outfile, ts.transpileModule(text, { fileName: outfile, compilerOptions }).outputText);

  /** Each module is in one file only, so that it is loaded once. */
  function leaveOtherEntries({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, resolveDir, path }) => {
      if (kind === 'entry-point') return undefined;
      const module = relative(root, join(resolveDir, path)).replaceAll(sep, '/');
      const wayTo = (name) => posix.relative(posix.dirname(entry), name);
      const other = [module, `${module}/index`].find((name) => entries.includes(name));
      if (other !== undefined) {
        const way = wayTo(other);
        return { path: way.startsWith('.') ? way : `./${way}`, external: true };
      }
      const isOwn = !wayTo(module).startsWith('..');
      return isOwn ? undefined : { errors: [{ text: `${module} is no entry: it would be loaded twice` }] };
    });
  }
}

function modules(folder) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.ts'));
  return files.map((file) => `${folder}/${file.replace(/\.ts$/, '')}`);
}

function folders(parent) {
  return readdirSync(join(root, parent)).map((folder) => `${parent}/${folder}/index`);
}
