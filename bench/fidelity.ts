import fc from 'fast-check';
import { play, plans } from '../support/truth/histories';
import { check, countChanges } from '../support/truth/oracle';

/** The number of histories; they are the same each time. */
const count = 100;
/** The times between actions of people, in ms: half of the actions follow within 1.2 s, the rest within 12 s. */
const pace = 4000;

/**
 * Counts which share of the true events is reported, by the poll interval. The benchmark fails if a wrong event is
 * reported. `transferred` and `missed` are not counted, since they are about the call instead of a connection.
 */
export async function fidelity(): Promise<void> {
  const histories = fc.sample(plans(60), { seed: 1, numRuns: count });
  const table: Record<string, Record<string, string | number>> = {};
  for (const interval of [250, 1000, 5000]) {
    let [changes, seen, wrong] = [0, 0, 0];
    for (const history of histories) {
      const truth = await play({ ...history, interval, pace, head: 0, outages: [] });
      changes += countChanges(truth);
      seen += truth.polls
        .flatMap(({ events }) => events)
        .filter(({ event }) => !/^(transferred|missed)$/.test(event)).length;
      try {
        check(truth);
      } catch (error) {
        wrong += 1;
        console.error(error);
      }
    }
    table[`${interval} ms`] = {
      'true events': changes,
      'seen, %': Number(((100 * seen) / changes).toFixed(1)),
      'wrong events': wrong,
      'requests per minute': 60_000 / interval,
    };
    if (wrong > 0) process.exitCode = 1;
  }
  console.table(table);
}
