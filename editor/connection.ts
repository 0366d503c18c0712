import {
  type ApiType,
  baseUrlProblemOf,
  baseUrlTemplateProblemOf,
  type BaseUrlProblem,
  connectionDefaults,
  makecallMilliseconds,
  millisecondsOf,
  withScheme,
} from '../lib/pbx';
import { prepareAdvanced } from './advanced';
import { prepareTest } from './connection-test';
import { prepareCountry, prepareNames, saveNames } from './names';
import {
  apiOf,
  assignForm,
  asText,
  connectionDialog,
  defaultOf,
  hasEnvironment,
  hideIcons,
  isFormOf,
  isOld,
  noteBelow,
  prepareFields,
  save,
  showRows,
} from './fields';

/** A `3cx-config` node. */
export interface ConnectionNode extends EditorNode {
  /** Set until the credentials are deployed. */
  readonly credentials?: Credentials;
  readonly users?: readonly EditorNode[];
}

/** The credentials of a deployed connection: the editor only knows which secrets are stored. */
interface Credentials {
  user?: string;
  token?: string;
  has_token?: boolean;
  clientId?: string;
  clientSecret?: string;
  has_clientSecret?: boolean;
}

/** The credentials that log-ins use. */
const credentialNames = ['user', 'token', 'clientId', 'clientSecret'] as const;
type CredentialName = (typeof credentialNames)[number];

/** The way in which a connection logs in, and its credentials; null while they are not known. */
interface LogIn {
  api: ApiType;
  auth: unknown;
  credentials: Partial<Record<CredentialName, unknown>> | null;
}

/** @returns the credentials that the log-in needs */
function neededFor({ api, auth }: Pick<LogIn, 'api' | 'auth'>): readonly CredentialName[] {
  if (api === 'v20') return ['clientId', 'clientSecret'];
  if (auth === 'basic') return ['user'];
  return auth === 'bearer' ? ['token'] : [];
}

/**
 * The credentials of deployed connections, as the runtime shows them. The editor only requests them when a dialog
 * opens, and forgets them at a deploy.
 */
let deployedCredentials = new WeakMap<ConnectionNode, Credentials | undefined>();
RED.events.on('deploy', () => {
  deployedCredentials = new WeakMap();
});

/** @returns undefined while they are not known; the node is validated again once they are */
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

/** @returns the log-in of a connection; while its dialog is open, from the form */
function logInOf(node: ConnectionNode): LogIn {
  const api = apiOf(node);
  const form = connectionDialog();
  if (isFormOf(form, node)) {
    const valueOf = (name: string): unknown => form.find(`#node-config-input-${name}`).val();
    const credentials = Object.fromEntries(credentialNames.map((name) => [name, valueOf(name)]));
    return { api, auth: valueOf('auth'), credentials };
  }
  const { auth } = node;
  const credentials = neededFor({ api, auth }).length === 0 ? {} : credentialsOf(node);
  if (!credentials) return { api, auth, credentials: null };
  const { has_token, has_clientSecret, ...texts } = credentials;
  const stored = {
    ...(has_token === true ? { token: 'stored' } : {}),
    ...(has_clientSecret === true ? { clientSecret: 'stored' } : {}),
  };
  return { api, auth, credentials: { ...texts, ...stored } };
}

/** Does the connection have the credentials for its log-in? Validates `api`, `auth`, and each credential. */
export function validateLogIn(node: ConnectionNode, name: 'api' | 'auth' | CredentialName): Judgement {
  const logIn = logInOf(node);
  const { api, credentials } = logIn;
  // Nothing is marked before it is known.
  if (credentials === null) return true;
  const missing = neededFor(logIn).filter((needed) => asText(credentials[needed]).trim() === '');
  const isChoice = name === (api === 'v20' ? 'api' : 'auth');
  const found = isChoice ? missing[0] : missing.find((needed) => needed === name);
  return found === undefined || node._(`threecx.error.no-${found}`);
}

/** A base URL must be http or https, with nothing after the path, no password, and no operation at its end. */
export function validateUrl(node: ConnectionNode, value: unknown = defaultOf(node, 'url')): Judgement {
  const text = asText(value);
  const api = apiOf(node);
  const problem = hasEnvironment(text) ? baseUrlTemplateProblemOf(text, api) : baseUrlProblemOf(text, api);
  return problem === null || urlReason(node, problem, api);
}

