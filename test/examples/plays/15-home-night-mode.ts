import assert from 'node:assert/strict';
import { until } from '../../../support/until';
import type { Stage } from '../stage';

const back = '7:00 to 22:00: back';

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  const profiles = (...expected: string[]): Promise<void> => {
    const now = (): string[] => ['10', '11', '12'].map((extension) => pbx.extension(extension).profile);
    return until(
      () => String(now()) === String(expected),
      () => `${String(expected)}: ${String(now())}`,
    );
  };
  const times: unknown[] = [];
  await stage.deploy((node) => {
    if (node.type === 'inject') times.push(node.crontab);
    return node;
  });
  assert.deepEqual(times, ['00 22 * * *', '00 22 * * *', '*/30 7-21 * * *']);
  pbx.setProfile('11', 'Custom 1');
  pbx.setProfile('12', 'Out of office');
  await stage.press('22:00: 10');
  await stage.press('22:00: 12');
  await profiles('Away', 'Custom 1', 'Away');
  await stage.press('22:00: 10');
  await stage.arrive('remember', 3);
  await stage.restart();
  await stage.press(back);
  await profiles('Available', 'Custom 1', 'Out of office');

  await stage.arrive('forget', 2);
  pbx.setProfile('10', 'Custom 2');
  await stage.press(back);
  await stage.press('22:00: 12');
  await profiles('Custom 2', 'Custom 1', 'Away');
  assert.equal(stage.at('set the old profile').length, 2);
}
