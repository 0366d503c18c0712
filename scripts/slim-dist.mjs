// The installed package contains the declarations that people can import, with their comments, and code without
// comments: those are in the sources. The simulator's page is minified.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const files = readdirSync(dist, { recursive: true }).map((file) => join(dist, file));

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : join(root, types)));
const declarations = await Promise.all(entries.map(bundleDeclarations));
for (const file of files.filter((name) => name.endsWith('.d.ts'))) rmSync(file);
for (const [index, entry] of entries.entries()) writeFileSync(entry, declarations[index]);

const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, removeComments: true };
const page = join(dist, 'simulator/page');
for (const file of files.filter((name) => name.endsWith('.js') && dirname(name) !== page)) {
  writeFileSync(file, ts.transpileModule(readFileSync(file, 'utf8'), { fileName: file, compilerOptions }).outputText);
}
for (const loader of ['js', 'css']) {
  const file = join(page, `page.${loader}`);
  const { code } = transformSync(readFileSync(file, 'utf8'), { loader, minify: true, charset: 'utf8' });
  writeFileSync(file, code);
}

/** One file for each entry, without what nobody can import. */
async function bundleDeclarations(input) {
  const bundle = await rollup({ input, plugins: [dts()], external: /^node:/ });
  const { output } = await bundle.generate({ format: 'es' });
  return output[0].code;
}
