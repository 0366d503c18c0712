const maxCharacters = 200;

/**
 * Quotes the start of a server's answer, without secrets and phone numbers, which must not get into a log.
 *
 * @param text the answer
 * @param secrets each by {@link anyWriting}
 */
export function quote(text: string, secrets: readonly RegExp[]): string {
  return withoutSecrets(text, secrets)
    .replace(/\d(?:[\s()./+-]{0,3}\d){4,}/g, '…')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, maxCharacters);
}

/** @param secrets each by {@link anyWriting} */
export function withoutSecrets(text: string, secrets: readonly RegExp[]): string {
  return secrets.reduce((rest, secret) => rest.replace(secret, '…'), text);
}

/** Finds a secret as it is, in capitals, escaped for a URL, HTML or JSON, or broken by white space. */
export function anyWriting(secret: string): RegExp {
  // Removing a text of blanks would hide nothing, and make the rest hard to read.
  if (secret.trim() === '') return /(?!)/u;
  const words = secret.trim().split(/\s+/);
  const blank = String.raw`(?:\s|\+|%20|&#32;|&#x20;)*`;
  return new RegExp(words.map((word) => Array.from(word, writingsOf).join(String.raw`\s*`)).join(blank), 'giu');
}

function writingsOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hexadecimal = code.toString(16);
  const writings = [
    String.raw`\\?\u{${hexadecimal}}`,
    Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    `&#0*${code};`,
    `&#x0*${hexadecimal};`,
    // A character beyond the first 65,536 consists of two units.
    Array.from({ length: character.length }, (_, at) => escapedUnit(character.charCodeAt(at))).join(''),
  ];
  if (!/[a-z0-9]/i.test(character)) writings.push('&[a-z]+;');
  return `(?:${writings.join('|')})`;
}

function escapedUnit(unit: number): string {
  return String.raw`\\u${unit.toString(16).padStart(4, '0')}`;
}
