import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  await stage.deploy();
  const call = async (): Promise<void> => {
    const known = stage.at('mine?').length;
    await stage.press('call +4930111');
    await stage.arrive('mine?', known + 1);
    await stage.polls(1);
  };

  // A call that the extension makes itself has no story.
  pbx.makeCall('10', '11');
  await stage.polls(1);
  pbx.answer(stage.connectionAt('11'));
  await stage.arrive('mine?');
  pbx.clearCalls();
  await stage.arrive('mine?', 2);

  await call();
  pbx.answer(stage.connectionAt('10000'));
  await stage.arrive('story');
  pbx.clearCalls();
  await stage.arrive('story', 2);
  await call();
  pbx.hangup(stage.connectionAt('10000'));
  await stage.arrive('story', 3);
  pbx.setPhones('10', []);
  await stage.press('call +4930111');
  await stage.arrive('story', 4);
  await simulator.close();
  await stage.press('call +4930111');
  const stories = await stage.arrive('story', 5);
  assert.deepEqual(
    stories.map(({ destination, story }) => [destination, story]),
    [
      ['+4930111', 'answered'],
      ['+4930111', 'over after 0 s'],
      ['+4930111', 'nobody answered'],
      ['+4930111', 'not made: no-phone'],
      ['+4930111', 'not made: unreachable'],
    ],
  );
}
