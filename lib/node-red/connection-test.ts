import { isDeepStrictEqual } from 'node:util';
import { groupIntoCalls } from '../calls';
import { type Connection, type ErrorCode, ThreeCxClient, ThreeCxError, wrongHostCode } from '../http-api';
import { clientOptions, findConnection, numberingOf, storedSecrets, targetOf } from './connection';
import { type Environment, Settings } from './settings';
import type { ConnectionCredentials, ConnectionDef, NodeAPI } from './types';

/** What a test of the connection found: all that goes back to the browser. */
export interface Verdict {
  /** Null: the server answers. `secret`: the stored one is not for this address. */
  problem: ErrorCode | 'secret' | null;
  /** Which setting is wrong, the system's code for an address that cannot be reached, or the HTTP status. */
  detail: string | null;
  server: 'shipped' | 'documented' | null;
  /** How many calls there are. */
  calls: number | null;
  milliseconds: number;
  /**
   * `idle`: it has lost the PBX. `no-list`: it answers, but does not list the calls. `host-name`: it does not accept the
   * address that it was asked by.
   */
  hint: 'idle' | 'no-list' | 'host-name' | null;
}

/** The connection as it stands in the dialog. */
export type TestedValues = ConnectionDef & ConnectionCredentials;

/** What stands in a field of the dialog for a secret that is stored. */
const storedSecret = '__PWRD__';
const maxTimeout = 4_000;

/**
 * Tries a connection as it stands in the dialog, deployed or not. Stored secrets go to nobody but the server they were
 * stored for, the way they were to go there.
 *
 * @param values of the dialog, unchecked
 */
export async function testConnection(RED: NodeAPI, values: TestedValues): Promise<Verdict> {
  const since = performance.now();
  const verdict = (found: Partial<Verdict>): Verdict => {
    const milliseconds = Math.round(performance.now() - since);
    return { problem: null, detail: null, server: null, calls: null, hint: null, milliseconds, ...found };
  };
  let client: ThreeCxClient;
  let settings: Settings;
  try {
    const stored = findConnection(RED, values.id);
    const secrets = stored === null ? noSecrets : storedSecrets(RED, stored);
    settings = new Settings(RED, stored ?? surroundings(RED, values), { ...values, ...secretsOf(values, secrets) });
    const options = clientOptions(RED, values, settings);
    const isStored = isDeepStrictEqual(stored?.target, targetOf(options.url, values));
    if (usesStoredSecret(values) && !isStored) return verdict({ problem: 'secret' });
    client = new ThreeCxClient({ ...options, timeout: Math.min(options.timeout ?? maxTimeout, maxTimeout) });
  } catch (error) {
    if (!(error instanceof ThreeCxError)) throw error;
    return verdict({ problem: error.code, detail: error.message });
  }
  try {
    const { connections = [] } = await client.execute('showallcalls');
    const found = verdict({ calls: countCalls(connections, settings) });
    return { ...found, server: await client.identify().catch(() => null) };
  } catch (error) {
    if (!(error instanceof ThreeCxError)) throw error;
    return { ...verdict({ problem: error.code }), ...(await reasonFor(error, client)) };
  } finally {
    client.close();
  }
}

/** Why a server does not list its calls. */
async function reasonFor(error: ThreeCxError, client: ThreeCxClient): Promise<Partial<Verdict>> {
  const { code, systemCode = null } = error;
  if (systemCode === wrongHostCode) return { hint: 'host-name' };
  const detail = systemCode ?? statusOf(error);
  if (code !== 'unsupported' && code !== 'timeout' && code !== 'server-error') return { detail };
  const server = await client.identify().catch(() => null);
  if (code === 'unsupported') return { detail, hint: server === 'shipped' ? 'idle' : null };
  // A proxy without a server behind it fails at everything, which would pass for the documented server.
  const isServer = code === 'timeout' ? server !== null : server === 'shipped';
  return isServer ? { detail, server, hint: 'no-list' } : { detail };
}

/** @returns null where the verdict itself says it */
function statusOf({ code, message }: ThreeCxError): string | null {
  return code === 'unauthorized' ? null : (/\bHTTP \d{3}\b/.exec(message)?.[0] ?? null);
}

/**
 * The environment of a connection that is not deployed: that of the flow which it is to be in, else of all flows. Any
 * node that is deployed there leads to it.
 */
function surroundings(RED: NodeAPI, { id, name, z }: TestedValues): Environment {
  const flows = new Map<string, object>();
  RED.nodes.eachNode((config) => {
    const { z: itsFlow = '' } = config as { z?: string };
    if (itsFlow !== '' && itsFlow !== z) return;
    const node = RED.nodes.getNode(config.id) as { _flow?: object } | null;
    if (node?._flow !== undefined) flows.set(itsFlow, node._flow);
  });
  const _flow = flows.get(z) ?? flows.get('');
  return _flow === undefined ? null : { id, name, _flow };
}

function usesStoredSecret({ auth, password, token }: TestedValues): boolean {
  return (auth === 'basic' && password === storedSecret) || (auth === 'bearer' && token === storedSecret);
}

type Secrets = ReturnType<typeof storedSecrets>;
const noSecrets: Secrets = { password: '', token: '' };

/** Those of the stored ones that stand for what was not typed anew. */
function secretsOf(values: ConnectionCredentials, { password, token }: Secrets): Partial<Secrets> {
  return {
    ...(values.password === storedSecret ? { password } : {}),
    ...(values.token === storedSecret ? { token } : {}),
  };
}

function countCalls(connections: readonly Connection[], settings: Settings): number {
  const { trunks } = numberingOf(settings);
  return groupIntoCalls(connections, {
    isTrunk: (dn) => dn.search(trunks) >= 0,
    isQueue: (dn) => connections.some(({ queue }) => queue?.number === dn),
    knownCall: () => undefined,
  }).length;
}
