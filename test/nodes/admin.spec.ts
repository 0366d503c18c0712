import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { accessToken } from '../../support/access-token';
import { startServer, type TestServer } from '../../support/http-server';
import { type NodeRed, type NodeRedOptions, startNodeRed } from '../../support/node-red';
import { nodeRed5 } from '../../support/node-red-5';
import { until } from '../../support/until';

const fixture = (name: string): string => readFileSync(resolve(__dirname, '../fixtures', name), 'utf8');
const stored = '__PWRD__';

describe("The runtime behind the connection's dialog", function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let deployed: Simulator;
  let simulator: Simulator | undefined;
  let server: TestServer | undefined;

  before(async () => {
    deployed = await startSimulator({ delay: 0, auth: { type: 'basic', user: 'api', password: 'S3cret' } });
    const tab = { id: 'tab', type: 'tab', label: 'test' };
    const pbx = {
      ...{ id: 'pbx', type: '3cx-config', url: '${PBX_URL}', auth: 'basic', pollInterval: 100 },
      names: [{ number: '11', name: 'Ben' }],
    };
    const watch = { id: 'monitor', z: 'tab', type: '3cx-call-monitor', operation: 'watch', server: 'pbx', wires: [[]] };
    nodeRed = await startNodeRed({
      flows: [tab, pbx, watch],
      credentials: { pbx: { user: 'api', password: 'S3cret' } },
      env: { PBX_URL: deployed.url },
    });
  });
  after(async () => {
    await (nodeRed as NodeRed | undefined)?.stop();
    await (deployed as Simulator | undefined)?.close();
  });
  afterEach(async () => {
    await simulator?.close();
    await server?.close();
    simulator = server = undefined;
  });

  const start = async (options: SimulatorOptions = {}): Promise<Simulator> =>
    (simulator = await startSimulator({ delay: 0, ...options }));

  const post = (body: string): Promise<Response> =>
    fetch(`${nodeRed.url}/3cx/test`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

  /** The verdict, without the time it took. */
  async function test(values: object): Promise<Record<string, unknown>> {
    const response = await post(
      JSON.stringify({ id: 'new', auth: 'none', tls: '', proxy: '', timeout: 500, ...values }),
    );
    assert.equal(response.status, 200);
    const { milliseconds, ...verdict } = (await response.json()) as Record<string, unknown>;
    assert.ok(Number.isInteger(milliseconds));
    return verdict;
  }
  const nothing = { problem: null, detail: null, server: null, calls: null, v20: null, hint: null };

  describe('tests a connection and', () => {
    for (const kind of ['community', 'documented'] as const) {
      it(`reports which server it is and how many calls there are: ${kind}`, async () => {
        const { url, pbx } = await start({ server: kind });
        assert.deepEqual(await test({ url }), { ...nothing, server: kind, calls: 0 });
        pbx.inbound({ extension: '10', number: '+491' });
        pbx.makeCall('11', '12');
        assert.deepEqual(await test({ url }), { ...nothing, server: kind, calls: 2 });
      });
    }

    it('reports that it cannot be reached, and why', async () => {
      const { url } = await start();
      await simulator?.close();
      assert.deepEqual(await test({ url }), { ...nothing, problem: 'unreachable', detail: 'ECONNREFUSED' });
    });

    it('reports that its certificate is unknown', async () => {
      server = await startServer('idle', { key: fixture('tls/key.pem'), cert: fixture('tls/cert.pem') });
      const { problem, detail } = await test({ url: server.url });
      assert.deepEqual([problem, detail], ['unreachable', 'DEPTH_ZERO_SELF_SIGNED_CERT']);
      assert.deepEqual(server.requests, []);
    });

    it('reports that it is not authorised', async () => {
      const { url } = await start({ auth: { type: 'bearer', token: 'T0k' } });
      assert.deepEqual(await test({ url, auth: 'bearer', token: 'other' }), { ...nothing, problem: 'unauthorized' });
      assert.equal((await test({ url, auth: 'bearer', token: 'T0k' })).problem, null);
    });

    it('reports that the server has lost the PBX', async () => {
      const { url } = await start({ build: 'idle' });
      assert.deepEqual(await test({ url }), { ...nothing, problem: 'unsupported', hint: 'idle' });
    });

    it('reports that the server answers, but does not list the calls', async () => {
      const { url, pbx } = await start();
      pbx.inbound({ extension: '10', queue: '800', number: '+491' });
      assert.deepEqual(await test({ url }), { ...nothing, problem: 'timeout', server: 'community', hint: 'no-list' });
    });

    it('reports that the server fails only when it has to list the calls', async () => {
      const messages = { '/showallcalls': 'Object reference not set: +4930111222', '/Transfer': 'idle' };
      server = await startServer((request, response) => {
        const message = messages[request.url as keyof typeof messages] as string | undefined;
        response.statusCode = message === 'idle' ? 200 : 500;
        return message;
      });
      const verdict = await test({ url: server.url });
      const found = { problem: 'server-error', detail: 'HTTP 500', server: 'community', hint: 'no-list' };
      assert.deepEqual(verdict, { ...nothing, ...found });
      assert.deepEqual(server.requests, ['/showallcalls', '/Transfer']);
    });

    for (const [status, problem] of [
      [500, 'server-error'],
      [502, 'server-error'],
      [404, 'unsupported'],
      [301, 'unexpected-answer'],
      [400, 'unexpected-answer'],
    ] as const) {
      it(`reports only the status of a server that answers everything with ${status}`, async () => {
        server = await startServer((_request, response) => {
          response.statusCode = status;
          return '<html><body>no</body></html>';
        });
        assert.deepEqual(await test({ url: server.url }), { ...nothing, problem, detail: `HTTP ${status}` });
      });
    }

    it('reports an answer without text as unexpected', async () => {
      server = await startServer('');
      assert.deepEqual(await test({ url: server.url }), { ...nothing, problem: 'unexpected-answer' });
    });

    for (const page of [
      '<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD><BODY><h2>Bad Request - Invalid Hostname</h2></BODY></HTML>',
      '<h1>Bad Request (Invalid Hostname)</h1>',
      '<h1>Bad Request (Invalid host)</h1>',
    ]) {
      it(`reports that the server listens for another name: ${page}`, async () => {
        server = await startServer((_request, response) => {
          response.writeHead(400, { Server: 'Microsoft-HTTPAPI/2.0', 'Content-Type': 'text/html' });
          return page;
        });
        const verdict = await test({ url: server.url });
        assert.deepEqual(verdict, { ...nothing, problem: 'unexpected-answer', hint: 'host-name' });
        assert.deepEqual(server.requests, ['/showallcalls']);
      });
    }

    it('reports that the server does not answer at all, or is something else', async () => {
      server = await startServer(() => undefined);
      assert.deepEqual(await test({ url: server.url }), { ...nothing, problem: 'timeout' });
      await server.close();
      server = await startServer('<html><body>It works! password=1234</body></html>');
      const verdict = await test({ url: server.url });
      assert.deepEqual(verdict, { ...nothing, problem: 'unexpected-answer' });
    });

    it('reports which setting is wrong', async () => {
      for (const [values, detail] of [
        [{ url: 'ftp://pbx.example' }, /^url must be an address/],
        [{ url: 'http://127.0.0.1', tls: 'nowhere' }, /^tls names no tls-config node that is deployed/],
        [{ url: '${NOT_SET}' }, /^url: the environment variable NOT_SET is not set/],
        [{ url: ['x'] }, /^url must be text/],
      ] as const) {
        const verdict = await test(values);
        assert.equal(verdict.problem, 'invalid-argument');
        assert.match(String(verdict.detail), detail);
      }
    });
  });

  describe('uses a stored secret', () => {
    const values = { id: 'pbx', auth: 'basic', user: 'api', password: stored };

    it('for the deployed address', async () => {
      const verdict = await test({ ...values, url: '${PBX_URL}' });
      assert.deepEqual(verdict, { ...nothing, server: 'community', calls: 0 });
      assert.equal((await test({ ...values, url: deployed.url })).problem, null);
    });

    it('for no other address, and in no other way', async () => {
      server = await startServer('idle');
      assert.deepEqual(await test({ ...values, url: server.url }), { ...nothing, problem: 'secret' });
      assert.deepEqual(await test({ ...values, url: '${PBX_URL}/x' }), { ...nothing, problem: 'secret' });
      assert.deepEqual(await test({ ...values, id: 'monitor', url: '${PBX_URL}' }), { ...nothing, problem: 'secret' });
      assert.equal((await test({ ...values, url: '${PBX_URL}', tls: 'monitor' })).problem, 'invalid-argument');
      assert.deepEqual(server.requests, []);
    });
  });

  it('refuses a body without values', async () => {
    assert.equal((await post('"x"')).status, 400);
    assert.equal((await post('{')).status, 400);
  });

  it('lists the extensions that were seen, with what is known about them', async () => {
    const extensions = async (id: string): Promise<unknown> =>
      (await fetch(`${nodeRed.url}/3cx/${id}/extensions`)).json();
    assert.deepEqual(await extensions('nowhere'), []);
    assert.deepEqual(await extensions('monitor'), []);
    deployed.pbx.inbound({ extension: '100', number: '+491' });
    deployed.pbx.makeCall('11', '12');
    const listed = deployed.requestCount + 3;
    await until(() => deployed.requestCount >= listed, 'three polls');
    assert.deepEqual(await extensions('pbx'), [
      { extension: '11', name: 'Ben', state: 'dialing', profile: null },
      { extension: '12', name: null, state: 'ringing', profile: null },
      { extension: '100', name: null, state: 'ringing', profile: null },
    ]);
    deployed.pbx.clearCalls();
  });

  const versions: [string, () => Promise<NodeRedOptions>][] = [
    ['4.1', () => Promise.resolve({})],
    ['5.0', nodeRed5],
  ];
  for (const [version, program] of versions) {
    it(`requires a log-in for both if Node-RED ${version} has one, with permissions of their own`, async function () {
      this.timeout(600_000); // Node-RED may have to be installed first
      // The hash of "pass", as `node-red admin hash-pw` makes it.
      const password = '$2b$08$Mj7GoKioDzI1hBEEB4kwH.8QAo9N800J0H9/cj5BdFAFVxKCPjcFW';
      const users = [
        ['admin', '*'],
        ['reader', 'read'],
        ['none', 'flows.read'],
      ].map(([username, permissions]) => ({ username, password, permissions }));
      const guarded = await startNodeRed({
        ...(await program()),
        settings: { adminAuth: { type: 'credentials', users }, httpAdminRoot: '/red' },
      });
      try {
        const statuses = async (headers: Record<string, string>): Promise<number[]> => {
          const test = await fetch(`${guarded.url}/3cx/test`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', ...headers },
            body: JSON.stringify({ url: 'ftp://x' }),
          });
          return [test.status, (await fetch(`${guarded.url}/3cx/x/extensions`, { headers })).status];
        };
        const as = async (user: string): Promise<number[]> =>
          statuses({ Authorization: `Bearer ${await accessToken(guarded.url, user)}` });
        assert.deepEqual(await statuses({}), [401, 401]);
        assert.deepEqual(await as('none'), [401, 401]);
        assert.deepEqual(await as('reader'), [401, 200]);
        assert.deepEqual(await as('admin'), [200, 200]);
      } finally {
        await guarded.stop();
      }
    });
  }
});
