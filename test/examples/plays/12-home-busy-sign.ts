import assert from 'node:assert/strict';
import type { StateEvent } from '../../../lib/calls';
import type { ExtensionState } from '../../../lib/pbx';
import type { Stage } from '../stage';

export async function play({ simulator, caller, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  const expected: ExtensionState[] = [];
  const compare = (): void => {
    assert.deepEqual(
      stage.at('your sign').map(({ payload }) => (payload as StateEvent).extensionState),
      expected,
    );
  };
  const stays = async (): Promise<void> => {
    await stage.polls();
    compare();
  };
  const shows = async (state: ExtensionState): Promise<void> => {
    expected.push(state);
    await stage.arrive('your sign', expected.length);
    await stays();
  };

  pbx.makeCall('10', '12');
  await stage.deploy((node) => (node.type === 'mqtt out' ? { ...node, d: false } : node));
  await shows('dialing');
  pbx.answer(stage.connectionAt('12'));
  await shows('talking');
  if (simulator.v20 !== null) {
    // As far as anybody has seen it, V20 shows a held call as one that is talked on.
    pbx.hold(stage.connectionAt('12'));
    await stays();
    pbx.resume(stage.connectionAt('12'));
    simulator.v20.switches.showsHold = true;
  }
  pbx.hold(stage.connectionAt('12'));
  await shows('held');
  pbx.resume(stage.connectionAt('12'));
  await shows('talking');
  pbx.clearCalls();
  await shows('idle');
  const sensor = await stage.mqtt.last<{ state_topic: string }>('homeassistant/sensor/3cx_10/config');
  await stage.mqtt.last(sensor.state_topic, (state: string) => state === 'idle');
  assert.ok(stage.mqtt.on(sensor.state_topic).includes('talking'));

  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  pbx.inbound({ extension: '10', number: caller });
  await shows('ringing');
  pbx.clearCalls();
  await shows('idle');
  await stage.deploy();
  await shows('idle');

  // A phone system that starts later than Node-RED.
  pbx.inbound({ extension: '10', number: caller });
  await shows('ringing');
  await stage.restart(() => simulator.close());
  const later = await stage.startAgain();
  try {
    expected.push('idle');
    await stage.arrive('your sign', expected.length);
    compare();
  } finally {
    await later.close();
  }
}
