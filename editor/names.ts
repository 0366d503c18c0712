import { type Contact, countries, countryOf, plainNumber, problemOf } from '../lib/pbx';
import { contactsIn } from './contact-text';
import { asText, connectionDialog, hasEnvironment } from './fields';

/** The number of rows made at once: as many as fit on the screen. The rest follows without blocking the dialog. */
const rowsAtOnce = 20;
/** The longest name in a label, in characters: a longer one would make the node as wide as the flow. */
const maxNameInLabel = 20;

/** A row of the list, with its fields. */
interface Row {
  read: () => Contact;
  write: (contact: Contact) => void;
}

/** The list in the dialog of a connection. */
interface NameList {
  add(contacts: readonly Contact[]): void;
  contacts(): Contact[];
}

/** The key under which a form keeps its list. */
const listOfForm = 'threecxNames';

/** @returns the names of a connection; a flow may hold anything */
function namesOf(connection: EditorNode | undefined): Contact[] {
  const names = connection?.names;
  if (!Array.isArray(names)) return [];
  return names.map((entry: unknown) => {
    const { number, name } = Object(entry) as Partial<Record<keyof Contact, unknown>>;
    return { number: asText(number), name: asText(name) };
  });
}

/** The names of each list by the digits of their numbers, kept because labels need them again and again. */
const lookUps = new WeakMap<object, ReadonlyMap<string, string>>();

/** @returns a number with its name in a connection, such as `10 Anna`; a long name is shortened */
export function withName(connection: EditorNode | undefined, number: string): string {
  const list = connection?.names;
  if (!Array.isArray(list)) return number;
  const known = lookUps.get(list) ?? lookUpOf(namesOf(connection));
  lookUps.set(list, known);
  const name = known.get(keyOf(number))?.trim() ?? '';
  if (name === '') return number;
  return `${number} ${name.length > maxNameInLabel ? `${name.slice(0, maxNameInLabel - 1)}…` : name}`;
}

/** @returns the connection that the node was saved with */
export function savedServer(node: EditorNode): EditorNode | undefined {
  return RED.nodes.node(node.server);
}

/** The first of several entries with one number counts, as at run time. */
function lookUpOf(contacts: readonly Contact[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { number, name } of contacts) if (!names.has(keyOf(number))) names.set(keyOf(number), name);
  return names;
}

function keyOf(number: string): string {
  return plainNumber(number.trim()) ?? number.trim();
}

/** Is it the two letters of a country, or empty? */
export function validateCountry(node: EditorNode, value: unknown): Judgement {
  const text = asText(value).trim();
  return text === '' || hasEnvironment(text) || countryOf(text) !== null || node._('threecx.error.country');
}

/** Has each entry a name, and a number that can be called? */
export function validateNames(node: EditorNode, value: unknown): Judgement {
  if (value === undefined) return true;
  if (!Array.isArray(value)) return node._('threecx.error.names');
  const entry = namesOf({ ...node, names: value }).findIndex((contact) => !isGood(contact)) + 1;
  return entry === 0 || node._('threecx.error.names-entry', { entry });
}

function isGood({ number, name }: Contact): boolean {
  return name.trim() !== '' && (hasEnvironment(number) || problemOf('destination', number.trim()) === null);
}

/** Offers the countries by their names, in the language of the editor. */
export function prepareCountry(): void {
  const language = RED.i18n.lang() || undefined;
  const names = new Intl.DisplayNames(language === undefined ? [] : [language], { type: 'region' });
  const offered = countries
    .map((code) => ({ code, name: names.of(code) ?? code }))
    .sort((a, b) => a.name.localeCompare(b.name));
  const search = (text: string): AutoCompleteRow[] => {
    const typed = text.trim().toLowerCase();
    return offered
      .filter(({ code, name }) => code.toLowerCase() === typed || name.toLowerCase().includes(typed))
      .map(({ code, name }) => ({ value: code, label: $('<span>').text(`${name} (${code})`) }));
  };
  $('#node-config-input-country').autoComplete({ search: (text, done) => done(search(text)), minLength: 1 });
}

