import type { Moment } from '../pbx';

/** Events name the same few moments again and again, and writing a time takes longer than all else of an event. */
const written = new WeakMap<Moment, string>();

/** The time of day, as ISO 8601. */
export function isoTime(moment: Moment): string {
  return written.get(moment) ?? write(moment);
}

function write(moment: Moment): string {
  const text = new Date(moment.wall).toISOString();
  written.set(moment, text);
  return text;
}
