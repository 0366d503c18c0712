import { type ServerKind, serverKinds } from '../lib/pbx';
import type { SimulatorAuth } from './auth';
import { type Build, buildNames, builds } from './builds';
import { RealClock, VirtualClock } from './clock';
import { connectCodes } from './codes';
import { startControlApi } from './control-api';
import type { Fault } from './fault';
import { History, type HistoryEntry } from './history';
import { ApiServer, type LoggedRequest } from './http-server';
import { checkOneOf, checkRange } from './options';
import { codeForms, type CodeForm, Pbx } from './pbx';
import { defaultSetup, type PbxDescription } from './setup';
import { checkSetup } from './setup-file';
import { startTraffic } from './traffic';
import type { V20Options } from './v20/options';
import { startV20, type V20Api, type V20Server } from './v20/server';

export { Pbx, PbxError } from './pbx';
export type {
  Call,
  CodeForm,
  Connection,
  ConnectionStatus,
  Extension,
  InboundCall,
  PbxOptions,
  PbxState,
  Queue,
} from './pbx';
export type { PbxDescription, PbxSetup, Phone, Profile } from './setup';
export { readSetup } from './setup-file';
export type { SimulatorAuth } from './auth';
export type { Build } from './builds';
export type { Fault } from './fault';
export type { HistoryEntry } from './history';
export type { LoggedRequest } from './http-server';
export { PortError, type PortOption } from './listen';
export type { LiveState } from './live';
export type { ServerKind } from '../lib/pbx';
export type { V20Request } from './v20/log';
export type { V20Options, V20Switches } from './v20/options';
export type { V20Api } from './v20/server';
export type { V20Event, V20Socket } from './v20/sockets';
export type { V20Token } from './v20/tokens';

export interface SimulatorOptions {
  /** Port of the 3CX HTTP API; default 0, any free port. */
  readonly port?: number;
  /** Port of the control API; default 0, any free port. */
  readonly controlPort?: number;
  /** Address to listen on; default `127.0.0.1`. Anybody who reaches the control API can use it, whatever `auth` says. */
  readonly host?: string;
  /** Which form of the API it speaks; default `community`. */
  readonly server?: ServerKind;
  /** The authentication that the 3CX HTTP API requires; default `{ type: 'none' }`, as the original. */
  readonly auth?: SimulatorAuth;
  /**
   * Which build of the community server it is like; default `original`. `original-2024` needs `auth` of type `basic`,
   * `bearer` of type `bearer`. With the documented server: `original`, `exceptions` or `idle`.
   */
  readonly build?: Build;
  /**
   * The time for which makecall, and unpark of the community server, block everything, in ms; default 2500, as there.
   */
  readonly delay?: number;
  /** Its extensions, queues and trunk; default: the PBX that the community server was captured with. */
  readonly pbx?: PbxDescription;
  /** A call rings each phone of an extension on a connection of its own; default false. */
  readonly phoneLegs?: boolean;
  /**
   * How a pick-up (`*20*<extension>`) or a fetch (`*10`) is seen; default `unseen`: it connects at once. Otherwise a
   * connection that dials the code is seen for a second, which keeps its id then (`same-id`) or does not (`new-id`).
   */
  readonly codes?: CodeForm;
  /** A call that waits in a queue has a connection at the queue's number; default false. */
  readonly queueLegs?: boolean;
  /**
   * `virtual`: a clock that starts at 0 and moves only with `advance()`. It is used for the delay of makecall, the
   * traffic and the history only. Default `real`.
   */
  readonly time?: 'real' | 'virtual';
  /** Random calls per minute, on average, until close(); from 0, which is the default, to 6000. */
  readonly traffic?: number;
  /** The same seed gives the same traffic, with virtual time exactly; from 0 to 4294967295, default 1. */
  readonly seed?: number;
  /** Serves the APIs of 3CX V20 for the same PBX, to this client; default: it doesn't. */
  readonly v20?: V20Options;
}

export interface Simulator {
  /** Base URL of the 3CX HTTP API, without a trailing slash. */
  readonly url: string;
  /** Base URL of the control API, without a trailing slash; also the address of its page. */
  readonly controlUrl: string;
  /** Base URL of the V20 APIs, without a trailing slash; null without the option `v20`. */
  readonly v20Url: string | null;
  /** The V20 APIs; null without the option `v20`. */
  readonly v20: V20Api | null;
  /** The PBX, to change and to look at directly. */
  readonly pbx: Pbx;
  /** The last 1000 requests to the 3CX HTTP API, in order of arrival, answered or not. */
  readonly requests: readonly LoggedRequest[];
  /** Number of all requests so far. */
  readonly requestCount: number;
  /** Resolves when `/stop` has ended the 3CX HTTP API; the control API goes on. Stays pending otherwise. */
  readonly stopped: Promise<void>;
  /** The fault of the 3CX HTTP API; null without one. */
  readonly fault: Fault;
  /**
   * Breaks the 3CX HTTP API, or mends it.
   *
   * @throws Error with the system's `code` when another program has taken its port, and without one after its end
   */
  setFault(fault: Fault): Promise<void>;
  /** The time by the simulator's clock, in ms: since 1970 in real time, since the start in virtual time. */
  now(): number;
  /**
   * Moves virtual time on, and resolves when everything that was due by then has happened. A request takes part once it
   * has arrived, see `requestCount`.
   *
   * @param ms a number from 0
   * @throws RangeError for another number, Error in real time
   */
  advance(ms: number): Promise<void>;
  /** The last 100,000 state changes of all connections, the oldest first; a copy. */
  history(): readonly HistoryEntry[];
  /** Ends both at once, running requests and traffic included. */
  close(): Promise<void>;
}

