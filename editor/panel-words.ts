import {
  type CallRow,
  type ConnectionRow,
  type ExtensionRow,
  type ExtensionState,
  extensionStates,
  type PanelEvent,
} from '../lib/pbx';
import { problemOf } from './connection-test';

/** A text of a catalogue: that of the call-monitor for what events are called, else that of the connection. */
export function say(key: string, options: Readonly<Record<string, unknown>> = {}): string {
  const type = key.startsWith('threecx.direction.') ? '3cx-call-monitor' : '3cx-config';
  return RED._(`node-red-contrib-3cx/${type}:${key}`, options);
}

/** @param ms from then on */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, rest] = [Math.floor(seconds / 3600), seconds % 3600];
  const parts = [Math.floor(rest / 60), rest % 60].map((part) => String(part).padStart(2, '0'));
  return hours === 0 ? parts.join(':') : [hours, ...parts].join(':');
}

/** A time of day where the editor is. */
export function timeOf(iso: string): string {
  return new Date(iso).toLocaleTimeString(RED.i18n.lang());
}

/** A number with the name of whoever has it. */
export function who(number: string | null, name: string | null): string {
  return [number, name].filter((part) => part !== null && part !== '').join(' ');
}

export function stateWord(state: ExtensionState | null): string {
  return say(state === null ? 'threecx.panel.unknown' : `threecx.extension-state.${state}`);
}

/** @returns how a connection is, and the colour of that */
export function healthOf({ state, code }: ConnectionRow): { words: string; look: 'good' | 'waiting' | 'bad' } {
  switch (state) {
    case 'online':
      return { words: say('threecx.panel.online'), look: 'good' };
    case 'offline':
      return { words: say(`threecx.status.error-${code ?? 'timeout'}`), look: 'bad' };
    case 'invalid':
      return { words: say('threecx.panel.invalid'), look: 'bad' };
    default:
      return { words: say(`threecx.status.${state}`), look: 'waiting' };
  }
}

/** The interface of a connection, since when it has its state, how late its events are, and what is wrong. */
export function factsOf({ api, state, since, accuracyMs, period, code, detail }: ConnectionRow): string[] {
  const isKnown = state === 'online' || state === 'polling';
  return [
    api === null ? '' : say(`threecx.api.${api}`),
    since === null ? '' : say('threecx.panel.since', { time: timeOf(since) }),
    isKnown ? say('threecx.panel.late', { ms: accuracyMs }) : '',
    period === null ? '' : say('threecx.panel.period', { ms: period }),
    // Only the runtime can say which setting is wrong, and it does so in English.
    api === null || code === null ? (detail ?? '') : problemOf({ _: say }, api, code),
  ].filter((fact) => fact !== '');
}

/** With whom an extension is, its profile, and whether it is logged in to its queues. */
export function detailsOf({ number, party, profile, profileName, loggedIn }: ExtensionRow): string[] {
  return [
    who(number, party),
    profile === null ? (profileName ?? '') : say(`threecx.status.${profile}`),
    loggedIn === null ? '' : say(`threecx.panel.${loggedIn ? 'logged-in' : 'logged-out'}`),
  ].filter((detail) => detail !== '');
}

/** The parties of a call, the caller first. */
export function partiesOf({ extensions, number, party, direction }: CallRow): string {
  const own = extensions.map(({ extension, name }) => who(extension, name));
  const other = who(number, party) || say('threecx.panel.unknown');
  if (direction === 'inbound') return `${other} → ${own.join(', ')}`;
  if (number === null) return own.join(' – ');
  return `${own.join(', ')} ${direction === 'outbound' ? '→' : '–'} ${other}`;
}

/** Where a call goes, by which queue, what is done in it, and whether it is recorded. */
export function callDetailsOf({ extensions, direction, queue, recording }: CallRow): string[] {
  const states = extensionStates.filter((state) => extensions.some((one) => one.state === state));
  const isNamed = direction === 'inbound' || direction === 'outbound';
  return [
    isNamed ? say(`threecx.direction.${direction}`) : say(`threecx.panel.${direction}`),
    queue === null ? '' : say('threecx.panel.queue', { queue: who(queue.number, queue.name) }),
    states.map(stateWord).join(', '),
    recording === 'on' || recording === 'paused' ? say(`threecx.panel.recording-${recording}`) : '',
  ].filter((detail) => detail !== '');
}

/** The main fields of an event, as in its payload. */
export function fieldsOf({ payload }: PanelEvent): string[] {
  const text = (name: string): string => (typeof payload[name] === 'string' ? payload[name] : '');
  return [
    who(text('extension'), text('extensionName')),
    payload.event === 'state' ? text('extensionState') : '',
    who(text('number'), text('name')),
    text('outcome') === payload.event ? '' : text('outcome'),
    text('code'),
  ].filter((field) => field !== '');
}
