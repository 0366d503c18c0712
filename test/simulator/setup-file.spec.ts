import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import fc from 'fast-check';
import { type PbxSetup, readSetup, startSimulator } from '../../simulator';
import schema from '../../simulator/pbx.schema.json';
import { defaultSetup } from '../../simulator/setup';
import { checkSetup } from '../../simulator/setup-file';
import { get } from './client';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const file = join(__dirname, 'pbx.json');

type Container = Record<string | number, Json>;

/** The default set-up, and what holds the last step of a place in it. */
function find(place: readonly (string | number)[]): { setup: Json; container: Container; key: string | number } {
  const setup = structuredClone(defaultSetup()) as unknown as Json;
  let container = setup as Container;
  for (const step of place.slice(0, -1)) container = container[step] as Container;
  return { setup, container, key: place.at(-1) ?? '' };
}

/** The default set-up with one place changed. */
function changed(place: readonly (string | number)[], value: Json): Json {
  const { setup, container, key } = find(place);
  container[key] = value;
  return setup;
}

/** The default set-up with another entry beside a place. */
function added(place: readonly (string | number)[], key: string, value: Json): Json {
  const { setup, container } = find(place);
  if (Array.isArray(container)) container.push(value);
  else Object.defineProperty(container, key, { value, enumerable: true });
  return setup;
}

/** The default set-up with one place left out. */
function without(place: readonly (string | number)[]): Json {
  const { setup, container, key } = find(place);
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else Reflect.deleteProperty(container, key);
  return setup;
}

