import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import {
  apiTypes,
  argumentsOf,
  authTypes,
  choices,
  connectionDefaults,
  eventNames,
  filterChoices,
  isChoice,
  leastMilliseconds,
  millisecondsOf,
  type NodeType,
  offers,
  offersOf,
  operationsOf,
  profileInterval,
  watchedBy,
  watchingNodes,
} from '../../lib/pbx';

const repository = resolve(__dirname, '../..');
const nodeTypes = Object.keys(offers) as NodeType[];

interface Definition {
  defaults: Record<string, { value?: unknown }>;
}

function htmlOf(type: string): string {
  return readFileSync(join(repository, 'nodes', `${type}.html`), 'utf8');
}

/** The definition as the editor gets it, by running it the same way. */
function definitionOf(type: string): Definition {
  const found: Definition[] = [];
  const RED = { _: String, nodes: { registerType: (_type: string, definition: Definition) => found.push(definition) } };
  for (const [, script = ''] of htmlOf(type).matchAll(/<script type="text\/javascript">(.*?)<\/script>/gs)) {
    runInNewContext(script, { RED });
  }
  assert.ok(found[0]);
  return found[0];
}

/** The values of properties, as plain JSON. */
function defaultsOf(type: string): Record<string, unknown> {
  const entries = Object.entries(definitionOf(type).defaults).map(([name, { value }]) => [name, value]);
  return JSON.parse(JSON.stringify(Object.fromEntries(entries))) as Record<string, unknown>;
}

/** The choices of a field, in their order. */
function optionsIn(type: string, field: string): string[] {
  const [, select = ''] = new RegExp(`<select id="${field}".*?>(.*?)</select>`, 's').exec(htmlOf(type)) ?? [];
  return [...select.matchAll(/<option value="(.*?)"/g)].map(([, value = '']) => value);
}

/** The rows of arguments. */
function rowsIn(type: string): string[] {
  return [...htmlOf(type).matchAll(/data-threecx-argument="(.*?)"/g)].map(([, name = '']) => name);
}

/** The definitions need literals, since the Flow Library reads them. Each is compared with its one source. */
describe('The definitions in the editor', () => {
  for (const type of nodeTypes) {
    const argumentNames = [...new Set(Object.values(offersOf(type)).flatMap(argumentsOf))];

    it(`${type}: has an option for each operation that it offers, and the first is the default`, () => {
      const operations = operationsOf(type);
      assert.deepEqual(optionsIn(type, 'node-input-operation'), [...operations, 'msg']);
      assert.equal(defaultsOf(type).operation, operations[0]);
    });

    it(`${type}: has a field for each argument that one of its operations takes`, () => {
      assert.deepEqual(rowsIn(type), argumentNames);
      const defaults = defaultsOf(type);
      for (const name of argumentNames) {
        for (const id of [name, `${name}Type`]) assert.ok(htmlOf(type).includes(`id="node-input-${id}"`), id);
        // An empty text is taken from the message.
        assert.equal(defaults[`${name}Type`], 'str', name);
        assert.equal(defaults[name], isChoice(name) ? choices[name][0] : '', name);
      }
      const known = Object.keys(defaults).filter((name) => name.endsWith('Type'));
      assert.deepEqual(
        known,
        argumentNames.map((name) => `${name}Type`),
      );
    });
  }

  it('3cx-agent-status: watches all profiles that it can, as often as at run time', () => {
    const { extensions, interval, initial, outputs } = defaultsOf('3cx-agent-status');
    assert.deepEqual([extensions, interval, initial, outputs], ['', profileInterval.fallback, false, 2]);
    assert.ok(
      htmlOf('3cx-agent-status').includes(`id="node-input-interval" placeholder="${profileInterval.fallback}"`),
    );
  });

  for (const type of watchingNodes.filter((one) => watchedBy(one) === 'calls')) {
    it(`${type}: has the choices of each filter, and the first is the default`, () => {
      const defaults = defaultsOf(type);
      for (const [name, values] of Object.entries(filterChoices)) {
        assert.deepEqual(optionsIn(type, `node-input-${name}`), values);
        assert.equal(defaults[name], values[0]);
      }
    });

    it(`${type}: watches at first for events that there are`, () => {
      const { events, minRing } = defaultsOf(type);
      assert.ok(Array.isArray(events));
      assert.deepEqual(
        events,
        eventNames.filter((name) => events.includes(name)),
      );
      assert.equal(millisecondsOf(String(minRing), leastMilliseconds.minRing), minRing);
    });
  }

  it('3cx-config: has the defaults that hold at run time', () => {
    const defaults = defaultsOf('3cx-config');
    const literals = Object.keys(connectionDefaults).map((name) => [name, defaults[name]]);
    assert.deepEqual(Object.fromEntries(literals), connectionDefaults);
    assert.deepEqual(optionsIn('3cx-config', 'node-config-input-api'), apiTypes);
    assert.equal(defaults.api, apiTypes[0]);
    assert.deepEqual(optionsIn('3cx-config', 'node-config-input-auth'), authTypes);
    for (const name of ['url', 'timeout', 'pollInterval'] as const) {
      const field = `id="node-config-input-${name}" placeholder="${connectionDefaults[name]}"`;
      assert.ok(htmlOf('3cx-config').includes(field), name);
    }
  });
});
