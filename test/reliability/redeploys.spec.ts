import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startSimulator, type V20Simulator } from '../../simulator';
import { startServer, type TestServer } from '../../support/http-server';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { type Living, probe } from './probe';
import { isLong, report } from './report';

const deploys = isLong ? 600 : 50;
/** Deploys before the first look: code that was never run is compiled, caches fill. */
const warmUp = isLong ? 100 : 10;
/** Looks at the heap on the way: what grows without end does so from each to the next, a cache that fills does so once. */
const looks = 10;
/** The noise of Node-RED's heap from one look to the next, in bytes. */
const noise = 200_000;
const kinds = ['full', 'flows', 'nodes'] as const;

const v20 = { clientId: 'nodered', clientSecret: 'secret-of-the-client' };
/** The objects of each API that live while the two connections do; 3CX V20 has a varying number of sockets. */
const apis = {
  http: { objects: { HttpApiClient: 2, RequestLane: 2, CallWatch: 2 }, sockets: 2 },
  v20: { objects: { V20Pbx: 2, Listener: 2, EventSocket: 2, CallWatch: 2 } },
} as const;

describeApi('http');
// `npm test` has no time for the second.
if (isLong) describeApi('v20');

function describeApi(api: keyof typeof apis): void {
  describe(`${deploys} deploys under traffic, api ${api}`, function () {
    this.timeout(600_000);
    let simulator: V20Simulator;
    let silent: TestServer;
    let nodeRed: NodeRed;

    before(async () => {
      simulator = await startSimulator({ delay: 0, traffic: 600, v20 });
      silent = await startServer(() => undefined);
      nodeRed = await startNodeRed({ module: probe, flows: withoutNodes });
    });
    after(async () => {
      await (nodeRed as NodeRed | undefined)?.stop();
      await (silent as TestServer | undefined)?.close();
      await (simulator as V20Simulator | undefined)?.close();
    });

    const withoutNodes = [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'probe', type: 'probe', z: 'tab', x: 0, y: 0, wires: [] },
    ];
    const served = (): { url: string; requestCount: number } => (api === 'v20' ? simulator.v20 : simulator);
    /**
     * Two connections, one to a server that never answers. The nodes with the count in their name are deployed again.
     */
    const flows = (count: number): object[] => {
      const every = (id: string, seconds: number, to: string) => ({
        ...{
          id,
          type: 'inject',
          z: 'tab',
          x: 0,
          y: 0,
          props: [],
          repeat: String(seconds),
          once: true,
          onceDelay: 0,
          wires: [[to]],
        },
      });
      const node = (id: string, type: string, server: string, operation: string, name = '') => ({
        ...{ id, type, z: 'tab', x: 0, y: 0, server, operation, name, wires: [] },
        ...{ extension: '10', extensionType: 'str', profile: 'away', profileType: 'str' },
      });
      const connection = { type: '3cx-config', api, pollInterval: 100, credentials: v20 };
      return [
        ...withoutNodes,
        { id: 'other', type: 'tab', label: 'other' },
        { ...connection, id: 'pbx', url: served().url, name: `pbx ${count >> 2}` },
        // Nothing but a close ends its requests in this time.
        { ...connection, id: 'hangs', url: silent.url, timeout: 600_000, name: `hangs ${count}` },
        node('one', '3cx-call-monitor', 'pbx', 'watch', `one ${count}`),
        { ...node('two', '3cx-call-monitor', 'pbx', 'watch'), z: 'other', minRing: 1000 },
        every('tick', 0.05, 'status'),
        node('status', '3cx-agent-status', 'pbx', 'setstatus'),
        node('waits', '3cx-call-monitor', 'hangs', 'watch'),
        every('tock', 0.05, 'drops'),
        node('drops', '3cx-call-control', 'hangs', 'drop'),
      ];
    };

    const deploy = async (type: (typeof kinds)[number], nodes: object[]): Promise<void> => {
      const response = await fetch(`${nodeRed.url}/flows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type },
        body: JSON.stringify(nodes),
      });
      assert.equal(response.status, 204);
    };
    /** Waits for the next request to the simulator. */
    const asked = async (): Promise<void> => {
      const before = served().requestCount;
      for (let tries = 0; served().requestCount === before && tries < 2_000; tries++) await pause(5);
    };
    /** Deploys, waits until the new nodes are at work, and returns the duration of the deploy in ms. */
    const deployAgain = async (count: number): Promise<number> => {
      const arrived = silent.requests.length;
      const started = performance.now();
      await deploy(kinds[count % kinds.length] ?? 'full', flows(count));
      const took = performance.now() - started;
      await silent.received(arrived + 1);
      await asked();
      return took;
    };
    /** The living objects, once they are as many as expected: a closed one may need a moment to go. */
    const living = async (expected?: Partial<Living>): Promise<Living> => {
      const ports = [served().url, silent.url].map((url) => new URL(url).port);
      for (let tries = 0; ; tries++) {
        const response = await fetch(`${nodeRed.url}/probe?ports=${ports.join()}`);
        const found = (await response.json()) as Living;
        if (expected === undefined || isDeepStrictEqual({ ...found, ...expected }, found)) return found;
        if (tries === 10) assert.deepEqual(found, { ...found, ...expected });
      }
    };

    it('leave nothing behind, and wait for no answer', async () => {
      const empty = await living();
      const { listeners } = empty;
      for (let count = 0; count < warmUp; count++) await deployAgain(count);
      const running = {
        ...apis[api],
        objects: { ...empty.objects, ...apis[api].objects, Node: empty.objects.Node + 9 },
        listeners,
      };
      const before = await living(running);
      let longest = 0;
      const heaps = [before.heap];
      for (let count = 1; count <= deploys; count++) {
        longest = Math.max(longest, await deployAgain(warmUp + count));
        if (count % (deploys / looks) === 0) heaps.push((await living()).heap);
      }
      const after = await living(running);
      const growths = heaps.slice(1).map((heap, index) => heap - (heaps[index] ?? 0));
      const [median = 0] = growths.sort((a, b) => a - b).slice(looks / 2);
      assert.ok(median < noise, `the heap grew by ${growths.join(', ')} bytes`);

      await deploy('full', withoutNodes);
      const { objects, timers } = empty;
      const gone = await living({ objects, timers, listeners, sockets: 0 });
      // Node-RED gives a node 15 s to close, and the silent server gets 10 minutes for its answer.
      const complaints = nodeRed
        .log()
        .split('\n')
        .filter((line) => /Close timed out|MaxListeners|Error stopping node/.test(line));
      assert.deepEqual(complaints, []);

      const row = (when: string, found: Living): string[] => [
        when,
        ...[found.objects.Node, found.objects.HttpApiClient + found.objects.V20Pbx, found.objects.CallWatch].map(
          String,
        ),
        ...[found.sockets, found.listeners].map(String),
        ...[String(found.timers), (found.heap / 1e6).toFixed(1)],
      ];
      report(api === 'v20' ? 'v20-redeploys' : 'redeploys', {
        ...(api === 'v20' ? { chapter: 'v20' } : {}),
        position: api === 'v20' ? 50 : 40,
        title: api === 'v20' ? 'V20: deploys' : 'Deploys',
        text:
          'Full deploys, deploys of flows and deploys of nodes take turns in a real Node-RED, while calls come ' +
          'and go and a flow sends a command every 50 ms. On a second connection a request hangs that never gets ' +
          'an answer; each deploy closes one. The objects were counted after garbage collection. Timers come and ' +
          'go while the connection polls.',
        figures: {
          Deploys: deploys,
          'Requests that hung when they were closed': silent.requests.length,
          'Closings that Node-RED gave up on': 0,
          'Longest deploy, in ms': Math.round(longest),
        },
        table: {
          columns: ['', 'nodes', 'clients', 'watching', 'sockets', 'listeners', 'timers', 'heap, MB'],
          rows: [
            row('without our nodes', empty),
            row(`after ${warmUp} deploys`, before),
            row(`after ${deploys} more`, after),
            row('after our nodes were removed', gone),
          ],
        },
      });
    });
  });
}
