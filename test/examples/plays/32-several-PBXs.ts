import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulators, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  for (const { pbx } of simulators) {
    pbx.inbound({ extension: '10', number: stage.caller });
    pbx.answer(pbx.connectionsOf('10')[0]?.id ?? '');
  }
  const both = (await stage.arrive('who talks', 2)).at(-1)?.payload;
  for (const office of ['main office', 'branch']) {
    assert.ok(String(both).includes(`${office}: 10 talking with ${stage.caller}`), String(both));
  }
  for (const { pbx } of simulators) pbx.clearCalls();
  assert.equal((await stage.arrive('who talks', 4)).at(-1)?.payload, 'nobody');

  await stage.press('branch: 10 calls');
  await stage.arrive('dials');
  assert.deepEqual(
    simulators.map(({ pbx }) => pbx.connectionsOf('10').length),
    [0, 1],
  );
}
