import fc from 'fast-check';
import { play, plans } from './truth/histories';
import { check, type Unknowable } from './truth/oracle';

const { TRUTH_RUNS: runs, TRUTH_SEED: seed } = process.env;
/** Always the same ones, unless many are asked for. */
const numRuns = Number(runs ?? 1000);
const parameters = {
  numRuns,
  ...(seed !== undefined ? { seed: Number(seed) } : runs === undefined ? { seed: 1 } : {}),
};

describe('Events of calls, against the truth', function () {
  this.timeout(0);

  it(`are right in ${numRuns} random histories`, async () => {
    const totals = { histories: 0, polls: 0, calls: 0, events: 0 };
    const unknowable = new Map<Unknowable, number>();
    await fc.assert(
      fc.asyncProperty(plans(60), async (plan) => {
        const truth = await play(plan);
        const findings = check(truth);
        totals.histories += 1;
        totals.polls += truth.polls.length;
        totals.calls += findings.calls;
        totals.events += findings.events;
        for (const [why, count] of findings.unknowable) unknowable.set(why, (unknowable.get(why) ?? 0) + count);
      }),
      parameters,
    );
    console.log(`      ${inWords(Object.entries(totals))}; unknowable: ${inWords([...unknowable])}`);
  });
});

function inWords(counts: readonly [string, number][]): string {
  return counts.map(([what, count]) => `${count} ${what}`).join(', ');
}
