import assert from 'node:assert/strict';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import fc from 'fast-check';
import { type OperationName, operationNames, ThreeCxError } from '../../lib/pbx';
import { V20Pbx } from '../../lib/v20';
import { clientSecret, clock as now } from '../v20/support';
import { type Fault, faults } from './faults';
import { asked, FaultyV20 } from './faulty-v20';
import { ClientSockets, expectNoComplaints, turns } from './process';
import { report, runs } from './report';

/** A step: the request to send while the PBX has one fault, or none. */
interface Step {
  fault: Fault | null;
  /** Which requests meet it: all of them, or those of one kind. */
  concerned: keyof typeof asked | 'all';
  /** Breaks the connections off in the moment before. */
  cut: boolean;
  /** The token has expired. */
  isExpired: boolean;
  asked: OperationName[];
}

const args = { phone: 'Soft', action: 'login_all', recordAction: 'start' } as const;
const profiles = ['avail', 'away', 'oof', 'custom1', 'custom2'] as const;
const impossible: readonly string[] = ['record', 'atttrans', 'stop'];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    fault: fc.option(fc.constantFrom(...faults.filter(({ certificate }) => certificate === undefined))),
    concerned: fc.constantFrom<Step['concerned']>(
      'all',
      'all',
      'token',
      'participants',
      'user',
      'change',
      'call',
      'action',
    ),
    cut: fc.boolean(),
    isExpired: fc.boolean(),
    asked: fc.array(fc.constantFrom(...operationNames), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('Over one connection to 3CX V20', function () {
  this.timeout(runs * 100);
  expectNoComplaints();
  const sockets = new ClientSockets();
  let clock: Clock;
  let server: FaultyV20;
  const found = { sequences: 0, asked: 0, arrived: 0, twice: 0, again: 0, wrong: 0, sent: 0 };
  let clients = 0;

  before(async () => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    server = await FaultyV20.start({
      pass: () => undefined,
      elsewhere: 'http://127.0.0.1:1',
    });
    sockets.start();
  });
  after(async () => {
    sockets.stop();
    clock.uninstall();
    await server.close();
    report('v20-sequences', {
      chapter: 'v20',
      position: 30,
      title: 'V20: random sequences',
      text:
        'Each sequence has up to eighteen commands and queries with one API client, some of them at the same ' +
        'time. Meanwhile the PBX changes from one of these faults to the next, tokens expire, and connections ' +
        'break at the moment of a request.',
      figures: {
        Sequences: found.sequences,
        'Commands and queries': found.asked,
        'Requests that arrived': found.arrived,
        'Commands that arrived twice': found.twice,
        'Commands sent once more after a 401': found.again,
        'Wrong answers': found.wrong,
        'Requests for what 3CX V20 cannot do': found.sent,
        'Most connections at a time': sockets.max,
      },
    });
  });

  it(`each command arrives at most once and is told the truth, in ${runs} random sequences`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const pbx = new V20Pbx({ url: server.url, clientId: `client${++clients}`, clientSecret, clock: now });
        server.requests.length = 0;
        let number = 0;
        try {
          for (const step of sequence) number = await take(step, pbx, number);
          await server.end();
          await turns();
          // By then a token that was not accepted is forgotten.
          clock.tick(31_000);
          assert.equal((await pbx.execute('drop', { extension: '10' })).ok, true, 'after the last fault');
        } finally {
          pbx.close();
          await server.end();
        }
        found.sequences += 1;
        found.arrived += server.requests.length;
        await turns();
        assert.equal(clock.countTimers(), 0, 'timers that are left');
      }),
      { numRuns: runs, ...(process.env.RELIABILITY_RUNS === undefined ? { seed: 1 } : {}) },
    );
    await turns();
    assert.equal(sockets.count, 0);
    assert.ok(sockets.max <= 20, `${sockets.max} connections at a time`);
  });

  /**
   * @returns the number of requests so far: each has a destination, or a profile, that the one before it does not have
   */
  async function take(
    { fault, concerned, cut, isExpired, asked: names }: Step,
    pbx: V20Pbx,
    from: number,
  ): Promise<number> {
    // By then a token that was not accepted is forgotten.
    clock.tick(isExpired ? 3_600_000 : 31_000);
    server.commands.length = 0;
    const before = server.requests.length;
    await server.begin(fault ?? {}, concerned === 'all' ? undefined : asked[concerned]);
    if (cut) void server.hangUp();
    const told: string[] = [];
    const all = Promise.all(names.map(async (name, at) => (told[at] = await ask(pbx, name, from + at))));
    // Time passes for all of them, but not faster than what is sent within this machine.
    while (Object.keys(told).length < names.length) {
      await turns();
      clock.tick(50);
    }
    await all;
    found.asked += names.length;
    const isPossible = names.some((name) => !impossible.includes(name));
    if (!isPossible) found.sent += server.requests.length - before;
    for (const [at, name] of names.entries()) check(name, told[at] ?? '', fault, cut);
    // One of them asks for the same as another, where both drop the same leg: then it may arrive as often.
    const times = new Map<string, number>();
    for (const command of server.commands) times.set(command, (times.get(command) ?? 0) + 1);
    for (const [command, count] of times) {
      const most = names.filter((name) => mayHaveSent(name, command)).length;
      const isAgain = fault?.name === 'answers 401';
      if (count > most) found[isAgain ? 'again' : 'twice'] += count - most;
      assert.ok(count <= most * (isAgain ? 2 : 1), `${command}: ${count} times, of ${names.join()}`);
    }
    return from + names.length;
  }

  async function ask(pbx: V20Pbx, name: OperationName, number: number): Promise<string> {
    const profile = profiles[number % profiles.length];
    try {
      const { ok } = await pbx.execute(name, { extension: '10', destination: `+4930${number}`, profile, ...args });
      return ok ? 'done' : 'refused';
    } catch (error) {
      if (!(error instanceof ThreeCxError)) {
        found.wrong += 1;
        throw error;
      }
      for (const secret of [clientSecret, 'c2lnbmF0dXJlMDEyMzQ1']) assert.ok(!error.message.includes(secret));
      return error.code;
    }
  }

  function check(name: OperationName, code: string, fault: Fault | null, cut: boolean): void {
    const expected = new Set<string>(impossible.includes(name) ? ['unsupported'] : ['done', ...(fault?.told ?? [])]);
    // Whether the connection was gone before shows too late.
    if (cut) expected.add('lost');
    // Another command may change the value before it is read back.
    if (/^(ready|notready|logout|setstatus|login)$/.test(name)) expected.add('unsupported');
    if ((fault?.name ?? '').startsWith('answers 4')) {
      for (const other of ['refused', 'unauthorized', 'unexpected-answer']) expected.add(other);
    }
    if (!expected.has(code)) found.wrong += 1;
    assert.ok(expected.has(code), `${name} was told ${code} while the PBX ${fault?.name}`);
  }
});

/** Is it a command that this operation sends? */
function mayHaveSent(name: OperationName, command: string): boolean {
  if (asked.call.test(command.split(' {')[0] ?? '')) return name === 'makecall' || name === 'unpark';
  if (command.startsWith('PATCH')) return /^(ready|notready|logout|setstatus|login)$/.test(name);
  const action = /\/(\w+) /.exec(command)?.[1];
  return name === action || (action === 'transferto' && (name === 'transfer' || name === 'park'));
}
