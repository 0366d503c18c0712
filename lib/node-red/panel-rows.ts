import { type CallState, stateIn } from '../calls';
import {
  type CallRow,
  type ConnectionRow,
  type ExtensionRow,
  type PanelRow,
  type Presence,
  ThreeCxError,
} from '../pbx';
import type { KnownExtension } from './call-watch';
import type { Access, ConnectionNode } from './types';

/** @param listed the extensions that the PBX itself lists */
export function rowsOf(node: ConnectionNode, listed: readonly string[]): PanelRow[] {
  const { id, access } = node;
  if (access instanceof ThreeCxError) return [connectionRow(node)];
  return [connectionRow(node), ...extensionRows(id, access, listed), ...callRows(id, knownCalls(access))];
}

function connectionRow({ id, name = '', access, target }: ConnectionNode): ConnectionRow {
  const shared = { kind: 'connection', connection: id, name } as const;
  if (access instanceof ThreeCxError) {
    const { code, message } = access;
    const nothing = { since: null, accuracyMs: 0, period: null };
    return { ...shared, ...nothing, api: null, state: 'invalid', code, detail: message };
  }
  const { state, error, since, stretched, tracker } = access.calls;
  return {
    ...{ ...shared, api: target?.api ?? null, state, code: error?.code ?? null, detail: error?.message ?? null },
    since: since === null ? null : new Date(since).toISOString(),
    // Its last digits differ from poll to poll.
    accuracyMs: Math.ceil(Number(tracker.accuracyMs.toPrecision(1))),
    period: stretched === null ? null : Number(stretched.toPrecision(2)),
  };
}

function extensionRows(connection: string, access: Access, listed: readonly string[]): ExtensionRow[] {
  const { calls, profiles, pbx } = access;
  // Those that are not watched have no state.
  const watched = new Set(pbx.watchedExtensions);
  const all = [...new Set([...listed, ...watched])].map((extension) => ({
    ...{ extension, name: null, isWatched: watched.has(extension) },
  }));
  const busy = new Map(calls.currentStates([]).map(({ event }) => [event.extension, event]));
  const presences = new Map(profiles.known(null));
  return calls.extensions(all).map(({ extension, name, state }: KnownExtension): ExtensionRow => {
    const event = state === null ? undefined : busy.get(extension);
    const { profile = null, profileName = null, loggedIn = null }: Partial<Presence> = presences.get(extension) ?? {};
    return {
      ...{ kind: 'extension', connection, extension, name, profile, profileName, loggedIn },
      state: event?.extensionState ?? state,
      number: event?.number ?? null,
      party: event?.name ?? null,
      since: event?.answeredAt ?? event?.startedAt ?? null,
    };
  });
}

/** None where what was known before would look like what is. */
function knownCalls({ calls }: Access): CallState[] {
  const isKnown = calls.state !== 'connecting' && calls.state !== 'offline';
  return isKnown ? calls.completed(calls.tracker.calls()) : [];
}

/** @param states one for each extension in a call */
export function callRows(connection: string, states: readonly CallState[]): CallRow[] {
  const calls = new Map<string, CallState[]>();
  for (const state of states) calls.set(state.call, [...(calls.get(state.call) ?? []), state]);
  return [...calls].map(([call, parts]) => callRow(connection, call, parts));
}

function callRow(connection: string, call: string, parts: readonly CallState[]): CallRow {
  const own = new Set(parts.map(({ extension }) => extension));
  const outside = parts.find(({ number }) => number !== '' && !own.has(number));
  const first = <T>(values: readonly (T | null)[]): T | null => values.find((value) => value !== null) ?? null;
  const earliest = (times: readonly string[]): string => [...times].sort()[0] ?? '';
  const answered = parts.map(({ answeredAt }) => answeredAt).filter((time) => time !== null);
  return {
    ...{ kind: 'call', connection, call },
    extensions: parts.map(({ extension, extensionName, status }) => ({
      ...{ extension, name: extensionName, state: stateIn[status] },
    })),
    number: outside?.number ?? null,
    party: outside?.name ?? null,
    direction: parts.every(({ internal }) => internal) ? 'internal' : (parts[0]?.direction ?? 'unknown'),
    queue: first(parts.map(({ queue }) => queue)),
    recording: parts.some(({ recording }) => recording === 'on')
      ? 'on'
      : first(parts.map(({ recording }) => recording)),
    startedAt: earliest(parts.map(({ startedAt }) => startedAt)),
    answeredAt: answered.length === 0 ? null : earliest(answered),
  };
}

/** @returns the keys of the rows that are new or differ, and of those that are gone */
export function differences(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): { changed: ReadonlySet<string>; gone: string[] } {
  return {
    changed: new Set([...now.keys()].filter((key) => now.get(key) !== before.get(key))),
    gone: [...before.keys()].filter((key) => !now.has(key)),
  };
}
