import type { Moment } from '../pbx';

/** How long a message may be overtaken by others, in ms. */
const maxOvertaken = 2_000;

/** When messages came, by their numbers, which grow (captured). */
export class Arrivals {
  /** The recent ones that no other one had overtaken: numbers and times grow. */
  private readonly recent: { sequence: number; at: Moment }[] = [];

  /**
   * @param at when the message came
   * @returns when it would have come had no other one overtaken it, at the latest
   */
  note(sequence: number | null, at: Moment): Moment {
    if (sequence === null) return at;
    const { recent } = this;
    while (recent[0] !== undefined && at.steady - recent[0].at.steady > maxOvertaken) recent.shift();
    const last = recent.at(-1);
    const later = last !== undefined && last.sequence > sequence ? recent.find((one) => one.sequence > sequence) : null;
    if (later) return later.at;
    recent.push({ sequence, at });
    return at;
  }

  /** It is not known whether the numbers go on. */
  forget(): void {
    this.recent.length = 0;
  }
}
