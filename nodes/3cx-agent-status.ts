import { registerOperationNode } from '../lib/node-red/operation-node';
import type { NodeAPI } from '../lib/node-red/types';

export = function (RED: NodeAPI): void {
  registerOperationNode(RED, '3cx-agent-status', {
    setstatus: { api: 'setstatus', arguments: ['extension', 'profile'] },
    ready: { api: 'ready', arguments: ['extension'] },
    notready: { api: 'notready', arguments: ['extension'] },
    logout: { api: 'logout', arguments: ['extension'] },
    login: { api: 'login', arguments: ['extension', 'action', 'queue'] },
    showstatus: { api: 'showstatus', arguments: ['extension'] },
  });
};
