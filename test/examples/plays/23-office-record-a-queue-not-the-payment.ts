import assert from 'node:assert/strict';
import type { Stage } from '../stage';

export async function play({ simulator, caller, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  const recording = (dn: string): string | undefined => pbx.connectionsOf(dn).at(-1)?.recording;
  const answerAt = async (dn: string, call: { queue: string } | { extension: string }): Promise<void> => {
    pbx.inbound({ ...call, number: caller });
    await stage.polls(1);
    pbx.answer(stage.connectionAt(dn));
  };
  const ask = async (what: string): Promise<[number, unknown]> => {
    const response = await fetch(`${stage.nodeRed}/3cx/recording/${what}`, { method: 'POST' });
    const { reason, recording: is } = (await response.json()) as { reason?: string; recording?: string };
    return [response.status, reason ?? is];
  };

  await stage.deploy();
  await answerAt('10', { queue: '8000' });
  await stage.arrive('records');
  assert.equal(recording('10'), 'Start');
  // Another queue's call, and one that came through none.
  await answerAt('11', { queue: '8001' });
  await answerAt('12', { extension: '12' });
  await stage.polls();
  assert.deepEqual([recording('11'), recording('12'), stage.at('record').length], ['Stop', 'Stop', 1]);

  assert.deepEqual(await ask('10/pause'), [200, 'paused']);
  assert.equal(recording('10'), 'Pause');
  assert.deepEqual(await ask('10/resume'), [200, 'on']);
  assert.equal(recording('10'), 'Resume');
  assert.deepEqual(await ask('10/erase'), [400, 'invalid-argument']);
  for (const other of ['11', '12', '102']) assert.deepEqual(await ask(`${other}/start`), [404, 'no-call']);
  assert.deepEqual([recording('11'), recording('12')], ['Stop', 'Stop']);
  pbx.hold(stage.connectionAt('10'));
  await stage.polls();
  assert.deepEqual(await ask('10/resume'), [404, 'no-call']);
  pbx.resume(stage.connectionAt('10'));
  await stage.polls();
  assert.deepEqual(await ask('10/stop'), [200, 'off']);
  assert.equal(recording('10'), 'Stop');
  await simulator.close();
  assert.deepEqual(await ask('10/pause'), [502, 'unreachable']);
}
