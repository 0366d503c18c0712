import { type ArgumentName, choices, isChoice, operationOf, problemOf } from '../lib/pbx';
import { asText, current, defaultOf, hasEnvironment } from './fields';
import { chosenOffer, type OperationNode, usedArguments } from './operations';
import { suggestExtensions, type Suggestions } from './suggestions';

/** The sources of an argument, in the order of the menu. */
const types = ['msg', 'flow', 'global', 'str', 'env', 'jsonata'];

/** The arguments with suggestions. A destination is often an extension. */
const completed: readonly ArgumentName[] = ['extension', 'destination'];

/** Can this argument be sent? An argument that the chosen operation does not take is always fine. */
export function validateArgument(
  node: OperationNode,
  name: ArgumentName,
  value: unknown = defaultOf(node, name),
): Judgement {
  if (!usedArguments(node).includes(name)) return true;
  return checkArgument(node, name, asText(value), asText(current(node, `${name}Type`)));
}

function checkArgument(node: OperationNode, name: ArgumentName, value: string, type: string): Judgement {
  if (type === 'str') return checkText(node, name, value);
  if (value.trim() === '') return mayBeMissing(node, name) || node._(`threecx.error.empty-${name}`);
  return RED.utils.validateTypedProperty(value, type, {});
}

/** Checks a fixed value by the rule that applies at run time. An empty value comes from the message. */
function checkText(node: OperationNode, name: ArgumentName, value: string): Judgement {
  if (hasEnvironment(value)) return true;
  const problem = problemOf(name, value);
  if (problem === null || problem === 'missing') return true;
  return problem === 'choice' ? node._('threecx.error.choice', { value }) : node._(`threecx.error.${name}`);
}

/** May the argument be missing? That is not known while the operation is not known. */
function mayBeMissing(node: OperationNode, name: ArgumentName): boolean {
  const offer = chosenOffer(node);
  return offer === null || (operationOf(offer.operation).optional ?? []).includes(name);
}

/** Turns the field of an argument into a typed input. */
export function prepareArgument(node: OperationNode, name: ArgumentName): void {
  const field = $(`#node-input-${name}`);
  // Validating the form now would attach the reasons to plain fields, which are about to be hidden.
  field.attr('skipValidation', true);
  const suggestions = completed.includes(name) ? suggestExtensions(node, () => textOf(field), false) : null;
  field.typedInput({
    types: types.map((type) => (type === 'str' ? textType(node, name, suggestions) : type)),
    typeField: `#node-input-${name}Type`,
  });
  field.removeAttr('skipValidation');
  bindLabel(node, name, field);
  suggestions?.openByFocus(() => field.typedInput('type') === 'str');
  followType(name, field);
}

/**
 * The text type for this argument. The editor marks a bad value without help, and `validate` adds the reason as a
 * tooltip.
 */
function textType(node: OperationNode, name: ArgumentName, suggestions: Suggestions | null): TypedInputType {
  return {
    value: 'str',
    label: RED._('typedInput.type.str'),
    icon: 'red/images/typedInput/az.svg',
    validate: (value) => checkArgument(node, name, value, 'str'),
    ...(isChoice(name) ? { options: optionsFor(node, name, choices[name]) } : {}),
    ...(suggestions === null ? {} : { autoComplete: suggestions.search }),
  };
}

/** @returns the choices, including a saved value that is none of them */
function optionsFor(node: OperationNode, name: string, values: readonly string[]): TypedInputType['options'] & object {
  const options = values.map((value) => ({ value, label: node._(`threecx.${name}.${value}`) }));
  const saved = node[name];
  if (node[`${name}Type`] === 'str' && typeof saved === 'string' && saved !== '' && !values.includes(saved)) {
    options.push({ value: saved, label: saved });
  }
  return options;
}

/** The part of a typed input that has the focus. */
function boxOf(field: JQuery): JQuery {
  return field.next('.red-ui-typedInput-container');
}

function textOf(field: JQuery): JQuery {
  return boxOf(field).find('.red-ui-typedInput-input');
}

/**
 * Connects the label with the visible field. Without that, a screen reader cannot name it, since a typed input hides
 * the field of the label.
 */
function bindLabel(node: OperationNode, name: ArgumentName, field: JQuery): void {
  const id = field.attr('id') ?? '';
  const label = field.closest('.form-row').find('label');
  label.find('span').attr('id', `${id}-label`);
  textOf(field).attr('aria-labelledby', `${id}-label`);
  boxOf(field)
    .find('.red-ui-typedInput-option-trigger')
    .attr({ id: `${id}-choice`, 'aria-labelledby': `${id}-label ${id}-choice` });
  // The kind of value that is chosen is only in the title of its button.
  const kind = boxOf(field).find('.red-ui-typedInput-type-select');
  const nameKind = (): void => {
    kind.attr('aria-label', `${node._(`threecx.label.${name}`)}: ${kind.attr('title') ?? ''}`);
  };
  field.on('typedinputtypechange', nameKind);
  nameKind();
  label.on('click', () => {
    boxOf(field).find('input, .red-ui-typedInput-option-trigger').filter(':visible').first().trigger('focus');
  });
}

/**
 * Follows the chosen type. A property named like the argument makes sense in a message only, not as a text. The list of
 * choices leaves the field empty. An empty text comes from the message, and the placeholder says so.
 */
function followType(name: ArgumentName, field: JQuery): void {
  const hint = (type: unknown): void => {
    textOf(field).attr('placeholder', type === 'str' ? `msg.${name}` : '');
  };
  hint(field.typedInput('type'));
  field.on('typedinputtypechange', (_event, type) => {
    hint(type);
    const value = field.typedInput('value');
    if (type === 'msg' && value === '') field.typedInput('value', name);
    if (type === 'str' && value === name && !isChoice(name)) {
      field.typedInput('value', '');
      // The menu of types is closed by then.
      setTimeout(() => textOf(field).trigger('click'));
    }
  });
}
