import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { currentVersion, migrate } from '../../lib/node-red/migrate';

describe('A definition', () => {
  it('without a version becomes one of this version, with all it has', () => {
    const def = Object.freeze({ operation: 'drop', extension: '10' });
    assert.deepEqual(migrate(def), { ...def, version: currentVersion });
  });

  it('of version 1 keeps its allowed destinations, and its empty queue still means no queue', () => {
    const { allowDestinations } = migrate({ version: 1, allowDestinations: '^1' });
    assert.equal(allowDestinations, '/^1/');
    assert.equal(migrate({ version: 1, allowDestinations: '' }).allowDestinations, '');
    assert.equal(migrate({ allowDestinations: '^1' }).allowDestinations, '/^1/');
    assert.equal(migrate({ version: 2, allowDestinations: '1*' }).allowDestinations, '1*');
    const login = migrate({ version: 1, queue: '', queueType: 'str' });
    assert.deepEqual(login, { version: currentVersion, queue: '', queueType: 'msg' });
  });

  it('of this version, or a later one, stays as it is', () => {
    for (const version of [currentVersion, currentVersion + 1]) {
      const def = Object.freeze({ operation: 'drop', version });
      assert.deepEqual(migrate(def), def);
      assert.notEqual(migrate(def), def);
    }
  });

  it('is saved by every dialog with the current version', () => {
    const folder = resolve(__dirname, '../../nodes');
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.html'))) {
      const [, version] = /version: \{ value: (\d+) \}/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
      assert.equal(Number(version), currentVersion, file);
    }
  });
});
