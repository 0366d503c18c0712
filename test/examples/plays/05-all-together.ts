import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  const { pbx } = stage.simulator;
  await stage.deploy();
  // A deploy during the talk leaves a call and a profile behind.
  await stage.press('play a call');
  await stage.arrive('talk for 3 s');
  await stage.deploy((node) =>
    node.type === 'delay' ? { ...node, timeout: '10', timeoutUnits: 'milliseconds' } : node,
  );
  assert.deepEqual([pbx.connectionsOf('10').length, pbx.extension('10').profile], [1, 'Away']);
  for (const times of [1, 2]) {
    await stage.press('end it');
    await stage.arrive('the call is over', times);
    assert.deepEqual([pbx.connections(), pbx.extension('10').profile], [[], 'Available']);
  }

  await stage.press('play a call');
  await stage.arrive('who is talking now');
  await stage.arrive('the call is over', 3);
  assert.deepEqual([pbx.connections(), pbx.extension('10').profile], [[], 'Available']);
  await stage.simulator.close();
  await stage.press('play a call');
  await stage.arrive('not carried out');
}
