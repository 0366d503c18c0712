import type { NodeStatus } from 'node-red';
import type { ErrorCode, Health, RefusalReason, Result } from '../http-api';
import type { NodeAPI } from './types';

const looks = {
  unset: { fill: 'grey', shape: 'ring' },
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
  underWay: readonly string[];
  /** How the last one ended. */
  last: { result: Result } | { code: ErrorCode } | null;
}

/** @returns the status of a node; its text is a key that the editor translates, or translated where it holds a number */
export function statusOf(RED: NodeAPI, state: NodeState): NodeStatus {
  const { configured, health, underWay, last } = state;
  const operation = underWay[0];
  if (!configured) return status('unset', 'not-configured');
  if (operation !== undefined) return status('active', /^(makecall|unpark)$/.test(operation) ? 'calling' : 'sending');
  if (health === 'unreachable' || health === 'unauthorized') return status('bad', `error-${health}`);
  if (last === null) return status('good', 'idle');
  if ('code' in last) return status('bad', `error-${last.code}`);
  return last.result.ok ? doneStatus(RED, last.result) : refusedStatus(last.result.reason);
}

type Look = keyof typeof looks;

function status(look: Look, key: string): NodeStatus {
  return { ...looks[look], text: `threecx.status.${key}` };
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
    return { ...looks.good, text: RED._('threecx.status.connections', { count: connections.length }) };
  }
  return status('good', 'idle');
}
