/** How long something is left alone that gave no answer, in ms. */
const silence = 60_000;

/** What is due next, and when (steady time, in ms). */
export interface Due {
  key: string;
  at: number;
}

/**
 * Says what is to be looked up next, one after the other: each thing once in its own interval, all of them spread evenly,
 * and what takes long at most half of the time. Knows no clock: all times are handed in.
 */
export class Schedule {
  /** In ms. */
  private intervals: ReadonlyMap<string, number> = new Map();
  private readonly askedAt = new Map<string, number>();
  private readonly silentUntil = new Map<string, number>();
  /** When the last look-up began, and until when none may begin because that one took long. */
  private begunAt = -Infinity;
  private restUntil = -Infinity;

  /** @param intervals what is to be looked up from now on, each with its interval in ms; an order of its own decides ties */
  set(intervals: ReadonlyMap<string, number>): void {
    this.intervals = intervals;
    for (const known of [this.askedAt, this.silentUntil]) {
      for (const key of known.keys()) if (!intervals.has(key)) known.delete(key);
    }
  }

  /** @returns null when there is nothing to look up */
  next(): Due | null {
    let next: Due | null = null;
    for (const [key, interval] of this.intervals) {
      const at = this.dueAt(key, interval);
      if (next === null || at < next.at) next = { key, at };
    }
    return next && { key: next.key, at: Math.max(next.at, this.begunAt + this.gap(), this.restUntil) };
  }

  /** A look-up begins. One that is a little late does not move those after it. */
  begin({ key, at }: Due, now: number): void {
    this.begunAt = now - at < this.gap() ? at : now;
    const interval = this.intervals.get(key) ?? 0;
    const dueAt = this.dueAt(key, interval);
    this.askedAt.set(key, now - dueAt < interval ? dueAt : now);
  }

  /** @param took how long the look-up took, in ms: the next one begins so much later at the earliest */
  end(now: number, took: number): void {
    this.restUntil = now + took;
  }

  /** It was answered, in whatever way: it is due an interval later. */
  answered(key: string, now: number): void {
    this.silentUntil.delete(key);
    if (this.intervals.has(key)) this.askedAt.set(key, now);
  }

  /** It gave no answer. */
  leaveAlone(key: string, now: number): void {
    if (this.intervals.has(key)) this.silentUntil.set(key, now + silence);
  }

  /** It is due at once. */
  hasten(key: string): void {
    this.silentUntil.delete(key);
    this.askedAt.delete(key);
    this.begunAt = -Infinity;
  }

  private dueAt(key: string, interval: number): number {
    return Math.max((this.askedAt.get(key) ?? -Infinity) + interval, this.silentUntil.get(key) ?? -Infinity);
  }

  /** From one look-up to the next, in ms. */
  private gap(): number {
    let perMillisecond = 0;
    for (const interval of this.intervals.values()) perMillisecond += 1 / interval;
    return 1 / perMillisecond;
  }
}
