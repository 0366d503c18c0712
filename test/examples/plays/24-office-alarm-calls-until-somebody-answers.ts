import assert from 'node:assert/strict';
import type { FlowNode } from '../../../support/examples';
import type { Stage } from '../stage';

/** What takes seconds takes a fraction of them. */
function quick(node: FlowNode): FlowNode {
  if (node.name === 'alarm') return { ...node, props: [{ p: 'payload', v: '["11","12"]', vt: 'json' }] };
  if (node.name === 'each second') return { ...node, repeat: '0.02' };
  if (node.type !== 'function') return node;
  const times = { RINGS: [20, 0.5], PAUSE: [5, 0.3], ANSWER: [60, 1] };
  let func = String(node.func);
  for (const [name, [before, after]] of Object.entries(times)) {
    assert.ok(func.includes(`const ${name} = ${before};`));
    func = func.replace(`const ${name} = ${before};`, `const ${name} = ${after};`);
  }
  return { ...node, func, initialize: String(node.initialize).replace('5000', '500') };
}

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  const called = (): unknown[] => stage.at('102 calls').map(({ destination }) => destination);
  /** Waits for longer than an alarm rings. */
  const ringsLonger = (): Promise<unknown> => stage.arrive('what next?', stage.at('what next?').length + 35);
  const phones = pbx.extension('102').phones;
  await stage.deploy(quick);

  // What the extension does otherwise is no alarm.
  pbx.makeCall('102', '10');
  await stage.polls();
  pbx.answer(stage.connectionAt('10'));
  await stage.polls();
  pbx.clearCalls();
  await stage.polls();
  assert.deepEqual([called(), stage.at('took it')], [[], []]);

  // One who doesn't answer, one who declines, one who answers.
  await stage.press('alarm');
  await stage.arrive('102 calls');
  await stage.press('alarm');
  await stage.arrive('give up');
  await stage.arrive('102 calls', 2);
  const declining = await stage.callAt('12');
  await stage.polls();
  pbx.hangup(declining);
  await stage.arrive('102 calls', 3);
  const answering = await stage.callAt('11');
  await stage.polls(1);
  pbx.answer(answering);
  const [taken] = await stage.arrive('took it');
  assert.equal((taken?.payload as { number: string }).number, '11');
  await ringsLonger();
  assert.equal(stage.at('give up').length, 1);
  pbx.clearCalls();
  await stage.polls();
  assert.deepEqual(called(), ['11', '12', '11']);
  assert.deepEqual(stage.at('nobody'), []);

  // A deploy in the pause, and one while it rings.
  pbx.setPhones('102', []);
  await stage.press('alarm');
  await stage.arrive('what became of it', 4);
  await stage.redeploy();
  pbx.setPhones('102', phones);
  await stage.arrive('102 calls', 5);
  await stage.polls();
  await stage.redeploy();
  await stage.arrive('give up', 2);
  await stage.arrive('nobody');
  assert.deepEqual(called().slice(3), ['11', '12', '11', '12']);
  await stage.polls();

  // A restart while it rings: somebody answers meanwhile, and is not cut off.
  await stage.press('alarm');
  await stage.arrive('102 calls', 8);
  const ringing = await stage.callAt('11');
  await stage.polls();
  await stage.restart(() => pbx.answer(ringing));
  await stage.arrive('took it', 2);
  await ringsLonger();
  assert.equal(pbx.connectionsOf('11').length, 1);
  // And the next alarm rings.
  pbx.clearCalls();
  await stage.polls();
  await stage.press('alarm');
  await stage.arrive('102 calls', 9);
}
