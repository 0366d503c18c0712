import fc from 'fast-check';
import { type CallEvent, CallTracker, type Occurrence, type StateEvent } from '../../lib/calls';
import type { Moment } from '../../lib/pbx';
import { V20Pbx } from '../../lib/v20';
import { type Call, Pbx, type PbxOptions } from '../../simulator/pbx';
import { randomFrom } from '../../simulator/random';
import type { V20Switches } from '../../simulator/v20/options';
import type { Participant } from '../../simulator/v20/participants';
import { createV20, type V20App } from '../../simulator/v20/server';
import {
  act,
  type Action,
  actions,
  doAction,
  extensions,
  pbxOptions,
  queues,
  setup,
  start,
  trunk,
} from '../truth/histories';
import { callOccurrences, statesOf } from '../calls';
import { type Delays, type Exchange, Network, type Opened } from './network';
import { VirtualTime } from './virtual-time';

const clientId = 'nodered';
const clientSecret = 'secret-of-the-client';

/** The troubles that last for a while. */
const troubleKinds = ['drop', 'refuse', 'silent', 'lost', 'away', 'token'] as const;

export interface Trouble {
  kind: (typeof troubleKinds)[number];
  /** It begins before this action. */
  action: number;
  /** In thousandths of the plan's pace. */
  length: number;
}

export interface V20Plan {
  pbx: Required<PbxOptions>;
  switches: Partial<V20Switches>;
  delays: Delays;
  checkInterval: number;
  /** In ms. */
  pace: number;
  actions: Action[];
  /** The number of actions before somebody watches. */
  head: number;
  troubles: Trouble[];
  /** Of chance. */
  seed: number;
}

/** The state from one moment to the next. */
export interface State {
  at: number;
  /** At all DNs, whether or not the client may see them. */
  participants: readonly Participant[];
  calls: readonly Call[];
}

/** The report of one snapshot. */
export interface Told {
  at: number;
  events: readonly { event: CallEvent; party: number }[];
  states: readonly StateEvent[];
}

/** The true history, and the reports about it. */
export interface V20Truth {
  plan: V20Plan;
  states: State[];
  told: Told[];
  /** When something went wrong; a moment, or longer. */
  troubles: { kind: Trouble['kind']; from: number; to: number }[];
  /** When it began to watch, and the last moment. */
  start: number;
  end: number;
  silences: number[];
  /** When a snapshot came. */
  heard: number[];
  exchanges: readonly Exchange[];
  sockets: readonly Opened[];
  /** The calls that it still counts when all are over. */
  left: readonly string[];
}

const visible = [
  null,
  extensions,
  [...extensions, ...queues.map(({ number }) => number)],
  [...extensions, trunk],
  extensions.slice(0, 6),
];

/** Random histories of a PBX with dozens of phones, behind a PBX of V20 that is as difficult as can be. */
export function v20Plans(maxActions: number): fc.Arbitrary<V20Plan> {
  const rarely = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
    fc.oneof({ arbitrary: fc.constant(usual), weight: 2 }, { arbitrary: fc.constantFrom(...others), weight: 1 });
  const switches = fc.record({
    repeated: rarely(0, 0.2, 1),
    reordered: rarely(0, 0.1, 0.5),
    repeatMs: rarely(0, 750),
    lateUpsets: rarely(false, true),
    pascalCase: rarely(false, true),
    attachedData: rarely<V20Switches['attachedData']>('null', 'participant', 'response'),
    forbidsParticipants: rarely(false, true),
    showsHold: fc.boolean(),
    queueParticipants: rarely(true, false),
    queueIn: fc.constantFrom<V20Switches['queueIn']>('both', 'originated_by', 'on_behalf_of', 'none'),
    visibleDns: rarely<V20Switches['visibleDns']>(null, ...visible.slice(1)),
    xapi: rarely(true, false),
    expiresIn: fc.constantFrom<V20Switches['expiresIn']>('seconds', 'minutes'),
    socketOutlivesToken: rarely(true, false),
  });
  const trouble = fc.record({
    kind: fc.constantFrom(...troubleKinds),
    action: fc.nat(40),
    length: fc.oneof(fc.nat(300), fc.nat(10_000)),
  });
  return fc.record({
    pbx: pbxOptions(),
    switches,
    delays: fc.record({ request: rarely(3, 0, 40, 300), message: rarely(2, 0, 60) }),
    checkInterval: rarely(60_000, 5_000),
    pace: fc.constantFrom(250, 1000, 5000),
    actions: actions(maxActions, { route: 3 }),
    head: rarely(0, 1, 10),
    troubles: fc.oneof(
      { arbitrary: fc.constant<Trouble[]>([]), weight: 2 },
      { arbitrary: fc.array(trouble, { maxLength: 2 }), weight: 1 },
    ),
    seed: fc.nat(),
  });
}

