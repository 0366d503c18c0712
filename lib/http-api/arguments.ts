import { ThreeCxError } from './errors';
import { profileOf } from './profiles';

export type ArgumentName =
  'extension' | 'destination' | 'queue' | 'phone' | 'action' | 'queueAction' | 'recordAction' | 'profile';
export type Arguments = Partial<Record<ArgumentName, string>>;

export const queueActions = [
  ...['login_all', 'logout_all'],
  ...['login_only_to', 'logout_only_from', 'login_current', 'logout_current'],
];

/**
 * What an operation can be given. The server decodes nothing (shipped), so a value goes into the URL as it is, and
 * whatever would change the URL's meaning must not get in.
 */
const checks: Readonly<Record<ArgumentName, (value: unknown) => string>> = {
  extension: dn('extension', 32),
  destination: dn('destination', 64),
  queue: dn('queue', 32),
  phone: oneOf('phone', ['Soft', 'Web', 'Desktop', 'Mobile']),
  action: oneOf('action', ['login_all', 'logout_all']),
  queueAction: oneOf('queueAction', queueActions),
  recordAction: oneOf('recordAction', ['start', 'stop', 'pause', 'resume']),
  profile: (value) => {
    const profile = typeof value === 'string' ? profileOf(value) : null;
    if (profile === null) throw invalid('profile', 'must be avail, away, oof, custom1 or custom2');
    return profile;
  },
};

/**
 * Checks one argument.
 *
 * @param name which argument
 * @param value what the user gave: text or a safe integer
 * @returns the text to send
 * @throws ThreeCxError `invalid-argument`, naming the argument but not quoting it: it may be a phone number, and errors
 *   are logged
 */
export function checkArgument(name: ArgumentName, value: unknown): string {
  if (value === undefined || value === null || value === '') throw invalid(name, 'is missing');
  return checks[name](value);
}

function invalid(name: ArgumentName, problem: string): ThreeCxError {
  return new ThreeCxError('invalid-argument', `${name} ${problem}`);
}

/** An extension, or (`destination`) whatever can be dialled; `all` would match every DN where makecall looks for one. */
function dn(name: ArgumentName, maxLength: number): (value: unknown) => string {
  const isDestination = name === 'destination';
  const allowed = isDestination ? /^[0-9A-Za-z_.*+@-]+$/ : /^[0-9A-Za-z_.*+-]+$/;
  return (value) => {
    if (typeof value !== 'string' && !Number.isSafeInteger(value))
      throw invalid(name, 'must be text or a whole number');
    const text = String(value);
    if (text.length > maxLength) throw invalid(name, `is longer than ${maxLength} characters`);
    if (!allowed.test(text)) {
      throw invalid(name, `may hold only letters, digits and ${isDestination ? '_ . * + - @' : '_ . * + -'}`);
    }
    if (text === '.' || text === '..' || (text === 'all' && !isDestination))
      throw invalid(name, 'is not a number to call');
    return text;
  };
}

function oneOf(name: ArgumentName, values: readonly string[]): (value: unknown) => string {
  return (value) => {
    if (typeof value !== 'string' || !values.includes(value))
      throw invalid(name, `must be one of ${values.join(', ')}`);
    return value;
  };
}
