import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../../support/until';
import type { FlowNode } from '../../../support/examples';
import type { Stage } from '../stage';

const header = 'date,time,extension,direction,number,queue,talk seconds,outcome';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const logTo =
    (path: string) =>
    (node: FlowNode): FlowNode =>
      node.type === 'tab' ? { ...node, env: [{ name: 'CALL_LOG', value: path, type: 'str' }] } : node;
  /** The lines of the file, once it has this many. */
  const lines = async (path: string, count: number): Promise<string[]> => {
    let read: string[] = [];
    await until(async () => {
      const text = await readFile(path, 'utf8').catch(() => '');
      read = text.split('\r\n').slice(0, -1);
      return read.length >= count;
    }, 'the file');
    return read;
  };

  const log = join(stage.folder, 'logs', 'calls.csv');
  await stage.deploy(logTo(log));
  await lines(log, 1);
  pbx.inbound({ queue: '8000', number: '=HYPERLINK("x")' });
  await stage.polls();
  pbx.answer(stage.connectionAt('10'));
  await stage.polls();
  pbx.clearCalls();
  const [first, second, ...others] = await lines(log, 2);
  assert.equal(first, header);
  assert.match(second ?? '', /^\d{4}-\d\d-\d\d,\d\d:\d\d:\d\d,10,inbound,HYPERLINKx,Support: Süd; EU,0,answered$/);
  assert.deepEqual(others, []);

  // A file that is there goes on, and the sums are of today.
  const today = second?.slice(0, 10) ?? '';
  const old = join(stage.folder, 'old.csv');
  const rows = ['2026-01-02,08:00:00,10', `${today},00:00:00,10`, `${today},00:00:01,10`, `${today},00:00:02,11`];
  const before = [header, ...rows.map((row) => `${row},inbound,${caller},,65,answered`)];
  await writeFile(
    old,
    `${before.join('\r\n')}\r\n${today},00:00:03,12,inbound,${caller},"a ""queue"", indeed",0,missed\r\n`,
  );
  await stage.deploy(logTo(old));
  await stage.press('sum up today');
  const [sums] = await stage.arrive('today');
  assert.deepEqual(sums?.payload, { 10: { calls: 2, talkSeconds: 130 }, 11: { calls: 1, talkSeconds: 65 } });
  pbx.makeCall('11', '12');
  await stage.polls();
  pbx.clearCalls();
  const all = await lines(old, before.length + 3);
  assert.deepEqual(
    all
      .slice(-2)
      .map((line) => line.split(',').at(-1))
      .sort(),
    ['missed', 'not-reached'],
  );
  assert.equal(all.length, before.length + 3);
}
