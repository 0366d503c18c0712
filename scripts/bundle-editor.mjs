// Makes one script of editor/, which the editor's definitions load. Its syntax works in all browsers that Node-RED
// supports.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

buildSync({
  absWorkingDir: root,
  entryPoints: ['editor/index.ts'],
  outfile: join(root, 'resources/threecx-editor.js'),
  bundle: true,
  format: 'iife',
  globalName: 'threecxEditor',
  platform: 'browser',
  target: 'es2020',
  charset: 'utf8',
  minify: true,
});

cpSync(join(root, 'editor/threecx-editor.css'), join(root, 'resources/threecx-editor.css'));
