// The installed package contains the declarations that people can import, with their comments, and code without
// comments: those are in the sources. The simulator's page is minified.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const files = readdirSync(dist, { recursive: true }).map((file) => join(dist, file));

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const reachable = new Set();
for (const { types } of Object.values(exports)) if (types !== undefined) reach(join(root, types));
for (const file of files) if (file.endsWith('.d.ts') && !reachable.has(file)) rmSync(file);

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

/** Keeps a declaration, and everything that it refers to. */
function reach(file) {
  if (reachable.has(file)) return;
  reachable.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]*)['"]/g)) {
    const target = join(dirname(file), path.replace(/\.js$/, ''));
    reach(existsSync(`${target}.d.ts`) ? `${target}.d.ts` : join(target, 'index.d.ts'));
  }
}
