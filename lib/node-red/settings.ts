import type { Node } from 'node-red';
import { parseNumberList } from '../calls';
import { ThreeCxError } from '../http-api';
import type { NodeAPI } from './types';

/** The types leave out that there may be no node: then it is the environment of Node-RED. */
interface EnvironmentReader {
  evaluateNodeProperty(name: string, type: 'env', node: Node | null, msg: object): string | number | undefined;
}

/**
 * Replaces each `${ENV}` in a setting. Node-RED does so only where a variable is the whole of it.
 *
 * @param name names the setting in the error
 * @throws ThreeCxError `invalid-argument` when a variable is not set: an empty text could mean something else
 */
export function expandEnvironment(RED: NodeAPI, node: Node | null, name: string, text: string): string {
  return text.replace(/\$\{([^}]+)\}/g, (_match, variable: string) => {
    const value = (RED.util as EnvironmentReader).evaluateNodeProperty(variable, 'env', node, {});
    if (value === undefined || value === '') {
      throw new ThreeCxError('invalid-argument', `${name}: the environment variable ${variable} is not set`);
    }
    return String(value);
  });
}

/** Reads the settings of one node; each reader throws ThreeCxError `invalid-argument`, naming the setting. */
export class Settings {
  constructor(
    private readonly RED: NodeAPI,
    /** Whose environment it is; null for that of Node-RED. */
    private readonly node: Node | null,
    private readonly values: Readonly<Record<string, unknown>>,
  ) {}

  text(name: string, byDefault: string): string {
    const value = this.values[name];
    if (value === undefined || value === null || value === '') return byDefault;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new ThreeCxError('invalid-argument', `${name} must be text or a number`);
    }
    return expandEnvironment(this.RED, this.node, name, String(value));
  }

  /** A number of milliseconds. */
  milliseconds(name: string, byDefault: number, least: number): number {
    const value = Number(this.text(name, String(byDefault)));
    // setTimeout takes no more than 31 bits.
    if (!(value >= least && value <= 0x7fffffff)) {
      throw new ThreeCxError('invalid-argument', `${name} must be a number of milliseconds, at least ${least}`);
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

  /** A list of numbers, ranges and patterns; everything is in an empty one. */
  numbers(name: string): (number: string) => boolean {
    const text = this.text(name, '');
    try {
      return parseNumberList(text);
    } catch (error) {
      throw new ThreeCxError('invalid-argument', `${name}: ${(error as RangeError).message}`);
    }
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
