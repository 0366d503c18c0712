import { isDeepStrictEqual } from 'node:util';
import { groupIntoCalls } from '../calls';
import { type Connection, type ErrorCode, ThreeCxClient, ThreeCxError } from '../http-api';
import { clientOptions, findConnection, numberingOf, targetOf } from './connection';
import { Settings } from './settings';
import type { ConnectionCredentials, ConnectionDef, ConnectionNode, NodeAPI } from './types';

/** What a test of the connection found: all that goes back to the browser. */
export interface Verdict {
  /** Null: the server answers. `secret`: the stored one is not for this address. */
  problem: ErrorCode | 'secret' | null;
  /** Which setting is wrong, or the system's code for an address that cannot be reached. */
  detail: string | null;
  server: 'shipped' | 'documented' | null;
  /** How many calls there are. */
  calls: number | null;
  milliseconds: number;
  /** `idle`: it has lost the PBX. `no-list`: it answers, but does not list the calls. */
  hint: 'idle' | 'no-list' | null;
}

/** What stands in a field of the dialog for a secret that is stored. */
const storedSecret = '__PWRD__';
const maxTimeout = 4_000;

/**
 * Tries a connection as it stands in the dialog, deployed or not. Stored secrets go to nobody but the server they were
 * stored for, the way they were to go there.
 *
 * @param values of the dialog, unchecked
 */
export async function testConnection(RED: NodeAPI, values: ConnectionDef & ConnectionCredentials): Promise<Verdict> {
  const since = performance.now();
  const verdict = (found: Partial<Verdict>): Verdict => {
    const milliseconds = Math.round(performance.now() - since);
    return { problem: null, detail: null, server: null, calls: null, hint: null, milliseconds, ...found };
  };
  let client: ThreeCxClient;
  let settings: Settings;
  try {
    const stored = findConnection(RED, values.id);
    settings = new Settings(RED, stored, { ...values, ...secretsOf(values, stored) });
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
    const { code, systemCode = null } = error as ThreeCxError;
    return { ...verdict({ problem: code, detail: systemCode }), ...(await reasonFor(code, client)) };
  } finally {
    client.close();
  }
}

/** Why a server that can be reached does not list its calls. */
async function reasonFor(code: ErrorCode, client: ThreeCxClient): Promise<Partial<Verdict>> {
  if (code !== 'unsupported' && code !== 'timeout') return {};
  const server = await client.identify().catch(() => null);
  if (code === 'timeout') return { server, hint: server === null ? null : 'no-list' };
  return { hint: server === 'shipped' ? 'idle' : null };
}

function usesStoredSecret({ auth, password, token }: ConnectionDef & ConnectionCredentials): boolean {
  return (auth === 'basic' && password === storedSecret) || (auth === 'bearer' && token === storedSecret);
}

function secretsOf(values: ConnectionCredentials, stored: ConnectionNode | null): ConnectionCredentials {
  const { password = '', token = '' } = stored?.credentials ?? {};
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
