import { findConnection, openAccess } from './connection';
import { testConnection, type TestedValues } from './connection-test';
import type { NodeAPI } from './types';

/** What the dialogs ask the runtime for. */
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

  RED.httpAdmin.get('/3cx/:id/extensions', RED.auth.needsPermission('3cx-config.read'), (request, response) => {
    const access = openAccess(findConnection(RED, String(request.params.id)));
    response.json(access?.calls.extensions() ?? []);
  });
}
