import assert from 'node:assert/strict';
import { type V20Simulator, startSimulator } from '../../simulator';
import { onNewPort } from '../../support/http-server';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { until } from '../../support/until';
import { credentials } from './v20-support';

/** A deploy drops what is on its way between two nodes, so what the nodes send is taken where they send it. */
const tellSent = `module.exports = (RED) => {
  RED.hooks.add('onSend.test', (sent) => {
    for (const { source, msg } of sent) {
      if (source.node.type === '3cx-call-control') process.send({ id: source.id, port: source.port, msg });
    }
  });
};`;

interface Sent {
  id: string;
  port: number;
  msg: { round?: number; payload: { event?: string; outcome?: string } };
}

/** In a Node-RED of its own: the test helper knows no partial deploys. */
for (const api of ['http', 'v20'] as const) {
  describe(`A deploy while a call is followed (${api})`, function () {
    this.timeout(60_000);
    let simulator: V20Simulator;
    let nodeRed: NodeRed;
    const sent: Sent[] = [];
    let flows: Record<string, unknown>[];

    before(async () => {
      simulator = await onNewPort((port) => startSimulator({ delay: 0, v20: { ...credentials, port } }));
      const maker = (id: string, extension: string): Record<string, unknown>[] => [
        {
          ...{ id, z: 'tab', type: '3cx-call-control', name: '', server: 'pbx', operation: 'makecall', follow: true },
          ...{ extension, extensionType: 'str', destination: '12', destinationType: 'str', phone: 'Auto' },
          ...{ phoneType: 'str', outputs: 4, x: 200, y: 100, wires: [['end'], ['end'], ['end'], ['end']] },
        },
        {
          ...{ id: `press-${id}`, z: 'tab', type: 'inject', props: [{ p: 'round', v: '7', vt: 'num' }] },
          ...{ repeat: '', crontab: '', once: false, wires: [[id]] },
        },
      ];
      flows = [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'other', type: 'tab', label: 'other' },
        {
          id: 'pbx',
          type: '3cx-config',
          api,
          url: api === 'v20' ? simulator.v20Url : simulator.url,
          pollInterval: 100,
        },
        ...maker('maker', '10'),
        { id: 'end', z: 'tab', type: 'junction', wires: [[]] },
        { id: 'some', z: 'other', type: 'comment', name: '' },
      ];
      nodeRed = await startNodeRed({
        flows,
        credentials: { pbx: credentials },
        module: tellSent,
        onTold: (told) => sent.push(told as Sent),
      });
    });
    after(async () => {
      await (nodeRed as NodeRed | undefined)?.stop();
      await (simulator as V20Simulator | undefined)?.close();
    });
    beforeEach(() => {
      sent.splice(0);
    });

    const deploy = async (type: 'full' | 'flows' | 'nodes', change: (node: Record<string, unknown>) => object) => {
      flows = flows.map((node) => ({ ...node, ...change(node) }));
      const response = await fetch(`${nodeRed.url}/flows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type },
        body: JSON.stringify(flows),
      });
      assert.equal(response.status, 204);
    };
    const words = (): string[] =>
      sent.map(({ port, msg }) => [port, msg.payload.event, msg.payload.outcome, msg.round].join(' ').trim());
    const next = async (count: number): Promise<void> =>
      until(
        () => sent.length >= count,
        () => `${count}: ${words().join(', ')}`,
      );
    const call = async (): Promise<void> => {
      await until(async () => (await fetch(`${nodeRed.url}/inject/press-maker`, { method: 'POST' })).ok, 'the button');
      await next(1);
      await until(() => simulator.pbx.connectionsOf('12').length > 0, 'the call');
    };
    const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? assert.fail(dn);
    const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 600));
    let times = 0;
    const moved = (id: string) => (node: Record<string, unknown>) =>
      node.id === id ? { x: ++times, name: String(times) } : {};

    for (const type of ['full', 'flows', 'nodes'] as const) {
      it(`(${type}) that leaves the node as it is keeps following the call`, async () => {
        await call();
        await settle();
        await deploy(type, (node) =>
          node.id === 'maker' ? { x: ++times } : moved(type === 'full' ? 'some' : 'press-maker')(node),
        );
        simulator.pbx.answer(idAt('12'));
        await next(2);
        for (let time = 0; time < 3; time++) await deploy(type, moved('press-maker'));
        const deployed = deploy(type, moved('press-maker'));
        simulator.pbx.clearCalls();
        await deployed;
        await next(3);
        await settle();
        assert.deepEqual(
          words(),
          ['0   7', '2 answered  7', '3 ended answered 7'].map((text) => text.trim()),
        );
      });
    }

    it('of the connection, at the same URL, keeps following the call', async () => {
      await call();
      await settle();
      await deploy('nodes', (node) => (node.id === 'pbx' ? { timeout: 7_000 + ++times } : {}));
      simulator.pbx.clearCalls();
      await next(2);
      assert.deepEqual(words()[1], '3 ended not-reached 7');
    });

    for (const [what, change] of [
      ['changes the node', (node: Record<string, unknown>) => (node.id === 'maker' ? { name: `${++times}` } : {})],
      ['takes the node away', (node: Record<string, unknown>) => (node.id === 'maker' ? { id: 'new' } : {})],
      [
        'leads the connection elsewhere',
        (node: Record<string, unknown>) => (node.id === 'pbx' ? { url: `${String(node.url)}/` } : {}),
      ],
    ] as const) {
      it(`that ${what} stops following the call`, async () => {
        await call();
        await settle();
        await deploy('nodes', change);
        simulator.pbx.clearCalls();
        await settle();
        assert.equal(sent.length, 1);
        await deploy('nodes', (node) => (node.id === 'new' ? { id: 'maker' } : {}));
        await settle();
        assert.equal(sent.length, 1);
      });
    }

    it('leaves no warning or error in the log', () => {
      assert.doesNotMatch(nodeRed.log(), /\[(warn|error)\] \[|listeners/);
    });
  });
}
