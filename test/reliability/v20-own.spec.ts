import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { CallEvent } from '../../lib/calls';
import { ThreeCxError } from '../../lib/pbx';
import type { V20Options } from '../../lib/v20';
import { type HistoryEntry, type PbxSetup, PbxError, type SimulatorOptions, type V20Switches } from '../../simulator';
import { type Random, randomFrom } from '../../simulator/random';
import { until } from '../../support/until';
import { Stage } from '../v20/support';
import { expectNoComplaints } from './process';
import { isLong, report } from './report';

/** How long calls come, and how many a minute; in the short form they come faster, and are shorter. */
const seconds = isLong ? 60 : 4;
const callsPerMinute = isLong ? 200 : 900;
/** From the shortest to the longest, in ms: how long a phone rings, and somebody talks. */
const rings: readonly [number, number] = isLong ? [200, 4_000] : [30, 400];
const talks: readonly [number, number] = isLong ? [500, 10_000] : [50, 600];

/** In s. */
const tokenLife = isLong ? 10 : 2;

interface Scenario {
  name: string;
  switches?: Partial<V20Switches>;
  options?: Partial<V20Options>;
  setup?: Partial<SimulatorOptions>;
  /** Is done again after each pause of this many ms. */
  again?: [every: number, act: (stage: Stage) => void];
  /** May the events meanwhile be reported later, as synthetic? */
  hasGaps?: true;
}

let jump = 0;
const scenarios: Scenario[] = [
  { name: 'is healthy' },
  { name: 'gives tokens that live only for seconds', switches: { tokenLife } },
  {
    ...{ name: 'ends the WebSocket with each token, which lives only for seconds' },
    switches: { tokenLife, socketOutlivesToken: false },
  },
  {
    // The second one within 30 s is waited for, so that nothing can be seen meanwhile: in the short form it comes once.
    ...{ name: 'gives the token to another program during a call', again: [isLong ? 35_000 : 3_500, takeToken] },
  },
  {
    ...{ name: 'accepts no token for a while, because another program takes each one', hasGaps: true },
    again: [1_000, ({ v20 }) => (v20.switches.contested = !v20.switches.contested)],
  },
  { name: 'breaks the WebSocket every half a second', again: [500, ({ v20 }) => v20.dropSockets()] },
  {
    ...{ name: 'falls silent on the WebSocket, which stays open', hasGaps: true },
    options: { clock: () => ({ wall: Date.now() + jump, steady: performance.now() + jump }) },
    again: [
      1_000,
      ({ v20 }) => {
        v20.switches.silent = !v20.switches.silent;
        // The silence lasts.
        if (!v20.switches.silent) jump += 16_000;
      },
    ],
  },
  { name: 'sends each message twice, and Upsets again and again', switches: { repeated: 1, repeatMs: 50 } },
  { name: 'sends messages in another order', switches: { reordered: 0.3 } },
  { name: 'answers 404 after an event', switches: { lateUpsets: true } },
  { name: 'leaves out every tenth message', switches: { lost: 0.1 }, options: { checkInterval: 1_000 } },
  { name: 'takes 300 ms for each answer', switches: { getDelay: 300 } },
  { name: 'sometimes fails (503)', again: [300, failAtTimes], hasGaps: true },
  { name: 'has 1,000 extensions', setup: { pbx: large(1_000) } },
];

function takeToken({ v20 }: Stage): void {
  v20.takeToken();
}

function failAtTimes({ v20 }: Stage): void {
  v20.switches.failsWith = v20.switches.failsWith === null ? 503 : null;
}

/** A PBX with this many extensions. */
function large(count: number): PbxSetup {
  const numbers = Array.from({ length: count }, (_, index) => String(1_000 + index));
  return {
    extensions: numbers.map((number) => ({
      ...{ number, name: `Extension ${number}` },
      phones: [{ id: number, contact: `sip:${number}@192.0.2.1:5060`, userAgent: 'Yealink SIP-T46S 66.86.0.15' }],
    })),
    queues: [{ number: '8000', name: 'Support', agents: numbers.slice(0, 5) }],
    trunk: '10000',
  };
}

/** The counts of one scenario. */
interface Counts {
  calls: number;
  changes: number;
  events: number;
  gets: number;
  commands: number;
  twice: number;
  invented: number;
  unended: number;
  synthetic: number;
  left: number;
}

