import { choices, extensionStates } from '../lib/pbx';
import { asText, chosenServer } from './fields';

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

/** @returns what a row shows: `10 Anna, talking` */
function words(text: string, note: string): JQuery {
  const more = $('<span>').css({ color: 'var(--red-ui-secondary-text-color)' });
  more.text(text === '' || note === '' ? note : `, ${note}`);
  return $('<div>').append($('<span>').text(text), more);
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

/** The text of a field, and its last entry, which is completed. */
interface Typed {
  entry: string;
  /** What stands before the entry. */
  before: string;
  /** Only what fits this is offered. */
  wanted: string;
}

/**
 * The widget takes the first row when Enter is pressed, so that row is what stands in the field: an extension 1 must not
 * become 10. It is read when the row is taken, since the rows are of an earlier moment: whoever types on may press Enter
 * before the rows for that are there.
 */
function rowsFor(node: EditorNode, input: () => JQuery, typed: Typed, seen: SeenExtension[]): AutoCompleteRow[] {
  const { entry, before, wanted } = typed;
  const taken = before.split(',').map((other) => other.trim());
  const fitting = seen
    .filter((known) => fits(known, wanted) && !taken.includes(known.extension))
    .sort((a, b) => a.extension.localeCompare(b.extension, undefined, { numeric: true }));
  const others = fitting.filter(({ extension }) => extension !== entry);
  if (others.length === 0) return [];
  const same = fitting.find(({ extension }) => extension === entry);
  const note = same ? wordsFor(node, same) : node._(`threecx.suggest.${entry === '' ? 'any' : 'typed'}`);
  const asItStands = {
    get value() {
      return asText(input().val());
    },
    label: words(same ? titleOf(same) : entry, note),
  };
  return [
    asItStands,
    ...others.map((known) => ({
      value: before + known.extension,
      label: words(titleOf(known), wordsFor(node, known)),
    })),
  ];
}

/** Offers extensions for a field. */
export interface Suggestions {
  /** The way that Node-RED's own completion wants it. */
  search: AutoCompleteSearch;
  /** Offers them when the field gets the focus, and when it is clicked. For the field as it is there then. */
  openByFocus(isOffered?: () => boolean): void;
}

/**
 * @param input the field, once it is there
 * @param isList whether commas stand between several
 */
export function suggestExtensions(node: EditorNode, input: () => JQuery, isList: boolean): Suggestions {
  /** Whoever comes to a field that holds an extension wants another one: all are offered until something is typed. */
  let isComing = false;
  const search: AutoCompleteSearch = (text, done) => {
    const entry = isList ? text.slice(text.lastIndexOf(',') + 1).trimStart() : text;
    const before = text.slice(0, text.length - entry.length);
    const wanted = isComing && !isList ? '' : entry;
    askExtensions((seen) => {
      // The answer may come when the field was left already; its menu would draw the focus back.
      done(input().is(':focus') ? rowsFor(node, input, { entry, before, wanted }, seen) : []);
    });
  };
  const open = (): void => {
    isComing = true;
    input().trigger('keyup');
  };
  return {
    search,
    openByFocus: (isOffered = () => true) => {
      openByFocus(input(), () => {
        if (isOffered()) open();
      });
      input().on('input', () => {
        isComing = false;
      });
    },
  };
}

function openByFocus(input: JQuery, open: () => void): void {
  const menu = (): { hide(): void } | undefined => input.autoComplete('instance')?.menu;
  let isByMouse = false;
  let isInMenu = false;
  // Not by jQuery: it would call a listener too when the menu gives the focus to a field that has it.
  const listeners: Readonly<Partial<Record<keyof HTMLElementEventMap, () => void>>> = {
    mousedown: () => {
      isByMouse = true;
    },
    click: () => {
      isByMouse = false;
      open();
    },
    focus: () => {
      // A click follows the one, and the menu that was closed gives back the other.
      if (!isByMouse && !isInMenu) open();
      isInMenu = false;
    },
    blur: () => {
      isByMouse = false;
      isInMenu = menu() !== undefined;
    },
  };
  for (const element of input.get()) {
    for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
    // With its menu open the widget would keep the focus. Whoever presses Tab has typed all, and wants the next field.
    const leave = ({ key }: KeyboardEvent): void => {
      if (key === 'Tab') menu()?.hide();
    };
    element.addEventListener('keydown', leave, { capture: true });
  }
}
