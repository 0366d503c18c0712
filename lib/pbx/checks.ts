import { type ArgumentName, type Arguments, checkArgument, isAbsent } from './arguments';
import { ThreeCxError } from './errors';
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
 * @param allowed undefined: every destination
 * @throws ThreeCxError `not-allowed` for an operation that dials another destination
 */
export function checkDestination(name: OperationName, given: Arguments, allowed: RegExp | undefined): void {
  if (operationOf(name).dials && allowed && (given.destination ?? '').search(allowed) < 0) {
    throw new ThreeCxError('not-allowed', 'the connection does not allow this destination');
  }
}
