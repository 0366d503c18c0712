import assert from 'node:assert/strict';
import type { FlowNode } from '../files';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, mqtt, ...stage }: Stage): Promise<void> {
  await stage.deploy(renamed);
  await mqtt.last('3cx/v1/Office-1/availability', (payload) => payload === 'online');
  await mqtt.last('3cx/v1/Office-1/profile/10', ({ profile }: { profile: string }) => profile === 'avail');
  await mqtt.last('homeassistant/device/3cx_Office-1_10/config');
  pbx.setProfile('10', 'Away');
  await stage.press('every minute');
  await mqtt.last('3cx/v1/Office-1/profile/10', ({ profile }: { profile: string }) => profile === 'away');
  pbx.inbound({ extension: '10', number: stage.caller });
  const event = await mqtt.last<{ number: string }>('3cx/v1/Office-1/event/10/ringing');
  assert.equal(event.number, stage.caller);

  await mqtt.publish('3cx/v1/Office-1/command/kitchen', { id: '1', operation: 'answer', extension: '10' });
  const { id, ok } = await mqtt.last<{ id: string; ok: boolean }>('3cx/v1/Office-1/answer/kitchen');
  assert.deepEqual({ id, ok }, { id: '1', ok: true });
  const talking = await mqtt.last('3cx/v1/Office-1/state/10', ({ state }: State) => state === 'talking');
  const { name, activeCalls, number } = talking;
  assert.deepEqual({ name, activeCalls, number }, { name: 'Anna', activeCalls: 1, number: stage.caller });
}

/** What a user does who has several PBXs. */
function renamed(node: FlowNode): FlowNode {
  const env = node.env as { name: string }[] | undefined;
  if (env === undefined) return node;
  return { ...node, env: env.map((one) => (one.name === 'PBX' ? { ...one, value: 'Office-1' } : one)) };
}

interface State {
  name: string;
  state: string;
  activeCalls: number;
  number: string | null;
}
