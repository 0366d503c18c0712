/** This many of the last polls decide what is usual: a single slow one changes nothing. */
const lookBack = 5;

/** How often to poll: as is wanted, but at most half of the server's time, which answers one request at a time. */
export class Pace {
  private readonly periods: number[];
  /** From one poll to the next, in ms; follows when it is another one by a quarter, so that a status does not flicker. */
  private usual: number;

  /** @param interval wanted from one poll to the next, in ms */
  constructor(private readonly interval: number) {
    this.usual = interval;
    this.periods = new Array<number>(lookBack).fill(interval);
  }

  /**
   * @param milliseconds how long the last poll was on the wire
   * @returns the pause until the next one, in ms: at least as long
   */
  pauseAfter(milliseconds: number): number {
    const period = Math.max(this.interval, 2 * milliseconds);
    this.periods.shift();
    this.periods.push(period);
    const median = this.periods.toSorted((a, b) => a - b)[lookBack >> 1] ?? period;
    if (Math.abs(median - this.usual) > this.usual / 4) this.usual = median;
    return period - milliseconds;
  }

  /** How long it usually is from one poll to the next, in ms; null when that is about what is wanted. */
  get stretched(): number | null {
    return this.usual < 1.5 * this.interval ? null : this.usual;
  }
}
