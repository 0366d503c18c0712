import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NumberListError, parseNumberList } from '../../lib/pbx';

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
