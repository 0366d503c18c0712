import assert from 'node:assert/strict';
import { checkArguments, checkDestination, listExtensions, NumberListError, ThreeCxError } from '../../lib/pbx';
import { refusal } from './support';

describe('The arguments of an operation', () => {
  it('are those that it has, as they are sent', () => {
    assert.deepEqual(
      checkArguments('makecall', { extension: 10, destination: '+49 30 1', phone: 'Soft', queue: '8000', topic: 'x' }),
      { extension: '10', destination: '+49301', phone: 'Soft' },
    );
    assert.deepEqual(checkArguments('showallcalls', { extension: '' }), {});
  });

  it('may be left out where they are optional, and are checked where they are not', () => {
    const login = { extension: '10', action: 'login_all' };
    for (const queue of [undefined, null, '']) assert.deepEqual(checkArguments('login', { ...login, queue }), login);
    assert.deepEqual(checkArguments('login', login), login);
    assert.deepEqual(checkArguments('login', { ...login, queue: 8000 }), { ...login, queue: '8000' });
    assert.equal(
      refusal(() => checkArguments('login', { ...login, queue: 'all' })),
      'queue is not a number to call',
    );
  });

  it('are named in the error as the node calls them', () => {
    assert.equal(
      refusal(() => checkArguments('drop', {})),
      'extension is missing',
    );
    assert.equal(
      refusal(() => checkArguments('drop', { extension: '1/0' }, (name) => `msg.${name}`)),
      'msg.extension may hold only letters, digits and _ . * + -',
    );
  });
});

describe('A destination', () => {
  const only11 = (destination: string): boolean => destination === '11';
  const notAllowed = (error: unknown): boolean =>
    error instanceof ThreeCxError &&
    error.code === 'not-allowed' &&
    error.message === 'the connection does not allow this destination';

  it('is refused by the operations that dial, when the connection does not allow it', () => {
    for (const name of ['makecall', 'transfer', 'divert'] as const) {
      checkDestination(name, { extension: '10', destination: '11' }, only11);
      checkDestination(name, { extension: '10', destination: '12' }, undefined);
      assert.throws(() => checkDestination(name, { extension: '10', destination: '12' }, only11), notAllowed, name);
    }
  });

  it('is refused where it is missing, as an empty one is', () => {
    const isGiven = (destination: string): boolean => destination !== '';
    for (const given of [{}, { destination: '' }]) {
      assert.throws(() => checkDestination('makecall', given, isGiven), notAllowed);
    }
  });

  it('is nothing that any other operation has', () => {
    checkDestination('drop', { extension: '10' }, only11);
    checkDestination('park', { extension: '10', destination: '12' }, only11);
  });
});

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
