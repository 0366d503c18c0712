import assert from 'node:assert/strict';
import { getSupportedCallingCodes } from 'awesome-phonenumber';
import fc from 'fast-check';
import {
  expressionIn,
  isCode,
  namedNumbers,
  NumberListError,
  parseDestinations,
  parseNumberList,
  plainNumber,
} from '../../lib/pbx';

describe('A number as people write it', () => {
  it('is its digits, without the characters between them', () => {
    const numbers: Record<string, readonly string[]> = {
      '+493012345': ['+49 30 12345', '+49 (30) 123-45', '+49.30.123.45', '+49/30/12345', '+49\u00a030\u00a012345'],
      '030123456': ['030 123456', '(030) 12 34-56', '030 / 123 456', '030/1234.56', '030123456'],
      '10': ['10', '1 0', '(1)0'],
    };
    for (const [number, writings] of Object.entries(numbers)) {
      for (const writing of writings) assert.equal(plainNumber(writing), number, writing);
    }
  });

  it('is without the (0) after a country code, and only there', () => {
    for (const writing of ['+49 (0)30 1', '+49(0)301', '+49 (0) 30/1', '+49-(0)-30-1']) {
      assert.equal(plainNumber(writing), '+49301', writing);
    }
    assert.equal(plainNumber('0049 (0)30 1'), '0049301');
    for (const [writing, number] of [
      ['+49 30 (0) 1', '+493001'],
      ['+493 (0)1', '+49301'],
      ['49 (0)30 1', '490301'],
      ['0 (0)49 1', '00491'],
      ['1 0049 (0)1', '1004901'],
      ['+1 (0)2 (0)3', '+1203'],
    ] as const) {
      assert.equal(plainNumber(writing), number, writing);
    }
  });

  it('has a country code after which (0) is not dialled, each of them', () => {
    for (const code of getSupportedCallingCodes()) {
      assert.equal(plainNumber(`+${code} (0)30 1`), `+${code}301`, code);
      assert.equal(plainNumber(`00${code} (0)30 1`), `00${code}301`, code);
      assert.equal(plainNumber(`+${code}3 (0)0 1`), `+${code}3001`, code);
    }
  });

  it('has a digit at its end, and begins with one, with + or with (', () => {
    const others = ['', '+', '()', '(0)', '10-', '10 ', ' 10', '-10', '.1', '+49 (0)', '++49 1', '+49+30', '(+49) 30'];
    for (const text of others) assert.equal(plainNumber(text), null, text);
  });

  it('has nothing else in it', () => {
    const others = ['1a', 'x10', '10x', '*10', '1\t0', '1\n0', '10\n', '\n10', '1,0', '1#0', 'sip:10', '\u0661\u0660'];
    for (const text of others) assert.equal(plainNumber(text), null, text);
  });
});

describe('A code of the PBX', () => {
  it('begins with a star', () => {
    assert.deepEqual(['*00', '*', '10', '1*', '', '+49'].map(isCode), [true, true, false, false, false, false]);
  });
});

describe('An expression in a setting', () => {
  it('is the text between slashes, with any blanks around them', () => {
    assert.equal(expressionIn('/^1/'), '^1');
    assert.equal(expressionIn(' /a\nb/ \n'), 'a\nb');
    assert.equal(expressionIn('//'), '');
    assert.equal(expressionIn('/1/2/'), '1/2');
    for (const text of ['', '/', '10', '/1', '1/', 'x/1/', '/1/x']) assert.equal(expressionIn(text), null, text);
  });
});

