import { type SimulatorOptions, startSimulator, type V20Simulator, type V20Switches } from '../../simulator';
import { onNewPort } from '../../support/http-server';
import { type Flow, loadFlow, type Properties } from '../../support/flow';

export const clientId = 'nodered';
export const clientSecret = 'secret-of-the-client';
/** The secrets, which must not appear in any message, status or log. */
export const credentials = { clientId, clientSecret };

export async function startV20(
  switches: Partial<V20Switches> = {},
  options: Omit<SimulatorOptions, 'v20'> = {},
): Promise<V20Simulator> {
  return onNewPort((port) => startSimulator({ delay: 0, ...options, v20: { ...credentials, port, ...switches } }));
}

/** Loads a node whose connection goes by V20. */
export function loadV20(
  url: string,
  properties: Parameters<typeof loadFlow>[0],
  { server = {}, nodes = [] }: { server?: Properties; nodes?: Properties[] } = {},
): Promise<Flow> {
  const connection = { api: 'v20', url, ...server };
  return loadFlow(properties, connection, { nodes, credentials: { server: credentials } });
}

/** Method and path of the requests, but for tokens; `*` stands for what differs each time, and queries are left out. */
export function requestsOf({ v20 }: V20Simulator): string[] {
  return v20.requests
    .filter(({ path }) => path !== '/connect/token')
    .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '').replace(/(devices|participants)\/[^/]+/, '$1/*')}`)
    .map((line) => line.replace('/xapi/v1', '').replace(/Users\(\d+\)/, 'Users(*)'));
}
