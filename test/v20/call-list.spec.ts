import assert from 'node:assert/strict';
import type { Moment } from '../../lib/pbx';
import { CallList } from '../../lib/v20/call-list';
import { keyOf, type Participant, participantOf } from '../../lib/v20/participants';

function ringing(callId: number): Participant {
  const participant = participantOf({ id: callId, dn: '10', status: 'Ringing', callid: callId });
  assert.ok(participant !== null);
  return participant;
}

function at(time: number): Moment {
  return { wall: time, steady: time };
}

describe('The list of calls over 3CX V20', () => {
  let list: CallList;
  /** The times that are remembered, one for each call. */
  const remembered = (): number => (list as unknown as { lastAt: ReadonlyMap<string, Moment> }).lastAt.size;
  beforeEach(() => {
    list = new CallList(
      () => '',
      () => undefined,
    );
    list.upsert(ringing(1), at(0));
    list.removeAll([[keyOf('10', '1'), at(1_000)]]);
    assert.equal(remembered(), 1);
  });

  it('forgets a call that was asked about and is over', () => {
    assert.deepEqual(
      list.expire(at(3_000), () => false),
      ['1'],
    );
    list.resolve('1', 'over', at(3_100));
    assert.equal(remembered(), 0);
  });

  it('forgets a call that ended before an outage', () => {
    list.take([], at(60_000), at(60_000), () => false, true);
    assert.equal(remembered(), 0);
  });
});
