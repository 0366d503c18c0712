import {
  carryOutOperations,
  type ConnectionUser,
  migrate,
  type NodeAPI,
  type OperationNodeDef,
  type ProfileWatchDef,
  watchProfiles,
} from '../lib/node-red';
import { watchOperation } from '../lib/pbx';

export = function (RED: NodeAPI): void {
  RED.nodes.registerType(
    '3cx-agent-status',
    function (this: ConnectionUser, saved: OperationNodeDef & ProfileWatchDef) {
      RED.nodes.createNode(this, saved);
      const def = migrate(saved);
      if (def.operation === watchOperation) watchProfiles(RED, this, def);
      else carryOutOperations(RED, this, def, '3cx-agent-status');
    },
  );
};
