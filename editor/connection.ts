import { baseUrlProblemOf, baseUrlTemplateProblemOf, type BaseUrlProblem } from '../lib/pbx';
import { prepareTest } from './connection-test';
import {
  assignForm,
  asText,
  connectionDialog,
  defaultOf,
  hasEnvironment,
  hideIcons,
  isFormOf,
  prepareFields,
  showRows,
} from './fields';

/** A `3cx-config` node. */
export interface ConnectionNode extends EditorNode {
  /** As long as they were not deployed. */
  readonly credentials?: Credentials;
  readonly users?: readonly EditorNode[];
}

/** A secret is only known to be stored. */
interface Credentials {
  user?: string;
  token?: string;
  has_token?: boolean;
}

interface LogIn {
  auth?: unknown;
  user?: unknown;
  token?: unknown;
}

/** What each authentication cannot do without. */
const needed = { basic: 'user', bearer: 'token' } as const;

function neededFor(auth: unknown): 'user' | 'token' | null {
  return auth === 'basic' || auth === 'bearer' ? needed[auth] : null;
}

/**
 * The credentials of connections that were deployed, as the runtime shows them. The editor itself asks only when a dialog
 * opens, and forgets them at a deploy.
 */
let deployedCredentials = new WeakMap<ConnectionNode, Credentials | undefined>();
RED.events.on('deploy', () => {
  deployedCredentials = new WeakMap();
});

/** @returns undefined while they are not known; when they are, the node is validated anew */
function credentialsOf(node: ConnectionNode): Credentials | undefined {
  if (node.credentials) return node.credentials;
  if (!deployedCredentials.has(node) && RED.user.hasPermission('credentials.read')) askCredentials(node);
  return deployedCredentials.get(node);
}

function askCredentials(node: ConnectionNode): void {
  const known = deployedCredentials;
  known.set(node, undefined);
  $.getJSON(`credentials/3cx-config/${encodeURIComponent(node.id)}`).done((credentials) => {
    known.set(node, credentials as Credentials | undefined);
    for (const changed of [node, ...(node.users ?? [])]) RED.editor.validateNode(changed);
    RED.view.redraw();
  });
}

/** @returns the log-in of a connection: in its dialog what stands in the form */
function logInOf(node: ConnectionNode): LogIn {
  const form = connectionDialog();
  if (isFormOf(form, node)) {
    const valueOf = (name: string): unknown => form.find(`#node-config-input-${name}`).val();
    return { auth: valueOf('auth'), user: valueOf('user'), token: valueOf('token') };
  }
  const { auth } = node;
  if (neededFor(auth) === null) return { auth };
  const credentials = credentialsOf(node);
  // Not known yet: nothing is marked before it is.
  if (!credentials) return {};
  const { user, token, has_token } = credentials;
  return { auth, user, token: has_token === true ? 'stored' : token };
}

/** Does the connection have what its authentication needs? Asked of `auth`, `user` and `token`. */
export function validateLogIn(node: ConnectionNode, name: 'auth' | 'user' | 'token'): Judgement {
  const logIn = logInOf(node);
  const secret = neededFor(logIn.auth);
  if (secret === null || (name !== 'auth' && name !== secret)) return true;
  if (asText(logIn[secret]).trim() !== '') return true;
  return secret === 'user' ? node._('threecx.error.no-user') : node._('threecx.error.no-token');
}

/** A base URL: http or https, nothing after the path, no password in it, and no operation at its end. */
export function validateUrl(node: ConnectionNode, value: unknown = defaultOf(node, 'url')): Judgement {
  const text = asText(value);
  const problem = hasEnvironment(text) ? baseUrlTemplateProblemOf(text) : baseUrlProblemOf(text);
  return problem === null || urlReason(node, problem);
}

function urlReason(node: ConnectionNode, problem: BaseUrlProblem): string {
  switch (problem) {
    case 'address':
      return node._('threecx.error.url');
    case 'log-in':
      return node._('threecx.error.url-credentials');
    case 'query':
      return node._('threecx.error.url-query');
    case 'operation':
      return node._('threecx.error.url-operation');
  }
}

/** Sets the connection's dialog up; for oneditprepare. */
export function prepareConnection(node: ConnectionNode): void {
  prepareFields(node, 'node-config-input');
  const form = connectionDialog();
  assignForm(form, node);
  const show = (): void => {
    const auth = $('#node-config-input-auth').val();
    showRows(form, 'data-threecx-auth', (value) => value === auth);
    // An environment variable may hold an https address.
    const isSecure = /^\s*(https:|\$\{)/i.test(asText($('#node-config-input-url').val()));
    showRows(form, 'data-threecx-tls', () => isSecure);
    RED.tray.resize();
  };
  $('#node-config-input-auth, #node-config-input-url').on('input change', show);
  show();
  hideIcons(form);
  prepareTest(node, form);
}
