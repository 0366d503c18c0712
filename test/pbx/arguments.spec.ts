import assert from 'node:assert/strict';
import {
  type ArgumentName,
  type ArgumentProblem,
  checkArgument,
  choices,
  problemOf,
  ThreeCxError,
} from '../../lib/pbx';

describe('An argument', () => {
  const cases: [ArgumentName, unknown, ArgumentProblem | null][] = [
    ...['10', 10, '*10', 'SP1', 'a_b.c-d+e', '1'.repeat(32)].map((value): [ArgumentName, unknown, null] => [
      'extension',
      value,
      null,
    ]),
    ['extension', undefined, 'missing'],
    ['extension', null, 'missing'],
    ['extension', '', 'missing'],
    ['extension', 1.5, 'type'],
    ['extension', true, 'type'],
    ['extension', ['10'], 'type'],
    ['extension', 2 ** 53, 'type'],
    ['extension', '1'.repeat(33), 'length'],
    ['extension', '10/11', 'characters'],
    ['extension', '10@pbx', 'characters'],
    ['extension', ' ', 'characters'],
    ['extension', '..', 'reserved'],
    ['extension', 'all', 'reserved'],
    ['queue', 'all', 'reserved'],
    ['queue', '8000', null],
    ['queue', ' ', 'characters'],
    ['destination', 'all', null],
    ['destination', 'anna@pbx', null],
    ['destination', '1'.repeat(64), null],
    ['destination', '1'.repeat(65), 'length'],
    ['destination', '.', 'reserved'],
    ['destination', '+49 30 111', 'characters'],
    ['phone', 'Soft', null],
    ['phone', 'soft', 'choice'],
    ['phone', 1, 'choice'],
    ['action', 'login_only_to', 'choice'],
    ['recordAction', 'pause', null],
    ['profile', 'constructor', 'choice'],
    ['profile', 'AVAIL', 'choice'],
  ];
  for (const [name, value, problem] of cases) {
    it(`${name} ${JSON.stringify(value)}: ${problem ?? 'can be sent'}`, () => {
      assert.equal(problemOf(name, value), problem);
      if (problem === null) assert.equal(checkArgument(name, value), String(value));
      else assert.throws(() => checkArgument(name, value), ThreeCxError);
    });
  }

  it('profile: is taken by its key, or by its name in any case', () => {
    const names: Record<string, string[]> = {
      avail: ['Available', 'available'],
      away: ['AWAY'],
      oof: ['Out of office', 'out of office', 'OUT OF OFFICE'],
      custom1: ['Custom 1', 'custom 1'],
      custom2: ['custom 2'],
    };
    assert.deepEqual(Object.keys(names), choices.profile);
    for (const [key, values] of Object.entries(names)) {
      for (const value of [key, ...values]) {
        assert.equal(problemOf('profile', value), null, value);
        assert.equal(checkArgument('profile', value), key, value);
      }
    }
  });

  it('is named in the error, but never quoted', () => {
    for (const name of ['extension', 'destination', 'queue', 'phone', 'profile'] as const) {
      assert.throws(
        () => checkArgument(name, '030/4711'),
        ({ code, message }: ThreeCxError) =>
          code === 'invalid-argument' && message.startsWith(`${name} `) && !message.includes('4711'),
      );
    }
  });
});
