import assert from 'node:assert/strict';
import { type Interest, type StateEvent, Subscription } from '../../lib/calls';
import { type EventName, eventNames } from '../../lib/pbx';
import { at, everything, listOf, ListTracker, start, statesOf, watching } from '../../support/calls';

const caller = '+4915112345678';
const line = `1 10000 connected ${caller}`;
const rings = `${line}; 2 10 ringing ${caller}`;
const talks = `${line}; 2 10 connected ${caller}`;

/** States in words: extension, from which state to which, how many calls. */
function inWords(states: readonly StateEvent[]): string[] {
  return states.map(({ extension, previousState, extensionState, activeCalls, initial, synthetic }) => {
    const marks = [initial && 'initial', synthetic && 'synthetic'].filter((mark) => mark !== false);
    return [extension, previousState ?? '-', 'to', extensionState, activeCalls, ...marks].join(' ');
  });
}

/** Gives a tracker lists, a second apart; `-` is a missing one. */
function feed(tracker: ListTracker, ...lists: string[]): StateEvent[][] {
  return lists.map((list) => {
    if (list === '-') tracker.noSnapshot();
    return list === '-' ? [] : statesOf(tracker.take(listOf(list), at((tracker.time?.steady ?? start) + 1000)));
  });
}

/** The states that come with each list, after an empty one. */
function each(...lists: string[]): string[][] {
  return feed(watching(), ...lists).map(inWords);
}

