import type * as PhoneNumbers from 'awesome-phonenumber';
import { plainNumber } from '../pbx';

/** The size of the cache: the same few numbers come in every payload of a call. */
const maxKnown = 1_000;
/** The most characters of a number. A caller may send a longer text. */
const maxCharacters = 64;
/** The fewest digits of an outside number without a country code. */
const minDigits = 6;

/** Loads the library with the first number: it brings the numbering plans of all countries. */
function loadPhoneNumbers(): typeof PhoneNumbers {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('awesome-phonenumber') as typeof PhoneNumbers;
}

/** Brings numbers into international form (E.164). */
export class InternationalNumbers {
  private readonly known = new Map<string, string | null>();

  /** @param country where national numbers belong, see `countries`; with an empty text they are not converted */
  constructor(private readonly country: string) {}

  /**
   * @param number as the PBX or a person wrote it
   * @returns null for a code, an extension, and any text that is no possible number
   */
  of(number: string): string | null {
    if (number.length > maxCharacters) return null;
    const known = this.known.get(number);
    if (known !== undefined) return known;
    const found = this.find(number);
    const [oldest] = this.known.keys();
    if (this.known.size >= maxKnown && oldest !== undefined) this.known.delete(oldest);
    this.known.set(number, found);
    return found;
  }

  private find(number: string): string | null {
    const plain = plainNumber(number);
    if (plain === null) return null;
    if (plain.startsWith('+')) return internationalForm(plain);
    if (/^00\d+$/.test(number)) return internationalForm(`+${number.slice(2)}`);
    if (this.country === '' || plain.length < minDigits) return null;
    const { possible, valid, number: forms } = loadPhoneNumbers().parsePhoneNumber(plain, { regionCode: this.country });
    // Without the leading 0 it may be a local number that only looks like a possible national one.
    return (plain.startsWith('0') ? possible : valid) ? (forms?.e164 ?? null) : null;
  }
}

function internationalForm(number: string): string | null {
  const { possible, number: forms } = loadPhoneNumbers().parsePhoneNumber(number);
  return possible ? (forms?.e164 ?? null) : null;
}
