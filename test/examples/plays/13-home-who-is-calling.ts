import assert from 'node:assert/strict';
import { type Stage, withServer } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const known = { country: 'DE', names: [{ number: '+49 (0)151 / 123 456 78', name: 'Grandma' }] };
  await stage.deploy((node) => {
    if (node.type === '3cx-config') return { ...node, ...known };
    if (node.name === 'Sonos') return { ...node, d: false };
    return node.name === 'its address' ? withServer(node, 'http://127.0.0.1:5005', stage.server) : node;
  });
  pbx.inbound({ extension: '11', number: caller });
  pbx.makeCall('12', '10');
  await stage.polls();
  assert.deepEqual(stage.at('known?'), [], 'the phone of somebody else, and a call from inside');
  const forms = [caller, '+49 151 12345678', '+49 (0)151/12345678', '004915112345678', '0151-12345678'];
  for (const [index, number] of forms.entries()) {
    pbx.clearCalls();
    pbx.inbound({ extension: '10', number });
    await stage.arrive('your speaker', index + 1);
  }
  const others = ['030112', '', '+4915112345679'];
  for (const [index, number] of others.entries()) {
    pbx.clearCalls();
    pbx.inbound({ extension: '10', number });
    await stage.arrive('unknown', index + 1);
  }
  assert.deepEqual(
    stage.at('your speaker').map(({ payload }) => payload),
    forms.map(() => 'Grandma is calling'),
  );
  assert.deepEqual(
    stage.at('unknown').map(({ payload }) => (payload as { number: string }).number),
    others,
  );
  await stage.arrive('Sonos: 200 when said', forms.length);
  assert.deepEqual(
    stage.received.map(({ method, url }) => `${method} ${url}`),
    forms.map(() => 'GET /sayall/Grandma%20is%20calling'),
  );
}
