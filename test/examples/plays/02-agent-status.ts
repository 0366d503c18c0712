import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  await stage.deploy();
  const press = async (button: string): Promise<unknown> => {
    const count = stage.at('done or refused').length + 1;
    await stage.press(button);
    return (await stage.arrive('done or refused', count)).at(-1)?.payload;
  };
  const profile = (payload: unknown): unknown => (payload as { profile: string }).profile;
  assert.equal(profile(await press('10 is away')), 'away');
  assert.equal(profile(await press('which profile has 10?')), 'away');
  assert.equal(profile(await press('10 is available')), 'avail');
  await press('10 out of its queues');
  await press('10 into its queues');
  const refused = await press('12, which has no queue');
  assert.equal((refused as { reason: string }).reason, 'not-an-agent');
}
