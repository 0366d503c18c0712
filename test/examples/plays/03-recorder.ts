import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  await stage.deploy();
  const buttons = ['10 calls 11', '11 picks up', 'record', 'pause', 'go on', 'stop', 'start or stop', '10 hangs up'];
  for (const [index, button] of buttons.entries()) {
    await stage.press(button);
    await stage.arrive('done or refused', index + 1);
  }
  assert.deepEqual(
    stage.at('done or refused').flatMap(({ payload }) => (payload as { recording?: string }).recording ?? []),
    ['on', 'paused', 'on', 'off', 'on'],
  );
}
