import type { NodeStatus } from 'node-red';
import type { ErrorCode, Health, Offer, RefusalReason, Result } from '../pbx';
import { operationOf } from '../pbx';
import type { WatchState } from './call-watch';
import type { NodeAPI } from './types';

const looks = {
  unset: { fill: 'grey', shape: 'ring' },
  waiting: { fill: 'yellow', shape: 'ring' },
  good: { fill: 'green', shape: 'dot' },
  active: { fill: 'blue', shape: 'dot' },
  refused: { fill: 'yellow', shape: 'dot' },
  bad: { fill: 'red', shape: 'ring' },
} as const;

/** What a node knows, of which its status follows. */
export interface NodeState {
  configured: boolean;
  health: Health;
  /** The operations under way, oldest first. */
  underWay: readonly Offer[];
  /** How the last one ended. */
  last: { result: Result } | { code: ErrorCode } | null;
}

/** @returns the status of a node; its text is a key that the editor translates, or translated where it holds a number */
export function statusOf(RED: NodeAPI, state: NodeState): NodeStatus {
  const { configured, health, underWay, last } = state;
  const [first] = underWay;
  if (!configured) return status('unset', 'not-configured');
  if (first !== undefined) return status('active', operationOf(first.operation).calls ? 'calling' : 'sending');
  if (health === 'unreachable' || health === 'unauthorized') return status('bad', `error-${health}`);
  if (last === null) return status('good', 'idle');
  if ('code' in last) return status('bad', `error-${last.code}`);
  return last.result.ok ? doneStatus(RED, last.result) : refusedStatus(last.result.reason);
}

/** What a node knows that watches calls. */
export interface WatchingState {
  configured: boolean;
  state: WatchState;
  /** Why there is no snapshot. */
  code: ErrorCode | null;
  /** How many calls the node looks at. */
  calls: number;
  /** From one poll to the next, in ms, where that is longer than set because the server is slow; else null. */
  period: number | null;
}

/** @returns the status of a node that watches calls */
export function watchStatusOf(RED: NodeAPI, { configured, state, code, calls, period }: WatchingState): NodeStatus {
  if (!configured) return status('unset', 'not-configured');
  if (state === 'offline') return status('bad', `error-${code ?? 'timeout'}`);
  if (state !== 'online') return status('waiting', state);
  if (period === null) return calls === 0 ? status('good', 'idle') : counted(RED, 'calls', calls);
  const text = RED._(calls === 0 ? 'threecx.status.idle' : 'threecx.status.calls', { count: calls });
  const stretched = { status: text, period: Number(period.toPrecision(2)) };
  return { ...looks.good, text: RED._('threecx.status.stretched', stretched) };
}

/** What a node knows that watches profiles. */
export interface ProfileWatchingState {
  configured: boolean;
  /** Why nothing is known; null when something is, or no answer has come yet. */
  code: ErrorCode | null;
  isAnswered: boolean;
  /** Of how many extensions the profile is known. */
  profiles: number;
}

/** @returns the status of a node that watches profiles */
export function profileStatusOf(
  RED: NodeAPI,
  { configured, code, isAnswered, profiles }: ProfileWatchingState,
): NodeStatus {
  if (!configured) return status('unset', 'not-configured');
  if (code !== null) return status('bad', `error-${code}`);
  return isAnswered ? counted(RED, 'profiles', profiles) : status('waiting', 'connecting');
}

type Look = keyof typeof looks;

function status(look: Look, key: string): NodeStatus {
  return { ...looks[look], text: `threecx.status.${key}` };
}

function counted(RED: NodeAPI, key: string, count: number): NodeStatus {
  return { ...looks.good, text: RED._(`threecx.status.${key}`, { count }) };
}

function refusedStatus(reason: RefusalReason): NodeStatus {
  return status('refused', reason === 'refused' ? reason : `refused-${reason}`);
}

function doneStatus(RED: NodeAPI, { profile, profileName, recording, connections }: Result): NodeStatus {
  if (profile) return status('good', profile);
  // A name of the PBX, not a key: a key has a dot.
  if (profileName) return { ...looks.good, text: profileName.slice(0, 20).replaceAll('.', ' ') };
  if (recording !== undefined && recording !== 'off')
    return status('good', recording === 'on' ? 'recording' : 'paused');
  if (connections !== undefined && connections.length > 0) {
    return counted(RED, 'connections', connections.length);
  }
  return status('good', 'idle');
}
