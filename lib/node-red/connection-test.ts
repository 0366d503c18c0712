import { isDeepStrictEqual } from 'node:util';
import { countCalls } from '../calls';
import { ownError, type Pbx, type ServerKind, ThreeCxError, type Verdict } from '../pbx';
import { findConnection, secretNames, type Secrets, storedSecrets, targetOf } from './connection';
import { loadHttpApi, loadV20, openPbx, type PbxSettings, readPbxSettings } from './pbx';
import { type Environment, Settings } from './settings';
import type { ConnectionCredentials, ConnectionDef, ConnectionNode, NodeAPI } from './types';

/** The values of the connection in the dialog. */
export type TestedValues = ConnectionDef & ConnectionCredentials;

/** The value of a dialog's field that represents a stored secret. */
const storedSecret = '__PWRD__';
const maxTimeout = 4_000;

/**
 * Tests a connection with the values in the dialog, deployed or not. A stored secret goes only to the server that it
 * was stored for, and only by the same way.
 *
 * @param values of the dialog, unchecked
 */
export async function testConnection(RED: NodeAPI, values: TestedValues): Promise<Verdict> {
  const since = performance.now();
  const verdict = (found: Partial<Verdict>): Verdict => {
    const milliseconds = Math.round(performance.now() - since);
    const nothing = { problem: null, detail: null, server: null, calls: null, v20: null, hint: null };
    return { ...nothing, milliseconds, ...found };
  };
  let pbx: Pbx;
  let settings: PbxSettings;
  try {
    const stored = findConnection(RED, values.id);
    const written = new Settings(RED, stored ?? surroundings(RED, values), {
      ...values,
      ...(stored === null ? {} : keptSecrets(values, storedSecrets(RED, stored))),
    });
    settings = readPbxSettings(RED, values, written);
    const isStored = isDeepStrictEqual(stored?.target, targetOf(settings, values));
    if (usesStoredSecret(settings, values) && !isStored) return verdict({ problem: 'secret' });
    pbx = openPbx({ ...settings, timeout: Math.min(settings.timeout ?? maxTimeout, maxTimeout) });
  } catch (error) {
    const { code, message } = ownError(error);
    return verdict({ problem: code, detail: message });
  }
  try {
    if (settings.api === 'v20') return verdict(await v20Of(pbx));
    const { connections = [] } = await pbx.execute('showallcalls');
    const { numbering } = settings;
    const { roleOf } = loadHttpApi();
    const legs = connections.map((leg) => ({ ...leg, role: roleOf(leg.extension, numbering), callId: null }));
    return { ...verdict({ calls: countCalls(legs) }), server: await serverOf(pbx) };
  } catch (error) {
    const own = ownError(error);
    const reason = settings.api === 'v20' ? v20ReasonFor(own) : await reasonFor(own, pbx);
    return { ...verdict({ problem: own.code }), ...reason };
  } finally {
    pbx.close();
  }
}

/** Tests a connection as it is deployed. */
export function testDeployed(RED: NodeAPI, { def, credentials }: ConnectionNode): Promise<Verdict> {
  const secrets = Object.fromEntries(secretNames.map((name) => [name, storedSecret]));
  return testConnection(RED, { ...def, ...credentials, ...secrets });
}

/** @returns null when the answers do not show it */
async function serverOf(pbx: Pbx): Promise<ServerKind | null> {
  const identity = await pbx.identify().catch(() => null);
  return identity?.server ?? null;
}

/** Reads the rights that 3CX V20 gives the API client. */
async function v20Of(pbx: Pbx): Promise<Partial<Verdict>> {
  const { v20 = null } = await pbx.identify();
  return { v20 };
}

/** Explains why 3CX V20 gives no token, or accepts none. */
function v20ReasonFor(error: ThreeCxError): Partial<Verdict> {
  const { systemCode = null } = error;
  return systemCode === loadV20().tokenTakenCode ? { hint: 'token-taken' } : { detail: systemCode ?? statusOf(error) };
}

/** Explains why a server does not list its calls. */
async function reasonFor(error: ThreeCxError, pbx: Pbx): Promise<Partial<Verdict>> {
  const { code, systemCode = null } = error;
  if (systemCode === loadHttpApi().wrongHostCode) return { hint: 'host-name' };
  const detail = systemCode ?? statusOf(error);
  if (code !== 'unsupported' && code !== 'timeout' && code !== 'server-error') return { detail };
  const server = await serverOf(pbx);
  if (code === 'unsupported') return { detail, hint: server === 'community' ? 'idle' : null };
  // A proxy without a server behind it fails at everything, which would look like the documented server.
  const isServer = code === 'timeout' ? server !== null : server === 'community';
  return isServer ? { detail, server, hint: 'no-list' } : { detail };
}

/** @returns null where the verdict is enough */
function statusOf({ code, message }: ThreeCxError): string | null {
  return code === 'unauthorized' ? null : (/\bHTTP \d{3}\b/.exec(message)?.[0] ?? null);
}

/**
 * The environment of a connection that is not deployed: that of the flow that it will be in, or of all flows. Any
 * deployed node there leads to it.
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

function usesStoredSecret(settings: PbxSettings, values: ConnectionCredentials): boolean {
  const name = secretNameOf(settings);
  return name !== null && values[name] === storedSecret;
}

/** @returns the secret that the request carries */
function secretNameOf(settings: PbxSettings): keyof Secrets | null {
  if (settings.api === 'v20') return 'clientSecret';
  switch (settings.auth?.type) {
    case 'basic':
      return 'password';
    case 'bearer':
      return 'token';
    default:
      return null;
  }
}

/** The stored secrets, without those that were typed again. */
function keptSecrets(values: ConnectionCredentials, stored: Secrets): Partial<Secrets> {
  const kept = secretNames.filter((name) => values[name] === storedSecret);
  return Object.fromEntries(kept.map((name) => [name, stored[name]]));
}
