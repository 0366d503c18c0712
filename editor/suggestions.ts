import { choices, extensionStates } from '../lib/pbx';
import { asText, chosenServer } from './fields';

/** An extension as the connection has seen it. */
interface SeenExtension {
  extension: string;
  state: string | null;
  profile: string | null;
  /** The PBX's name for it. */
  name: string | null;
}

function isSeen(entry: Partial<SeenExtension> | null): entry is SeenExtension {
  return typeof entry?.extension === 'string';
}

/**
 * Requests the extensions that the chosen connection has seen. The request is repeated each time, because states change
 * while a dialog is open. When it fails, nothing is suggested, since the field takes any text.
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

/** Does the extension begin with the typed text, or its name contain it? */
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

/** @returns the state and profile of an extension; an unknown word is left as it is */
function wordsFor(node: EditorNode, { state, profile }: SeenExtension): string {
  const known = (values: readonly string[], value: string | null, group: string): string | null =>
    value !== null && values.includes(value) ? node._(group + value) : value;
  return [known(extensionStates, state, 'threecx.extension-state.'), known(choices.profile, profile, 'threecx.status.')]
    .filter(Boolean)
    .join(', ');
}

/** The text of a field, and its last entry, which can be completed. */
interface Typed {
  entry: string;
  /** The text before the entry. */
  before: string;
  /** The text that suggestions must match. */
  wanted: string;
}

/**
 * Makes the rows of the menu. The widget takes the first row on Enter, so the first row is the typed text: an extension
 * 1 must not become 10. The text is read when the row is taken, since somebody may type on and press Enter before new
 * rows are there.
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
  /** The source of suggestions for Node-RED's own widget. */
  search: AutoCompleteSearch;
  /**
   * Opens the menu when the field gets the focus, and when it is clicked. It applies to the field that exists at that
   * time.
   */
  openByFocus(isOffered?: () => boolean): void;
}

/**
 * @param input the field, once it exists
 * @param isList whether the field may hold several, with commas between
 */
export function suggestExtensions(node: EditorNode, input: () => JQuery, isList: boolean): Suggestions {
  /** True until something is typed: somebody who enters a filled field wants another extension, so all are offered. */
  let isComing = false;
  const search: AutoCompleteSearch = (text, done) => {
    const entry = isList ? text.slice(text.lastIndexOf(',') + 1).trimStart() : text;
    const before = text.slice(0, text.length - entry.length);
    const wanted = isComing && !isList ? '' : entry;
    askExtensions((seen) => {
      // The focus may have left the field by now. Opening the menu would draw it back.
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
  // jQuery would call the listener even when the menu returns the focus to a field that already has it.
  const listeners: Readonly<Partial<Record<keyof HTMLElementEventMap, () => void>>> = {
    mousedown: () => {
      isByMouse = true;
    },
    click: () => {
      isByMouse = false;
      open();
    },
    focus: () => {
      // After a press of the mouse a click follows, and a closing menu returns the focus: neither opens the menu again.
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
    // With its menu open the widget would keep the focus. Tab ends the entry, and moves to the next field.
    const leave = ({ key }: KeyboardEvent): void => {
      if (key === 'Tab') menu()?.hide();
    };
    element.addEventListener('keydown', leave, { capture: true });
  }
}
