import assert from 'node:assert/strict';
import type { FlowNode } from '../../../support/examples';
import { startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx, v20 }, ...stage }: Stage): Promise<void> {
  const team = (): [string, string[]][] =>
    ['10', '11', '12', '100', '101'].map((number) => {
      const { profile, loggedInTo } = pbx.extension(number);
      return [profile, [...loggedInTo]];
    });
  const queues = ['8000', '8001'];
  pbx.setProfile('11', 'Custom 1');
  pbx.setProfile('100', 'Out of office');
  await stage.deploy();
  await stage.press('to lunch');
  await stage.arrive('done', 2);
  await stage.arrive('in no queue');
  const atLunch = team();
  assert.deepEqual(atLunch, [
    ['Away', []],
    ['Away', []],
    ['Away', []],
    ['Out of office', queues],
    ['Available', queues],
  ]);

  // A second click forgets nothing, and whoever is back early stays as he is.
  await stage.press('to lunch');
  await stage.arrive('lunch or back?', 8);
  pbx.setProfile('12', 'Custom 2');
  await stage.press('and back');
  await stage.arrive('done', 4);
  await stage.arrive('lunch or back?', 12);
  const back = team();
  assert.deepEqual(back, [
    ['Available', queues],
    ['Custom 1', []],
    ['Custom 2', []],
    ['Out of office', queues],
    ['Available', queues],
  ]);
  await stage.press('and back');
  await stage.arrive('lunch or back?', 16);
  assert.equal(stage.at('set the profile').length, 5);

  // Another click repeats the requests that failed.
  if (v20 === null) return isDoneLater(stage);
  await stage.deploy(onlyTen);
  await stage.press('to lunch');
  await stage.arrive('done', 5);
  v20.switches.ignoresProfiles = true;
  await stage.press('and back');
  await stage.arrive('what went wrong');
  v20.switches.ignoresProfiles = false;
  await stage.press('and back');
  await stage.arrive('forget', 3);
  assert.deepEqual(team(), back);
}

function onlyTen(node: FlowNode): FlowNode {
  if (node.name !== 'the team') return node;
  return { ...node, rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '["10"]', tot: 'json' }] };
}

/** A profile outside the five becomes Available. */
async function isDoneLater(stage: Omit<Stage, 'simulator'>): Promise<void> {
  const script = await startScriptedPbx();
  try {
    script.answers = { showstatus: '    CURRENT_STATUS=Holiday', logout: 'true' };
    await stage.deploy((node) => {
      return node.type === '3cx-config' ? { ...node, url: script.url, timeout: 200 } : onlyTen(node);
    });
    await stage.press('to lunch');
    await stage.arrive('done', 5);
    script.answers.showstatus = '    CURRENT_STATUS=Away';
    await stage.press('and back');
    await stage.arrive('what went wrong');
    script.answers.ready = 'true';
    await stage.press('and back');
    await stage.arrive('forget', 3);
    assert.deepEqual(
      script.requests.filter((path) => !path.startsWith('/showstatus')),
      ['/logout/10', '/ready/10', '/ready/10'],
    );
  } finally {
    await script.close();
  }
}
