import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettier from 'prettier';
import { commands } from './commands';
import { NodeRed } from './node-red';
import { startUp, tarballSize, versions } from './package';
import type { Row } from './side-by-side';
import { snapshots } from './snapshots';
import { v20 } from './v20';
import { watching } from './watching';

/** Measures only the lines for 3CX V20, which are not saved. */
export async function speedOfV20(): Promise<void> {
  const nodeRed = await NodeRed.start();
  try {
    console.log(table(await v20(nodeRed)));
  } finally {
    await nodeRed.stop();
  }
}

/** Measures how fast everything is, side by side with its alternatives, and saves it in results.md. */
export async function speed(): Promise<void> {
  const nodeRed = await NodeRed.start();
  const rows: Row[] = [];
  try {
    rows.push(...(await commands(nodeRed)), ...(await watching(nodeRed)), ...(await v20(nodeRed)));
  } finally {
    await nodeRed.stop();
  }
  rows.push(...(await snapshots()), ...(await startUp()));
  const path = join(__dirname, 'results.md');
  const markdown = `# How fast it is

Made by \`npm run bench\`, with ${await versions()}. The tarball has ${await tarballSize()}.

Each line was measured side by side with what it is compared with. Times are medians of several rounds in alternating order,
the delay of an event is a mean, and polls were counted once. The server is a bare \`node:http\` in a process of its own, without the 2.5 s that a real one takes to make a
call. Ratios tell more than times: other programs ran too.

${table(rows)}
`;
  await writeFile(path, await prettier.format(markdown, { ...(await prettier.resolveConfig(path)), filepath: path }));
  console.log(table(rows));
}

function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [row.what, row.ours, row.against, row.theirs, ...verdict(row)]);
  return [['what', 'ours', 'against', 'theirs', 'ratio', 'to reach'], Array<string>(6).fill('---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function verdict({ ratio, atMost }: Row): [string, string] {
  const shown = String(Number(ratio.toPrecision(2)));
  if (atMost === null) return [shown, ''];
  return [shown, ratio <= atMost ? `≤ ${atMost}` : `≤ ${atMost}: **missed**`];
}
