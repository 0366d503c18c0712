import assert from 'node:assert/strict';
import { until } from '../../../support/until';
import type { FlowNode } from '../../../support/examples';
import { leg, startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulator, mqtt, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
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

  // A restart, with the context on disk: no command stays without an answer, and no extension that was cleared comes back.
  pbx.inbound({ extension: '100', number: stage.caller });
  await mqtt.last('3cx/v1/Office-1/state/100');
  const unanswered = { id: '2', operation: 'drop', extension: '99' };
  await mqtt.publish('3cx/v1/Office-1/command/kitchen', unanswered);
  await until(() => simulator.requests.some(({ path }) => path === '/drop/99'), 'the command');
  await stage.restart(async () => {
    pbx.clearCalls();
    await mqtt.publish('3cx/v1/Office-1/state/100', '', { retain: true });
    mqtt.heard.length = 0;
  });
  await mqtt.last('3cx/v1/Office-1/availability', (payload) => payload === 'online');
  await mqtt.last('3cx/v1/Office-1/state/10', ({ state }: State) => state === 'idle');
  await mqtt.publish('3cx/v1/Office-1/command/kitchen', unanswered);
  const { error } = await mqtt.last<{ error: string }>('3cx/v1/Office-1/answer/kitchen');
  assert.equal(error, 'closed');
  assert.deepEqual(mqtt.on('3cx/v1/Office-1/state/100').filter(Boolean), []);

  // Two phones of one extension are one call.
  const script = await startScriptedPbx();
  try {
    script.answers.showstatus = '    CURRENT_STATUS=Available';
    await stage.deploy((node) => (node.type === '3cx-config' ? { ...node, url: script.url } : renamed(node)));
    const outside = leg(1, 'Connected', '10000', stage.caller);
    const show = async (...legs: string[]): Promise<void> => {
      script.legs = legs;
      await script.received(script.requests.length + 2);
    };
    await show();
    await show(outside, leg(2, 'Ringing', '10', stage.caller), leg(3, 'Ringing', '10', stage.caller));
    await mqtt.last('3cx/v1/Office-1/state/10', (one: State) => one.state === 'ringing' && one.activeCalls === 1);
    await show(outside, leg(3, 'Connected', '10', stage.caller));
    await mqtt.last('3cx/v1/Office-1/state/10', (one: State) => one.state === 'talking' && one.activeCalls === 1);
    await show();
    await mqtt.last('3cx/v1/Office-1/state/10', (one: State) => one.state === 'idle' && one.activeCalls === 0);
  } finally {
    await script.close();
  }
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
