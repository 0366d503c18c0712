import assert from 'node:assert/strict';
import { profileNames, profileOf } from '../../lib/pbx';

describe('A profile', () => {
  it('has the name that a phone system has for it', () => {
    assert.deepEqual(profileNames, {
      avail: 'Available',
      away: 'Away',
      oof: 'Out of office',
      custom1: 'Custom 1',
      custom2: 'Custom 2',
    });
  });

  it('is meant by its key, and by its name in any case', () => {
    for (const text of ['oof', 'Out of office', 'out of office', 'OUT OF OFFICE']) assert.equal(profileOf(text), 'oof');
    assert.equal(profileOf('Custom 2'), 'custom2');
    for (const text of ['OOF', '', 'Busy', 'Out of office ']) assert.equal(profileOf(text), null, text);
  });
});
