import { registerOperationNode } from '../lib/node-red/operation-node';
import type { NodeAPI } from '../lib/node-red/types';

export = function (RED: NodeAPI): void {
  registerOperationNode(RED, '3cx-call-control', {
    makecall: { api: 'makecall', arguments: ['extension', 'destination', 'phone'] },
    answer: { api: 'answer', arguments: ['extension'] },
    drop: { api: 'drop', arguments: ['extension'] },
    transfer: { api: 'transfer', arguments: ['extension', 'destination'] },
    atttrans: { api: 'atttrans', arguments: ['extension'] },
    park: { api: 'park', arguments: ['extension'] },
    unpark: { api: 'unpark', arguments: ['extension', 'phone'] },
    divert: { api: 'divert', arguments: ['extension', 'destination'] },
    stop: { api: 'stop', arguments: [] },
  });
};
