import { type NodeAPI, registerOperationNode } from '../lib/node-red';

export = function (RED: NodeAPI): void {
  registerOperationNode(RED, '3cx-call-control');
};
