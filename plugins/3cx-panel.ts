import { registerPanel } from '../lib/node-red/panel-plugin';
import type { NodeAPI } from '../lib/node-red/types';

export = function (RED: NodeAPI): void {
  registerPanel(RED);
};
