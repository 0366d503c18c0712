import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const signs = async (count: number): Promise<unknown[]> =>
    (await stage.arrive('your sign', count)).map(({ payload }) => payload);

  pbx.makeCall('10', '12');
  await stage.deploy();
  assert.deepEqual(await signs(2), ['red', 'red'], 'both from the call that is announced and from the answer');
  pbx.answer(stage.connectionAt('12'));
  await signs(3);
  pbx.hold(stage.connectionAt('12'));
  await signs(4);
  pbx.resume(stage.connectionAt('12'));
  await signs(5);
  pbx.clearCalls();
  await signs(6);

  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  pbx.inbound({ extension: '10', number: caller });
  await signs(7);
  pbx.clearCalls();
  await signs(8);
  await stage.deploy();
  assert.deepEqual((await signs(9)).slice(2), ['red', 'yellow', 'red', 'green', 'blinking', 'green', 'green']);
}
