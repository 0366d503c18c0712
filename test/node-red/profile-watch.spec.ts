import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import {
  emptyProfileMemory,
  type ProfileMemory,
  type ProfileReport,
  ProfileWatch,
} from '../../lib/node-red/profile-watch';
import {
  type ErrorCode,
  type OperationName,
  type Presence,
  profileNames,
  type Profile,
  type RefusalReason,
  type Result,
  ThreeCxError,
} from '../../lib/pbx';

const presence = (profile: Profile, loggedIn: boolean | null = null): Presence => ({
  ...{ profile, profileName: profileNames[profile], loggedIn },
});
const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

for (const listsPresences of [false, true]) {
  describe(`The watch over the profiles of a connection whose PBX ${listsPresences ? 'lists them' : 'tells them one by one'}`, () => {
    let clock: Clock;
    let memory: ProfileMemory;
    let watch: ProfileWatch;
    /** The answers of the PBX, by extension, or for all. */
    let answers: Map<string, Presence | ErrorCode>;
    let failure: ErrorCode | null;
    /** How long each look-up takes, in ms. */
    let takes: number;
    let asked: { extensions: readonly string[] | null; at: number }[];
    let seen: string[];
    let refusals: number;
    let read: string[];

    const steady = (): number => Date.now();
    const pbx = {
      listsPresences,
      presences: async (extensions: readonly string[] | null): Promise<ReadonlyMap<string, Presence>> => {
        asked.push({ extensions, at: steady() });
        if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
        if (failure !== null) throw new ThreeCxError(failure, 'no answer');
        const found = new Map<string, Presence>();
        for (const [extension, answer] of answers) {
          if (!listsPresences && !extensions?.includes(extension)) continue;
          if (typeof answer === 'string') throw new ThreeCxError(answer, 'no answer');
          found.set(extension, answer);
        }
        return found;
      },
    };
    const open = (): ProfileWatch =>
      new ProfileWatch(
        pbx,
        memory,
        {
          seen: () => seen,
          onRead: (extension) => read.push(extension),
          onRefused: () => (refusals += 1),
        },
        steady,
      );

    /** A node that records the reports it gets, in words. */
    class Node {
      readonly told: string[] = [];
      calls = 0;
      private end: ((isRemoved: boolean) => void) | null = null;

      constructor(
        private readonly id: string,
        private readonly extensions: readonly string[] | null,
        private readonly seconds = 30,
      ) {
        this.start();
      }

      start(): this {
        const interest = {
          extensions: this.extensions === null ? null : new Set(this.extensions),
          interval: 1_000 * this.seconds,
        };
        this.end = watch.watch(this.id, interest, (reports) => {
          this.calls += 1;
          this.told.push(...reports.map(wordsOf));
        });
        return this;
      }

      stop(isRemoved: boolean): void {
        this.end?.(isRemoved);
      }

      /** Only what changed. */
      get changes(): string[] {
        return this.told.filter((words) => words.startsWith('change'));
      }
    }
    const wordsOf = ({ extension, presence: { profile, loggedIn }, previous, isChange }: ProfileReport): string =>
      [isChange ? 'change' : 'read', extension, previous?.profile ?? null, 'to', profile, loggedIn ?? '']
        .join(' ')
        .trim();

    /** Lets time pass, and what it sets off. */
    const pass = async (seconds: number): Promise<void> => {
      const end = Date.now() + 1_000 * seconds;
      do {
        clock.tick(Math.min(50, end - Date.now()));
        await turn();
      } while (Date.now() < end);
    };
    const note = (name: OperationName, extension: string, told?: Presence): void => {
      const result = { ok: true, given: { extension }, answer: '' } as Result;
      watch.note(name, told === undefined ? result : { ...result, presence: told });
    };

    beforeEach(() => {
      clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 26) });
      answers = new Map([
        ['10', presence('avail')],
        ['11', presence('avail')],
      ]);
      failure = null;
      takes = 0;
      asked = [];
      seen = [];
      refusals = 0;
      read = [];
      memory = emptyProfileMemory();
      watch = open();
    });
    afterEach(() => {
      watch.close();
      const timers = clock.countTimers();
      clock.uninstall();
      assert.equal(timers, 0, 'a timer is left');
    });

    it('asks from the first watching node to the last', async () => {
      await pass(100);
      assert.equal(asked.length, 0);
      const nodes = [new Node('a', ['10'], 5), new Node('b', ['10'], 5)];
      await pass(12);
      assert.equal(asked.length, 3);
      nodes[0]?.stop(true);
      await pass(5);
      assert.equal(asked.length, 4);
      nodes[1]?.stop(true);
      await pass(100);
      assert.equal(asked.length, 4);
      assert.equal(clock.countTimers(), 0);
    });

    it(`asks for 100 extensions of three nodes ${listsPresences ? 'once' : '100 times'} per interval, spread over it`, async () => {
      const all = range(100, 199);
      for (const extension of all) answers.set(extension, presence('avail'));
      for (const id of ['a', 'b', 'c']) new Node(id, all);
      await pass(3 * 30);
      const perInterval = listsPresences ? 1 : 100;
      assert.equal(asked.length, 3 * perInterval);
      if (listsPresences) assert.deepEqual(new Set(asked[0]?.extensions), new Set(all));
      for (let round = 0; round < 3 * perInterval; round += perInterval) {
        const own = asked.slice(round, round + perInterval).flatMap(({ extensions }) => extensions ?? []);
        assert.deepEqual([...own].sort(), all);
      }
      const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
      const usual = 30_000 / perInterval;
      assert.ok(Math.max(...gaps) <= usual + 50 && Math.min(...gaps) >= usual - 50, String(gaps));
    });

    it('asks as often as the node with the shortest interval', async () => {
      new Node('a', ['10'], 60);
      new Node('b', ['10'], 10);
      await pass(59);
      assert.equal(asked.length, 6);
    });

    it('waits for the answer before it asks again, and then for as long as that took', async () => {
      takes = 4_000;
      new Node('a', ['10', '11'], 5);
      await pass(30);
      const gaps = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
      assert.ok(Math.min(...gaps) >= 8_000, String(gaps));
    });

    it('does not take the first answer for a change, and reports every other profile afterwards', async () => {
      const node = new Node('a', ['10'], 5);
      await pass(1);
      assert.deepEqual(node.told, ['read 10  to avail']);
      answers.set('10', presence('away'));
      await pass(5);
      answers.set('10', { profile: null, profileName: 'Holiday', loggedIn: null });
      await pass(5);
      answers.set('10', presence('oof'));
      await pass(10);
      assert.deepEqual(node.changes, ['change 10 avail to away', 'change 10 away to', 'change 10  to oof']);
    });

    it('reports another log-in to the queues', async () => {
      answers.set('10', presence('avail', true));
      const node = new Node('a', ['10'], 5);
      await pass(1);
      answers.set('10', presence('avail', false));
      await pass(10);
      assert.deepEqual(node.changes, ['change 10 avail to avail false']);
    });

    it('does not take a missing value for a change', async () => {
      answers.set('10', presence('avail', true));
      const node = new Node('a', ['10'], 5);
      await pass(1);
      answers.set('10', presence('avail'));
      await pass(5);
      answers.set('10', { profile: null, profileName: null, loggedIn: null });
      await pass(5);
      answers.set('10', { profile: null, profileName: null, loggedIn: true });
      await pass(5);
      assert.deepEqual(node.changes, []);
      assert.deepEqual(watch.known(null), [['10', presence('avail', true)]]);
    });

    it('reports a command of ours at once, and to all who watch that extension', async () => {
      const [a, b] = [new Node('a', ['10']), new Node('b', ['11'])];
      await pass(20);
      note('setstatus', '10', presence('away'));
      assert.deepEqual([a.changes, b.changes], [['change 10 avail to away'], []]);
      note('setstatus', '10', presence('away'));
      assert.deepEqual(a.changes, ['change 10 avail to away']);
    });

    it('reports a command of ours on an unknown profile, but not a query', () => {
      failure = 'timeout';
      const node = new Node('a', ['10', '11', '12']);
      note('setstatus', '10', presence('away'));
      note('showstatus', '11', presence('oof'));
      note('setstatus', '13', presence('oof'));
      assert.deepEqual(node.told, ['change 10  to away', 'read 11  to oof']);
      note('showstatus', '11', presence('away'));
      assert.deepEqual(node.changes, ['change 10  to away', 'change 11 oof to away']);
    });

    it('reports a command that was refused only when the profile has changed', () => {
      const node = new Node('a', ['10', '11', '12']);
      const refuse = (extension: string, reason: RefusalReason): void => {
        const told = { given: { extension }, answer: '', presence: presence('away') };
        watch.note('logout', { ok: false, reason, ...told });
      };
      refuse('10', 'not-an-agent');
      refuse('11', 'refused');
      assert.deepEqual(node.told, ['change 10  to away', 'read 11  to away']);
    });

    it('asks at once after a command that did not return the profile, and not after others', async () => {
      const node = new Node('a', ['10']);
      await pass(1);
      answers.set('10', presence('away'));
      for (const name of ['makecall', 'drop', 'login'] as const) note(name, '10');
      note('logout', '11');
      await pass(1);
      assert.deepEqual([asked.length, node.changes], [1, []]);
      note('logout', '10');
      await pass(0.1);
      assert.deepEqual([asked.length, node.changes], [2, ['change 10 avail to away']]);
    });

    it('does not report an answer that is older than a command of ours', async () => {
      const node = new Node('a', ['10'], 5);
      await pass(1);
      takes = 500;
      await pass(4.2);
      assert.equal(asked.length, 2);
      note('setstatus', '10', presence('away'));
      await pass(1);
      assert.deepEqual(node.changes, ['change 10 avail to away']);
      answers.set('10', presence('oof'));
      await pass(12);
      assert.deepEqual(node.changes, ['change 10 avail to away', 'change 10 away to oof']);
    });

    for (const code of ['timeout', 'lost', 'server-error', 'unsupported', 'unexpected-answer'] as const) {
      it(`leaves an extension without an answer alone for a minute (${code}), and reports no change`, async () => {
        const node = new Node('a', ['10'], 5);
        await pass(1);
        failure = code;
        await pass(60);
        assert.equal(asked.length, 2);
        assert.equal(watch.standing(new Set(['10'])).error?.code, code);
        failure = null;
        await pass(7);
        assert.deepEqual([asked.length, node.changes], [3, []]);
        assert.deepEqual(watch.standing(new Set(['10'])), { error: null, count: 1, isAnswered: true });
        answers.set('10', presence('away'));
        await pass(5);
        assert.deepEqual(node.changes, ['change 10 avail to away']);
      });
    }

    it('asks for the other extensions meanwhile', async () => {
      answers.delete('11');
      if (!listsPresences) answers.set('12', 'timeout');
      new Node('a', ['10', '12'], 10);
      await pass(59);
      const counts = (extension: string): number =>
        asked.filter(({ extensions }) => extensions?.includes(extension)).length;
      assert.deepEqual([counts('10'), counts('12')], [6, 1]);
      await pass(10);
      assert.equal(counts('12'), 2);
      assert.deepEqual(watch.standing(new Set(['10', '12'])), { error: null, count: 1, isAnswered: true });
      assert.notEqual(watch.standing(new Set(['12'])).error, null);
    });

    it('does not ask for a minute if there are no other extensions', async () => {
      answers.clear();
      if (!listsPresences) answers.set('12', 'timeout');
      new Node('a', ['12'], 5);
      await pass(59);
      assert.equal(asked.length, 1);
      await pass(7);
      assert.equal(asked.length, 2);
      assert.equal(watch.standing(new Set(['12'])).count, 0);
    });

    it('tries less and less often while the PBX cannot be reached, and at once when it can', async () => {
      failure = 'unreachable';
      const node = new Node('a', ['10'], 5);
      await pass(300);
      assert.ok(asked.length < 20, `${asked.length} tries`);
      const tries = asked.length;
      assert.equal(watch.standing(null).error?.code, 'unreachable');
      failure = null;
      watch.retry();
      await pass(0.1);
      assert.equal(asked.length, tries + 1);
      assert.deepEqual([watch.standing(null).error, node.told], [null, ['read 10  to avail']]);
    });

    it('reports once that the PBX refuses, and does not go on asking', async () => {
      failure = 'unauthorized';
      const node = new Node('a', ['10'], 5);
      await pass(1_300);
      assert.deepEqual([asked.length, refusals], [3, 1]);
      assert.equal(watch.standing(new Set(['10'])).error?.code, 'unauthorized');
      failure = null;
      note('setstatus', '10', presence('away'));
      await pass(5);
      assert.deepEqual(node.told, ['change 10  to away', 'change 10 away to avail']);
    });

    it('keeps what it knows over a deploy: nothing is announced again, and nothing is lost', async () => {
      const [a, b] = [new Node('a', ['10'], 5), new Node('b', null, 5)];
      seen = ['10'];
      await pass(1);
      a.stop(false);
      answers.set('10', presence('away'));
      await pass(5);
      assert.deepEqual([a.changes, b.changes], [[], ['change 10 avail to away']]);
      a.start();
      await pass(5);
      assert.deepEqual([a.changes, b.changes.length], [['change 10 avail to away'], 1]);

      for (const node of [a, b]) node.stop(false);
      watch.close();
      watch = open();
      for (const node of [a, b]) node.start();
      await pass(10);
      assert.deepEqual([a.changes.length, b.changes.length], [1, 1]);
      for (const node of [a, b]) node.stop(false);
      watch.close();
      watch = open();
      answers.set('10', presence('oof'));
      for (const node of [a, b]) node.start();
      await pass(10);
      assert.deepEqual([a.changes.at(-1), b.changes.at(-1)], ['change 10 away to oof', 'change 10 away to oof']);
    });

    it('begins again when nobody has watched for longer than a deploy takes', async () => {
      const node = new Node('a', ['10'], 5);
      await pass(1);
      node.stop(true);
      answers.set('10', presence('away'));
      node.start();
      await pass(5);
      node.stop(false);
      await pass(61);
      answers.set('10', presence('oof'));
      node.start();
      await pass(5);
      assert.deepEqual(node.changes, []);
    });

    it('watches all known extensions of the connection for a node that names none', async () => {
      const node = new Node('a', null, 5);
      await pass(1);
      const told = listsPresences ? ['read 10  to avail', 'read 11  to avail'] : [];
      assert.deepEqual(node.told, told);
      assert.deepEqual(watch.standing(null), { error: null, count: told.length, isAnswered: true });
      seen = ['11'];
      await pass(5);
      assert.equal(node.told.at(-1), 'read 11'.concat(listsPresences ? ' avail to avail' : '  to avail'));
      assert.deepEqual([...new Set(read)], listsPresences ? ['10', '11'] : ['11']);
    });

    it('does not let a node that begins later wait for its turn', async () => {
      new Node('a', ['10']);
      await pass(20);
      const node = new Node('b', ['11']);
      await pass(1);
      assert.deepEqual(
        node.told.filter((words) => words.includes('11')),
        ['read 11  to avail'],
      );
    });

    it('ignores an answer that comes after it was closed', async () => {
      takes = 500;
      const node = new Node('a', ['10']);
      await pass(0.2);
      assert.equal(asked.length, 1);
      watch.close();
      await pass(1);
      assert.deepEqual([node.calls, asked.length], [0, 1]);
    });
  });
}
