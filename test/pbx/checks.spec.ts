import assert from 'node:assert/strict';
import { listExtensions, NumberListError } from '../../lib/pbx';

describe('A list of extensions to ask for', () => {
  const problem = (list: string): string => {
    try {
      return String(listExtensions(list).length);
    } catch (error) {
      assert.ok(error instanceof NumberListError);
      assert.ok(!error.message.includes('10'), 'no number in an error');
      return `${error.entry} ${error.problem}`;
    }
  };

  it('names each number once, in its order', () => {
    assert.deepEqual(listExtensions('12, 10-11, 11 , SP0,020-021'), ['12', '10', '11', 'SP0', '020', '021']);
    assert.deepEqual(listExtensions(' , '), []);
  });

  it('has no patterns', () => {
    for (const list of ['10, 3*', '10, *', '10, 1?1', '10, *1']) assert.equal(problem(list), '2 pattern', list);
  });

  it('has at most 1,000 numbers', () => {
    assert.equal(problem('1000-1999'), '1000');
    assert.equal(problem('1000-1999, 1500-1600'), '1000');
    assert.equal(problem('1000-1998, 2000, 2001'), '3 count');
    assert.equal(problem('11, 100000000-999999999'), '2 count');
  });

  it('has only what can be sent as an extension', () => {
    for (const list of ['11, all', '11, ..', '11, 1/2', '11, x y', `11, ${'1'.repeat(33)}`]) {
      assert.match(problem(list), /^2 (number|characters)$/, list);
    }
    assert.equal(problem(`11, ${'1'.repeat(33)}-${'2'.repeat(33)}`), '2 number');
    assert.equal(problem('11, 30-20'), '2 range');
  });
});
