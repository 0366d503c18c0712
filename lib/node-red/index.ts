export { registerAdminRoutes } from './admin';
export { openConnection } from './connection';
export { migrate } from './migrate';
export { carryOutOperations, registerOperationNode } from './operation-node';
export { registerPanel } from './panel-plugin';
export { watchProfiles } from './profile-node';
export type {
  ConnectionCredentials,
  ConnectionDef,
  ConnectionNode,
  ConnectionUser,
  NodeAPI,
  OperationNodeDef,
  ProfileWatchDef,
  WatchNodeDef,
} from './types';
export { watchCalls } from './watch-node';
