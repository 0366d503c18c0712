import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  // Inside, since the other phone has events of the same call then.
  await stage.deploy((node) =>
    node.type === 'inject' ? { ...node, props: [{ p: 'destination', v: '12', vt: 'str' }] } : node,
  );
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
  pbx.answer(stage.connectionAt('12'));
  await stage.arrive('story');
  pbx.clearCalls();
  await stage.arrive('story', 2);
  await call();
  pbx.hangup(stage.connectionAt('12'));
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
      ['12', 'answered'],
      ['12', 'over after 0 s'],
      ['12', 'nobody answered'],
      ['12', 'not made: no-phone'],
      ['12', 'not made: unreachable'],
    ],
  );
}
