import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

interface Manifest {
  name: string;
  license: string;
  keywords: string[];
  repository: { url: string };
  bugs: { url: string };
  engines: { node: string };
  dependencies: Record<string, string>;
  'node-red': { version: string; nodes: Record<string, string> };
}

const repository = resolve(__dirname, '../..');
const read = (...path: string[]): string => readFileSync(join(repository, ...path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const types = Object.keys(manifest['node-red'].nodes);
const icons = readdirSync(join(repository, 'icons'));

/**
 * Reads a node as the Flow Library does, without running it: the first argument of `RED.nodes.registerType`,
 * and the literals in the second, by property; null for any other value.
 */
function definitionsIn(html: string): [type: string, literals: Record<string, string | null>][] {
  const scripts = [...html.matchAll(/<script type="text\/javascript">(.*?)<\/script>/gs)];
  const found: ReturnType<typeof definitionsIn> = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'RED.nodes.registerType') {
      const [type, definition] = node.arguments;
      assert.ok(type && ts.isStringLiteral(type), 'the type is no literal');
      assert.ok(definition && ts.isObjectLiteralExpression(definition), 'the definition does not stand in the call');
      const literals = definition.properties.map((property): [string, string | null] => {
        const value = ts.isPropertyAssignment(property) ? property.initializer : undefined;
        return [property.name?.getText() ?? '', value && ts.isLiteralExpression(value) ? value.text : null];
      });
      found.push([type.text, Object.fromEntries(literals)]);
    }
    ts.forEachChild(node, visit);
  };
  for (const [, script = ''] of scripts) visit(ts.createSourceFile('script.js', script, ts.ScriptTarget.Latest, true));
  return found;
}

/** What https://flows.nodered.org shows and asks of a package. */
describe('The Flow Library', () => {
  it('finds who may use it, where it comes from and what it needs', () => {
    assert.equal(manifest.license, 'MIT');
    assert.match(manifest.repository.url, /^git\+https:\/\/.+\.git$/);
    assert.match(manifest.bugs.url, /^https:\/\//);
    assert.ok(manifest.keywords.includes('node-red'));
    assert.equal(manifest['node-red'].version, '>=4.1.0');
    assert.equal(manifest.engines.node, '>=20');
    assert.match(manifest.name, /^node-red-contrib-/);
  });

  it('finds few dependencies, which take their fixes', () => {
    const ranges = Object.values(manifest.dependencies);
    assert.ok(ranges.length <= 6, `${ranges.length} dependencies`);
    for (const range of ranges) assert.match(range, /^\^\d+\.\d+\.\d+$/);
  });

  for (const type of types) {
    it(`reads ${type} without running it`, () => {
      const [definition, ...more] = definitionsIn(read('nodes', `${type}.html`));
      assert.deepEqual(more, []);
      assert.equal(definition?.[0], type);
      const { category, color, icon, inputs, outputs } = definition[1];
      if (type === '3cx-config') {
        assert.equal(category, 'config');
        return;
      }
      assert.equal(category, '3CX');
      assert.match(color ?? '', /^#[0-9A-F]{6}$/i);
      assert.ok(icons.includes(icon ?? ''), 'its icon is not there');
      for (const count of [inputs, outputs]) assert.match(count ?? '', /^\d$/);
    });
  }

  for (const icon of icons) {
    it(`shows ${icon}: two by three, white on transparent`, () => {
      const svg = read('icons', icon);
      const [, width, height] = /^<svg [^>]*viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
      assert.equal(Number(width) * 3, Number(height) * 2);
      // Any other colour, a style or something that paints the background would show here.
      const shapes = [...svg.matchAll(/<(?!svg|\/)(\w+)([^>]*)>/g)];
      assert.notDeepEqual(shapes, []);
      for (const [shape, name, attributes = ''] of shapes) {
        assert.match(name ?? '', /^(path|circle)$/);
        assert.match(attributes, / fill="(#fff|none)"/, shape);
        assert.doesNotMatch(attributes, / style=| stroke="(?!#fff")/, shape);
      }
    });
  }
});
