import { spawn } from 'node:child_process';
import { availableParallelism, constants, setPriority } from 'node:os';

/** Runs until the benchmark has ended. */
const loop = 'const { ppid } = process; while (process.ppid === ppid);';

/**
 * Keeps all cores awake, at the lowest priority. A core that falls asleep between two messages may take longer to wake up
 * than a message takes.
 *
 * @returns ends it
 */
export function keepAwake(): () => void {
  const loops = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', loop]));
  for (const { pid } of loops) if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  return () => {
    for (const child of loops) child.kill();
  };
}
