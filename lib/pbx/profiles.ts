/** The five profiles every 3CX extension has: the API's key and the name that it answers with (documented, community). */
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
