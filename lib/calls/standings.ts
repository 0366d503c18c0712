import { type ConnectionStatus, type ExtensionState, extensionStates } from '../pbx';
import type { Party } from './model';

/** The state of an extension, and its number of calls. */
export interface Standing {
  extensionState: ExtensionState;
  activeCalls: number;
}

/** The state of an extension in a call whose leg has this status. */
export const stateIn: Record<ConnectionStatus, ExtensionState> = {
  undefined: 'idle',
  dialing: 'dialing',
  ringing: 'ringing',
  connected: 'talking',
  hold: 'held',
  held: 'held',
};
const nobody: ReadonlySet<Party> = new Set();

/** The state of each extension, kept up to date event by event: an event carries the state that follows it. */
export class Standings {
  private readonly partiesOf = new Map<string, Set<Party>>();

  /** Those in a call. */
  extensions(): IterableIterator<string> {
    return this.partiesOf.keys();
  }

  /** Is it in a call? */
  has(extension: string): boolean {
    return this.partiesOf.has(extension);
  }

  add(party: Party): void {
    const own = this.partiesOf.get(party.extension);
    if (own === undefined) this.partiesOf.set(party.extension, new Set([party]));
    else own.add(party);
  }

  remove(party: Party): void {
    const own = this.partiesOf.get(party.extension);
    own?.delete(party);
    if (own?.size === 0) this.partiesOf.delete(party.extension);
  }

  /** With several parts in calls, the state is the first that one of them has. */
  of(extension: string): Standing {
    const own = this.parties(extension);
    let first = Infinity;
    for (const { status } of own) first = Math.min(first, extensionStates.indexOf(stateIn[status]));
    const extensionState = extensionStates[first] ?? 'idle';
    const activeCalls = own.size < 2 ? own.size : new Set([...own].map(({ call }) => call)).size;
    return { extensionState, activeCalls };
  }

  /** The latest of the parts in calls that give the extension its state; null when it is in none. */
  latest(extension: string): Party | null {
    const { extensionState } = this.of(extension);
    let latest: Party | null = null;
    for (const party of this.parties(extension)) {
      const isLatest = latest === null || party.startedAt.steady >= latest.startedAt.steady;
      if (stateIn[party.status] === extensionState && isLatest) latest = party;
    }
    return latest;
  }

  /** Is it still to be seen whether one of its parts in calls is a queue's? */
  isInDoubt(extension: string): boolean {
    for (const { withheld } of this.parties(extension)) if (withheld !== null) return true;
    return false;
  }

  private parties(extension: string): ReadonlySet<Party> {
    return this.partiesOf.get(extension) ?? nobody;
  }
}
