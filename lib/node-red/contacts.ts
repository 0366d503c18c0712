import { type Connection, type Contact, type NamedConnection, type Pbx, plainNumber, type Result } from '../pbx';
import { InternationalNumbers } from './international-numbers';
import type { Settings } from './settings';

export interface ContactSettings {
  /** See `countries`; empty for none. */
  country: string;
  names: readonly Contact[];
}

/** The fields of a payload that identify somebody, with the fields that they are derived from. */
interface Named {
  extension?: string;
  extensionName?: string | null;
  number?: string | null;
  e164?: string | null;
  name?: string | null;
}

/**
 * Reads the names for numbers.
 *
 * @throws ThreeCxError `invalid-argument`, naming the setting that is wrong
 */
export function readContacts(settings: Settings): ContactSettings {
  return { country: settings.country('country'), names: settings.contacts('names') };
}

/** The names for numbers, for the nodes of one connection: from its `names`, and otherwise from the PBX. */
export class Contacts {
  private readonly international: InternationalNumbers;
  private readonly byNumber = new Map<string, string>();
  /** The same names by international numbers; null until one is needed. */
  private byE164: ReadonlyMap<string, string> | null = null;

  /**
   * @param pbx has the names of its DNs, if it reports any
   * @param isDn knows extensions and other DNs of the PBX: their numbers have no international form
   */
  constructor(
    { country, names }: ContactSettings,
    private readonly pbx: Pick<Pbx, 'nameOf'>,
    private readonly isDn: (number: string) => boolean,
  ) {
    this.international = new InternationalNumbers(country);
    for (const { number, name } of names) {
      const key = asDialled(number.trim());
      // The first of several entries counts. The dialog shows that one first too.
      if (key !== '' && name.trim() !== '' && !this.byNumber.has(key)) this.byNumber.set(key, name.trim());
    }
  }

  /** @returns a number in international form; null for a DN of the PBX, a code, and what is no possible number */
  e164(number: string): string | null {
    return this.isDn(number) ? null : this.international.of(number);
  }

  /** @returns the name of an extension, or of another DN; null without a name */
  extensionName(extension: string): string | null {
    return this.byNumber.get(extension) ?? this.pbx.nameOf?.(extension) ?? null;
  }

  /**
   * @param told the PBX's name for the party with this number; null when it has no name
   * @returns the name of the number's owner; null without a name
   */
  name(number: string, told: string | null = null): string | null {
    return this.byNumber.get(asDialled(number)) ?? this.foreignName(number) ?? told ?? this.extensionName(number);
  }

  /**
   * Completes a payload in place: `extensionName` where it has an `extension`; `e164` and `name` where it has a
   * `number`. An existing `name` is the PBX's own.
   *
   * @returns the same payload
   */
  complete<T extends Named>(payload: T): T {
    const { extension, number, name = null } = payload;
    if (extension !== undefined) payload.extensionName = this.extensionName(extension);
    if (number !== undefined) {
      payload.e164 = number === null ? null : this.e164(number);
      payload.name = number === null ? name : this.name(number, name);
    }
    return payload;
  }

  /** Completes the result of an operation, as {@link complete} does, in a copy. */
  completeResult(result: Result): Result {
    const { connections, number, name = null } = result;
    return {
      ...result,
      ...(number === undefined ? {} : this.complete({ number, e164: null, name })),
      ...(connections === undefined ? {} : { connections: this.namedConnections(connections) }),
    };
  }

  /** Are two numbers the same, as dialled or in international form? */
  sameNumber(a: string, b: string): boolean {
    if (asDialled(a) === asDialled(b)) return true;
    const e164 = this.e164(a);
    return e164 !== null && e164 === this.e164(b);
  }

  private namedConnections(connections: readonly Connection[]): NamedConnection[] {
    const dns = new Set(connections.map(({ extension }) => extension));
    return connections.map(({ id, extension, status, number, name, ...others }) => ({
      ...{ id, extension, extensionName: this.extensionName(extension), status, number },
      ...{ e164: dns.has(number) ? null : this.e164(number), name: this.name(number, name), ...others },
    }));
  }

  private foreignName(number: string): string | undefined {
    if (this.byNumber.size === 0) return undefined;
    const e164 = this.e164(number);
    if (e164 === null) return undefined;
    this.byE164 ??= this.internationalNames();
    return this.byE164.get(e164);
  }

  private internationalNames(): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    for (const [number, name] of this.byNumber) {
      const e164 = this.international.of(number);
      if (e164 !== null && !names.has(e164)) names.set(e164, name);
    }
    return names;
  }
}

/** @returns a number as it would be dialled; any text that is no such number unchanged */
function asDialled(number: string): string {
  return plainNumber(number) ?? number;
}