/** Plays a history; at its end all calls are over, and there is time to hear of it. */
export async function playV20(plan: V20Plan): Promise<V20Truth> {
  const time = new VirtualTime();
  const random = randomFrom(plan.seed);
  const { clock } = time;
  const pbx = new Pbx(setup, plan.pbx);
  const parts = { pbx, clock, seed: plan.seed, v20: { clientId, clientSecret, ...plan.switches } };
  const v20 = await createV20(parts, () => undefined);
  const network = new Network(time, random, plan.delays, v20);
  const truth: V20Truth = {
    ...{ plan, states: [], told: [], troubles: [], start: Infinity, end: 0, silences: [], heard: [], left: [] },
    exchanges: network.exchanges,
    sockets: network.sockets,
  };
  const record = (): void => {
    truth.states.push({ at: clock.now(), participants: v20.participants.all(), calls: pbx.calls() });
  };
  record();
  pbx.onChange(record);
  const uninstall = [time.install(plan.seed), network.install()];
  try {
    await listen(plan, truth, { pbx, v20, time });
  } finally {
    for (const undo of uninstall.reverse()) undo();
    v20.close();
    clock.stop();
  }
  return truth;
}

async function listen(
  plan: V20Plan,
  truth: V20Truth,
  { pbx, v20, time: { clock } }: { pbx: Pbx; v20: V20App; time: VirtualTime },
): Promise<void> {
  const now = (): Moment => ({ wall: start + clock.now(), steady: clock.now() });
  const tracker = new CallTracker();
  const tell = (occurrences: readonly Occurrence[]): void => {
    if (occurrences.length === 0) return;
    truth.told.push({ at: clock.now(), events: callOccurrences(occurrences), states: statesOf(occurrences) });
  };
  // A connection of its own: another history's token is not this one's.
  const url = `http://pbx${++count}.test`;
  const client = new V20Pbx({ url, clientId, clientSecret, clock: now, checkInterval: plan.checkInterval });
  const watch = (): (() => void) => {
    truth.start = clock.now();
    return client.watch(
      {
        onSnapshot: (snapshot) => {
          truth.heard.push(clock.now());
          tell(tracker.update(snapshot));
        },
        onSilence: () => {
          truth.silences.push(clock.now());
          tracker.noSnapshot();
        },
      },
      null,
    );
  };
  let end: (() => void) | null = null;
  const done = { joins: [], codes: [], forwards: new Set<string>() };
  for (const [index, action] of plan.actions.entries()) {
    if (index === plan.head) end = watch();
    for (const trouble of plan.troubles) if (trouble.action === index) begin(trouble);
    await clock.advance(Math.round((action.wait * plan.pace) / 1000));
    doAction(pbx, action, done);
  }
  end ??= watch();
  await clock.advance(2 * plan.pace);
  // One call after the other: whatever ends in the same moment could belong together.
  for (const { connections } of pbx.state().calls) {
    for (const { id } of connections) act(() => pbx.hangup(id));
    await clock.advance(plan.pace);
  }
  pbx.clearCalls();
  await clock.advance(10 * plan.pace + 2 * 60_000 + 30_000);
  truth.left = tracker.calls().map(({ extension, call }) => `${extension} in ${call}`);
  truth.end = clock.now();
  end();
  client.close();
  await clock.advance(0);

  function begin({ kind, length }: Trouble): void {
    const from = clock.now();
    const to = from + Math.round((length * plan.pace) / 1000);
    truth.troubles.push({ kind, from, to });
    const { switches, sockets, tokens } = v20;
    const set = (during: Partial<V20Switches>, after: Partial<V20Switches>): void => {
      Object.assign(switches, during);
      clock.after(to - from, () => Object.assign(switches, after));
    };
    if (kind === 'refuse') set({ refusesSockets: true }, { refusesSockets: false });
    else if (kind === 'away') set({ failsWith: 503 }, { failsWith: null });
    else if (kind === 'silent') set({ silent: true }, { silent: false });
    else if (kind === 'lost') set({ lost: 0.5 }, { lost: 0 });
    else if (kind === 'token') tokens.issue({ isForeign: true });
    if (kind === 'drop' || kind === 'refuse' || kind === 'away') sockets.drop();
  }
}

let count = 0;
