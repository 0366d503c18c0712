import assert from 'node:assert/strict';
import { countCalls } from '../../lib/calls';
import { groupIntoCalls } from '../../lib/calls/grouping';
import { roleOf } from '../../lib/http-api';
import type { Leg } from '../../lib/pbx';
import { listOf, numbering } from '../../support/calls';

function legsOf(text: string): Leg[] {
  return listOf(text).map((one) => ({ ...one, role: roleOf(one.extension, numbering), callId: null }));
}

/**
 * The calls of a list, by the ids of their legs: `1 2 | 3`.
 *
 * @param known the calls before, in the same way
 */
function calls(text: string, { known = '', queues = '' } = {}): string {
  const callOf = new Map(known.split(' | ').flatMap((ids, call) => ids.split(' ').map((id) => [id, call])));
  const isQueue = (dn: string): boolean => queues.split(' ').includes(dn);
  return inWords(groupIntoCalls(legsOf(text), { isQueue, knownCall: ({ id }) => callOf.get(id) }));
}

function inWords(groups: Leg[][]): string {
  return groups.map((legs) => legs.map(({ id }) => id).join(' ')).join(' | ');
}

describe('The calls of a list', () => {
  const caller = '1 10000 connected +491';

  it('number zero if there is no leg', () => {
    assert.equal(calls(''), '');
    assert.equal(countCalls([]), 0);
  });

  it('are counted; a caller, the queue and the ringing agent are one call', () => {
    assert.equal(countCalls(legsOf(`${caller}; 2 10 ringing +491; 3 11 dialing 12; 4 12 ringing 11`)), 2);
    // In a queue the caller keeps the number it dialled.
    assert.equal(countCalls(legsOf('1 11 connected 8000; 2 8000 connected 11; 3 10 ringing 11 q8000')), 1);
  });

  it('are those that the PBX reports, whatever the order of the legs', () => {
    const legs = legsOf('1 10 connected 11; 2 12 connected 13; 3 11 connected 10; 4 13 connected 12; 5 14 dialing 15');
    const grouped = legs.map((leg, index) => (index < 4 ? { ...leg, group: index % 2 === 0 ? 'a' : 'b' } : leg));
    const options = { isQueue: () => false, knownCall: () => undefined };
    assert.equal(inWords(groupIntoCalls(grouped, options)), '1 3 | 2 4 | 5');
    assert.equal(inWords(groupIntoCalls(grouped, { ...options, knownCall: ({ id }) => id })), '1 3 | 2 4 | 5');
  });

  describe('that have CCIDs', () => {
    it('begin at a leg whose CCID is not above the previous one', () => {
      assert.equal(
        calls('1 10 connected 11 c1; 2 12 ringing 13 c2; 3 14 ringing 15 c2; 4 16 ringing 17 c1'),
        '1 2 | 3 | 4',
      );
      assert.equal(calls('1 10 connected 11 c9; 2 12 ringing 13 c10'), '1 2', 'as numbers');
    });

    it('continue by number at a leg without a CCID', () => {
      assert.equal(calls(`${caller} c1; 2 10 ringing +491; 3 11 ringing +492`), '1 2 | 3');
    });

    it('do not continue beyond an outside line that stands alone', () => {
      assert.equal(calls(`${caller} c1; 5 10001 dialing +492 c1; 6 11 ringing +491 c1`), '1 | 5 | 6');
      assert.equal(calls(`${caller}; 5 10001 dialing +492; 6 11 ringing +491 c1`), '1 | 5 | 6', 'one of them only');
    });
  });

  describe('that were there before', () => {
    it('stay apart even if they share a number, and together even if they do not', () => {
      const list = '1 10 connected +491; 2 11 connected +491; 3 12 connected +492';
      assert.equal(calls(list), '1 2 | 3');
      assert.equal(calls(list, { known: '1 | 2 3' }), '1 | 2 3');
      assert.equal(calls(list, { known: '1 2 3' }), '1 2 3');
    });

    it('take in new legs that stand beside them', () => {
      assert.equal(calls(`${caller}; 2 10 connected +491; 3 11 ringing +491`, { known: '1 2' }), '1 2 3');
      assert.equal(calls(`${caller}; 3 11 ringing +491; 2 10 connected +491`, { known: '1 2' }), '1 3 2');
    });
  });

  describe('of an outside number', () => {
    it('are one call if all legs have the number, even if it is withheld', () => {
      assert.equal(calls(`${caller}; 2 10 ringing +491; 3 11 ringing +491`), '1 2 3');
      assert.equal(calls('1 10000 connected ; 2 10 ringing ; 3 11 ringing '), '1 2 3');
    });

    it('are two calls on two lines, with one number or with two', () => {
      assert.equal(calls(`${caller}; 2 10 ringing +491; 3 10001 connected +491; 4 11 ringing +491`), '1 2 | 3 4');
      assert.equal(calls(`${caller}; 2 10 ringing +491; 3 10001 connected +492; 4 11 ringing +492`), '1 2 | 3 4');
    });

    it('take in a second line for the number that one of their legs has by now', () => {
      const list = '1 10000 connected +491; 2 10 connected +492; 3 10001 connected +492';
      assert.equal(calls(list, { known: '1 2' }), '1 2 3');
    });

    it('begin at the leg that dials the number', () => {
      assert.equal(
        calls('1 10 dialing +491; 2 10000 dialing +491; 3 11 dialing +491; 4 10001 dialing +491'),
        '1 2 | 3 4',
      );
    });

    it('continue beyond a line that stands alone, to which the call may be forwarded', () => {
      assert.equal(calls(`${caller}; 5 10001 dialing +492; 6 11 ringing +491`), '1 6 | 5');
      assert.equal(calls(`${caller}; 5 10001 dialing +492; 6 10002 dialing +493; 7 11 ringing +491`), '1 7 | 5 | 6');
    });

    it('do not continue beyond anything else', () => {
      assert.equal(calls(`${caller}; 5 12 dialing +492; 6 11 ringing +491`), '1 | 5 | 6', 'an extension');
      assert.equal(
        calls(`${caller}; 4 12 connected +492; 5 10001 connected +492; 6 11 ringing +491`),
        '1 | 4 5 | 6',
        'a call',
      );
      assert.equal(
        calls(`${caller}; 5 10001 connected +492; 4 12 connected +492; 6 11 ringing +491`),
        '1 | 5 4 | 6',
        'a call that begins with a line',
      );
      assert.equal(
        calls('1 10 connected +491; 5 10001 dialing +492; 6 10000 connected +491'),
        '1 | 5 | 6',
        'for a line',
      );
    });
  });

  describe('between extensions', () => {
    it('join two legs that have each other’s number', () => {
      assert.equal(calls('1 10 connected 11; 2 11 connected 10; 3 12 connected 13; 4 13 connected 12'), '1 2 | 3 4');
      assert.equal(calls('1 10 dialing 11; 2 11 ringing 10'), '1 2');
    });

    it('do not join a leg to an extension that has somebody else’s number', () => {
      assert.equal(calls('1 10 connected 12; 2 11 connected 10'), '1 | 2');
      assert.equal(calls('1 10 connected 11; 2 12 connected 11; 3 11 connected 10'), '1 | 2 | 3');
    });

    it('join a dialling extension and the extension that is already connected to it', () => {
      assert.equal(calls('1 10 dialing 800; 2 11 connected 10'), '1 2');
    });

    it('join the caller and the extension that rings, whatever number the caller has by now', () => {
      assert.equal(calls('1 10 connected 12; 2 11 ringing 10'), '1 2');
    });

    it('join a queue and its caller, who has the queue’s number', () => {
      assert.equal(calls('1 10 connected 8000; 2 11 connected 10 q8000'), '1 2');
      assert.equal(calls('1 10 connected 8001; 2 11 connected 10 q8000'), '1 | 2');
      assert.equal(calls('1 10 connected 12; 2 8000 connected 10', { queues: '8000' }), '1 2');
      assert.equal(calls('1 10 connected 12; 2 8000 connected 10'), '1 | 2');
    });

    it('join an agent and the queue that rings it if the caller’s own leg is elsewhere', () => {
      assert.equal(calls('3 8000 connected 10; 4 13 ringing 10 q8000; 1 10 connected 14'), '3 4 | 1');
      assert.equal(calls('3 12 ringing 10 q8000; 4 13 connected 10 q8000; 1 10 connected 14'), '3 | 4 | 1');
      assert.equal(calls('3 12 connected 10 q8000; 4 13 ringing 10 q8000; 1 10 connected 14'), '3 | 4 | 1');
      assert.equal(calls('3 12 ringing 10 q8000; 4 13 ringing 11 q8000'), '3 | 4');
    });

    it('join all legs that ring for one caller whose own leg is in another call', () => {
      const ringing = (second: string): string => `1 10 connected +491; 2 11 ringing 10${second}`;
      const options = { known: '1' };
      assert.equal(calls(`3 12 ringing 10 q8000; 4 13 ringing 10 q8000; 1 10 connected 10`), '3 4 | 1');
      assert.equal(calls(`3 12 ringing 10 q8000; 4 13 ringing 10 q8001; 1 10 connected 10`), '3 | 4 | 1');
      assert.equal(calls(`3 12 ringing 10; 4 12 ringing 10; 1 10 connected 10`), '3 4 | 1');
      assert.equal(calls(`3 12 ringing 10; 4 13 ringing 10; 1 10 connected 10`), '3 | 4 | 1');
      assert.equal(calls(ringing('; 3 12 ringing 11'), options), '1 2 3');
    });
  });

  it('are two if two legs are parked at one code, but one if the code is dialled', () => {
    assert.equal(calls('1 10 held *00; 2 11 held *00'), '1 | 2');
    assert.equal(calls('1 10 dialing *99; 2 10000 dialing *99'), '1 2');
    assert.equal(calls('2 10000 dialing *99; 1 10 connected *99'), '2 1');
  });
});
