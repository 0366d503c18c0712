export {
  type Expected,
  type Followed,
  type FollowedEvent,
  Following,
  type MadeCall,
  maxUnseen,
  type News,
  type SameNumber,
  type Sight,
  type UnseenEnd,
} from './following';
export { countCalls } from './grouping';
export { type Interest, Subscription } from './subscription';
export { stateIn } from './standings';
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
