import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseNumberList } from '../../lib/pbx';

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
    for (const bad of ['10;11', '1 1', '(10)', '10/11', '[1-9]', 'ö']) {
      assert.throws(() => parseNumberList(bad), { message: 'entry 1 is no number, range or pattern' }, bad);
    }
  });
});
