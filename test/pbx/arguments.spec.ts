import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  type ArgumentName,
  type ArgumentProblem,
  checkArgument,
  choices,
  fallbackOf,
  isAbsent,
  isArgument,
  isChoice,
  problemOf,
} from '../../lib/pbx';
import { refusal } from './support';

describe('An argument', () => {
  const numbers = ['extension', 'destination', 'queue'] as const;
  const longNumber = '1'.repeat(32);
  const badCharacters = ['/10', '10/', ' 10', '10\n', ' ', '1%0', '1?0', 'ö', '10/*', '+49\t30', '+49 (0)', '(+49)30'];
  const written = ['10/11', '030/4711', '+49 30 111', '1 0'];
  const onlyCharacters = 'may hold only letters, digits and _ . * + -';

  /** The fault of each value, and the whole error after the name of the argument: the value is never quoted. */
  const cases: [names: readonly ArgumentName[], values: unknown[], problem: ArgumentProblem | null, error?: string][] =
    [
      [numbers, ['10', 10, 0, '8000', '*10', 'SP1', 'a_b.c-d+e', 'azAZ09_.*+-', longNumber, '...', 'ball'], null],
      [['destination'], ['all', 'anna@pbx', longNumber + longNumber], null],
      [[...numbers, 'phone'], [undefined, null, ''], 'missing', 'is missing'],
      [numbers, [true, ['10'], {}, 1.5, NaN, 2 ** 53, 10n], 'type', 'must be text or a whole number'],
      [['extension', 'queue'], [`${longNumber}1`], 'length', 'is longer than 32 characters'],
      [['destination'], [`${longNumber}${longNumber}1`], 'length', 'is longer than 64 characters'],
      [['extension', 'queue'], [...badCharacters, ...written, 'anna@pbx'], 'characters', onlyCharacters],
      [
        ['destination'],
        [...badCharacters, '\u{661}\u{660}', 'tel:+4930111', '1\u20092'],
        'characters',
        'must be a number, such as +49 30 123-45, or hold only letters, digits and _ . * + - @',
      ],
      [numbers, ['.', '..'], 'reserved', 'is not a number to call'],
      [['extension', 'queue'], ['all'], 'reserved', 'is not a number to call'],
      [['phone'], ['soft', 1, '030/4711'], 'choice', 'must be one of Auto, Soft, Web, Desktop, Mobile'],
      [['action'], ['login_only_to', 10], 'choice', 'must be one of login_all, logout_all'],
      [['recordAction'], [['stop']], 'choice', 'must be one of start, stop, pause, resume, toggle'],
      [
        ['profile'],
        ['busy', 'constructor', 'AVAIL', '030/4711'],
        'choice',
        'must be avail, away, oof, custom1 or custom2',
      ],
    ];
  for (const [names, values, problem, error] of cases) {
    for (const name of names) {
      for (const value of values) {
        it(`${name} ${inspect(value)}: ${problem ?? 'can be sent'}`, () => {
          assert.equal(problemOf(name, value), problem);
          if (problem === null) assert.equal(checkArgument(name, value), String(value));
          const said = refusal(() => checkArgument(name, value));
          assert.equal(said, problem === null ? null : `${name} ${error}`);
        });
      }
    }
  }

  it('is known by its name', () => {
    for (const name of [...numbers, 'phone', 'action', 'profile', 'recordAction']) assert.ok(isArgument(name), name);
    for (const name of ['', 'operation', 'topic', 'Extension']) assert.equal(isArgument(name), false, name);
  });

  it('comes from the message where the flow says nothing of it; but for the phone, which is the soft phone then', () => {
    for (const name of [...numbers, 'action', 'profile', 'recordAction'] as const) {
      assert.deepEqual(fallbackOf(name), { value: name, type: 'msg' });
    }
    assert.deepEqual(fallbackOf('phone'), { value: 'Soft', type: 'str' });
  });

  it('is absent when it is empty, not when it is 0, false or blank', () => {
    for (const value of [undefined, null, '']) assert.ok(isAbsent(value));
    for (const value of [0, false, ' ', []]) assert.equal(isAbsent(value), false);
  });

  it('is one of the choices, where it has them', () => {
    assert.deepEqual(choices, {
      phone: ['Auto', 'Soft', 'Web', 'Desktop', 'Mobile'],
      action: ['login_all', 'logout_all'],
      profile: ['avail', 'away', 'oof', 'custom1', 'custom2'],
      recordAction: ['start', 'stop', 'pause', 'resume', 'toggle'],
    });
    for (const [name, values] of Object.entries(choices)) {
      assert.ok(isChoice(name as ArgumentName));
      for (const value of values) {
        assert.equal(problemOf(name as ArgumentName, value), null);
        assert.equal(checkArgument(name as ArgumentName, value), value);
      }
    }
    for (const name of numbers) assert.equal(isChoice(name), false);
  });

  it('profile: is taken by its name in any case too, and sent as its key', () => {
    const names: Record<string, string[]> = {
      avail: ['Available', 'available'],
      away: ['AWAY'],
      oof: ['Out of office', 'out of office', 'OUT OF OFFICE'],
      custom1: ['Custom 1', 'custom 1'],
      custom2: ['custom 2'],
    };
    assert.deepEqual(Object.keys(names), choices.profile);
    for (const [key, values] of Object.entries(names)) {
      for (const value of values) {
        assert.equal(problemOf('profile', value), null, value);
        assert.equal(checkArgument('profile', value), key, value);
      }
    }
  });
});
