import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
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
  assert.equal(stage.at('do it').length, 5);
}
