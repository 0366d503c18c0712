const maxCharacters = 200;

/**
 * The start of a server's own words, without what must not get into a log: secrets and phone numbers.
 *
 * @param text what the server said
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
  // A text without its blanks would hide nothing, and be hard to read.
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
    // A character outside the first 65,536 is two.
    Array.from({ length: character.length }, (_, at) => escapedUnit(character.charCodeAt(at))).join(''),
  ];
  if (!/[a-z0-9]/i.test(character)) writings.push('&[a-z]+;');
  return `(?:${writings.join('|')})`;
}

function escapedUnit(unit: number): string {
  return String.raw`\\u${unit.toString(16).padStart(4, '0')}`;
}
