const utf8 = new TextDecoder();

/**
 * The characters of windows-1252 from 0x80 to 0x9f. Some versions of Node.js, 20.20 among them, decode these bytes as
 * control characters.
 */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/**
 * Decodes a body by the character set in its content type. UTF-8 is used for an unknown one, and without any.
 *
 * @param contentType the header
 */
export function decode(body: Uint8Array, contentType: unknown): string {
  const decoder = typeof contentType === 'string' ? decoderFor(contentType) : utf8;
  const text = decoder.decode(body);
  // Decoders take ISO-8859-1 as windows-1252, as browsers do.
  if (decoder === utf8 || decoder.encoding !== 'windows-1252') return text;
  return text.replace(/[\x80-\x9f]/g, (character) => windows1252.charAt(character.charCodeAt(0) - 0x80));
}

function decoderFor(contentType: string): TextDecoder {
  const [, label = 'utf-8'] = /;\s*charset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType) ?? [];
  if (/^utf-?8$/i.test(label)) return utf8;
  try {
    return new TextDecoder(label);
  } catch {
    return utf8;
  }
}