describe('A list of numbers', () => {
  const inList = (list: string, ...numbers: string[]): string[] => numbers.filter(parseNumberList(list));

  it('has numbers, ranges and patterns', () => {
    const numbers = ['1', '10', '19', '20', '25', '29', '30', '3', '300', '101', '111', '1001', '40'];
    assert.deepEqual(inList('10, 20-29, 3*, 1?1', ...numbers), [
      '10',
      '20',
      '25',
      '29',
      '30',
      '3',
      '300',
      '101',
      '111',
    ]);
  });

  it('that is empty has them all', () => {
    for (const list of ['', ' ', ',', ' , ']) assert.deepEqual(inList(list, '10', '*00', ''), ['10', '*00', '']);
  });

  it('goes by the digits that are written', () => {
    assert.deepEqual(inList('20-29', '020', '200', '2', '2a', '20'), ['20']);
    assert.deepEqual(inList('020 - 029', '20', '025'), ['025']);
    assert.deepEqual(inList('20  -29, 30-  31', '20', '29', '30', '32'), ['20', '29', '30']);
    assert.deepEqual(inList('20-20', '20', '21'), ['20']);
    assert.deepEqual(inList('100-300', '1a0', '0x9', '199'), ['199']);
  });

  it('takes for a plain number what only looks like a range', () => {
    assert.deepEqual(inList('20-29a, a30-39', '25', '35', '20-29a', 'a30-39'), ['20-29a', 'a30-39']);
  });

  it('takes any characters for *, also for several, and one for ?', () => {
    const pattern = fc.string({ unit: fc.constantFrom('1', '2', '.', '*', '?'), minLength: 1, maxLength: 8 });
    const number = fc.string({ unit: fc.constantFrom('1', '2', '.', '\n'), maxLength: 10 });
    fc.assert(
      fc.property(pattern, number, (list, text) => {
        const plain = list.replaceAll('.', '\\.').replaceAll('*', '[^]*').replaceAll('?', '[^]');
        assert.deepEqual(inList(list, text), new RegExp(`^${plain}$`).test(text) ? [text] : []);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes dots and pluses as they are', () => {
    assert.deepEqual(inList('a.b, +49*', 'a.b', 'axb', '+491', '491'), ['a.b', '+491']);
  });

  it('names the entry that it cannot read, without quoting it', () => {
    assert.throws(() => parseNumberList('10, 29-20'), { name: 'RangeError', message: /^entry 2 is no range/ });
    assert.throws(() => parseNumberList('9-10'), /^RangeError: entry 1 is no range/);
    assert.throws(() => parseNumberList('10-200'), /^RangeError: entry 1 is no range/);
    for (const bad of ['10;11', '1 1', '(10)', '10/11', '[1-9]', 'ö']) {
      assert.throws(() => parseNumberList(bad), { message: 'entry 1 is no number, range or pattern' }, bad);
    }
  });
});

describe('The numbers that a list of numbers names', () => {
  it('are the numbers and those of the ranges, each once, in the order of the list', () => {
    assert.deepEqual(namedNumbers('12, 10-13, 9, 12', 1_000), ['12', '10', '11', '13', '9']);
    assert.deepEqual(namedNumbers(' a.b,+49 , 98 - 99', 1_000), ['a.b', '+49', '98', '99']);
  });

  it('keep the zeros that they begin with', () => {
    assert.deepEqual(namedNumbers('098-101, 00-02', 1_000), ['098', '099', '100', '101', '00', '01', '02']);
  });

  it('are none in a pattern or in an empty list', () => {
    for (const list of ['', ' , ', '3*', '1?1, *']) assert.deepEqual(namedNumbers(list, 1_000), [], list);
    assert.deepEqual(namedNumbers('3*, 10, 1?', 1_000), ['10']);
  });

  it('are the first ones where there are more, also in a range that no memory could hold', () => {
    const named = namedNumbers('7, 0-9, 0000000000-9999999999, 5', 1_000);
    assert.equal(named.length, 1_000);
    assert.deepEqual(named.slice(0, 12), [
      '7',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '8',
      '9',
      '0000000000',
      '0000000001',
    ]);
    assert.equal(named.at(-1), '0000000989');
    assert.deepEqual(namedNumbers('10-19', 3), ['10', '11', '12']);
    assert.deepEqual(namedNumbers('10-19', 0), []);
  });

  it('are exact where they are larger than a safe integer, and none where no extension has so many digits', () => {
    const zeros = '0'.repeat(16);
    assert.deepEqual(namedNumbers(`9${zeros}1-9${zeros}3`, 10), [`9${zeros}1`, `9${zeros}2`, `9${zeros}3`]);
    const longest = '1'.repeat(32);
    assert.deepEqual(namedNumbers(`${longest}-${longest}, ${longest}1-${longest}2`, 10), [longest]);
    assert.deepEqual(namedNumbers(`${'1'.repeat(100_000)}-${'2'.repeat(100_000)}, 10`, 10), ['10']);
  });

  it('are all in the list', () => {
    const entry = fc.oneof(
      fc.nat(30).map(String),
      fc
        .tuple(fc.integer({ min: 10, max: 99 }), fc.nat(9))
        .map(([first, more]) => `${first}-${Math.min(first + more, 99)}`),
      fc.constantFrom('3*', '1?', ''),
    );
    fc.assert(
      fc.property(fc.array(entry), fc.nat(40), (entries, max) => {
        const list = entries.join(',');
        const named = namedNumbers(list, max);
        assert.deepEqual(named.filter(parseNumberList(list)), named);
        assert.equal(new Set(named).size, named.length);
        const plain = parseNumberList([...entries.filter((one) => !/[*?]/.test(one)), 'none'].join(','));
        const all = Array.from({ length: 100 }, (_, number) => String(number)).filter(plain);
        assert.equal(named.length, Math.min(all.length, max));
      }),
    );
  });

  it('cannot be told of a list that cannot be read', () => {
    assert.throws(() => namedNumbers('10, 29-20', 10), { name: 'RangeError', message: /^entry 2 is no range/ });
    assert.throws(() => namedNumbers('10, 1 1', 1), { message: 'entry 2 is no number, range or pattern' });
  });
});

describe('A bad list of numbers', () => {
  const cases: [string, number, NumberListError['problem']][] = [
    ['20-3', 1, 'range'],
    ['10, 30-20', 2, 'range'],
    ['10,, 3*, 1 - 22', 3, 'range'],
    ['10 11', 1, 'characters'],
    ['10, a b', 2, 'characters'],
    ['10, 1/2, 30-20', 2, 'characters'],
  ];
  for (const [list, entry, problem] of cases) {
    it(`${JSON.stringify(list)}: entry ${entry}, ${problem}, and no number is quoted`, () => {
      assert.throws(
        () => parseNumberList(list),
        (error) => {
          assert.ok(error instanceof NumberListError);
          assert.deepEqual([error.entry, error.problem], [entry, problem]);
          assert.match(
            error.message,
            new RegExp(`^entry ${entry} is no ${problem === 'range' ? 'range:' : 'number,'}`),
          );
          return true;
        },
      );
    });
  }
});

describe('Allowed destinations', () => {
  for (const [text, allowed, others] of [
    ['', ['10', '+4930111', 'sip@x'], []],
    ['10-29, +49*, 1??', ['10', '29', '+4930111', '123'], ['9', '30', '+4330111', '1234', '4930111']],
    [String.raw`/^[1-9]\d$/`, ['10'], ['100', '+10']],
    ['/1/', ['+31'], ['+32']],
    ['//', ['10'], []],
  ] as const) {
    it(`are read from ${text || 'nothing'}`, () => {
      const isAllowed = parseDestinations(text);
      assert.deepEqual(
        [...allowed, ...others].filter((destination) => isAllowed(destination)),
        allowed,
      );
    });
  }

  it('are neither a list with anything else in it, nor an expression that is none', () => {
    assert.throws(() => parseDestinations('^1'), NumberListError);
    assert.throws(() => parseDestinations('/1'), NumberListError);
    assert.throws(() => parseDestinations('/(/'), SyntaxError);
  });
});
