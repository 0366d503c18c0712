import assert from 'node:assert/strict';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import httpProxyNode from '@node-red/nodes/core/network/06-httpproxy.js';
import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { CallsPayload } from '../../lib/node-red/watch-node';
import { type SimulatorOptions, startSimulator, type V20Simulator, type V20Switches } from '../../simulator';
import { calls, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { listen } from '../../support/http-server';
import { Inbox } from '../../support/inbox';
import { until } from '../../support/until';
import { credentials, loadV20, startV20 } from './v20-support';

const caller = '+4915112345678';
const monitor = { type: '3cx-call-monitor', operation: 'watch', wires: [['done']] };
const drop = { type: '3cx-call-control', operation: 'drop' };

describe('A connection by 3CX V20', function () {
  this.timeout(30_000);
  useNodeRed();
  let simulator: V20Simulator;
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await simulator.close();
  });

  async function start(
    switches: Partial<V20Switches> = {},
    options: Omit<SimulatorOptions, 'v20'> = {},
  ): Promise<void> {
    simulator = await startV20(switches, options);
  }

  const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? '';
  const openSockets = (): number => simulator.v20.sockets.filter(({ closedAt }) => closedAt === null).length;
  /** The statuses a node has shown, from the texts' keys. */
  const shown = (node: Node): string[] =>
    calls(node, 'status').map(
      (status) => (status as { text?: string }).text?.replace(/^threecx\.status\.|, \d\d:\d\d$/g, '') ?? '',
    );
  const waitFor = (node: Node, status: string): Promise<void> =>
    until(
      () => shown(node).at(-1) === status,
      () => `the status ${status}, there were: ${shown(node).join(', ')}`,
    );

  /** Loads one watching node and waits until events come. */
  async function watch(properties: Properties = {}, nodes: Properties[] = []): Promise<{ node: Node; inbox: Inbox }> {
    const { node } = await loadV20(simulator.v20Url, { ...monitor, ...properties }, { nodes });
    const inbox = new Inbox(helper.getNode('done'));
    await waitFor(node, 'no-call');
    return { node, inbox };
  }

  describe('watches by one socket', () => {
    it('a call that is answered, with everything that V20 reports', async () => {
      await start();
      const { inbox } = await watch();
      simulator.pbx.inbound({ extension: '10', queue: '8000', number: caller });
      const { accuracyMs, startedAt, call, connection, callId, ...ringing } = await inbox.event();
      assert.deepEqual(ringing, {
        ...{ event: 'ringing', extension: '10', extensionState: 'ringing', activeCalls: 1, number: caller },
        ...{ extensionName: 'Extension 10', e164: caller, name: null },
        ...{ direction: 'inbound', internal: false, queue: { number: '8000', name: 'Support: Süd; EU' } },
        ...{ trunk: '10000', status: 'ringing', previousStatus: null, recording: null },
        ...{ answeredAt: null, endedAt: null, ringSeconds: null, talkSeconds: null, holdSeconds: null },
        ...{ outcome: null, transferredTo: null, extensions: ['10'], initial: false, synthetic: false, seq: 1 },
      });
      assert.ok(accuracyMs >= 0 && accuracyMs < 5_000, `${accuracyMs} ms`);
      assert.match(startedAt, /Z$/);
      assert.match(String(callId), /^\d+$/);
      simulator.pbx.answer(idAt('10'));
      const answered = await inbox.event();
      assert.deepEqual(
        [answered.event, answered.call, answered.connection, answered.callId],
        ['answered', call, connection, callId],
      );
      simulator.pbx.hangup(idAt('10'));
      assert.deepEqual(await inbox.words(1), ['ended 10 answered']);
    });

    it('a call that nobody answers', async () => {
      await start();
      const { inbox } = await watch();
      simulator.pbx.inbound({ extension: '10', number: caller });
      assert.deepEqual(await inbox.words(1), ['ringing 10']);
      simulator.pbx.hangup(idAt('10'));
      assert.deepEqual(await inbox.words(2), ['ended 10 missed', 'missed 10 missed']);
    });

    it('a call that is transferred', async () => {
      await start();
      const { inbox } = await watch();
      simulator.pbx.inbound({ extension: '10', number: caller });
      assert.deepEqual(await inbox.words(1), ['ringing 10']);
      simulator.pbx.answer(idAt('10'));
      assert.deepEqual(await inbox.words(1), ['answered 10']);
      simulator.pbx.transfer(idAt('10'), '11');
      assert.deepEqual((await inbox.words(3)).sort(), [
        'ended 10 transferred',
        'ringing 11',
        'transferred 10 transferred',
      ]);
    });

    it('for all watching nodes, and answers a message with the calls that are there', async () => {
      await start();
      const more = Array.from({ length: 50 }, (_, index) => ({
        ...{ ...monitor, id: `watch-${index}`, z: 'tab', server: 'server' },
      }));
      const { node, inbox } = await watch({}, more);
      simulator.pbx.inbound({ extension: '10', number: caller });
      for (let count = 0; count <= more.length; count++) assert.equal((await inbox.event()).event, 'ringing');
      node.receive({ topic: 'kept' });
      const { topic, payload } = await inbox.next();
      const [call, ...others] = (payload as CallsPayload).calls;
      assert.deepEqual([topic, call?.extension, call?.recording, others], ['kept', '10', null, []]);
      assert.equal(simulator.v20.sockets.length, 1);
      assert.equal(simulator.v20.requests.filter(({ path }) => path === '/callcontrol').length, 1);
    });

    it('which ends with the connection', async () => {
      await start();
      await watch();
      assert.equal(openSockets(), 1);
      await helper.unload();
      await until(() => openSockets() === 0, 'the end of the socket');
    });

    it('and opens no socket as long as nobody watches', async () => {
      await start();
      const { send } = await loadV20(simulator.v20Url, drop);
      await send({ extension: '10' });
      assert.equal(simulator.v20.sockets.length, 0);
    });
  });

  it('without its socket polls, shows so, and is as late as the events say', async () => {
    await start();
    const { node, inbox } = await watch();
    simulator.v20.switches.refusesSockets = true;
    simulator.v20.dropSockets();
    await waitFor(node, 'polling');
    const last = calls(node, 'status').at(-1);
    assert.deepEqual(last, { fill: 'yellow', shape: 'ring', text: 'threecx.status.polling' });
    simulator.pbx.inbound({ extension: '10', number: caller });
    const ringing = await inbox.event();
    assert.deepEqual([ringing.event, ringing.synthetic], ['ringing', false]);
    assert.ok(ringing.accuracyMs > 0);
    simulator.v20.switches.refusesSockets = false;
    await waitFor(node, 'calls');
    simulator.pbx.hangup(idAt('10'));
    assert.deepEqual(await inbox.words(2), ['ended 10 missed', 'missed 10 missed']);
    assert.deepEqual(shown(node), ['connecting', 'no-call', 'polling', 'calls', 'no-call']);
    // No outage: the PBX was there all the time.
    assert.deepEqual(calls(helper.getNode('server'), 'warn'), []);
  });

  it('sends everything through a core "http proxy" node, the socket too', async () => {
    await start();
    const tunnels: string[] = [];
    const proxy = http.createServer().on('connect', (request: http.IncomingMessage, socket: Socket) => {
      tunnels.push(`${request.headers['proxy-authorization']} ${request.url}`);
      const inner = connect(Number(new URL(simulator.v20Url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(inner).pipe(socket);
      });
      inner.on('error', () => socket.destroy());
      socket.on('error', () => inner.destroy());
    });
    const { port, close } = await listen(proxy);
    closing.push(close);
    const { node } = await loadFlow(
      monitor,
      { api: 'v20', url: 'http://pbx.invalid:5001', proxy: 'proxy' },
      {
        nodes: [{ id: 'proxy', type: 'http proxy', url: `http://127.0.0.1:${port}`, noproxy: [] }],
        types: [httpProxyNode],
        credentials: { server: credentials, proxy: { username: 'me', password: 'word' } },
      },
    );
    await waitFor(node, 'no-call');
    assert.equal(openSockets(), 1);
    const expected = `Basic ${Buffer.from('me:word').toString('base64')} pbx.invalid:5001`;
    assert.ok(tunnels.length >= 2);
    assert.deepEqual(new Set(tunnels), new Set([expected]));
    await helper.unload();
  });

  it('that never gets a socket polls from the start', async () => {
    await start({ refusesSockets: true });
    const { node } = await loadV20(simulator.v20Url, monitor);
    await waitFor(node, 'polling');
    const inbox = new Inbox(helper.getNode('done'));
    simulator.pbx.inbound({ extension: '10', number: caller });
    assert.deepEqual(await inbox.words(1), ['ringing 10']);
  });

  it('shows on every node that the PBX is gone, and that it is back; one line in the log for each', async () => {
    await start();
    const { node, inbox } = await watch({ events: ['ringing', 'ended', 'missed', 'offline', 'online'] }, [
      { ...drop, id: 'control', z: 'tab', server: 'server' },
    ]);
    simulator.pbx.inbound({ extension: '10', number: caller });
    assert.equal((await inbox.event()).event, 'ringing');
    const port = Number(new URL(simulator.v20Url).port);
    await simulator.close();
    const offline = await inbox.event();
    assert.deepEqual({ ...offline }, { event: 'offline', code: 'unreachable', seq: 2 });
    for (const name of ['node', 'control']) await waitFor(helper.getNode(name), 'error-unreachable');
    simulator = await startSimulator({ delay: 0, v20: { ...credentials, port } });
    const [online, ended] = [await inbox.event(), await inbox.event()];
    assert.deepEqual({ ...online }, { event: 'online', code: null, seq: 3 });
    assert.deepEqual([ended.event, ended.outcome, ended.synthetic], ['ended', 'unknown', true]);
    await waitFor(helper.getNode('node'), 'no-call');
    await waitFor(helper.getNode('control'), '');
    assert.ok(shown(node).includes('retrying'));
    const connection = helper.getNode('server');
    assert.deepEqual(calls(connection, 'warn'), ['threecx.log.unreachable']);
    assert.deepEqual(calls(connection, 'log'), ['threecx.log.ok']);
    assert.deepEqual(calls(connection, 'error'), []);
  });

  it('that may not use the Call Control API goes offline with "unauthorized"', async () => {
    await start({ callControl: false });
    const { node } = await loadV20(simulator.v20Url, { ...monitor, events: ['offline'] });
    const inbox = new Inbox(helper.getNode('done'));
    assert.deepEqual({ ...(await inbox.event()) }, { event: 'offline', code: 'unauthorized', seq: 1 });
    await waitFor(node, 'error-unauthorized');
    assert.deepEqual(calls(helper.getNode('server'), 'warn'), ['threecx.log.offline']);
  });

  describe('has a token that', () => {
    const second = [
      { id: 'second', type: '3cx-config', api: 'v20' },
      { ...drop, id: 'other', z: 'tab', server: 'second', wires: [['done'], ['refused']] },
    ];

    it('is shared by two connections with one client', async () => {
      await start();
      const [connection, node] = second;
      const flow = await loadFlow(
        drop,
        { api: 'v20', url: simulator.v20Url },
        {
          nodes: [{ ...connection, url: `${simulator.v20Url}/` }, node ?? {}],
          credentials: { server: credentials, second: credentials },
        },
      );
      for (const id of ['node', 'other', 'node']) {
        assert.equal((await flow.send({ extension: '10' }, id)).output, 'refused');
      }
      assert.equal(simulator.v20.tokens.length, 1);
      assert.equal(simulator.v20.requests.filter(({ path }) => path === '/connect/token').length, 1);
    });

    it('is renewed once if another program takes it, then causes "unauthorized" until that stops', async () => {
      await start();
      const { v20 } = simulator;
      const nodes = [{ ...monitor, id: 'monitor', z: 'tab', server: 'server', wires: [[]] }];
      const flow = await loadV20(simulator.v20Url, drop, { nodes });
      const ask = (): ReturnType<typeof flow.send> => flow.send({ extension: '10' });
      const ours = (): number => v20.tokens.filter(({ isForeign }) => !isForeign).length;
      await waitFor(helper.getNode('monitor'), 'no-call');
      assert.equal((await ask()).output, 'refused');
      assert.equal(ours(), 1);

      v20.takeToken();
      assert.equal((await ask()).output, 'refused');
      assert.equal(ours(), 2);

      v20.switches.contested = true;
      const { output, msg } = await ask();
      assert.deepEqual([output, msg.error?.code], ['caught', 'unauthorized']);
      assert.match(
        msg.error?.message ?? '',
        /another program uses this API client, or the client ID or secret is wrong/,
      );
      const before = v20.requestCount;
      assert.equal((await ask()).msg.error?.code, 'unauthorized');
      assert.equal(v20.requestCount, before);
      for (const name of ['node', 'monitor']) await waitFor(helper.getNode(name), 'error-unauthorized');

      v20.switches.contested = false;
      await until(async () => (await ask()).output === 'refused', 'a token that is accepted');
      await waitFor(flow.node, 'refused-no-call');
      await waitFor(helper.getNode('monitor'), 'no-call');
      const connection = helper.getNode('server');
      assert.deepEqual(
        [calls(connection, 'warn'), calls(connection, 'log')],
        [['threecx.log.unauthorized'], ['threecx.log.ok']],
      );
    });

    it('is asked for once with a wrong secret, which causes "unauthorized"', async () => {
      await start();
      const flow = await loadFlow(
        drop,
        { api: 'v20', url: simulator.v20Url },
        { credentials: { server: { ...credentials, clientSecret: 'another-secret' } } },
      );
      for (let count = 0; count < 5; count++) {
        const { msg } = await flow.send({ extension: '10' });
        assert.equal(msg.error?.code, 'unauthorized');
        assert.doesNotMatch(JSON.stringify(msg), /another-secret/);
      }
      assert.equal(simulator.v20.requestCount, 1);
    });
  });
});

