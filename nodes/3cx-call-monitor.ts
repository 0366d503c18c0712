import { migrate } from '../lib/node-red/migrate';
import { carryOutOperations, type NodeOperations } from '../lib/node-red/operation-node';
import type { ConnectionUser, NodeAPI, OperationNodeDef } from '../lib/node-red/types';
import { watchCalls } from '../lib/node-red/watch-node';

const queries: NodeOperations = {
  showallcalls: { api: 'showallcalls', arguments: [] },
  getcallerid: { api: 'getcallerid', arguments: ['extension'] },
  ondn: { api: 'ondn', arguments: ['extension'] },
  dnregs: { api: 'dnregs', arguments: ['extension'] },
};

export = function (RED: NodeAPI): void {
  RED.nodes.registerType('3cx-call-monitor', function (this: ConnectionUser, saved: OperationNodeDef) {
    RED.nodes.createNode(this, saved);
    const def = migrate(saved);
    if ((def.operation ?? 'watch') === 'watch') watchCalls(RED, this, def);
    else carryOutOperations(RED, this, def, queries);
  });
};
