import assert from 'node:assert/strict';
import { authTypes, connectionDefaults, leastMilliseconds, millisecondsOf, secondsOf } from '../../lib/pbx';

describe('A setting in milliseconds', () => {
  it('is a whole number, however it is written', () => {
    for (const text of ['1000', ' 1000 ', '1e3', '1000.0', '0x3e8']) assert.equal(millisecondsOf(text, 1), 1000, text);
    for (const text of ['', ' ', 'x', '99.5', '1,000', 'NaN', 'Infinity']) {
      assert.equal(millisecondsOf(text, 0), null, text);
    }
  });

  it('is not below the least, nor above what a timer takes', () => {
    assert.equal(millisecondsOf('0', 0), 0);
    assert.equal(millisecondsOf('100', 100), 100);
    assert.equal(millisecondsOf('99', 100), null);
    assert.equal(millisecondsOf('2147483647', 1), 2_147_483_647);
    assert.equal(millisecondsOf('2147483648', 1), null);
  });

  it('is allowed when it is the default', () => {
    for (const name of ['timeout', 'pollInterval'] as const) {
      const value = connectionDefaults[name];
      assert.equal(millisecondsOf(String(value), leastMilliseconds[name]), value, name);
    }
  });
});

describe('A setting in seconds', () => {
  it('is a number that a timer takes', () => {
    for (const text of ['30', ' 30 ', '3e1', '30.0']) assert.equal(secondsOf(text), 30_000, text);
    assert.equal(secondsOf('0'), 0);
    assert.equal(secondsOf('0.5'), 500);
    assert.equal(secondsOf('2147483.647'), 2_147_483_647);
    assert.equal(secondsOf('2147483.648'), null);
    assert.equal(secondsOf('2147483'), 2_147_483_000);
    for (const text of ['', ' ', 'x', '-1', '1,5', 'NaN', 'Infinity', '2147484'])
      assert.equal(secondsOf(text), null, text);
  });
});

describe('A connection whose flow leaves everything out', () => {
  it('asks the HTTP API of the same machine, once a second, allows what is harmless and names nobody', () => {
    const { trunks, services, ...others } = connectionDefaults;
    assert.deepEqual(others, {
      country: '',
      names: [],
      url: 'http://127.0.0.1:8889',
      api: 'http',
      auth: 'none',
      timeout: 8000,
      pollInterval: 1000,
      allowDestinations: '',
      allowStop: false,
    });
    const isIn = (expression: string, ...dns: string[]): string[] =>
      dns.filter((dn) => new RegExp(expression).test(dn));
    assert.deepEqual(isIn(trunks, '10000', '19999', '1000', '100000', '20000', '1000x'), ['10000', '19999']);
    assert.deepEqual(isIn(services, '999', 'SP0', 'SP12', '*9', '9990', 'SP', '10', '1*'), [
      '999',
      'SP0',
      'SP12',
      '*9',
    ]);
  });

  it('needs no log-in, and its times have a least value', () => {
    assert.deepEqual(authTypes, ['none', 'basic', 'bearer']);
    assert.deepEqual(leastMilliseconds, { timeout: 1, pollInterval: 100, minRing: 0 });
  });
});
