import assert from 'node:assert/strict';
import { ownError, ThreeCxError } from '../../lib/pbx';

describe('An error of a PBX', () => {
  it('says why to programs and to people', () => {
    const error = new ThreeCxError('busy', 'Too many requests wait');
    assert.deepEqual([error.name, error.code, error.message], ['ThreeCxError', 'busy', 'Too many requests wait']);
    assert.equal(error.systemCode, undefined);
  });

  it('has the code of the system where there is one', () => {
    assert.equal(new ThreeCxError('unreachable', 'No connection', 'ECONNREFUSED').systemCode, 'ECONNREFUSED');
  });

  it('differs from a fault of this package, which is thrown on', () => {
    const own = new ThreeCxError('closed', 'Closed');
    assert.equal(ownError(own), own);
    for (const fault of [new TypeError('x'), 'x', undefined]) {
      assert.throws(
        () => ownError(fault),
        (thrown) => thrown === fault,
      );
    }
  });
});
