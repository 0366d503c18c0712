import type { Role } from '../pbx';

/**
 * Decides which DNs are not a person's phone. The HTTP API does not report that, so the connection has settings for it.
 */
export interface Numbering {
  /** DNs of outside lines. */
  trunks: RegExp;
  /** DNs of voicemail, parking, IVR. */
  services: RegExp;
}

/** @returns what a DN is; a queue counts as an extension until its number is seen as one */
export function roleOf(dn: string, { trunks, services }: Numbering): Role {
  if (dn.search(trunks) >= 0) return 'trunk';
  return dn.search(services) >= 0 ? 'service' : 'extension';
}
