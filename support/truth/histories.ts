import fc from 'fast-check';
import type { CallEvent, CallTracker, Occurrence, StateEvent } from '../../lib/calls';
import type { Numbering } from '../../lib/http-api';
import { ListReader } from '../../lib/http-api/answers';
import { CallIds } from '../../lib/http-api/call-ids';
import type { ServerKind } from '../../lib/pbx';
import { VirtualClock } from '../../simulator/clock';
import { History, type HistoryEntry } from '../../simulator/history';
import { forms } from '../../simulator/operations';
import { codeForms, type Connection, isParked, Pbx, PbxError, type PbxOptions } from '../../simulator/pbx';
import type { PbxSetup, Phone } from '../../simulator/setup';
import { eventsOf, ListTracker, numbering, statesOf } from '../calls';

/** Of two and three digits, so that one number is the beginning of another. */
export const extensions = [...numbersFrom(10, 10), ...numbersFrom(100, 14)];
export const trunk = '10000';
export const queues = [
  { number: '8000', name: 'Support: Süd; EU', agents: extensions.slice(0, 8) },
  { number: '8001', name: 'Sales', agents: extensions.slice(5, 9) },
  { number: '8002', name: 'Night', agents: extensions.slice(20) },
];
export const setup: PbxSetup = {
  extensions: extensions.map((number, index) => ({
    number,
    name: `Extension ${number}`,
    phones: ['desk', 'soft', 'web'].slice(0, index % 4).map((kind) => phoneOf(number, kind)),
  })),
  queues,
  trunk,
};

/** The wall clock's time at the start of a history. */
export const start = Date.UTC(2026, 10, 23, 18);

/** The actions of people. An impossible one does nothing. */
const kinds = [
  'inbound',
  'inboundToQueue',
  'inboundThroughQueue',
  'internal',
  'consult',
  'callQueue',
  'outbound',
  'answer',
  'decline',
  'hangUp',
  'hold',
  'resume',
  'transfer',
  'transferToQueue',
  'transferOutside',
  'divert',
  'park',
  'unpark',
  'fetchOwn',
  'pickUp',
  'connect',
  'make',
  'forward',
  'join',
  'record',
  'route',
] as const;
type Kind = (typeof kinds)[number];

export interface Action {
  kind: Kind;
  /** Time since the action before, in thousandths of the plan's pace. */
  wait: number;
  /** Pick who does it, and with whom. */
  who: number;
  whom: number;
}

export interface Plan {
  server: ServerKind;
  pbx: Required<PbxOptions>;
  /** Do the connection's settings say which DNs are queues? */
  queuesAreServices: boolean;
  /** Between two polls, in ms. */
  interval: number;
  /** In ms. */
  pace: number;
  actions: Action[];
  /** The number of actions before the first poll. */
  head: number;
  /** Polls without a snapshot. */
  outages: { poll: number; length: number }[];
  /** The changes of the wall clock, each before a poll, in ms. */
  clock: { poll: number; by: number }[];
}

/** A try to get a snapshot. */
export interface Poll {
  at: number;
  /** The wall clock's time. */
  wall: number;
  /** The true connections, with the call ids of the PBX; null without a list. */
  connections: Connection[] | null;
  /** The tracker's events. */
  events: CallEvent[];
  states: StateEvent[];
  /** The state of each extension, by the tracker. */
  current: StateEvent[];
  /** The number of entries of the history before. */
  entries: number;
  /** The number of attended transfers before. */
  joins: number;
  /** The number of calls taken by a code before. */
  codes: number;
}

/** An attended transfer: the newer call has become part of the older one. */
export interface Join {
  older: string;
  newer: string;
}

/** A code that was seen being dialled has taken a call. */
export interface Code {
  dn: string;
  /** The call that it was on its own. */
  from: string;
  /** The call that it took. */
  to: string;
}

/** The true history, and the tracker's view of it. */
export interface Truth {
  server: ServerKind;
  numbering: Numbering;
  polls: Poll[];
  entries: HistoryEntry[];
  joins: Join[];
  codes: Code[];
  /** The connections on which calls were forwarded outside. */
  forwards: ReadonlySet<string>;
}

