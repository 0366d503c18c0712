/** The events of a call, in the order of their outputs. */
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

/** The events of the PBX: three polls in a row gave no snapshot, or there is a snapshot again. */
const apiEventNames = ['offline', 'online'] as const;
export type ApiEventName = (typeof apiEventNames)[number];

/** All events, in the order of the outputs. `state`: an extension does something else. */
export const eventNames = [...callEventNames, 'state', ...apiEventNames] as const;
export type EventName = (typeof eventNames)[number];

/** The events of a node whose flow names none. A flow older than `state` does not expect that one. */
export const defaultEvents: readonly EventName[] = eventNames.filter((name) => name !== 'state');

export const directions = ['inbound', 'outbound', 'unknown'] as const;
export type Direction = (typeof directions)[number];

/** The states of an extension. With several calls it has the first of these that applies. */
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

/** The choices of a watching node's filters; the first is the default. */
export const filterChoices = {
  direction: ['any', 'inbound', 'outbound'],
  scope: ['any', 'external', 'internal'],
} as const;
