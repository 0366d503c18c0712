import { ownError } from '../pbx';
import type { Peer, Xapi } from './xapi';

/** How long what was learnt counts as current, in ms; and how long nothing is asked after there was no answer. */
const maxAge = 3_600_000;
const pauseAfterFailure = 600_000;

/** What the DNs of the PBX are called and are, as far as the API client may know. */
export class Directory {
  private peers: ReadonlyMap<string, Peer> = new Map();
  private nextAt = 0;
  private isAsking = false;

  constructor(private readonly xapi: Xapi) {}

  /** Empty while it is not known. */
  nameOf(dn: string): string {
    return this.peers.get(dn)?.name ?? '';
  }

  /** In lower case; empty while it is not known. */
  typeOf(dn: string): string {
    return this.peers.get(dn)?.type ?? '';
  }

  /** All that is known, in the order of the PBX. */
  all(): Peer[] {
    return [...this.peers.values()];
  }

  /** @returns whether something new was learnt; nothing is asked while what is known is current */
  async refresh(): Promise<boolean> {
    if (this.isAsking || performance.now() < this.nextAt) return false;
    this.isAsking = true;
    try {
      const peers = await this.xapi.peers();
      this.peers = new Map(peers.map((peer) => [peer.number, peer]));
      this.nextAt = performance.now() + maxAge;
      return true;
    } catch (error) {
      ownError(error);
      this.nextAt = performance.now() + pauseAfterFailure;
      return false;
    } finally {
      this.isAsking = false;
    }
  }
}
