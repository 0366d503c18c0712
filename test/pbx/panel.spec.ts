import assert from 'node:assert/strict';
import { keyOf, type PanelRow, panelTopic } from '../../lib/pbx/panel';

describe('The panel', () => {
  it('has a topic that no other package has', () => {
    assert.match(panelTopic, /^3cx\/[a-z]+$/);
  });

  it('shows a connection once, and each extension and each call of it', () => {
    const rows = [
      { kind: 'connection', connection: 'a' },
      { kind: 'connection', connection: 'b' },
      { kind: 'extension', connection: 'a', extension: '10' },
      { kind: 'extension', connection: 'a', extension: '11' },
      { kind: 'extension', connection: 'b', extension: '10' },
      { kind: 'call', connection: 'a', call: '10' },
      { kind: 'call', connection: 'a', call: '11' },
      { kind: 'call', connection: 'b', call: '10' },
    ] as PanelRow[];
    assert.equal(new Set(rows.map(keyOf)).size, rows.length);
    const [, , extension] = rows;
    assert.ok(extension);
    assert.equal(keyOf({ ...extension, name: 'Anna' } as PanelRow), keyOf(extension), 'it stays the same row');
  });
});
