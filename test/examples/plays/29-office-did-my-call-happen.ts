import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  pbx.makeCall('10', '11');
  pbx.answer(stage.connectionAt('11'));
  pbx.clearCalls();
  await stage.press('call +4930111');
  await stage.polls();
  pbx.answer(stage.connectionAt('10000'));
  await stage.arrive('what became of it');
  pbx.clearCalls();
  const told = await stage.arrive('what became of it', 2);
  assert.deepEqual(
    told.map(({ payload, destination }) => {
      const { event, outcome } = payload as { event: string; outcome: string | null };
      return [event, outcome, destination];
    }),
    [
      ['answered', null, '+4930111'],
      ['ended', 'answered', '+4930111'],
    ],
  );
}
