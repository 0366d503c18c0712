import type { ApiType } from '../../lib/pbx';
import type { Simulator, SimulatorOptions, V20Options } from '../../simulator';
import type { FlowNode } from '../../support/examples';
import { until } from '../../support/until';

/** What is different for a play by each way to the PBX. */
export interface Way {
  simulated: SimulatorOptions;
  /** The same, at the address of another one. */
  simulatedAt: (simulator: Simulator) => SimulatorOptions;
  /** The settings of a connection to the simulator. */
  connectionTo: (simulator: Simulator) => Partial<FlowNode>;
  /** Were the calls looked at, so that what changes from now on is told? */
  isWatched: (simulator: Simulator) => boolean;
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

export const ways: Record<ApiType, Way> = {
  http: {
    simulated: { delay: 0 },
    simulatedAt: ({ url }) => ({ delay: 0, port: portOf(url) }),
    connectionTo: ({ url }) => ({ url, pollInterval: 100 }),
    isWatched: ({ requestCount }) => requestCount > 1,
    looks: async (simulator, count) => {
      const looks = (): number => pathsOf(simulator).filter((path) => path === '/showallcalls').length;
      const wanted = looks() + count;
      await until(() => looks() >= wanted, 'polls');
    },
    paths: pathsOf,
  },
  v20: {
    simulated: { delay: 0, v20 },
    simulatedAt: (simulator) => ({ delay: 0, v20: { ...v20, port: portOf(v20Of(simulator).url) } }),
    connectionTo: ({ v20Url }) => ({ api: 'v20', url: v20Url, credentials: client }),
    isWatched: (simulator) =>
      v20Of(simulator).requests.some(({ path, status }) => path === '/callcontrol' && status === 200),
    // Each look is at something that does not exist. Several are under way at once, so it takes some until what came before
    // has been looked at.
    looks: async (simulator, count) => {
      const v20 = v20Of(simulator);
      for (let seen = 0; seen < count + 2; seen++) {
        const entity = `/callcontrol/10/participants/${nextId++}`;
        v20.send({ event_type: 0, entity, attached_data: null });
        await until(() => v20.requests.some(({ path, status }) => path === entity && status === 404), 'a look');
      }
    },
    paths: (simulator) => pathsOf(v20Of(simulator)),
  },
};