const frequencies: Record<Kind, number> = {
  inbound: 4,
  inboundToQueue: 3,
  inboundThroughQueue: 1,
  internal: 3,
  consult: 4,
  callQueue: 1,
  outbound: 3,
  answer: 14,
  decline: 3,
  hangUp: 4,
  hold: 4,
  resume: 4,
  transfer: 3,
  transferToQueue: 2,
  transferOutside: 2,
  divert: 2,
  park: 2,
  unpark: 2,
  fetchOwn: 1,
  pickUp: 3,
  connect: 9,
  forward: 2,
  join: 6,
  record: 3,
  // Only where calls are followed.
  make: 0,
  // Only the Call Control API does it.
  route: 0,
};

/** The actions of people, one after the other. */
export function actions(maxActions: number, special: Partial<Record<Kind, number>> = {}): fc.Arbitrary<Action[]> {
  const weights = { ...frequencies, ...special };
  const action = fc.record({
    kind: fc.oneof(...kinds.map((kind) => ({ arbitrary: fc.constant(kind), weight: weights[kind] }))),
    // Often little, so that much happens between two polls.
    wait: fc.oneof(fc.nat(300), fc.nat(3000)),
    who: fc.nat(1000),
    whom: fc.nat(1000),
  });
  return fc.array(action, { maxLength: maxActions, size: 'max' });
}

export function pbxOptions(): fc.Arbitrary<Required<PbxOptions>> {
  return fc.record({
    phoneLegs: fc.boolean(),
    codes: fc.constantFrom(...codeForms),
    queueLegs: fc.boolean(),
  });
}

/** A call of ours: a makecall, and what it was answered with. */
export interface Made {
  extension: string;
  destination: string;
  callId: string | null;
  /** The leg that dials, which no answer shows. */
  connection: string;
}

/** Random histories of a PBX with dozens of phones. As many things happen in a poll interval, however long it is. */
export function plans(maxActions: number, special: Partial<Record<Kind, number>> = {}): fc.Arbitrary<Plan> {
  const outage = fc.record({ poll: fc.nat(100), length: fc.integer({ min: 1, max: 5 }) });
  const setting = fc.record({ poll: fc.nat(40), by: fc.constantFrom(-3_600_000, -2_000, 2_000, 3_600_000) });
  const plan = fc.record({
    server: fc.constantFrom<ServerKind>('community', 'documented'),
    pbx: pbxOptions(),
    queuesAreServices: fc.boolean(),
    interval: fc.constantFrom(250, 1000, 5000),
    actions: actions(maxActions, special),
    head: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(10), weight: 1 }),
    outages: fc.oneof(
      { arbitrary: fc.constant<Plan['outages']>([]), weight: 2 },
      { arbitrary: fc.array(outage, { maxLength: 3 }), weight: 1 },
    ),
    clock: fc.array(setting, { maxLength: 2 }),
  });
  return plan.map((one) => ({ ...one, pace: one.interval }));
}

/**
 * Plays a history; at its end all calls are over, and a last poll sees that.
 *
 * @param watch is called after each poll, with no tracker when there was no snapshot
 * @param make is called after each makecall of ours
 */
