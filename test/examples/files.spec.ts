import assert from 'node:assert/strict';
import { exampleFiles, type FlowNode, readExample } from '../../support/examples';

const coreTypes = [
  ...['tab', 'group', 'catch', 'change', 'comment', 'csv', 'debug', 'delay', 'file', 'file in', 'function', 'http in'],
  ...['http request', 'http response', 'inject', 'join', 'json', 'link call', 'link in', 'link out', 'rbe', 'split'],
  ...['mqtt-broker', 'mqtt in', 'mqtt out', 'status', 'switch', 'template', 'trigger'],
];
/** Examples that need more than core nodes: their names say so. */
const otherTypes: Record<string, RegExp> = { 'FlowFuse dashboard': /^ui-/ };
const ownTypes = ['3cx-agent-status', '3cx-call-control', '3cx-call-monitor', '3cx-config', '3cx-recorder'];

const examples = exampleFiles().map((file): [string, FlowNode[]] => [file, readExample(file)]);

describe('The example flows', () => {
  it('use each of our nodes', () => {
    const used = new Set(examples.flatMap(([, nodes]) => nodes.map(({ type }) => type)));
    assert.deepEqual(
      ownTypes.filter((type) => !used.has(type)),
      [],
    );
  });

  it('have ids of their own, but share the connection, beside which one has another', () => {
    const connections = examples.flatMap(([, nodes]) => nodes.filter(({ type }) => type === '3cx-config'));
    const shared = connections.filter(({ id }) => id === connections[0]?.id);
    for (const connection of shared) assert.deepEqual(connection, shared[0]);
    const own = examples.flatMap(([, nodes]) => nodes.map(({ id }) => id).filter((id) => id !== shared[0]?.id));
    assert.equal(new Set(own).size, own.length);
    assert.equal(connections.length, shared.length + 1);
  });

  for (const [file, nodes] of examples) {
    describe(file, () => {
      const placed = nodes.filter(({ x }) => x !== undefined);

      it('needs only core nodes beside ours, unless its name says so', () => {
        const named = Object.entries(otherTypes).flatMap(([name, types]) => (file.includes(name) ? types : []));
        const types = new Set(nodes.map(({ type }) => type));
        assert.deepEqual(
          [...types].filter(
            (type) => ![...coreTypes, ...ownTypes].includes(type) && !named.some((others) => others.test(type)),
          ),
          [],
        );
      });

      it('has a comment that says what to change', () => {
        assert.ok(nodes.some(({ type, name }) => type === 'comment' && String(name).startsWith('Change: ')));
      });

      it('has a Catch node', () => {
        assert.ok(nodes.some(({ type }) => type === 'catch'));
      });

      it('has no wire that leads nowhere, and no secret', () => {
        const ids = new Set(nodes.map(({ id }) => id));
        const targets = nodes.flatMap(({ wires = [], links = [] }) => [...wires.flat(), ...links]);
        assert.deepEqual(
          targets.filter((id) => !ids.has(id)),
          [],
        );
        assert.ok(nodes.every((node) => !('credentials' in node)));
      });

      it('has no two nodes in one place', () => {
        // Without its label a node is as small as its icon.
        const width = ({ type, l = !/^link (in|out)$/.test(type) }: FlowNode): number => (l === false ? 30 : 120);
        const close = placed.flatMap((a, index) =>
          placed
            .slice(index + 1)
            .filter(
              (b) =>
                Math.abs((a.x ?? 0) - (b.x ?? 0)) < (width(a) + width(b)) / 2 && Math.abs((a.y ?? 0) - (b.y ?? 0)) < 40,
            ),
        );
        assert.deepEqual(close, []);
      });
    });
  }
});
