import { serverKinds, type Verdict, verdictHints, verdictProblems } from '../lib/pbx';

/** The properties that a test depends on. */
const tested = ['url', 'auth', 'user', 'password', 'token', 'tls', 'proxy', 'timeout'];

const icons = {
  running: 'spinner fa-spin',
  good: 'check-circle',
  warning: 'exclamation-triangle',
  bad: 'times-circle',
};
type Kind = keyof typeof icons;

/** What a test found, in words. */
interface Finding {
  kind: Kind;
  words: string;
}

/** Why Node-RED did no test, by the status of its answer; 0 when there was none. */
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
    button.prop('disabled', true);
    show(verdict, { kind: 'running', words: node._('threecx.test.running') });
    const values = testValues(node);
    const request = ask(values);
    const asked = (current = { values, request });
    const showIfCurrent = (finding: Finding): void => {
      if (current === asked) show(verdict, finding);
    };
    request
      .done((answer) => showIfCurrent(findingOf(node, answer ?? {})))
      .fail(({ status }) => showIfCurrent({ kind: 'bad', words: failureOf(node, status) }))
      .always(() => enable(button));
  });
  // A verdict is about the values it was asked for.
  form.on('input change', () => {
    if (current === null || testValues(node) === current.values) return;
    const { request } = current;
    current = null;
    verdict.removeAttr('data-threecx-verdict').empty();
    request.abort();
  });
}

/** The connection as its dialog has it. A secret that was not typed anew is a mark, which Node-RED knows how to replace. */
function testValues(node: EditorNode): string {
  const valueOf = (selector: string): unknown => $(selector).val() ?? '';
  const values = tested.map((name) => [name, valueOf(`#node-config-input-${name}`)]);
  return JSON.stringify({
    id: node.id,
    z: valueOf('#red-ui-editor-config-scope'),
    ...Object.fromEntries(values.map(([name, value]) => [name, value === '_ADD_' ? '' : value])),
  });
}

function ask(data: string): JQueryRequest {
  return $.ajax({ url: '3cx/test', method: 'POST', contentType: 'application/json', dataType: 'json', data });
}

function show(verdict: JQuery, { kind, words }: Finding): void {
  const icon = $('<i aria-hidden="true">').addClass(`fa fa-${icons[kind]}`);
  verdict.attr('data-threecx-verdict', kind).empty().append(icon, $('<span>').text(words));
}

/** While it was disabled, the button had no focus. */
function enable(button: JQuery): void {
  const isFocusLost = document.activeElement === document.body;
  button.prop('disabled', false);
  if (isFocusLost) button.trigger('focus');
}

function failureOf(node: EditorNode, status: number): string {
  const known = failures[status];
  return known === undefined
    ? `${node._('threecx.test.failed.other')} (${status})`
    : node._(`threecx.test.failed.${known}`);
}

/** @param verdict what the runtime says; it may be of another version */
function findingOf(node: EditorNode, verdict: Partial<Verdict>): Finding {
  const { problem, hint } = verdict;
  // This hint says it all: such a server is the HTTP API.
  if (hint === 'host-name') return { kind: 'bad', words: node._('threecx.test.hint.host-name') };
  const facts = factsIn(node, verdict);
  const words = [
    outcomeOf(node, verdict),
    facts.length > 0 ? `: ${facts.join(', ')}` : '',
    isOneOf(verdictHints, hint) ? `. ${node._(`threecx.test.hint.${hint}`)}` : '',
  ].join('');
  if (problem !== null) return { kind: 'bad', words };
  return { kind: hint ? 'warning' : 'good', words };
}

/** @returns whether it works, or why it does not */
function outcomeOf(node: EditorNode, { problem, detail }: Partial<Verdict>): string {
  if (problem === null) return node._('threecx.test.ok');
  const words = node._(`threecx.test.problem.${isOneOf(verdictProblems, problem) ? problem : 'other'}`);
  if (!detail) return words;
  // A sentence of ours, or the name that the system has for the reason.
  return problem === 'invalid-argument' ? `${words}: ${detail}` : `${words} (${detail})`;
}

/** @returns what else was found: which server it is, how many calls there are, how long it took */
function factsIn(node: EditorNode, { problem, server, calls, milliseconds, hint }: Partial<Verdict>): string[] {
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
