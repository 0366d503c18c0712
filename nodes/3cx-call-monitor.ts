import type { Node, NodeAPI, NodeDef } from 'node-red';

export = function (RED: NodeAPI): void {
  RED.nodes.registerType('3cx-call-monitor', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config);
  });
};
