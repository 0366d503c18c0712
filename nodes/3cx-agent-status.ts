import type { Node, NodeAPI, NodeDef } from 'node-red';

export = function (RED: NodeAPI): void {
  RED.nodes.registerType('3cx-agent-status', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config);
  });
};
