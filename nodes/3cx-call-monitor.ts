import { registerOperationNode } from '../lib/node-red/operation-node';
import type { NodeAPI } from '../lib/node-red/types';

export = function (RED: NodeAPI): void {
  registerOperationNode(RED, '3cx-call-monitor', {
    showallcalls: { api: 'showallcalls', arguments: [] },
    getcallerid: { api: 'getcallerid', arguments: ['extension'] },
    ondn: { api: 'ondn', arguments: ['extension'] },
    dnregs: { api: 'dnregs', arguments: ['extension'] },
  });
};