describe('While 3CX V20', function () {
  this.timeout(600_000);
  expectNoComplaints();
  const rows = new Map<string, Counts>();

  it(`does what only it can do, ${callsPerMinute} calls a minute are told as they are`, async () => {
    // Not all at once, as they share the processor.
    const size = isLong ? 4 : scenarios.length;
    const groups = Array.from({ length: Math.ceil(scenarios.length / size) }, (_, at) =>
      scenarios.slice(at * size, (at + 1) * size),
    );
    for (const group of groups) await Promise.all(group.map(async (one) => rows.set(one.name, await play(one))));
    for (const [name, { twice, invented, unended, synthetic, left }] of rows) {
      const isGap = scenarios.find((one) => one.name === name)?.hasGaps === true;
      assert.deepEqual({ twice, invented, unended, left }, { twice: 0, invented: 0, unended: 0, left: 0 }, name);
      if (!isGap) assert.equal(synthetic, 0, `${name}: synthetic`);
    }
    const normal = rows.get('is healthy');
    assert.ok(normal !== undefined && normal.gets <= normal.changes);
  });

  it('nothing is left when it is over', async () => {
    await until(
      () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length === 0,
      'the end',
    );
  });

  after(() => {
    const columns: [string, keyof Counts][] = [
      ['calls', 'calls'],
      ['events', 'events'],
      ['reads', 'gets'],
      ['commands', 'commands'],
      ['arrived twice', 'twice'],
      ['invented', 'invented'],
      ['not ended once', 'unended'],
      ['synthetic', 'synthetic'],
      ['left over', 'left'],
    ];
    report('v20-own', {
      chapter: 'v20',
      position: 20,
      title: 'V20: tokens and events',
      text:
        `Only V20's APIs can fail in these ways. Each row ran for ${seconds} s, at ${callsPerMinute} calls a ` +
        'minute, with commands among them. _Invented_ counts events of something that never happened in the ' +
        'PBX. _Not ended once_ counts rings and conversations whose end was reported never or twice. _Left ' +
        'over_ counts WebSockets and requests that remained at the end. _Synthetic_ counts events of what ' +
        'happened while nothing could be seen: they come later, and are marked.',
      table: {
        columns: ['the PBX …', ...columns.map(([name]) => name)],
        rows: scenarios.map(({ name }) => [
          name,
          ...columns.map(([, key]) => rows.get(name)?.[key].toLocaleString('en') ?? ''),
        ]),
      },
    });
  });
});

async function play({ switches, options, setup, again }: Scenario): Promise<Counts> {
  // Enough for as many calls as there are to be.
  const stage = await Stage.start(switches, options, { pbx: large(100), ...setup });
  const { simulator, v20 } = stage;
  const counts = { commands: 0, gets: 0, seen: 0 };
  const timer = again === undefined ? undefined : setInterval(() => again[1](stage), again[0]);
  try {
    await stage.watch();
    const counting = setInterval(() => countReads(stage, counts), 100);
    await drive(stage, counts);
    clearInterval(counting);
    clearInterval(timer);
    Object.assign(v20.switches, { contested: false, silent: false, failsWith: null, lost: 0 });
    countReads(stage, counts);
    simulator.pbx.clearCalls();
    const jumpOn = options?.clock === undefined ? undefined : setInterval(() => (jump += 16_000), 2_000);
    await until(
      () => stage.tracker.calls().length === 0,
      () => `the end of all calls: ${stage.words.slice(-20).join()}`,
      60_000,
    );
    clearInterval(jumpOn);
    // Any surplus event comes within this time.
    await wait(500);
    stage.pbx.close();
    await until(() => v20.sockets.every(({ closedAt }) => closedAt !== null), 'closed sockets');
    // By then what was on its way when it was closed has arrived.
    await wait(200);
    const requests = v20.requestCount;
    await wait(500);
    const history = simulator.history();
    return {
      calls: new Set(history.map(({ call }) => call)).size,
      changes: history.length,
      events: stage.events.length,
      gets: counts.gets,
      commands: counts.commands,
      twice: dialledTwice(history),
      invented: invented(stage.events, history),
      unended: unended(stage.events),
      synthetic: stage.events.filter(({ synthetic }) => synthetic).length,
      left: v20.requestCount - requests,
    };
  } finally {
    clearInterval(timer);
    await stage.close();
  }
}

/** Counts the requests for single participants; the simulator remembers the last 1000 requests only. */
function countReads({ v20 }: Stage, counts: { gets: number; seen: number }): void {
  const { seen } = counts;
  for (const request of v20.requests) {
    if (request.id <= seen) continue;
    counts.seen = request.id;
    if (isLook(request)) counts.gets += 1;
  }
}

function isLook({ method, path }: { method: string; path: string }): boolean {
  return method === 'GET' && /^\/callcontrol\/[^/]+\/participants\/[^/]+$/.test(path);
}

