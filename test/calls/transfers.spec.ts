import assert from 'node:assert/strict';
import type { CallEvent } from '../../lib/calls';
import { at, callsOf, eventsOf, listOf, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;
const tenTalks = `${line}; 2 10 connected ${caller}`;

const isTransferred = ({ event }: CallEvent): boolean => event === 'transferred';

describe('Transfers', () => {
  describe('between two calls', () => {
    const first = '1 10 connected 11; 2 11 connected 10';

    it('belong to the call with the outside line, even if it is the newer one', () => {
      const events = play(
        first,
        `${first}; 3 10 connected +491; 4 10000 connected +491`,
        '2 11 connected 10; 4 10000 connected +491',
        '',
      );
      assert.deepEqual(words(events).slice(3), [
        'ended 10 answered',
        'transferred 10 transferred to 11',
        'ended 10 transferred to 11',
        'ended 11 answered',
      ]);
      assert.deepEqual(callsOf(events), [1, 1, 2, 1, 1, 1, 1], 'the older id stays');
    });

    it('belong to the call with the outside line, even if extensions are in it too', () => {
      const events = play(
        first,
        `${first}; 3 10 connected +491; 4 10000 connected +491; 5 12 connected +491`,
        '2 11 connected +491; 4 10000 connected +491; 5 12 connected +491',
      );
      assert.deepEqual(words(events).slice(4), [
        'ended 10 answered',
        'transferred 10 transferred to 11',
        'ended 10 transferred to 11',
      ]);
    });

    it('belong to the older call if both have an outside line, or neither has one', () => {
      const other = '3 10001 connected +492; 4 10 connected +492';
      assert.deepEqual(words(play(tenTalks, `${tenTalks}; ${other}`, `${line}; 3 10001 connected +492`)).slice(2), [
        'transferred 10 transferred to +492',
        'ended 10 transferred to +492',
        'ended 10 answered',
      ]);
      const inside = '3 10 connected 12; 4 12 connected 10';
      assert.deepEqual(words(play(first, `${first}; ${inside}`, '2 11 connected 12; 4 12 connected 11')).slice(4), [
        'transferred 10 transferred to 12',
        'ended 10 transferred to 12',
        'ended 10 answered',
      ]);
    });

    it('belong to the answered call if the other one was still being dialled', () => {
      assert.deepEqual(
        words(
          play(first, `${first}; 3 10 dialing +491; 4 10000 dialing +491`, '2 11 connected 10; 4 10000 dialing +491'),
        ).slice(3),
        ['transferred 10 transferred to +491', 'ended 10 transferred to +491', 'ended 10 not-reached'],
      );
      const dialled = '1 10 dialing +491; 2 10000 dialing +491';
      const consulted = '3 10 connected 11; 4 11 connected 10';
      assert.deepEqual(
        words(play(dialled, `${dialled}; ${consulted}`, '2 10000 dialing +491; 4 11 connected 10')).slice(3),
        ['ended 10 not-reached', 'transferred 10 transferred to +491', 'ended 10 transferred to +491'],
      );
    });

    it('name the extension rather than the line, and nobody who is new', () => {
      const other = '3 10 connected +492; 4 10001 connected +492; 5 12 connected +492';
      const events = play(tenTalks, `${tenTalks}; ${other}`, `${line}; 4 10001 connected +492; 5 12 connected +492`);
      assert.equal(events.find(isTransferred)?.transferredTo, '12');
      const joined = `${line}; 4 10001 connected +492; 6 13 ringing +492`;
      const next = play(tenTalks, `${tenTalks}; 3 10 connected +492; 4 10001 connected +492`, joined);
      assert.equal(next.find(isTransferred)?.transferredTo, '+492');
    });

    it('are not reported if the extension only rang in both', () => {
      const rung = (id: number, trunk: string, number: string, other: string): string =>
        `${id} ${trunk} connected ${number}; ${id + 1} 10 ringing ${number}; ${id + 2} ${other} ringing ${number}`;
      const without = (text: string): string => text.replaceAll(/\d+ 10 ringing \S+; /g, '');
      const both = `${rung(1, '10000', '+491', '11')}; ${rung(4, '10001', '+492', '12')}`;
      const events = play(both, without(both), '');
      assert.deepEqual(words(events).slice(4), [
        'ring-stopped 10 missed',
        'ring-stopped 10 missed',
        'ended 11 missed',
        'ended 12 missed',
        'missed 10 missed',
        'missed 10 missed',
      ]);
      assert.deepEqual(callsOf(events).slice(4), [1, 2, 1, 2, 1, 2]);
    });

    it('are not reported if an outside line has left both', () => {
      const events = play(
        `${tenTalks}; 3 10000 connected +492; 4 11 connected +492`,
        `2 10 connected ${caller}; 4 11 connected +492`,
        '',
      );
      assert.deepEqual(words(events).slice(2), ['ended 10 answered', 'ended 11 answered']);
      assert.deepEqual(callsOf(events), [1, 2, 1, 2]);
    });

    it('are not reported if two extensions have left one call each', () => {
      const events = play(
        `${tenTalks}; 3 10001 connected +492; 4 11 connected +492`,
        `${line}; 3 10001 connected +492`,
        `${line}; 5 12 ringing ${caller}; 3 10001 connected +492; 6 13 ringing +492`,
      );
      assert.deepEqual(words(events).slice(2), ['ended 10 answered', 'ended 11 answered', 'ringing 12', 'ringing 13']);
      assert.deepEqual(callsOf(events), [1, 2, 1, 2, 1, 2]);
    });

    it('are not reported if one of the two is over', () => {
      const other = '3 10001 connected +492; 4 10 connected +492';
      assert.deepEqual(words(play(tenTalks, `${tenTalks}; ${other}`, line, '')).slice(2), [
        'ended 10 answered',
        'ended 10 answered',
      ]);
    });

    it('are two if both legs, or one of several phones in each call, have moved to somebody else', () => {
      const both = (first: string, second: string): string =>
        `${line}; 2 ${first}; 4 10001 connected +492; 5 ${second}`;
      const talk = [`10 connected ${caller}`, '10 connected +492'] as const;
      const moved = both(`12 ringing ${caller}`, '13 ringing +492');
      for (const snapshots of [
        [tenTalks, both(...talk), moved],
        [both(`${talk[0]}; 3 10 ringing ${caller}`, `${talk[1]}; 6 10 ringing +492`), moved],
      ]) {
        const events = play(...snapshots);
        assert.deepEqual(words(events).slice(2), [
          'transferred 10 transferred to 12',
          'ended 10 transferred to 12',
          'transferred 10 transferred to 13',
          'ended 10 transferred to 13',
          'ringing 12',
          'ringing 13',
        ]);
        assert.deepEqual(callsOf(events).slice(-2), [1, 2]);
      }
    });
  });

  it('name an extension even if another of its phones rings by now', () => {
    const other = '3 10 connected +492; 4 10001 connected +492; 5 12 connected +492';
    const joined = `${line}; 4 10001 connected +492; 5 12 connected +492; 6 12 ringing +492`;
    assert.equal(play(tenTalks, `${tenTalks}; ${other}`, joined).find(isTransferred)?.transferredTo, '12');
  });

  it('do not name an outside line that came with them, because it may belong to either call', () => {
    const before = '1 12 ringing 11 c1; 2 11 connected 12 c2; 3 11 connected 13 c1; 4 13 connected 11 c2';
    const after = '1 12 ringing 11 c1; 4 13 connected 11 c2; 5 10000 dialing +491701 c3';
    assert.deepEqual(words(play(before, after)).slice(4), [
      'transferred 11 transferred to 13',
      'ended 11 transferred to 13',
      'ended 11 answered',
    ]);
  });

  it('name an outside line whose leg was at an extension before', () => {
    const before = '1 10 connected 11; 2 11 connected 10; 3 10 connected 12; 4 12 connected 10';
    const events = play(before, '2 11 connected +491701; 4 10000 dialing +491701');
    assert.deepEqual(
      events.filter(isTransferred).map((event) => [event.connection, event.transferredTo]),
      [
        ['3', '11'],
        ['4', '+491701'],
      ],
    );
  });

  describe('to an extension that joins', () => {
    it('are reported if it answered after the extension that leaves, even before that one left', () => {
      const both = `${tenTalks}; 5 12 connected ${caller}`;
      const joined = `${line}; 5 12 connected ${caller}`;
      assert.deepEqual(words(play(tenTalks, both, joined)).slice(2), [
        'transferred 10 transferred to 12',
        'ended 10 transferred to 12',
      ]);
    });

    it('are not reported if it was there before, or came when the one that leaves answered', () => {
      const rings = `${line}; 2 10 ringing ${caller}`;
      const eleven = `5 11 connected ${caller}`;
      for (const before of [`${rings}; ${eleven}`, rings]) {
        const events = play(before, `${tenTalks}; ${eleven}`, `${line}; ${eleven}`);
        assert.deepEqual(words(events).slice(-1), ['ended 10 answered']);
      }
    });

    it('name the one that has answered if several join', () => {
      const joined = `${line}; 5 12 ringing ${caller}; 6 13 connected ${caller}`;
      const [, transferred] = play(tenTalks, joined);
      assert.equal(transferred?.transferredTo, '13');
    });

    it('are not reported if it is a service, or the extension that left', () => {
      assert.deepEqual(words(play(tenTalks, `${line}; 3 999 connected ${caller}`)).slice(1), ['ended 10 answered']);
      assert.deepEqual(words(play(tenTalks, `${line}; 3 10 ringing ${caller}`)).slice(1), [
        'ended 10 answered',
        'ringing 10',
      ]);
    });

    it('are not reported if the outside line is gone too', () => {
      const events = play(
        `2 10 connected ${caller}; 1 10000 connected ${caller}; 4 999 connected ${caller}`,
        `4 999 connected ${caller}; 5 12 ringing ${caller}`,
      );
      assert.deepEqual(words(events).slice(1), ['ended 10 answered', 'ringing 12']);
      assert.deepEqual(callsOf(events), [1, 1, 1]);
    });

    it('are the same if two snapshots come at the same moment', () => {
      const tracker = watching();
      const events = [tenTalks, `${line}; 5 12 connected ${caller}`].flatMap((list) =>
        eventsOf(tracker.take(listOf(list), at(start + 1000))),
      );
      assert.deepEqual(words(events).slice(1, 2), ['transferred 10 transferred to 12']);
    });
  });
});

describe('Calls that the PBX tells apart', () => {
  it('become one when it says so, and keep the older id', () => {
    const first = `1 10000 connected ${caller} ga; 2 10 connected ${caller} ga`;
    const events = play(
      first,
      `${first}; 3 11 dialing 12 gb; 4 12 ringing 11 gb`,
      `3 11 connected 12 ga; 4 12 connected 11 ga; 1 10000 connected ${caller} ga; 2 10 connected ${caller} ga`,
      '',
    );
    assert.deepEqual(words(events).slice(3), [
      'answered 11',
      'answered 12',
      'ended 11 answered',
      'ended 12 answered',
      'ended 10 answered',
    ]);
    assert.deepEqual(callsOf(events), [1, 2, 2, 1, 1, 1, 1, 1]);
    assert.equal(events.at(-1)?.trunk, '10000');
  });

  it('become one that a code can get into, even if the older call was only an outside line', () => {
    const both = (group: string): string => `1 10000 connected ${caller} ga; 2 10 ringing ${caller} g${group}`;
    const events = play(
      `1 10000 connected ${caller} ga`,
      both('b'),
      both('a'),
      `${both('a')}; 5 11 dialing *20 gc`,
      `1 10000 connected ${caller} ga; 5 11 connected ${caller} ga`,
    );
    assert.deepEqual(words(events), ['ringing 10', 'dialing 11', 'ring-stopped 10 answered-elsewhere', 'answered 11']);
    assert.equal(events.at(-1)?.call, events.at(-2)?.call);
  });

  it('stay two when an extension leaves both at once', () => {
    const events = play(
      `${line} ga; 2 10 connected ${caller} ga; 3 10 hold 11 gb; 4 11 held 10 gb`,
      `${line} ga; 5 12 ringing ${caller} ga; 4 11 connected 13 gb; 6 13 ringing 11 gb`,
      '',
    );
    assert.equal(new Set(events.filter(({ event }) => event === 'ringing').map(({ call }) => call)).size, 2);
  });

  it('are not transferred to an extension whose leg in the other call is not gone yet', () => {
    for (const number of ['11', caller]) {
      const talking = `2 10 connected ${number} ga; 3 11 connected 10 ga`;
      const events = play(
        talking,
        `${talking}; 4 11 connected ${caller} gb; 5 10000 connected ${caller} gb`,
        `${talking}; 4 11 connected ${caller} gb; 5 10000 connected ${caller} ga`,
        `5 10000 connected ${caller} ga; 4 11 connected ${caller} gb`,
      );
      assert.ok(words(events).includes('ended 10 answered'), number);
    }
  });

  describe('are transferred', () => {
    const inside = '2 10 connected 11 ga; 3 11 connected 10 ga';
    const toTwelve = ['transferred 10 transferred to 12', 'ended 10 transferred to 12'];
    const endOfTen = (...snapshots: string[]): string[] =>
      words(play(...snapshots)).filter((text) => /^(transferred|ended) 10/.test(text));

    it('to the extension that talks on with an outside line that has no leg of its own', () => {
      const talks = `2 10 connected ${caller} ga /10000`;
      const events = play(talks, `5 12 connected ${caller} ga /10000`, '');
      assert.deepEqual(words(events), ['answered 10', ...toTwelve, 'answered 12', 'ended 12 answered']);
      assert.deepEqual(callsOf(events), [1, 1, 1, 1, 1]);
      assert.deepEqual(new Set(events.map(({ trunk, internal }) => `${trunk} ${internal}`)), new Set(['10000 false']));
      const phones = `5 12 connected ${caller} ga; 6 12 ringing ${caller} ga /10000`;
      assert.deepEqual(endOfTen(talks, phones), toTwelve, 'the PBX says so of one of its phones');
      const stopped = `5 12 ringing ${caller} ga -1500; 6 12 connected ${caller} ga /10000`;
      assert.deepEqual(endOfTen(talks, stopped), toTwelve, 'another one of its phones has stopped ringing');
    });

    it('to the extension that talks on with an outside line that has a leg, or with an extension', () => {
      assert.deepEqual(
        endOfTen(`${line} ga; 2 10 connected ${caller} ga`, `${line} ga; 5 12 connected ${caller} ga`),
        toTwelve,
      );
      assert.deepEqual(endOfTen(inside, '3 11 connected 12 ga; 5 12 connected 11 ga'), toTwelve);
    });

    it('to the extension that was consulted first, whichever of the two calls the PBX keeps', () => {
      const asks = '3 10 connected 12 gb; 4 12 connected 10 gb';
      const kept = (group: string): string => `2 11 connected 12 g${group}; 4 12 connected 11 g${group}`;
      const talks = '1 10 connected 11 ga; 2 11 connected 10 ga';
      const rings = '3 10 dialing 12 gb; 4 12 ringing 10 gb';
      for (const group of ['a', 'b']) {
        assert.deepEqual(
          endOfTen(talks, `${talks}; ${rings}`, `${talks}; ${asks}`, kept(group)),
          [...toTwelve, 'ended 10 answered'],
          group,
        );
      }
    });

    it('not to the extension that it talked to, which has a leg in the other call too', () => {
      const other = `4 11 connected ${caller} gb`;
      assert.deepEqual(
        endOfTen(
          inside,
          `${inside}; ${other}`,
          `${inside}; ${other}; 5 12 ringing 11 ga`,
          `${other}; 5 12 ringing ${caller} gb`,
        ),
        toTwelve,
      );
    });

    it('to nobody if the new extension talks to a leg of the other call that is about to go', () => {
      const moved = '4 11 connected 12 gb; 5 12 connected SP0 ga';
      const events = play(
        inside,
        `${inside}; 4 11 connected 12 gb; 5 12 connected 11 gb`,
        `${inside}; ${moved}`,
        moved,
      );
      assert.ok(words(events).includes('ended 10 answered'));
    });

    it('to nobody if the new extension talks to nobody who was there before', () => {
      const others = '5 12 connected 13 ga; 6 13 connected 12 ga';
      assert.deepEqual(endOfTen(inside, others), ['ended 10 answered']);
    });

    it('to nobody if the new extension talks to a service, or another extension is still ringing', () => {
      for (const other of ['3 999 connected 10 ga @service', '3 11 ringing 10 ga']) {
        const events = endOfTen(`2 10 connected ${caller} ga; ${other}`, `${other}; 5 12 connected 10 ga`);
        assert.deepEqual(events, ['ended 10 answered'], other);
      }
    });

    it('to nobody if the extension that rang there is gone', () => {
      const rang = `${inside}; 5 12 ringing 11 ga`;
      assert.deepEqual(endOfTen(inside, rang, '3 11 connected 10 ga; 5 12 ringing 11 ga -2500'), ['ended 10 answered']);
    });
  });

  it('are not forwarded to an outside line of another call', () => {
    const rings = `${line} ga; 2 10 ringing ${caller} ga`;
    const mobile = (status: string): string => `5 10001 ${status} +49170999 gb`;
    const before = [rings, `${rings}; ${mobile('dialing')}`, `${rings}; ${mobile('connected')}`];
    assert.deepEqual(words(play(...before, `${line} ga; ${mobile('connected')}`)).slice(1), ['ring-stopped 10 missed']);
    assert.deepEqual(words(play(...before, '')).slice(1), ['ended 10 missed', 'missed 10 missed']);
  });

  it('are not answered by an extension that answered the other call before they became one', () => {
    const dialling = '3 12 dialing 13 gb';
    const events = play(
      `${line} ga; 2 10 ringing ${caller} ga`,
      `${line} ga; 2 10 ringing ${caller} ga; ${dialling}; 4 13 ringing 12 gb; 5 14 ringing 12 gb`,
      `${line} ga; 2 10 connected ${caller} ga; ${dialling}; 4 13 ringing 12 gb; 5 14 ringing 12 gb`,
      `${line} ga; 2 10 connected ${caller} ga; 5 14 ringing ${caller} ga`,
    );
    assert.ok(words(events).includes('ring-stopped 13 missed'));
  });

  it('have its ids, even if it no longer reports them or a leg has moved', () => {
    const ringing = `1 10000 connected ${caller}; 2 10 ringing ${caller}`;
    const events = play(ringing, `${tenTalks} #77`, tenTalks, `${line}; 2 11 ringing ${caller}`, '');
    assert.deepEqual(
      events.map(({ event, callId }) => `${event} ${callId ?? '-'}`),
      ['ringing -', 'answered 77', 'transferred 77', 'ended 77', 'ringing 77', 'ended 77'],
    );
  });

  it('show which DN is a queue, whose own leg causes no events', () => {
    const waiting = `${line}; 2 8000 connected ${caller} @queue`;
    assert.deepEqual(words(play(waiting, waiting, `${line}; 3 10 ringing ${caller}`)), ['ringing 10']);
  });
});