export async function play(
  plan: Plan,
  watch: (occurrences: readonly Occurrence[], tracker: CallTracker | null) => void = () => undefined,
  make: (made: Made, tracker: ListTracker, at: number) => void = () => undefined,
): Promise<Truth> {
  const { server, interval, pace, actions, head, outages, queuesAreServices } = plan;
  const clock = new VirtualClock();
  const pbx = new Pbx(setup, plan.pbx);
  const history = new History(pbx, clock);
  const callIds = new CallIds();
  const onMake = (made: Made): void => {
    if (made.callId !== null && polls.length > 0) callIds.tell(made.extension, made.callId);
    make(made, tracker, clock.now());
  };
  const done: Done = { joins: [], codes: [], forwards: new Set(), onMake };
  const { joins, codes } = done;
  const own = queuesAreServices ? { ...numbering, services: /^(?:999|80\d\d|\*.*)$/ } : numbering;
  const tracker = new ListTracker(own, callIds);
  const lists = new ListReader();
  const showAllCalls = forms[server].operations.get('showallcalls');
  if (showAllCalls === undefined) throw new Error('The simulator has no showallcalls.');
  const polls: Poll[] = [];

  const poll = async (hasSnapshot: boolean) => {
    const at = clock.now();
    const set = plan.clock.filter(({ poll: number }) => number <= polls.length).reduce((sum, { by }) => sum + by, 0);
    const wall = start + at + set;
    const base = { at, wall, entries: history.entries().length, joins: joins.length, codes: codes.length };
    if (!hasSnapshot) {
      callIds.forget();
      tracker.noSnapshot();
      polls.push({ ...base, connections: null, events: [], states: [], current: [] });
      watch([], null);
      return;
    }
    const body = await showAllCalls({ pbx, arg: () => '', pause: () => Promise.resolve() });
    const occurrences = tracker.take(lists.read(body), { wall, steady: at });
    polls.push({
      ...base,
      connections: pbx.connections(),
      events: eventsOf(occurrences),
      states: statesOf(occurrences),
      current: statesOf(tracker.currentStates(extensions)),
    });
    watch(occurrences, tracker);
  };
  let nextPoll = Infinity;
  const waitFor = async (ms: number) => {
    const end = clock.now() + ms;
    for (; nextPoll <= end; nextPoll += interval) {
      await clock.advance(nextPoll - clock.now());
      const number = polls.length;
      await poll(!outages.some((outage) => number >= outage.poll && number < outage.poll + outage.length));
    }
    await clock.advance(end - clock.now());
  };

  for (const [index, action] of actions.entries()) {
    if (index === head) nextPoll = clock.now();
    await waitFor(Math.round((action.wait * pace) / 1000));
    doAction(pbx, action, done);
  }
  if (nextPoll === Infinity) nextPoll = clock.now();
  await waitFor(2 * interval);
  // One call after the other: whatever ends in the same moment could belong together.
  for (const { connections } of pbx.state().calls) {
    for (const { id } of connections) act(() => pbx.hangup(id));
    await waitFor(interval);
  }
  pbx.clearCalls();
  await clock.advance(interval);
  await poll(true);
  return { server, numbering: own, polls, entries: history.entries(), ...done };
}

/** The facts about it that the call list does not show. */
export type Done = Pick<Truth, 'joins' | 'codes'> & {
  forwards: Set<string>;
  onMake?: (made: Made) => void;
};

/** Does it where it can be done. */
export function act(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof PbxError)) throw error;
  }
}

/** Does what somebody does, where it can be done. */
export function doAction(pbx: Pbx, action: Action, done: Done): void {
  act(() => {
    tryAction(pbx, action, done);
  });
}

