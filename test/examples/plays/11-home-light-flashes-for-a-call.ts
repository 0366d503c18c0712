import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  await stage.deploy((node) => {
    if (node.type === 'mqtt out') return { ...node, d: false };
    if (node.type === 'trigger') return { ...node, duration: '-10', units: 'ms' };
    return node.type === 'delay' ? { ...node, timeout: '30' } : node;
  });
  const light = (): unknown[] => stage.at('your light').map(({ payload }) => payload);
  const flashes = async (): Promise<void> => {
    const before = light().length;
    const seen = (await stage.arrive('your light', before + 4)).slice(before, before + 4);
    assert.deepEqual(
      seen.map(({ payload }) => payload),
      ['on', 'off', 'on', 'off'],
    );
  };
  const isBack = async (times: number, to: 'on' | 'off'): Promise<void> => {
    await stage.arrive('as before', times);
    const { length } = light();
    await stage.polls(2);
    assert.equal(light().at(-1), to);
    assert.ok(light().length <= length + 2, 'it stays so');
  };

  await stage.press('light on');
  await stage.arrive('your light');
  pbx.inbound({ extension: '11', number: caller });
  await stage.polls();
  assert.deepEqual(light(), ['on'], 'the phone of somebody else');
  pbx.clearCalls();

  pbx.inbound({ extension: '10', number: caller });
  await flashes();
  pbx.answer(stage.connectionAt('10'));
  await isBack(1, 'on');
  const { length } = light();
  await stage.press('light off');
  await stage.arrive('your light', length + 1);
  pbx.clearCalls();

  pbx.inbound({ queue: '8000', number: caller });
  await flashes();
  pbx.answer(stage.connectionAt('11'));
  await isBack(2, 'off');

  pbx.inbound({ extension: '10', number: '+49301' });
  await flashes();
  pbx.clearCalls();
  await isBack(3, 'off');

  // A deploy while it flashes, and a restart in which the caller gives up.
  pbx.inbound({ extension: '10', number: '+49301' });
  await flashes();
  await stage.redeploy();
  await stage.arrive('your light', light().length + 4);
  await stage.restart(() => {
    pbx.clearCalls();
  });
  await isBack(4, 'off');

  const lamp = (): unknown[] => stage.mqtt.on('zigbee2mqtt/lamp/set');
  await stage.press('light on');
  await stage.mqtt.last('zigbee2mqtt/lamp/set', ({ state }: { state: string }) => state === 'ON');
  await stage.press('light off');
  await stage.mqtt.last('zigbee2mqtt/lamp/set', ({ state }: { state: string }) => state === 'OFF');
  assert.deepEqual(lamp().slice(-2), [{ state: 'ON' }, { state: 'OFF' }]);
}
