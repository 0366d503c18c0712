export { groupIntoCalls } from './grouping';
export { parseNumberList } from './numbers';
export { type Interest, Subscription } from './subscription';
export { CallTracker } from './tracker';
export {
  apiEventNames,
  callEventNames,
  type CallEvent,
  type CallOccurrence,
  type CallState,
  type EventName,
  type ExtensionState,
  type Moment,
  type Numbering,
  type Occurrence,
  type WatchEvent,
} from './types';
