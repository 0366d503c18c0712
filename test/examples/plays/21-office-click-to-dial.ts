import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator, caller, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  const dial = async (secret: string | undefined, body: object): Promise<[number, unknown]> => {
    const response = await fetch(`${stage.nodeRed}/3cx/dial`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(secret === undefined ? {} : { Authorization: `Bearer ${secret}`.trim() }),
      },
      body: JSON.stringify(body),
    });
    const { ok, reason } = (await response.json()) as { ok: boolean; reason?: string };
    return [response.status, reason ?? ok];
  };
  const call = { extension: '10', destination: caller };

  await stage.deploy();
  for (const secret of [undefined, '', 'undefined', 'null']) {
    assert.deepEqual(await dial(secret, call), [401, 'wrong-secret']);
  }

  await stage.deploy((node) => {
    if (node.type === 'tab') return { ...node, credentials: { DIAL_SECRET: 'open sesame' } };
    return node.type === '3cx-config' && stage.api === 'http' ? { ...node, timeout: 200 } : node;
  });
  assert.deepEqual(await dial(undefined, call), [401, 'wrong-secret']);
  assert.deepEqual(await dial('open', call), [401, 'wrong-secret']);
  assert.deepEqual(await dial('open sesame', { ...call, destination: '0900123456' }), [403, 'not-allowed']);
  assert.deepEqual(await dial('open sesame', { extension: '10' }), [403, 'not-allowed']);
  assert.deepEqual(await dial('open sesame', { destination: caller }), [400, 'invalid-argument']);
  pbx.setPhones('11', []);
  assert.deepEqual(await dial('open sesame', { ...call, extension: '11' }), [409, 'no-phone']);
  // The HTTP API does not answer when there is no such extension.
  assert.deepEqual(
    await dial('open sesame', { ...call, extension: '99' }),
    stage.api === 'v20' ? [502, 'unauthorized'] : [504, 'timeout'],
  );
  assert.deepEqual(pbx.connections(), []);
  assert.deepEqual(await dial('open sesame', call), [200, true]);
  assert.deepEqual(
    pbx.connections().map(({ dn, party }) => [dn, party]),
    [
      ['10', caller],
      ['10000', caller],
    ],
  );
  await simulator.close();
  assert.deepEqual(await dial('open sesame', call), [502, 'unreachable']);
}
