import type { Moment } from '../pbx';

/** The time of day, as ISO 8601. */
export function isoTime({ wall }: Moment): string {
  return new Date(wall).toISOString();
}
