import type { Node } from 'node-red';
import {
  type Contact,
  countryOf,
  listExtensions,
  millisecondsOf,
  namedNumbers,
  parseDestinations,
  parseNumberList,
  profileInterval,
  secondsOf,
  ThreeCxError,
} from '../pbx';
import type { NodeAPI } from './types';

/** The owner of the environment variables: a node, the flow that the node will be in, or (null) the process. */
export type Environment = Node | null | { id: string; name: string; _flow: object };

/** A part that the types of Node-RED have for nodes only. */
interface EnvironmentReader {
  evaluateNodeProperty(name: string, type: 'env', node: Environment, msg: object): string | number | undefined;
}

/**
 * Replaces each `${ENV}` in a setting. Node-RED only replaces a variable that is the whole setting.
 *
 * @param name the setting's name for the error
 * @throws ThreeCxError `invalid-argument` when a variable is not set: an empty text could mean something else
 */
export function expandEnvironment(RED: NodeAPI, environment: Environment, name: string, text: string): string {
  return text.replace(/\$\{([^}]+)\}/g, (_match, variable: string) => valueOf(RED, environment, name, variable));
}

function valueOf(RED: NodeAPI, environment: Environment, name: string, variable: string): string {
  const value = (RED.util as EnvironmentReader).evaluateNodeProperty(variable, 'env', environment, {});
  if (value === undefined || value === '') {
    throw new ThreeCxError('invalid-argument', `${name}: the environment variable ${variable} is not set`);
  }
  return String(value);
}

/** Reads the settings of one node. Each reader throws ThreeCxError `invalid-argument`, naming the setting. */
export class Settings {
  constructor(
    private readonly RED: NodeAPI,
    private readonly environment: Environment,
    private readonly values: Readonly<Record<string, unknown>>,
  ) {}

  text(name: string, byDefault: string): string {
    const text = this.literal(name);
    return text === '' ? byDefault : expandEnvironment(this.RED, this.environment, name, text);
  }

  /** Reads a text that has no default. */
  required(name: string): string {
    const text = this.text(name, '').trim();
    if (text === '') throw new ThreeCxError('invalid-argument', `${name} is missing`);
    return text;
  }

  /** Reads a secret. A `${ENV}` is replaced only if it is the whole secret, so that no error quotes a part of one. */
  secret(name: string): string {
    const text = this.literal(name);
    const variable = /^\$\{([^{}\s]+)\}$/.exec(text)?.[1];
    return variable === undefined ? text : valueOf(this.RED, this.environment, name, variable);
  }

  private literal(name: string): string {
    const value = this.values[name];
    if (value === undefined || value === null) return '';
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ThreeCxError('invalid-argument', `${name} must be text or a number`);
    }
    return String(value);
  }

  /** Reads a number of milliseconds. */
  milliseconds(name: string, byDefault: number, least: number): number {
    const value = millisecondsOf(this.text(name, String(byDefault)), least);
    if (value === null) {
      throw new ThreeCxError('invalid-argument', `${name} must be a whole number of milliseconds, at least ${least}`);
    }
    return value;
  }

  /** Reads a regular expression. An empty default matches everything. */
  expression(name: string, byDefault: string): RegExp {
    const text = this.text(name, byDefault);
    try {
      return new RegExp(text);
    } catch {
      throw new ThreeCxError('invalid-argument', `${name} is not a regular expression`);
    }
  }

  /** Reads the destinations that may be called. */
  destinations(name: string): (destination: string) => boolean {
    const text = this.text(name, '');
    try {
      return parseDestinations(text);
    } catch (error) {
      const reason = error instanceof RangeError ? `: ${error.message}` : ' is not a regular expression';
      throw new ThreeCxError('invalid-argument', name + reason);
    }
  }

  /** Reads a list of numbers, ranges and patterns. An empty list contains everything. */
  numbers(name: string): (number: string) => boolean {
    return this.readList(name, parseNumberList);
  }

  /** Lists the numbers named in such a list, up to a maximum. */
  namedNumbers(name: string, max: number): string[] {
    return this.readList(name, (text) => namedNumbers(text, max));
  }

  /** Reads the extensions to send requests for: numbers and ranges only. An empty list names none. */
  extensions(name: string): string[] {
    return this.readList(name, listExtensions);
  }

  private readList<T>(name: string, read: (text: string) => T): T {
    const text = this.text(name, '');
    try {
      return read(text);
    } catch (error) {
      throw new ThreeCxError('invalid-argument', `${name}: ${(error as RangeError).message}`);
    }
  }

  /** Reads a country; an empty text means none. */
  country(name: string): string {
    const text = this.text(name, '');
    const country = text.trim() === '' ? '' : countryOf(text);
    if (country === null) {
      throw new ThreeCxError('invalid-argument', `${name} must be the two letters of a country, such as DE`);
    }
    return country;
  }

  /** Reads a list of numbers with their names. */
  contacts(name: string): Contact[] {
    const list = this.values[name] ?? [];
    if (!Array.isArray(list)) throw new ThreeCxError('invalid-argument', `${name} must be a list of numbers and names`);
    return list.map((entry: unknown, index) => {
      const contact = new Settings(this.RED, this.environment, Object(entry) as Record<string, unknown>);
      try {
        return { number: contact.text('number', ''), name: contact.text('name', '') };
      } catch (error) {
        throw new ThreeCxError('invalid-argument', `${name}: entry ${index + 1}: ${(error as Error).message}`);
      }
    });
  }

  /**
   * Reads the interval for looking up profiles, which is set in seconds.
   *
   * @returns it in ms
   */
  profileInterval(name: string): number {
    const value = secondsOf(this.text(name, String(profileInterval.fallback)));
    if (value === null) throw new ThreeCxError('invalid-argument', `${name} must be a number of seconds`);
    return Math.max(value, profileInterval.min * 1_000);
  }

  flag(name: string): boolean {
    return this.text(name, 'false') === 'true';
  }

  oneOf<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const text = this.text(name, choices[0]);
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined)
      throw new ThreeCxError('invalid-argument', `${name} must be one of ${choices.join(', ')}`);
    return choice;
  }
}
