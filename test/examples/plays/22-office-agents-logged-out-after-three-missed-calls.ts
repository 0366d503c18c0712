import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const agents = (profile: 'Available' | 'Away', ...numbers: string[]): void => {
    for (const number of numbers) pbx.setProfile(number, profile);
  };
  agents('Away', '11', '100', '101');
  await stage.deploy((node) => (node.minRing === undefined ? node : { ...node, minRing: 0 }));
  const ring = async (call: { queue: string } | { extension: string }): Promise<void> => {
    pbx.clearCalls();
    pbx.inbound({ ...call, number: caller });
    await stage.polls(1);
  };
  let counted = 0;
  const miss = async (): Promise<void> => {
    await ring({ queue: '8000' });
    pbx.hangup(stage.connectionAt('10'));
    await stage.arrive('three in a row?', (counted += 1));
  };

  await miss();
  await miss();
  await ring({ queue: '8001' });
  pbx.answer(stage.connectionAt('10'));
  await stage.arrive('three in a row?', (counted += 1));
  counted += 1; // its end
  await miss();
  // Two that do not count: a colleague took it, and it came through no queue.
  agents('Available', '11');
  await ring({ queue: '8000' });
  pbx.answer(stage.connectionAt('11'));
  await stage.arrive('three in a row?', (counted += 2));
  counted += 1; // its end
  agents('Away', '11');
  await ring({ extension: '10' });
  pbx.clearCalls();
  await stage.polls();
  assert.equal(stage.at('three in a row?').length, counted);
  await miss();
  assert.deepEqual(stage.at('log out'), []);
  await miss();
  const [told] = await stage.arrive('tell the team lead');
  assert.match(String(told?.payload), /^Extension 10 /);
  assert.deepEqual([pbx.extension('10').profile, pbx.extension('10').loggedInTo], ['Away', []]);
  assert.deepEqual(pbx.extension('11').loggedInTo, ['8000', '8001']);
}
