import assert from 'node:assert/strict';
import type { Stage } from '../stage';
import { byTelegram } from '../telegram';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  await stage.deploy((node) => {
    if (node.type === '3cx-config') return { ...node, names: [{ number: '+49 301', name: 'The school' }] };
    if (node.name !== 'push by ntfy.sh') return node;
    assert.equal(node.d, true, 'nothing is sent outside as long as nobody wants it');
    return { ...node, d: false, url: `${stage.server}/my-topic` };
  });
  pbx.inbound({ queue: '8000', number: caller });
  await stage.polls();
  pbx.answer(stage.connectionAt('11'));
  await stage.polls();
  pbx.clearCalls();
  await stage.polls();
  pbx.inbound({ queue: '8000', number: '+49301' });
  await stage.polls();
  pbx.clearCalls();
  await stage.receive(1);
  stage.answer.status = 500;
  pbx.inbound({ extension: '10', number: '' });
  await stage.polls();
  pbx.clearCalls();
  await stage.receive(2);
  pbx.inbound({ extension: '10', number: '+49302' });
  await stage.polls();
  pbx.clearCalls();
  const sent = await stage.arrive('200 when sent', 3);
  assert.deepEqual(
    sent.map(({ statusCode }) => statusCode),
    [200, 500, 500],
  );
  assert.deepEqual(
    stage.received.map(({ method, url, headers, body }) => [method, url, headers.title, body]),
    [
      ['POST', '/my-topic', 'Missed call', 'Missed call from The school (+49301) for Support: Süd; EU'],
      ['POST', '/my-topic', 'Missed call', 'Missed call from an unknown number'],
      ['POST', '/my-topic', 'Missed call', 'Missed call from +49302'],
    ],
  );
  assert.equal(stage.at('the message').length, 3);
  await byTelegram(stage, 'Missed call from +49303', async () => {
    pbx.inbound({ extension: '10', number: '+49303' });
    await stage.polls();
    pbx.clearCalls();
  });
}
