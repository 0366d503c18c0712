import { type Contact, problemOf } from '../lib/pbx';

/** The contacts in a pasted text. */
export interface PastedContacts {
  contacts: Contact[];
  /** How many lines or cards had no number, or no name. A header is none of them. */
  skipped: number;
}

/**
 * Reads numbers and names from a text: rows of a spreadsheet, with tabs, semicolons or commas between their cells, or
 * vCards.
 */
export function contactsIn(text: string): PastedContacts {
  return /^BEGIN:VCARD\s*$/im.test(text) ? contactsInCards(text) : contactsInRows(text);
}

function contactsInRows(text: string): PastedContacts {
  const separator = ['\t', ';', ','].find((one) => text.includes(one)) ?? '\t';
  const rows = rowsOf(text, separator).filter((cells) => cells.some((cell) => cell !== ''));
  const found = rows.map((cells) => {
    const at = cells.findIndex(isNumber);
    const name = cells.find((cell, index) => index !== at && cell !== '') ?? '';
    return at < 0 || name === '' ? null : { number: cells[at] ?? '', name };
  });
  // Words where the other rows have numbers.
  const hasHeader = found[0] === null && rows.length > 1 && !/\d/.test(rows[0]?.join('') ?? '');
  const contacts = found.filter((contact) => contact !== null);
  return { contacts, skipped: rows.length - contacts.length - (hasHeader ? 1 : 0) };
}

/** A name of one word could be a destination too: what has no digit is somebody's name. */
function isNumber(cell: string): boolean {
  return /\d/.test(cell) && problemOf('destination', cell) === null;
}

/** The cells of each row, trimmed. In quotes a cell may hold anything, and quotes themselves twice. */
function rowsOf(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let isQuoted = false;
  const endCell = (): void => {
    rows.at(-1)?.push(cell.replace(/\s+/g, ' ').trim());
    cell = '';
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (isQuoted && character === '"' && text.charAt(at + 1) === '"') {
      cell += character;
      at += 1;
    } else if (character === '"' && (isQuoted || cell.trim() === '')) {
      isQuoted = !isQuoted;
    } else if (isQuoted) {
      cell += character;
    } else if (character === separator) {
      endCell();
    } else if (character === '\n' || character === '\r') {
      endCell();
      rows.push([]);
    } else {
      cell += character;
    }
  }
  endCell();
  return rows;
}

/** A line of a vCard, such as `TEL;TYPE=cell:+49 151 12345678`. */
interface CardLine {
  name: string;
  value: string;
}

const encoding = /^[^:]*;(?:ENCODING=)?QUOTED-PRINTABLE[;:]/i;

function contactsInCards(text: string): PastedContacts {
  const contacts: Contact[] = [];
  let skipped = 0;
  for (const card of text.split(/^BEGIN:VCARD\s*$/im).slice(1)) {
    const lines = linesOf(card);
    const name = nameOf(lines);
    const numbers = lines.filter((line) => line.name === 'TEL').map(numberOf);
    const callable = [...new Set(numbers)].filter(isNumber);
    if (name === '' || callable.length === 0) skipped += 1;
    else contacts.push(...callable.map((number) => ({ number, name })));
  }
  return { contacts, skipped };
}

function linesOf(card: string): CardLine[] {
  const lines: string[] = [];
  for (const line of card.replace(/\r?\n[ \t]/g, '').split(/\r?\n/)) {
    const last = lines.at(-1) ?? '';
    // A quoted-printable value goes on after a `=` at the end of the line.
    if (last.endsWith('=') && encoding.test(last)) lines.splice(-1, 1, last.slice(0, -1) + line);
    else lines.push(line);
  }
  return lines.flatMap((line) => {
    const [, head = '', value = ''] = /^((?:[^:"]|"[^"]*")+):(.*)$/.exec(line) ?? [];
    const [label = '', ...parameters] = head.split(';');
    // Cards of Apple have a group before it.
    const name = label.split('.').at(-1) ?? '';
    if (name === '') return [];
    const isEncoded = encoding.test(`;${parameters.join(';')}:`);
    return { name: name.toUpperCase(), value: isEncoded ? decoded(value, parameters) : value };
  });
}

/** The name as it is written, else the given and the family name. */
function nameOf(lines: readonly CardLine[]): string {
  const valueOf = (wanted: string): string => lines.find(({ name }) => name === wanted)?.value ?? '';
  const [family = '', given = ''] = valueOf('N').split(/(?<!\\);/);
  const names = [valueOf('FN'), `${given} ${family}`, valueOf('ORG').replace(/(?<!\\);/g, ' ')];
  return names.map((name) => plain(name).trim()).find((name) => name !== '') ?? '';
}

/** Of a URI (`tel:+49-151-12345678;ext=1`) the number alone. */
function numberOf({ value }: CardLine): string {
  return plain(value.replace(/^tel:([^;]*).*/i, '$1')).trim();
}

function plain(value: string): string {
  return value.replace(/\\n/gi, ' ').replace(/\\(.)/g, '$1');
}

/** Of vCard 2.1: bytes as `=C3=BC`. */
function decoded(value: string, parameters: readonly string[]): string {
  const bytes = new Uint8Array(
    Array.from(value.matchAll(/=([0-9a-f]{2})|([^])/gi), ([, code, character = '']) =>
      code === undefined ? [...new TextEncoder().encode(character)] : [parseInt(code, 16)],
    ).flat(),
  );
  const [, charset = 'utf-8'] = /CHARSET=([\w-]+)/i.exec(parameters.join(';')) ?? [];
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
