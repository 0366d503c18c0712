import type { SimulatorAuth } from './auth';
import { PbxError } from './pbx';

/** The differences between the builds of the community server that people run. */
export interface Habits {
  /** The authentication that it always requires; null: it requires none, but a proxy in front of it may. */
  readonly auth: Exclude<SimulatorAuth['type'], 'none'> | null;
  /** Where an operation fails: no answer at all, or 500 with the exception's message. */
  readonly errors: 'unanswered' | '500';
  /** What `stop` gets: an empty answer, since the listener stops first, or its text. */
  readonly stop: 'empty' | 'text';
  /** The answer to an unknown operation, and to a known one that does nothing. */
  readonly idle: string;
  /** `Content-Type` of all answers; null for none. */
  readonly contentType: string | null;
  /** It has lost its PBX: it answers everything with `Idle`. */
  readonly hasLostPbx: boolean;
  /** Which number names a queue: its first four characters, or all of it. */
  readonly queueNumber: 'first-four' | 'all';
  /** The name of a queue that isn't there; null: the operation fails. */
  readonly unknownQueue: string | null;
  /** Are there phones of the kind `Web`, to dial from and to answer at? */
  readonly hasWeb: boolean;
  /** The phone kind of `unpark`; null: its second argument names it. */
  readonly unparkKind: string | null;
  /** Is the extension of `dnregs` a prefix? */
  readonly dnregsByPrefix: boolean;
  /** Does `notready` set the profile? */
  readonly notreadySetsProfile: boolean;
}

/** The answer to everything from a server that has lost its PBX. Some builds also give it to unknown operations. */
export const idlePage = '<HTML><BODY>Idle</BODY></HTML>';

const original: Habits = {
  auth: null,
  errors: 'unanswered',
  stop: 'empty',
  idle: 'idle',
  contentType: null,
  hasLostPbx: false,
  queueNumber: 'first-four',
  unknownQueue: null,
  hasWeb: true,
  unparkKind: null,
  dnregsByPrefix: false,
  notreadySetsProfile: true,
};
const exceptions: Habits = { ...original, errors: '500', stop: 'text' };
const of2020: Habits = { ...original, hasWeb: false, unparkKind: 'Soft' };

/** By the name that the option `build` takes. */
export const builds = {
  /** Until 2024. */
  original,
  /** Since September 2024, which wants a user and a password. */
  'original-2024': { ...original, auth: 'basic' },
  /** A fork that wants a token. */
  bearer: { ...exceptions, auth: 'bearer' },
  /** Two forks with one code. */
  'free-queues': {
    ...original,
    stop: 'text',
    idle: idlePage,
    contentType: 'text/html',
    queueNumber: 'all',
    unknownQueue: 'unidentifyable',
  },
  // “Just 2020” would be a key that is a number, and numbers come before all other keys.
  '2020-later': of2020,
  /** The oldest. */
  '2020-first': { ...of2020, dnregsByPrefix: true },
  /** A fork whose `notready` only logs out of the queues. */
  'keeps-profile': { ...original, notreadySetsProfile: false },
  /** The fork with Bearer, with any authentication or none. */
  exceptions,
  /** The original when it has lost its PBX. */
  idle: { ...original, hasLostPbx: true },
} as const satisfies Record<string, Habits>;

export type Build = keyof typeof builds;

export const buildNames = Object.keys(builds) as Build[];

/** The path is too short. */
export class MissingArgument extends PbxError {
  constructor(position: number) {
    super('unknown', `Argument ${position} is missing.`);
  }
}

/** The message of the exception that .NET throws where the server fails. */
export function exceptionMessage(error: PbxError): string {
  if (error instanceof MissingArgument) return 'Index was outside the bounds of the array.';
  if (error.reason === 'impossible') return 'Operation is not valid due to the current state of the object.';
  return 'Object reference not set to an instance of an object.';
}
