import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  pbx.inbound({ queue: '8000', number: caller });
  await stage.polls();
  pbx.answer(stage.connectionAt('11'));
  await stage.polls();
  pbx.clearCalls();
  await stage.polls();
  pbx.inbound({ queue: '8000', number: '+49301' });
  await stage.polls(8);
  pbx.clearCalls();
  const messages = await stage.arrive('send the message');
  await stage.polls();
  assert.equal(messages.length, 1);
  assert.match(
    String(messages[0]?.payload),
    /^Missed call from \+49301 through Support: Süd; EU, [\d.]+ seconds at 10 11 100 101 $/,
  );
}
