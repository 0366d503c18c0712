/** So much time of the processor tells, in ms. */
const enough = 30;
/** So short that even what grows with a high power fails soon. */
const shortest = 16;

/**
 * How the time that something takes grows with its input: doubles the input until that takes a time that tells, and
 * compares with an eighth of it. The processor's time, and the best of three: what else runs is not measured.
 *
 * @param prepare makes an input of about that length, and what is to be measured with it
 * @param longest where to stop
 * @returns the power of the length that the time grows with, 1 being linear; 0 where even the longest takes no time that
 *   tells, which is less than that
 */
export function growthOf(prepare: (length: number) => () => void, longest: number): number {
  const best = (length: number): number => Math.min(...[1, 2, 3].map(() => timeOf(prepare(length))));
  let length = shortest;
  // Once is enough for those that are short.
  while (timeOf(prepare(length)) < enough || best(length) < enough) {
    length *= 2;
    if (length > longest) return 0;
  }
  return Math.log2(best(length) / best(length / 8)) / 3;
}

function timeOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
