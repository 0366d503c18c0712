import assert from 'node:assert/strict';
import type { CallEvent } from '../../lib/calls';
import { at, eventsOf, listOf, ListTracker, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';

const ringingAtTen = `1 10000 connected ${caller}; 2 10 ringing ${caller}`;
const tenTalks = `1 10000 connected ${caller}; 2 10 connected ${caller}`;

describe('Events', () => {
  describe('of an inbound call', () => {
    it('begin with ringing and end as answered', () => {
      assert.deepEqual(words(play(ringingAtTen, tenTalks, '')), ['ringing 10', 'answered 10', 'ended 10 answered']);
    });

    it('carry everything that is known', () => {
      const [ringing, , ended] = play(ringingAtTen, tenTalks, tenTalks, '');
      assert.deepEqual(ringing, {
        event: 'ringing',
        call: ringing?.call,
        connection: '2',
        callId: null,
        extension: '10',
        extensionName: null,
        extensionState: 'ringing',
        activeCalls: 1,
        number: caller,
        e164: null,
        name: null,
        direction: 'inbound',
        internal: false,
        queue: null,
        trunk: '10000',
        status: 'ringing',
        previousStatus: null,
        recording: 'off',
        startedAt: '2026-11-23T18:00:01.000Z',
        answeredAt: null,
        endedAt: null,
        ringSeconds: null,
        talkSeconds: null,
        holdSeconds: null,
        outcome: null,
        transferredTo: null,
        extensions: ['10'],
        accuracyMs: 1000,
        initial: false,
        synthetic: false,
      });
      assert.deepEqual(ended, {
        ...ringing,
        event: 'ended',
        extensionState: 'idle',
        activeCalls: 0,
        status: 'connected',
        previousStatus: 'ringing',
        answeredAt: '2026-11-23T18:00:02.000Z',
        endedAt: '2026-11-23T18:00:04.000Z',
        ringSeconds: 1,
        talkSeconds: 2,
        holdSeconds: 0,
        outcome: 'answered',
      });
    });

    it('do not occur while the list is the very same one, but the accuracy stays up to date', () => {
      const tracker = new ListTracker();
      const list = listOf(ringingAtTen);
      tracker.take([], at(0));
      tracker.take(list, at(1_000));
      const [before] = tracker.calls();
      assert.deepEqual(eventsOf(tracker.take(list, at(1_700))), []);
      assert.equal(tracker.calls()[0], before);
      assert.equal(before?.accuracyMs, 700);
      tracker.noSnapshot();
      tracker.take(list, at(5_000));
      const [ended] = eventsOf(tracker.take([], at(5_300)));
      assert.deepEqual(
        [ended?.event, ended?.outcome, ended?.synthetic, ended?.ringSeconds, ended?.accuracyMs],
        ['ended', 'missed', false, 4.3, 300],
      );
      assert.deepEqual(tracker.calls(), []);
    });

    it('report one missed call if nobody answers', () => {
      assert.deepEqual(words(play(ringingAtTen, '')), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
    });

    it('report the end of the ring when voicemail answers, and a missed call when it is over', () => {
      const voicemail = `1 10000 connected ${caller}; 3 999 connected ${caller}`;
      assert.deepEqual(words(play(ringingAtTen, voicemail, '')), [
        'ringing 10',
        'ring-stopped 10 missed',
        'missed 10 missed',
      ]);
    });

    it('stop the other rings, without a missed call, if one member of a ring group answers', () => {
      const group = `1 10000 connected ${caller}; 2 10 ringing ${caller}; 3 11 ringing ${caller}`;
      const answered = `1 10000 connected ${caller}; 3 11 connected ${caller}`;
      const events = play(group, answered, '');
      assert.deepEqual(words(events), [
        'ringing 10',
        'ringing 11',
        'ring-stopped 10 answered-elsewhere',
        'answered 11',
        'ended 11 answered',
      ]);
      assert.equal(new Set(events.map(({ call }) => call)).size, 1);
    });

    it('report one missed call for all members if nobody in a ring group answers', () => {
      const group = `1 10000 connected ${caller}; 2 10 ringing ${caller}; 3 11 ringing ${caller}`;
      const events = play(group, '');
      assert.deepEqual(words(events).slice(2), ['ended 10 missed', 'ended 11 missed', 'missed 10 missed']);
      assert.deepEqual(events.at(-1)?.extensions, ['10', '11']);
    });

    it('report no missed call if an extension picks up that was never seen ringing', () => {
      const pickedUp = `1 10000 connected ${caller}; 3 12 connected ${caller}`;
      assert.deepEqual(words(play(ringingAtTen, pickedUp, '')), [
        'ringing 10',
        'ring-stopped 10 answered-elsewhere',
        'answered 12',
        'ended 12 answered',
      ]);
    });
  });

  describe('of a call through a queue', () => {
    it('are those of the agents; the queue’s DN causes none', () => {
      const waiting = `1 10000 connected ${caller}; 2 8000 connected ${caller} q8000`;
      const ringing = `${waiting}; 3 10 ringing ${caller} q8000`;
      const answered = `1 10000 connected ${caller}; 3 10 connected ${caller} q8000`;
      const events = play(waiting, ringing, answered, '');
      assert.deepEqual(words(events), ['ringing 10', 'answered 10', 'ended 10 answered']);
      assert.deepEqual(events[0]?.queue, { number: '8000', name: 'Support' });
    });

    it('do not count the caller of a transferred internal call, who already talks, as an answer elsewhere', () => {
      const talking = '1 10 connected 11; 2 11 connected 10';
      const events = play(
        talking,
        '2 11 connected 10; 3 12 ringing 11 q8000; 4 13 ringing 11 q8000',
        '2 11 connected 10; 4 13 ringing 11 q8000',
        '2 11 connected 13; 4 13 connected 11 q8000',
      );
      assert.deepEqual(words(events).slice(2), [
        'ended 10 answered',
        'ringing 12',
        'ringing 13',
        'ring-stopped 12 missed',
        'answered 13',
      ]);
    });

    it('begin with ringing agents if there is no greeting', () => {
      const ringing = `1 10000 connected ${caller}; 2 10 ringing ${caller} q8000; 3 11 ringing ${caller} q8000`;
      const answered = `1 10000 connected ${caller}; 3 11 connected ${caller} q8000`;
      assert.deepEqual(words(play(ringing, answered, '')), [
        'ringing 10',
        'ringing 11',
        'ring-stopped 10 answered-elsewhere',
        'answered 11',
        'ended 11 answered',
      ]);
    });

    it('report one call, missed by the agent that rang, if a service plays a greeting', () => {
      const greeting = `1 10000 connected ${caller}; 2 SP0 connected ${caller} q8000`;
      const ringing = `1 10000 connected ${caller}; 3 10 ringing ${caller} q8000`;
      const events = play(greeting, ringing, greeting, '');
      assert.deepEqual(words(events), ['ringing 10', 'ring-stopped 10 missed', 'missed 10 missed']);
      assert.equal(new Set(events.map(({ call }) => call)).size, 1);
    });

    it('ignore the queue’s own leg, even if it comes before the queue’s number was ever seen', () => {
      const waiting = `1 10000 connected ${caller}; 2 8000 connected ${caller}`;
      const ringing = `${waiting}; 3 10 ringing ${caller} q8000`;
      const answered = `1 10000 connected ${caller}; 3 10 connected ${caller} q8000`;
      assert.deepEqual(words(play(waiting, ringing, waiting, answered, '')), [
        'ringing 10',
        'ring-stopped 10 missed',
        'answered 10',
        'ended 10 answered',
      ]);
    });

    it('treat the queue’s own leg as an extension, and end it, if the queue rings nobody for long', () => {
      const waiting = `1 10000 connected ${caller}; 2 8000 connected ${caller}`;
      const ringing = `1 10000 connected ${caller}; 3 10 ringing ${caller} q8000`;
      const events = play(waiting, waiting, ringing, waiting);
      assert.deepEqual(words(events), [
        'answered 8000',
        'transferred 8000 transferred to 10',
        'ended 8000 transferred to 10',
        'ringing 10',
        'ring-stopped 10 missed',
      ]);
      assert.equal(events[0]?.accuracyMs, 2000, 'it is told a snapshot later');
    });

    it('follow the queue as it rings one agent after the other', () => {
      const first = `1 10000 connected ${caller}; 2 10 ringing ${caller} q8000`;
      const second = `1 10000 connected ${caller}; 3 11 ringing ${caller} q8000`;
      assert.deepEqual(words(play(first, second, '')), [
        'ringing 10',
        'ring-stopped 10 missed',
        'ringing 11',
        'ended 11 missed',
        'missed 10 missed',
      ]);
    });
  });

  describe('of an internal call', () => {
    it('are those of both sides, in one call', () => {
      const events = play('1 10 dialing 11; 2 11 ringing 10', '1 10 connected 11; 2 11 connected 10', '');
      assert.deepEqual(words(events), [
        'dialing 10',
        'ringing 11',
        'answered 10',
        'answered 11',
        'ended 10 answered',
        'ended 11 answered',
      ]);
      assert.deepEqual(
        [...new Set(events.map(({ call, internal, trunk }) => JSON.stringify({ call, internal, trunk })))].length,
        1,
      );
      assert.deepEqual(
        events.map(({ direction }) => direction),
        ['outbound', 'inbound', 'outbound', 'inbound', 'outbound', 'inbound'],
      );
    });

    it('report a missed call even if the caller was connected to voicemail', () => {
      assert.deepEqual(words(play('1 10 dialing 11; 2 11 ringing 10', '1 10 connected 11; 3 999 connected 10', '')), [
        'dialing 10',
        'ringing 11',
        'ring-stopped 11 missed',
        'answered 10',
        'ended 10 answered',
        'missed 11 missed',
      ]);
    });
  });

  it('of an outbound call that nobody answers end as not reached', () => {
    const events = play('1 10 dialing +4930111; 2 10000 dialing +4930111', '');
    assert.deepEqual(words(events), ['dialing 10', 'ended 10 not-reached']);
    assert.equal(events[0]?.trunk, '10000');
  });

  it('of a call that is first seen connected take its first leg as the one that started it', () => {
    const outbound = play('1 10 connected +4930111; 2 10000 connected +4930111');
    assert.deepEqual(
      outbound.map(({ event, direction }) => [event, direction]),
      [['answered', 'outbound']],
    );
    const inbound = play(tenTalks);
    assert.equal(inbound[0]?.direction, 'inbound');
    assert.equal(play('1 10 connected +4930111')[0]?.direction, 'unknown');
  });

  it('report hold and recording', () => {
    const held = `1 10000 held ${caller}; 2 10 hold ${caller}`;
    const recorded = `1 10000 connected ${caller}; 2 10 connected ${caller} on`;
    const paused = `1 10000 connected ${caller}; 2 10 connected ${caller} paused`;
    const events = play(ringingAtTen, tenTalks, held, held, tenTalks, recorded, paused, '');
    assert.deepEqual(
      events.map(({ event, extensionState, recording }) => [event, extensionState, recording].join(' ')),
      [
        'ringing ringing off',
        'answered talking off',
        'held held off',
        'resumed talking off',
        'recording talking on',
        'recording talking paused',
        'ended idle paused',
      ],
    );
    const { ringSeconds, talkSeconds, holdSeconds } = events.at(-1) ?? {};
    assert.deepEqual({ ringSeconds, talkSeconds, holdSeconds }, { ringSeconds: 1, talkSeconds: 4, holdSeconds: 2 });
  });

  it('of a leg begin only when the PBX reports its status', () => {
    const first = `1 10 undefined ${caller}`;
    assert.deepEqual(words(play(first, `${first} on`, `1 10 connected ${caller} on`, '')), [
      'answered 10',
      'ended 10 answered',
    ]);
  });

  describe('of a blind transfer', () => {
    it('name the extension that the leg moves to', () => {
      const moved = `1 10000 connected ${caller}; 2 11 ringing ${caller}`;
      const events = play(ringingAtTen, tenTalks, moved, '');
      assert.deepEqual(words(events), [
        'ringing 10',
        'answered 10',
        'transferred 10 transferred to 11',
        'ended 10 transferred to 11',
        'ringing 11',
        'ended 11 missed',
      ]);
      assert.equal(new Set(events.map(({ call }) => call)).size, 1);
    });

    it('name the outside number that the leg moves to', () => {
      const moved = `1 10000 connected ${caller}; 2 10001 dialing +4930111`;
      assert.deepEqual(words(play(tenTalks, moved)).slice(1), [
        'transferred 10 transferred to +4930111',
        'ended 10 transferred to +4930111',
      ]);
    });

    it('name an outside line only for the extension whose leg moved there, not for another that leaves', () => {
      const talking = '1 10 connected 11; 2 11 connected 10';
      const moved = '2 10000 dialing +4930111; 3 12 ringing +4930111';
      assert.deepEqual(words(play(talking, moved)).slice(2), [
        'ended 10 answered',
        'transferred 11 transferred to +4930111',
        'ended 11 transferred to +4930111',
        'ringing 12',
      ]);
    });

    it('treat an extension that has answered by now as called, so nobody missed the call', () => {
      const events = play(
        '1 10 connected +4930111; 2 10000 connected +4930111',
        '1 11 ringing +4930111; 2 10000 connected +4930111',
        '1 12 connected +4930111; 2 10000 connected +4930111',
        '',
      );
      assert.deepEqual(words(events).slice(3), [
        'ringing 11',
        'ring-stopped 11 answered-elsewhere',
        'answered 12',
        'ended 12 answered',
      ]);
      assert.equal(events.at(-1)?.direction, 'inbound');
    });

    it('end the call and ring again if it came back unseen', () => {
      assert.deepEqual(words(play(tenTalks, ringingAtTen, tenTalks, '')), [
        'answered 10',
        'ended 10 answered',
        'ringing 10',
        'answered 10',
        'ended 10 answered',
      ]);
    });

    it('report the end of the ring if the call was still ringing', () => {
      const moved = `1 10000 connected ${caller}; 2 11 ringing ${caller}`;
      assert.deepEqual(words(play(ringingAtTen, moved)), ['ringing 10', 'ring-stopped 10 missed', 'ringing 11']);
    });
  });

  describe('of an attended transfer (captured)', () => {
    const consulting =
      '98793 10000 connected +491; 98794 10 connected +491; 98795 10 connected 11; 98796 11 connected 10';
    const joined = '98793 10000 connected +491; 98796 11 connected 10';

    it('end one call as transferred and the other as answered', () => {
      const events = play('98793 10000 connected +491; 98794 10 connected +491', consulting, joined, '');
      assert.deepEqual(words(events).slice(3), [
        'transferred 10 transferred to 11',
        'ended 10 transferred to 11',
        'ended 10 answered',
        'ended 11 answered',
      ]);
      const [first] = events;
      assert.equal(events.at(-1)?.call, first?.call, 'the older id stays');
      assert.equal(events.at(-1)?.internal, false);
    });

    it('keep the older id for a missed call even if the extension that rang first is gone', () => {
      const talking = '1 10 connected +4930111; 2 10000 connected +4930111';
      const events = play(
        `${talking}; 3 10 dialing 15; 4 15 ringing 10`,
        `${talking}; 3 10 dialing 15; 4 16 ringing 10`,
        '2 10000 connected +4930111; 4 16 ringing 10',
        '',
      );
      assert.deepEqual(words(events).slice(-2), ['ended 16 missed', 'missed 15 missed']);
      assert.equal(events.at(-1)?.call, events[0]?.call);
    });

    it('name an extension once if both calls rang it', () => {
      const first = '1 10 connected 11; 2 11 connected 10';
      const events = play(
        '1 10 dialing 11; 2 11 ringing 10',
        `${first}; 3 10 dialing 11; 4 11 ringing 10`,
        '2 11 connected 10; 4 11 connected 11',
        '',
      );
      assert.deepEqual(events.at(-1)?.extensions, ['11']);
    });

    it('count two calls before the transfer', () => {
      const events = play('98793 10000 connected +491; 98794 10 connected +491', consulting);
      assert.equal(events.find(({ connection }) => connection === '98795')?.activeCalls, 2);
    });
  });

  describe('of parking (captured)', () => {
    const talking = '98781 10000 connected 004930999; 98782 11 connected 004930999';
    const parked = '98781 10000 connected 004930999; 98782 11 held *00';

    it('report a held call, then its transfer to the extension that fetches it', () => {
      const fetched = '98781 10000 connected 004930999; 98783 10 connected 004930999';
      const events = play(talking, parked, fetched, '');
      assert.deepEqual(words(events), [
        'answered 11',
        'held 11',
        'transferred 11 transferred to 10',
        'ended 11 transferred to 10',
        'answered 10',
        'ended 10 answered',
      ]);
      assert.deepEqual([...new Set(events.map(({ number }) => number))], ['004930999'], 'a code is no number');
      assert.equal(new Set(events.map(({ call }) => call)).size, 1);
    });

    it('keep two calls apart that are parked in the same place', () => {
      const other = '98783 10000 connected 004930111';
      const events = play(
        `${talking}; ${other}`,
        `${parked}; ${other}`,
        `${parked}; ${other}; 98784 12 held *00`,
        `${parked}; 98785 12 held *00; ${other}`,
      );
      assert.notEqual(events.find(({ connection }) => connection === '98784')?.call, events[0]?.call);
      assert.notEqual(events.find(({ connection }) => connection === '98785')?.call, events[0]?.call);
    });
  });

  describe('of a picked-up call', () => {
    const dialled = `${ringingAtTen}; 3 11 dialing *20*10`;

    it('belong to the call that was picked up, which nobody missed', () => {
      const events = play(ringingAtTen, dialled, `1 10000 connected ${caller}; 3 11 connected ${caller}`, '');
      assert.deepEqual(words(events), [
        'ringing 10',
        'dialing 11',
        'ring-stopped 10 answered-elsewhere',
        'answered 11',
        'ended 11 answered',
      ]);
      const [ringing, dialing, , answered, ended] = events;
      assert.notEqual(dialing?.call, ringing?.call);
      const { call, internal, trunk, direction, number } = answered ?? {};
      assert.deepEqual(
        { call, internal, trunk, direction, number },
        { call: ringing?.call, internal: false, trunk: '10000', direction: 'outbound', number: caller },
      );
      assert.equal(ended?.call, call);
    });

    it('are the same if the PBX gives the leg another id', () => {
      const events = play(ringingAtTen, dialled, `1 10000 connected ${caller}; 4 11 connected ${caller}`, '');
      assert.deepEqual(words(events), [
        'ringing 10',
        'dialing 11',
        'ring-stopped 10 answered-elsewhere',
        'answered 11',
        'ended 11 answered',
      ]);
      assert.deepEqual(
        events.slice(-2).map(({ call, connection }) => [call, connection]),
        [
          [events[0]?.call, '4'],
          [events[0]?.call, '4'],
        ],
      );
    });

    it('are the same if the legs have CCIDs', () => {
      const events = play(
        `1 10000 connected ${caller} c1; 2 10 ringing ${caller} c2`,
        `1 10000 connected ${caller} c1; 2 10 ringing ${caller} c2; 3 11 dialing *20*10 c1`,
        `1 10000 connected ${caller} c1; 3 11 connected ${caller} c3`,
        '',
      );
      assert.deepEqual(words(events).slice(2), [
        'ring-stopped 10 answered-elsewhere',
        'answered 11',
        'ended 11 answered',
      ]);
    });

    it('connect the caller to the extension that picked it up if the call is internal', () => {
      const events = play(
        '1 12 dialing 10; 2 10 ringing 12',
        '1 12 dialing 10; 2 10 ringing 12; 3 11 dialing *20*10',
        '1 12 connected 11; 3 11 connected 12',
        '',
      );
      assert.deepEqual(words(events).slice(3), [
        'ring-stopped 10 answered-elsewhere',
        'answered 12',
        'answered 11',
        'ended 12 answered',
        'ended 11 answered',
      ]);
      assert.equal(new Set(events.filter(({ event }) => event !== 'dialing').map(({ call }) => call)).size, 1);
    });

    it('continue the part of a ringing group member that dials the code', () => {
      const group = `1 10000 connected ${caller}; 2 10 ringing ${caller}; 4 11 ringing ${caller}`;
      const events = play(
        group,
        `${group}; 3 11 dialing *20*10`,
        `1 10000 connected ${caller}; 3 11 connected ${caller}`,
        '',
      );
      assert.deepEqual(words(events).slice(2), [
        'dialing 11',
        'ring-stopped 10 answered-elsewhere',
        'ended 11 answered',
        'answered 11',
        'ended 11 answered',
      ]);
    });

    it('end as not reached if nobody was rung and the dialled code does nothing', () => {
      assert.deepEqual(words(play('3 11 dialing *20*10', '')), ['dialing 11', 'ended 11 not-reached']);
    });
  });

  describe('of a parked call that is fetched by its code', () => {
    const parked = `1 10000 connected ${caller}; 2 10 held *00`;

    it('report a transfer to the extension that dialled the code', () => {
      for (const id of ['3', '4']) {
        const events = play(
          tenTalks,
          parked,
          `${parked}; 3 11 dialing *10`,
          `1 10000 connected ${caller}; ${id} 11 connected ${caller}`,
          '',
        );
        assert.deepEqual(words(events), [
          'answered 10',
          'held 10',
          'dialing 11',
          'transferred 10 transferred to 11',
          'ended 10 transferred to 11',
          'answered 11',
          'ended 11 answered',
        ]);
        assert.equal(events.at(-1)?.call, events[0]?.call);
        assert.equal(events.at(-1)?.internal, false);
      }
    });

    it('report a resumed call and no transfer if the extension that parked it fetches it', () => {
      const fetched = `1 10000 connected ${caller}; 3 10 connected ${caller}`;
      const events = play(tenTalks, parked, fetched, '');
      assert.deepEqual(words(events), ['answered 10', 'held 10', 'resumed 10', 'ended 10 answered']);
      const { connection, transferredTo, talkSeconds, holdSeconds } = events.at(-1) ?? {};
      assert.deepEqual(
        { connection, transferredTo, talkSeconds, holdSeconds },
        { connection: '3', transferredTo: null, talkSeconds: 2, holdSeconds: 1 },
      );
    });

    it('end the dialling and resume the call if the extension that parked it is seen dialling', () => {
      for (const id of ['3', '4']) {
        const fetched = `1 10000 connected ${caller}; ${id} 10 connected ${caller}`;
        const events = play(tenTalks, parked, `${parked}; 3 10 dialing *10`, fetched, '');
        assert.deepEqual(words(events), [
          'answered 10',
          'held 10',
          'dialing 10',
          'ended 10 answered',
          'resumed 10',
          'ended 10 answered',
        ]);
      }
    });
  });

  describe('of an extension with several phones', () => {
    const both = `1 10000 connected ${caller}; 2 10 ringing ${caller}; 3 10 ringing ${caller}`;

    it('are one ringing, one answered and one ended', () => {
      const events = play(both, tenTalks, '');
      assert.deepEqual(words(events), ['ringing 10', 'answered 10', 'ended 10 answered']);
      assert.deepEqual(
        events.map(({ connection, activeCalls }) => [connection, activeCalls]),
        [
          ['2', 1],
          ['2', 1],
          ['2', 0],
        ],
      );
    });

    it('are those of the phone that has the call', () => {
      const second = `1 10000 connected ${caller}; 3 10 connected ${caller}`;
      const events = play(both, both, second, '');
      assert.deepEqual(
        events.map(({ event, connection }) => `${event} ${connection}`),
        ['ringing 2', 'answered 3', 'ended 3'],
      );
      assert.deepEqual([events[1]?.ringSeconds, events[2]?.talkSeconds], [2, 1]);
    });

    it('ignore a phone that stops ringing, or rings on, while another phone has the call', () => {
      const talksAndRings = `1 10000 connected ${caller}; 2 10 connected ${caller}; 3 10 ringing ${caller}`;
      const ringsOn = `1 10000 connected ${caller}; 3 10 ringing ${caller}`;
      assert.deepEqual(words(play(both, talksAndRings, tenTalks, '')), [
        'ringing 10',
        'answered 10',
        'ended 10 answered',
      ]);
      assert.deepEqual(words(play(both, ringingAtTen, '')), ['ringing 10', 'ended 10 missed', 'missed 10 missed']);
      assert.deepEqual(words(play(both, talksAndRings, ringsOn, '')), [
        'ringing 10',
        'answered 10',
        'ended 10 answered',
      ]);
    });

    it('report one missed call for all extensions that rang', () => {
      const group = `${both}; 4 11 ringing ${caller}; 5 11 ringing ${caller}`;
      const events = play(group, '');
      assert.deepEqual(words(events), [
        'ringing 10',
        'ringing 11',
        'ended 10 missed',
        'ended 11 missed',
        'missed 10 missed',
      ]);
      assert.deepEqual(events.at(-1)?.extensions, ['10', '11']);
    });

    it('do not occur when the call goes on at another of its phones', () => {
      const moved = `1 10000 connected ${caller}; 3 10 connected ${caller}`;
      assert.deepEqual(words(play(tenTalks, moved, '')), ['answered 10', 'ended 10 answered']);
    });
  });

  describe('of a call that is forwarded to a mobile', () => {
    const line = (status: string): string => `5 10001 ${status} +49170999`;
    const onlyCaller = `1 10000 connected ${caller}`;

    it('report an answer elsewhere, and no missed call, if it is answered there', () => {
      for (const linked of ['', ' c']) {
        const ccid = (number: number): string => (linked === '' ? '' : `${linked}${number}`);
        const rings = `${onlyCaller}${ccid(1)}; 2 10 ringing ${caller}${ccid(2)}`;
        const both = `${rings}; ${line('dialing')}${ccid(3)}`;
        const taken = `${onlyCaller}${ccid(1)}; ${line('connected')}${ccid(3)}`;
        assert.deepEqual(words(play(rings, both, taken, taken, '')), [
          'ringing 10',
          'ring-stopped 10 answered-elsewhere',
        ]);
      }
    });

    it('report no missed call if it is answered there after it stopped ringing inside', () => {
      const events = play(ringingAtTen, `${onlyCaller}; ${line('dialing')}`, `${onlyCaller}; ${line('connected')}`, '');
      assert.deepEqual(words(events), ['ringing 10', 'ring-stopped 10 missed']);
    });

    it('end as answered elsewhere if it is answered there and over at once', () => {
      const ringsAndTalks = `${ringingAtTen}; ${line('connected')}`;
      assert.deepEqual(words(play(ringingAtTen, `${ringingAtTen}; ${line('dialing')}`, ringsAndTalks, '')), [
        'ringing 10',
        'ended 10 answered-elsewhere',
      ]);
    });

    it('report the end of the ring, but no missed call, if its leg moves to the outside line', () => {
      const moved = (status: string): string => `${onlyCaller}; 2 10001 ${status} +49170999`;
      assert.deepEqual(words(play(ringingAtTen, moved('dialing'), moved('connected'), '')), [
        'ringing 10',
        'ring-stopped 10 missed',
      ]);
    });

    it('belong to one call even if the line stands between the caller and the next extension that rings', () => {
      const next = `${onlyCaller}; ${line('dialing')}; 6 11 ringing ${caller}`;
      const events = play(ringingAtTen, `${onlyCaller}; ${line('dialing')}`, next, '');
      assert.deepEqual(words(events).slice(1), [
        'ring-stopped 10 missed',
        'ringing 11',
        'ended 11 missed',
        'missed 10 missed',
      ]);
      assert.equal(new Set(events.map(({ call }) => call)).size, 1);
    });

    it('report a missed call if it is not answered there', () => {
      assert.deepEqual(words(play(ringingAtTen, `${onlyCaller}; ${line('dialing')}`, '')), [
        'ringing 10',
        'ring-stopped 10 missed',
        'missed 10 missed',
      ]);
    });

    it('report a missed call if the line was there before, goes on, or has an extension', () => {
      const other = '7 10001 connected +49170999';
      const withTen = (rest: string): string => `${ringingAtTen}; ${rest}`;
      assert.ok(words(play(other, withTen(other), other)).includes('missed 10 missed'), 'before');
      assert.ok(words(play(ringingAtTen, withTen(other), other)).includes('missed 10 missed'), 'goes on');
      const outbound = '6 11 dialing +49170999; 7 10001 connected +49170999';
      assert.ok(words(play(ringingAtTen, withTen(outbound), '')).includes('missed 10 missed'), 'has an extension');
    });

    it('do not take the line of a caller who talks to a mailbox for the mobile', () => {
      const dialling = `1 10000 dialing ${caller}; 2 10 ringing ${caller}`;
      const mailbox = `1 10000 connected ${caller}; 3 999 connected ${caller}`;
      assert.deepEqual(words(play(dialling, mailbox, '')), [
        'ringing 10',
        'ring-stopped 10 missed',
        'missed 10 missed',
      ]);
    });
  });

  describe('after the clock is set', () => {
    /** A call that rings for 2 s and talks for 4, while the wall clock is set. */
    const withClockSet = (milliseconds: number): CallEvent[] => {
      const tracker = watching();
      const lists = ['', ringingAtTen, ringingAtTen, tenTalks, tenTalks, tenTalks, tenTalks, ''];
      return lists.flatMap((list, second) => {
        const steady = start + second * 1000;
        return eventsOf(tracker.take(listOf(list), { wall: steady + (second > 3 ? milliseconds : 0), steady }));
      });
    };

    it('keep their durations, even if somebody talks at that moment', () => {
      for (const hours of [1, -1]) {
        const events = withClockSet(hours * 3_600_000);
        assert.deepEqual(words(events), ['ringing 10', 'answered 10', 'ended 10 answered']);
        const { ringSeconds, talkSeconds, holdSeconds, accuracyMs, answeredAt, endedAt } = events.at(-1) ?? {};
        assert.deepEqual({ ringSeconds, talkSeconds, holdSeconds }, { ringSeconds: 2, talkSeconds: 4, holdSeconds: 0 });
        assert.equal(accuracyMs, 1000);
        assert.equal(Date.parse(endedAt ?? '') - Date.parse(answeredAt ?? ''), hours * 3_600_000 + 4000);
      }
    });
  });

  describe('of two calls on one extension', () => {
    it('give the extension’s state, with talking before ringing', () => {
      const second = `${tenTalks}; 3 10000 connected +492; 4 10 ringing +492`;
      const events = play(tenTalks, second, `3 10000 connected +492; 4 10 ringing +492`, '');
      assert.deepEqual(
        events.map(({ event, extensionState, activeCalls }) => [event, extensionState, activeCalls].join(' ')),
        ['answered talking 1', 'ringing talking 2', 'ended ringing 1', 'ended idle 0', 'missed idle 0'],
      );
    });

    it('belong to two calls from one number while these have two outside lines', () => {
      const both =
        `1 10000 connected ${caller}; 2 10 ringing ${caller}; ` + `3 10000 connected ${caller}; 4 11 ringing ${caller}`;
      const answered =
        `1 10000 connected ${caller}; 2 10 connected ${caller}; ` +
        `3 10000 connected ${caller}; 4 11 ringing ${caller}`;
      assert.deepEqual(words(play(both, answered, tenTalks, '')), [
        'ringing 10',
        'ringing 11',
        'answered 10',
        'ended 11 missed',
        'missed 11 missed',
        'ended 10 answered',
      ]);
    });
  });

  it('begin a new call at a CCID that is not above the previous one', () => {
    const events = play('1 10000 connected +491 c1; 2 10 ringing +491 c2; 3 11 dialing 12 c1; 4 12 ringing 11 c2');
    const calls = events.map(({ call }) => call);
    assert.equal(new Set(calls).size, 2);
    assert.equal(calls[1], calls[2]);
  });

  it('of a reused leg id belong to another call', () => {
    const events = play(tenTalks, '', tenTalks);
    assert.deepEqual(words(events), ['answered 10', 'ended 10 answered', 'answered 10']);
    assert.notEqual(events[0]?.call, events[2]?.call);
  });

  describe('after an outage', () => {
    it('mark calls that ended meanwhile as synthetic, and report no missed call', () => {
      assert.deepEqual(words(play(ringingAtTen, '-', '')), ['ringing 10', 'ended 10 unknown synthetic']);
      assert.deepEqual(words(play(tenTalks, '-', '-', '')), ['answered 10', 'ended 10 answered synthetic']);
    });

    it('go on with the same call', () => {
      const events = play(ringingAtTen, '-', '-', '-', tenTalks, '');
      assert.deepEqual(words(events), ['ringing 10', 'answered 10', 'ended 10 answered']);
      assert.equal(new Set(events.map(({ call }) => call)).size, 1);
    });
  });

  describe('at the start', () => {
    it('are not sent, but later changes are', () => {
      const tracker = new ListTracker();
      assert.deepEqual(eventsOf(tracker.take(listOf(ringingAtTen), at(start))), []);
      assert.deepEqual(words(eventsOf(tracker.take([], at(start + 1000)))), ['ended 10 missed', 'missed 10 missed']);
    });

    it('can be requested, and report how each call that is there began', () => {
      const tracker = new ListTracker();
      tracker.take(listOf(`${tenTalks}; 3 11 dialing 12; 4 12 ringing 11`), at(start));
      assert.deepEqual(
        eventsOf(tracker.current()).map(({ event, extension, initial }) => [event, extension, initial]),
        [
          ['answered', '10', true],
          ['dialing', '11', true],
          ['ringing', '12', true],
        ],
      );
      assert.equal(tracker.calls().length, 3);
    });
  });
});
