import { registerAdminRoutes } from '../lib/node-red/admin';
import { openConnection } from '../lib/node-red/connection';
import { migrate } from '../lib/node-red/migrate';
import type { ConnectionCredentials, ConnectionDef, ConnectionNode, NodeAPI } from '../lib/node-red/types';

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
