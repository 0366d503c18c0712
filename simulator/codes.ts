import type { Clock } from './clock';
import type { Pbx } from './pbx';

/** The time for which a code is visible, in ms: shorter than makecall and unpark wait before they look for the call. */
const seenFor = 1000;

/** Connects codes that are visible while they are dialled, until the clock is stopped. */
export function connectCodes(pbx: Pbx, clock: Clock): void {
  const seen = new Set<string>();
  pbx.onChange(() => {
    for (const id of pbx.dialledCodes()) {
      if (seen.has(id)) continue;
      seen.add(id);
      clock.after(seenFor, () => {
        seen.delete(id);
        // Somebody may have hung up, or connected it, by now.
        if (pbx.dialledCodes().includes(id)) pbx.connect(id);
      });
    }
  });
}
