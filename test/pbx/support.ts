import assert from 'node:assert/strict';
import { ThreeCxError } from '../../lib/pbx';

/** @returns what the error says with which something is refused; null when it is not */
export function refusal(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    assert.ok(error instanceof ThreeCxError);
    assert.equal(error.code, 'invalid-argument');
    return error.message;
  }
}
