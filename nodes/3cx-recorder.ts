import { registerOperationNode } from '../lib/node-red/operation-node';
import type { NodeAPI } from '../lib/node-red/types';

export = function (RED: NodeAPI): void {
  registerOperationNode(RED, '3cx-recorder');
};
