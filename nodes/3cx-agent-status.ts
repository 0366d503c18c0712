import { watchOperation } from '../lib/pbx';
import { migrate } from '../lib/node-red/migrate';
import { carryOutOperations } from '../lib/node-red/operation-node';
import { watchProfiles } from '../lib/node-red/profile-node';
import type { ConnectionUser, NodeAPI, OperationNodeDef, ProfileWatchDef } from '../lib/node-red/types';

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
