import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator, caller, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  const expected: string[] = [];
  const stays = async (): Promise<void> => {
    await stage.polls();
    assert.deepEqual(
      stage.at('your sign').map(({ payload }) => payload),
      expected,
    );
  };
  const shows = async (sign: string): Promise<void> => {
    expected.push(sign);
    await stage.arrive('your sign', expected.length);
    await stays();
  };
  const deploy = (): Promise<void> =>
    stage.deploy((node) => (node.name === 'every 10 s' ? { ...node, repeat: '0.1' } : node));

  pbx.makeCall('10', '12');
  await deploy();
  await shows('red');
  pbx.answer(stage.connectionAt('12'));
  await stage.polls();
  if (simulator.v20 !== null) {
    // As far as anybody has seen it, V20 shows a held call as one that is talked on.
    pbx.hold(stage.connectionAt('12'));
    await stays();
    pbx.resume(stage.connectionAt('12'));
    simulator.v20.switches.showsHold = true;
  }
  pbx.hold(stage.connectionAt('12'));
  await shows('yellow');
  pbx.resume(stage.connectionAt('12'));
  await shows('red');
  pbx.clearCalls();
  await shows('green');

  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  pbx.inbound({ extension: '10', number: caller });
  await shows('blinking');
  pbx.clearCalls();
  await shows('green');
  await deploy();
  await shows('green');

  // A phone system that starts later than Node-RED.
  pbx.inbound({ extension: '10', number: caller });
  await shows('blinking');
  await stage.restart(() => simulator.close());
  await stage.arrive('could not be asked');
  const later = await stage.startAgain();
  try {
    await stage.arrive('your sign', expected.length + 1);
    assert.equal(stage.at('your sign').at(-1)?.payload, 'green');
  } finally {
    await later.close();
  }
}