describe('The settings of a connection by 3CX V20', () => {
  useNodeRed();
  const url = 'http://127.0.0.1:1';

  for (const [what, properties, own, message] of [
    ['no address', { url: '' }, credentials, /^url is missing/],
    ['an address that is none', { url: 'pbx.example' }, credentials, /^url must be an address/],
    ['a user in the address', { url: 'https://a:S3cret@pbx.example' }, credentials, /^url must not hold/],
    ['no client ID', { url }, { clientSecret: 'S3cret' }, /^clientId is missing/],
    ['no client secret', { url }, { clientId: 'nodered' }, /^clientSecret is missing/],
    ['another API', { url, api: 'v18' }, credentials, /^api must be one of http, v20/],
    ['no TLS settings', { url, tls: 'nowhere' }, credentials, /^tls names no tls-config/],
    ['no proxy', { url, proxy: 'nowhere' }, credentials, /^proxy names no http proxy/],
    [
      'no such variable',
      { url },
      { clientId: '${NOT_SET}', clientSecret: 'S3cret' },
      /clientId: .* NOT_SET is not set/,
    ],
  ] as [string, Properties, Record<string, string>, RegExp][]) {
    it(`with ${what} are named once in the log and with each message`, async () => {
      const flow = await loadFlow(drop, { api: 'v20', ...properties }, { credentials: { server: own } });
      const { output, msg } = await flow.send({ extension: '10' });
      assert.deepEqual([output, msg.error?.code], ['caught', 'invalid-argument']);
      assert.match(msg.error?.message ?? '', message);
      assert.doesNotMatch(JSON.stringify([msg, calls(flow.connection, 'error')]), /S3cret/);
      assert.equal(calls(flow.connection, 'error').length, 1);
    });
  }

  it('replace environment variables in a client ID, but in a secret only one that is the whole of it', async () => {
    const clientSecret = 'Ab${TopSecretPart}9';
    const simulator = await startSimulator({ delay: 0, v20: { clientId: 'nodered', clientSecret } });
    process.env.THREECX_CLIENT = 'node';
    process.env.THREECX_SECRET = clientSecret;
    try {
      for (const secret of [clientSecret, '${THREECX_SECRET}']) {
        const flow = await loadFlow(
          drop,
          { api: 'v20', url: simulator.v20Url },
          { credentials: { server: { clientId: '${THREECX_CLIENT}red', clientSecret: secret } } },
        );
        assert.equal((await flow.send({ extension: '10' })).output, 'refused');
        await helper.unload();
      }
    } finally {
      delete process.env.THREECX_CLIENT;
      delete process.env.THREECX_SECRET;
      await simulator.close();
    }
  });

  it('choose the HTTP API if `api` is missing, and send V20 nothing', async () => {
    const simulator = await startV20();
    const flow = await loadFlow(drop, { url: simulator.url }, { credentials: { server: credentials } });
    const { output, msg } = await flow.send({ extension: '10' });
    assert.deepEqual([output, (msg.payload as { answer: string }).answer], ['refused', 'false']);
    assert.deepEqual([simulator.requestCount, simulator.v20.requestCount], [1, 0]);
    await simulator.close();
  });
});
