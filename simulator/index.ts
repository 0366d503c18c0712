/**
 * A 3CX HTTP API to try things with: the server people really run ("shipped"), with a small PBX behind it and a control
 * API that lets calls come in. Public as `node-red-contrib-3cx/simulator`.
 */
import { startControlApi } from './control-api';
import { Pbx } from './pbx';
import { type LoggedRequest, ShippedServer } from './shipped-server';

export { Pbx, PbxError } from './pbx';
export type { Call, Connection, ConnectionStatus, Extension, InboundCall, PbxState, Queue } from './pbx';
export type { PbxSetup, Phone, Profile } from './setup';
export type { LoggedRequest } from './shipped-server';

export interface SimulatorOptions {
  /** Port of the 3CX HTTP API; default 0, any free port. */
  readonly port?: number;
  /** Port of the control API; default 0, any free port. */
  readonly controlPort?: number;
  /** Address to listen on; default `127.0.0.1`. Anybody who reaches it can use it, there is no authentication. */
  readonly host?: string;
  /** Milliseconds that makecall and unpark block everything; default 2500, as shipped. */
  readonly delay?: number;
}

export interface Simulator {
  /** Base URL of the 3CX HTTP API, without a trailing slash. */
  readonly url: string;
  /** Base URL of the control API, without a trailing slash. */
  readonly controlUrl: string;
  /** The PBX, to change and to look at directly. */
  readonly pbx: Pbx;
  /** The last 1000 requests to the 3CX HTTP API, in order of arrival, answered or not. */
  readonly requests: readonly LoggedRequest[];
  /** Number of all requests so far. */
  readonly requestCount: number;
  /** Resolves when `/stop` has ended the 3CX HTTP API; the control API goes on. Stays pending otherwise. */
  readonly stopped: Promise<void>;
  /** Ends both at once, running requests included. */
  close(): Promise<void>;
}

const MAX_PORT = 65535;
/** The longest time a timer of Node.js can take. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Starts a simulator; several can run side by side.
 * @throws RangeError for a port or delay out of range.
 * @throws Error with a `code` when a port can't be used, `EADDRINUSE` when it is taken. Nothing listens then.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, controlPort = 0, host = '127.0.0.1', delay = 2500 } = options;
  checkRange('The port', port, MAX_PORT);
  checkRange('The control port', controlPort, MAX_PORT);
  checkRange('The delay', delay, MAX_DELAY);
  const pbx = new Pbx();
  const { server, url } = await ShippedServer.start({ pbx, host, port, delay });
  try {
    const control = await startControlApi({ pbx, api: server, host, port: controlPort });
    return {
      url,
      controlUrl: control.url,
      pbx,
      requests: server.requests,
      get requestCount() {
        return server.requestCount;
      },
      stopped: server.stopped,
      close: async () => {
        await Promise.all([server.close(), control.close()]);
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function checkRange(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${what} must be an integer from 0 to ${max}.`);
  }
}
