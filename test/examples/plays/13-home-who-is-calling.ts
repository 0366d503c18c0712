import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  await stage.arrive('keep it');
  pbx.inbound({ extension: '11', number: caller });
  pbx.makeCall('12', '10');
  await stage.polls();
  assert.deepEqual(stage.at('as +49'), [], 'the phone of somebody else, and a call from inside');
  const forms = [caller, '+49 151 12345678', '+49 (0)151/12345678', '004915112345678', '0151-12345678'];
  for (const [index, number] of forms.entries()) {
    pbx.clearCalls();
    pbx.inbound({ extension: '10', number });
    await stage.arrive('your speaker', index + 1);
  }
  for (const [index, number] of ['030112', '', '11'].entries()) {
    pbx.clearCalls();
    pbx.inbound({ extension: '10', number });
    await stage.arrive('unknown', index + 1);
  }
  assert.deepEqual(
    stage.at('your speaker').map(({ payload }) => payload),
    forms.map(() => 'Grandma is calling'),
  );
  assert.deepEqual(
    stage.at('unknown').map(({ number }) => number),
    ['+4930112', '', '11'],
  );
}