/** Lets calls come in, be answered, transferred and hung up, and makes some by commands. */
async function drive(stage: Stage, counts: { commands: number }): Promise<void> {
  const random = randomFrom(1);
  const running: Promise<void>[] = [];
  const end = performance.now() + seconds * 1_000;
  for (let number = 0; performance.now() < end; number++) {
    running.push(live(stage, random, number, counts));
    await wait((60_000 / callsPerMinute) * random.number() * 2);
  }
  await Promise.all(running);
}

/** One call, from its first ring to its end. */
async function live(
  { simulator: { pbx }, pbx: client }: Stage,
  random: Random,
  number: number,
  counts: { commands: number },
): Promise<void> {
  const busy = new Set(pbx.connections().map(({ dn }) => dn));
  const free = (): string | undefined =>
    random.pick(
      pbx
        .state()
        .extensions.map((one) => one.number)
        .filter((one) => !busy.has(one)),
    );
  const extension = free();
  const caller = `+4930${100_000 + number}`;
  if (extension === undefined) return;
  if (number % 4 === 3) {
    counts.commands += 1;
    const args = { extension, destination: caller, phone: 'Desktop' };
    try {
      await client.execute('makecall', args);
    } catch (error) {
      if (!(error instanceof ThreeCxError)) throw error;
    }
  } else if (number % 4 === 2)
    attempt(() => pbx.inbound({ number: caller, queue: pbx.state().queues[0]?.number ?? '' }));
  else attempt(() => pbx.inbound({ number: caller, extension }));
  const own = (): { id: string; status: string; dn: string }[] =>
    pbx
      .state()
      .calls.find(({ connections }) => connections.some(({ party }) => party === caller))
      ?.connections.slice() ?? [];
  await wait(random.between(...rings));
  const ringing = random.pick(
    own().filter(({ status, dn }) => status === 'Ringing' || (status === 'Dialing' && dn === pbx.trunk)),
  );
  if (ringing !== undefined && random.chance(0.75)) {
    attempt(() => pbx.answer(ringing.id));
    await wait(random.between(...talks));
    const target = free();
    const inside = own().find(({ dn, status }) => dn === extension && status === 'Connected');
    if (inside !== undefined && target !== undefined && random.chance(0.3)) {
      attempt(() => pbx.transfer(inside.id, target));
      await wait(random.between(...rings));
      const [rung] = own().filter(({ status }) => status === 'Ringing');
      if (rung !== undefined) attempt(() => pbx.answer(rung.id));
      await wait(random.between(...talks));
    }
  }
  for (const { id, status } of own()) if (status !== 'Ringing') attempt(() => pbx.hangup(id));
  for (const { id } of own()) attempt(() => pbx.hangup(id));
}

function attempt(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof PbxError)) throw error;
  }
}

/** How many numbers were dialled by more than one of our commands: each was given once. */
function dialledTwice(history: readonly HistoryEntry[]): number {
  const dialled = history.filter(({ from, to, dn }) => from === null && to === 'Dialing' && dn !== '10000');
  const parties = new Map<string, Set<string>>();
  for (const { party, call } of dialled) parties.set(party, (parties.get(party) ?? new Set()).add(call));
  return [...parties.values()].filter((calls) => calls.size > 1).length;
}

/** How many more events there were of a kind at an extension than connections that were so there. */
function invented(events: readonly CallEvent[], history: readonly HistoryEntry[]): number {
  let count = 0;
  for (const [event, status] of [
    ['ringing', 'Ringing'],
    ['answered', 'Connected'],
    ['dialing', 'Dialing'],
  ] as const) {
    const told = new Map<string, number>();
    for (const one of events) if (one.event === event) told.set(one.extension, (told.get(one.extension) ?? 0) + 1);
    for (const [extension, times] of told) {
      // A transfer takes a connection to another DN, in the status that it has.
      const truly = history.filter(({ dn, to }) => dn === extension && to === status).length;
      count += Math.max(0, times - truly);
    }
  }
  return count;
}

/** How many parts in calls began and were not ended once. */
function unended(events: readonly CallEvent[]): number {
  const open = new Set<string>();
  let wrong = 0;
  for (const { event, call, extension } of events) {
    const key = `${extension} in ${call}`;
    if (event === 'ringing' || event === 'dialing') {
      if (open.has(key)) wrong += 1;
      open.add(key);
    } else if (event === 'answered') open.add(key);
    else if ((event === 'ended' || event === 'ring-stopped') && !open.delete(key)) wrong += 1;
  }
  return wrong + open.size;
}
