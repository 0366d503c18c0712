import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import assert from 'node:assert/strict';
import { type ApiType, apiTypes } from '../../lib/pbx';
import { exampleFiles, lackOfExample, readExample } from '../../support/examples';
import { type Play, Theatre } from './stage';

const plays = join(__dirname, 'plays');
const fileOf = (example: string): string => `${basename(example, '.json').replace(/\W+/g, '-')}.ts`;
const examples = exampleFiles();

/** Each in a real Node-RED with the tarball, on the simulator: what it is for must happen. */
describe('The example', function () {
  this.timeout(60_000);
  const theatre = new Theatre();
  before(() => theatre.open());
  after(() => theatre.close());

  it('has a play, each of them', () => {
    assert.deepEqual(readdirSync(plays).sort(), examples.map(fileOf));
  });

  for (const example of examples) {
    const file = join(plays, fileOf(example));
    if (!existsSync(file)) continue;
    for (const api of waysOf(example)) {
      it(`${basename(example, '.json')}, by ${api}`, async () => {
        const { play } = (await import(file)) as { play: Play };
        await theatre.play(example, play, api);
      });
    }
  }
});

/** The ways to the PBX by which an example can be played; one that has no connection is played once. */
function waysOf(example: string): readonly ApiType[] {
  if (!readExample(example).some(({ type }) => type === '3cx-config')) return apiTypes.slice(0, 1);
  return apiTypes.filter((api) => lackOfExample(example, api) === null);
}
