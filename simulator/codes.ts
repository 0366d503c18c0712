/** Codes that are seen being dialled connect by themselves. */
import type { Clock } from './clock';
import type { Pbx } from './pbx';

/** How long a code is seen, in ms: less than makecall and unpark wait until they look for the call. */
const SEEN = 1000;

/** Starts it; it ends when the clock is stopped. */
export function connectCodes(pbx: Pbx, clock: Clock): void {
  const seen = new Set<string>();
  pbx.onChange(() => {
    for (const id of pbx.dialledCodes()) {
      if (seen.has(id)) continue;
      seen.add(id);
      clock.after(SEEN, () => {
        seen.delete(id);
        // Somebody may have hung up, or connected it, before.
        if (pbx.dialledCodes().includes(id)) pbx.connect(id);
      });
    }
  });
}