function urlReason(node: ConnectionNode, problem: BaseUrlProblem, api: ApiType): string {
  switch (problem) {
    case 'address':
      return node._('threecx.error.url');
    case 'log-in':
      return node._('threecx.error.url-credentials');
    case 'query':
      return node._('threecx.error.url-query');
    case 'operation':
      return node._(`threecx.error.url-${api === 'v20' ? 'path' : 'operation'}`);
  }
}

/** The placeholder of an empty field. */
const urlExamples: Readonly<Record<ApiType, string>> = {
  http: connectionDefaults.url,
  v20: 'https://pbx.example:5001',
};

/** Sets the connection's dialog up; for oneditprepare. */
export function prepareConnection(node: ConnectionNode): void {
  prepareFields(node, 'node-config-input');
  const form = connectionDialog();
  assignForm(form, node);
  const url = $('#node-config-input-url');
  const show = (): void => {
    const api = apiOf(node);
    showRows(form, 'data-threecx-api', (value) => value === api);
    const auth = $('#node-config-input-auth').val();
    showRows(form, 'data-threecx-auth', (value) => value === auth);
    // An environment variable may hold an https address.
    const isSecure = /^\s*(https:|\$\{)/i.test(asText(url.val()));
    showRows(form, 'data-threecx-tls', () => isSecure);
    url.attr('placeholder', urlExamples[api]);
    RED.tray.resize();
  };
  // This comes before the rows are shown, which depend on the scheme of the address.
  url.on('change', () => {
    completeAddress(node);
  });
  $('#node-config-input-auth, #node-config-input-url').on('input change', show);
  $('#node-config-input-api').on('change', () => {
    changeAddress(url, apiOf(node));
    url.trigger('change');
  });
  show();
  hideIcons(form);
  showDefaults(form);
  showOldDestinations(node);
  prepareTimeout(node);
  prepareCountry();
  prepareNames(node);
  prepareTest(node, form);
  prepareAdvanced(form);
}

/** Adds the scheme to an address that was typed without: the runtime needs it. */
function completeAddress(node: ConnectionNode): void {
  const url = $('#node-config-input-url');
  const typed = asText(url.val());
  const completed = withScheme(typed, apiOf(node));
  // Node-RED has validated the address as it was typed.
  if (completed !== typed) url.val(completed).trigger('change');
}

/** The explanation of a pattern uses the default as its example. */
function showDefaults(form: JQuery): void {
  form.find('[data-threecx-default]').each(function () {
    const name = this.getAttribute('data-threecx-default') as keyof typeof connectionDefaults;
    $(this).text(asText(connectionDefaults[name]));
  });
}

/** Warns of a timeout that is too short for makecall. Queries may need less. */
function prepareTimeout(node: ConnectionNode): void {
  const field = $('#node-config-input-timeout');
  const show = noteBelow(field.closest('.form-row'), 'threecx-timeout-note');
  field.attr('aria-describedby', 'threecx-timeout-note');
  const update = (): void => {
    const milliseconds = millisecondsOf(asText(field.val()), 0);
    const isShort = apiOf(node) === 'http' && milliseconds !== null && milliseconds < makecallMilliseconds;
    show(isShort ? node._('threecx.warning.timeout', { milliseconds: makecallMilliseconds }) : '');
  };
  $('#node-config-input-api, #node-config-input-timeout').on('input change', update);
  update();
}

/** Stores the values that the dialog keeps outside its fields; for oneditsave. */
export function saveConnection(node: ConnectionNode): void {
  // The field may still have the focus.
  completeAddress(node);
  save(node);
  saveNames(node);
}

function showOldDestinations(node: ConnectionNode): void {
  const text = asText(node.allowDestinations);
  if (isOld(node) && text !== '') $('#node-config-input-allowDestinations').val(`/${text}/`);
}

/** Removes the default address for 3CX V20: it is that of an HTTP API beside Node-RED. */
function changeAddress(url: JQuery, api: ApiType): void {
  const text = asText(url.val()).trim();
  if (api === 'v20' && text === connectionDefaults.url) url.val('');
  if (api === 'http' && text === '') url.val(connectionDefaults.url);
}
