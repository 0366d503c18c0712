import { registerOperationNode } from '../lib/node-red/operation-node';
import type { NodeAPI } from '../lib/node-red/types';

export = function (RED: NodeAPI): void {
  registerOperationNode(RED, '3cx-recorder', {
    start: { api: 'record', arguments: ['extension'], fixed: { recordAction: 'start' } },
    stop: { api: 'record', arguments: ['extension'], fixed: { recordAction: 'stop' } },
    pause: { api: 'record', arguments: ['extension'], fixed: { recordAction: 'pause' } },
    resume: { api: 'record', arguments: ['extension'], fixed: { recordAction: 'resume' } },
  });
};
