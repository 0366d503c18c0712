/**
 * What the definitions of the 3CX nodes share: the build makes one script of this folder, whose global `threecxEditor` has
 * what this file exports. Node-RED loads it once for each definition, before that runs, so it may be evaluated several
 * times and keeps no state that must survive this.
 *
 * Validators are functions of two arguments in the definitions, also those that use none: only from such a one does the
 * editor take a text as the reason why a value is bad; from one of a single argument it would mean that all is well. A
 * property of a configuration node that has a validator is not checked by the editor's own rules any more.
 */
import { canFollow, watchedBy } from '../lib/pbx';
import { prepareArgument } from './arguments';
import {
  assignForm,
  chosenServer,
  current,
  dialog,
  hideIcons,
  isOld,
  prepareFields,
  save as saveVersion,
  showRows,
} from './fields';
import { mayFollow, prepareFollow } from './follow';
import { prepareLacks } from './lacks';
import { allArguments, mayDial, type OperationNode, usedArguments } from './operations';
import { prepareProfileWatch } from './profile-watch';
import { prepareWatch, saveWatch } from './watch';

export { validateArgument } from './arguments';
export { prepareConnection, saveConnection, validateLogIn, validateUrl } from './connection';
export { countResultOutputs, resultLabel } from './follow';
export { label } from './labels';
export { registerPanel } from './panel';
export { validateCountry, validateNames } from './names';
export { validateOperation } from './operations';
export { addToPalette } from './palette';
export { profileOutputLabel, validateProfileWatch } from './profile-watch';
export { validateDestinations, validateMilliseconds, validatePattern } from './validators';
export { countOutputs, inputLabel, outputLabel, validateWatch } from './watch';

/** Sets a dialog up; for oneditprepare. */
export function prepare(node: OperationNode): void {
  const form = dialog();
  assignForm(form, node);
  form.addClass('threecx-dialog');
  prepareFields(node, 'node-input');
  keepEmptyQueue(node);
  chooseOnlyServer();
  hideIcons(form);
  for (const name of allArguments(node)) prepareArgument(node, name);
  const watched = watchedBy(node.type);
  if (watched === 'calls') prepareWatch(node);
  if (watched === 'profiles') prepareProfileWatch(node);
  if (canFollow(node.type)) prepareFollow(node);

  const showLacks = prepareLacks(node);
  const show = (): void => {
    const used: string[] = usedArguments(node);
    showRows(form, 'data-threecx-argument', (name) => used.includes(name));
    const operation = $('#node-input-operation').val();
    const isLacking = showLacks();
    showRows(form, 'data-threecx-only', (only) => only === operation && !isLacking);
    form.find('.threecx-free').toggle(isFree(node));
    form.find('.threecx-follow').toggle(mayFollow(node));
    RED.tray.resize();
  };
  $('#node-input-operation, #node-input-server').on('change', show);
  $('#node-input-destination').on('typedinputtypechange change', show);
  show();
}

/** Puts what the dialog holds beside its fields into the node; for oneditsave. */
export function save(node: OperationNode): void {
  saveVersion(node);
  if (watchedBy(node.type) === 'calls') saveWatch();
}

/** Before version 2 an empty text was no queue; now it is taken from the message, but an unnamed property is none still. */
function keepEmptyQueue(node: EditorNode): void {
  if (isOld(node) && node.queueType === 'str' && node.queue === '') $('#node-input-queueType').val('msg');
}

/** Where there is one connection only, a node that has none yet can but mean that. */
function chooseOnlyServer(): void {
  const select = $('#node-input-server');
  const others = select.find('option').filter((_, option) => $(option).val() !== '_ADD_');
  if (select.val() === '_ADD_' && others.length === 1) select.val(others.val());
}

/** Anyone who can send a message can then call any number. */
function isFree(node: OperationNode): boolean {
  const type = current(node, 'destinationType');
  const isOfMessage = type === 'msg' || type === 'jsonata' || (type === 'str' && current(node, 'destination') === '');
  const server = chosenServer();
  return mayDial(node) && isOfMessage && server !== undefined && !server.allowDestinations;
}
