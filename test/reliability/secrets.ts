import assert from 'node:assert/strict';
import { faults } from './faults';

function inHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

function numeric(text: string, prefix: string, radix: number): string {
  return Array.from(text, (character) => `${prefix}${(character.codePointAt(0) ?? 0).toString(radix)};`).join('');
}

/** How a server may write something that it was sent into a page. */
export const writings: [how: string, write: (text: string) => string][] = [
  ['as it is', (text) => text],
  ['in capitals', (text) => text.toUpperCase()],
  ['escaped for a URL', encodeURIComponent],
  ['escaped for a form', (text) => new URLSearchParams({ text }).toString().slice('text='.length)],
  ['escaped for HTML', inHtml],
  ['escaped for HTML, by numbers', (text) => numeric(text, '&#', 10)],
  ['escaped for HTML, by hexadecimal numbers', (text) => numeric(text, '&#x', 16)],
  [
    'escaped for JSON',
    (text) =>
      JSON.stringify(text)
        .slice(1, -1)
        .replace(/[^\x20-\x7e]/g, inJson),
  ],
  ['broken over lines', (text) => text.replace(/.{5}/gu, '$&\r\n   ')],
  ['letter by letter', (text) => Array.from(text).join(' ')],
];

function inJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Takes down all that nodes send, complete and show, for as long as Node-RED runs. */
export const takeDown = `module.exports = (RED) => {
  const { appendFileSync } = require('node:fs');
  const { join } = require('node:path');
  const { inspect } = require('node:util');
  const write = (what) =>
    appendFileSync(join(RED.settings.userDir, 'seen.txt'), inspect(what, { depth: 8, showHidden: true }) + '\\n');
  RED.hooks.add('onSend.test', (sent) => sent.forEach(({ msg }) => write(msg)));
  RED.hooks.add('onComplete.test', ({ msg, error }) => write([msg, error]));
  RED.events.on('node-status', write);
  RED.events.on('comms', write);
  RED.events.on('runtime-event', write);
};`;

/** The faults in which no time passes for nothing, and one in which it does. */
export const quickFaults = faults.filter(
  ({ name, told, certificate }) => certificate === undefined && (!told.includes('timeout') || name === 'never answers'),
);

/**
 * Searches for secrets, in whichever case.
 *
 * @param secrets by their names
 * @param places texts, by where they were
 * @returns how many characters were searched
 */
export function searchFor(secrets: Readonly<Record<string, string>>, places: Readonly<Record<string, string>>): number {
  for (const [place, text] of Object.entries(places)) {
    const all = text.toLowerCase();
    for (const [name, secret] of Object.entries(secrets)) {
      const at = all.indexOf(secret.toLowerCase());
      assert.ok(at < 0, `${place} holds the ${name}: ${text.slice(Math.max(at - 300, 0), at + 100)}`);
    }
  }
  return Object.values(places).join('').length;
}
