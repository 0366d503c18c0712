import { type ArgumentName, argumentsOf, choices, isChoice, type Offer, offerOf, operationOf } from '../lib/pbx';
import { asText, defaultOf, hasEnvironment, saved } from './fields';
import { savedServer, withName } from './names';
import { isWatching, type OperationNode } from './operations';

/** Examples: "call 11 from 10", "call {destination} from 10" with one known argument, "Make a call" with none. */
export function label(node: OperationNode): string {
  if (node.name) return node.name;
  if (isWatching(node, saved)) return watchLabel(node);
  const operation = asText(node.operation ?? defaultOf(node, 'operation'));
  const offer = offerOf(node.type, operation);
  if (offer === null) return node._('threecx.label.palette');
  const named = namedArguments(offer);
  if (!named.some((name) => isFixed(node, name))) return node._(`threecx.operation.${operation}`);
  const values = Object.fromEntries(named.map((name) => [name, inLabel(node, name)]));
  return node._(`threecx.summary.${operation}`, values);
}

function watchLabel(node: OperationNode): string {
  const extensions = asText(node.extensions).trim();
  return node._(`threecx.summary.${extensions === '' ? 'watch-all' : 'watch'}`, {
    extensions: withName(savedServer(node), extensions),
  });
}

/** @returns the arguments in a label; the kind of phone is left out as a detail */
function namedArguments(offer: Offer): ArgumentName[] {
  const { optional = [] } = operationOf(offer.operation);
  return argumentsOf(offer).filter((name) => name !== 'phone' && !optional.includes(name));
}

function isFixed(node: OperationNode, name: ArgumentName): boolean {
  return node[`${name}Type`] === 'str' && Boolean(node[name]);
}

/** @returns a fixed value, or the source in braces; an empty value comes from the message */
function inLabel(node: OperationNode, name: ArgumentName): string {
  const value = asText(node[name] ?? defaultOf(node, name));
  const type = node[`${name}Type`] ?? defaultOf(node, `${name}Type`);
  switch (type) {
    case 'str':
      if (value === '') return `{${name}}`;
      if (!isChoice(name)) return withName(savedServer(node), value);
      return isIn(choices[name], value) ? node._(`threecx.${name}.${value}`) : value;
    case 'msg':
      return `{${value}}`;
    case 'flow':
    case 'global':
      return `{${type}.${RED.utils.parseContextKey(value).key}}`;
    case 'env':
      return hasEnvironment(value) ? value : `\${${value}}`;
    default:
      return '{…}';
  }
}

function isIn(values: readonly string[], value: string): boolean {
  return values.includes(value);
}
