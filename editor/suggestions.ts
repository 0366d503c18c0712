import { choices, extensionStates } from '../lib/pbx';
import { chosenServer } from './fields';

/** An extension as the connection has seen it. */
interface SeenExtension {
  extension: string;
  state: string | null;
  profile: string | null;
  /** What the PBX calls it. */
  name: string | null;
}

function isSeen(entry: Partial<SeenExtension> | null): entry is SeenExtension {
  return typeof entry?.extension === 'string';
}

/**
 * Asks which extensions the chosen connection has seen. Asked anew each time, since states change while a dialog is open.
 * A field that takes anything needs no error when this can't be had.
 */
function askExtensions(done: (seen: SeenExtension[]) => void): void {
  const server = chosenServer();
  if (server === undefined) {
    done([]);
    return;
  }
  $.getJSON(`3cx/${encodeURIComponent(server.id)}/extensions`)
    .done((answer) => done(Array.isArray(answer) ? answer.filter(isSeen) : []))
    .fail(() => done([]));
}

/** Does an extension begin with what was typed, or has its name that in it? */
function fits({ extension, name }: SeenExtension, entry: string): boolean {
  return extension.startsWith(entry) || (name ?? '').toLowerCase().includes(entry.toLowerCase());
}

function row(value: string, text: string, note: string): AutoCompleteRow {
  const label = $('<div>').css({ display: 'flex', justifyContent: 'space-between', gap: '16px' });
  const styles = { color: 'var(--red-ui-secondary-text-color)', overflow: 'hidden' };
  return {
    value,
    label: label.append(text === '' ? null : $('<span>').text(text), $('<span>').css(styles).text(note)),
  };
}

function titleOf({ extension, name }: SeenExtension): string {
  return [extension, name].filter(Boolean).join(' ');
}

/** @returns what the extension does and which profile it has; as it came when it is none of the known */
function wordsFor(node: EditorNode, { state, profile }: SeenExtension): string {
  const known = (values: readonly string[], value: string | null, group: string): string | null =>
    value !== null && values.includes(value) ? node._(group + value) : value;
  return [known(extensionStates, state, 'threecx.extension-state.'), known(choices.profile, profile, 'threecx.status.')]
    .filter(Boolean)
    .join(', ');
}

/**
 * What fits the last entry of a text. The widget takes the first row when Enter or Tab is pressed, so that row is what
 * stands in the field: an extension 1 must not become 10.
 */
function rowsFor(node: EditorNode, before: string, entry: string, seen: SeenExtension[]): AutoCompleteRow[] {
  const taken = before.split(',').map((other) => other.trim());
  const fitting = seen
    .filter((known) => fits(known, entry) && !taken.includes(known.extension))
    .sort((a, b) => a.extension.localeCompare(b.extension, undefined, { numeric: true }));
  const others = fitting.filter(({ extension }) => extension !== entry);
  if (others.length === 0) return [];
  const same = fitting.find(({ extension }) => extension === entry);
  const note = same ? wordsFor(node, same) : node._(`threecx.suggest.${entry === '' ? 'any' : 'typed'}`);
  return [
    row(before + entry, same ? titleOf(same) : entry, note),
    ...others.map((known) => row(before + known.extension, titleOf(known), wordsFor(node, known))),
  ];
}

/**
 * Offers the extensions for a field, the way that Node-RED's own completion wants it.
 *
 * @param input the field, once it is there
 * @param isList whether commas stand between several
 */
export function suggestExtensions(node: EditorNode, input: () => JQuery, isList: boolean): AutoCompleteSearch {
  return (text, done) => {
    const entry = isList ? text.slice(text.lastIndexOf(',') + 1).trimStart() : text;
    const before = text.slice(0, text.length - entry.length);
    askExtensions((seen) => {
      // The answer may come when the field was left already; its menu would draw the focus back.
      done(input().is(':focus') ? rowsFor(node, before, entry, seen) : []);
    });
  };
}
