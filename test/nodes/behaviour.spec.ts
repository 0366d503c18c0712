import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import tlsNode from '@node-red/nodes/core/network/05-tls.js';
import httpProxyNode from '@node-red/nodes/core/network/06-httpproxy.js';
import helper from 'node-red-node-test-helper';
import { accessOf } from '../../lib/node-red/connection';
import type { ConnectionNode } from '../../lib/node-red/types';
import { calls, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { startServer, type TestServer } from '../../support/http-server';

const fixture = (name: string): string => readFileSync(resolve(__dirname, '../fixtures', name), 'utf8');
const registration = '7100-sip:10@127.0.0.1:5488;ob-3CXPhone for Windows 18.0.9.20';

describe('A node with operations', () => {
  useNodeRed();
  let server: TestServer;
  let answer: string;

  beforeEach(async () => {
    answer = 'true';
    server = await startServer(({ url = '' }) => {
      if (url.startsWith('/dnregs/')) return registration;
      return url.startsWith('/ondn/') ? '0' : answer;
    });
  });
  afterEach(() => server.close());

  const load = (properties: Properties, connection: Properties = {}): ReturnType<typeof loadFlow> =>
    loadFlow({ type: '3cx-call-control', operation: 'drop', ...properties }, { url: server.url, ...connection });

  describe('takes an argument from', () => {
    const sources: [type: string, value: string, prepare?: () => void][] = [
      ['str', '42'],
      ['msg', 'call.from'],
      ['flow', 'phone', () => helper.getNode('node').context().flow.set('phone', '42')],
      ['global', 'phone', () => helper.getNode('node').context().global.set('phone', '42')],
      ['env', 'THREECX_TEST_EXTENSION'],
      ['str', '4${THREECX_TEST_DIGIT}'],
      ['jsonata', '$string(call.from)'],
    ];
    before(() => Object.assign(process.env, { THREECX_TEST_EXTENSION: '42', THREECX_TEST_DIGIT: '2' }));
    after(() => {
      delete process.env.THREECX_TEST_EXTENSION;
      delete process.env.THREECX_TEST_DIGIT;
    });
    for (const [type, value, prepare] of sources) {
      it(`${type} ${value}`, async () => {
        const flow = await load({ extension: value, extensionType: type });
        prepare?.();
        const { output } = await flow.send({ call: { from: '42' } });
        assert.equal(output, 'done');
        assert.deepEqual(server.requests, ['/drop/42']);
      });
    }

    it('msg, by the name of the argument, when the flow does not say', async () => {
      const flow = await load({});
      await flow.send({ extension: 42 });
      assert.deepEqual(server.requests, ['/drop/42']);
    });
  });

  it('calls with the soft phone when the flow does not say', async () => {
    answer = '00000A5F3C2D1_8';
    const flow = await load({ operation: 'makecall' });
    const { msg } = await flow.send({ extension: '10', destination: '+49301' });
    assert.deepEqual(msg.payload, {
      ...{ operation: 'makecall', ok: true, extension: '10', destination: '+49301', phone: 'Soft' },
      ...{ callId: '00000A5F3C2D1_8', confirmed: true, answer: '00000A5F3C2D1_8' },
    });
    assert.deepEqual(server.requests, ['/dnregs/10', '/ondn/10', '/makecall/10/+49301/Soft']);
  });

  it('takes the operation from msg.operation when told so', async () => {
    const flow = await load({ operation: 'msg' });
    await flow.send({ operation: 'park', extension: '10' });
    assert.deepEqual(server.requests, ['/park/10/']);
  });

  for (const operation of ['dial', 'constructor', 'showallcalls', '', 7, undefined]) {
    it(`refuses msg.operation ${String(operation)}, which is none of its own`, async () => {
      const flow = await load({ operation: 'msg' });
      const { output, msg } = await flow.send({ operation, extension: '10' });
      assert.equal(output, 'caught');
      assert.equal(msg.error?.code, 'invalid-argument');
      assert.match(msg.error.message, /^operation must be one of makecall, /);
      assert.deepEqual(server.requests, []);
    });
  }

  it('leaves an optional argument out that is absent, and takes the other form when it is there', async () => {
    const flow = await load({ type: '3cx-agent-status', operation: 'login' });
    await flow.send({ extension: '10', action: 'login_all' });
    await flow.send({ extension: '10', action: 'login_all', queue: '8000' });
    assert.deepEqual(server.requests, ['/login/10/login_all', '/save/login_only_to/10/8000']);
  });

  it('takes an empty text from the message property of that name', async () => {
    const texts = { extension: '', extensionType: 'str', action: '', actionType: 'str', queue: '', queueType: 'str' };
    const flow = await load({ type: '3cx-agent-status', operation: 'login', version: 2, ...texts });
    await flow.send({ extension: '10', action: 'login_all' });
    await flow.send({ extension: '11', action: 'logout_all', queue: '8000' });
    assert.deepEqual(server.requests, ['/login/10/login_all', '/save/logout_only_from/11/8000']);
  });

  it('takes no queue from the message for a text that was left empty before that was so', async () => {
    const texts = { action: 'login_all', actionType: 'str', queue: '', queueType: 'str' };
    const flow = await load({ type: '3cx-agent-status', operation: 'login', version: 1, ...texts });
    await flow.send({ extension: '10', queue: '8000' });
    assert.deepEqual(server.requests, ['/login/10/login_all']);
  });

  for (const [what, properties, msg, named] of [
    ['an argument that is missing', {}, {}, 'msg.extension is missing'],
    [
      'an empty text without a message property',
      { extension: '', extensionType: 'str' },
      {},
      'msg.extension is missing',
    ],
    [
      'an argument in an object that is missing',
      { extension: 'payload.from', extensionType: 'msg' },
      {},
      'msg.payload.from is missing',
    ],
    [
      'an expression that fails',
      { extension: '$error("10")', extensionType: 'jsonata' },
      {},
      'extension cannot be read from jsonata',
    ],
    ['a malformed argument', {}, { extension: '../stop' }, 'msg.extension may hold only letters, digits and _ . * + -'],
    [
      'a malformed text',
      { extension: '../stop', extensionType: 'str' },
      {},
      'extension may hold only letters, digits and _ . * + -',
    ],
  ] as const) {
    it(`gives Catch nodes ${what}, and sends nothing`, async () => {
      const flow = await load(properties);
      const { output, msg: caught } = await flow.send({ topic: 'kept', ...msg });
      assert.equal(output, 'caught');
      assert.equal(caught.error?.code, 'invalid-argument');
      assert.equal(caught.error.message, named);
      assert.equal(caught.topic, 'kept');
      assert.deepEqual(server.requests, []);
    });
  }

  it('gives Catch nodes the code of what failed', async () => {
    await server.close();
    const flow = await load({});
    const { output, msg } = await flow.send({ extension: '10' });
    assert.equal(output, 'caught');
    assert.equal(msg.error?.code, 'unreachable');
  });

  it('fails a message with "closed" when its connection is closed meanwhile', async () => {
    const silent = await startServer(() => undefined);
    const flow = await load({}, { url: silent.url });
    const sent = flow.send({ extension: '10' });
    await silent.received(1);
    accessOf(flow.connection as ConnectionNode).pbx.close();
    assert.equal((await sent).msg.error?.code, 'closed');
    await silent.close();
  });

  describe('shows', () => {
    it('that it is not configured', async () => {
      const flow = await load({ server: '' });
      assert.deepEqual(calls(flow.node, 'status'), [
        { fill: 'grey', shape: 'ring', text: 'threecx.status.not-configured' },
      ]);
      const { msg } = await flow.send({ extension: '10' });
      assert.equal(msg.error?.code, 'invalid-argument');
      assert.match(msg.error.message, /^server: /);
    });

    for (const [what, body, properties, expected] of [
      ['what was done', 'true', {}, { fill: 'grey', shape: 'dot', text: 'threecx.done.drop' }],
      ['that it was refused', 'false', {}, { fill: 'yellow', shape: 'dot', text: 'threecx.status.refused-no-call' }],
      ['that it failed', 'idle', {}, { fill: 'red', shape: 'ring', text: 'threecx.status.error-unsupported' }],
      [
        'the profile',
        'CURRENT_STATUS=Away',
        { type: '3cx-agent-status', operation: 'showstatus' },
        { fill: 'grey', shape: 'dot', text: 'threecx.status.away' },
      ],
      [
        'what became of the recording',
        'true',
        { type: '3cx-recorder', operation: 'pause' },
        { fill: 'grey', shape: 'dot', text: 'threecx.done.pause' },
      ],
    ] as const) {
      it(`${what}, after it was under way`, async () => {
        answer = body;
        const flow = await load(properties);
        await flow.send({ extension: '10' });
        const shown = calls(flow.node, 'status');
        assert.deepEqual(shown.slice(0, 2), [{}, { fill: 'blue', shape: 'dot', text: 'threecx.status.sending' }]);
        const { text, ...look } = shown.at(-1) as { text: string };
        assert.match(text, /, \d\d:\d\d$/);
        assert.deepEqual({ ...look, text: text.slice(0, -7) }, expected);
        assert.equal(shown.length, 3);
      });
    }

    it('on every node of a connection that its server is gone, and that it is back; one line in the log for each', async () => {
      const flow = await loadFlow(
        { type: '3cx-call-control', operation: 'drop' },
        { url: server.url },
        { nodes: [{ id: 'other', z: 'tab', type: '3cx-recorder', server: 'server', wires: [] }] },
      );
      const other = helper.getNode('other');
      const port = Number(new URL(server.url).port);
      await flow.send({ extension: '10' });
      await server.close();
      await flow.send({ extension: '10' });
      await flow.send({ extension: '10' });
      assert.deepEqual(calls(other, 'status').at(-1), {
        fill: 'red',
        shape: 'ring',
        text: 'threecx.status.error-unreachable',
      });
      const revived = http.createServer((_request, response) => response.end('true')).listen(port, '127.0.0.1');
      await once(revived, 'listening');
      await flow.send({ extension: '10' });
      revived.closeAllConnections();
      revived.close();
      // That it is back is no news of anything that this node has done.
      assert.deepEqual(calls(other, 'status').at(-1), {});

      assert.deepEqual(calls(flow.connection, 'warn'), ['threecx.log.unreachable']);
      assert.deepEqual(calls(flow.connection, 'log'), ['threecx.log.ok']);
      assert.deepEqual(calls(flow.connection, 'error'), []);
    });
  });
});

describe('The connection', () => {
  useNodeRed();

  for (const [setting, value] of [
    ['url', 'pbx:8889'],
    ['url', 'ftp://127.0.0.1'],
    ['url', 'http://user:secret-1@127.0.0.1'],
    ['url', '${THREECX_NOT_SET}'],
    ['auth', 'digest'],
    ['timeout', 'soon'],
    ['timeout', -1],
    ['allowDestinations', '('],
    ['allowDestinations', '/(/'],
    ['allowDestinations', '${THREECX_NOT_SET}'],
    ['tls', 'missing-node'],
    ['proxy', 'missing-node'],
  ] as const) {
    it(`with ${setting} ${value} says so once and fails each message, naming it`, async () => {
      const flow = await loadFlow({ type: '3cx-call-control', operation: 'drop' }, { [setting]: value });
      const { output, msg } = await flow.send({ extension: '10' });
      assert.equal(output, 'caught');
      assert.equal(msg.error?.code, 'invalid-argument');
      assert.match(msg.error.message, new RegExp(`^${setting}\\b`));
      assert.doesNotMatch(msg.error.message, /secret-1/);
      assert.deepEqual(calls(flow.connection, 'error'), [msg.error.message]);
    });
  }

  const secretPart = 'TopSecretPart';
  for (const [what, setting, properties, credentials] of [
    ['an operation in its address', 'url', { url: '/makecall/10/+4930111/Soft' }, {}],
    ['an operation in its address, to a monitor', 'url', { url: '/showallcalls' }, {}],
    ['nothing to log in with, with Basic', 'user', { auth: 'basic' }, {}],
    ['no user', 'user', { auth: 'basic' }, { password: `Ab\${${secretPart}}9` }],
    ['a blank user', 'user', { auth: 'basic' }, { user: ' ', password: `Ab\${${secretPart}}9` }],
    ['no token', 'token', { auth: 'bearer' }, { user: 'anna', password: `Ab\${${secretPart}}9` }],
    ['a token that no header can carry', 'token', { auth: 'bearer' }, { token: `ü\${${secretPart}}` }],
    ['a variable that is not set for a password', 'password', { auth: 'basic' }, { user: 'a', password: '${NOT_SET}' }],
  ] as const) {
    it(`with ${what} sends nothing, and shows no part of a secret`, async () => {
      const server = await startServer('true');
      const { url = '' } = properties as { url?: string };
      const flow = await loadFlow(
        { type: '3cx-call-control', operation: 'drop' },
        { ...properties, url: server.url + url, pollInterval: 100 },
        {
          nodes: [
            { id: 'monitor', z: 'tab', type: '3cx-call-monitor', operation: 'watch', server: 'server', wires: [[]] },
          ],
          credentials: { server: credentials },
        },
      );
      const { output, msg } = await flow.send({ extension: '10' });
      assert.equal(output, 'caught');
      assert.equal(msg.error?.code, 'invalid-argument');
      assert.match(msg.error.message, new RegExp(`^${setting}\\b`));
      const shown = [flow.node, flow.connection, helper.getNode('monitor')].flatMap((node) =>
        (['status', 'error', 'warn', 'log'] as const).flatMap((method) => calls(node, method)),
      );
      assert.doesNotMatch(JSON.stringify([msg, shown]), /TopSecretPart|4930111/);
      assert.deepEqual(server.requests, []);
      await server.close();
    });
  }

  it('whose host name the server does not accept says which to use, and quotes no number', async () => {
    const server = await startServer((_request, response) => {
      response.statusCode = 400;
      return '<h1>Bad Request (Invalid Hostname)</h1>';
    });
    const flow = await loadFlow({ type: '3cx-call-control', operation: 'transfer' }, { url: server.url });
    const { msg } = await flow.send({ extension: '10', destination: '+4930111' });
    assert.equal(msg.error?.code, 'unexpected-answer');
    assert.match(msg.error.message, /does not accept this host name .* the HTTP API was started with$/);
    assert.doesNotMatch(msg.error.message, /4930111/);
    await server.close();
  });

  it('replaces ${ENV} in its settings', async () => {
    const server = await startServer('true');
    process.env.THREECX_TEST_PORT = new URL(server.url).port;
    const flow = await loadFlow(
      { type: '3cx-call-control', operation: 'drop' },
      { url: 'http://127.0.0.1:${THREECX_TEST_PORT}/pbx/' },
    );
    assert.equal((await flow.send({ extension: '10' })).output, 'done');
    assert.deepEqual(server.requests, ['/pbx/drop/10']);
    delete process.env.THREECX_TEST_PORT;
    await server.close();
  });

  for (const [auth, credentials, expected] of [
    ['none', { user: 'me', password: 'secret-1', token: 'secret-2' }, undefined],
    ['basic', { user: 'me', password: 'secret-ü' }, `Basic ${Buffer.from('me:secret-ü').toString('base64')}`],
    ['bearer', { token: 'secret-2' }, 'Bearer secret-2'],
  ] as const) {
    it(`logs in with ${auth}`, async () => {
      let header: string | undefined;
      const server = await startServer(({ headers }) => {
        header = headers.authorization;
        return 'true';
      });
      const flow = await loadFlow(
        { type: '3cx-call-control', operation: 'drop' },
        { url: server.url, auth },
        { credentials: { server: credentials } },
      );
      await flow.send({ extension: '10' });
      assert.equal(header, expected);
      await server.close();
    });
  }

  it('trusts what a core "tls-config" node trusts, and nothing else', async () => {
    const tls = { key: fixture('tls/key.pem'), cert: fixture('tls/cert.pem') };
    const server = await startServer('true', tls);
    const through = async (ca: string): Promise<string> => {
      const config = {
        id: 'tls',
        type: 'tls-config',
        cert: '',
        key: '',
        ca: '',
        certname: '',
        keyname: '',
        caname: '',
      };
      const flow = await loadFlow(
        { type: '3cx-call-control', operation: 'drop' },
        { url: server.url, tls: 'tls' },
        { nodes: [{ ...config, verifyservercert: true }], types: [tlsNode], credentials: { tls: { cadata: ca } } },
      );
      const { output, msg } = await flow.send({ extension: '10' });
      await helper.unload();
      return msg.error?.code ?? output;
    };
    assert.equal(await through(tls.cert), 'done');
    assert.equal(await through(''), 'unreachable');
    assert.deepEqual(server.requests, ['/drop/10']);
    await server.close();
  });

  it('goes through a core "http proxy" node, except to the hosts that the node exempts', async () => {
    const proxied: string[] = [];
    const proxy = http.createServer((request, response) => {
      proxied.push(`${request.headers['proxy-authorization']} ${request.url}`);
      response.end('true');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as { port: number };
    const proxyUrl = `http://127.0.0.1:${port}`;
    const flow = async (noproxy: string[]): ReturnType<typeof loadFlow> => {
      const nodes = [{ id: 'proxy', type: 'http proxy', url: proxyUrl, noproxy }];
      return loadFlow(
        { type: '3cx-call-control', operation: 'drop' },
        { url: 'http://pbx.invalid:8889', proxy: 'proxy' },
        { nodes, types: [httpProxyNode], credentials: { proxy: { username: 'me', password: 'secret' } } },
      );
    };
    const through = await flow(['other.invalid']);
    assert.equal((await through.send({ extension: '10' })).output, 'done');
    const basic = Buffer.from('me:secret').toString('base64');
    assert.deepEqual(proxied, [`Basic ${basic} http://pbx.invalid:8889/drop/10`]);
    await helper.unload();
    const around = await flow(['.invalid']);
    assert.equal((await around.send({ extension: '10' })).msg.error?.code, 'unreachable');
    assert.equal(proxied.length, 1);
    proxy.closeAllConnections();
    proxy.close();
  });

  it('sends stop only when it is allowed', async () => {
    const server = await startServer('<HTML><BODY> Server Stopped</BODY></HTML>');
    const forbidden = await loadFlow({ type: '3cx-call-control', operation: 'stop' }, { url: server.url });
    assert.equal((await forbidden.send({})).msg.error?.code, 'not-allowed');
    assert.deepEqual(server.requests, []);
    await helper.unload();
    const allowed = await loadFlow(
      { type: '3cx-call-control', operation: 'stop' },
      { url: server.url, allowStop: true },
    );
    assert.deepEqual((await allowed.send({})).msg.payload, {
      operation: 'stop',
      ok: true,
      answer: '<HTML><BODY> Server Stopped</BODY></HTML>',
    });
    await server.close();
  });

  it('knows its users while they are deployed', async () => {
    const flow = await loadFlow({ type: '3cx-call-control' }, {});
    const { users } = flow.connection as ConnectionNode;
    assert.deepEqual(Object.keys(users), ['node']);
    await helper.unload();
    assert.deepEqual(Object.keys(users), []);
  });
});
