import {
  type ConnectionCredentials,
  type ConnectionDef,
  type ConnectionNode,
  migrate,
  type NodeAPI,
  openConnection,
  registerAdminRoutes,
} from '../lib/node-red';

export = function (RED: NodeAPI): void {
  registerAdminRoutes(RED);
  RED.nodes.registerType<ConnectionNode, ConnectionDef, object, ConnectionCredentials>(
    '3cx-config',
    function (def) {
      RED.nodes.createNode(this, def);
      openConnection(RED, this, migrate(def));
    },
    {
      credentials: {
        user: { type: 'text' },
        password: { type: 'password' },
        token: { type: 'password' },
        clientId: { type: 'text' },
        clientSecret: { type: 'password' },
      },
    },
  );
};
