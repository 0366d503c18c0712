import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  await stage.deploy((node) =>
    node.type === 'delay' ? { ...node, timeout: '10', timeoutUnits: 'milliseconds' } : node,
  );
  await stage.press('play a call');
  await stage.arrive('who is talking now');
  await stage.arrive('the call is over');
  assert.deepEqual(stage.simulator.pbx.connections(), []);
  await stage.simulator.close();
  await stage.press('play a call');
  await stage.arrive('not carried out');
}
