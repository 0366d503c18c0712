import assert from 'node:assert/strict';
import { at, callOccurrences, eventsOf, listOf, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;
const rings = `${line}; 2 10 ringing ${caller}`;
const talks = `${line}; 2 10 connected ${caller}`;

describe('A part in a call', () => {
  describe('whose other party has a name', () => {
    const namesOf = (...snapshots: string[]): (string | null)[] => play(...snapshots).map(({ name }) => name);

    it('keeps the name while the number stays the same', () => {
      const [rings, talks] = ['ringing', 'connected'].map((status) => `1 10000 connected 5; 2 10 ${status} 5`);
      assert.deepEqual(namesOf(`${rings} ~Anna`, `${talks} ~Anna`, ''), ['Anna', 'Anna', 'Anna']);
      assert.deepEqual(namesOf(`${rings} ~Anna`, `${talks}`, ''), ['Anna', 'Anna', 'Anna']);
      assert.deepEqual(namesOf(`${rings}`, `${talks} ~Anna`, ''), [null, 'Anna', 'Anna']);
    });

    it('gets a new name, or none, with a new number', () => {
      assert.deepEqual(namesOf('2 10 ringing 11 ~Ben', '2 10 connected 12', '2 10 held 12 ~Cem'), ['Ben', null, 'Cem']);
      assert.deepEqual(namesOf('2 10 ringing 11 ~Ben', '2 10 connected *10 ~Park'), ['Ben', 'Ben']);
    });

    it('has the name even if the number is withheld', () => {
      assert.deepEqual(namesOf(`1 10000 connected ; 2 10 ringing  ~Anonymous`), ['Anonymous']);
    });
  });

  describe('on several phones', () => {
    const both = `${line}; 2 10 ringing ${caller}; 3 10 ringing ${caller}`;

    it('stays at its phone even if another phone does the same', () => {
      const events = play(`${line}; 3 10 ringing ${caller}`, both, both, '');
      assert.deepEqual([events.at(-1)?.event, events.at(-1)?.connection], ['missed', '3']);
    });

    it('goes on at the remaining phone', () => {
      const events = play(both, `${line}; 3 10 ringing ${caller}`, '');
      assert.deepEqual([events[1]?.event, events[1]?.connection], ['ended', '3']);
    });

    it('goes on at the remaining phone even if nothing has changed there', () => {
      const tracker = watching();
      const [trunk, second, third] = listOf(both);
      assert.ok(trunk && second && third);
      tracker.take([trunk, second, third], at(start + 1000));
      tracker.take([trunk, third], at(start + 2000));
      assert.equal(tracker.calls()[0]?.connection, '3');
    });

    it('is answered at one phone even if nothing has changed at the other', () => {
      const tracker = watching();
      const [trunk, second, third] = listOf(both);
      const [, answered] = listOf(talks);
      assert.ok(trunk && second && third && answered);
      tracker.take([trunk, second, third], at(start + 1000));
      const events = eventsOf(tracker.take([trunk, answered, third], at(start + 2000)));
      assert.deepEqual(words(events), ['answered 10']);
    });

    it('is answered at one phone even if nothing has changed at the other and new legs come', () => {
      const tracker = watching();
      const [trunk, second, third] = listOf(both);
      const [, answered] = listOf(talks);
      assert.ok(trunk && second && third && answered);
      tracker.take([trunk, second, third], at(start + 1000));
      const list = [trunk, answered, third, ...listOf('4 12 dialing 13')];
      assert.deepEqual(words(eventsOf(tracker.take(list, at(start + 2000)))), ['answered 10', 'dialing 12']);
    });

    it('goes on at the first of the remaining phones', () => {
      const left = `3 10 ringing ${caller}; 4 10 ringing ${caller}`;
      const events = play(`${line}; 2 10 ringing ${caller}; ${left}`, `${line}; ${left}`, '');
      assert.deepEqual([events[1]?.event, events[1]?.connection], ['ended', '3']);
    });

    it('goes on dialling even if another phone rings', () => {
      const dials = '1 10 dialing +491; 2 10000 dialing +491';
      assert.deepEqual(words(play(dials, `${dials}; 3 10 ringing +491`)), ['dialing 10']);
    });

    it('goes on when the phone that talked is gone and others ring, one of them for the first time', () => {
      const talksAndRings = `${talks}; 3 10 ringing ${caller}`;
      const ringOn = `${line}; 3 10 ringing ${caller}; 4 10 ringing ${caller}`;
      assert.deepEqual(words(play(both, talksAndRings, ringOn)), ['ringing 10', 'answered 10']);
    });

    it('goes on ringing at another phone even if one phone dials', () => {
      const events = play(
        `${line} c1; 3 10 ringing ${caller} c2`,
        `${line} c1; 5 10 dialing ${caller} c2; 6 10 ringing ${caller} c3`,
      );
      assert.deepEqual(words(events), ['ringing 10']);
    });

    it('is over when the phone that talked is gone and the phone that rang dials', () => {
      const events = play(
        `${line} c1; 2 10 connected ${caller} c2; 3 10 ringing ${caller} c3`,
        `${line} c1; 3 10 dialing ${caller} c3`,
      );
      assert.deepEqual(words(events), ['answered 10', 'ended 10 answered', 'dialing 10']);
    });

    it('begins with the state of the phone that has the call, whichever phone is listed first', () => {
      const events = play(`${line}; 2 10 ringing ${caller}; 3 10 connected ${caller} q8000 on`);
      const [answered] = events;
      assert.deepEqual(words(events), ['answered 10']);
      assert.deepEqual(
        [answered?.connection, answered?.number, answered?.queue?.number, answered?.recording],
        ['3', caller, '8000', 'on'],
      );
    });
  });

  describe('that rang and stays listed for a while after it is gone', () => {
    /** When the first event that it is over says that it was, and for how long it had rung: in ms, from the start on. */
    const overAt = (...snapshots: string[]): number[] => {
      const over = play(...snapshots).find(({ endedAt }) => endedAt !== null);
      assert.ok(over?.endedAt);
      return [Date.parse(over.endedAt) - start, (over.ringSeconds ?? NaN) * 1000];
    };
    const phones = (...legs: string[]): string => [`${line} ga`, ...legs].join('; ');
    const [first, second] = [`2 10 ringing ${caller} ga`, `3 10 ringing ${caller} ga`] as const;

    it('ends when it is gone, not when it leaves the list', () => {
      assert.deepEqual(overAt(phones(first), phones(`${first} -1500`), phones()), [1500, 500]);
      assert.deepEqual(overAt(phones(first), phones(first), phones()), [3000, 2000]);
    });

    it('ends when the last of its phones is gone', () => {
      for (const [one, other] of [
        [1400, 1700],
        [1700, 1400],
      ]) {
        const gone = phones(`${first} -${one}`, `${second} -${other}`);
        assert.deepEqual(overAt(phones(first, second), gone, phones()), [1700, 700]);
      }
      const stillRings = phones(`${first} -1400`, second);
      assert.deepEqual(overAt(phones(first, second), stillRings, phones()), [3000, 2000]);
    });

    it('counts as ringing until it is gone, for nodes that ask for a minimum ring time', () => {
      const tracker = watching();
      for (const [index, list] of [phones(first), phones(`${first} -1500`), phones(`${first} -1500`)].entries()) {
        tracker.take(listOf(list), at(start + (index + 1) * 1000));
      }
      assert.equal(tracker.current()[0]?.ringMs, 500);
    });

    it('ends as answered elsewhere if somebody who is not listed took the call', () => {
      const taken = phones(`${first} -1500 taken`);
      assert.deepEqual(words(play(phones(first), taken, phones())), [
        'ringing 10',
        'ring-stopped 10 answered-elsewhere',
      ]);
      assert.deepEqual(words(play(phones(first), taken, '')), ['ringing 10', 'ended 10 answered-elsewhere']);
      const gone = phones(`${first} -1500`);
      assert.deepEqual(words(play(phones(first), gone, phones())), ['ringing 10', 'ring-stopped 10 missed']);
      assert.deepEqual(words(play(phones(first), gone, '')), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
    });

    it('ends as answered elsewhere, but an extension that rings after that misses the call', () => {
      const events = play(phones(first), phones(`${first} -1500 taken`), phones(`4 11 ringing ${caller} ga`), '');
      assert.deepEqual(words(events).slice(1), ['ring-stopped 10 answered-elsewhere', 'ringing 11', 'ended 11 missed']);
    });

    it('ends as answered elsewhere, but as missed if it rings only when somebody unseen has taken the call', () => {
      const eleven = `4 11 ringing ${caller} ga`;
      const events = play(phones(first), phones(`${first} -1500 taken`, eleven), phones());
      assert.deepEqual(words(events).slice(-2), ['ring-stopped 10 answered-elsewhere', 'ring-stopped 11 missed']);
    });

    it('is not missed if somebody unseen took its call before that call was joined with another', () => {
      const call = (id: number, group: string, gone: string): string =>
        `${id} 10000 connected +49${id} g${group}; ${id + 1} 1${id} ringing +49${id} g${group}${gone}`;
      const lists = (older: string, newer: string): string[] => [
        `${call(1, 'a', '')}; ${call(5, 'b', '')}`,
        `${call(1, 'a', older)}; ${call(5, 'b', newer)}`,
        '1 10000 connected +491 ga; 5 10000 connected +495 ga',
        '',
      ];
      const missed = (older: string, newer: string): string[] =>
        words(play(...lists(older, newer))).filter((text) => text.startsWith('missed'));
      assert.deepEqual(missed('', ''), ['missed 11 missed']);
      assert.deepEqual(missed(' -1500 taken', ''), []);
      assert.deepEqual(missed('', ' -1500 taken'), []);
    });
  });

  it('keeps its number and its queue when the PBX no longer reports them', () => {
    const [, answered] = play(`${rings} q8000`, `${line}; 2 10 connected`);
    assert.deepEqual([answered?.event, answered?.number, answered?.queue?.number], ['answered', caller, '8000']);
  });

  it('goes on when the PBX no longer reports its status', () => {
    const unknown = `${line}; 2 10 undefined ${caller}`;
    assert.deepEqual(words(play(talks, unknown, talks)), ['answered 10']);
    assert.deepEqual(words(play(rings, unknown, talks)), ['ringing 10', 'answered 10']);
    assert.deepEqual(words(play(rings, unknown, '')), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
  });

  it('causes no events until the PBX reports its status, so it can begin and end unseen', () => {
    const unknown = '1 10 undefined +491';
    assert.deepEqual(play(unknown, `${unknown} on`, ''), []);
    const tracker = watching();
    tracker.take(listOf(unknown), at(start + 1000));
    assert.deepEqual([tracker.calls(), tracker.current()], [[], []]);
    const [ringing] = play(unknown, `${unknown}; 2 10000 connected +492; 3 10 ringing +492`);
    assert.deepEqual([ringing?.event, ringing?.activeCalls], ['ringing', 1]);
  });

  it('is reported as held once, whichever side put it on hold', () => {
    const held = (status: string): string => `${line}; 2 10 ${status} ${caller}`;
    assert.deepEqual(words(play(talks, held('hold'), held('held'), held('hold'))), ['answered 10', 'held 10']);
  });

  it('is inbound if it rings, wherever it is in the list and whoever else is there', () => {
    for (const list of [`2 10 ringing ${caller}; ${line}`, `2 10 ringing ${caller}`, rings]) {
      assert.equal(play(list)[0]?.direction, 'inbound');
    }
  });

  it('is outbound if it dials, even alone', () => {
    const [dialing] = play('1 10 dialing 11');
    assert.deepEqual([dialing?.direction, dialing?.extensionState], ['outbound', 'dialing']);
  });

  it('has a ring time that ends when it is answered', () => {
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
    assert.ok(occurrences.every(({ party }) => party > 0 && party <= tracker.newestParty));
    const before = tracker.newestParty;
    const [later] = callOccurrences(tracker.take([...list, ...listOf('6 12 ringing +492')], at(start + 2000)));
    assert.ok(later && later.party > before && later.party === tracker.newestParty);
  });
});
