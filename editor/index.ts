/**
 * The code that the definitions of the 3CX nodes share. The build turns this folder into one script, whose global
 * `threecxEditor` has the exports of this file. Node-RED loads the script before each definition, so it may run several
 * times, and keeps no state that must survive this.
 *
 * In the definitions, every validator has two parameters, even if it uses none. The editor shows a text as the reason
 * of an error only for such functions. With one parameter it would take the text as success. The editor's own rules do
 * not check a property of a configuration node that has a validator.
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

/** Stores the values that the dialog keeps outside its fields; for oneditsave. */
export function save(node: OperationNode): void {
  saveVersion(node);
  if (watchedBy(node.type) === 'calls') saveWatch();
}

/**
 * Keeps an old flow's queue. Before version 2 an empty text meant no queue, and now it comes from the message. An
 * unnamed property still means no queue.
 */
function keepEmptyQueue(node: EditorNode): void {
  if (isOld(node) && node.queueType === 'str' && node.queue === '') $('#node-input-queueType').val('msg');
}

/** Selects the only connection in a node that has not chosen one. */
function chooseOnlyServer(): void {
  const select = $('#node-input-server');
  const others = select.find('option').filter((_, option) => $(option).val() !== '_ADD_');
  if (select.val() === '_ADD_' && others.length === 1) select.val(others.val());
}

/** Can anyone who can send a message call any number with this node? */
function isFree(node: OperationNode): boolean {
  const type = current(node, 'destinationType');
  const isOfMessage = type === 'msg' || type === 'jsonata' || (type === 'str' && current(node, 'destination') === '');
  const server = chosenServer();
  return mayDial(node) && isOfMessage && server !== undefined && !server.allowDestinations;
}