describe('simulator: the set-up', () => {
  it('is read from a file and used', async () => {
    const pbx = await readSetup(file);
    const simulator = await startSimulator({ pbx, delay: 1 });
    try {
      const { extensions, queues } = simulator.pbx.state();
      assert.deepEqual(
        extensions.map(({ number, name, agentOf }) => [number, name, agentOf]),
        [
          ['201', 'Anna Süß', ['8100']],
          ['202', '', []],
        ],
      );
      assert.deepEqual(queues, [{ number: '8100', name: 'Sales; Ltd.', agents: ['201'], loggedIn: ['201'] }]);
      simulator.pbx.inbound({ extension: '201', queue: '8100', number: '+491' });
      assert.match((await get(simulator.url, '/showallcalls')).body, /DN=10001;.*Queue_Name=Sales; Ltd\.;/);
      assert.equal((await get(simulator.url, '/dnregs/201')).body, '1-sip:201@192.0.2.1:5060-Phone 1.0');
    } finally {
      await simulator.close();
    }
  });

  it('needs only numbers and names', () => {
    const names = [
      { number: '201', name: 'Anna' },
      { number: '2020', name: 'Ben' },
    ];
    const phones = (number: string, id: number, host: string) => [
      { id: String(id), contact: `sip:${number}@127.0.0.1:5488;ob`, userAgent: '3CXPhone for Windows 18.0.9.20' },
      { id: String(id + 1), contact: `sip:${number}@192.0.2.${host}:5060`, userAgent: 'Yealink SIP-T46S 66.86.0.15' },
    ];
    const extensions = [
      { ...names[0], phones: phones('201', 7100, '201') },
      { ...names[1], phones: phones('2020', 7102, '2') },
    ];
    assert.deepEqual(checkSetup({ extensions: names }), { extensions, queues: [], trunk: '10000' });
    const queues = [{ number: '8000', name: 'Sales' }];
    assert.deepEqual(checkSetup({ extensions: names, queues }), {
      ...{ extensions, trunk: '10000' },
      queues: [{ number: '8000', name: 'Sales', agents: ['201', '2020'] }],
    });
  });

  it('rings and calls with nothing but numbers and names', async () => {
    const pbx = {
      extensions: [{ number: '201', name: 'Anna' }],
      queues: [{ number: '8000', name: 'Sales' }],
    };
    const simulator = await startSimulator({ pbx, delay: 1 });
    try {
      assert.equal(simulator.pbx.inbound({ queue: '8000', number: '1' }).connections[1]?.dn, '201');
      assert.match((await get(simulator.url, '/makecall/201/+491/Soft')).body, /^00000A5F3C2D1_\d+$/);
      assert.match((await get(simulator.url, '/makecall/201/+491/Desktop')).body, /^00000A5F3C2D1_\d+$/);
    } finally {
      await simulator.close();
    }
  });

  it('is copied: changing it later changes nothing', async () => {
    const pbx = structuredClone(defaultSetup());
    const simulator = await startSimulator({ pbx });
    (pbx.queues[0] as { name: string }).name = 'other';
    assert.equal(simulator.pbx.queueName('8000'), 'Support: Süd; EU');
    await simulator.close();
  });

  for (const [sentence, setup] of [
    ['pbx: /extensions/2/number must be a string.', changed(['extensions', 2, 'number'], 12)],
    [
      'pbx: /extensions/2/number must be 1 to 32 letters, digits or _ . * + -, but not all.',
      changed(['extensions', 2, 'number'], 'all'),
    ],
    ['pbx: /extensions/0/phones/1/id must be digits.', changed(['extensions', 0, 'phones', 1, 'id'], 'x')],
    ['pbx: /queues/1/name must be text without control characters.', changed(['queues', 1, 'name'], 'a\nb')],
    [
      'pbx: /queues/1 must not have the property "__proto__".',
      changed(['queues', 1], JSON.parse('{"number": "8001", "name": "", "agents": [], "__proto__": 1}') as Json),
    ],
    ['pbx: /queues/1 must have the property "name".', changed(['queues', 1], { number: '8001' })],
    ['pbx: /queues must be an array.', changed(['queues'], {})],
    ['pbx: /queues/0 must be an object.', changed(['queues', 0], [])],
    ['pbx: the set-up must be an object.', null],
    ['pbx: the set-up must not have the property "queue".', changed(['queue'], [])],
    ['pbx: /extensions/3/number is "10", as /extensions/0/number is.', changed(['extensions', 3, 'number'], '10')],
    ['pbx: /queues/1/number is "8000", as /queues/0/number is.', changed(['queues', 1, 'number'], '8000')],
    ['pbx: /queues/0/number is "12", as /extensions/2/number is.', changed(['queues', 0, 'number'], '12')],
    [
      'pbx: /trunk is "10000", as /extensions/0/number is.',
      { extensions: [{ number: '10000', name: 'not left for the default' }] },
    ],
    ['pbx: /trunk is "10", as /extensions/0/number is.', changed(['trunk'], '10')],
    ['pbx: /queues/0/agents/1 is "99", which is no extension.', changed(['queues', 0, 'agents', 1], '99')],
    ['pbx: /queues/0/agents/1 is "10", who is in the queue already.', changed(['queues', 0, 'agents', 1], '10')],
  ] as const) {
    it(`is refused: ${sentence}`, async () => {
      const expected = { name: 'RangeError', message: sentence };
      assert.throws(() => checkSetup(setup), expected);
      await assert.rejects(startSimulator({ pbx: setup as unknown as PbxSetup }), expected);
    });
  }

  it('a file is named, whatever is wrong with it; a byte order mark is not', async () => {
    const directory = await mkdtemp(join(tmpdir(), '3cx-simulator-'));
    const path = join(directory, 'my pbx.json');
    try {
      await assert.rejects(readSetup(path), { message: `${path}: cannot be read (ENOENT).` });
      await assert.rejects(readSetup(directory), { message: `${directory}: cannot be read (EISDIR).` });
      await writeFile(path, '{');
      await assert.rejects(readSetup(path), { message: `${path}: is not JSON.` });
      await writeFile(path, JSON.stringify(changed(['trunk'], 1)));
      await assert.rejects(readSetup(path), { message: `${path}: /trunk must be a string.` });
      await writeFile(path, `\uFEFF${JSON.stringify(defaultSetup())}`);
      assert.deepEqual(await readSetup(path), defaultSetup());
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  describe('is checked as ajv checks it by the schema:', () => {
    const validate = new Ajv({ allErrors: true, jsonPointers: true }).compile(schema);

    /** Both agree, and the reported place is one that ajv reports too. */
    const compare = (setup: unknown): boolean => {
      const isValid = validate(setup) === true;
      const places = (validate.errors ?? []).map(({ dataPath }) => dataPath);
      let problem = '';
      try {
        checkSetup(setup);
      } catch (error) {
        problem = (error as Error).message;
      }
      // The schema cannot express the rules for the numbers.
      const told = /^pbx: (.*?) must /.exec(problem)?.[1];
      assert.equal(told === undefined, isValid, `${problem} ${JSON.stringify(places)} ${JSON.stringify(setup)}`);
      if (told !== undefined) assert.ok(places.includes(told === 'the set-up' ? '' : told), problem);
      return isValid;
    };

    it('the default, and what a file has', async () => {
      assert.ok(compare(defaultSetup()));
      assert.ok(compare(await readSetup(file)));
    });

    it('any JSON at any place of it, and any place left out', () => {
      const places: (string | number)[][] = [];
      const collect = (value: unknown, place: (string | number)[]): void => {
        places.push(place);
        if (typeof value !== 'object' || value === null) return;
        for (const [key, item] of Object.entries(value)) {
          collect(item, [...place, Array.isArray(value) ? Number(key) : key]);
        }
      };
      collect(defaultSetup(), []);
      const number = fc.constantFrom(
        '10',
        '+49',
        '*1',
        'all',
        '.',
        '..',
        '...',
        'allx',
        '',
        ' 1',
        'ü',
        '1\n',
        'x'.repeat(33),
      );
      const text = fc.constantFrom('sip:1@x', 'sips:x', 'sip:', 'sip: x', 'tab\t', '\u007f', '\u{1F600}', '12', '１２');
      const value = fc.oneof(number, text, fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<Json>;
      const keys = fc.oneof(fc.string(), fc.constantFrom('__proto__', '$schema', 'name', 'constructor'));
      const seen = new Set<boolean>();
      fc.assert(
        fc.property(fc.constantFrom(...places), value, fc.boolean(), keys, (place, what, isNew, key) => {
          if (place.length === 0) seen.add(compare(what));
          else if (isNew) seen.add(compare(added(place, key, what)));
          else seen.add(compare(changed(place, what)));
        }),
        { numRuns: 3000 },
      );
      for (const place of places) if (place.length > 0) seen.add(compare(without(place)));
      assert.equal(seen.size, 2);
    });
  });
});
