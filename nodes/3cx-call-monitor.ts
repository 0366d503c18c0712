import { watchOperation } from '../lib/pbx';
import { migrate } from '../lib/node-red/migrate';
import { carryOutOperations } from '../lib/node-red/operation-node';
import type { ConnectionUser, NodeAPI, OperationNodeDef, WatchNodeDef } from '../lib/node-red/types';
import { watchCalls } from '../lib/node-red/watch-node';

export = function (RED: NodeAPI): void {
  RED.nodes.registerType('3cx-call-monitor', function (this: ConnectionUser, saved: OperationNodeDef & WatchNodeDef) {
    RED.nodes.createNode(this, saved);
    const def = migrate(saved);
    if ((def.operation ?? watchOperation) === watchOperation) watchCalls(RED, this, def);
    else carryOutOperations(RED, this, def, '3cx-call-monitor');
  });
};
