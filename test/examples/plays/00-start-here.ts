import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('rings');
  pbx.answer(stage.connectionAt('10'));
  await stage.arrive('talks');
  pbx.clearCalls();
  await stage.arrive('over');
  assert.deepEqual(stage.at('missed'), []);
  pbx.inbound({ extension: '10', number: caller });
  await stage.arrive('rings', 2);
  pbx.clearCalls();
  await stage.arrive('over', 2);
  await stage.arrive('missed');
}
