import assert from 'node:assert/strict';
import { startServer } from '../../../support/http-server';
import type { FlowNode } from '../../../support/examples';
import { startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  /** Everything that was told so far was noted, if it was taken. */
  const settled = (times: number): Promise<unknown> => stage.arrive('taken?', times);
  const told = (): unknown[] => stage.received.splice(0).map(({ body }) => JSON.parse(body) as unknown);
  const look = async (): Promise<void> => {
    const known = stage.at('news?').length;
    await stage.press('every 10 s');
    await stage.arrive('news?', known + 3);
  };
  const otherSays = async (extension: string, profile: string): Promise<number> => {
    const response = await fetch(`${stage.nodeRed}/3cx/presence`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ extension, profile }),
    });
    return response.status;
  };
  const withUrl =
    (url: string) =>
    (node: FlowNode): FlowNode => {
      if (node.type === 'tab') return { ...node, env: [{ name: 'OTHER_URL', value: url, type: 'str' }] };
      return node.type === '3cx-config' && stage.api === 'http' ? { ...node, timeout: 200 } : node;
    };

  await stage.deploy(withUrl(stage.server));
  await look();
  await settled(3);
  told();
  pbx.setProfile('10', 'Away');
  await look();
  await settled(4);
  await look();
  assert.deepEqual(told(), [{ extension: '10', profile: 'away' }]);

  // Neither what the other system says nor its echo goes back to it.
  assert.equal(await otherSays('10', 'away'), 204);
  assert.equal(await otherSays('10', 'oof'), 200);
  assert.equal(pbx.extension('10').profile, 'Out of office');
  assert.equal(await otherSays('10', 'oof'), 204);
  await look();
  assert.equal(stage.at('set it').length, 1);

  // What it does not take it is told again.
  stage.answer.status = 503;
  pbx.setProfile('11', 'Custom 1');
  await look();
  await settled(5);
  stage.answer.status = 200;
  await look();
  await settled(6);
  await look();
  const again = { extension: '11', profile: 'custom1' };
  assert.deepEqual(told(), [again, again]);

  assert.equal(await otherSays('10', 'asleep'), 400);
  // The HTTP API does not answer when there is no such extension.
  assert.equal(await otherSays('99', 'away'), stage.api === 'v20' ? 409 : 502);
  await stage.deploy(withUrl(`${stage.nodeRed}/3cx/stand-in/presence`));
  pbx.setProfile('12', 'Custom 2');
  await look();
  const [heard] = await stage.arrive('hears');
  assert.deepEqual(heard?.payload, { extension: '12', profile: 'custom2' });
  await settled(7);

  // A deploy before it was taken.
  const slow = await startServer(() => undefined);
  try {
    await stage.deploy(withUrl(slow.url));
    pbx.setProfile('12', 'Away');
    await look();
    await slow.received(1);
    await stage.deploy(withUrl(stage.server));
    await look();
    await settled(8);
    assert.deepEqual(told(), [{ extension: '12', profile: 'away' }]);
  } finally {
    await slow.close();
  }

  // After a restart only what is new is told.
  pbx.setProfile('12', 'Available');
  await stage.restart();
  await look();
  await settled(9);
  assert.deepEqual(told(), [{ extension: '12', profile: 'avail' }]);
  if (stage.api !== 'http') return;
  // A profile with a name of its own is no word of the other system's.
  const script = await startScriptedPbx();
  try {
    script.answers = { showstatus: '    CURRENT_STATUS=Holiday' };
    await stage.deploy((node) => {
      const changed = withUrl(stage.server)(node);
      return node.type === '3cx-config' ? { ...changed, url: script.url } : changed;
    });
    await look();
    await look();
    assert.deepEqual(told(), []);
  } finally {
    await script.close();
  }
}
