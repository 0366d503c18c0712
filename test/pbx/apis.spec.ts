import assert from 'node:assert/strict';
import { lackOf, lacksOf, operationNames } from '../../lib/pbx';

describe('The gaps of a way to the PBX', () => {
  it('is nothing of the HTTP API', () => {
    for (const name of operationNames) assert.equal(lackOf('http', name, { queue: '8000' }), null, name);
    assert.deepEqual(lacksOf('http').events, []);
  });

  it('is recording, joining calls and stopping the API of 3CX V20, and says what to do instead', () => {
    const lacking = operationNames.filter((name) => lackOf('v20', name, {}) !== null);
    assert.deepEqual(lacking.sort(), ['atttrans', 'record', 'stop']);
    assert.match(lackOf('v20', 'record', {}) ?? '', /recording.*Let the PBX record all calls/);
    assert.match(lackOf('v20', 'atttrans', {}) ?? '', /joined.*Use transfer/);
    assert.match(lackOf('v20', 'stop', {}) ?? '', /reached directly/);
  });

  it('is a login to a single queue of 3CX V20, and no login to all of them', () => {
    assert.match(
      lackOf('v20', 'login', { extension: '10', queue: '8000' }) ?? '',
      /single queue.*Leave the queue empty/,
    );
    for (const queue of [undefined, null, '']) {
      assert.equal(lackOf('v20', 'login', { extension: '10', action: 'login_all', queue }), null);
    }
    assert.equal(lackOf('v20', 'makecall', { queue: '8000' }), null);
  });

  it('is, of the events of 3CX V20, recording for certain, and being on hold perhaps', () => {
    const { events, unsureEvents } = lacksOf('v20');
    assert.deepEqual([events, unsureEvents], [['recording'], ['held', 'resumed']]);
  });
});
