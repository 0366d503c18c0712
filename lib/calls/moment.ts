import type { Moment } from '../pbx';

/** Events name the same few moments again and again, and writing a time takes longer than all else of an event. */
const written = new WeakMap<Moment, string>();

/** The time of day, as ISO 8601. */
export function isoTime(moment: Moment): string {
  let text = written.get(moment);
  if (text === undefined) {
    text = new Date(moment.wall).toISOString();
    written.set(moment, text);
  }
  return text;
}
