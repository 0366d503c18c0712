/** The number of last polls that decide on the usual time: a single slow poll changes nothing. */
const lookBack = 5;

/**
 * Decides how often to poll: at the wanted interval, but using at most half of the server's time, since it answers one
 * request at a time.
 */
export class Pace {
  private readonly periods: number[];
  /**
   * The usual time from one poll to the next, in ms. It changes in steps of a quarter at least, so that a status does
   * not flicker.
   */
  private usual: number;

  /** @param interval wanted from one poll to the next, in ms */
  constructor(private readonly interval: number) {
    this.usual = interval;
    this.periods = new Array<number>(lookBack).fill(interval);
  }

  /**
   * @param milliseconds how long the last poll was on the wire
   * @returns the pause until the next poll, in ms: at least as long
   */
  pauseAfter(milliseconds: number): number {
    const period = Math.max(this.interval, 2 * milliseconds);
    this.periods.shift();
    this.periods.push(period);
    const median = this.periods.toSorted((a, b) => a - b)[lookBack >> 1] ?? period;
    if (Math.abs(median - this.usual) > this.usual / 4) this.usual = median;
    return period - milliseconds;
  }

  /** The usual time from one poll to the next, in ms; null while that is about the wanted interval. */
  get stretched(): number | null {
    return this.usual < 1.5 * this.interval ? null : this.usual;
  }
}
