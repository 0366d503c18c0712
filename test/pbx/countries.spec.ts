import assert from 'node:assert/strict';
import { getSupportedRegionCodes } from 'awesome-phonenumber';
import { countries, countryOf } from '../../lib/pbx';

describe('A country', () => {
  it('is one of those that libphonenumber knows', () => {
    assert.deepEqual(countries, getSupportedRegionCodes().sort());
  });

  it('may be written in any case', () => {
    assert.deepEqual(['DE', ' de', 'De '].map(countryOf), ['DE', 'DE', 'DE']);
    for (const text of ['', 'D', 'DEU', 'XX', '49', 'Germany', '__', 'DE,AT']) {
      assert.equal(countryOf(text), null, text);
    }
  });
});