/** Sets up the list of names in a connection's dialog. */
export function prepareNames(node: EditorNode): void {
  const form = connectionDialog();
  const element = form.find('#threecx-names');
  /** The contacts that are not in the list yet. */
  let waiting: Contact[] = [];
  const rows = new Map<HTMLElement, Row>();

  element.editableList<Contact>({
    removable: true,
    sortable: true,
    scrollOnAdd: false,
    height: 240,
    addItem: (item, _index, contact) => {
      const row = rowIn(node, item, contact);
      for (const li of item.get()) rows.set(li, row);
      // The user pressed the button, and gets a row to fill in.
      if (contact.number === undefined) item.find('input').first().trigger('focus');
    },
  });
  const shown = (): Row[] => {
    const items = element.find('.red-ui-editableList-item-content').get();
    return items.map((item) => rows.get(item)).filter((row) => row !== undefined);
  };
  const contacts = (): Contact[] => [
    ...shown()
      .map(({ read }) => read())
      .filter(({ number, name }) => number !== '' || name !== ''),
    ...waiting,
  ];
  const fill = (): void => {
    // The dialog may be closed by now.
    if (element.editableList('instance') === undefined) return;
    for (const contact of waiting.splice(0, rowsAtOnce)) element.editableList('addItem', contact);
    if (waiting.length > 0) requestAnimationFrame(fill);
  };
  const add = (added: readonly Contact[]): void => {
    const isIdle = waiting.length === 0;
    const there = new Map(shown().map((row) => [keyOf(row.read().number), row]));
    const pending = new Map(waiting.map((contact) => [keyOf(contact.number), contact]));
    for (const { number, name } of added) {
      const key = keyOf(number);
      const row = there.get(key);
      const contact = pending.get(key);
      if (row !== undefined) row.write({ ...row.read(), name });
      else if (contact !== undefined) contact.name = name;
      else pending.set(key, { number, name });
    }
    waiting = [...pending.values()];
    if (isIdle) fill();
  };
  waiting = namesOf(node);
  fill();
  form.data(listOfForm, { add, contacts } satisfies NameList);
  preparePaste(node, form, add);
}

/** @returns a row with fields for a number and a name */
function rowIn(node: EditorNode, item: JQuery, { number = '', name = '' }: Partial<Contact>): Row {
  const field = (kind: 'number' | 'name'): JQuery => {
    const words = node._(`threecx.label.names-${kind}`);
    const input = $('<input type="text" autocomplete="off">').addClass(`threecx-name-${kind}`);
    return input.attr({ placeholder: words, 'aria-label': words });
  };
  const numberField = field('number').val(number);
  const nameField = field('name').val(name);
  const read = (): Contact => ({ number: asText(numberField.val()).trim(), name: asText(nameField.val()).trim() });
  const judge = (): void => {
    const contact = read();
    const isEmpty = contact.number === '' && contact.name === '';
    const isNumberBad = !isEmpty && !isGood({ ...contact, name: 'x' });
    numberField.toggleClass('input-error', isNumberBad).attr('aria-invalid', String(isNumberBad));
    const isNameBad = !isEmpty && contact.name === '';
    nameField.toggleClass('input-error', isNameBad).attr('aria-invalid', String(isNameBad));
  };
  for (const input of [numberField, nameField]) input.on('input change', judge);
  item.append($('<div class="threecx-name">').append(numberField, nameField));
  judge();
  return {
    read,
    write: (contact) => {
      numberField.val(contact.number);
      nameField.val(contact.name);
      judge();
    },
  };
}

/** Reads pasted rows and cards, from the paste field or from a field of the list, and reports the result. */
function preparePaste(node: EditorNode, form: JQuery, add: NameList['add']): void {
  const area = form.find('#threecx-names-paste');
  const result = form.find('.threecx-names-result');
  const take = (text: string): boolean => {
    const { contacts, skipped } = contactsIn(text);
    if (contacts.length === 0) return false;
    add(contacts);
    const left = skipped === 0 ? '' : ` ${node._('threecx.names.skipped', { count: skipped })}`;
    result.text(node._('threecx.names.taken', { count: contacts.length }) + left);
    return true;
  };
  for (const field of [area, form.find('#threecx-names')]) {
    field.on('paste', (event) => {
      if (take(event.originalEvent.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
    });
  }
  // The text was typed by hand, or contains nothing usable.
  area.on('change', () => {
    const text = asText(area.val());
    if (text.trim() === '') return;
    if (take(text)) area.val('');
    else result.text(node._('threecx.names.nothing'));
  });
}

/** Puts the list into the connection. */
export function saveNames(node: EditorNode & { readonly users?: readonly EditorNode[] }): void {
  const list = connectionDialog().data(listOfForm) as NameList | undefined;
  if (list === undefined) return;
  const names = list.contacts();
  // Opening the dialog must not change a flow that has no names.
  if (names.length === 0 && node.names === undefined) return;
  Object.assign(node, { names });
  // The labels of these nodes show names.
  for (const user of node.users ?? []) Object.assign(user, { dirty: true });
}
