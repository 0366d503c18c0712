import type { Connection } from '../pbx';

/** A call id that the server answered for an extension. `leg` is set when the question was about that leg. */
interface Told {
  callId: string;
  leg: string | undefined;
}

/**
 * Finds out which call id belongs to which leg. Call lists contain no ids, and `ondn` returns the id of an extension's
 * last call.
 */
export class CallIds {
  private readonly known = new Map<string, string>();
  private readonly asked = new Set<string>();
  /** The ids answered since the last list, by extension. */
  private readonly told = new Map<string, Told>();
  private last: readonly Connection[] = [];

  /** @returns null while it is not known */
  of(leg: string): string | null {
    return this.known.get(leg) ?? null;
  }

  /**
   * Notes a call id that the server answered. It is assigned at the next list, which shows whose id it can be.
   *
   * @param leg the leg that the question was about, if any
   */
  tell(extension: string, callId: string, leg?: string): void {
    this.told.set(extension, { callId, leg });
  }

  /**
   * Takes the next list. A call id that cannot be assigned now never will be.
   *
   * @param list the very same array as before when nothing changed
   * @returns whether a call id has become known
   */
  assign(list: readonly Connection[]): boolean {
    if (list === this.last && this.told.size === 0) return false;
    this.last = list;
    const legs = new Set(list.map(({ id }) => id));
    for (const ids of [this.known, this.asked]) for (const id of ids.keys()) if (!legs.has(id)) ids.delete(id);
    let isNews = false;
    for (const [extension, { callId, leg }] of this.told) {
      const own = list.filter((connection) => connection.extension === extension);
      if (own.some(({ id }) => this.of(id) === callId)) continue;
      const [only, second] = leg === undefined ? own.filter(({ id }) => this.of(id) === null) : own;
      if (only === undefined || second !== undefined || (leg !== undefined && leg !== only.id)) continue;
      this.known.set(only.id, callId);
      isNews = true;
    }
    this.told.clear();
    return isNews;
  }

  /** Forgets the ids after a failed poll: by the next list their calls may be over. */
  forget(): void {
    this.told.clear();
  }

  /**
   * Picks a leg to ask the call id for: the only leg of its extension. Each leg is picked once.
   *
   * @param mayAsk whether a question about a leg of an extension may be sent now
   */
  pick(list: readonly Connection[], mayAsk: (extension: string, leg: string) => boolean): Connection | null {
    const counts = new Map<string, number>();
    for (const { extension } of list) counts.set(extension, (counts.get(extension) ?? 0) + 1);
    const leg = list.find(({ id, extension, status }) => {
      const isOpen = status !== 'undefined' && this.of(id) === null && !this.asked.has(id);
      return isOpen && counts.get(extension) === 1 && mayAsk(extension, id);
    });
    if (leg !== undefined) this.asked.add(leg.id);
    return leg ?? null;
  }
}
