import assert from 'node:assert/strict';
import { CallTracker } from '../../lib/calls';
import type { Leg } from '../../lib/pbx';
import { at, callsOf, eventsOf, listOf, play, start, watching, words } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;
const rings = `${line}; 2 10 ringing ${caller}`;

describe('A leg', () => {
  it('belongs to the call of the legs beside it, even if it is listed before them', () => {
    assert.deepEqual(callsOf(play(rings, `5 11 ringing ${caller}; ${rings}`, '')), [1, 1, 1, 1, 1]);
  });

  it('stays in its call even if its CCID would put it in another call', () => {
    const first = '1 10 connected 11 c1; 2 11 connected 10 c2';
    const events = play(
      `${first}; 3 12 connected 13 c1; 4 13 connected 12 c2`,
      `${first}; 4 13 connected 12 c3 on`,
      '',
    );
    assert.deepEqual(words(events).slice(4), [
      'ended 12 answered',
      'recording 13',
      'ended 10 answered',
      'ended 11 answered',
      'ended 13 answered',
    ]);
    assert.deepEqual(callsOf(events).slice(4), [2, 2, 1, 1, 2]);
  });

  it('stays in its call even if it has the number of another call by now', () => {
    const other = (number: string): string => `2 10000 connected ${number}; 3 11 connected ${number}`;
    const events = play(`${other('+492')}; 1 10 connected +491`, `${other('+491')}; 1 10 connected +491 on`);
    assert.deepEqual(words(events), ['answered 11', 'answered 10', 'recording 10']);
    assert.deepEqual(callsOf(events), [1, 2, 2]);
  });

  it('stays in its call while it talks alone, even if it has the number of another call by now', () => {
    const other = (number: string): string => `2 10000 connected ${number}; 3 11 connected ${number}`;
    const news = `${other('+491')}; 1 10 connected +491 on; 4 12 dialing 13`;
    const events = play(`${other('+492')}; 1 10 connected +491`, news);
    assert.deepEqual(words(events).slice(2), ['recording 10', 'dialing 12']);
    assert.deepEqual(callsOf(events), [1, 2, 2, 3]);
  });

  it('makes two calls one if the PBX says so, even if no leg has come or gone', () => {
    const legs = (group: string): string =>
      `1 10 connected 11 ga; 2 11 connected 10 ga; 3 12 connected 13 g${group}; 4 13 connected 12 g${group}`;
    assert.deepEqual(callsOf(play(legs('b'), legs('a'), '')), [1, 1, 2, 2, 1, 1, 1, 1]);
  });

  it('belongs to the call that the PBX puts it in, even if all earlier legs of that call are gone', () => {
    const events = play(`2 10 connected ${caller} ga /10000`, `3 11 ringing ${caller} ga /10000`, '');
    assert.deepEqual(words(events).slice(-2), ['ringing 11', 'ended 11 missed']);
    assert.deepEqual(new Set(callsOf(events)), new Set([1]));
  });

  it('is not read again while it is unchanged, which saves most of the work with long lists', () => {
    const looked = new Set<string | symbol>();
    const legsOf = (text: string): Leg[] =>
      listOf(text).map((leg) => ({ role: leg.extension === '10000' ? 'trunk' : 'extension', callId: null, ...leg }));
    const watched = (leg: Leg): Leg =>
      new Proxy(leg, {
        get: (target, field): unknown => {
          looked.add(field);
          return Reflect.get(target, field);
        },
      });
    const tracker = new CallTracker();
    const take = (connections: Leg[], seconds: number): string[] => {
      const time = { at: at(start + seconds * 1000), accuracyMs: 1000, afterGap: false };
      return words(eventsOf(tracker.update({ connections, changed: true, ...time })));
    };
    const [ringing, ...others] = legsOf(`2 10 ringing ${caller}; ${line}; 3 12 connected 13; 4 13 connected 12`);
    const [answered] = legsOf(`2 10 connected ${caller}`);
    assert.ok(ringing && answered);
    const before = others.map(watched);
    take([ringing, ...before], 1);
    assert.ok(looked.has('number') && looked.has('recording'));
    looked.clear();
    assert.deepEqual(take([answered, ...before], 2), ['answered 10']);
    assert.deepEqual([...looked], []);
    assert.deepEqual(take([answered, ...before, ...legsOf('5 14 dialing 15')], 3), ['dialing 14']);
    assert.ok(!looked.has('recording'), 'whose each leg is was looked for, and nothing more');
  });

  it('makes its queue known even if no leg has come or gone', () => {
    const tracker = watching();
    const lists = [`${line}; 2 10 ringing ${caller}`, `${line}; 2 10 connected ${caller} q8000`];
    for (const [index, list] of lists.entries()) tracker.take(listOf(list), at(start + index * 1000));
    assert.ok(tracker.isQueue('8000'));
  });

  it('of a queue makes the queue’s DN known', () => {
    const tracker = watching();
    tracker.take(listOf('1 8000 connected 10 @queue; 2 11 ringing 10 q8001'), at(start + 1000));
    assert.deepEqual(
      ['8000', '8001', '10', '11'].filter((dn) => tracker.isQueue(dn)),
      ['8000', '8001'],
    );
  });
});

