import { type ArgumentName, type Arguments, checkArgument, isAbsent, problemOf } from './arguments';
import { ThreeCxError } from './errors';
import { listNumbers } from './numbers';
import { type OperationName, operationOf } from './operations';

/**
 * Checks the arguments of an operation.
 *
 * @param args unchecked; those that the operation does not have are ignored
 * @param labelOf what an error calls an argument
 * @throws ThreeCxError `invalid-argument`, naming the argument
 */
export function checkArguments(
  name: OperationName,
  args: Readonly<Record<string, unknown>>,
  labelOf: (argument: ArgumentName) => string = String,
): Arguments {
  const { arguments: required, optional = [] } = operationOf(name);
  const present = optional.filter((argument) => !isAbsent(args[argument]));
  const given: Arguments = {};
  for (const argument of [...required, ...present]) {
    given[argument] = checkArgument(argument, args[argument], labelOf(argument));
  }
  return given;
}

/**
 * @param isAllowed undefined: every destination
 * @throws ThreeCxError `not-allowed` for an operation that dials another destination
 */
export function checkDestination(
  name: OperationName,
  given: Arguments,
  isAllowed: ((destination: string) => boolean) | undefined,
): void {
  if (operationOf(name).dials && isAllowed && !isAllowed(given.destination ?? '')) {
    throw new ThreeCxError('not-allowed', 'the connection does not allow this destination');
  }
}

/** The number of extensions that a node can watch where each takes its own request. */
export const maxListedExtensions = 1_000;

/**
 * Lists the extensions to send requests for, from numbers and ranges such as `10, 20-29`.
 *
 * @throws NumberListError
 */
export function listExtensions(text: string): string[] {
  return listNumbers(text, maxListedExtensions, (number) => problemOf('extension', number) === null);
}
