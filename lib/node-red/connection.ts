import { type OperationName, ownError, type Result, ThreeCxError } from '../pbx';
import { CallWatch, isKnownDn, type Memory, rememberedFor } from './call-watch';
import { connections } from './connections';
import { Contacts, readContacts } from './contacts';
import { openPbx, type PbxSettings, readPbxSettings } from './pbx';
import { ProfileWatch } from './profile-watch';
import { Settings } from './settings';
import type {
  Access,
  ConnectionCredentials,
  ConnectionDef,
  ConnectionNode,
  ConnectionUser,
  NodeAPI,
  Target,
} from './types';

/** The calls and profiles known on each connection, by its id. They are kept over deploys. */
const memories = new Map<string, Memory>();

/**
 * Makes a `3cx-config` node the connection that its users share. A wrong setting leaves it without a PBX: it is logged
 * once, and each message through the connection fails. Nothing is thrown, since Node-RED would drop the node.
 */
export function openConnection(RED: NodeAPI, node: ConnectionNode, def: ConnectionDef): void {
  node.users = {};
  node.def = def;
  node.health = 'unknown';
  node.target = null;
  const logOutage = outageLog(RED, node);
  try {
    const settings = new Settings(RED, node, { ...def, ...node.credentials, ...storedSecrets(RED, node) });
    const options = readPbxSettings(RED, def, settings);
    const known = readContacts(settings);
    node.target = targetOf(options, def);
    const pbx = openPbx(options, (health) => {
      node.health = health;
      logOutage();
      for (const user of Object.values(node.users)) user.showHealth();
      if (health === 'ok') openAccess(node)?.profiles.retry();
    });
    const memory = rememberedFor(options.url, memories.get(node.id), options.api);
    memories.set(node.id, memory);
    const contacts = new Contacts(known, pbx, (number) => isKnownDn(memory, number));
    const calls = new CallWatch(pbx, memory, logOutage, contacts);
    const profiles = new ProfileWatch(pbx, memory.profiles, {
      seen: () => calls.seen(),
      onRead: (extension, profile) => {
        calls.remember(extension, profile);
      },
      onRefused: ({ message }) => {
        if (node.health !== 'unauthorized') node.warn(RED._('threecx.log.profiles', { message }));
      },
    });
    node.access = { pbx, calls, profiles, contacts };
  } catch (error) {
    node.access = ownError(error);
    node.error(node.access.message);
  }
  connections.add(node);
  node.on('close', (removed: boolean, done: () => void) => {
    connections.remove(node);
    if (!(node.access instanceof ThreeCxError)) {
      node.access.calls.close();
      node.access.profiles.close();
      node.access.pbx.close();
    }
    if (removed) memories.delete(node.id);
    done();
  });
}

/**
 * Logs one line when the PBX goes away and one when it is back, however many failures come between. Neither contains a
 * number or a secret.
 *
 * @returns must be called whenever that may have changed
 */
function outageLog(RED: NodeAPI, node: ConnectionNode): () => void {
  let isAway = false;
  return () => {
    const { health } = node;
    const calls = openAccess(node)?.calls;
    const isDown = health === 'unreachable' || health === 'unauthorized';
    const isFailing = calls?.isFailing ?? false;
    if (isDown || (isFailing && calls?.state === 'offline')) {
      if (!isAway) node.warn(RED._(`threecx.log.${isDown ? health : 'offline'}`, { code: calls?.error?.code ?? '' }));
      isAway = true;
    } else if (isAway && !isFailing) {
      node.log(RED._('threecx.log.ok'));
      isAway = false;
    }
  };
}

export const secretNames = ['password', 'token', 'clientSecret'] as const;
export type Secrets = Required<Pick<ConnectionCredentials, (typeof secretNames)[number]>>;

/** The secrets as they were typed. In `node.credentials` Node-RED has replaced each one that is a `${ENV}`. */
export function storedSecrets(RED: NodeAPI, { id, _alias }: ConnectionNode): Secrets {
  // In an instance of a subflow the credentials are those of the node in its template.
  const stored = RED.nodes.getCredentials(_alias ?? id) as ConnectionCredentials | undefined;
  const { password = '', token = '', clientSecret = '' } = stored ?? {};
  return { password, token, clientSecret };
}

/** @returns null when the connection does not exist or is not deployed */
export function findConnection(RED: NodeAPI, id: string | undefined): ConnectionNode | null {
  const found = id === undefined || id === '' ? null : (RED.nodes.getNode(id) as ConnectionNode | undefined);
  return found?.type === '3cx-config' ? found : null;
}

/**
 * Finds the connection of a node, and shows the node its state until the node is closed.
 *
 * @param id the `server` property
 * @returns null when no connection is chosen, or it is not deployed
 */
export function useConnection(RED: NodeAPI, user: ConnectionUser, id: string | undefined): ConnectionNode | null {
  const found = findConnection(RED, id);
  if (found === null) return null;
  found.users[user.id] = user;
  user.on('close', () => {
    if (found.users[user.id] === user) Reflect.deleteProperty(found.users, user.id);
  });
  return found;
}

/** @returns null when no connection is chosen, or a setting of it is wrong */
export function openAccess(connection: ConnectionNode | null): Access | null {
  const access = connection?.access;
  return access === undefined || access instanceof ThreeCxError ? null : access;
}

/**
 * Returns the way to the PBX of a node's connection.
 *
 * @throws ThreeCxError `invalid-argument` when no connection is chosen or a setting of it is wrong
 */
export function accessOf(connection: ConnectionNode | null): Access {
  if (connection === null) throw new ThreeCxError('invalid-argument', 'server: no 3CX connection is chosen');
  if (connection.access instanceof ThreeCxError) throw connection.access;
  return connection.access;
}

/** Carries out an operation, see {@link Pbx.execute}, and completes its result. */
export async function execute(
  { pbx, calls, profiles, contacts }: Access,
  name: OperationName,
  args: Readonly<Record<string, unknown>>,
  onStart?: () => void,
): Promise<Result> {
  const result = await pbx.execute(name, args, onStart);
  calls.note(result);
  profiles.note(name, result);
  return contacts.completeResult(result);
}

/** @param settings with their environment variables replaced */
export function targetOf({ api, url }: PbxSettings, { tls = '', proxy = '' }: ConnectionDef): Target {
  return { api, url, tls, proxy };
}
