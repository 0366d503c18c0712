import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  await stage.deploy();
  const done = async (count: number): Promise<unknown[]> =>
    (await stage.arrive('done or refused', count)).map(({ payload }) => (payload as { operation: string }).operation);
  for (const [index, button] of ['10 calls 11', '11 picks up'].entries()) {
    await stage.press(button);
    await done(index + 1);
  }
  // V20 answers a transfer only when somebody has picked up.
  await stage.press('11 transfers to 12');
  await stage.callAt('12');
  if (stage.api === 'http') await done(3);
  await stage.press('12 picks up');
  const operations = await done(4);
  assert.deepEqual(operations.slice(2).sort(), ['answer', 'transfer']);
  await stage.press('12 hangs up');
  assert.deepEqual([...operations.slice(0, 2), ...(await done(5)).slice(4)], ['makecall', 'answer', 'drop']);
  assert.deepEqual(stage.simulator.pbx.connections(), []);
  await stage.press('12 hangs up');
  const refused = (await stage.arrive('done or refused', 6))[5];
  assert.equal((refused?.payload as { reason: string }).reason, 'no-call');
  await stage.press('an extension that cannot exist');
  const [failed] = await stage.arrive('what went wrong');
  assert.equal((failed?.error as { code: string }).code, 'invalid-argument');
}
