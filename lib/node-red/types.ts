import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { ApiType, ArgumentName, Health, Pbx, ThreeCxError } from '../pbx';
import type { CallWatch } from './call-watch';
import type { Contacts } from './contacts';
import type { ProfileWatch } from './profile-watch';

export type { NodeAPI };

/** A `3cx-config` node as the editor saved it. Missing properties get their defaults at run time. */
export interface ConnectionDef extends NodeDef {
  country?: string;
  /** Numbers with the names of their owners. */
  names?: unknown;
  api?: string;
  url?: string;
  auth?: string;
  /** Id of a core `tls-config` node. */
  tls?: string;
  /** Id of a core `http proxy` node. */
  proxy?: string;
  timeout?: number | string;
  pollInterval?: number | string;
  trunks?: string;
  services?: string;
  allowDestinations?: string;
  allowStop?: boolean | string;
}

export interface ConnectionCredentials {
  user?: string;
  password?: string;
  token?: string;
  /** Of the API client of 3CX V20. */
  clientId?: string;
  clientSecret?: string;
}

/** The `3cx-config` node: one connection, which the nodes that name it share. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  /** In an instance of a subflow: the id in its template. */
  _alias?: string;
  /** As it is deployed. */
  def: ConnectionDef;
  /** The way to its PBX, or the error of a wrong setting. */
  access: Access | ThreeCxError;
  /** The server that may get its secrets. */
  target: Target | null;
  health: Health;
  /** The nodes on this connection, by id; through them an error of this node reaches the Catch nodes of their tabs. */
  users: Record<string, ConnectionUser>;
}

/** The parts of a connection that its nodes share. */
export interface Access {
  pbx: Pbx;
  calls: CallWatch;
  contacts: Contacts;
  profiles: ProfileWatch;
}

/** A server, and the way to it. */
export interface Target {
  api: ApiType;
  url: string;
  /** Ids of the `tls-config` and `http proxy` nodes, empty for none. */
  tls: string;
  proxy: string;
}

/** A node that shows the state of its connection. */
export interface ConnectionUser extends Node {
  showHealth(): void;
}

/** The properties of the nodes with operations. Each argument `x` comes with its type, `xType`. */
export interface OperationNodeDef extends NodeDef, Partial<Record<ArgumentName | `${ArgumentName}Type`, unknown>> {
  server?: string;
  operation?: string;
  follow?: boolean | string;
}

/** The properties of a node that watches calls. */
export interface WatchNodeDef extends NodeDef {
  server?: string;
  events?: unknown;
  extensions?: string;
  direction?: string;
  scope?: string;
  queues?: string;
  number?: string;
  minRing?: number | string;
  initial?: boolean | string;
  split?: boolean | string;
}

/** The properties of a node that watches profiles. */
export interface ProfileWatchDef extends NodeDef {
  server?: string;
  extensions?: string;
  /** In seconds. */
  interval?: number | string;
  initial?: boolean | string;
}
