import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { type PanelError, panelTopic, type PanelUpdate } from '../../lib/pbx';
import { type Simulator, startSimulator } from '../../simulator';
import { accessToken } from '../../support/access-token';
import { type NodeRed, type NodeRedOptions, startNodeRed } from '../../support/node-red';
import { nodeRed5 } from '../../support/node-red-5';
import { until } from '../../support/until';

// The hash of "pass", as `node-red admin hash-pw` makes it.
const password = '$2b$08$Mj7GoKioDzI1hBEEB4kwH.8QAo9N800J0H9/cj5BdFAFVxKCPjcFW';
const users = [
  { username: 'reader', permissions: 'read' },
  { username: 'none', permissions: ['flows.read', 'status.read', 'settings.read'] },
].map((user) => ({ ...user, password }));

/** A client that may look at the panel, as an editor may. */
class Viewer {
  readonly updates: PanelUpdate[] = [];
  key = '';

  private constructor(
    private readonly url: string,
    private readonly headers: Record<string, string>,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data: Buffer) => {
      const messages: unknown = JSON.parse(data.toString());
      if (!Array.isArray(messages)) return;
      for (const { topic, data } of messages as { topic: string; data: PanelUpdate }[]) {
        if (topic === panelTopic) this.updates.push(data);
      }
    });
  }

  static async connect(url: string, token?: string): Promise<Viewer> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/comms`);
    const viewer = new Viewer(url, token === undefined ? {} : { Authorization: `Bearer ${token}` }, socket);
    await once(socket, 'open');
    if (token !== undefined) {
      socket.send(JSON.stringify({ auth: token }));
      await once(socket, 'message');
    }
    return viewer;
  }

  /** @returns the status of the answer */
  async ask(): Promise<number> {
    const response = await fetch(`${this.url}/${panelTopic}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...this.headers },
      body: JSON.stringify({ key: this.key }),
    });
    if (response.ok) ({ key: this.key } = (await response.json()) as { key: string });
    return response.status;
  }

  send(data: object): void {
    this.socket.send(JSON.stringify({ topic: panelTopic, data }));
  }

  async open(): Promise<void> {
    assert.equal(await this.ask(), 200);
    this.send({ key: this.key });
    await until(() => this.updates.length > 0, 'an update');
  }

  async end(): Promise<void> {
    // Node-RED may have ended before.
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close();
    await once(this.socket, 'close');
  }

  /** Waits for a row, as it is then. */
  async row(key: string, fields: object): Promise<void> {
    const wanted = Object.entries(fields).map(([name, value]) =>
      JSON.stringify({ [name]: value as unknown }).slice(1, -1),
    );
    const isThere = ({ rows }: PanelUpdate): boolean => {
      const row = JSON.stringify(rows[key] ?? {});
      return wanted.every((field) => row.includes(field));
    };
    await until(
      () => this.updates.some(isThere),
      () => `${key} ${JSON.stringify(fields)} in ${JSON.stringify(this.updates)}`,
    );
  }
}

