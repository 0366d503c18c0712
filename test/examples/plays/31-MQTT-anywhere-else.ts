import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ mqtt, ...stage }: Stage): Promise<void> {
  const state = { extension: '10', name: 'Anna', state: 'ringing', number: stage.caller };
  await mqtt.publish('3cx/v1/pbx/availability', 'online', { retain: true });
  await mqtt.publish('3cx/v1/pbx/state/10', state, { retain: true });
  await stage.deploy();
  assert.equal((await stage.arrive('is the PBX there?'))[0]?.payload, 'online');
  assert.equal((await stage.arrive('who does what'))[0]?.payload, `Anna ringing ${stage.caller}`);
  await mqtt.publish('3cx/v1/pbx/event/10/missed', { event: 'missed', number: stage.caller });
  await stage.arrive('a missed call');

  await stage.press('10 calls 11');
  const { id, ...command } = await mqtt.last<{ id: string }>('3cx/v1/pbx/command/kitchen');
  assert.deepEqual(command, { operation: 'makecall', extension: '10', destination: '11' });
  await mqtt.publish('3cx/v1/pbx/answer/kitchen', { id, ok: true });
  await stage.arrive('done');
  await stage.press('10 hangs up');
  const other = await mqtt.last('3cx/v1/pbx/command/kitchen', (last: { id: string }) => last.id !== id);
  await mqtt.publish('3cx/v1/pbx/answer/kitchen', { id: other.id, ok: false, reason: 'no-call' });
  await stage.arrive('refused or failed');

  // An extension that no longer exists, cleared while Node-RED is restarted with its context on disk, or while it runs.
  await mqtt.publish('3cx/v1/pbx/state/11', { ...state, extension: '11', name: 'Ben' }, { retain: true });
  const who = async (count: number): Promise<unknown> =>
    (await stage.arrive('who does what', count))[count - 1]?.payload;
  await who(2);
  await stage.restart(() => mqtt.publish('3cx/v1/pbx/state/11', '', { retain: true }));
  assert.equal(await who(3), `Anna ringing ${stage.caller}`);
  await mqtt.publish('3cx/v1/pbx/state/10', '', { retain: true });
  assert.equal(await who(4), '');
}
