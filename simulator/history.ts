import type { Clock } from './clock';
import type { Connection, ConnectionStatus, Pbx } from './pbx';

/** One change of a connection's DN, status, party or recording. */
export interface HistoryEntry {
  /** By the simulator's clock, in ms: since 1970 in real time, since the start in virtual time. */
  readonly at: number;
  /**
   * Call id at that moment. When an attended transfer takes a connection to another call, that alone makes no entry.
   */
  readonly call: string;
  /** Id of the connection. */
  readonly connection: string;
  /** From now on; a transfer takes a connection to another DN. The last one where the connection is gone. */
  readonly dn: string;
  /** Status before; null for a new connection. Equal to `to` where only something else changed. */
  readonly from: ConnectionStatus | null;
  /** Status from now on; null when the connection is gone. */
  readonly to: ConnectionStatus | null;
  /** From now on, or the last one. */
  readonly party: string;
  /** Number of the queue the call came through; null on a direct call and on the caller's leg. */
  readonly queue: string | null;
  /** From now on, or the last one. */
  readonly recording: string;
}

/** How many entries are kept. */
const maxEntries = 100_000;

/** The true history: every state change of every connection, however briefly it lasted. */
export class History {
  private recorded: HistoryEntry[] = [];
  /** The connections as they were after the last change, by id. */
  private known = new Map<string, Connection>();

  /** @param pbx one without calls, which it follows from now on */
  constructor(pbx: Pbx, clock: Clock) {
    pbx.onChange(() => this.compare(pbx.connections(), clock.now()));
  }

  /** The last 100,000 entries, the oldest first. Of one moment: the connections that are gone, then the others. */
  entries(): HistoryEntry[] {
    return this.recorded.slice(-maxEntries);
  }

  private compare(connections: readonly Connection[], at: number): void {
    const before = this.known;
    this.known = new Map(connections.map((connection) => [connection.id, connection]));
    for (const old of before.values()) {
      if (!this.known.has(old.id)) this.recorded.push(entry(at, old, old.status, null));
    }
    for (const connection of connections) {
      const old = before.get(connection.id);
      if (old === undefined || differs(old, connection)) {
        this.recorded.push(entry(at, connection, old?.status ?? null, connection.status));
      }
    }
    // Dropping them one by one would move all of them each time.
    if (this.recorded.length >= 2 * maxEntries) this.recorded = this.entries();
  }
}

function differs(a: Connection, b: Connection): boolean {
  return a.dn !== b.dn || a.status !== b.status || a.party !== b.party || a.recording !== b.recording;
}

function entry(
  at: number,
  { id, call, dn, party, queue, recording }: Connection,
  from: HistoryEntry['from'],
  to: HistoryEntry['to'],
): HistoryEntry {
  return { at, call, connection: id, dn, from, to, party, queue, recording };
}