describe('The panel in Node-RED', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  /** A monitor looks at it all the time, which shows that time passes. */
  let other: Simulator;
  let nodeRed: NodeRed;
  let viewers: Viewer[];

  /** Without a place a node would count as a configuration. */
  const place = { z: 'tab', x: 100, y: 100 };
  const flows = (name: string): object[] => [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'pbx', type: '3cx-config', name, url: simulator.url, pollInterval: 100 },
    { id: 'other', type: '3cx-config', name: 'Other', url: other.url, pollInterval: 100 },
    { id: 'monitor', type: '3cx-call-monitor', ...place, server: 'other', wires: [[]] },
    {
      id: 'command',
      type: '3cx-call-control',
      ...place,
      name: 'Drop it',
      server: 'pbx',
      operation: 'drop',
      wires: [[], []],
    },
    { id: 'caught', type: 'catch', ...place, scope: null, wires: [[]] },
    { id: 'click', type: 'inject', ...place, props: [], wires: [['command']] },
  ];
  const connect = async (): Promise<Viewer> => {
    const viewer = await Viewer.connect(nodeRed.url);
    viewers.push(viewer);
    return viewer;
  };
  /** Waits until the other server has received `count` more requests. */
  const polls = async (count: number): Promise<void> => {
    const end = other.requestCount + count;
    await until(() => other.requestCount >= end, `${count} polls`);
  };
  const requestsDuring = async (count: number): Promise<number> => {
    const before = simulator.requestCount;
    await polls(count);
    return simulator.requestCount - before;
  };

  before(async () => {
    simulator = await startSimulator();
    other = await startSimulator();
    nodeRed = await startNodeRed({ flows: flows('Office') });
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
    await other.close();
  });
  beforeEach(() => {
    viewers = [];
  });
  afterEach(async () => {
    for (const viewer of viewers) await viewer.end();
  });

  it('sends no requests while no editor shows it, and as many for three editors as for one', async () => {
    assert.equal(await requestsDuring(10), 0);
    await (await connect()).open();
    const one = await requestsDuring(20);
    assert.ok(one >= 15, `${one} requests`);
    for (const viewer of [await connect(), await connect()]) await viewer.open();
    const three = await requestsDuring(20);
    assert.ok(Math.abs(three - one) <= 5, `${three} requests for three, ${one} for one`);

    const [first, second, third] = viewers as [Viewer, Viewer, Viewer];
    first.send({ key: first.key, isClosed: true });
    await second.end();
    await third.end();
    viewers = [first];
    // Requests that were on their way have arrived after these polls.
    await polls(2);
    assert.equal(await requestsDuring(10), 0);
  });

  it('shows calls and what extensions do', async () => {
    const viewer = await connect();
    await viewer.open();
    await viewer.row('connection/pbx', { name: 'Office', state: 'online' });
    simulator.pbx.inbound({ extension: '10', number: '+4915112345678' });
    await viewer.row('extension/pbx/10', { state: 'ringing', number: '+4915112345678' });
    simulator.pbx.answer(simulator.pbx.connectionsOf('10')[0]?.id ?? '');
    await viewer.row('extension/pbx/10', { state: 'talking' });
    simulator.pbx.clearCalls();
    await viewer.row('extension/pbx/10', { state: 'idle', number: null });
    assert.ok(viewer.updates.some(({ gone }) => gone.some((key) => key.startsWith('call/pbx/'))));
    const names = viewer.updates.flatMap(({ events }) => events.map(({ payload }) => payload.event));
    assert.deepEqual(
      names.filter((name) => name !== 'state'),
      ['ringing', 'answered', 'ended'],
    );
    viewer.updates.slice(1).forEach(({ seq }, index) => {
      assert.equal(seq, (viewer.updates[index]?.seq ?? 0) + 1);
    });
  });

  it('shows the errors of the nodes, including those that a Catch node gets', async () => {
    const viewer = await connect();
    await viewer.open();
    const { status } = await fetch(`${nodeRed.url}/inject/click`, { method: 'POST' });
    assert.equal(status, 200);
    await until(
      () => viewer.updates.some(({ errors }) => errors.length > 0),
      () => `an error in ${nodeRed.log()}`,
    );
    const errors = viewer.updates.flatMap((update): readonly PanelError[] => update.errors);
    assert.deepEqual(
      errors.map(({ node, name, code }) => ({ node, name, code })),
      [{ node: 'command', name: 'Drop it', code: 'invalid-argument' }],
    );
  });

  it('goes on when everything is deployed again', async () => {
    const viewer = await connect();
    await viewer.open();
    const { status } = await fetch(`${nodeRed.url}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'full' },
      body: JSON.stringify(flows('Branch')),
    });
    assert.equal(status, 204);
    await viewer.row('connection/pbx', { name: 'Branch', state: 'online' });
    simulator.pbx.inbound({ extension: '11', number: '+491' });
    await viewer.row('extension/pbx/11', { state: 'ringing' });
    simulator.pbx.clearCalls();
  });

  it('tests a connection as it is deployed', async () => {
    const test = async (id: string): Promise<Response> => fetch(`${nodeRed.url}/3cx/${id}/test`, { method: 'POST' });
    const { problem, server } = (await (await test('pbx')).json()) as Record<string, unknown>;
    assert.deepEqual({ problem, server }, { problem: null, server: 'community' });
    assert.equal((await test('command')).status, 404);
  });

  const versions: [string, () => Promise<NodeRedOptions>][] = [
    ['4.1', () => Promise.resolve({})],
    ['5.0', nodeRed5],
  ];
  for (const [version, program] of versions) {
    it(`shows nothing to users who may not read connections, in Node-RED ${version}`, async function () {
      this.timeout(600_000); // Node-RED may have to be installed first
      const settings = { adminAuth: { type: 'credentials', users } };
      const guarded = await startNodeRed({ ...(await program()), flows: flows('Office'), settings });
      try {
        const reader = await Viewer.connect(guarded.url, await accessToken(guarded.url, 'reader'));
        const none = await Viewer.connect(guarded.url, await accessToken(guarded.url, 'none'));
        viewers.push(reader, none);
        assert.equal(await none.ask(), 401);
        assert.equal((await fetch(`${guarded.url}/3cx/pbx/test`, { method: 'POST' })).status, 401);
        none.send({ key: '' });
        none.send({ key: null });
        await reader.open();
        simulator.pbx.inbound({ extension: '12', number: '+491' });
        await reader.row('extension/pbx/12', { state: 'ringing' });
        simulator.pbx.clearCalls();
        await reader.row('extension/pbx/12', { state: 'idle' });
        // Updates that came to one session before have reached the other by now.
        assert.deepEqual(none.updates, []);
      } finally {
        await guarded.stop();
      }
    });
  }
});
