import assert from 'node:assert/strict';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import fc from 'fast-check';
import { HttpApiClient } from '../../lib/http-api/client';
import { type OperationName, operations, type Result, ThreeCxError } from '../../lib/pbx';
import { type Fault, faults, toldByStop } from './faults';
import { callIdOf, FaultyServer, newCallIdOf } from './faulty-server';
import { ClientSockets, expectNoComplaints, turns } from './process';
import { report, runs } from './report';

/** A step: the command or query to send while the server has one fault, or none. */
interface Step {
  fault: Fault | null;
  /** Breaks the connection off in the moment before. */
  cut: boolean;
  asked: (OperationName | 'poll' | 'callId')[];
}

const args = { destination: '+4915112345678', phone: 'Soft', action: 'login_all' } as const;
const more = { queue: '8000', recordAction: 'start', profile: 'away' } as const;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    fault: fc.option(fc.constantFrom(...faults.filter(({ certificate }) => certificate === undefined))),
    cut: fc.boolean(),
    asked: fc.array(
      fc.constantFrom(...(Object.keys(operations) as OperationName[]), 'poll' as const, 'callId' as const),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('Over one connection', function () {
  this.timeout(runs * 100);
  expectNoComplaints();
  const sockets = new ClientSockets();
  let clock: Clock;
  let server: FaultyServer;
  const found = { sequences: 0, asked: 0, arrived: 0, duplicates: 0, repeated: 0, wrong: 0, unchecked: 0 };

  before(async () => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] });
    server = await FaultyServer.start({
      pass: (milliseconds) => void setImmediate(() => clock.tick(milliseconds)),
      elsewhere: 'http://127.0.0.1:1',
    });
    sockets.start();
  });
  after(async () => {
    sockets.stop();
    clock.uninstall();
    await server.close();
    report('sequences', {
      position: 20,
      title: 'Random sequences',
      text:
        'Each sequence has up to eighteen commands and queries over one connection, some of them at the same ' +
        'time. Meanwhile the server changes from one of these faults to the next, and its connections break at ' +
        'the moment of a request.',
      figures: {
        Sequences: found.sequences,
        'Commands and queries': found.asked,
        'Requests that arrived': found.arrived,
        'Commands that arrived twice': found.duplicates,
        'Queries that were sent once more': found.repeated,
        'Wrong answers': found.wrong,
        'Calls made without the check for a phone': found.unchecked,
        'Most connections at a time': sockets.max,
      },
    });
  });

  it(`each command arrives at most once and is told the truth, in ${runs} random sequences`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const client = new HttpApiClient({ url: server.url, allowStop: true });
        server.requests.length = 0;
        let extension = 1000;
        try {
          for (const step of sequence) extension = await take(step, client, extension);
          await server.end();
          await turns();
          assert.equal((await client.execute('drop', { extension: 'last' })).ok, true, 'after the last fault');
        } finally {
          client.close();
          await server.end();
        }
        found.sequences += 1;
        found.arrived += server.requests.length;
        checkRequests();
      }),
      { numRuns: runs, ...(process.env.RELIABILITY_RUNS === undefined ? { seed: 1 } : {}) },
    );
    await turns();
    assert.deepEqual([sockets.max, sockets.count], [1, 0]);
  });

  /** @returns the next extension: each request has one of its own */
  async function take({ fault, cut, asked }: Step, client: HttpApiClient, from: number): Promise<number> {
    await server.begin(fault ?? {});
    if (cut) void server.hangUp();
    const told = asked.map((what, at) => ask(client, what, String(from + at)));
    found.asked += asked.length;
    for (const [at, what] of asked.entries()) {
      const code = await told[at];
      const expected = new Set<string>((what === 'stop' && fault ? toldByStop(fault) : fault?.told) ?? ['done']);
      // Whether the connection was gone before shows too late.
      if (cut) expected.add(what === 'stop' ? 'done' : 'lost');
      if (!expected.has(code ?? '')) found.wrong += 1;
      assert.ok(expected.has(code ?? ''), `${what} was told ${code} while the server ${fault?.name}`);
    }
    return from + asked.length;
  }

  async function ask(client: HttpApiClient, what: Step['asked'][number], extension: string): Promise<string> {
    try {
      if (what === 'poll') assert.deepEqual((await client.poll()).connections, []);
      else if (what === 'callId') assert.equal(await client.callId(extension), callIdOf(extension));
      else
        checkAnswer(
          await client.execute(what, { extension, ...args, ...more, ...(what === 'login' ? { queue: '' } : {}) }),
        );
      return 'done';
    } catch (error) {
      if (error instanceof ThreeCxError) return error.code;
      found.wrong += 1;
      throw error;
    }
  }

  /** Checks that the answer belongs to its own request, and to no other. */
  function checkAnswer({ ok, given: { extension = '' }, callId, registration, profile, connections }: Result): void {
    assert.ok(ok);
    // Null where what the command's answer proves could not be looked up.
    if (callId != null) assert.ok([callIdOf(extension), newCallIdOf(extension)].includes(callId), callId);
    if (registration !== undefined) assert.match(registration?.contact ?? '', new RegExp(`^sip:${extension}@`));
    if (profile != null) assert.ok(['avail', 'away'].includes(profile), profile);
    if (connections !== undefined) assert.deepEqual(connections, []);
  }

  function checkRequests(): void {
    const named = server.requests.filter((url) => !/^\/(showallcalls|stop)$/.test(url));
    const again = named.filter((url, at) => named.indexOf(url) !== at);
    const twice = again.filter((url) => !isQuery(url));
    found.duplicates += twice.length;
    found.repeated += again.length - twice.length;
    assert.deepEqual(twice, []);
    assert.equal(new Set(again).size, again.length, 'a query was sent more than twice');
    const unchecked = named.filter((url, at) => {
      const [, operation = '', extension = ''] = url.split('/');
      return /^(makecall|unpark)$/.test(operation) && !named.slice(0, at).includes(`/dnregs/${extension}`);
    });
    found.unchecked += unchecked.length;
    assert.deepEqual(unchecked, []);
  }
});

function isQuery(url: string): boolean {
  const [, name = ''] = url.split('/');
  return name in operations && operations[name as OperationName].kind === 'query';
}
