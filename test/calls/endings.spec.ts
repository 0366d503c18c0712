import assert from 'node:assert/strict';
import { at, eventsOf, listOf, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;
const rings = `${line}; 2 10 ringing ${caller}`;
const talks = `${line}; 2 10 connected ${caller}`;

describe('The end of a call', () => {
  describe('that nobody answered', () => {
    it('reports how long an extension rang, not how long a number was dialled or a line rang', () => {
      for (const lists of [
        ['1 10 dialing 11', '1 10 dialing 11; 2 11 ringing 10', ''],
        [`1 10000 ringing ${caller}`, `1 10000 ringing ${caller}; 2 10 ringing ${caller}`, ''],
      ]) {
        const missed = play(...lists).at(-1);
        assert.deepEqual([missed?.event, missed?.ringSeconds], ['missed', 1]);
      }
    });

    it('reports the longest ring, including those of the call that it was joined with', () => {
      const talking = '1 10 connected +4930111; 2 10000 connected +4930111';
      const rang = `${talking}; 3 10 dialing 15; 4 15 ringing 10`;
      const events = play(
        rang,
        rang,
        rang,
        `${talking}; 3 10 dialing 15; 4 16 ringing 10`,
        '2 10000 connected +4930111; 4 16 ringing 10',
        '',
      );
      assert.deepEqual([events.at(-1)?.event, events.at(-1)?.ringSeconds], ['missed', 3]);
    });

    it('is not reported if no extension rang', () => {
      assert.deepEqual(play(line, ''), []);
      assert.deepEqual(play(`1 10000 ringing ${caller}`, ''), []);
    });

    it('is a missed call even if the PBX adds a line to it that somebody else had dialled', () => {
      const parts = (group: string): string =>
        `1 10000 connected ${caller} ga; 2 10 ringing ${caller} ga; 5 10001 dialing +492 g${group}`;
      assert.deepEqual(words(play(parts('b'), parts('a'), '')), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
    });
  });

  describe('that was forwarded to an outside line', () => {
    const mobile = (status: string, more = ''): string => `5 10001 ${status} +49170999${more}`;

    it('is reported as answered elsewhere, even if the PBX links the legs', () => {
      const linked = `${line} c1; 2 10 ringing ${caller} c2`;
      const events = play(`${linked}; ${mobile('dialing', ' c3')}`, `${linked}; ${mobile('connected', ' c3')}`, '');
      assert.deepEqual(words(events), ['ringing 10', 'ended 10 answered-elsewhere']);
    });

    it('is reported as answered elsewhere if the line was there from the first ring on', () => {
      const events = play(`${rings}; ${mobile('dialing')}`, `${rings}; ${mobile('connected')}`, '');
      assert.deepEqual(words(events), ['ringing 10', 'ended 10 answered-elsewhere']);
    });

    it('is reported as answered elsewhere, even if the PBX links the line to one that nobody answered', () => {
      const lines = (group: string): string => `5 10001 dialing +492 gb; 6 10002 connected +493 g${group}`;
      const events = play(`${rings}; ${lines('c')}`, `${rings}; ${lines('b')}`, '');
      assert.deepEqual(words(events), ['ringing 10', 'ended 10 answered-elsewhere']);
    });

    it('is reported as missed if the line was there before the call, even if it leaves with the call', () => {
      const events = play(mobile('connected'), `${rings}; ${mobile('connected')}`, '');
      assert.deepEqual(words(events), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
    });

    it('is reported as missed by an extension that rang after the call had come back from the line', () => {
      const outside = mobile('connected', ' c3');
      const rung = `${line} c1; 4 11 ringing ${caller} c2; ${outside}`;
      const events = play(
        `${line} c1; 2 10 ringing ${caller} c2; ${mobile('dialing', ' c3')}`,
        `${line} c1; ${outside}`,
        rung,
        '',
      );
      assert.deepEqual(words(events), [
        ...['ringing 10', 'ring-stopped 10 answered-elsewhere', 'ringing 11', 'ended 11 missed'],
      ]);
    });

    it('is reported as missed if the line is one on which somebody calls in', () => {
      const events = play(rings, `${line}; ${mobile('connected')}`);
      assert.deepEqual(words(events), ['ringing 10', 'ring-stopped 10 missed']);
    });

    it('is decided by the line that was dialled if a call goes from line to line', () => {
      const lines = (first: string, second: string): string => `5 10001 ${first} +492 c1; 6 10002 ${second} +493 c2`;
      const stopped = (first: string, second: string): string[] =>
        words(play(rings, `${rings}; ${lines('dialing', 'dialing')}`, `${line}; ${lines(first, second)}`)).slice(1);
      assert.deepEqual(stopped('connected', 'dialing'), ['ring-stopped 10 missed']);
      assert.deepEqual(stopped('dialing', 'connected'), ['ring-stopped 10 answered-elsewhere']);
    });
  });

  it('is reported as missed by an extension that began to ring when somebody else had already answered', () => {
    const eleven = `3 11 connected ${caller}`;
    assert.deepEqual(words(play(line, `${rings}; ${eleven}`, `${line}; ${eleven}`)).slice(-1), [
      'ring-stopped 10 missed',
    ]);
  });

  it('is reported as missed by a phone that rang for a second call if the extension has answered the first', () => {
    const second = '3 10 dialing 11; 4 11 ringing 10';
    const events = play(
      '1 10 dialing 11; 2 11 ringing 10',
      `1 10 dialing 11; 2 11 ringing 10; ${second}`,
      `1 10 connected 11; 2 11 connected 10; ${second}`,
      '2 11 connected 11; 4 11 ringing 11',
      '2 11 connected 11',
    );
    assert.deepEqual(words(events).slice(-1), ['ring-stopped 11 missed']);
  });

  it('is reported as missed by an extension rung from a parking place, even if its other call gets a new leg', () => {
    const events = play(`${talks}; 3 10 ringing *00`, `${line}; 5 10 connected ${caller}`);
    assert.deepEqual(words(events).slice(2), ['ended 10 missed', 'missed 10 missed']);
  });

  describe('of dialling', () => {
    const held = `${line}; 2 10 held *00`;

    it('is reported as answered if a code connected the extension, at a new leg beside the old one', () => {
      const events = play(talks, `${held}; 3 10 dialing *10`, `${held}; 4 10 connected ${caller}`);
      assert.deepEqual(words(events).slice(3), ['ended 10 answered', 'resumed 10']);
    });

    it('is reported as not reached if the code did nothing', () => {
      const events = play(talks, `${held}; 3 10 dialing *10`, held);
      assert.deepEqual(words(events).slice(3), ['ended 10 not-reached']);
    });

    it('is reported as not reached if a number was dialled, even if another call goes on at a new leg', () => {
      const events = play(
        talks,
        `${line}; 2 10 hold ${caller}; 3 10 dialing 11; 4 11 ringing 10`,
        `${line}; 5 10 connected ${caller}`,
      );
      assert.deepEqual(
        words(events).filter((text) => text.startsWith('ended 10')),
        ['ended 10 not-reached'],
      );
    });

    it('is reported as not reached if somebody else goes on at a new leg', () => {
      const twelve = `${line}; 2 12 connected ${caller}`;
      const events = play(twelve, `${twelve}; 3 11 dialing *99`, `${line}; 4 12 connected ${caller}`);
      assert.deepEqual(words(events).slice(2), ['ended 11 not-reached']);
    });
  });

  it('is reported first, then changes, then new legs, whatever their order in the list', () => {
    const events = play(`${rings}; 8 12 dialing 13`, `3 10001 connected +492; 4 11 ringing +492; ${talks}`);
    assert.deepEqual(words(events).slice(2), ['ended 12 not-reached', 'answered 10', 'ringing 11']);
  });

  it('is not reported while nothing changes, and the known calls stay as they are', () => {
    const tracker = watching();
    const list = listOf(`2 10 ringing ${caller}; ${line}`);
    tracker.take(list, at(start + 1000));
    const calls = tracker.calls();
    assert.deepEqual(eventsOf(tracker.take(list, at(start + 3000))), []);
    assert.equal(tracker.calls(), calls);
  });
});
