import type { ApiType } from '../../lib/pbx';
import type { Simulator, SimulatorOptions, V20Options } from '../../simulator';
import type { FlowNode } from '../../support/examples';
import { until } from '../../support/until';

/** The differences between the ways to the PBX in a play. */
export interface Way {
  simulated: SimulatorOptions;
  /** The same, at the address of another one. */
  simulatedAt: (simulator: Simulator) => SimulatorOptions;
  /** The settings of a connection to the simulator. */
  connectionTo: (simulator: Simulator) => Partial<FlowNode>;
  /** How many requests there were so far. */
  requestCount: (simulator: Simulator) => number;
  /**
   * Waits until flows that have just started have seen the calls, so that they report every change from now on.
   *
   * @param before the number of requests before they were deployed
   */
  watched: (simulator: Simulator, before: number) => Promise<void>;
  /** Waits until the calls as they are now were looked at so often. */
  looks: (simulator: Simulator, count: number) => Promise<void>;
  /** The paths of the requests so far, answered or not. */
  paths: (simulator: Simulator) => string[];
}

const client = { clientId: '900', clientSecret: 's3cret' };
/** Some examples answer calls, which a V20 PBX allows for some phones only. */
const v20: V20Options = { ...client, directControl: 'all' };

function pathsOf({ requests }: { readonly requests: readonly { readonly path: string }[] }): string[] {
  return requests.map(({ path }) => path);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function v20Of({ v20 }: Simulator): NonNullable<Simulator['v20']> {
  if (v20 === null) throw new Error('this simulator does not serve the APIs of V20');
  return v20;
}

/** Of participants that do not exist. */
let nextId = 900_000;

/** Waits for this many more polls of the HTTP API. */
async function polls(simulator: Simulator, count: number): Promise<void> {
  const soFar = (): number => pathsOf(simulator).filter((path) => path === '/showallcalls').length;
  const wanted = soFar() + count;
  await until(() => soFar() >= wanted, 'polls');
}

export const ways: Record<ApiType, Way> = {
  http: {
    simulated: { delay: 0 },
    simulatedAt: ({ url }) => ({ delay: 0, port: portOf(url) }),
    connectionTo: ({ url }) => ({ url, pollInterval: 100 }),
    requestCount: ({ requestCount }) => requestCount,
    // The flows before them have ended, so these polls are their own. The second one begins after the first was answered.
    watched: (simulator) => polls(simulator, 2),
    looks: polls,
    paths: pathsOf,
  },
  v20: {
    simulated: { delay: 0, v20 },
    simulatedAt: (simulator) => ({ delay: 0, v20: { ...v20, port: portOf(v20Of(simulator).url) } }),
    connectionTo: ({ v20Url }) => ({ api: 'v20', url: v20Url, credentials: client }),
    requestCount: (simulator) => v20Of(simulator).requestCount,
    // It comes once, perhaps before the flows are said to have started.
    watched: (simulator, before) =>
      until(
        () =>
          v20Of(simulator).requests.some(
            ({ id, path, status }) => id > before && path === '/callcontrol' && status === 200,
          ),
        'the first look at the calls',
      ),
    // Each look is at something that does not exist. Several are under way at once, so it takes some until what came before
    // has been looked at.
    looks: async (simulator, count) => {
      const v20 = v20Of(simulator);
      for (let seen = 0; seen < count + 2; seen++) {
        const entity = `/callcontrol/10/participants/${nextId++}`;
        let sentAt = -Infinity;
        const isSeen = (): boolean => v20.requests.some(({ path, status }) => path === entity && status === 404);
        await until(() => {
          if (isSeen()) return true;
          // An example may watch only as long as it follows a call: the socket may be about to close, or to open.
          if (performance.now() - sentAt > 300) {
            v20.send({ event_type: 0, entity, attached_data: null });
            sentAt = performance.now();
          }
          return false;
        }, 'a look');
      }
    },
    paths: (simulator) => pathsOf(v20Of(simulator)),
  },
};
