import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  await stage.deploy();
  const buttons = ['10 calls 11', '11 picks up', '11 transfers to 12', '12 picks up', '12 hangs up'];
  for (const [index, button] of buttons.entries()) {
    await stage.press(button);
    await stage.arrive('done', index + 1);
  }
  assert.deepEqual(
    stage.at('done').map(({ payload }) => (payload as { operation: string }).operation),
    ['makecall', 'answer', 'transfer', 'answer', 'drop'],
  );
  assert.deepEqual(stage.simulator.pbx.connections(), []);
  await stage.press('12 hangs up');
  const [refused] = await stage.arrive('refused by the PBX');
  assert.equal((refused?.payload as { reason: string }).reason, 'no-call');
  await stage.press('an extension that cannot exist');
  const [failed] = await stage.arrive('could not be asked');
  assert.equal((failed?.error as { code: string }).code, 'invalid-argument');
}
