import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play(stage: Stage): Promise<void> {
  await stage.deploy();
  stage.simulator.pbx.inbound({ extension: '10', number: stage.caller });
  const answers: Record<string, unknown>[] = [];
  const buttons = ['which calls are there?', 'who calls 10?', 'which call has 10?', 'which phone has 10?'];
  for (const button of buttons) {
    await stage.press(button);
    answers.push((await stage.arrive('answer', answers.length + 1)).at(-1)?.payload as Record<string, unknown>);
  }
  const [calls, caller, call, phone] = answers;
  // V20 lists extensions only.
  assert.deepEqual(
    (calls?.connections as { extension: string }[]).map(({ extension }) => extension).sort(),
    stage.api === 'v20' ? ['10'] : ['10', '10000'],
  );
  assert.equal(caller?.number, stage.caller);
  assert.ok(call?.callId);
  assert.ok((phone?.registration as { contact: string }).contact);
}
