import type { Clock } from './clock';
import type { Pbx } from './pbx';

/** How long a code is seen, in ms: less than makecall and unpark wait until they look for the call. */
const seenFor = 1000;

/** Connects codes that are seen being dialled, until the clock is stopped. */
export function connectCodes(pbx: Pbx, clock: Clock): void {
  const seen = new Set<string>();
  pbx.onChange(() => {
    for (const id of pbx.dialledCodes()) {
      if (seen.has(id)) continue;
      seen.add(id);
      clock.after(seenFor, () => {
        seen.delete(id);
        // Somebody may have hung up, or connected it, before.
        if (pbx.dialledCodes().includes(id)) pbx.connect(id);
      });
    }
  });
}