function tryAction(
  pbx: Pbx,
  { kind, who, whom }: Action,
  { joins, codes, forwards, onMake = () => undefined }: Done,
): void {
  const all = pbx.connections();
  const inside = all.filter(({ dn }) => extensions.includes(dn));
  const withStatus = (...statuses: Connection['status'][]) => inside.filter(({ status }) => statuses.includes(status));
  const on = (connections: Connection[], what: (connection: Connection) => void) => {
    const connection = pick(connections, who);
    if (connection !== undefined) what(connection);
  };
  const one = pick(extensions, who) ?? '';
  const other = pick(extensions, whom) ?? '';
  const queue = pick(queues, whom)?.number ?? '';
  const number = outsideNumber(whom);
  switch (kind) {
    case 'inbound':
      pbx.inbound({ number, extension: one });
      break;
    case 'inboundToQueue':
      pbx.inbound({ number, queue: pick(queues, who)?.number ?? '' });
      break;
    case 'inboundThroughQueue':
      pbx.inbound({ number, extension: one, queue });
      break;
    case 'internal':
      if (one !== other) pbx.makeCall(one, other);
      break;
    case 'consult':
      on(withStatus('Connected', 'Hold'), ({ dn }) => {
        if (dn !== other) pbx.makeCall(dn, whom % 4 === 0 ? number || queue : other);
      });
      break;
    case 'callQueue':
      pbx.makeCall(one, queue);
      break;
    case 'outbound':
      if (number !== '') pbx.makeCall(one, number);
      break;
    case 'answer':
      on(
        all.filter(({ status, dn }) => status === 'Ringing' || (status === 'Dialing' && dn === trunk)),
        ({ id }) => pbx.answer(id),
      );
      break;
    case 'decline':
      on(withStatus('Ringing'), ({ id }) => pbx.hangup(id));
      break;
    case 'hangUp':
      on(all, ({ id }) => pbx.hangup(id));
      break;
    case 'hold':
      on(withStatus('Connected'), ({ id }) => pbx.hold(id));
      break;
    case 'resume':
      on(withStatus('Hold'), ({ id }) => pbx.resume(id));
      break;
    case 'transfer':
      on(withStatus('Connected'), ({ id, dn }) => {
        if (dn !== other) pbx.transfer(id, other);
      });
      break;
    case 'transferToQueue':
      on(withStatus('Connected'), ({ id }) => pbx.transfer(id, queue));
      break;
    case 'transferOutside':
      on(withStatus('Connected'), ({ id }) => pbx.transfer(id, number || queue));
      break;
    case 'divert':
      on(withStatus('Ringing'), ({ id }) => pbx.divert(id, pick([other, queue, number || queue], whom) ?? ''));
      break;
    case 'park':
      on(withStatus('Connected', 'Hold', 'Held', 'Ringing'), ({ id }) => pbx.park(id));
      break;
    case 'unpark':
      pbx.makeCall(one, '*10');
      break;
    case 'fetchOwn': {
      const parked = all.find(isParked);
      if (parked !== undefined) pbx.makeCall(parked.dn, '*10');
      break;
    }
    case 'pickUp':
      on(withStatus('Ringing'), ({ dn }) => {
        if (dn !== one) pbx.makeCall(one, `*20*${dn}`);
      });
      break;
    case 'make': {
      const destination = pick([other, other, number || queue, queue, `*20*${other}`, '*10'], who + whom) ?? '';
      if (one === destination || destination.endsWith(one)) break;
      const before = new Set(all.map(({ id }) => id));
      pbx.makeCall(one, destination);
      const own = pbx.connections().find(({ id, dn }) => dn === one && !before.has(id));
      // A phone may have no call yet when the server answers.
      const callId = whom % 3 === 0 ? null : (own?.call ?? null);
      onMake({ extension: one, destination, callId, connection: own?.id ?? '' });
      break;
    }
    case 'connect': {
      const id = pick(pbx.dialledCodes(), who);
      const code = all.find((connection) => connection.id === id);
      if (code === undefined || meansOwnCall(code, all)) break;
      const { id: to } = pbx.connect(code.id);
      if (to !== code.call) codes.push({ dn: code.dn, from: code.call, to });
      break;
    }
    case 'forward':
      on(withStatus('Ringing'), ({ id }) => {
        const { connections } = pbx.forward(id, number || '+491701', { ringsOn: whom % 2 === 0 });
        forwards.add(connections.at(-1)?.id ?? '');
      });
      break;
    case 'join':
      on(
        inside.filter((own) => secondOf(own, inside) !== undefined),
        (own) => {
          const second = secondOf(own, inside);
          if (second === undefined) return;
          const { id: older, connections } = pbx.joinCalls(own.id, second.id);
          if (connections.length > 0) joins.push({ older, newer: own.call === older ? second.call : own.call });
        },
      );
      break;
    case 'record':
      on(withStatus('Connected'), ({ id }) => pbx.record(id, String(whom % 4)));
      break;
    case 'route':
      on(withStatus('Connected'), ({ id, dn }) => {
        if (dn !== other) pbx.addRoute(id, whom % 4 === 0 && number !== '' ? number : other);
      });
      break;
  }
}

/** Would it pick up a call that it makes itself? */
function meansOwnCall({ dn, party }: Connection, connections: readonly Connection[]): boolean {
  const rung = connections.find((other) => party === `*20*${other.dn}` && other.status === 'Ringing');
  return connections.some((other) => other.call === rung?.call && other.dn === dn && other.status !== 'Ringing');
}

/** The other call of an extension, which it can be joined with. */
function secondOf({ dn, call, status }: Connection, connections: readonly Connection[]): Connection | undefined {
  if (status === 'Ringing') return undefined;
  return connections.find((other) => other.dn === dn && other.call !== call && other.status !== 'Ringing');
}

function pick<T>(values: readonly T[], by: number): T | undefined {
  return values[by % values.length];
}

/** Of few numbers, so that two calls have the same now and then; one in twenty withholds it. */
function outsideNumber(by: number): string {
  return by % 20 === 0 ? '' : `+4930231250${String(by % 50).padStart(2, '0')}`;
}

function phoneOf(extension: string, kind: string): Phone {
  return { id: `${extension}-${kind}`, contact: `sip:${extension}@${kind}`, userAgent: kind };
}

function numbersFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(first + index));
}