describe('The state of an extension', () => {
  it('is reported once for each change, from ringing to idle', () => {
    assert.deepEqual(each(rings, rings, talks, talks, `${line}; 2 10 hold ${caller}`, line, ''), [
      ['10 idle to ringing 1'],
      [],
      ['10 ringing to talking 1'],
      [],
      ['10 talking to held 1'],
      ['10 held to idle 0'],
      [],
    ]);
    assert.deepEqual(each('1 10 dialing 11; 2 11 ringing 10').flat(), ['10 idle to dialing 1', '11 idle to ringing 1']);
  });

  it('is reported when only the number of calls changes', () => {
    assert.deepEqual(each(talks, `${talks}; 3 10001 connected +492; 4 10 hold +492`, talks), [
      ['10 idle to talking 1'],
      ['10 talking to talking 2'],
      ['10 talking to talking 1'],
    ]);
  });

  it('is reported once for a call that rings on two phones of the extension', () => {
    assert.deepEqual(each(`${rings}; 3 10 ringing ${caller}`).flat(), ['10 idle to ringing 1']);
  });

  it('is not reported when one call takes the place of another', () => {
    assert.deepEqual(each(talks, '5 10001 connected +492; 6 10 connected +492'), [['10 idle to talking 1'], []]);
    const both = (first: string, second: string): string =>
      `${line}; 2 10 ${first} ${caller}; 5 10001 connected +492; 6 10 ${second} +492`;
    assert.deepEqual(each(both('connected', 'hold'), both('hold', 'connected')), [['10 idle to talking 2'], []]);
  });

  it('comes after all other events of the snapshot, including missed', () => {
    const tracker = watching();
    feed(tracker, rings);
    const names = tracker.take([], at(start + 3000)).map(({ event }) => event.event);
    assert.deepEqual(names, ['ended', 'missed', 'state']);
  });

  it('is reported first for extensions that are no longer in a call', () => {
    assert.deepEqual(each('3 12 connected 13; 4 13 connected 12', talks)[1], [
      '12 talking to idle 0',
      '13 talking to idle 0',
      '10 idle to talking 1',
    ]);
    assert.deepEqual(each(`${rings}; 3 12 connected 13; 4 13 connected 12`, talks)[1], [
      '12 talking to idle 0',
      '13 talking to idle 0',
      '10 ringing to talking 1',
    ]);
  });

  it('names the call that causes it, with null in the call’s fields if there is none', () => {
    const [[ringing] = [], , [talking] = [], , [idle] = []] = feed(
      watching(),
      `${rings} q8000`,
      rings,
      talks,
      talks,
      line,
    );
    const call = ringing?.call;
    assert.equal(typeof call, 'string');
    assert.deepEqual(ringing, {
      event: 'state',
      extension: '10',
      extensionName: null,
      extensionState: 'ringing',
      previousState: 'idle',
      activeCalls: 1,
      call,
      connection: '2',
      number: caller,
      e164: null,
      name: null,
      direction: 'inbound',
      internal: false,
      queue: { number: '8000', name: 'Support' },
      trunk: '10000',
      startedAt: new Date(start + 1000).toISOString(),
      answeredAt: null,
      accuracyMs: 1000,
      initial: false,
      synthetic: false,
    });
    assert.deepEqual([talking?.call, talking?.answeredAt], [call, new Date(start + 3000).toISOString()]);
    assert.deepEqual(idle, {
      event: 'state',
      extension: '10',
      extensionName: null,
      extensionState: 'idle',
      previousState: 'talking',
      activeCalls: 0,
      ...{ call: null, connection: null, number: null, direction: null, internal: null, queue: null, trunk: null },
      ...{
        e164: null,
        name: null,
        startedAt: null,
        answeredAt: null,
        accuracyMs: 1000,
        initial: false,
        synthetic: false,
      },
    });
    const [[inside] = []] = feed(watching(), '1 10 connected 11; 2 11 connected 10');
    assert.deepEqual([inside?.internal, inside?.trunk, inside?.queue], [true, null, null]);
  });

  it('names the latest of the calls that cause it, and no other call', () => {
    const second = '5 10001 connected +492; 6 10 ringing +492';
    const third = '7 10002 connected +493; 8 10 ringing +493';
    const numbers = feed(
      watching(),
      talks,
      `${talks}; ${second}`,
      `${talks}; ${second}; ${third}`,
      `${second}; ${third}`,
    )
      .flat()
      .map(({ extensionState, activeCalls, number }) => [extensionState, activeCalls, number]);
    assert.deepEqual(numbers, [
      ['talking', 1, caller],
      ['talking', 2, caller],
      ['talking', 3, caller],
      ['ringing', 2, '+493'],
    ]);
  });

  it('names the later one in the list if two calls begin with the same list', () => {
    const [[state] = []] = feed(watching(), `${rings}; 5 10001 connected +492; 6 10 ringing +492`);
    assert.deepEqual([state?.activeCalls, state?.number], [2, '+492']);
  });

  it('names the newer of two calls even if the PBX reported the status of the older one later', () => {
    const other = (status: string): string => `5 10001 connected +492; 6 10 ${status} +492`;
    const lists = [other('undefined'), `${rings}; ${other('undefined')}`, `${rings}; ${other('ringing')}`];
    const [state] = feed(watching(), ...lists).at(-1) ?? [];
    assert.deepEqual([state?.activeCalls, state?.number], [2, caller]);
  });

  it('counts two calls that have become one as one call', () => {
    const group = (name: string): string =>
      `1 10000 connected +491 g1; 2 10 connected +491 g1; 3 10001 connected +492 g${name}; 4 10 hold +492 g${name}`;
    assert.deepEqual(each(group('2'), group('1')), [['10 idle to talking 2'], ['10 talking to talking 1']]);
  });

  it('is not reported with the first snapshot, but when it changes after it', () => {
    assert.deepEqual(feed(new ListTracker(), rings, rings, '').map(inWords), [[], [], ['10 ringing to idle 0']]);
    const answers = `${line}; 2 2001 connected ${caller}`;
    assert.deepEqual(feed(new ListTracker(), answers, answers, line).map(inWords), [
      [],
      [],
      ['2001 talking to idle 0'],
    ]);
  });

  it('is reported after a gap only if it differs, and is then marked as synthetic', () => {
    assert.deepEqual(each(rings, '-', talks, talks), [
      ['10 idle to ringing 1'],
      [],
      ['10 ringing to talking 1 synthetic'],
      [],
    ]);
    assert.deepEqual(each(talks, '-', '-', talks, ''), [
      ['10 idle to talking 1'],
      [],
      [],
      [],
      ['10 talking to idle 0'],
    ]);
    const tracker = watching();
    const leg = { connections: [], changed: true, accuracyMs: 1000 };
    feed(tracker, rings);
    const states = statesOf(tracker.update({ ...leg, at: at(start + 60_000), afterGap: true }));
    assert.deepEqual(inWords(states), ['10 ringing to idle 0 synthetic']);
  });

  it('is not reported for an outside line, a queue or a service', () => {
    const queue = `4 8000 connected ${caller} @queue`;
    assert.deepEqual(each(`${line}; ${queue}; 5 999 connected ${caller}`, ''), [[], []]);
  });

  describe('of a DN that may be a queue', () => {
    const answers = `${line}; 2 2001 connected ${caller}`;

    it('is reported as soon as that is clear, and says how late it is', () => {
      const tracker = watching();
      const take = (list: string, time: number): StateEvent[] => statesOf(tracker.take(listOf(list), at(start + time)));
      assert.deepEqual(take(answers, 100), []);
      assert.deepEqual(tracker.currentStates(['2001']), []);
      const [state] = take(answers, 1100);
      assert.deepEqual(inWords(state ? [state] : []), ['2001 idle to talking 1']);
      assert.equal(state?.accuracyMs, 1100);
      assert.deepEqual(inWords(statesOf(tracker.currentStates([]))), ['2001 - to talking 1 initial']);
    });

    it('is the last reported one for a node that starts while another call has made it doubtful again', () => {
      const tracker = watching();
      const take = (list: string, time: number): StateEvent[] => statesOf(tracker.take(listOf(list), at(start + time)));
      take(answers, 100);
      assert.equal(take(answers, 1100).length, 1);
      assert.deepEqual(take(`${answers}; 3 10001 connected +492; 4 2001 connected +492`, 1200), []);
      assert.deepEqual(inWords(statesOf(tracker.currentStates([]))), ['2001 - to talking 1 initial']);
    });

    it('is as late as its first snapshot makes it, however many snapshots come before it is clear', () => {
      const tracker = watching();
      const late = (list: string, time: number): number[] =>
        statesOf(tracker.take(listOf(list), at(start + time))).map(({ accuracyMs }) => accuracyMs);
      assert.deepEqual([late(answers, 100), late(`${answers} on`, 500), late(answers, 1200)], [[], [], [1200]]);
    });

    it('is not taken from an earlier call that is over when a node starts', () => {
      const tracker = watching();
      const lists = [answers, answers, line, `${line}; 5 2001 connected ${caller}`];
      for (const [index, list] of lists.entries()) tracker.take(listOf(list), at(start + (index + 1) * 1000));
      assert.deepEqual(inWords(statesOf(tracker.currentStates([]))), []);
    });

    it('is as late as any other state the next time', () => {
      const tracker = watching();
      const late = (list: string, time: number): number[] =>
        statesOf(tracker.take(listOf(list), at(start + time))).map(({ accuracyMs }) => accuracyMs);
      assert.deepEqual([late(answers, 100), late(answers, 1100), late(line, 2000)], [[], [1100], [900]]);
      assert.deepEqual([late(answers, 2100), late(line, 2400), late(line, 9000)], [[], [], []]);
      assert.deepEqual([late(answers, 9100), late(answers, 10_100)], [[], [1100]]);
    });

    it('is synthetic if there was a gap before the DN answered', () => {
      assert.deepEqual(each('-', answers, answers, answers).flat(), ['2001 idle to talking 1 synthetic']);
    });

    it('is never reported if the DN is a queue or is gone', () => {
      const agent = `3 10 ringing ${caller} q2001`;
      const tracker = watching();
      const take = (list: string, time: number): string[] =>
        inWords(statesOf(tracker.take(listOf(list), at(start + time))));
      assert.deepEqual(take(answers, 100), []);
      assert.deepEqual(take(`${answers}; ${agent}`, 400), ['10 idle to ringing 1']);
      assert.deepEqual(take('', 5_000), ['10 ringing to idle 0']);
      assert.deepEqual(inWords(statesOf(tracker.currentStates([]))), []);
      assert.deepEqual(each(answers, line), [[], []]);
    });
  });

  it('takes no work after a snapshot in which nothing has changed', () => {
    const tracker = watching();
    const list = listOf(talks);
    tracker.take(list, at(start + 1000));
    const { standings } = tracker as unknown as { standings: { extensions(): Iterator<string> } };
    standings.extensions = () => assert.fail('the extensions are looked at');
    assert.deepEqual(tracker.take(list, at(start + 2000)), []);
  });
});

