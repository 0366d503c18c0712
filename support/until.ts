import { setTimeout as wait } from 'node:timers/promises';

/**
 * Looks again and again, for what announces itself by no event.
 *
 * @param what is waited for, for the error
 * @param timeout in ms
 * @throws Error when it takes longer
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeout = 15_000,
): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    await wait(5);
  }
}
