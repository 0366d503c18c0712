import {
  type ApiType,
  type ErrorCode,
  serverKinds,
  type V20Identity,
  type Verdict,
  verdictHints,
  verdictProblems,
} from '../lib/pbx';
import { apiOf } from './fields';

/** The properties that the result of a test depends on. */
const tested = [
  ...['api', 'url', 'auth', 'user', 'password', 'token', 'clientId', 'clientSecret'],
  ...['tls', 'proxy', 'timeout'],
];

const icons = {
  running: 'spinner fa-spin',
  good: 'check-circle',
  warning: 'exclamation-triangle',
  bad: 'times-circle',
};
type Kind = keyof typeof icons;

/** A result of a test, in words. */
interface Finding {
  kind: Kind;
  words: string;
}

/** The kinds of results, worst first. */
const byGravity: readonly Kind[] = ['bad', 'warning', 'good', 'running'];

/** The node whose catalogue has the words. */
export type Speaker = Pick<EditorNode, '_'>;

/** The reasons why Node-RED ran no test, by the HTTP status of its answer; 0 without an answer. */
const failures: Readonly<Record<number, string>> = { 0: 'offline', 401: 'forbidden', 403: 'forbidden', 404: 'missing' };

/**
 * Sets up the button that tests a connection.
 *
 * @param form the connection's dialog
 */
export function prepareTest(node: EditorNode, form: JQuery): void {
  const button = form.find('.threecx-test button');
  const verdict = form.find('.threecx-verdict');
  let current: { values: string; request: JQueryRequest } | null = null;

  button.on('click', () => {
    const values = testValues(node);
    const request = ask('3cx/test', values);
    const asked = (current = { values, request });
    showTest(node, apiOf(node), { request, button, verdict, isWanted: () => current === asked });
  });
  // A result applies to the tested values only.
  form.on('input change', () => {
    if (current === null || testValues(node) === current.values) return;
    const { request } = current;
    current = null;
    verdict.removeAttr('data-threecx-verdict').empty();
    request.abort();
  });
}

/**
 * Shows the result of a test.
 *
 * @param api the interface of the test
 */
export function showTest(
  node: Speaker,
  api: ApiType,
  parts: { request: JQueryRequest; button: JQuery; verdict: JQuery; isWanted?: () => boolean },
): void {
  const { request, button, verdict, isWanted = () => true } = parts;
  const showIfWanted = (findings: readonly Finding[]): void => {
    if (isWanted()) show(verdict, findings);
  };
  button.prop('disabled', true);
  show(verdict, [{ kind: 'running', words: node._('threecx.test.running') }]);
  request
    .done((answer) => showIfWanted(findingsOf(node, api, answer ?? {})))
    .fail(({ status }) => showIfWanted([{ kind: 'bad', words: failureOf(node, status) }]))
    .always(() => enable(button));
}

/**
 * The connection's values in its dialog. A secret that was not typed again is a placeholder, which Node-RED replaces.
 */
function testValues(node: EditorNode): string {
  const values = tested.map((name) => [name, valueOf(name)] as const);
  return JSON.stringify({
    id: node.id,
    z: $('#red-ui-editor-config-scope').val() ?? '',
    ...Object.fromEntries(values.map(([name, value]) => [name, value === '_ADD_' ? '' : value])),
  });
}

/** @returns the value of a field */
function valueOf(name: string): unknown {
  return $(`#node-config-input-${name}`).val() ?? '';
}

/** @param url of the runtime, relative to the editor's */
export function ask(url: string, data: string): JQueryRequest {
  return $.ajax({ url, method: 'POST', contentType: 'application/json', dataType: 'json', data });
}

/** Shows one finding as a sentence, and several as a list. All of them get the colour of the worst. */
function show(verdict: JQuery, findings: readonly Finding[]): void {
  const gravest = byGravity.find((kind) => findings.some((finding) => finding.kind === kind)) ?? 'running';
  verdict.attr('data-threecx-verdict', gravest).empty();
  if (findings.length === 1) verdict.append(...findings.map((finding) => line('<div>', finding)));
  else verdict.append($('<ul>').append(findings.map((finding) => line('<li>', finding))));
}

function line(tag: '<div>' | '<li>', { kind, words }: Finding): JQuery {
  const icon = $('<i aria-hidden="true">').addClass(`fa fa-${icons[kind]}`);
  const element = $(tag).addClass('threecx-finding').attr('data-threecx-verdict', kind);
  return element.append(icon, $('<span>').text(words));
}

/** Enables the button again. While it was disabled, it could not have the focus. */
function enable(button: JQuery): void {
  const isFocusLost = document.activeElement === document.body;
  button.prop('disabled', false);
  if (isFocusLost) button.trigger('focus');
}

