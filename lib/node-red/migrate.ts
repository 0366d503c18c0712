/** The saved properties of a node. */
type Definition = Readonly<Record<string, unknown>>;

/** The steps from one version to the next. The step at place n makes version n + 1 of version n. */
const steps: readonly ((def: Definition) => Definition)[] = [
  // A flow written by hand has no version. Properties that it leaves out have their defaults.
  (def) => def,
  (def) => ({
    ...def,
    // An empty text took nothing from the message. As a queue it meant all queues.
    ...(def.queueType === 'str' && def.queue === '' ? { queueType: 'msg' } : {}),
    // A regular expression is now written between slashes.
    ...(def.allowDestinations ? { allowDestinations: `/${def.allowDestinations as string}/` } : {}),
  }),
];

/** The version that the dialogs save. */
export const currentVersion = steps.length;

/**
 * Converts a definition to the version of this package.
 *
 * @param def as it was saved, by any version; a later version is left unchanged
 * @returns a copy
 */
export function migrate<T extends object>(def: T): T {
  const version = Number((def as Definition).version ?? 0);
  if (!(version < currentVersion)) return { ...def };
  const migrated = steps.slice(version).reduce<Definition>((before, step) => step(before), def as Definition);
  return { ...migrated, version: currentVersion } as unknown as T;
}
