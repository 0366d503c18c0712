import assert from 'node:assert/strict';
import type { FlowNode } from '../../../support/examples';
import type { Stage } from '../stage';

/** Makes the flow's seconds shorter. */
function quick(node: FlowNode): FlowNode {
  if (node.name === 'alarm') return { ...node, props: [{ p: 'payload', v: '["11","12"]', vt: 'json' }] };
  if (node.type === 'trigger') {
    assert.deepEqual([node.duration, node.units], ['30', 's']);
    return { ...node, duration: '900', units: 'ms' };
  }
  if (node.type !== 'function') return node;
  assert.ok(String(node.func).includes('const PAUSE = 5;'));
  return { ...node, func: String(node.func).replace('const PAUSE = 5;', 'const PAUSE = 0.3;') };
}

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  const called = (): unknown[] => stage.at('102 calls').map(({ destination }) => destination);
  const results = (): unknown[] => stage.at('how it ended').map(({ payload }) => payload);
  const phones = pbx.extension('102').phones;
  await stage.deploy(quick);

  // One person doesn't answer, one declines, one answers. A second alarm meanwhile does nothing.
  await stage.press('alarm');
  await stage.arrive('102 calls');
  await stage.press('alarm');
  await stage.arrive('give up');
  await stage.arrive('102 calls', 2);
  const declining = await stage.callAt('12');
  await stage.polls();
  pbx.hangup(declining);
  await stage.arrive('102 calls', 3);
  // Other calls of the extension are no alarm.
  pbx.makeCall('102', '10');
  const answering = await stage.callAt('11');
  pbx.answer(stage.connectionAt('10'));
  pbx.answer(answering);
  await stage.arrive('how it ended');
  assert.deepEqual(results(), ['11 took it.']);
  assert.deepEqual([stage.at('give up').length, stage.at('rings for 30 s').at(-1)?.reset], [1, true]);
  pbx.clearCalls();
  await stage.arrive('whom next?', stage.at('whom next?').length + 1);
  assert.deepEqual(called(), ['11', '12', '11']);

  // The PBX refuses, as long as the phone is away; then a deploy while it rings.
  pbx.setPhones('102', []);
  await stage.press('alarm');
  await stage.arrive('102 calls', 5);
  pbx.setPhones('102', phones);
  const ringing = await stage.callAt('11');
  await stage.polls();
  await stage.redeploy();
  pbx.hangup(ringing);
  await stage.arrive('102 calls', 7);
  const last = await stage.callAt('12');
  await stage.polls();
  pbx.hangup(last);
  await stage.arrive('how it ended', 2);
  assert.deepEqual(called().slice(3), ['11', '12', '11', '12']);
  assert.equal(results()[1], 'Nobody took the alarm.');

  // The next alarm rings.
  await stage.press('alarm');
  await stage.arrive('102 calls', 8);
  pbx.answer(await stage.callAt('11'));
  await stage.arrive('how it ended', 3);
}
