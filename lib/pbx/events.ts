/** What can happen to a call; in this order the events have outputs of their own. */
export const callEventNames = [
  'ringing',
  'dialing',
  'answered',
  'held',
  'resumed',
  'recording',
  'transferred',
  'ring-stopped',
  'ended',
  'missed',
] as const;
export type CallEventName = (typeof callEventNames)[number];

/** What can happen to the PBX: three times in a row there was no snapshot, and there is one again. */
const apiEventNames = ['offline', 'online'] as const;
export type ApiEventName = (typeof apiEventNames)[number];

/** In the order of the outputs. `state`: what an extension does has changed. */
export const eventNames = [...callEventNames, 'state', ...apiEventNames] as const;
export type EventName = (typeof eventNames)[number];

/** Those of a node in a flow that does not say which: flows from before there was `state` do not expect it. */
export const defaultEvents: readonly EventName[] = eventNames.filter((name) => name !== 'state');

export const directions = ['inbound', 'outbound', 'unknown'] as const;
export type Direction = (typeof directions)[number];

/** With several calls an extension's state is the first of these. */
export const extensionStates = ['talking', 'ringing', 'dialing', 'held', 'idle'] as const;
export type ExtensionState = (typeof extensionStates)[number];

export const eventOutcomes = [
  'answered',
  'answered-elsewhere',
  'missed',
  'not-reached',
  'transferred',
  'unknown',
] as const;
export type EventOutcome = (typeof eventOutcomes)[number];

/** What a filter of a watching node can be set to; the first is the default. */
export const filterChoices = {
  direction: ['any', 'inbound', 'outbound'],
  scope: ['any', 'external', 'internal'],
} as const;
