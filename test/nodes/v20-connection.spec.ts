import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { Verdict } from '../../lib/pbx';
import type { V20Simulator, V20Switches } from '../../simulator';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { until } from '../../support/until';
import { clientId, clientSecret, credentials, startV20 } from './v20-support';

const caller = '+4915112345678';
const stored = '__PWRD__';

/** The messages and statuses of the nodes, as Node-RED has them. */
const tellAll = `module.exports = (RED) => {
  RED.hooks.add('onSend.test', (sent) => {
    for (const { source, msg } of sent) process.send({ from: source.id, msg });
  });
  RED.events.on('node-status', ({ id, status }) => process.send({ from: id, status }));
};`;

interface Told {
  from: string;
  msg?: { payload?: { event?: string; extension?: string; ok?: boolean }; error?: { message: string; code: string } };
  status?: object;
}

/** Runs in its own Node-RED: the test helper knows no deploys, and no values of a dialog. */
describe('A connection by 3CX V20, deployed', function () {
  this.timeout(60_000);
  let simulator: V20Simulator;
  let other: V20Simulator | undefined;
  let nodeRed: NodeRed;
  let flows: Record<string, unknown>[];
  let deploys = 0;
  const told: Told[] = [];
  const arrivals = new EventEmitter();

  before(async () => {
    simulator = await startV20();
    const at = { z: 'tab', server: 'pbx' };
    // No id may be the value of another node's property: Node-RED would read it as a reference.
    flows = [
      { id: 'tab', type: 'tab', label: 'test' },
      { id: 'pbx', type: '3cx-config', api: 'v20', url: simulator.v20Url },
      { ...at, id: 'one', type: '3cx-call-monitor', operation: 'watch', wires: [['end']] },
      { ...at, id: 'control', type: '3cx-call-control', operation: 'drop', extension: '10', extensionType: 'str' },
      { id: 'press', z: 'tab', type: 'inject', props: [], wires: [['control']] },
      { id: 'caught', z: 'tab', type: 'catch', scope: null, wires: [['end']] },
      { id: 'end', z: 'tab', type: 'junction', wires: [[]] },
    ].map((node) => (node.id === 'control' ? { ...node, wires: [['end'], ['end']] } : node));
    nodeRed = await startNodeRed({
      flows,
      credentials: { pbx: credentials },
      settings: { logging: { console: { level: 'trace', metrics: false, audit: false } } },
      module: tellAll,
      onTold: (one) => {
        told.push(one as Told);
        arrivals.emit('told');
      },
    });
    // Existing calls are not announced.
    await next(({ from, status }) => from === 'one' && JSON.stringify(status).includes('no-call'));
  });
  after(async () => {
    await (nodeRed as NodeRed | undefined)?.stop();
    await (simulator as V20Simulator | undefined)?.close();
  });
  afterEach(async () => {
    await other?.close();
    other = undefined;
    simulator.pbx.clearCalls();
  });

  const openSockets = (): number => simulator.v20.sockets.filter(({ closedAt }) => closedAt === null).length;
  const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? '';
  async function startOther(switches: Partial<V20Switches> = {}): Promise<V20Simulator> {
    return (other = await startV20(switches));
  }

  /** Waits for the first message that is wanted, and forgets those before. */
  async function next(wanted: (told: Told) => boolean): Promise<NonNullable<Told['msg']>> {
    for (;;) {
      const index = told.findIndex(wanted);
      const [found] = index < 0 ? [] : told.splice(0, index + 1).slice(-1);
      if (found !== undefined) return found.msg ?? {};
      await once(arrivals, 'told');
    }
  }
  async function nextEvent(): Promise<string> {
    const { payload } = await next(({ from, msg }) => from === 'one' && msg !== undefined);
    return `${payload?.event} ${payload?.extension}`;
  }

  async function deploy(type: 'full' | 'flows' | 'nodes'): Promise<void> {
    deploys += 1;
    flows = flows.map((node) => (node.id === 'one' ? { ...node, name: `deploy ${deploys}` } : node));
    const response = await fetch(`${nodeRed.url}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': type },
      body: JSON.stringify(flows),
    });
    assert.equal(response.status, 204);
  }

  /** The verdict of Test connection, without the time it took. */
  async function test(values: object): Promise<Partial<Verdict>> {
    const response = await fetch(`${nodeRed.url}/3cx/test`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ id: 'new', api: 'v20', tls: '', proxy: '', timeout: 1_000, ...values }),
    });
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.doesNotMatch(text, new RegExp(clientSecret));
    const { milliseconds, ...verdict } = JSON.parse(text) as Verdict;
    assert.ok(Number.isInteger(milliseconds));
    return verdict;
  }
  const nothing = { problem: null, detail: null, server: null, calls: null, v20: null, hint: null };
  const all = { version: '20.0.9.1234', callControl: null, extensions: 6, socket: null, configuration: null };

  describe('Test connection', () => {
    it('reports that the token is accepted, the version, and what the client may do', async () => {
      const { v20Url } = await startOther();
      assert.deepEqual(await test({ url: v20Url, ...credentials }), { ...nothing, v20: all });
    });

    for (const [what, switches, found] of [
      ['Call Control', { callControl: false }, { callControl: 'unauthorized', socket: 'unauthorized', extensions: 0 }],
      ['the Configuration API', { xapi: false }, { configuration: 'unauthorized', version: null }],
      ['the WebSocket', { refusesSockets: true }, { socket: 'server-error' }],
      ['nothing but one extension', { visibleDns: ['10'] }, { extensions: 1 }],
    ] as [string, Partial<V20Switches>, object][]) {
      it(`reports what the client may not do, or what does not work: ${what}`, async () => {
        const { v20Url } = await startOther(switches);
        assert.deepEqual(await test({ url: v20Url, ...credentials }), { ...nothing, v20: { ...all, ...found } });
      });
    }

    it('reports that the client ID or the secret is wrong', async () => {
      const { v20Url, v20 } = await startOther();
      const verdict = await test({ url: v20Url, clientId, clientSecret: 'wrong' });
      assert.deepEqual(verdict, { ...nothing, problem: 'unauthorized' });
      assert.equal(v20.requestCount, 1);
    });

    it('reports that another program uses the client', async () => {
      const { v20Url } = await startOther({ contested: true });
      const verdict = await test({ url: v20Url, ...credentials });
      assert.deepEqual(verdict, { ...nothing, problem: 'unauthorized', hint: 'token-taken' });
    });

    it('reports that something else answers there, or nothing', async () => {
      const { url } = await startOther();
      const foreign = await test({ url, ...credentials });
      assert.deepEqual([foreign.problem, foreign.v20], ['unexpected-answer', null]);
      await other?.close();
      const verdict = await test({ url, ...credentials });
      assert.deepEqual(verdict, { ...nothing, problem: 'unreachable', detail: 'ECONNREFUSED' });
    });

    it('reports that the PBX did not answer in time', async () => {
      const { v20Url } = await startOther({ getDelay: 3_000 });
      const { problem, v20 } = await test({ url: v20Url, ...credentials, timeout: 200 });
      assert.deepEqual([problem, v20?.callControl, v20?.configuration], [null, 'timeout', 'timeout']);
    });

    it('reports which setting is wrong', async () => {
      for (const [values, detail] of [
        [{ url: '', ...credentials }, 'url is missing'],
        [{ url: simulator.v20Url, clientSecret }, 'clientId is missing'],
        [{ url: simulator.v20Url, clientId }, 'clientSecret is missing'],
      ] as const) {
        assert.deepEqual(await test(values), { ...nothing, problem: 'invalid-argument', detail });
      }
    });
  });

  describe('Test connection with the stored secret', () => {
    const values = { id: 'pbx', clientId, clientSecret: stored };

    it('uses the token of the deployed connection', async () => {
      const tokens = simulator.v20.tokens.length;
      assert.deepEqual(await test({ ...values, url: simulator.v20Url }), { ...nothing, v20: all });
      assert.deepEqual(await test({ id: 'pbx', ...credentials, url: `${simulator.v20Url}/` }), {
        ...nothing,
        v20: all,
      });
      assert.equal(simulator.v20.tokens.length, tokens);
      assert.equal(openSockets(), 1);
    });

    it('tries another secret separately: the deployed connection keeps its token', async () => {
      const before = simulator.v20.requestCount;
      const tokens = simulator.v20.tokens.length;
      const verdict = await test({ ...values, clientSecret: 'another', url: simulator.v20Url });
      assert.equal(verdict.problem, 'unauthorized');
      assert.deepEqual(
        simulator.v20.requests.filter(({ id }) => id > before).map(({ path }) => path),
        ['/connect/token'],
      );
      assert.equal(simulator.v20.tokens.length, tokens);
    });

    it('sends the secret to no other address, and in no other way', async () => {
      const { url, v20Url, v20 } = await startOther();
      for (const elsewhere of [
        { url: v20Url },
        { url: `${simulator.v20Url}/x` },
        { url: v20Url, id: 'one' },
        { url: simulator.v20Url, api: 'http', auth: 'bearer', token: stored },
      ]) {
        assert.deepEqual(await test({ ...values, ...elsewhere }), { ...nothing, problem: 'secret' });
      }
      assert.equal((await test({ ...values, url: simulator.v20Url, tls: 'one' })).problem, 'invalid-argument');
      assert.equal(v20.requestCount, 0);
      assert.notEqual(url, v20Url);
    });
  });

  describe('the extensions for the dialogs', () => {
    const extensions = async (id = 'pbx'): Promise<unknown> =>
      (await fetch(`${nodeRed.url}/3cx/${id}/extensions`)).json();
    const numbers = ['10', '11', '12', '100', '101', '102'];

    it('have their names, and are there before their first call', async () => {
      simulator.pbx.inbound({ extension: '12', number: caller });
      assert.equal(await nextEvent(), 'ringing 12');
      assert.deepEqual(
        await extensions(),
        numbers.map((extension) => ({
          ...{ extension, name: `Extension ${extension}`, state: extension === '12' ? 'ringing' : 'idle' },
          profile: null,
        })),
      );
      assert.deepEqual(await extensions('nowhere'), []);
    });
  });

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`a deploy (${type}) announces nothing and loses nothing`, async () => {
      const { pbx, v20 } = simulator;
      const tokens = v20.tokens.length;
      told.length = 0;
      pbx.inbound({ extension: '10', number: caller });
      assert.equal(await nextEvent(), 'ringing 10');
      for (let time = 0; time < 3; time++) await deploy(type);
      await until(() => openSockets() === 1, 'one socket');
      assert.deepEqual(
        told.filter(({ from, msg }) => from === 'one' && msg !== undefined),
        [],
      );
      const deployed = deploy(type);
      pbx.answer(idAt('10'));
      await deployed;
      assert.equal(await nextEvent(), 'answered 10');
      pbx.hangup(idAt('10'));
      await deploy(type);
      assert.equal(await nextEvent(), 'ended 10');
      assert.equal(v20.tokens.length, tokens);
    });
  }

  describe('when everything goes wrong', () => {
    it('shows its secret and its tokens in no message, status or line of the log, whatever happens', async () => {
      const { v20, pbx } = simulator;
      const everything: Told[] = [];
      const inject = async (): Promise<void> => {
        const result = next(({ from, msg }) => msg !== undefined && (from === 'control' || from === 'caught'));
        await fetch(`${nodeRed.url}/inject/press`, { method: 'POST' });
        everything.push({ from: '', msg: await result });
      };
      await inject();
      pbx.inbound({ extension: '10', number: caller });
      await inject();
      for (const switches of [{ failsWith: 500 }, { failsWith: 302 }, { failsWith: null, callControl: false }]) {
        Object.assign(v20.switches, switches);
        await inject();
      }
      Object.assign(v20.switches, { callControl: true, contested: true });
      await inject();
      Object.assign(v20.switches, { contested: false });
      const outcomes = everything.map(({ msg }) => msg?.error?.code ?? msg?.payload?.ok);
      assert.deepEqual(outcomes.slice(0, 5), [false, true, 'server-error', 'unexpected-answer', 'unauthorized']);
      const said = JSON.stringify([everything, told]) + nodeRed.log();
      assert.match(nodeRed.log(), /\[trace\]|\[debug\]/);
      const secrets = [clientSecret, ...v20.tokens.flatMap(({ text }) => text.split('.'))];
      for (const secret of new Set(secrets)) assert.equal(said.includes(secret), false);
      assert.doesNotMatch(said, /Bearer/);
    });
  });
});
