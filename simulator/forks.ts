/** How forks of the shipped server, and a broken one, differ from the original. */
import { PbxError } from './pbx';

/** `exceptions`: an error is answered with 500 and its text. `idle`: the service has lost its PBX. */
export type Fork = 'exceptions' | 'idle';

/** What the server answers to everything once it has lost its PBX. */
export const LOST_PBX = '<HTML><BODY>Idle</BODY></HTML>';

/** The path is too short. */
export class MissingArgument extends PbxError {
  constructor(position: number) {
    super('unknown', `Argument ${position} is missing.`);
  }
}

/** What .NET says where the server fails. */
export function exceptionText(error: PbxError): string {
  if (error instanceof MissingArgument) {
    return 'System.IndexOutOfRangeException: Index was outside the bounds of the array.';
  }
  if (error.reason === 'impossible') {
    return 'System.InvalidOperationException: Operation is not valid due to the current state of the object.';
  }
  return 'System.NullReferenceException: Object reference not set to an instance of an object.';
}
