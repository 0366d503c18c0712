/** How long a thing is left alone after it gave no answer, in ms. */
const silence = 60_000;

/** The next thing to look up, and its time (steady, in ms). */
export interface Due {
  key: string;
  at: number;
}

/**
 * Decides what to look up next, one thing at a time. Each has its own interval, and all are spread evenly. Slow
 * look-ups take at most half of the time. It knows no clock: every time is an argument.
 */
export class Schedule {
  /** In ms. */
  private intervals: ReadonlyMap<string, number> = new Map();
  private readonly askedAt = new Map<string, number>();
  private readonly silentUntil = new Map<string, number>();
  /** The start of the last look-up, and the end of the pause after it. */
  private begunAt = -Infinity;
  private restUntil = -Infinity;

  /** @param intervals the things to look up from now on, each with its interval in ms; their order decides ties */
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

  /** Notes the start of a look-up. A short delay does not move the following ones. */
  begin({ key, at }: Due, now: number): void {
    this.begunAt = now - at < this.gap() ? at : now;
    const interval = this.intervals.get(key) ?? 0;
    const dueAt = this.dueAt(key, interval);
    this.askedAt.set(key, now - dueAt < interval ? dueAt : now);
  }

  /** @param took how long the look-up took, in ms; the next one starts at least that much later */
  end(now: number, took: number): void {
    this.restUntil = now + took;
  }

  /** Notes an answer of any kind: the thing is due again one interval later. */
  answered(key: string, now: number): void {
    this.silentUntil.delete(key);
    if (this.intervals.has(key)) this.askedAt.set(key, now);
  }

  /** Notes that a thing gave no answer. */
  leaveAlone(key: string, now: number): void {
    if (this.intervals.has(key)) this.silentUntil.set(key, now + silence);
  }

  /** Makes a thing due at once. */
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
