import fc from 'fast-check';
import { playV20, v20Plans } from '../../support/v20/histories';
import { checkV20, type V20Findings } from '../../support/v20/oracle';

const { V20_TRUTH_RUNS: runs, TRUTH_SEED: seed, TRUTH_PATH: path } = process.env;
/** Always the same ones, unless many are asked for. */
const numRuns = Number(runs ?? 1000);
const parameters = {
  numRuns,
  // To look for a shorter history that fails takes minutes.
  endOnFailure: process.env.TRUTH_SHRINK === undefined,
  // Of one history that failed, as the failure says.
  ...(path === undefined ? {} : { path }),
  ...(seed !== undefined ? { seed: Number(seed) } : runs === undefined ? { seed: 1 } : {}),
};

describe('Events of calls over 3CX V20, against the truth', function () {
  this.timeout(0);

  it(`are right in ${numRuns} random histories`, async () => {
    const totals: V20Findings = { events: 0, states: 0, lives: 0, blurred: 0, phases: 0, short: 0 };
    await fc.assert(
      fc.asyncProperty(v20Plans(60), async (plan) => {
        const findings = checkV20(await playV20(plan));
        for (const [what, count] of Object.entries(findings)) totals[what as keyof V20Findings] += count as number;
      }),
      parameters,
    );
    console.log(`      ${JSON.stringify(totals)}`);
  });
});
