import assert from 'node:assert/strict';
import { until } from '../../../support/until';
import type { FlowNode } from '../../../support/examples';
import { leg, startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx, v20 }, mqtt, ...stage }: Stage): Promise<void> {
  await stage.deploy(renamed);
  await mqtt.last('3cx/v1/Office-1/availability', (payload) => payload === 'online');
  await mqtt.last('3cx/v1/Office-1/profile/10', ({ profile }: { profile: string }) => profile === 'avail');
  await mqtt.last('homeassistant/device/3cx_Office-1_10/config');
  pbx.setProfile('10', 'Away');
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
  // The HTTP API does not answer when there is no such extension, V20 when it is slow.
  const unanswered = { id: '2', operation: 'drop', extension: v20 === null ? '99' : '12' };
  if (v20 !== null) v20.switches.getDelay = 60_000;
  await mqtt.publish('3cx/v1/Office-1/command/kitchen', unanswered);
  await until(() => stage.asked(`/${unanswered.extension}`).length > 0, 'the command');
  await stage.restart(async () => {
    if (v20 !== null) v20.switches.getDelay = 0;
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
  const shows = (state: string, activeCalls: number): Promise<State> =>
    mqtt.last('3cx/v1/Office-1/state/10', (one: State) => one.state === state && one.activeCalls === activeCalls);
  if (stage.api === 'v20') {
    const office = await stage.another({ phoneLegs: true });
    await stage.deploy(renamed);
    office.pbx.inbound({ extension: '10', number: stage.caller });
    await shows('ringing', 1);
    office.pbx.answer(stage.connectionAt('10'));
    await shows('talking', 1);
    office.pbx.clearCalls();
    await shows('idle', 0);
    return;
  }
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
    await shows('ringing', 1);
    await show(outside, leg(3, 'Connected', '10', stage.caller));
    await shows('talking', 1);
    await show();
    await shows('idle', 0);
  } finally {
    await script.close();
  }
}

/** Changes the node as a user with several PBXs would do it in a hurry. */
function renamed(node: FlowNode): FlowNode {
  if (node.operation === 'watch' && node.type === '3cx-agent-status') return { ...node, interval: 5 };
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
