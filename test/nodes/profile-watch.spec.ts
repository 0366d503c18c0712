import assert from 'node:assert/strict';
import type { Node } from 'node-red';
import helper from 'node-red-node-test-helper';
import { accessOf } from '../../lib/node-red/connection';
import type { ProfilePayload, ProfilesPayload } from '../../lib/node-red/profile-node';
import type { ConnectionNode } from '../../lib/node-red/types';
import { profileNames } from '../../lib/pbx';
import {
  type PbxSetup,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type V20Simulator,
} from '../../simulator';
import { calls, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { startServer, type TestServer } from '../../support/http-server';
import { Inbox } from '../../support/inbox';
import { until } from '../../support/until';
import { loadV20, requestsOf, startV20 } from './v20-support';

const watching = { type: '3cx-agent-status', operation: 'watch', interval: 5, outputs: 1, wires: [['done']] };
/** Nodes that carry out commands on the same connection. */
const commands: Properties[] = [
  { id: 'agent', z: 'tab', type: '3cx-agent-status', server: 'server', operation: 'msg', wires: [['gone'], ['gone']] },
  { id: 'gone', z: 'tab', type: 'helper' },
];
const hundred = Array.from({ length: 100 }, (_, index) => String(200 + index));
const bigOffice: PbxSetup = {
  extensions: hundred.map((number) => ({ number, name: `Extension ${number}`, phones: [] })),
  queues: [],
  trunk: '10000',
};
const three = ['two', 'three'].map((id) => ({ ...watching, id, z: 'tab', server: 'server', extensions: '200-299' }));

const shown = (node: Node): string[] =>
  calls(node, 'status').map((status) => (status as { text: string }).text.replace('threecx.status.', ''));
const lastShown = (node: Node): unknown => calls(node, 'status').at(-1);
const payloadOf = async (inbox: Inbox): Promise<ProfilePayload> => (await inbox.next()).payload as ProfilePayload;

describe('3cx-agent-status by the HTTP API', function () {
  this.timeout(40_000);
  useNodeRed();
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function start(options: SimulatorOptions = {}): Promise<Simulator> {
    const simulator = await startSimulator({ delay: 0, ...options });
    closing.push(() => simulator.close());
    return simulator;
  }
  async function serve(...given: Parameters<typeof startServer>): Promise<TestServer> {
    const server = await startServer(...given);
    closing.push(server.close);
    return server;
  }
  async function load(
    url: string,
    properties: Properties = {},
    nodes: Properties[] = [],
  ): Promise<{
    node: Node;
    inbox: Inbox;
    connection: ConnectionNode;
    send: Awaited<ReturnType<typeof loadFlow>>['send'];
  }> {
    const flow = await loadFlow({ ...watching, ...properties }, { url }, { nodes: [...commands, ...nodes] });
    const inbox = new Inbox(helper.getNode('done'));
    return { ...flow, inbox, connection: flow.connection as ConnectionNode };
  }
  const lookUps = (simulator: Simulator): string[] =>
    simulator.requests.map(({ path }) => path).filter((path) => path.startsWith('/showstatus/'));

  it('sends profiles that are changed at a phone, while nobody watches calls', async () => {
    const simulator = await start();
    const { node, inbox } = await load(simulator.url, { extensions: '10', interval: 1 });
    await until(() => lookUps(simulator).length === 1, 'the first answer');
    const begun = performance.now();
    simulator.pbx.setProfile('10', 'Out of office');
    const { topic, payload } = await inbox.next();
    // Less than 5 s count as 5 s.
    assert.ok(performance.now() - begun > 4_000);
    assert.equal(topic, 'profile');
    assert.deepEqual(payload, {
      ...{ event: 'profile', extension: '10', extensionName: null, profile: 'oof', profileName: 'Out of office' },
      ...{ previousProfile: 'avail', previousProfileName: 'Available', loggedIn: null, initial: false, seq: 1 },
    });
    assert.equal(inbox.all.length, 1);
    assert.deepEqual(new Set(simulator.requests.map(({ path }) => path)), new Set(['/showstatus/10']));
    assert.deepEqual(shown(node).slice(0, 1), ['connecting']);
    assert.deepEqual(lastShown(node), { fill: 'green', shape: 'dot', text: 'threecx.status.profiles' });
  });

  it('sends a profile at once after a command of any node of the connection, even if it was unknown', async () => {
    const simulator = await start();
    const { inbox } = await load(simulator.url, { extensions: '10-12', interval: 3_600 });
    await until(() => lookUps(simulator).length === 1, 'the first answer');
    const agent = helper.getNode('agent');
    agent.receive({ operation: 'setstatus', extension: '10', profile: 'away' });
    const { profile, previousProfile, seq } = await payloadOf(inbox);
    assert.deepEqual([profile, previousProfile, seq], ['away', 'avail', 1]);
    agent.receive({ operation: 'setstatus', extension: '12', profile: 'custom1' });
    assert.deepEqual(await payloadOf(inbox), {
      ...{ event: 'profile', extension: '12', extensionName: null, profile: 'custom1', profileName: 'Custom 1' },
      ...{ previousProfile: null, previousProfileName: null, loggedIn: null, initial: false, seq: 2 },
    });
    // It is in no queue, but its profile has changed.
    agent.receive({ operation: 'logout', extension: '12' });
    assert.equal((await payloadOf(inbox)).profile, 'away');
    // Of others, and of what is as it was, nothing is said.
    agent.receive({ operation: 'setstatus', extension: '100', profile: 'away' });
    agent.receive({ operation: 'setstatus', extension: '12', profile: 'away' });
    agent.receive({ operation: 'setstatus', extension: '11', profile: 'oof' });
    const last = await payloadOf(inbox);
    assert.deepEqual([last.extension, last.seq], ['11', 4]);
  });

  it('sends the first profiles with `initial`, then changes', async () => {
    const simulator = await start();
    const { inbox } = await load(simulator.url, { extensions: '10, 11', initial: true });
    const first = [await payloadOf(inbox), await payloadOf(inbox)];
    assert.deepEqual(first, [
      ...['10', '11'].map((extension, index) => ({
        ...{ event: 'profile', extension, extensionName: null, profile: 'avail', profileName: 'Available' },
        ...{ previousProfile: null, previousProfileName: null, loggedIn: null, initial: true, seq: index + 1 },
      })),
    ]);
    helper.getNode('agent').receive({ operation: 'setstatus', extension: '10', profile: 'away' });
    const { initial, previousProfile, seq } = await payloadOf(inbox);
    assert.deepEqual([initial, previousProfile, seq], [false, 'avail', 3]);
  });

  it('answers a message with the profiles that it knows', async () => {
    const simulator = await start();
    const { send, inbox } = await load(simulator.url, { extensions: '100, 11', initial: true });
    assert.deepEqual((await send({})).msg.payload, { profiles: [] });
    while (inbox.all.length < 3) await inbox.next();
    const { output, msg } = await send({ topic: 'kept' });
    assert.deepEqual([output, msg.topic], ['done', 'kept']);
    const known = { extensionName: null, profile: 'avail', profileName: 'Available', loggedIn: null } as const;
    const payload: ProfilesPayload = { profiles: ['11', '100'].map((extension) => ({ extension, ...known })) };
    assert.deepEqual(msg.payload, payload);
  });

  for (const [extensions, words] of [
    ['10, 3*', /^extensions: entry 2 is a pattern/],
    ['1000-2000', /^extensions: entry 1 has more numbers/],
    ['all', /^extensions: entry 1 is no number of an extension$/],
  ] as const) {
    it(`takes "${extensions}" for an error of the configuration, and sends nothing`, async () => {
      const simulator = await start();
      const { node, send } = await load(simulator.url, { extensions });
      const [message] = calls(node, 'error');
      assert.match(String(message), words);
      assert.deepEqual(lastShown(node), {
        ...{ fill: 'red', shape: 'ring', text: 'threecx.status.error-invalid-argument' },
      });
      const { output, msg } = await send({});
      assert.deepEqual([output, msg.error?.code], ['caught', 'invalid-argument']);
      assert.deepEqual(simulator.requests, []);
    });
  }

  it('looks up profiles every half minute if its interval is not a number, and says so', async () => {
    const simulator = await start();
    const { node } = await load(simulator.url, { extensions: '10', interval: 'soon' });
    assert.deepEqual(calls(node, 'warn'), ['interval must be a number of seconds; it is not used']);
    await until(() => lookUps(simulator).length === 1, 'the first answer');
  });

  it('sends the profiles of the extensions that it has seen if it names none', async () => {
    const simulator = await start();
    const { node, inbox } = await load(simulator.url, { extensions: '' });
    assert.deepEqual(shown(node), ['profiles']);
    helper.getNode('agent').receive({ operation: 'setstatus', extension: '11', profile: 'away' });
    assert.equal((await payloadOf(inbox)).extension, '11');
    simulator.pbx.setProfile('11', 'Available');
    const { extension, previousProfile } = await payloadOf(inbox);
    assert.deepEqual([extension, previousProfile], ['11', 'away']);
  });

  it('looks up 100 extensions for three nodes with 100 requests per interval', async () => {
    const simulator = await start({ pbx: bigOffice });
    const { inbox } = await load(simulator.url, { extensions: '200-299' }, three);
    await until(() => lookUps(simulator).length >= 200, 'two rounds');
    const asked = lookUps(simulator).map((path) => path.replace('/showstatus/', ''));
    const counts = hundred.map((extension) => asked.filter((one) => one === extension).length);
    // A machine that is busy may shift them a little.
    assert.ok(Math.min(...counts) >= 1 && Math.max(...counts) <= 3, String(counts));
    const [first, last] = [simulator.requests.at(0), simulator.requests.at(-1)];
    const spacing = ((last?.at ?? 0) - (first?.at ?? 0)) / (simulator.requests.length - 1);
    assert.ok(spacing > 49, `one every ${spacing} ms`);
    assert.deepEqual(inbox.all, []);
  });

  it('lets a command wait for at most one look-up', async () => {
    const server = await serve(({ url = '' }, response) => {
      setTimeout(() => response.end(url.startsWith('/drop') ? 'true' : 'Away'), 30);
      return undefined;
    });
    const control = {
      id: 'control',
      z: 'tab',
      type: '3cx-call-control',
      server: 'server',
      operation: 'drop',
      wires: [[], []],
    };
    await load(server.url, { extensions: '200-299' }, [...three, control]);
    for (let count = 1; count <= 5; count++) {
      await server.received(server.requests.length + 10);
      const before = server.requests.length;
      helper.getNode('control').receive({ extension: '10' });
      await until(() => server.requests.filter((path) => path.startsWith('/drop')).length === count, 'the command');
      const at = server.requests.findIndex((path, index) => index >= before && path.startsWith('/drop'));
      assert.ok(at - before <= 1, `${at - before} look-ups came before it`);
    }
  });

  it('leaves extensions without an answer alone for a minute, and counts no failure as a change', async () => {
    let away = false;
    const server = await serve(({ url = '' }, response) => {
      const extension = url.split('/')[2];
      if (extension === '10') return away ? '    CURRENT_STATUS=Away' : '    CURRENT_STATUS=Available';
      if (extension === '11') return undefined;
      if (extension === '12') return 'idle';
      if (extension === '13') return '<html>Proxy</html>';
      response.statusCode = 500;
      return 'fault';
    });
    const { node, inbox, send } = await load(server.url, { extensions: '10-14', initial: true });
    const lastAsked = (extension: string): number =>
      server.requests.filter((path) => path === `/showstatus/${extension}`).length;
    assert.equal((await payloadOf(inbox)).extension, '10');
    await until(() => lastAsked('14') === 1 && lastAsked('10') >= 2, 'all to be asked', 30_000);
    away = true;
    assert.deepEqual([(await payloadOf(inbox)).profile, inbox.all.length], ['away', 2]);
    assert.deepEqual(
      [11, 12, 13, 14].map((one) => lastAsked(String(one))),
      [1, 1, 1, 1],
    );
    assert.deepEqual((await send({})).msg.payload, {
      profiles: [{ extension: '10', extensionName: null, profile: 'away', profileName: 'Away', loggedIn: null }],
    });
    assert.equal(shown(node).at(-1), 'profiles');
    assert.deepEqual(calls(node, 'error').concat(calls(node, 'warn')), []);
  });

  it('shows under the node what is wrong, and later that it works again', async () => {
    const simulator = await start({ auth: { type: 'basic', user: 'me', password: 'right' } });
    const { node } = await load(simulator.url, { extensions: '10' });
    await until(() => shown(node).at(-1) === 'error-unauthorized', 'the refusal');
    await helper.unload();
    await simulator.close();
    const away = await load(simulator.url, { extensions: '10' });
    await until(() => shown(away.node).at(-1) === 'error-unreachable', 'the outage');
    const { output, msg } = await away.send({});
    assert.deepEqual([output, msg.error?.code], ['caught', 'unreachable']);
    await start({ port: Number(new URL(simulator.url).port) });
    await until(() => shown(away.node).at(-1) === 'profiles', 'the answer');
  });

  it('looks up no more profiles once the flow ends', async () => {
    const simulator = await start();
    const { connection } = await load(simulator.url, { extensions: '10-12' });
    await until(() => lookUps(simulator).length === 1, 'the first answer');
    const { profiles } = accessOf(connection);
    await helper.unload();
    const count = simulator.requestCount;
    // It must not go on: a later look-up would be too late.
    assert.equal((profiles as unknown as { timer: unknown }).timer, null);
    profiles.retry();
    assert.equal((profiles as unknown as { timer: unknown }).timer, null);
    assert.equal(simulator.requestCount, count);
  });

  it('is not configured without a connection', async () => {
    const simulator = await start();
    const { node, send } = await load(simulator.url, { server: '' });
    assert.deepEqual(calls(node, 'status'), [{ fill: 'grey', shape: 'ring', text: 'threecx.status.not-configured' }]);
    assert.equal((await send({})).msg.error?.code, 'invalid-argument');
  });

  it('reads profiles as the documented server gives them', async () => {
    const simulator = await start({ server: 'documented' });
    const { inbox } = await load(simulator.url, { extensions: '10' });
    await until(() => lookUps(simulator).length > 0, 'the first answer');
    helper.getNode('agent').receive({ operation: 'setstatus', extension: '10', profile: 'custom2' });
    assert.equal((await payloadOf(inbox)).profileName, profileNames.custom2);
  });
});

describe('3cx-agent-status by 3CX V20', function () {
  this.timeout(40_000);
  useNodeRed();
  let simulator: V20Simulator;
  afterEach(() => simulator.close());

  async function load(
    properties: Properties,
    nodes: Properties[] = [],
  ): Promise<{ node: Node; inbox: Inbox; connection: Node }> {
    const flow = await loadV20(simulator.v20Url, { ...watching, ...properties }, { nodes: [...commands, ...nodes] });
    return { ...flow, inbox: new Inbox(helper.getNode('done')) };
  }
  const lookUps = (): string[] =>
    simulator.v20.requests.map(({ path }) => decodeURIComponent(path)).filter((path) => path.includes('/Users?'));

  it('sends another profile, and another log-in, by one request for all', async () => {
    simulator = await startV20();
    const { node, inbox } = await load({ extensions: '10, 12' });
    await until(() => shown(node).at(-1) === 'profiles', 'the first answer');
    simulator.pbx.setProfile('10', 'Away');
    simulator.pbx.setProfile('11', 'Away');
    assert.deepEqual(await payloadOf(inbox), {
      ...{ event: 'profile', extension: '10', extensionName: null, profile: 'away', profileName: 'Away' },
      ...{ previousProfile: 'avail', previousProfileName: 'Available', loggedIn: true, initial: false, seq: 1 },
    });
    simulator.pbx.changeQueues('10', { loggedIn: false });
    assert.deepEqual(await payloadOf(inbox), {
      ...{ event: 'profile', extension: '10', extensionName: null, profile: 'away', profileName: 'Away' },
      ...{ previousProfile: 'away', previousProfileName: 'Away', loggedIn: false, initial: false, seq: 2 },
    });
    const query = '/xapi/v1/Users?$select=Number,CurrentProfileName,QueueStatus&$top=100&$skip=0';
    assert.deepEqual(new Set(lookUps()), new Set([query]));
    assert.deepEqual(new Set(requestsOf(simulator)), new Set(['GET /Users']));
  });

  it('looks up 100 extensions for three nodes with one request per interval', async () => {
    simulator = await startV20({}, { pbx: bigOffice });
    await load({ extensions: '200-299' }, three);
    await until(() => lookUps().length === 1, 'the first request');
    const begun = performance.now();
    await until(() => lookUps().length === 3, 'two more');
    assert.ok(performance.now() - begun > 9_000);
  });

  it('asks for more pages only if there are more, and only while an extension is missing', async () => {
    const setup = { ...bigOffice, extensions: [...bigOffice.extensions, { number: '300', name: 'Last', phones: [] }] };
    simulator = await startV20({}, { pbx: setup });
    const { inbox } = await load({ extensions: '200-300', initial: true });
    while (inbox.all.length < 101) await inbox.next();
    assert.equal(lookUps().length, 2);
    await helper.unload();
    const first = lookUps().length;
    const { node } = await load({ extensions: '200-299' });
    await until(() => shown(node).at(-1) === 'profiles' && lookUps().length > first, 'an answer');
    assert.equal(lookUps().length, first + 1);
  });

  it('sends one message at once after a command, with the log-in', async () => {
    simulator = await startV20();
    const { node, inbox } = await load({ extensions: '10', interval: 3_600 });
    await until(() => shown(node).at(-1) === 'profiles', 'the first answer');
    const agent = helper.getNode('agent');
    agent.receive({ operation: 'logout', extension: '10' });
    const { profile, loggedIn } = await payloadOf(inbox);
    assert.deepEqual([profile, loggedIn], ['away', false]);
    agent.receive({ operation: 'login', extension: '10', action: 'login_all' });
    const login = await payloadOf(inbox);
    assert.deepEqual([login.profile, login.previousProfile, login.loggedIn, login.seq], ['away', 'away', true, 2]);
    assert.equal(inbox.all.length, 2);
  });

  it('sends the profiles of all extensions if it names none', async () => {
    simulator = await startV20();
    const { inbox } = await load({ extensions: '', initial: true });
    const first = [];
    while (first.length < 6) first.push((await payloadOf(inbox)).extension);
    assert.deepEqual(first.sort(), ['10', '100', '101', '102', '11', '12']);
  });

  it('shows once, under the node and in the log, that it may not look up profiles, and stops asking', async () => {
    simulator = await startV20({ xapi: false });
    const { node, connection } = await load({ extensions: '10' }, [
      { ...watching, id: 'two', z: 'tab', server: 'server' },
    ]);
    await until(() => shown(node).at(-1) === 'error-unauthorized', 'the refusal');
    assert.equal(shown(helper.getNode('two')).at(-1), 'error-unauthorized');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    assert.equal(lookUps().length, 1);
    assert.deepEqual(calls(connection, 'warn'), ['threecx.log.profiles']);
  });
});
