import type { ConnectionOptions } from 'node:tls';
import type { Node } from 'node-red';
import type * as Http from '../http-api';
import {
  apiTypes,
  authTypes,
  connectionDefaults,
  type Health,
  leastMilliseconds,
  type Pbx,
  refuseLogIn,
  ThreeCxError,
} from '../pbx';
import type * as V20 from '../v20';
import { now } from './clock';
import type { Settings } from './settings';
import type { ConnectionDef, NodeAPI } from './types';

type HttpSettings = { api: 'http' } & Omit<Http.HttpApiOptions, 'onHealth' | 'clock'>;
type V20Settings = { api: 'v20' } & Omit<V20.V20Options, 'onHealth' | 'clock'>;

/** How a connection reaches its PBX. */
export type PbxSettings = HttpSettings | V20Settings;

/**
 * Reads how a connection reaches its PBX.
 *
 * @throws ThreeCxError `invalid-argument`, naming the setting that is wrong
 */
export function readPbxSettings(RED: NodeAPI, def: ConnectionDef, settings: Settings): PbxSettings {
  const api = settings.oneOf('api', apiTypes);
  refuseLogIn(String(def.url));
  // The HTTP API has the same address wherever people leave it unchanged, but every V20 has its own.
  const url = api === 'v20' ? settings.required('url') : settings.text('url', connectionDefaults.url);
  const proxy = proxyFor(url, referred(RED, 'proxy', 'http proxy', def.proxy) as ProxyNode | null);
  const tls = referred(RED, 'tls', 'tls-config', def.tls) as TlsNode | null;
  const shared = {
    url,
    tls: tls?.addTLSOptions({}) ?? {},
    timeout: settings.milliseconds('timeout', connectionDefaults.timeout, leastMilliseconds.timeout),
    isAllowed: settings.destinations('allowDestinations'),
    ...(proxy === undefined ? {} : { proxy }),
  };
  if (api === 'v20') {
    return { api, ...shared, clientId: settings.required('clientId'), clientSecret: settings.secret('clientSecret') };
  }
  return {
    api,
    ...shared,
    auth: auth(settings),
    allowStop: settings.flag('allowStop'),
    interval: settings.milliseconds('pollInterval', connectionDefaults.pollInterval, leastMilliseconds.pollInterval),
    numbering: numberingOf(settings),
  };
}

/* eslint-disable @typescript-eslint/no-require-imports -- What no connection uses is not loaded. */

/** Loads the HTTP API with its first connection. */
export function loadHttpApi(): typeof Http {
  return require('../http-api') as typeof Http;
}

/** Loads V20's own APIs with their first connection. */
export function loadV20(): typeof V20 {
  return require('../v20') as typeof V20;
}

/* eslint-enable @typescript-eslint/no-require-imports */

/** Opens the way to a PBX that the settings of a connection describe. */
export function openPbx(settings: PbxSettings, onHealth: (health: Health) => void = () => undefined): Pbx {
  const options = { onHealth, clock: now };
  if (settings.api === 'http') {
    const { HttpApi } = loadHttpApi();
    return new HttpApi({ ...settings, ...options });
  }
  const { V20Pbx } = loadV20();
  return new V20Pbx({ ...settings, ...options });
}

function numberingOf(settings: Settings): Http.Numbering {
  return {
    trunks: settings.expression('trunks', connectionDefaults.trunks),
    services: settings.expression('services', connectionDefaults.services),
  };
}

function auth(settings: Settings): NonNullable<HttpSettings['auth']> {
  const type = settings.oneOf('auth', authTypes);
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
  // Without it the request, with its password, would take another way than the settings say.
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
