import type { ConnectionOptions } from 'node:tls';
import type { Node } from 'node-red';
import type { Numbering } from '../calls';
import { type ClientOptions, refuseLogIn, ThreeCxClient, ThreeCxError } from '../http-api';
import { CallWatch, type Memory, rememberedFor } from './call-watch';
import { Settings } from './settings';
import type { ConnectionCredentials, ConnectionDef, ConnectionNode, ConnectionUser, NodeAPI, Target } from './types';

/** What is known of the calls of each connection, by its id: kept over deploys. */
const memories = new Map<string, Memory>();

/**
 * Makes a `3cx-config` node the connection that its users share. A wrong setting leaves it without a client, says so
 * once in the log and fails each message that goes through it: it never throws, or Node-RED would drop the node.
 */
export function openConnection(RED: NodeAPI, node: ConnectionNode, def: ConnectionDef): void {
  node.users = {};
  node.health = 'unknown';
  node.problem = null;
  node.target = null;
  try {
    const settings = new Settings(RED, node, { ...def, ...node.credentials, ...storedSecrets(RED, node) });
    const options = clientOptions(RED, def, settings);
    node.target = targetOf(options.url, def);
    const logOutage = outageLog(RED, node);
    const client = new ThreeCxClient({
      ...options,
      onHealth: (health) => {
        node.health = health;
        logOutage();
        for (const user of Object.values(node.users)) user.showHealth();
      },
      onAnswer: (answer) => node.api?.calls.hear(answer),
    });
    node.api = { client, calls: watchOver(node, client, options.url, settings, logOutage) };
  } catch (error) {
    if (!(error instanceof ThreeCxError)) throw error;
    node.api = null;
    node.problem = error;
    node.error(error.message);
  }
  node.on('close', (removed: boolean, done: () => void) => {
    node.api?.calls.close();
    node.api?.client.close();
    if (removed) memories.delete(node.id);
    done();
  });
}

function watchOver(
  node: ConnectionNode,
  client: ThreeCxClient,
  url: string,
  settings: Settings,
  onChange: () => void,
): CallWatch {
  const memory = rememberedFor(url, numberingOf(settings), memories.get(node.id));
  memories.set(node.id, memory);
  return new CallWatch(client, memory, settings.milliseconds('pollInterval', 1_000, 100), onChange);
}

/**
 * Logs one line when the server goes away, and one when it is back, in however many ways it fails meanwhile; no number
 * and no secret in either.
 *
 * @returns is to be called whenever that may have changed
 */
function outageLog(RED: NodeAPI, node: ConnectionNode): () => void {
  let isAway = false;
  return () => {
    const { health } = node;
    const calls = node.api?.calls;
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

/** As they were typed: in `node.credentials` Node-RED has replaced each `${ENV}` that is the whole of one. */
export function storedSecrets(
  RED: NodeAPI,
  { id, _alias }: ConnectionNode,
): Required<Omit<ConnectionCredentials, 'user'>> {
  // In an instance of a subflow the credentials are those of the node in its template.
  const stored = RED.nodes.getCredentials(_alias ?? id) as ConnectionCredentials | undefined;
  return { password: stored?.password ?? '', token: stored?.token ?? '' };
}

/** @returns null when there is no such connection, or it is not deployed */
export function findConnection(RED: NodeAPI, id: string | undefined): ConnectionNode | null {
  const found = id === undefined || id === '' ? null : (RED.nodes.getNode(id) as ConnectionNode | undefined);
  return found?.type === '3cx-config' ? found : null;
}

/**
 * Finds the connection of a node and keeps it posted until it is closed.
 *
 * @param id the `server` property
 * @returns null when none is chosen, or it is not deployed
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

/**
 * What a node's connection is used through.
 *
 * @throws ThreeCxError `invalid-argument` when none is chosen or one of its settings is wrong
 */
export function apiOf(connection: ConnectionNode | null): NonNullable<ConnectionNode['api']> {
  if (connection === null) throw new ThreeCxError('invalid-argument', 'server: no 3CX connection is chosen');
  if (connection.api === null) throw connection.problem ?? new ThreeCxError('closed', 'the connection was closed');
  return connection.api;
}

/** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
export function numberingOf(settings: Settings): Numbering {
  return {
    trunks: settings.expression('trunks', String.raw`^1\d{4}$`),
    services: settings.expression('services', String.raw`^(999|SP\d+|\*.*)$`),
  };
}

/** @param url with its environment variables replaced */
export function targetOf(url: string, { tls = '', proxy = '' }: ConnectionDef): Target {
  return { url, tls, proxy };
}

/** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
export function clientOptions(RED: NodeAPI, def: ConnectionDef, settings: Settings): ClientOptions {
  refuseLogIn(String(def.url));
  const url = settings.text('url', 'http://127.0.0.1:8889');
  const proxy = proxyFor(url, referred(RED, 'proxy', 'http proxy', def.proxy) as ProxyNode | null);
  const tls = referred(RED, 'tls', 'tls-config', def.tls) as TlsNode | null;
  return {
    url,
    auth: auth(settings),
    tls: tls?.addTLSOptions({}) ?? {},
    timeout: settings.milliseconds('timeout', 8_000, 1),
    allowDestinations: settings.expression('allowDestinations', ''),
    allowStop: settings.flag('allowStop'),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

function auth(settings: Settings): NonNullable<ClientOptions['auth']> {
  const type = settings.oneOf('auth', ['none', 'basic', 'bearer']);
  switch (type) {
    case 'none':
      return { type };
    case 'basic':
      return { type, user: settings.text('user', ''), password: settings.secret('password') };
    case 'bearer':
      return { type, token: settings.secret('token') };
  }
}

/** The core `tls-config` node. */
interface TlsNode extends Node {
  addTLSOptions(options: ConnectionOptions): ConnectionOptions;
}

/** The core `http proxy` node. */
interface ProxyNode extends Node<{ username?: string; password?: string }> {
  url: string;
  noproxy?: string[];
}

function referred(RED: NodeAPI, name: string, type: string, id: string | undefined): Node | null {
  if (id === undefined || id === '') return null;
  const node = RED.nodes.getNode(id) as Node | undefined;
  // Going on without it would send the request, and the password with it, another way than was asked for.
  if (node?.type !== type) throw new ThreeCxError('invalid-argument', `${name} names no ${type} node that is deployed`);
  return node;
}

function proxyFor(target: string, proxy: ProxyNode | null): string | undefined {
  if (proxy === null || (URL.canParse(target) && isExempt(new URL(target), proxy.noproxy ?? []))) return undefined;
  if (!URL.canParse(proxy.url)) throw new ThreeCxError('invalid-argument', 'proxy has an address that is no URL');
  const url = new URL(proxy.url);
  const { username, password } = proxy.credentials;
  if (username !== undefined && username !== '') {
    url.username = encodeURIComponent(username);
    url.password = encodeURIComponent(password ?? '');
  }
  return url.href;
}

/** Is the target one of the hosts (`pbx.example`, `.example`, `*`, each with or without a port) to reach directly? */
function isExempt({ host, hostname }: URL, exempt: readonly string[]): boolean {
  return exempt
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .some((entry) => entry === '*' || [host, hostname].some((name) => name === entry || name.endsWith(`.${entry}`)));
}
