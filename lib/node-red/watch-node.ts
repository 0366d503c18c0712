import { type CallState, type Interest, Subscription, type WatchEvent } from '../calls';
import { defaultEvents, type EventName, eventNames, filterChoices, leastMilliseconds, ThreeCxError } from '../pbx';
import { accessOf, openAccess, useConnection } from './connection';
import { Settings } from './settings';
import { type WatchingState, watchStatusOf } from './status';
import type { ConnectionUser, NodeAPI, WatchNodeDef } from './types';

/** `msg.payload` of an event; `msg.topic` is its name. */
export type WatchPayload = WatchEvent & {
  /** Counts the messages of this node, from 1, without gaps. */
  seq: number;
};

/** `msg.payload` of the answer to an incoming message. */
export interface CallsPayload {
  /** One for each extension in a call. */
  calls: CallState[];
}

/** The most extensions named in the filter that are announced with `initial`; the first ones are taken. */
const maxNamed = 1_000;

/**
 * Makes a node announce the events of calls, and answer each incoming message with the calls that it knows. A wrong
 * filter is logged and not used.
 */
export function watchCalls(RED: NodeAPI, node: ConnectionUser, def: WatchNodeDef): void {
  const connection = useConnection(RED, node, def.server);
  const calls = openAccess(connection)?.calls;
  const { interest, split } = readDefinition(RED, node, def);
  const subscription = new Subscription(interest);
  const outputs = eventNames.filter((name) => interest.events.has(name));
  /** Messages that wait for the first snapshot. */
  const waiting = new Set<() => void>();
  let seq = 0;

  const none: readonly CallState[] = [];
  const all = (): readonly CallState[] => calls?.tracker.calls() ?? none;
  const known = (): CallState[] => all().filter((call) => subscription.passes(call));
  let counted: readonly CallState[] = none;
  let count = 0;
  let shown: Partial<WatchingState> = {};
  node.showHealth = () => {
    // Most polls change nothing, so there is nothing to count again or to send to the editor.
    if (all() !== counted) {
      counted = all();
      const own = known();
      count = own.length < 2 ? own.length : new Set(own.map(({ call }) => call)).size;
    }
    const state = calls?.state ?? 'connecting';
    const code = calls?.error?.code ?? null;
    const period = calls?.stretched ?? null;
    // In any other state the status has no number.
    const counts = state === 'online' ? count : 0;
    if (state === shown.state && code === shown.code && counts === shown.calls && period === shown.period) return;
    const now = { configured: calls !== undefined, state, code, calls: counts, period };
    shown = now;
    node.status(watchStatusOf(RED, now));
  };
  node.showHealth();

  const end = calls?.watch(node.id, (occurrences, isSnapshot) => {
    node.showHealth();
    for (const event of subscription.select(occurrences, isSnapshot ? calls : null)) {
      seq += 1;
      // A flow may change its message, and other nodes get the same event.
      const payload: WatchPayload = { ...structuredClone(event), seq };
      const msg = { topic: event.event, payload };
      node.send(split ? outputs.map((name) => (name === event.event ? msg : null)) : msg);
    }
    for (const answer of waiting) answer();
    waiting.clear();
  });

  node.on('input', (msg, send, done) => {
    const answer = (): void => {
      try {
        const watch = accessOf(connection).calls;
        const { state, error } = watch;
        // Old calls would look like current ones.
        if (state === 'connecting' || state === 'offline')
          throw error ?? new ThreeCxError('closed', 'the node was closed');
        const payload: CallsPayload = { calls: watch.completed(known()) };
        send({ ...msg, payload });
        done();
      } catch (error) {
        done(error as Error);
      }
    };
    if (calls?.state === 'connecting' && calls.error === null) waiting.add(answer);
    else answer();
  });

  node.on('close', (removed: boolean, done: () => void) => {
    end?.(removed);
    for (const answer of waiting) answer();
    done();
  });
}

function readDefinition(RED: NodeAPI, node: ConnectionUser, def: WatchNodeDef): { interest: Interest; split: boolean } {
  const settings = new Settings(RED, node, { ...def });
  /** A wrong setting is logged, but does not stop the flow. */
  const read = <T>(setting: () => T, otherwise: T): T => {
    try {
      return setting();
    } catch (error) {
      node.warn(`${(error as Error).message}; it is not used`);
      return otherwise;
    }
  };
  const everybody = { extensions: (): boolean => true, named: [] };
  return {
    interest: {
      events: chosenEvents(node, def.events),
      ...read(() => {
        const extensions = settings.numbers('extensions');
        return { extensions, named: settings.namedNumbers('extensions', maxNamed) };
      }, everybody),
      direction: read(() => settings.oneOf('direction', filterChoices.direction), 'any'),
      scope: read(() => settings.oneOf('scope', filterChoices.scope), 'any'),
      queues: read(() => (settings.text('queues', '') === '' ? null : settings.numbers('queues')), null),
      number: read(() => settings.expression('number', ''), /^/),
      minRing: read(() => settings.milliseconds('minRing', 0, leastMilliseconds.minRing), 0),
      initial: read(() => settings.flag('initial'), false),
    },
    split: read(() => settings.flag('split'), false),
  };
}

/**
 * The events that the node announces: the defaults when its flow names none, and only known ones of a later version.
 */
function chosenEvents(node: ConnectionUser, events: unknown): Set<EventName> {
  if (events === undefined) return new Set(defaultEvents);
  const chosen: unknown[] = Array.isArray(events) ? events : [events];
  const known = eventNames.filter((name) => chosen.includes(name));
  if (known.length < chosen.length) node.warn(`events may be ${eventNames.join(', ')}; others are not used`);
  return new Set(known);
}
