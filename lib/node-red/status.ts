import type { NodeStatus } from 'node-red';
import type { ErrorCode, Health, Offer, Result } from '../pbx';
import { operationOf } from '../pbx';
import type { WatchState } from './call-watch';
import type { NodeAPI } from './types';

const looks = {
  unset: { fill: 'grey', shape: 'ring' },
  waiting: { fill: 'yellow', shape: 'ring' },
  good: { fill: 'green', shape: 'dot' },
  active: { fill: 'blue', shape: 'dot' },
  done: { fill: 'grey', shape: 'dot' },
  refused: { fill: 'yellow', shape: 'dot' },
  bad: { fill: 'red', shape: 'ring' },
} as const;

/** The longest status, in characters. */
const maxLength = 23;
/** Marks the place of a number or name in a phrase. */
const placeholder = '__number__';
const phrases = new WeakMap<NodeAPI, Map<string, string>>();

/** An operation that a node carries out, by its name there. */
export interface Task {
  name: string;
  offer: Offer;
  /** The called number, by name where that is known; absent until it is read. */
  callee?: string;
}

/** The facts that the status of a node is derived from. */
export interface NodeState {
  configured: boolean;
  health: Health;
  /** The operations in progress, oldest first. */
  underWay: readonly Task[];
  /** How the last operation ended, and when. */
  last: ({ at: Date } & ({ task: Task; result: Result } | { code: ErrorCode })) | null;
}

/**
 * Shows the last result with its time. That stays true, while a node that sends commands does not know the present
 * state of the phone system.
 *
 * @returns the status of a node. Its text is a key that the editor translates, or already translated where it holds
 *   more
 */
export function statusOf(RED: NodeAPI, { configured, health, underWay, last }: NodeState): NodeStatus {
  const [first] = underWay;
  if (!configured) return status('unset', 'not-configured');
  if (first !== undefined) return underWayStatus(RED, first);
  if (health === 'unreachable' || health === 'unauthorized') return status('bad', `error-${health}`);
  if (last === null) return {};
  const time = `, ${clockTime(last.at)}`;
  if ('code' in last) return { ...looks.bad, text: phrase(RED, `threecx.status.error-${last.code}`) + time };
  const { task, result } = last;
  if (!result.ok) return { ...looks.refused, text: phrase(RED, `threecx.status.refused-${result.reason}`) + time };
  return { ...looks.done, text: doneText(RED, task, result, maxLength - time.length) + time };
}

/** The facts that the status of a node that watches calls is derived from. */
export interface WatchingState {
  configured: boolean;
  state: WatchState;
  /** The reason why there is no snapshot. */
  code: ErrorCode | null;
  /** The number of calls that pass the node's filters. */
  calls: number;
  /** The time from one poll to the next, in ms, where a slow server makes it longer than the setting; else null. */
  period: number | null;
}

/** @returns the status of a node that watches calls */
export function watchStatusOf(RED: NodeAPI, { configured, state, code, calls, period }: WatchingState): NodeStatus {
  if (!configured) return status('unset', 'not-configured');
  if (state === 'offline') return status('bad', `error-${code ?? 'timeout'}`);
  if (state !== 'online') return status('waiting', state);
  if (period === null) return calls === 0 ? status('good', 'no-call') : counted(RED, 'calls', calls);
  const text = phrase(RED, `threecx.status.${calls === 0 ? 'no-call' : 'calls'}`, calls);
  const stretched = { status: text, period: Number(period.toPrecision(2)) };
  return { ...looks.good, text: RED._('threecx.status.stretched', stretched) };
}

/** The facts that the status of a node that watches profiles is derived from. */
export interface ProfileWatchingState {
  configured: boolean;
  /** Why nothing is known; null when something is, or no answer has come yet. */
  code: ErrorCode | null;
  isAnswered: boolean;
  /** The number of extensions with a known profile. */
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
  return { ...looks.good, text: phrase(RED, `threecx.status.${key}`, count) };
}

function underWayStatus(RED: NodeAPI, { offer, callee }: Task): NodeStatus {
  if (!operationOf(offer.operation).calls) return status('active', 'sending');
  if (callee === undefined) return status('active', 'calling');
  return { ...looks.active, text: withNumber(RED, 'threecx.status.calling-number', callee, maxLength) };
}

/** @param room how long it may be, in characters */
function doneText(RED: NodeAPI, { name, offer, callee = '' }: Task, result: Result, room: number): string {
  const { given, profile, profileName, connections, idle, number, callId, registration } = result;
  const caller = result.name ?? number;
  if (operationOf(offer.operation).kind === 'command' && given.profile === undefined) {
    // A recording or a log-in is named by its chosen action.
    const what = given.recordAction ?? given.action ?? name;
    return withNumber(RED, `threecx.done.${what}`, callee, room);
  }
  if (profile) return phrase(RED, `threecx.status.${profile}`);
  // The PBX's name must not look like a key, which has a dot.
  if (profileName !== undefined) return shortened(profileName ?? '–', room).replaceAll('.', ' ');
  if (registration !== undefined)
    return phrase(RED, `threecx.done.${registration === null ? 'no-phone' : 'registered'}`);
  if (idle === true || callId === null || connections?.length === 0) return phrase(RED, 'threecx.status.no-call');
  if (connections !== undefined) return phrase(RED, 'threecx.status.connections', connections.length);
  if (callId !== undefined) return phrase(RED, 'threecx.done.ondn');
  return caller ? shortened(caller, room).replaceAll('.', ' ') : phrase(RED, 'threecx.done.withheld');
}

/** Puts a number or name into a text, shortened to fit. */
function withNumber(RED: NodeAPI, key: string, number: string, room: number): string {
  const text = phrase(RED, key);
  const rest = text.replace(placeholder, '').length;
  // The editor would read a text with a dot as a key.
  return text.replace(placeholder, () => shortened(number, room - rest).replaceAll('.', ' '));
}

/**
 * Translates a text to the language of Node-RED. That takes as long as sending a command, so each text is translated
 * once.
 */
function phrase(RED: NodeAPI, key: string, count?: number): string {
  const known = phrases.get(RED) ?? new Map<string, string>();
  phrases.set(RED, known);
  const id = `${key} ${count}`;
  const text = known.get(id) ?? RED._(key, { number: placeholder, ...(count === undefined ? {} : { count }) });
  known.set(id, text);
  return text;
}

function shortened(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, Math.max(room - 1, 0))}…` : text;
}

/** Hours and minutes in the time zone of Node-RED. */
function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}
