import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../support/browser';
import { Editor } from '../../support/editor';
import { exampleFiles, type FlowNode, otherModules, readExample } from '../../support/examples';
import { type NodeRed, startNodeRed } from '../../support/node-red';

const coreTypes = [
  ...['tab', 'group', 'catch', 'change', 'comment', 'csv', 'debug', 'delay', 'file', 'file in', 'function', 'http in'],
  ...['http request', 'http response', 'inject', 'join', 'json', 'link call', 'link in', 'link out', 'rbe', 'split'],
  ...['junction', 'mqtt-broker', 'mqtt in', 'mqtt out', 'status', 'switch', 'tcp request', 'template', 'trigger'],
];
/** Examples that need more than core nodes: their names say so, and they bring the name of the module along. */
const otherTypes: Record<string, RegExp> = { 'FlowFuse dashboard': /^(ui-|global-config$)/ };
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

  it('have ids of their own, but share the connection, beside which one example has another', () => {
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

      it('needs only core nodes beside ours, unless its name mentions others', () => {
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

      it('is made of groups that have a title, and has no node outside of them', () => {
        const groups = nodes.filter(({ type }) => type === 'group');
        assert.notDeepEqual(groups, []);
        assert.ok(groups.every(({ name, style }) => name && (style as { label?: boolean }).label));
        const members = groups.flatMap(({ id, nodes: ids }) => (ids as string[]).map((member) => `${member} ${id}`));
        const inGroups = placed.filter(({ type }) => type !== 'group').map(({ id, g }) => `${id} ${String(g)}`);
        assert.deepEqual(members.sort(), inGroups.sort());
      });

      it('shows the name of each link node', () => {
        const links = nodes.filter(({ type }) => /^link (in|out)$/.test(type));
        assert.deepEqual(
          links.filter(({ name, l }) => !name || l !== true),
          [],
        );
      });

      it('explains how to try it without a clone of the repository', () => {
        const comments = nodes.filter(({ type }) => type === 'comment').map(({ info }) => String(info));
        assert.ok(comments.some((info) => info.includes('**Try it')));
        assert.doesNotMatch(comments.join('\n'), /npm (start|run)|clone/);
      });
    });
  }
});

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** As Node-RED draws them: how wide a node is depends on its words. */
describe('The example flows, in the editor', function () {
  this.timeout(60_000);
  let browser: Browser;
  let nodeRed: NodeRed;
  let editor: Editor;

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    browser = await launchBrowser();
    const flows = new Map(examples.flatMap(([, nodes]) => nodes.map((node) => [node.id, node])));
    nodeRed = await startNodeRed({ flows: [...flows.values()], modules: otherModules });
    editor = await Editor.open(browser, nodeRed.url);
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
  });

  /** Where the nodes and groups of a tab are, with their buttons. */
  const boxesOf = async (tab: string): Promise<Map<string, Box>> => {
    await editor.ask(`RED.workspaces.show('${tab}')`);
    const nodes = `...RED.nodes.filterNodes({ z: '${tab}' }), ...RED.nodes.groups('${tab}')`;
    await editor.page.waitForFunction(`[${nodes}].every(({ id }) => document.getElementById(id) !== null)`);
    const boxes =
      (await editor.ask(`[${nodes}, ...RED.nodes.junctions('${tab}')].map(({ id, type, x, y, w, h, _def }) => {
      if (type === 'group') return [id, { left: x, top: y, right: x + w, bottom: y + h }];
      const button = _def?.button ? 20 : 0;
      const isRight = _def?.align === 'right';
      return [id, {
        left: x - w / 2 - (isRight ? 0 : button), top: y - h / 2,
        right: x + w / 2 + (isRight ? button : 0), bottom: y + h / 2,
      }];
    })`)) as [string, Box][];
    return new Map(boxes);
  };

  for (const [file, nodes] of examples) {
    it(`${file}: no two nodes overlap, groups hold their nodes, and every wire goes to the right`, async () => {
      const tab = nodes.find(({ type }) => type === 'tab')?.id ?? '';
      const boxes = await boxesOf(tab);
      const box = ({ id }: FlowNode): Box => boxes.get(id) ?? assert.fail(`${id} is not drawn`);
      const words = ({ type, name, id }: FlowNode): string => `${type} ${name ?? ''} (${id})`;
      const placed = nodes.filter(({ x }) => x !== undefined);
      const overlaps = (a: Box, b: Box): boolean =>
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      const holds = (a: Box, b: Box): boolean =>
        a.left <= b.left && a.top <= b.top && a.right >= b.right && a.bottom >= b.bottom;
      const faults: string[] = [];

      const isGroup = ({ type }: FlowNode): boolean => type === 'group';
      for (const kind of [placed.filter(isGroup), placed.filter((node) => !isGroup(node))]) {
        for (const [index, a] of kind.entries()) {
          for (const b of kind.slice(index + 1)) {
            if (overlaps(box(a), box(b))) faults.push(`${words(a)} overlaps ${words(b)}`);
          }
        }
      }
      for (const group of placed.filter(isGroup)) {
        const { x = 0, y = 0, w, h } = group;
        const written = { left: x, top: y, right: x + Number(w), bottom: y + Number(h) };
        const drawn = box(group);
        const isAsWritten = Object.values(written).every(
          (edge, index) => Math.abs(edge - (Object.values(drawn)[index] ?? 0)) <= 2,
        );
        if (!isAsWritten) faults.push(`${words(group)} is drawn elsewhere than written`);
        for (const member of placed.filter(({ g }) => g === group.id)) {
          if (!holds(written, box(member))) faults.push(`${words(group)} does not hold ${words(member)}`);
        }
      }
      for (const node of placed) {
        for (const target of (node.wires ?? []).flat()) {
          const to = placed.find(({ id }) => id === target) ?? assert.fail(`${words(node)} has a wire to nowhere`);
          if (box(to).left < box(node).right) faults.push(`the wire from ${words(node)} to ${words(to)} goes back`);
        }
      }
      assert.deepEqual(faults, []);
    });
  }
});

describe('The example with a dashboard', () => {
  it('brings the name and a version of the module along, so that Node-RED offers to install it', () => {
    const [node] = examples.flatMap(([, nodes]) => nodes.filter(({ type }) => type === 'global-config'));
    const [name = ''] = otherModules;
    const path = resolve(__dirname, '../../node_modules', name, 'package.json');
    const installed = (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
    const { [name]: version = '' } = (node?.modules ?? {}) as Record<string, string>;
    assert.match(version, /^\d+\.\d+\.\d+$/);
    // The examples are played with this one.
    assert.equal(version.split('.')[0], installed.split('.')[0]);
  });
});
