import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const player = (): unknown[] => stage.at('your player').map(({ payload }) => payload);
  await stage.deploy();
  await stage.arrive('busy?');
  await stage.press('music on');
  await stage.arrive('your player');
  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  assert.deepEqual(player(), ['playing'], 'the phone of somebody else');

  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('your player', 2);
  pbx.answer(stage.connectionAt('10'));
  await stage.arrive('busy?', 3);
  pbx.makeCall('12', '10');
  await stage.arrive('busy?', 4);
  pbx.hangup(stage.connectionAt('10'));
  await stage.arrive('busy?', 5);
  await stage.polls(1);
  assert.deepEqual(player(), ['playing', 'paused'], 'there is still a call');
  pbx.hangup(stage.connectionAt('10'));
  await stage.arrive('your player', 3);

  await stage.press('music off');
  await stage.arrive('your player', 4);
  pbx.makeCall('10', '12');
  await stage.arrive('busy?', 7);
  pbx.clearCalls();
  await stage.arrive('busy?', 8);
  await stage.polls(1);
  assert.deepEqual(player(), ['playing', 'paused', 'playing', 'off'], 'there was nothing to pause');

  // The call ends while Node-RED is restarted.
  await stage.press('music on');
  await stage.arrive('your player', 5);
  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('your player', 6);
  await stage.restart(() => {
    pbx.clearCalls();
  });
  await stage.arrive('your player', 7);
  assert.deepEqual(player().slice(4), ['playing', 'paused', 'playing']);
}
