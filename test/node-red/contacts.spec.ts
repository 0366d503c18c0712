import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Contacts } from '../../lib/node-red/contacts';
import { InternationalNumbers } from '../../lib/node-red/international-numbers';
import { type Connection, type Contact, type Result } from '../../lib/pbx';

const caller = '+4915112345678';

interface Known {
  country?: string;
  names?: Contact[];
  /** The PBX's names for its DNs. */
  told?: Record<string, string>;
  dns?: string[];
}

function contacts({ country = '', names = [], told = {}, dns = [] }: Known = {}): Contacts {
  return new Contacts({ country, names }, { nameOf: (dn) => new Map(Object.entries(told)).get(dn) ?? null }, (number) =>
    dns.includes(number),
  );
}

describe('A number in international form', () => {
  const rows: [country: string, numbers: Record<string, string | null>][] = [
    [
      '',
      {
        [caller]: caller,
        '+49 (0)30 / 123-45': '+493012345',
        '004915112345678': caller,
        '0049 151 12345678': null,
        '015112345678': null,
        '15112345678': null,
      },
    ],
    [
      'DE',
      {
        [caller]: caller,
        '004915112345678': caller,
        '015112345678': caller,
        '0151 / 123 456 78': caller,
        '15112345678': caller,
        '+12025550143': '+12025550143',
        '0012025550143': '+12025550143',
        '030123456': '+4930123456',
        // May be of the same town, or a service.
        '123456': null,
        '116117': null,
      },
    ],
    [
      'US',
      { '2025550143': '+12025550143', '12025550143': '+12025550143', '0049301234567': '+49301234567', '5550143': null },
    ],
    ['IT', { '06 6982 1234': '+390669821234' }],
    ['JP', { '004930123456': '+4930123456' }],
  ];
  for (const [country, numbers] of rows) {
    for (const [number, e164] of Object.entries(numbers)) {
      it(`of ${number}, ${country || 'without a country'}: ${e164 ?? 'none'}`, () => {
        assert.equal(contacts({ country }).e164(number), e164);
      });
    }
  }

  it('does not exist for a code, an extension, an impossible number or other text', () => {
    const inGermany = contacts({ country: 'DE', dns: ['100100', '030123456'] });
    for (const number of [
      ...['', '*10*20', '#31#030123456', '*', '10', '100', '8000', '10000', '112', '0301', '100100', '030123456'],
      ...['+', '+49', '+999123456789', '00', '00999123456789', '0'.repeat(20), '1'.repeat(64), 'anonymous', 'Anna'],
      ...['+49 30 FLOWERS', '030123456;ext=1', 'tel:+4930123456', '+4930123456\n', '٠٣٠١٢٣٤٥٦', '<b>030123456</b>'],
    ]) {
      assert.equal(inGermany.e164(number), null, number);
    }
  });

  it('is worked out once per number, and not remembered for ever', () => {
    const numbers = new InternationalNumbers('DE');
    const { known } = numbers as unknown as { known: Map<string, string | null> };
    for (let count = 0; count < 3_000; count++) {
      numbers.of(caller);
      numbers.of(`+4930${100_000 + count}`);
    }
    assert.equal(known.size, 1_000);
    known.set(caller, 'remembered');
    assert.equal(numbers.of(caller), 'remembered');
  });
});

describe('A name', () => {
  const names = [
    { number: '10', name: 'Anna' },
    { number: '8000', name: 'Support' },
    { number: '+49 (0)151 / 123 456 78', name: 'Grandma' },
    { number: '030/123 456', name: 'The school' },
    { number: 'anna@pbx', name: 'Anna, by address' },
    { number: '*10', name: 'Parking' },
    { number: '10', name: 'somebody else' },
    { number: ' ', name: 'nobody' },
    { number: '20', name: ' ' },
  ];

  it('of an extension is that of its digits', () => {
    const known = contacts({ names, told: { 10: 'Ten', 11: 'Ben' } });
    assert.deepEqual(
      ['10', '11', '12', '20', '+10', '010'].map((dn) => known.extensionName(dn)),
      [...['Anna', 'Ben', null, null, null, null]],
    );
  });

  it('of an outside number is that of the number in international form', () => {
    const known = contacts({ names, country: 'DE' });
    for (const number of [caller, '004915112345678', '015112345678', '0151-12345678', '+49 (0)151 12345678']) {
      assert.equal(known.name(number), 'Grandma', number);
    }
    for (const number of ['030123456', '+4930123456', '004930123456']) {
      assert.equal(known.name(number), 'The school', number);
    }
    for (const number of ['+4915112345679', '10123456', '', '+4310', '0043151']) {
      assert.equal(known.name(number), null, number);
    }
  });

  it('of a national number without a country is that of its digits', () => {
    const known = contacts({ names });
    assert.equal(known.name('030123456'), 'The school');
    assert.equal(known.name('030-123456'), 'The school');
    assert.equal(known.name('+4930123456'), null);
    assert.equal(known.name('004915112345678'), 'Grandma');
    assert.equal(known.name('015112345678'), null);
  });

  it('of the other party comes from the list, else from what the PBX says of the call, else of the DN', () => {
    const known = contacts({ names, told: { 10: 'Ten', 11: 'Ben' } });
    assert.equal(known.name('10', 'Muster, Anna'), 'Anna');
    assert.equal(known.name('11', 'Muster, Ben'), 'Muster, Ben');
    assert.equal(known.name('11'), 'Ben');
    assert.equal(known.name('8000'), 'Support');
    assert.equal(known.name('anna@pbx'), 'Anna, by address');
    assert.equal(known.name('*10'), 'Parking');
    assert.equal(known.name('', 'Anonymous'), 'Anonymous');
  });

  it('is found among 10,000, and is never a property that all objects have', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      number: `+4930${100_000 + index}`,
      name: `N${index}`,
    }));
    const known = contacts({ names: many, country: 'DE' });
    assert.equal(known.name('030109999'), 'N9999');
    for (const number of ['__proto__', 'constructor', 'toString']) assert.equal(known.name(number), null);
  });
});

