import assert from 'node:assert/strict';
import type { FlowNode } from '../files';
import type { Stage } from '../stage';

const quick: Record<string, Record<string, unknown>> = {
  alarm: { props: [{ p: 'payload', v: '["11","12"]', vt: 'json' }] },
  'for 20 s': { duration: '300', units: 'ms' },
  'a moment': { timeout: '1', timeoutUnits: 'milliseconds' },
};

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  const called = (): unknown[] => stage.at('102 calls').map(({ destination }) => destination);
  await stage.deploy((node: FlowNode) => ({ ...node, ...quick[node.name ?? ''] }));

  // What the extension does otherwise is no alarm.
  pbx.makeCall('102', '10');
  await stage.polls();
  pbx.clearCalls();
  await stage.arrive('next one');
  // The timer is started by each call, and stopped by its end.
  await stage.press('alarm');
  await stage.arrive('for 20 s', 2);
  await stage.press('alarm');
  assert.deepEqual(called(), ['11']);
  await stage.arrive('give up');
  await stage.arrive('for 20 s', 4);
  await stage.polls(1);
  pbx.hangup(stage.connectionAt('12'));
  await stage.arrive('for 20 s', 6);
  await stage.polls(1);
  pbx.answer(stage.connectionAt('11'));
  const [taken] = await stage.arrive('took it');
  assert.equal((taken?.payload as { number: string }).number, '11');
  assert.deepEqual(called(), ['11', '12', '11']);
  // Longer than it rings.
  await stage.polls(4);
  assert.equal(stage.at('give up').length, 1);
  pbx.clearCalls();
  await stage.polls();
  assert.deepEqual(called(), ['11', '12', '11']);
  assert.deepEqual(stage.at('nobody'), []);

  pbx.setPhones('102', []);
  await stage.press('alarm');
  await stage.arrive('nobody');
  assert.deepEqual(called().slice(3), ['11', '12', '11', '12']);
}
