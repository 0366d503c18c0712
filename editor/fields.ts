import { type ApiType, apiTypes, fallbackOf, isArgument } from '../lib/pbx';

/** @returns the text of a property; a flow may hold anything */
export function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The value of an environment variable is known only at run time. */
export function hasEnvironment(value: unknown): boolean {
  return /\$\{[^}]+\}/.test(asText(value));
}

/** The open dialog of a node. */
export function dialog(): JQuery {
  return $('#dialog-form');
}

/** The open dialog of a connection. */
export function connectionDialog(): JQuery {
  return $('#node-config-dialog-edit-form');
}

/** The key under which a form keeps its node. */
const nodeOfForm = 'threecxNode';

/** Marks a form as the dialog of a node. */
export function assignForm(form: JQuery, node: EditorNode): void {
  form.data(nodeOfForm, node);
}

/** Marks that the node now has the values in its form. */
export function releaseForm(form: JQuery): void {
  form.data(nodeOfForm, null);
}

/** @returns whether the form is the dialog of this node */
export function isFormOf(form: JQuery, node: EditorNode): boolean {
  return form.data(nodeOfForm) === node;
}

/** Reads a property of a node; undefined when the flow leaves it out. */
export type Reader = (node: EditorNode, property: string) => unknown;

/** Reads the saved value. */
export const saved: Reader = (node, property) => node[property];

/**
 * Reads the current value: from the form while the node's dialog is open, and otherwise from the node. Other nodes are
 * validated meanwhile too, such as all users of a connection when it is saved.
 */
export const written: Reader = (node, property) => {
  const form = dialog();
  if (!isFormOf(form, node)) return saved(node, property);
  const field = form.find(`#node-input-${property}`);
  return field.is(':checkbox') ? field.prop('checked') : field.val();
};

/** @returns the value at run time of a property that the flow leaves out; a new node may have another one */
export function defaultOf(node: EditorNode, property: string): unknown {
  const argument = property.replace(/Type$/, '');
  if (!isArgument(argument)) return node._def.defaults[property]?.value;
  return fallbackOf(argument)[argument === property ? 'value' : 'type'];
}

/** @returns the property in the open dialog or in the node, else its default */
export function current(node: EditorNode, property: string): unknown {
  return written(node, property) ?? defaultOf(node, property);
}

/** @returns the connection that is chosen in the open dialog; undefined for none */
export function chosenServer(): EditorNode | undefined {
  return RED.nodes.node($('#node-input-server').val());
}

/**
 * @returns the interface by which a connection reaches its PBX; the first one for a value that this version does not
 *   know
 */
export function apiOf(connection: EditorNode | undefined): ApiType {
  const form = connectionDialog();
  const isOpen = connection !== undefined && isFormOf(form, connection);
  const api = isOpen ? form.find('#node-config-input-api').val() : connection?.api;
  return apiTypes.find((known) => known === api) ?? apiTypes[0];
}

/**
 * Fills the plain fields of a form. It shows the default of a property that the flow leaves out, because that applies
 * at run time. A field with choices keeps a value from a later version, since saving the dialog would otherwise replace
 * it.
 */
export function prepareFields(node: EditorNode, prefix: 'node-input' | 'node-config-input'): void {
  for (const [property, definition] of Object.entries(node._def.defaults)) {
    const field = $(`#${prefix}-${property}`);
    if (definition.type !== undefined || field.length === 0 || field.prop('multiple') === true) continue;
    const value = node[property] ?? defaultOf(node, property);
    if (field.is(':checkbox')) field.prop('checked', asText(value) === 'true');
    else if (node[property] === undefined) field.val(value);
    if (field.is('select') && field.val() !== value) {
      $('<option>').val(value).text(asText(value)).appendTo(field);
      field.val(value);
    }
  }
}

/** Shows those rows of a form that have a data attribute, by its value. */
export function showRows(form: JQuery, attribute: string, isShown: (value: string) => boolean): void {
  form.find(`[${attribute}]`).each(function () {
    $(this).toggle(isShown(this.getAttribute(attribute) ?? ''));
  });
}

/** An icon without a meaning of its own: the words beside it are enough. */
function warningIcon(): JQuery {
  const icon = $('<i class="fa fa-exclamation-triangle" aria-hidden="true">');
  return icon.css({ color: 'var(--red-ui-text-color-warning)', marginRight: '4px' });
}

/** Puts a warning into an element, replacing the one before; an empty text removes it. */
export function warn(element: JQuery, words: string): void {
  element.empty();
  if (words !== '') element.append(warningIcon(), $('<span>').text(words));
}

/** @returns a note below a row of a form; it is hidden while it has no words */
export function noteBelow(row: JQuery, id: string): (words: string) => void {
  const note = $('<div class="form-tips" role="note">').css({ marginBottom: '12px' }).attr('id', id);
  note.insertAfter(row).toggle(false);
  return (words) => {
    warn(note, words);
    note.toggle(words !== '');
  };
}

/** Hides the icons in labels from screen readers. */
export function hideIcons(form: JQuery): void {
  form.find('label i').attr('aria-hidden', 'true');
}

/**
 * Tells the editor the number of outputs for the dialog's present values. The first outputs stay, with their wires.
 *
 * @param count the number of outputs
 */
export function setOutputs(node: EditorNode, count: number): void {
  const ports = Array.from({ length: Math.max(count, node.outputs) }, (_, port): [string, number] => [
    port < node.outputs ? String(port) : `new${port}`,
    port < count ? port : -1,
  ]);
  $('#node-input-outputs').val(JSON.stringify(Object.fromEntries(ports)));
}

/**
 * Was the node saved before version 2? Then an empty text took nothing from the message, and allowed numbers were a
 * regular expression.
 */
export function isOld({ version }: EditorNode): boolean {
  return !(Number(version) >= 2);
}

/** Notes the version of this package that saved the values; for oneditsave. */
export function save(node: EditorNode): void {
  Object.assign(node, { version: defaultOf(node, 'version') });
}
