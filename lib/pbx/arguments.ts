import { ThreeCxError } from './errors';
import { plainNumber } from './numbers';
import { profileNames, profileOf } from './profiles';

/** The choices for an argument, in the order of the dialogs. */
export const choices = {
  phone: ['Auto', 'Soft', 'Web', 'Desktop', 'Mobile'],
  action: ['login_all', 'logout_all'],
  profile: Object.keys(profileNames),
  recordAction: ['start', 'stop', 'pause', 'resume', 'toggle'],
} as const satisfies Record<string, readonly string[]>;

/**
 * Numbers that can be called. A destination may also be written the way people write numbers, see {@link plainNumber}.
 * The server decodes nothing (community), so a value goes into the URL unchanged.
 */
const numbers = {
  extension: { pattern: /^[0-9A-Za-z_.*+-]+$/, maxLength: 32 },
  destination: { pattern: /^[0-9A-Za-z_.*+@-]+$/, maxLength: 64 },
  queue: { pattern: /^[0-9A-Za-z_.*+-]+$/, maxLength: 32 },
} as const;

export type ChoiceName = keyof typeof choices;
type NumberName = keyof typeof numbers;
export type ArgumentName = NumberName | ChoiceName;
export type Arguments = Partial<Record<ArgumentName, string>>;

/** The ways in which an argument can be wrong. */
export type ArgumentProblem = 'missing' | 'type' | 'length' | 'characters' | 'reserved' | 'choice';

export function isChoice(name: ArgumentName): name is ChoiceName {
  return name in choices;
}

export function isArgument(name: string): name is ArgumentName {
  return name in choices || name in numbers;
}

/** @returns the source of an argument in a node that was saved without one */
export function fallbackOf(name: ArgumentName): { value: string; type: 'msg' | 'str' } {
  return name === 'phone' ? { value: 'Soft', type: 'str' } : { value: name, type: 'msg' };
}

/** Is the value absent, so that an optional argument may be left out? */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/**
 * Checks one argument: it must not change the meaning of the URL that it becomes part of.
 *
 * @param value what the user gave: text or a safe integer
 * @returns what is wrong with it; null when nothing is
 */
export function problemOf(name: ArgumentName, value: unknown): ArgumentProblem | null {
  if (isAbsent(value)) return 'missing';
  if (isChoice(name)) return choiceOf(name, value) === null ? 'choice' : null;
  if (typeof value !== 'string' && !Number.isSafeInteger(value)) return 'type';
  const given = String(value);
  const { pattern, maxLength } = numbers[name];
  if (given.length > maxLength) return 'length';
  const text = numberOf(name, given);
  if (!pattern.test(text)) return 'characters';
  // `all` would match every DN where makecall looks for an extension (community).
  return text === '.' || text === '..' || (text === 'all' && name !== 'destination') ? 'reserved' : null;
}

/**
 * @param label what an error calls it
 * @returns the text to send
 * @throws ThreeCxError `invalid-argument`, naming the argument but not quoting it: it may be a phone number, and errors
 *   are logged
 */
export function checkArgument(name: ArgumentName, value: unknown, label: string = name): string {
  const problem = problemOf(name, value);
  if (problem !== null) throw new ThreeCxError('invalid-argument', `${label} ${inWords(problem, name)}`);
  return (isChoice(name) ? choiceOf(name, value) : null) ?? numberOf(name, String(value));
}

/** @returns what is dialled for a destination; any other number as it is */
function numberOf(name: ArgumentName, text: string): string {
  return name === 'destination' ? (plainNumber(text) ?? text) : text;
}

/** @returns the choice that is meant; a profile by its name too */
function choiceOf(name: ChoiceName, value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (name === 'profile') return profileOf(value);
  return choices[name].find((choice) => choice === value) ?? null;
}

function inWords(problem: ArgumentProblem, name: ArgumentName): string {
  switch (problem) {
    case 'missing':
      return 'is missing';
    case 'type':
      return 'must be text or a whole number';
    case 'reserved':
      return 'is not a number to call';
    case 'length':
      return isChoice(name) ? '' : `is longer than ${numbers[name].maxLength} characters`;
    case 'characters':
      return name === 'destination'
        ? 'must be a number, such as +49 30 123-45, or hold only letters, digits and _ . * + - @'
        : 'may hold only letters, digits and _ . * + -';
    case 'choice': {
      const values = isChoice(name) ? choices[name] : [];
      return name === 'profile' ? `must be ${inList(values)}` : `must be one of ${values.join(', ')}`;
    }
  }
}

function inList(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}
