import assert from 'node:assert/strict';
import { isPresenceChange, presenceAfter, profileNames, profileOf } from '../../lib/pbx';

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

describe('The profile and log-in of an extension', () => {
  const away = { profile: 'away', profileName: 'Away', loggedIn: true } as const;
  const untold = { profile: null, profileName: null, loggedIn: null };

  it('are the values that were read, and stay where an answer lacks them', () => {
    const holiday = { profile: null, profileName: 'Holiday', loggedIn: false };
    assert.deepEqual(presenceAfter(null, away), away);
    assert.deepEqual(presenceAfter(null, untold), untold);
    assert.deepEqual(presenceAfter(away, untold), away);
    assert.deepEqual(presenceAfter(away, holiday), holiday);
    assert.deepEqual(presenceAfter(away, { ...untold, loggedIn: false }), { ...away, loggedIn: false });
    assert.deepEqual(presenceAfter(away, { ...holiday, loggedIn: null }), { ...holiday, loggedIn: true });
  });

  it('have changed with another profile or log-in, not when a value becomes known or is missing', () => {
    assert.equal(isPresenceChange(away, { ...away }), false);
    assert.equal(isPresenceChange(away, { ...away, loggedIn: false }), true);
    assert.equal(isPresenceChange(away, { ...away, profile: null, profileName: 'Holiday' }), true);
    assert.equal(isPresenceChange({ ...away, loggedIn: null }, away), false);
    assert.equal(isPresenceChange(away, untold), false);
    assert.equal(isPresenceChange({ ...away, profile: null, profileName: null }, away), false);
  });
});
