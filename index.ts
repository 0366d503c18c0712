/**
 * Types of the messages, for function nodes and nodes written in TypeScript. Nothing here runs: the nodes are loaded by
 * Node-RED, the simulator is `node-red-contrib-3cx/simulator`.
 */
export type {
  Connection,
  ConnectionStatus,
  ErrorCode,
  NamedConnection,
  Profile,
  Recording,
  RefusalReason,
  Registration,
} from './lib/pbx';
export type { CallEvent, CallState, StateEvent, UnseenEnd } from './lib/calls';
export type { FollowPayload } from './lib/node-red/follow';
export type { OperationPayload } from './lib/node-red/payload';
export type { ProfilePayload, ProfilesPayload, ProfileState } from './lib/node-red/profile-node';
export type { CallsPayload, WatchPayload } from './lib/node-red/watch-node';