describe('A payload', () => {
  const known = contacts({
    ...{ names: [{ number: '10', name: 'Anna' }], country: 'DE', dns: ['10', '11', '100100'] },
    told: { 11: 'Ben' },
  });

  it('is completed where it has an extension or a number, and nowhere else', () => {
    assert.deepEqual(known.complete({}), {});
    assert.deepEqual(known.complete({ extension: '10', profile: 'avail' }), {
      ...{ extension: '10', extensionName: 'Anna', profile: 'avail' },
    });
    assert.deepEqual(known.complete({ extension: '10', number: null }), {
      ...{ extension: '10', extensionName: 'Anna', number: null, e164: null, name: null },
    });
    assert.deepEqual(known.complete({ number: '015112345678', name: 'Grandma' }), {
      ...{ number: '015112345678', e164: caller, name: 'Grandma' },
    });
  });

  it('is completed in place, and its number keeps its text', () => {
    const payload = { extension: '12', number: '0151 / 12345678', e164: null, name: null };
    assert.equal(known.complete(payload), payload);
    assert.deepEqual(payload, { ...payload, number: '0151 / 12345678', e164: caller, extensionName: null });
  });

  it('that lists connections is completed, but their own DNs have no international form', () => {
    const leg = (extension: string, number: string): Connection => ({
      ...{ id: '1', extension, status: 'connected', number, name: null, queue: null, recording: 'off' },
    });
    const given = [leg('200200', '015112345678'), leg('10', '200200'), { ...leg('11', '10'), ccid: '2' }];
    const result: Result = { ok: true, connections: given, given: {}, answer: '' };
    const { connections } = known.completeResult(result);
    const others = { id: '1', status: 'connected', queue: null, recording: 'off' };
    assert.deepEqual(connections, [
      { ...others, extension: '200200', extensionName: null, number: '015112345678', e164: caller, name: null },
      { ...others, extension: '10', extensionName: 'Anna', number: '200200', e164: null, name: null },
      { ...others, extension: '11', extensionName: 'Ben', number: '10', e164: null, name: 'Anna', ccid: '2' },
    ]);
    assert.deepEqual(given[0], leg('200200', '015112345678'), 'what the PBX told stays as it is');
  });
});

describe('Two numbers', () => {
  it('are the same if they match as dialled or in international form', () => {
    const known = contacts({ country: 'DE' });
    assert.ok(known.sameNumber('10', '10'));
    assert.ok(known.sameNumber('*10*20', '*10*20'));
    assert.ok(known.sameNumber('0151 / 12345678', '015112345678'));
    assert.ok(known.sameNumber('+49 (0)151 12345678', '015112345678'));
    assert.ok(known.sameNumber('004915112345678', caller));
    assert.ok(!known.sameNumber('10', '010'));
    assert.ok(!known.sameNumber('*10', '10'));
    assert.ok(!known.sameNumber('', '*10'));
    assert.ok(!known.sameNumber('+4915112345678', '+4915112345679'));
    assert.ok(!contacts().sameNumber('015112345678', caller));
  });
});

describe('The library that reads numbers', () => {
  const root = resolve(__dirname, '../..');
  const run = (script: string): string =>
    execFileSync(
      process.execPath,
      [
        ...['--import=tsx', '-e'],
        `const isLoaded = () => Object.keys(require.cache).some((file) => file.includes('awesome-phonenumber'));
         ${script}`,
      ],
      { cwd: root },
    ).toString();

  it('is not loaded with the nodes in the built package', () => {
    const nodes = ['agent-status', 'call-control', 'call-monitor', 'config', 'recorder'];
    const files = nodes.map((node) => `${root}/dist/nodes/3cx-${node}.js`);
    const script = `for (const file of ${JSON.stringify(files)}) require(file); console.log(isLoaded());`;
    assert.equal(run(script), 'false\n');
  });

  it('is loaded with the first number that needs it', () => {
    const script = `const { Contacts } = require('${root}/lib/node-red/contacts.ts');
      const names = [{ number: '10', name: 'Anna' }, { number: '+4930111', name: 'The school' }];
      const contacts = new Contacts({ country: 'DE', names }, {}, (number) => number === '100100');
      for (const number of ['10', '100', '8000', '100100', '*10', '', '10000', 'anonymous']) contacts.complete({ number });
      contacts.complete({ extension: '10' });
      console.log(isLoaded());
      contacts.complete({ number: '030123456' });
      console.log(isLoaded());`;
    assert.equal(run(script), 'false\ntrue\n');
  });
});
