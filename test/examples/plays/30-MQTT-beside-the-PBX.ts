import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, mqtt, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  await mqtt.last('3cx/v1/pbx/availability', (payload) => payload === 'online');
  await mqtt.last('3cx/v1/pbx/profile/10', ({ profile }: { profile: string }) => profile === 'avail');
  pbx.setProfile('10', 'Away');
  await stage.press('every minute');
  await mqtt.last('3cx/v1/pbx/profile/10', ({ profile }: { profile: string }) => profile === 'away');
  pbx.inbound({ extension: '10', number: stage.caller });
  const event = await mqtt.last<{ number: string }>('3cx/v1/pbx/event/10/ringing');
  assert.equal(event.number, stage.caller);

  await mqtt.publish('3cx/v1/pbx/command/kitchen', { id: '1', operation: 'answer', extension: '10' });
  const { id, ok } = await mqtt.last<{ id: string; ok: boolean }>('3cx/v1/pbx/answer/kitchen');
  assert.deepEqual({ id, ok }, { id: '1', ok: true });
  const talking = await mqtt.last('3cx/v1/pbx/state/10', ({ state }: State) => state === 'talking');
  const { name, activeCalls, number } = talking;
  assert.deepEqual({ name, activeCalls, number }, { name: 'Anna', activeCalls: 1, number: stage.caller });
}

interface State {
  name: string;
  state: string;
  activeCalls: number;
  number: string | null;
}
