/** The five profiles of every 3CX extension: the API's key, and the name in its answers (documented, community). */
export const profileNames = {
  avail: 'Available',
  away: 'Away',
  oof: 'Out of office',
  custom1: 'Custom 1',
  custom2: 'Custom 2',
} as const;

export type Profile = keyof typeof profileNames;

/**
 * @param text a key (`oof`) or a name (`Out of office`, in any case)
 * @returns the key, or null for a name outside the five
 */
export function profileOf(text: string): Profile | null {
  const wanted = text.toLowerCase();
  const keys = Object.keys(profileNames) as Profile[];
  return keys.find((key) => key === text || profileNames[key].toLowerCase() === wanted) ?? null;
}

/** The facts about the user of an extension that do not depend on calls. */
export interface Presence {
  /** Null for a name outside the five, and when the PBX gave none. */
  profile: Profile | null;
  profileName: string | null;
  /** Whether the extension is logged in to its queues. Null when the PBX does not report it. */
  loggedIn: boolean | null;
}

/**
 * @param before null when nothing was known
 * @param read the latest answer of the PBX
 * @returns the facts known now: those missing in the answer stay as they were
 */
export function presenceAfter(before: Presence | null, read: Presence): Presence {
  const { profile, profileName } = read.profileName === null ? (before ?? read) : read;
  return { profile, profileName, loggedIn: read.loggedIn ?? before?.loggedIn ?? null };
}

/** Did the profile or the log-in change? A fact that was not known before is no change. */
export function isPresenceChange(before: Presence, now: Presence): boolean {
  const differs = <T>(old: T | null, value: T | null): boolean => old !== null && value !== null && old !== value;
  return differs(before.profileName, now.profileName) || differs(before.loggedIn, now.loggedIn);
}
