import assert from 'node:assert/strict';
import { startServer } from '../../../support/http-server';
import type { FlowNode } from '../../../support/examples';
import { startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  /** Waits until this many answers of the other system have been handled. */
  const settled = (times: number): Promise<unknown> => stage.arrive('did it take it?', times);
  const told = (): unknown[] => stage.received.splice(0).map(({ body }) => JSON.parse(body) as unknown);
  /** Waits for this many more messages about profiles. */
  const news = async (count: number, after: () => unknown): Promise<void> => {
    const known = stage.at('new to it?').length;
    await after();
    await stage.arrive('new to it?', known + count);
  };
  const otherSays = async (extension: string, profile: string): Promise<number> => {
    const response = await fetch(`${stage.nodeRed}/3cx/presence`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ extension, profile }),
    });
    return response.status;
  };
  /** The example, less patient. */
  const withUrl =
    (url: string) =>
    (node: FlowNode): FlowNode => {
      if (node.type === 'tab') return { ...node, env: [{ name: 'OTHER_URL', value: url, type: 'str' }] };
      if (node.operation === 'watch') return { ...node, interval: 5 };
      if (node.type === 'delay') return { ...node, timeout: '0.2' };
      return node.type === '3cx-config' && stage.api === 'http' ? { ...node, timeout: 200 } : node;
    };

  await stage.deploy(withUrl(stage.server));
  await settled(3);
  assert.equal(told().length, 3);
  pbx.setProfile('10', 'Away');
  await settled(4);
  assert.deepEqual(told(), [{ extension: '10', profile: 'away' }]);

  // Neither what the other system says nor its echo goes back to it.
  assert.equal(await otherSays('10', 'away'), 204);
  await news(1, async () => assert.equal(await otherSays('10', 'oof'), 200));
  assert.equal(pbx.extension('10').profile, 'Out of office');
  assert.equal(await otherSays('10', 'oof'), 204);
  assert.equal(stage.at('set the profile').length, 1);
  assert.equal(stage.at('tell the other system').length, 4);

  // A profile that it does not accept is sent again, as it is by then.
  stage.answer.status = 503;
  pbx.setProfile('11', 'Custom 1');
  await settled(5);
  stage.answer.status = 200;
  await stage.arrive('remember it', 6);
  const again = told();
  assert.ok(again.length >= 2);
  for (const one of again) assert.deepEqual(one, { extension: '11', profile: 'custom1' });

  assert.equal(await otherSays('10', 'asleep'), 400);
  // The HTTP API does not answer when there is no such extension.
  assert.equal(await otherSays('99', 'away'), stage.api === 'v20' ? 409 : 502);
  pbx.setProfile('12', 'Custom 2');
  await stage.deploy(withUrl(`${stage.nodeRed}/3cx/stand-in/presence`));
  // A profile of the other system that could not be set is corrected at the start.
  const heard = await stage.arrive('what it was told', 2);
  assert.deepEqual(
    heard.map(({ payload }) => payload),
    [
      { extension: '10', profile: 'oof' },
      { extension: '12', profile: 'custom2' },
    ],
  );
  await stage.arrive('remember it', 10);

  // A deploy before it was taken.
  const slow = await startServer(() => undefined);
  try {
    pbx.setProfile('12', 'Away');
    await stage.deploy(withUrl(slow.url));
    await slow.received(1);
    await news(3, () => stage.deploy(withUrl(stage.server)));
    await stage.arrive('remember it', 11);
    assert.deepEqual(told(), [{ extension: '12', profile: 'away' }]);
  } finally {
    await slow.close();
  }

  // After a restart only changes are sent.
  pbx.setProfile('12', 'Available');
  await news(3, () => stage.restart());
  await stage.arrive('remember it', 12);
  assert.deepEqual(told(), [{ extension: '12', profile: 'avail' }]);
  if (stage.api !== 'http') return;
  // A profile with a name of its own is no word of the other system's.
  const script = await startScriptedPbx();
  try {
    script.answers = { showstatus: '    CURRENT_STATUS=Holiday' };
    await news(3, () =>
      stage.deploy((node) => {
        const changed = withUrl(stage.server)(node);
        return node.type === '3cx-config' ? { ...changed, url: script.url } : changed;
      }),
    );
    assert.deepEqual(told(), []);
  } finally {
    await script.close();
  }
}
