export { countCalls } from './grouping';
export { type Interest, Subscription } from './subscription';
export { CallTracker } from './tracker';
export type {
  CallEvent,
  CallOccurrence,
  CallState,
  Occurrence,
  StateEvent,
  StateOccurrence,
  WatchEvent,
} from './types';