describe('An outside line', () => {
  const answers = (...snapshots: string[]): string | undefined => words(play(...snapshots)).at(-1);

  it('is the caller’s if the call began with it, and was called if it came later', () => {
    const phone = `2 10 ringing ${caller}`;
    const mobile = (status: string): string => `1 10000 ${status} ${caller}`;
    assert.equal(
      answers(`${mobile('dialing')}; ${phone}`, `${mobile('connected')}; ${phone}`, mobile('connected')),
      'ring-stopped 10 missed',
    );
    assert.equal(
      answers(`${phone}; ${mobile('dialing')}`, `${phone}; ${mobile('connected')}`, mobile('connected')),
      'ring-stopped 10 answered-elsewhere',
    );
  });

  it('is the caller’s if the PBX says so, wherever it is in the list', () => {
    const phone = `2 10 ringing ${caller} ga <`;
    const lineWith = (status: string, direction: string): string => `1 10000 ${status} ${caller} ga ${direction}`;
    for (const [direction, end] of [
      ['>', 'ring-stopped 10 missed'],
      ['<', 'ring-stopped 10 answered-elsewhere'],
    ] as const) {
      const [dials, talks] = ['dialing', 'connected'].map((status) => lineWith(status, direction));
      assert.ok(dials && talks);
      assert.equal(answers(`${phone}; ${dials}`, `${phone}; ${talks}`, talks), end, 'after the phone');
      assert.equal(answers(`${dials}; ${phone}`, `${talks}; ${phone}`, talks), end, 'before the phone');
    }
  });
});

describe('An extension that dials a code', () => {
  const dials = `${rings}; 3 11 dialing *20*10`;

  it('gets into the call even if its leg is listed first', () => {
    const events = play(rings, dials, `3 11 connected ${caller}; ${line}`, '');
    assert.deepEqual(words(events).slice(2), [
      'ring-stopped 10 answered-elsewhere',
      'answered 11',
      'ended 11 answered',
    ]);
    assert.deepEqual(callsOf(events), [1, 2, 1, 1, 1]);
  });

  it('gets into the call even if no leg has come or gone since', () => {
    const parked = `${line}; 3 11 dialing *0`;
    const events = play(`${line}; 2 10 connected ${caller}`, parked, `${line}; 3 11 connected ${caller}`);
    assert.deepEqual(words(events).slice(1), ['ended 10 answered', 'dialing 11', 'answered 11']);
    assert.deepEqual(callsOf(events), [1, 1, 2, 1]);
  });

  it('gets into the call on a new leg even if another of its phones rings there', () => {
    const events = play(rings, dials, `${line}; 4 11 connected ${caller}; 5 11 ringing ${caller}`);
    assert.deepEqual(words(events).slice(2), ['ring-stopped 10 answered-elsewhere', 'answered 11']);
  });

  it('has an empty number in the call, not the code, if the caller withholds the number', () => {
    const withheld = ['1 10000 connected ; 2 10 ringing ', '1 10000 connected ; 2 10 ringing ; 3 11 dialing *20*10'];
    const events = play(...withheld, '1 10000 connected ; 3 11 connected ', '');
    assert.deepEqual(
      events.filter(({ extension }) => extension === '11').map(({ event, number }) => `${event} ${number}`),
      ['dialing *20*10', 'answered ', 'ended '],
    );
  });

  it('keeps dialling on that phone while another of its phones is in the call', () => {
    const tracker = watching();
    const lists = [rings, dials, `${line}; 4 11 connected ${caller}; 3 11 dialing *20*10`];
    const events = lists.flatMap((list, index) => eventsOf(tracker.take(listOf(list), at(start + index * 1000))));
    assert.deepEqual(words(events).slice(2), ['ring-stopped 10 answered-elsewhere', 'answered 11']);
    assert.deepEqual(
      tracker.calls().map(({ connection, status }) => `${connection} ${status}`),
      ['4 connected', '3 dialing'],
    );
  });

  it('is not taken for another extension that is new in a call at the same moment', () => {
    const events = play(rings, dials, `${line}; 5 12 connected ${caller}`);
    assert.deepEqual(words(events).slice(2), [
      'ring-stopped 10 answered-elsewhere',
      'ended 11 not-reached',
      'answered 12',
    ]);
    assert.equal(events.at(-1)?.direction, 'inbound');
  });

  it('has reached nobody if it begins a call of its own at the same moment', () => {
    const events = play('3 11 dialing *99', '4 11 connected +492; 5 10001 connected +492');
    assert.deepEqual(words(events), ['dialing 11', 'ended 11 not-reached', 'answered 11']);
    assert.deepEqual(callsOf(events), [1, 1, 2]);
  });

  it('is not one that dials a number or is parked: there the old part ends and a new one begins', () => {
    for (const [alone, end] of [
      ['3 11 dialing 12', 'ended 11 not-reached'],
      ['3 11 held *00', 'ended 11 answered'],
    ] as const) {
      const events = play(`${rings}; ${alone}`, `${line}; 4 11 connected ${caller}`);
      assert.deepEqual(words(events).slice(2), ['ring-stopped 10 answered-elsewhere', end, 'answered 11']);
      assert.deepEqual(callsOf(events).slice(-2), [2, 1]);
    }
  });

  it('stays in its call if it is not alone there, because it has reached somebody', () => {
    const events = play(
      `${rings}; 3 11 dialing 12; 4 12 ringing 11`,
      `${line}; 3 11 connected ${caller}; 4 12 ringing 11`,
    );
    assert.deepEqual(words(events).slice(3), ['ring-stopped 10 missed', 'answered 11']);
    assert.deepEqual(callsOf(events).slice(3), [1, 2]);
  });
});
