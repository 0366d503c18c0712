import assert from 'node:assert/strict';
import { NumberListError, parseNumberList } from '../../lib/pbx';

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
