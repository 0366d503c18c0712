import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import type { FollowedEvent, Occurrence, StateEvent, WatchEvent } from '../../lib/calls';
import type { HttpApiClient, List } from '../../lib/http-api/client';
import { Poller } from '../../lib/http-api/poller';
import { type Connection, type Moment, type Pbx, ThreeCxError, type Watcher } from '../../lib/pbx';
import { CallWatch, type Memory, rememberedFor } from '../../lib/node-red/call-watch';
import type { Contacts } from '../../lib/node-red/contacts';

const numbering = { trunks: /^1\d{4}$/, services: /^999$/ };
const silence = new ThreeCxError('timeout', 'no answer');
const connected = (id: string, extension: string): Connection => ({
  ...{ id, extension, status: 'connected', number: '+491', name: null, queue: null, recording: 'off' },
});
const talking = [connected('1', '10000'), connected('2', '10')];

describe('The watch over the calls of a connection', () => {
  /** The answer of the server: a list, or an error. */
  let answer: Connection[] | ThreeCxError;
  /** How long it takes for it, in ms. */
  let milliseconds: number;
  let polls: number;
  let asked: string[];
  let memory: Memory;
  let changes: string[];
  let watch: CallWatch;
  let poller: Poller;
  let heard: WatchEvent[];
  let clock: Clock;
  /** The time that passes on the clocks while no timer runs, in ms. */
  let skipped: { wall: number; steady: number };

  const client = {
    poll: (): Promise<List> => {
      polls += 1;
      if (answer instanceof ThreeCxError) return Promise.reject(answer);
      return Promise.resolve({ connections: answer, milliseconds });
    },
    callId: (extension: string): Promise<string | null> => {
      asked.push(extension);
      return extension === '11' ? Promise.reject(silence) : Promise.resolve(`id of ${extension}`);
    },
  } as unknown as HttpApiClient;

  const open = (contacts?: Contacts): CallWatch => {
    const note = (): void => void changes.push(watch.state);
    const moment = (): Moment => ({ wall: Date.now() + skipped.wall, steady: Date.now() + skipped.steady });
    poller = new Poller(client, { interval: 1_000, numbering, clock: moment });
    const pbx: Partial<Pbx> = {
      watch: (watcher, last) => poller.watch(watcher, last),
      get stretched() {
        return poller.stretched;
      },
    };
    return new CallWatch(pbx as Pbx, memory, note, contacts, moment);
  };
  const listen = (occurrences: readonly Occurrence[]): void => {
    heard.push(...occurrences.map(({ event }) => event).filter(({ event }) => event !== 'state'));
  };
  /** Lets what is due happen, and what that sets off. */
  const pass = async (milliseconds: number): Promise<void> => {
    clock.tick(milliseconds);
    await turn();
  };
  const passSeconds = async (count: number): Promise<void> => {
    for (let second = 0; second < count; second++) await pass(1_000);
  };
  const names = (): string[] => heard.map(({ event }) => event);

  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 23) });
    answer = [];
    milliseconds = 0;
    polls = 0;
    asked = [];
    changes = [];
    skipped = { wall: 0, steady: 0 };
    heard = [];
    memory = rememberedFor('http://pbx.example', undefined);
    watch = open();
  });
  afterEach(() => {
    watch.close();
    clock.uninstall();
  });

  it('polls once per interval from the first watching node to the last', async () => {
    assert.equal(watch.state, 'connecting');
    const ends = [watch.watch('a', listen), watch.watch('b', listen)];
    await turn();
    assert.deepEqual([polls, watch.state], [1, 'online']);
    await pass(999);
    assert.equal(polls, 1);
    await pass(1);
    assert.equal(polls, 2);
    ends[0]?.(true);
    await pass(1_000);
    assert.equal(polls, 3);
    ends[1]?.(true);
    await passSeconds(100);
    assert.equal(polls, 3);
  });

  it('polls 60 times a minute, however many nodes watch', async () => {
    for (let count = 0; count < 1_000; count++) watch.watch(String(count), listen);
    await turn();
    const before = polls;
    await passSeconds(60);
    assert.equal(polls - before, 60);
  });

  it('completes each event once, however many nodes watch', async () => {
    const completed: string[] = [];
    const complete = <T>(payload: T): T => {
      completed.push((payload as unknown as WatchEvent).event);
      return payload;
    };
    watch = open({ complete } as unknown as Contacts);
    for (let count = 0; count < 1_000; count++) watch.watch(String(count), listen);
    await turn();
    answer = talking;
    await pass(1_000);
    assert.deepEqual(completed, ['answered', 'state']);
    assert.equal(names().length, 1_000);
  });

  it('counts the time that an answer takes as part of the interval', async () => {
    milliseconds = 400;
    watch.watch('a', listen);
    await turn();
    await pass(599);
    assert.equal(polls, 1);
    await pass(1);
    assert.equal(polls, 2);
    assert.equal(watch.stretched, null);
  });

  it('leaves a slow server alone for as long as it took, and reports it when that is usual', async () => {
    watch.watch('a', listen);
    await passSeconds(5);
    const before = polls;
    milliseconds = 1_200;
    await pass(1_000);
    assert.equal(watch.stretched, null);
    await pass(1_199);
    assert.equal(polls, before + 1);
    for (let time = 0; time < 2; time++) {
      await pass(1_200);
      assert.equal(watch.stretched, time === 0 ? null : 2_400);
    }
    // About as slow is no news.
    milliseconds = 1_300;
    await passSeconds(20);
    assert.equal(watch.stretched, 2_400);
    milliseconds = 10;
    await passSeconds(5);
    assert.equal(watch.stretched, null);
  });

  it('keeps trying with growing pauses, and reports once that the API is away and once that it is back', async () => {
    watch.watch('a', listen);
    await turn();
    answer = silence;
    const pauses = [];
    for (let since = 0; pauses.length < 8;) {
      const before = polls;
      await pass(125);
      since += 125;
      if (polls === before) continue;
      pauses.push(since);
      since = 0;
    }
    // Up to a quarter longer, so that not all come back at the same moment.
    for (const [index, least] of [1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      const pause = pauses[index] ?? 0;
      assert.ok(pause >= least && pause <= Math.min(least * 1.25 + 125, 30_000), `pause ${index + 1} is ${pause} ms`);
    }
    assert.deepEqual(
      [watch.state, watch.error?.code, changes, names()],
      ['offline', 'timeout', ['offline'], ['offline']],
    );
    answer = talking;
    await pass(30_000);
    assert.deepEqual([watch.state, watch.error, changes], ['online', null, ['offline', 'online']]);
    assert.deepEqual(names(), ['offline', 'online', 'answered']);
    const before = polls;
    await pass(1_000);
    assert.equal(polls, before + 1);
  });

  it('is retrying until the third try in a row', async () => {
    watch.watch('a', listen);
    await turn();
    answer = silence;
    await pass(1_000);
    await pass(1_250);
    assert.deepEqual([watch.state, names()], ['retrying', []]);
    answer = [];
    await pass(2_500);
    assert.deepEqual([watch.state, names()], ['online', []]);
  });

  it('ends the pause when any other request is answered', async () => {
    watch.watch('a', listen);
    await turn();
    answer = silence;
    for (let tries = 0; tries < 6; tries++) await pass(30_000);
    const before = polls;
    answer = [];
    poller.onAnswer();
    await turn();
    assert.deepEqual([polls, watch.state], [before + 1, 'online']);
    poller.onAnswer();
    await turn();
    assert.equal(polls, before + 1);
  });

  it('polls at once after a command that was carried out', async () => {
    watch.watch('a', listen);
    await turn();
    poller.pollNow();
    await turn();
    assert.equal(polls, 2);
    await pass(1_000);
    assert.equal(polls, 3);
  });

  it('asks for call ids once, and leaves an extension without an answer alone for a minute', async () => {
    watch.watch('a', listen);
    await turn();
    answer = [...talking, connected('3', '11')];
    await passSeconds(2);
    assert.equal(watch.tracker.calls()[0]?.callId, 'id of 10');
    answer = talking;
    await passSeconds(1);
    answer = [...talking, connected('4', '11')];
    await passSeconds(49);
    assert.deepEqual(asked, ['10', '11']);
    await passSeconds(11);
    assert.deepEqual(asked, ['10', '11', '11']);
    await passSeconds(100);
    assert.deepEqual(asked, ['10', '11', '11']);
  });

  describe('between two lists', () => {
    const ringing: Connection[] = talking.map((leg) => (leg.id === '2' ? { ...leg, status: 'ringing' } : leg));
    const ends = (): unknown[] =>
      heard.map((event) => ('outcome' in event ? [event.event, event.outcome, event.synthetic] : event.event));
    const rings = async (): Promise<void> => {
      watch.watch('a', listen);
      await turn();
      answer = ringing;
      await pass(1_000);
    };
    const unseen = [
      ['ringing', null, false],
      ['ended', 'unknown', true],
    ];
    const missed = [
      ['ringing', null, false],
      ['ended', 'missed', false],
      ['missed', 'missed', false],
    ];

    it('takes a long pause for an outage, whatever the reason, and reports no missed call', async () => {
      await rings();
      skipped = { wall: 12_000, steady: 12_000 };
      answer = [];
      await pass(1_000);
      assert.deepEqual(ends(), unseen);
    });

    it('does not take a short pause for an outage, and judges a longer one by the interval', async () => {
      await rings();
      skipped = { wall: 6_000, steady: 6_000 };
      answer = [];
      await pass(1_000);
      assert.deepEqual(ends(), missed);
    });

    it('treats a list as old as its request if the answer took long', async () => {
      watch.watch('a', listen);
      await turn();
      answer = ringing;
      milliseconds = 9_000;
      await pass(1_000);
      answer = [];
      milliseconds = 10;
      await pass(9_000);
      assert.deepEqual(ends(), unseen);
    });

    it('works as usual when the wall clock is set', async () => {
      for (const hours of [1, -1]) {
        heard = [];
        memory = rememberedFor('http://pbx.example', undefined);
        answer = [];
        watch = open();
        await rings();
        skipped = { wall: hours * 3_600_000, steady: 0 };
        answer = [];
        await pass(1_000);
        assert.deepEqual(ends(), missed);
        watch.close();
      }
    });
  });

  describe('over a deploy', () => {
    it('announces nothing, and loses nothing', async () => {
      answer = talking;
      const end = watch.watch('a', listen);
      await turn();
      end(false);
      watch.close();
      memory = rememberedFor('http://pbx.example', memory);
      answer = [];
      watch = open();
      watch.watch('a', listen);
      await turn();
      assert.deepEqual(
        heard.map((event) => [event.event, 'call' in event && event.synthetic]),
        [['ended', false]],
      );
    });

    it('keeps what happens for a node that is deployed again while others watch', async () => {
      const end = watch.watch('a', listen);
      watch.watch('b', () => undefined);
      await turn();
      end(false);
      answer = talking;
      await pass(1_000);
      answer = [];
      await pass(1_000);
      assert.deepEqual(names(), []);
      watch.watch('a', listen);
      await pass(1_000);
      assert.deepEqual(names(), ['answered', 'ended']);
      await pass(1_000);
      assert.equal(heard.length, 2);
    });

    it('forgets what it kept for a node that does not come back', async () => {
      const end = watch.watch('a', listen);
      watch.watch('b', () => undefined);
      await turn();
      end(false);
      answer = talking;
      await passSeconds(62);
      assert.ok(memory.unseen.isEmpty);
    });

    it('stays offline', async () => {
      watch.watch('a', listen);
      await turn();
      answer = silence;
      for (let tries = 0; tries < 3; tries++) await pass(30_000);
      watch.close();
      watch = open();
      watch.watch('a', listen);
      await turn();
      assert.deepEqual([watch.state, names()], ['offline', ['offline']]);
    });

    it('starts afresh with another URL or another API', () => {
      assert.notEqual(rememberedFor('http://other.example', memory).tracker, memory.tracker);
      assert.notEqual(rememberedFor('http://pbx.example', memory, 'v20').tracker, memory.tracker);
      assert.equal(rememberedFor('http://pbx.example', memory).tracker, memory.tracker);
    });

    it('marks as synthetic what ended while nobody watched', async () => {
      answer = talking;
      const end = watch.watch('a', listen);
      await turn();
      end(true);
      answer = [];
      await pass(3_600_000);
      watch.watch('a', listen);
      await turn();
      assert.deepEqual(
        heard.map((event) => [event.event, 'call' in event && event.synthetic]),
        [['ended', true]],
      );
    });
  });

  describe('for nodes that watch states', () => {
    let states: string[];
    const listenToStates = (occurrences: readonly Occurrence[]): void => {
      for (const { event } of occurrences) if (event.event === 'state') states.push(inWords(event));
    };
    const inWords = ({ extension, previousState, extensionState, synthetic }: StateEvent): string =>
      [extension, previousState, extensionState, synthetic ? 'synthetic' : ''].join(' ').trim();
    const current = (...named: string[]): string[] =>
      watch.currentStates(named).map(({ event: { extension, extensionState } }) => `${extension} ${extensionState}`);
    beforeEach(() => {
      states = [];
    });

    it('announces no states and loses none over a deploy', async () => {
      answer = talking;
      const end = watch.watch('a', listenToStates);
      watch.watch('b', () => undefined);
      await turn();
      end(false);
      watch.watch('a', listenToStates)(false);
      await pass(1_000);
      assert.deepEqual(states, []);
      answer = [];
      await pass(1_000);
      watch.close();
      memory = rememberedFor('http://pbx.example', memory);
      answer = [connected('3', '11')];
      watch = open();
      watch.watch('a', listenToStates);
      await turn();
      assert.deepEqual(states, ['10 talking idle', '11 idle talking']);
    });

    it('reports states as synthetic after a single poll without an answer, and none meanwhile', async () => {
      watch.watch('a', listenToStates);
      await turn();
      answer = silence;
      await pass(1_000);
      assert.deepEqual(states, []);
      answer = talking;
      await passSeconds(3);
      assert.deepEqual(states, ['10 idle talking synthetic']);
    });

    it('reports states of the named extensions, but not of a known outside line, service or queue', async () => {
      answer = [{ ...connected('2', '10'), queue: { number: '8000', name: '' } }, connected('1', '10000')];
      watch.watch('a', listenToStates);
      await turn();
      assert.deepEqual(current('9', '10000', '8000'), ['9 idle', '10 talking']);
    });

    it('reports states of all extensions that the PBX lists, and of none that it does not show', async () => {
      const shown: Partial<Pbx> = { watchedExtensions: ['11', '10'] };
      const pbx: Partial<Pbx> = { watch: (watcher, last) => poller.watch(watcher, last), stretched: null, ...shown };
      watch = new CallWatch(pbx as Pbx, memory, () => undefined);
      answer = talking;
      watch.watch('a', listenToStates);
      await turn();
      assert.deepEqual(current('9', '10'), ['11 idle', '10 talking']);
    });
  });

  describe('for nodes that follow calls', () => {
    const own: Connection[] = [
      { ...connected('5', '10'), status: 'dialing', number: '12' },
      { ...connected('6', '12'), status: 'ringing', number: '10' },
    ];
    const call = { extension: '10', destination: '12', callId: null };
    const definition = 'as deployed';
    let told: string[];
    const onEvent = (event: FollowedEvent): void => {
      told.push([event.event, event.outcome, event.synthetic ? 'synthetic' : ''].join(' ').trim());
    };
    const maker = { id: 'maker', definition, onEvent };
    /** A makecall that takes two seconds. */
    const make = async (follower = maker): Promise<void> => {
      const settle = watch.followed.expect(follower);
      await pass(2_000);
      settle({ call, msg: {} });
      poller.pollNow();
      await turn();
    };
    beforeEach(() => {
      told = [];
    });

    it('polls from the command until the end of the call', async () => {
      watch.followed.follow(maker);
      assert.equal(polls, 0);
      await make();
      assert.equal(polls, 2);
      answer = own;
      await passSeconds(5);
      answer = [];
      await pass(1_000);
      assert.deepEqual([polls, told], [8, ['ended not-reached']]);
      await passSeconds(60);
      assert.equal(polls, 8);
    });

    it('asks only for the call ids of the extension that calls', async () => {
      watch.followed.follow(maker);
      answer = [...talking, connected('7', '14')];
      await make();
      answer = [...own, connected('7', '14'), connected('8', '10000')];
      await passSeconds(2);
      assert.deepEqual(asked, ['10']);
      watch.watch('a', listen);
      await passSeconds(1);
      assert.deepEqual(asked.slice(0, 2), ['10', '12']);
    });

    it('gives up a call and stops polling after ten seconds without seeing it', async () => {
      watch.followed.follow(maker);
      await make();
      await passSeconds(9);
      assert.deepEqual(told, []);
      await passSeconds(1);
      assert.deepEqual(told, ['ended unknown synthetic']);
      const before = polls;
      await passSeconds(60);
      assert.equal(polls, before);
    });

    it('keeps following through an outage, however long it takes', async () => {
      watch.followed.follow(maker);
      await make();
      answer = silence;
      await passSeconds(600);
      assert.deepEqual([told, watch.isFailing], [[], true]);
      answer = own;
      await passSeconds(31);
      answer = [];
      await pass(1_000);
      assert.deepEqual(told, ['ended not-reached']);
    });

    it('counts a freeze of the process as an outage', async () => {
      watch.followed.follow(maker);
      await make();
      skipped = { wall: 60_000, steady: 60_000 };
      await passSeconds(9);
      assert.deepEqual(told, []);
      await passSeconds(2);
      assert.deepEqual(told, ['ended unknown synthetic']);
    });

    it('follows no call of a command that was refused', async () => {
      watch.followed.follow(maker);
      watch.followed.expect(maker)(null);
      await turn();
      const before = polls;
      await passSeconds(60);
      assert.equal(polls, before);
    });

    it('keeps following if a deploy leaves the node as it is, and then reports what happened meanwhile', async () => {
      watch.watch('a', listen);
      const leave = watch.followed.follow(maker);
      answer = [];
      await make();
      answer = own;
      await passSeconds(1);
      leave(false);
      answer = [];
      await passSeconds(3);
      assert.deepEqual(told, []);
      watch.followed.follow(maker);
      assert.deepEqual(told, []);
      await passSeconds(1);
      assert.deepEqual(told, ['ended not-reached']);
    });

    for (const [what, isRemoved, changed] of [
      ['was removed', true, maker],
      ['comes back as another one', false, { ...maker, definition: 'changed' }],
    ] as const) {
      it(`follows no call of a node that ${what}`, async () => {
        const leave = watch.followed.follow(maker);
        await make();
        answer = own;
        await passSeconds(1);
        leave(isRemoved);
        watch.followed.follow(changed);
        const before = polls;
        answer = [];
        await passSeconds(20);
        assert.deepEqual([told, polls], [[], before]);
      });
    }

    it('follows no call of a node that has not come back for a minute', async () => {
      watch.watch('a', listen);
      const leave = watch.followed.follow(maker);
      await make();
      answer = own;
      await passSeconds(1);
      leave(false);
      await passSeconds(62);
      watch.followed.follow(maker);
      answer = [];
      await passSeconds(2);
      assert.deepEqual(told, []);
      assert.ok(memory.followed.following.isEmpty);
    });

    it('asks for a snapshot after ten seconds if snapshots are rare', async () => {
      let watcher: Watcher | null = null;
      let refreshes = 0;
      const show = (): void => {
        const at = { wall: Date.now(), steady: Date.now() };
        watcher?.onSnapshot({ connections: [], changed: false, at, accuracyMs: 0, afterGap: false });
      };
      const pbx: Partial<Pbx> = {
        stretched: null,
        isConcurrent: true,
        watch: (given) => {
          watcher = given;
          return () => (watcher = null);
        },
        refresh: () => {
          refreshes += 1;
          show();
        },
      };
      const note = (): Moment => ({ wall: Date.now(), steady: Date.now() });
      const rare = new CallWatch(pbx as Pbx, memory, () => undefined, undefined, note);
      rare.followed.follow(maker);
      const settle = rare.followed.expect(maker);
      show();
      settle({ call, msg: {} });
      await pass(9_000);
      assert.deepEqual([refreshes, told], [0, []]);
      await pass(1_100);
      assert.deepEqual([refreshes, told, watcher], [1, ['ended unknown synthetic'], null]);
    });
  });

  describe('for the list of extensions', () => {
    const listed = [
      { extension: '11', name: 'Anna', isWatched: true },
      { extension: '9', name: null, isWatched: true },
      { extension: '12', name: 'Ben', isWatched: false },
    ];

    it('lists the extensions of the PBX, with names, beside those that were seen', async () => {
      answer = talking;
      watch.watch('a', listen);
      await turn();
      assert.deepEqual(watch.extensions(listed), [
        { extension: '9', name: null, state: 'idle', profile: null },
        { extension: '10', name: null, state: 'talking', profile: null },
        { extension: '11', name: 'Anna', state: 'idle', profile: null },
        // Whether it is in a call can't be seen.
        { extension: '12', name: 'Ben', state: null, profile: null },
      ]);
    });

    it('lists no states as long as nobody watches', () => {
      assert.deepEqual(
        watch.extensions(listed).map(({ extension, state }) => [extension, state]),
        [
          ['9', null],
          ['11', null],
          ['12', null],
        ],
      );
    });
  });
});
