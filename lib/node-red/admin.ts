import type { KnownExtension } from './call-watch';
import { findConnection, openAccess } from './connection';
import { testConnection, testDeployed, type TestedValues } from './connection-test';
import type { Access, NodeAPI } from './types';

/** Registers the routes through which the dialogs question the runtime. */
export function registerAdminRoutes(RED: NodeAPI): void {
  RED.httpAdmin.post('/3cx/test', RED.auth.needsPermission('3cx-config.write'), (request, response) => {
    const values: unknown = request.body;
    if (typeof values !== 'object' || values === null) {
      response.sendStatus(400);
      return;
    }
    testConnection(RED, values as TestedValues).then(
      (verdict) => response.json(verdict),
      () => response.sendStatus(500),
    );
  });

  RED.httpAdmin.post('/3cx/:id/test', RED.auth.needsPermission('3cx-config.write'), (request, response) => {
    const connection = findConnection(RED, String(request.params.id));
    if (connection === null) {
      response.sendStatus(404);
      return;
    }
    testDeployed(RED, connection).then(
      (verdict) => response.json(verdict),
      () => response.sendStatus(500),
    );
  });

  RED.httpAdmin.get('/3cx/:id/extensions', RED.auth.needsPermission('3cx-config.read'), (request, response) => {
    knownExtensions(openAccess(findConnection(RED, String(request.params.id)))).then(
      (known) => response.json(known),
      () => response.sendStatus(500),
    );
  });
}

async function knownExtensions(access: Access | null): Promise<KnownExtension[]> {
  return access === null ? [] : access.calls.extensions(await access.pbx.extensions?.());
}
