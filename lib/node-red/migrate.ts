/** What a node was saved with. */
type Definition = Readonly<Record<string, unknown>>;

/** What makes a definition of version n (by its place, from 0) one of version n + 1. */
const steps: readonly ((def: Definition) => Definition)[] = [
  // Written by hand, without a version: what it leaves out takes its default.
  (def) => def,
  (def) => ({
    ...def,
    // An empty text took nothing from the message: of a queue that meant all of them.
    ...(def.queueType === 'str' && def.queue === '' ? { queueType: 'msg' } : {}),
    // It was a regular expression, which stands between slashes now.
    ...(def.allowDestinations ? { allowDestinations: `/${def.allowDestinations as string}/` } : {}),
  }),
];

/** The version that the dialogs save. */
export const currentVersion = steps.length;

/**
 * Brings a definition to the version of this package.
 *
 * @param def as it was saved, by whatever version; one of a later version is taken as it is
 * @returns a copy
 */
export function migrate<T extends object>(def: T): T {
  const version = Number((def as Definition).version ?? 0);
  if (!(version < currentVersion)) return { ...def };
  const migrated = steps.slice(version).reduce<Definition>((before, step) => step(before), def as Definition);
  return { ...migrated, version: currentVersion } as unknown as T;
}
