import { type NodeAPI, registerPanel } from '../lib/node-red';

export = function (RED: NodeAPI): void {
  registerPanel(RED);
};