describe('States that concern a node', () => {
  const own: Partial<Interest> = { events: new Set(['state']) };

  /** The events of a node for lists that come a second apart, after an empty one. */
  function told(interest: Partial<Interest>, ...lists: string[]): string[][] {
    const subscription = new Subscription({ ...everything, ...own, ...interest });
    const tracker = new ListTracker();
    return ['', ...lists].map((list, index) => {
      if (list === '-') tracker.noSnapshot();
      const occurrences = list === '-' ? [] : tracker.take(listOf(list), at(start + index * 1000));
      return inWords(subscription.select(occurrences, list === '-' ? null : tracker) as StateEvent[]);
    });
  }

  /** With what a node starts that comes when the last list does. */
  function atStart(interest: Partial<Interest>, ...lists: string[]): string[] {
    const subscription = new Subscription({ ...everything, ...own, initial: true, ...interest });
    const tracker = new ListTracker();
    const occurrences = lists.map((list, index) => tracker.take(listOf(list), at(start + index * 1000)));
    return inWords(subscription.select(occurrences.at(-1) ?? [], tracker) as StateEvent[]);
  }

  it('are those of its extensions; no other filter applies', () => {
    const is = (dn: string) => (number: string) => number === dn;
    assert.deepEqual(told({ extensions: is('10') }, rings), [[], ['10 idle to ringing 1']]);
    assert.deepEqual(told({ extensions: is('11') }, rings), [[], []]);
    const filters: Partial<Interest>[] = [
      { direction: 'outbound' },
      { scope: 'internal' },
      { queues: is('8000') },
      { number: /^nobody$/ },
      { minRing: 60_000 },
    ];
    for (const filter of filters) {
      assert.deepEqual(told(filter, rings, ''), [[], ['10 idle to ringing 1'], ['10 ringing to idle 0']]);
    }
  });

  it('are sent only to a node that asks for them', () => {
    const events = new Set<EventName>(eventNames.filter((name) => name !== 'state'));
    const subscription = new Subscription({ ...everything, events });
    const tracker = watching();
    const names = subscription.select(tracker.take(listOf(rings), at(start + 1000)), tracker);
    assert.deepEqual(
      names.map(({ event }) => event),
      ['ringing'],
    );
  });

  it('come after a ring that has only now become long enough', () => {
    const subscription = new Subscription({ ...everything, events: new Set(['ringing', 'state']), minRing: 1500 });
    const tracker = watching();
    const names = [rings, rings, `${rings}; 5 11 dialing 12`].map((list, index) =>
      subscription
        .select(tracker.take(listOf(list), at(start + (index + 1) * 1000)), tracker)
        .map(({ event, ...more }) => `${event} ${'extension' in more ? more.extension : ''}`),
    );
    assert.deepEqual(names, [['state 10'], [], ['ringing 10', 'state 11']]);
  });

  it('cover, at the start, the extensions that the filter names and those in a call', () => {
    const named = ['10', '12'];
    assert.deepEqual(atStart({ named }, '', talks), ['10 - to talking 1 initial', '12 - to idle 0 initial']);
    assert.deepEqual(atStart({ named: ['12'] }, talks), ['12 - to idle 0 initial', '10 - to talking 1 initial']);
    assert.deepEqual(atStart({}, talks), ['10 - to talking 1 initial']);
    const extensions = (number: string): boolean => number !== '10';
    assert.deepEqual(atStart({ named: ['12'], extensions }, talks), ['12 - to idle 0 initial']);
    assert.deepEqual(atStart({ initial: false, named }, '', talks), ['10 idle to talking 1']);
  });

  it('replace, at the start, the changes of that moment, except those of extensions that left their call', () => {
    const two = `${talks}; 5 11 connected 12; 6 12 connected 11`;
    assert.deepEqual(atStart({ named: ['11'] }, two, line), [
      '10 talking to idle 0',
      '12 talking to idle 0',
      '11 - to idle 0 initial',
    ]);
  });

  it('continue with changes after those at the start', () => {
    assert.deepEqual(told({ initial: true, named: ['10', '11'] }, rings, '-', talks), [
      ['10 - to idle 0 initial', '11 - to idle 0 initial'],
      ['10 idle to ringing 1'],
      [],
      ['10 ringing to talking 1 synthetic'],
    ]);
  });
});
