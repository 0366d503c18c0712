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

/** Histories in which an event, or what the truth says of it, was once wrong: the seed, and which one of it. */
const onceWrong: readonly (readonly [number, number])[] = [
  [76005, 476],
  [76016, 54],
  [91009, 331],
  [91025, 954],
  [92002, 401],
  [92006, 132],
  [93001, 443],
  [93002, 7],
  [93002, 78],
  [93002, 380],
  [95008, 705],
  [95009, 227],
  [95015, 224],
  [95016, 188],
  [95021, 363],
  [95030, 172],
  [95054, 80],
  [95059, 13],
  [96016, 973],
  [96020, 987],
  [97006, 209],
  [97009, 678],
  [98012, 675],
  [98024, 195],
  [98038, 589],
  [99059, 728],
  [99061, 13],
  [99062, 657],
  [99118, 770],
  [99152, 786],
  [99172, 362],
  [99251, 439],
  [99257, 913],
  [99313, 606],
  [99354, 617],
  [99356, 33],
  [99427, 965],
];

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

  it('are right in each history in which one was once wrong', async () => {
    const history = fc.asyncProperty(v20Plans(60), async (plan) => void checkV20(await playV20(plan)));
    for (const [once, index] of onceWrong) {
      await fc.assert(history, { seed: once, path: String(index), numRuns: 1, endOnFailure: true });
    }
  });
});
