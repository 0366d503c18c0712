import {
  carryOutOperations,
  type ConnectionUser,
  migrate,
  type NodeAPI,
  type OperationNodeDef,
  watchCalls,
  type WatchNodeDef,
} from '../lib/node-red';
import { watchOperation } from '../lib/pbx';

export = function (RED: NodeAPI): void {
  RED.nodes.registerType('3cx-call-monitor', function (this: ConnectionUser, saved: OperationNodeDef & WatchNodeDef) {
    RED.nodes.createNode(this, saved);
    const def = migrate(saved);
    if ((def.operation ?? watchOperation) === watchOperation) watchCalls(RED, this, def);
    else carryOutOperations(RED, this, def, '3cx-call-monitor');
  });
};
