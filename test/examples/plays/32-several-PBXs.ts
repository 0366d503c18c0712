import assert from 'node:assert/strict';
import { until } from '../../../support/until';
import { leg, startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulators, ...stage }: Stage): Promise<void> {
  const said = (): unknown => stage.at('who talks').at(-1)?.payload;
  const shows = (who: string): Promise<void> =>
    until(
      () => said() === who,
      () => `${who}: ${String(said())}`,
    );
  await stage.deploy();
  for (const { pbx } of simulators) {
    pbx.inbound({ extension: '10', number: stage.caller });
    pbx.answer(pbx.connectionsOf('10')[0]?.id ?? '');
  }
  await stage.arrive('who talks', 2);
  for (const office of ['main office', 'branch']) {
    assert.ok(String(said()).includes(`${office}: 10 talking with ${stage.caller}`), String(said()));
  }

  // A call ends while Node-RED is down, which keeps its context on disk.
  await stage.restart(() => {
    simulators[0].pbx.clearCalls();
  });
  await stage.arrive('who talks', 3);
  assert.equal(said(), `branch: 10 talking with ${stage.caller}`);
  simulators[1]?.pbx.clearCalls();
  await stage.arrive('who talks', 4);
  assert.equal(said(), 'nobody');

  await stage.press('branch: 10 calls');
  await stage.arrive('done or refused');
  assert.deepEqual(
    simulators.map(({ pbx }) => pbx.connectionsOf('10').length),
    [0, 1],
  );
  simulators[1]?.pbx.clearCalls();

  // Two phones of an extension, and a caller who withholds the number.
  if (stage.api === 'v20') {
    const office = await stage.another({ phoneLegs: true });
    await stage.deploy();
    office.pbx.inbound({ extension: '10', number: '' });
    assert.equal(office.pbx.connectionsOf('10').length, 2);
    office.pbx.answer(stage.connectionAt('10'));
    await shows('main office: 10 talking with an unknown number');
    office.pbx.clearCalls();
    await shows('nobody');
    return;
  }
  const pbx = await startScriptedPbx();
  try {
    await stage.deploy((node) =>
      node.type === '3cx-config' && node.name === '3CX' ? { ...node, url: pbx.url } : node,
    );
    const outside = leg(1, 'Connected', '10000', '');
    const show = async (...legs: string[]): Promise<void> => {
      pbx.legs = legs;
      await pbx.received(pbx.requests.length + 2);
    };
    await show();
    await show(outside, leg(2, 'Ringing', '10', ''), leg(3, 'Ringing', '10', ''));
    await show(outside, leg(3, 'Connected', '10', ''));
    await shows('main office: 10 talking with an unknown number');
    await show();
    await shows('nobody');
  } finally {
    await pbx.close();
  }
}
