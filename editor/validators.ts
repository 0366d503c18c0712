import {
  expressionIn,
  leastMilliseconds,
  maxListedExtensions,
  millisecondsOf,
  NumberListError,
  parseNumberList,
} from '../lib/pbx';
import { asText, connectionDialog, hasEnvironment, isFormOf, isOld } from './fields';

/** Validates a time in ms. A time that the flow leaves out gets its default. */
export function validateMilliseconds(
  node: EditorNode,
  name: keyof typeof leastMilliseconds,
  value: unknown,
): Judgement {
  const min = leastMilliseconds[name];
  if (value === undefined || hasEnvironment(value)) return true;
  return millisecondsOf(asText(value), min) !== null || node._('threecx.error.number', { min });
}

/** Validates a regular expression. Blank would match everything, so it needs permission. */
export function validatePattern(node: EditorNode, value: unknown, isBlankAllowed: boolean): Judgement {
  const text = asText(value);
  if (value === undefined || hasEnvironment(text)) return true;
  if (text === '') return isBlankAllowed || node._('threecx.error.pattern-empty');
  return checkPattern(node, text);
}

/** Validates the allowed destinations: a list of numbers, or a regular expression between slashes. */
export function validateDestinations(node: EditorNode, value: unknown): Judgement {
  const text = asText(value);
  if (hasEnvironment(text)) return true;
  // The dialog shows the setting as the current version has it.
  const isExpression = isOld(node) && !isFormOf(connectionDialog(), node);
  const expression = isExpression ? text : expressionIn(text);
  return expression === null ? checkList(node, text, parseNumberList) : checkPattern(node, expression);
}

function checkPattern(node: EditorNode, text: string): Judgement {
  try {
    new RegExp(text);
    return true;
  } catch (error) {
    // Without the expression, which the message quotes: the editor takes a connection's reasons for HTML.
    const reason = error instanceof Error ? error.message.split(': ').at(-1) : '';
    return node._('threecx.error.pattern', { reason });
  }
}

/**
 * A list of numbers.
 *
 * @param read throws NumberListError for one that is wrong
 */
export function checkList(node: EditorNode, text: string, read: (text: string) => unknown): Judgement {
  if (hasEnvironment(text)) return true;
  try {
    read(text);
    return true;
  } catch (error) {
    if (!(error instanceof NumberListError)) throw error;
    const { entry, problem } = error;
    return node._(`threecx.error.list-${problem}`, { entry, max: maxListedExtensions });
  }
}
