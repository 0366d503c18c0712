import assert from 'node:assert/strict';
import { at, callOccurrences, eventsOf, listOf, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;
const rings = `${line}; 2 10 ringing ${caller}`;
const talks = `${line}; 2 10 connected ${caller}`;

describe('A part in a call', () => {
  describe('has the name of the other party, as the PBX tells it,', () => {
    const namesOf = (...snapshots: string[]): (string | null)[] => play(...snapshots).map(({ name }) => name);

    it('which stays while the number is the same', () => {
      const [rings, talks] = ['ringing', 'connected'].map((status) => `1 10000 connected 5; 2 10 ${status} 5`);
      assert.deepEqual(namesOf(`${rings} ~Anna`, `${talks} ~Anna`, ''), ['Anna', 'Anna', 'Anna']);
      assert.deepEqual(namesOf(`${rings} ~Anna`, `${talks}`, ''), ['Anna', 'Anna', 'Anna']);
      assert.deepEqual(namesOf(`${rings}`, `${talks} ~Anna`, ''), [null, 'Anna', 'Anna']);
    });

    it('and goes with the number', () => {
      assert.deepEqual(namesOf('2 10 ringing 11 ~Ben', '2 10 connected 12', '2 10 held 12 ~Cem'), ['Ben', null, 'Cem']);
      assert.deepEqual(namesOf('2 10 ringing 11 ~Ben', '2 10 connected *10 ~Park'), ['Ben', 'Ben']);
    });

    it('and is of somebody who withholds the number, too', () => {
      assert.deepEqual(namesOf(`1 10000 connected ; 2 10 ringing  ~Anonymous`), ['Anonymous']);
    });
  });

  describe('of several phones', () => {
    const both = `${line}; 2 10 ringing ${caller}; 3 10 ringing ${caller}`;

    it('goes on at the phone that it was at, though another one does the same', () => {
      const events = play(`${line}; 3 10 ringing ${caller}`, both, both, '');
      assert.deepEqual([events.at(-1)?.event, events.at(-1)?.connection], ['missed', '3']);
    });

    it('goes on at the phone that is left', () => {
      const events = play(both, `${line}; 3 10 ringing ${caller}`, '');
      assert.deepEqual([events[1]?.event, events[1]?.connection], ['ended', '3']);
    });

    it('goes on at the phone that is left, though nothing of that one has changed', () => {
      const tracker = watching();
      const [trunk, second, third] = listOf(both);
      assert.ok(trunk && second && third);
      tracker.take([trunk, second, third], at(start + 1000));
      tracker.take([trunk, third], at(start + 2000));
      assert.equal(tracker.calls()[0]?.connection, '3');
    });

    it('is answered at one of them, though nothing of the other one has changed', () => {
      const tracker = watching();
      const [trunk, second, third] = listOf(both);
      const [, answered] = listOf(talks);
      assert.ok(trunk && second && third && answered);
      tracker.take([trunk, second, third], at(start + 1000));
      const events = eventsOf(tracker.take([trunk, answered, third], at(start + 2000)));
      assert.deepEqual(words(events), ['answered 10']);
    });

    it('goes on dialling, though another one rings', () => {
      const dials = '1 10 dialing +491; 2 10000 dialing +491';
      assert.deepEqual(words(play(dials, `${dials}; 3 10 ringing +491`)), ['dialing 10']);
    });

    it('goes on though the phone that talked has gone, and others ring, one of them for the first time', () => {
      const talksAndRings = `${talks}; 3 10 ringing ${caller}`;
      const ringOn = `${line}; 3 10 ringing ${caller}; 4 10 ringing ${caller}`;
      assert.deepEqual(words(play(both, talksAndRings, ringOn)), ['ringing 10', 'answered 10']);
    });

    it('goes on ringing at another phone, though one dials', () => {
      const events = play(
        `${line} c1; 3 10 ringing ${caller} c2`,
        `${line} c1; 5 10 dialing ${caller} c2; 6 10 ringing ${caller} c3`,
      );
      assert.deepEqual(words(events), ['ringing 10']);
    });

    it('is over when the phone that talked has gone, and the one that rang dials', () => {
      const events = play(
        `${line} c1; 2 10 connected ${caller} c2; 3 10 ringing ${caller} c3`,
        `${line} c1; 3 10 dialing ${caller} c3`,
      );
      assert.deepEqual(words(events), ['answered 10', 'ended 10 answered', 'dialing 10']);
    });

    it('begins as the phone does that has the call, whichever comes first', () => {
      const events = play(`${line}; 2 10 ringing ${caller}; 3 10 connected ${caller} q8000 on`);
      const [answered] = events;
      assert.deepEqual(words(events), ['answered 10']);
      assert.deepEqual(
        [answered?.connection, answered?.number, answered?.queue?.number, answered?.recording],
        ['3', caller, '8000', 'on'],
      );
    });
  });

  it('keeps its number and its queue when the PBX tells them no more', () => {
    const [, answered] = play(`${rings} q8000`, `${line}; 2 10 connected`);
    assert.deepEqual([answered?.event, answered?.number, answered?.queue?.number], ['answered', caller, '8000']);
  });

  it('goes on when the PBX tells its status no more', () => {
    const unknown = `${line}; 2 10 undefined ${caller}`;
    assert.deepEqual(words(play(talks, unknown, talks)), ['answered 10']);
    assert.deepEqual(words(play(rings, unknown, talks)), ['ringing 10', 'answered 10']);
    assert.deepEqual(words(play(rings, unknown, '')), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
  });

  it('says nothing while the PBX has not told its status: it begins and ends unseen', () => {
    const unknown = '1 10 undefined +491';
    assert.deepEqual(play(unknown, `${unknown} on`, ''), []);
    const tracker = watching();
    tracker.take(listOf(unknown), at(start + 1000));
    assert.deepEqual([tracker.calls(), tracker.current()], [[], []]);
    const [ringing] = play(unknown, `${unknown}; 2 10000 connected +492; 3 10 ringing +492`);
    assert.deepEqual([ringing?.event, ringing?.activeCalls], ['ringing', 1]);
  });

  it('is on hold once, whoever put it there', () => {
    const held = (status: string): string => `${line}; 2 10 ${status} ${caller}`;
    assert.deepEqual(words(play(talks, held('hold'), held('held'), held('hold'))), ['answered 10', 'held 10']);
  });

  it('that rings is inbound, wherever it stands and whoever else is there', () => {
    for (const list of [`2 10 ringing ${caller}; ${line}`, `2 10 ringing ${caller}`, rings]) {
      assert.equal(play(list)[0]?.direction, 'inbound');
    }
  });

  it('that dials is outbound, also alone', () => {
    const [dialing] = play('1 10 dialing 11');
    assert.deepEqual([dialing?.direction, dialing?.extensionState], ['outbound', 'dialing']);
  });

  it('has rung until it was answered', () => {
    const tracker = watching();
    for (const [index, list] of [rings, talks, talks].entries()) tracker.take(listOf(list), at(start + index * 1000));
    const [occurrence] = tracker.current();
    assert.deepEqual([occurrence?.event.event, occurrence?.ringMs], ['answered', 1000]);
    const ringing = watching();
    for (const second of [1, 3]) ringing.take(listOf(rings), at(start + second * 1000));
    assert.equal(ringing.current()[0]?.ringMs, 2000);
  });

  it('has a number of its own, whichever call it is in', () => {
    const tracker = watching();
    const list = listOf(`${rings}; 3 10001 connected +492; 4 10 ringing +492; 5 11 ringing +492`);
    const occurrences = callOccurrences(tracker.take(list, at(start + 1000)));
    assert.equal(new Set(occurrences.map(({ party }) => party)).size, 3);
  });
});