function failureOf(node: Speaker, status: number): string {
  const known = failures[status];
  return known === undefined
    ? `${node._('threecx.test.failed.other')} (${status})`
    : node._(`threecx.test.failed.${known}`);
}

/**
 * @param api the interface of the test
 * @param verdict the runtime's result; the runtime may be of another version
 */
function findingsOf(node: Speaker, api: ApiType, verdict: Partial<Verdict>): Finding[] {
  const { v20, milliseconds = 0 } = verdict;
  return v20 ? v20Findings(node, v20, milliseconds) : [findingOf(node, api, verdict)];
}

/** The rights of the API client, and how to fix the missing ones. */
function v20Findings(node: Speaker, found: V20Identity, milliseconds: number): Finding[] {
  const { version, callControl, extensions, socket, configuration } = found;
  const say = (kind: Kind, key: string, values: Readonly<Record<string, unknown>> = {}): Finding => ({
    kind,
    words: node._(`threecx.test.v20.${key}`, values),
  });
  const fault = (kind: Kind, what: string, code: ErrorCode): Finding =>
    code === 'unauthorized'
      ? say(kind, `${what}-forbidden`)
      : say(kind, `${what}-failed`, { why: problemOf(node, 'v20', code) });

  const findings = [say('good', 'accepted', { milliseconds })];
  if (version !== null) findings.push(say('good', 'version', { version }));
  if (callControl === null) {
    const isNobody = extensions === 0;
    findings.push(isNobody ? say('warning', 'no-extensions') : say('good', 'call-control', { count: extensions }));
    findings.push(socket === null ? say('good', 'socket') : fault('warning', 'socket', socket));
  } else {
    findings.push(fault('bad', 'call-control', callControl));
  }
  findings.push(
    configuration === null ? say('good', 'configuration') : fault('warning', 'configuration', configuration),
  );
  return findings;
}

function findingOf(node: Speaker, api: ApiType, verdict: Partial<Verdict>): Finding {
  const { problem, hint } = verdict;
  // These hints are complete without a reason.
  if (hint === 'host-name' || hint === 'token-taken')
    return { kind: 'bad', words: node._(`threecx.test.hint.${hint}`) };
  const facts = factsIn(node, verdict);
  const words = [
    outcomeOf(node, api, verdict),
    facts.length > 0 ? `: ${facts.join(', ')}` : '',
    isOneOf(verdictHints, hint) ? `. ${node._(`threecx.test.hint.${hint}`)}` : '',
  ].join('');
  if (problem !== null) return { kind: 'bad', words };
  return { kind: hint ? 'warning' : 'good', words };
}

/** @returns the success, or the reason for the failure */
function outcomeOf(node: Speaker, api: ApiType, { problem, detail }: Partial<Verdict>): string {
  if (problem === null) return node._('threecx.test.ok');
  const words = problemOf(node, api, problem);
  if (problem === 'invalid-argument') return [words, reasonIn(node) ?? detail].filter(Boolean).join(': ');
  // The system's own name of the reason.
  return detail ? `${words} (${detail})` : words;
}

/** @returns the wrong field and the reason, in the language of the dialog; the runtime's text is in English */
function reasonIn(node: Speaker | EditorNode): string | null {
  // Outside the dialog no field is shown.
  if (!('_def' in node)) return null;
  const { defaults, credentials = {} } = node._def;
  for (const name of tested) {
    const judgement = (defaults[name] ?? credentials[name])?.validate?.call(node, valueOf(name), {});
    if (typeof judgement === 'string') return `${node._(`threecx.label.${name}`)}: ${judgement}`;
  }
  return null;
}

/** The problems that have another meaning with 3CX V20. */
const v20Problems = ['unauthorized', 'unexpected-answer'] as const;

/** Why there is no answer, in words. */
export function problemOf(node: Speaker, api: ApiType, problem: unknown): string {
  if (api === 'v20' && isOneOf(v20Problems, problem)) return node._(`threecx.test.v20.problem.${problem}`);
  return node._(`threecx.test.problem.${isOneOf(verdictProblems, problem) ? problem : 'other'}`);
}

/** @returns the other findings: the kind of server, the number of calls, the time */
function factsIn(node: Speaker, { problem, server, calls, milliseconds, hint }: Partial<Verdict>): string[] {
  const facts: string[] = [];
  if ((problem === null || hint === 'no-list') && isOneOf(serverKinds, server)) {
    facts.push(node._(`threecx.test.server.${server}`));
  }
  if (problem !== null) return facts;
  if (typeof calls === 'number') facts.push(node._('threecx.status.calls', { count: calls }));
  return [...facts, `${milliseconds ?? 0} ms`];
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}
