import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('pause the player');
  pbx.answer(stage.connectionAt('10'));
  pbx.makeCall('12', '10');
  await stage.polls();
  pbx.hangup(stage.connectionAt('10'));
  pbx.hangup(stage.connectionAt('10'));
  await stage.arrive('let the player play');
  assert.equal(stage.at('pause the player').length, 1);
}
