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

/** Whose environment variables count: a node's, those of the flow that one is to be in, or (null) the process's. */
export type Environment = Node | null | { id: string; name: string; _flow: object };

/** The types know nodes only. */
interface EnvironmentReader {
  evaluateNodeProperty(name: string, type: 'env', node: Environment, msg: object): string | number | undefined;
}

/**
 * Replaces each `${ENV}` in a setting. Node-RED does so only where a variable is the whole of it.
 *
 * @param name names the setting in the error
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

/** Reads the settings of one node; each reader throws ThreeCxError `invalid-argument`, naming the setting. */
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

  /** A text that nothing can stand in for. */
  required(name: string): string {
    const text = this.text(name, '').trim();
    if (text === '') throw new ThreeCxError('invalid-argument', `${name} is missing`);
    return text;
  }

  /** A secret: only a `${ENV}` that is the whole of it is replaced, so that no error quotes a part of a secret. */
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

  /** A number of milliseconds. */
  milliseconds(name: string, byDefault: number, least: number): number {
    const value = millisecondsOf(this.text(name, String(byDefault)), least);
    if (value === null) {
      throw new ThreeCxError('invalid-argument', `${name} must be a whole number of milliseconds, at least ${least}`);
    }
    return value;
  }

  /** A regular expression; an empty one, where that is the default, matches everything. */
  expression(name: string, byDefault: string): RegExp {
    const text = this.text(name, byDefault);
    try {
      return new RegExp(text);
    } catch {
      throw new ThreeCxError('invalid-argument', `${name} is not a regular expression`);
    }
  }

  /** Where calls may go. */
  destinations(name: string): (destination: string) => boolean {
    const text = this.text(name, '');
    try {
      return parseDestinations(text);
    } catch (error) {
      const reason = error instanceof RangeError ? `: ${error.message}` : ' is not a regular expression';
      throw new ThreeCxError('invalid-argument', name + reason);
    }
  }

  /** A list of numbers, ranges and patterns; everything is in an empty one. */
  numbers(name: string): (number: string) => boolean {
    return this.readList(name, parseNumberList);
  }

  /** The numbers that such a list names, at most so many. */
  namedNumbers(name: string, max: number): string[] {
    return this.readList(name, (text) => namedNumbers(text, max));
  }

  /** The extensions to ask for, numbers and ranges only; none are in an empty list. */
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

  /** A country; empty for none. */
  country(name: string): string {
    const text = this.text(name, '');
    const country = text.trim() === '' ? '' : countryOf(text);
    if (country === null) {
      throw new ThreeCxError('invalid-argument', `${name} must be the two letters of a country, such as DE`);
    }
    return country;
  }

  /** A list of numbers with their names. */
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

  /** How often to look at profiles, in seconds. @returns it in ms */
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
