import assert from 'node:assert/strict';
import { connectionDefaults, leastMilliseconds, millisecondsOf } from '../../lib/pbx';

describe('A time in a setting', () => {
  it('is a whole number of milliseconds', () => {
    assert.equal(millisecondsOf('8000', 1), 8000);
    assert.equal(millisecondsOf(' 100 ', 100), 100);
    assert.equal(millisecondsOf('0', 0), 0);
    for (const text of ['', ' ', '99.5', '1.5', '-1', 'soon', '1 s', 'NaN', 'Infinity', '1,000']) {
      assert.equal(millisecondsOf(text, 0), null, text);
    }
  });

  it('has a least', () => {
    assert.equal(millisecondsOf('99', 100), null);
    assert.equal(millisecondsOf('0', 1), null);
  });

  it('is no longer than a timer takes', () => {
    assert.equal(millisecondsOf('2147483647', 0), 2 ** 31 - 1);
    assert.equal(millisecondsOf('2147483648', 0), null);
  });

  it('is allowed when it is the default', () => {
    for (const name of ['timeout', 'pollInterval'] as const) {
      const value = connectionDefaults[name];
      assert.equal(millisecondsOf(String(value), leastMilliseconds[name]), value, name);
    }
  });
});
