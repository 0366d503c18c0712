import { ownError } from '../pbx';
import type { Peer, Xapi } from './xapi';

/** How long what was learnt counts as current, in ms. */
const maxAge = 3_600_000;
/** How long no request is sent after one got no answer, and after the PBX refused one, in ms. */
const pauseAfterFailure = 30_000;
const pauseAfterRefusal = 600_000;

/** The names and types of the DNs of the PBX, as far as the API client may know. */
export class Directory {
  private peers: ReadonlyMap<string, Peer> = new Map();
  private nextAt = 0;
  private asking: Promise<boolean> | null = null;

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

  /** @returns whether something new was learnt; no request is sent while the facts are current */
  refresh(): Promise<boolean> {
    if (this.asking === null && performance.now() < this.nextAt) return Promise.resolve(false);
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async ask(): Promise<boolean> {
    try {
      const peers = await this.xapi.peers();
      this.peers = new Map(peers.map((peer) => [peer.number, peer]));
      this.nextAt = performance.now() + maxAge;
      return true;
    } catch (error) {
      const { code } = ownError(error);
      this.nextAt = performance.now() + (code === 'unauthorized' ? pauseAfterRefusal : pauseAfterFailure);
      return false;
    }
  }
}
