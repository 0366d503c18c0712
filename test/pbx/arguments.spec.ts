import assert from 'node:assert/strict';
import {
  type ArgumentName,
  type ArgumentProblem,
  checkArgument,
  choices,
  isAbsent,
  isChoice,
  problemOf,
  ThreeCxError,
} from '../../lib/pbx';
import { refusal } from './support';

/** What the error says about an argument; null when it is taken. */
function errorOf(name: ArgumentName, value: unknown): string | null {
  return refusal(() => checkArgument(name, value));
}

describe('An argument', () => {
  const numbers = ['extension', 'destination', 'queue'] as const;

  it('may be text or a safe integer, and is sent as text', () => {
    for (const name of numbers) {
      assert.equal(checkArgument(name, '10'), '10');
      assert.equal(checkArgument(name, 10), '10');
      assert.equal(checkArgument(name, 0), '0');
      for (const value of [true, ['10'], {}, 1.5, NaN, 2 ** 53, 10n]) {
        assert.equal(errorOf(name, value), `${name} must be text or a whole number`);
      }
    }
  });

  it('that is absent is missing', () => {
    for (const value of [undefined, null, '']) {
      assert.ok(isAbsent(value));
      assert.equal(problemOf('queue', value), 'missing');
      assert.equal(errorOf('extension', value), 'extension is missing');
      assert.equal(errorOf('phone', value), 'phone is missing');
    }
    for (const value of [0, false, ' ', []]) assert.equal(isAbsent(value), false);
  });

  it('may hold letters, digits and _ . * + -', () => {
    const text = 'azAZ09_.*+-';
    for (const name of numbers) {
      assert.equal(checkArgument(name, text), text);
      for (const bad of ['/10', '10/', ' 10', '10\n', '1%0', '1?0', 'ö']) {
        assert.equal(problemOf(name, bad), 'characters', bad);
      }
    }
    assert.equal(errorOf('extension', '1/0'), 'extension may hold only letters, digits and _ . * + -');
    assert.equal(errorOf('queue', 'anna@pbx'), 'queue may hold only letters, digits and _ . * + -');
  });

  it('may hold @ as a destination', () => {
    assert.equal(checkArgument('destination', 'anna@pbx'), 'anna@pbx');
    assert.equal(errorOf('destination', '1/0'), 'destination may hold only letters, digits and _ . * + - @');
  });

  it('has up to 32 characters, a destination up to 64', () => {
    for (const [name, most] of [
      ['extension', 32],
      ['queue', 32],
      ['destination', 64],
    ] as const) {
      assert.equal(problemOf(name, '1'.repeat(most)), null);
      assert.equal(errorOf(name, '1'.repeat(most + 1)), `${name} is longer than ${most} characters`);
    }
  });

  it('is no path, and no word that means every extension', () => {
    for (const name of numbers) {
      for (const bad of ['.', '..']) assert.equal(errorOf(name, bad), `${name} is not a number to call`);
      assert.equal(problemOf(name, '...'), null);
    }
    assert.equal(problemOf('extension', 'all'), 'reserved');
    assert.equal(problemOf('queue', 'all'), 'reserved');
    assert.equal(problemOf('destination', 'all'), null);
    assert.equal(problemOf('extension', 'ball'), null);
  });

  it('is one of the choices, where it has them', () => {
    assert.deepEqual(choices, {
      phone: ['Soft', 'Web', 'Desktop', 'Mobile'],
      action: ['login_all', 'logout_all'],
      profile: ['avail', 'away', 'oof', 'custom1', 'custom2'],
      recordAction: ['start', 'stop', 'pause', 'resume'],
    });
    for (const [name, values] of Object.entries(choices)) {
      assert.ok(isChoice(name as ArgumentName));
      for (const value of values) assert.equal(checkArgument(name as ArgumentName, value), value);
    }
    for (const name of numbers) assert.equal(isChoice(name), false);
    assert.equal(errorOf('phone', 'soft'), 'phone must be one of Soft, Web, Desktop, Mobile');
    assert.equal(errorOf('action', 10), 'action must be one of login_all, logout_all');
    assert.equal(errorOf('recordAction', ['stop']), 'recordAction must be one of start, stop, pause, resume');
  });

  it('profile is taken by its name too, and sent as its key', () => {
    assert.equal(checkArgument('profile', 'Out of office'), 'oof');
    assert.equal(errorOf('profile', 'busy'), 'profile must be avail, away, oof, custom1 or custom2');
  });
});

describe('What is wrong with an argument', () => {
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
