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

/** Where a form keeps whose it is. */
const nodeOfForm = 'threecxNode';

/** Says whose dialog a form is. */
export function assignForm(form: JQuery, node: EditorNode): void {
  form.data(nodeOfForm, node);
}

/** Says that from here on the node has the values that stand in its form. */
export function releaseForm(form: JQuery): void {
  form.data(nodeOfForm, null);
}

/** @returns whether the form is the dialog of this node */
export function isFormOf(form: JQuery, node: EditorNode): boolean {
  return form.data(nodeOfForm) === node;
}

/** Reads a property of a node; undefined when the flow leaves it out. */
export type Reader = (node: EditorNode, property: string) => unknown;

/** As it is saved. */
export const saved: Reader = (node, property) => node[property];

/**
 * While a dialog is open, its node's values stand in the form; those of every other node stand in the node. Other nodes
 * are validated meanwhile too: all users of a connection when that is saved.
 */
export const written: Reader = (node, property) => {
  const form = dialog();
  if (!isFormOf(form, node)) return saved(node, property);
  const field = form.find(`#node-input-${property}`);
  return field.is(':checkbox') ? field.prop('checked') : field.val();
};

/** @returns what it takes at run time where a flow leaves it out; a new node may have something else */
export function defaultOf(node: EditorNode, property: string): unknown {
  const argument = property.replace(/Type$/, '');
  if (!isArgument(argument)) return node._def.defaults[property]?.value;
  return fallbackOf(argument)[argument === property ? 'value' : 'type'];
}

/** @returns the property as it stands in the dialog or in the node, else its default */
export function current(node: EditorNode, property: string): unknown {
  return written(node, property) ?? defaultOf(node, property);
}

/** @returns the connection that is chosen in the open dialog; undefined for none */
export function chosenServer(): EditorNode | undefined {
  return RED.nodes.node($('#node-input-server').val());
}

/** @returns by which interface a connection reaches its PBX; the first for one that this version does not know */
export function apiOf(connection: EditorNode | undefined): ApiType {
  const form = connectionDialog();
  const isOpen = connection !== undefined && isFormOf(form, connection);
  const api = isOpen ? form.find('#node-config-input-api').val() : connection?.api;
  return apiTypes.find((known) => known === api) ?? apiTypes[0];
}

/**
 * Fills the plain fields of a form. A property that a flow leaves out has its default at run time, so the form shows that.
 * A choice keeps a value from a later version; otherwise saving the dialog would replace it.
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

/** An icon for the eye only: words stand beside it. */
function warningIcon(): JQuery {
  const icon = $('<i class="fa fa-exclamation-triangle" aria-hidden="true">');
  return icon.css({ color: 'var(--red-ui-text-color-warning)', marginRight: '4px' });
}

/** Puts words of warning into an element in place of what was there; none for no words. */
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

/** Icons in labels are for the eye only. */
export function hideIcons(form: JQuery): void {
  form.find('label i').attr('aria-hidden', 'true');
}

/**
 * Tells the editor how many outputs the node has as its dialog stands: the first ones stay, with their wires.
 *
 * @param count how many it is to have
 */
export function setOutputs(node: EditorNode, count: number): void {
  const ports = Array.from({ length: Math.max(count, node.outputs) }, (_, port): [string, number] => [
    port < node.outputs ? String(port) : `new${port}`,
    port < count ? port : -1,
  ]);
  $('#node-input-outputs').val(JSON.stringify(Object.fromEntries(ports)));
}

/** Was it saved before version 2? An empty text took nothing from the message, and allowed numbers were an expression. */
export function isOld({ version }: EditorNode): boolean {
  return !(Number(version) >= 2);
}

/** Notes which version of this package the values are of; for oneditsave. */
export function save(node: EditorNode): void {
  Object.assign(node, { version: defaultOf(node, 'version') });
}
