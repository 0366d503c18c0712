import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, ...stage }: Stage): Promise<void> {
  await stage.deploy();
  pbx.makeCall('11', '10');
  await stage.arrive('blinking');
  pbx.answer(stage.connectionAt('10'));
  await stage.arrive('red');
  pbx.hold(stage.connectionAt('10'));
  await stage.arrive('red', 2);
  pbx.clearCalls();
  await stage.arrive('off');
}