/** A simulator that serves the V20 APIs too. */
export interface V20Simulator extends Simulator {
  readonly v20Url: string;
  readonly v20: V20Api;
}

const maxPort = 65535;
const maxTraffic = 6000;
const maxSeed = 2 ** 32 - 1;
/** The longest time a timer of Node.js can take. */
const maxDelay = 2 ** 31 - 1;

/**
 * Starts a simulator: a 3CX HTTP API for experiments, with a small PBX behind it and a control API that makes calls
 * come in. It behaves like the server that people run (`community`), or like the interface document (`documented`).
 * Several can run side by side.
 *
 * @throws RangeError for an option that isn't allowed
 * @throws Error with a `code` when a port can't be used, `EADDRINUSE` when it is taken. Nothing listens then.
 */
export async function startSimulator(options: SimulatorOptions & { readonly v20: V20Options }): Promise<V20Simulator>;
export async function startSimulator(options?: SimulatorOptions): Promise<Simulator>;
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, controlPort = 0, host = '127.0.0.1', delay = 2500 } = options;
  const {
    server: kind = 'community',
    auth = { type: 'none' },
    build = 'original',
    phoneLegs = false,
    codes = 'unseen',
    queueLegs = false,
    time = 'real',
    traffic = 0,
    seed = 1,
  } = options;
  // Without this, Node.js would listen on all addresses.
  if (host === '') throw new RangeError('The host is missing.');
  checkRange('The port', port, maxPort);
  checkRange('The control port', controlPort, maxPort);
  checkRange('The delay', delay, maxDelay);
  checkRange('The traffic', traffic, maxTraffic);
  checkRange('The seed', seed, maxSeed);
  checkOneOf('The server', kind, serverKinds);
  checkOneOf('The build', build, buildNames);
  checkBuild(build, kind, auth);
  checkOneOf('The form of the codes', codes, codeForms);
  checkOneOf('The time', time, ['real', 'virtual']);
  const clock = time === 'real' ? new RealClock() : new VirtualClock();
  // The copy is needed because the caller may change its own object.
  const pbx = new Pbx(options.pbx === undefined ? defaultSetup() : structuredClone(checkSetup(options.pbx)), {
    phoneLegs,
    codes,
    queueLegs,
  });
  const history = new History(pbx, clock);
  const { server, url } = await ApiServer.start({ pbx, kind, auth, build, host, port, clock, delay });
  let v20: V20Server | null = null;
  try {
    if (options.v20 !== undefined) v20 = await startV20({ pbx, clock, host, seed, v20: options.v20 });
    const control = await startControlApi({ pbx, api: server, apiUrl: url, v20, host, port: controlPort });
    connectCodes(pbx, clock);
    if (traffic > 0) startTraffic({ pbx, clock, callsPerMinute: traffic, seed });
    return {
      url,
      controlUrl: control.url,
      v20Url: v20?.api.url ?? null,
      v20: v20?.api ?? null,
      pbx,
      requests: server.requests,
      get requestCount() {
        return server.requestCount;
      },
      stopped: server.stopped,
      get fault() {
        return server.fault;
      },
      setFault: (fault) => server.setFault(fault),
      now: () => clock.now(),
      advance: async (ms) => {
        if (clock instanceof RealClock) throw new Error("Only virtual time can be advanced, not time: 'real'.");
        await clock.advance(ms);
      },
      history: () => history.entries(),
      close: async () => {
        clock.stop();
        await Promise.all([server.close(), control.close(), v20?.close()]);
      },
    };
  } catch (error) {
    await Promise.all([server.close(), v20?.close()]);
    throw error;
  }
}

/** @throws RangeError when the build doesn't go with the other options */
function checkBuild(build: Build, kind: ServerKind, { type }: SimulatorAuth): void {
  const { auth: needed } = builds[build];
  if (needed !== null && type !== needed)
    throw new RangeError(`The build ${build} goes with ${needed} authentication.`);
  if (kind === 'documented' && !['original', 'exceptions', 'idle'].includes(build)) {
    throw new RangeError(`The build ${build} goes with the community server.`);
  }
}
