import type { Clock } from './clock';
import { type Call, type Connection, type Pbx, PbxError } from './pbx';
import { type Random, randomFrom } from './random';

export interface TrafficOptions {
  readonly pbx: Pbx;
  readonly clock: Clock;
  /** On average, at random moments. */
  readonly callsPerMinute: number;
  /** The same seed gives the same life, as long as nobody else changes the PBX. */
  readonly seed: number;
}

/** How long something lasts, in ms from the shortest to the longest. */
type Span = readonly [number, number];
const ringTime: Span = [1_500, 15_000];
const talkTime: Span = [4_000, 60_000];
const holdTime: Span = [2_000, 20_000];

/**
 * Lets calls come in for extensions and queues, and extensions call each other and outside, until the clock is stopped;
 * they are answered or not, held, transferred and hung up. Only these calls are touched, not those that others make.
 */
export function startTraffic({ pbx, clock, callsPerMinute, seed }: TrafficOptions): void {
  const arrivals = randomFrom(seed);
  const scheduleNext = () => {
    // Independent calls: the time between two of them is exponentially distributed.
    const wait = Math.round((-Math.log(1 - arrivals.number()) * 60_000) / callsPerMinute);
    clock.after(wait, () => {
      // A source of its own for each call, so that one which goes on longer doesn't change all others.
      startCall(pbx, clock, randomFrom(arrivals.integer(2 ** 31)));
      scheduleNext();
    });
  };
  scheduleNext();
}

function startCall(pbx: Pbx, clock: Clock, random: Random): void {
  const call = openCall(pbx, random);
  if (call === null) return;
  const goOn = (wait: Span) => {
    clock.after(random.between(...wait), () => {
      const current = pbx.state().calls.find(({ id }) => id === call.id);
      if (current !== undefined) goOn(nextOf(pbx, current, random));
    });
  };
  goOn(ringTime);
}

/** @returns null when nobody is free for such a call */
function openCall(pbx: Pbx, random: Random): Call | null {
  const { extensions, queues, connections } = pbx.state();
  const busy = new Set(connections.map(({ dn }) => dn));
  const free = extensions.map(({ number }) => number).filter((number) => !busy.has(number));
  const [one, other] = random.shuffled(free);
  const kind = random.number();
  if (kind < 0.35) return one === undefined ? null : pbx.inbound({ extension: one, number: outsideNumber(random) });
  if (kind < 0.65) {
    const queue = random.pick(queues)?.number;
    return queue === undefined ? null : pbx.inbound({ queue, number: outsideNumber(random) });
  }
  if (one === undefined) return null;
  if (kind < 0.85) return pbx.makeCall(one, outsideNumber(random));
  return other === undefined ? null : pbx.makeCall(one, other);
}

/**
 * Does the next thing that can happen to a call.
 *
 * @returns how long until the one after it
 */
function nextOf(pbx: Pbx, call: Call, random: Random): Span {
  try {
    return nextStep(pbx, call, random);
  } catch (error) {
    // Somebody else has done something to this call that leaves no such step.
    if (!(error instanceof PbxError)) throw error;
    hangUp(pbx, call, random);
    return ringTime;
  }
}

/** @throws PbxError when the call is in a state that this traffic brings about nowhere */
function nextStep(pbx: Pbx, call: Call, random: Random): Span {
  const { connections } = call;
  const waiting = connections.filter(({ status, dn }) => status === 'Ringing' || isOutsideRinging(pbx, status, dn));
  const answering = random.pick(waiting);
  if (answering !== undefined) {
    if (random.chance(0.75)) {
      pbx.answer(answering.id);
      return talkTime;
    }
    // One agent of several may decline; otherwise nobody was there.
    if (waiting.length > 1 && random.chance(0.5)) pbx.hangup(answering.id);
    else hangUp(pbx, call, random);
    return ringTime;
  }
  const holder = connections.find(({ status }) => status === 'Hold');
  if (holder !== undefined) {
    pbx.resume(holder.id);
    return talkTime;
  }
  const extensions = pbx.state().extensions.map(({ number }) => number);
  const inside = random.pick(connections.filter(({ dn, status }) => status === 'Connected' && extensions.includes(dn)));
  const what = random.number();
  if (inside !== undefined && what < 0.25) {
    pbx.hold(inside.id);
    return holdTime;
  }
  const target = random.pick(extensions.filter((number) => pbx.connectionsOf(number).length === 0));
  if (inside !== undefined && target !== undefined && what < 0.4) {
    pbx.transfer(inside.id, target);
    return ringTime;
  }
  // A caller who waits alone in a queue is patient for a while.
  if (inside === undefined && what < 0.5) return ringTime;
  hangUp(pbx, call, random);
  return ringTime;
}

/** The outside party that is being called, which picks up on the trunk. */
function isOutsideRinging(pbx: Pbx, status: Connection['status'], dn: string): boolean {
  return status === 'Dialing' && dn === pbx.trunk;
}

/** Somebody who isn't just being rung ends the call. */
function hangUp(pbx: Pbx, { connections }: Call, random: Random): void {
  const connection = random.pick(connections.filter(({ status }) => status !== 'Ringing'));
  if (connection !== undefined) pbx.hangup(connection.id);
}

/** Fictitious, from a range that is kept for films and the like; some callers withhold theirs. */
function outsideNumber(random: Random): string {
  return random.chance(0.05) ? '' : `+493023125${String(random.integer(1000)).padStart(3, '0')}`;
}
