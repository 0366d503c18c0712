import assert from 'node:assert/strict';
import { startServer, type TestServer } from '../../support/http-server';
import { type NodeRed, type NodeRedOptions, startNodeRed } from '../../support/node-red';
import { nodeRed5 } from '../../support/node-red-5';
import { until } from '../../support/until';

/** A password and a token with `${` in them, and a value that holds one: none of it is an environment variable. */
const password = 'Ab${TopSecretPart}9';
const token = 'T0k${TopSecretPart}';
const valueOfSecret = 'a${TopSecretPart}c';
const stored = '__PWRD__';

const basic = (user: string, secret: string): string => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

const versions: [string, () => Promise<NodeRedOptions>][] = [
  ['4.1', () => Promise.resolve({})],
  ['5.0', nodeRed5],
];
for (const [version, program] of versions) {
  describe(`Environment variables and secrets in Node-RED ${version}`, function () {
    this.timeout(60_000);
    let nodeRed: NodeRed;
    let server: TestServer;
    /** The Authorization header of the last request, by its path. */
    const logIns = new Map<string, string | undefined>();
    const verdicts: string[] = [];

    const globals = (base: string): object => ({
      ...{ id: 'globals', type: 'global-config', env: [] },
      env: [
        { name: 'GLOBAL_URL', type: 'str', value: base },
        { name: 'GLOBAL_USER', type: 'str', value: 'anna' },
        { name: 'GLOBAL_SECRET', type: 'cred', value: '' },
        { name: 'FROM_PROCESS', type: 'env', value: 'PROCESS_SECRET' },
      ],
    });
    const connection = (id: string, properties: object): object[] => [
      { id, type: '3cx-config', pollInterval: 100, url: `\${GLOBAL_URL}/${id}`, ...properties },
      { id: `watch-${id}`, z: 'tab', type: '3cx-call-monitor', operation: 'watch', server: id, wires: [[]] },
    ];

    before(async function () {
      this.timeout(600_000); // Node-RED may have to be installed first
      server = await startServer((request) => {
        logIns.set(request.url ?? '', request.headers.authorization);
        return '<html><head></head><body></body></html>';
      });
      nodeRed = await startNodeRed({
        ...(await program()),
        env: { PROCESS_SECRET: valueOfSecret, HIDDEN: server.url },
        settings: { envVarExcludes: ['HIDDEN'] },
        flows: [
          globals(server.url),
          { id: 'tab', type: 'tab', label: 'test', env: [{ name: 'TAB_PATH', type: 'str', value: 'of-tab' }] },
          ...connection('literal', { auth: 'basic' }),
          ...connection('literal-token', { auth: 'bearer' }),
          ...connection('whole', { auth: 'basic' }),
          ...connection('whole-token', { auth: 'bearer' }),
          ...connection('global-secret', { auth: 'basic' }),
          ...connection('unset', { auth: 'basic' }),
          ...connection('no-user', { auth: 'basic' }),
          ...connection('no-token', { auth: 'bearer' }),
          ...connection('operation', { url: '${GLOBAL_URL}/operation/makecall/10/+4930111/Soft' }),
          ...connection('in-url', { url: 'http://anna:Ab${TopSecretPart}9@127.0.0.1' }),
        ],
        credentials: {
          globals: { map: { GLOBAL_SECRET: valueOfSecret } } as unknown as Record<string, string>,
          literal: { user: 'anna', password },
          'literal-token': { token },
          whole: { user: '${GLOBAL_USER}', password: '${PROCESS_SECRET}' },
          'whole-token': { token: '${FROM_PROCESS}' },
          'global-secret': { user: 'x-${GLOBAL_USER}', password: '${GLOBAL_SECRET}' },
          unset: { user: 'anna', password: '${NOT_SET}' },
          'no-user': { password },
        },
      });
    });
    after(async () => {
      await (nodeRed as NodeRed | undefined)?.stop();
      await (server as TestServer | undefined)?.close();
    });

    const post = (path: string, body: object): Promise<Response> =>
      fetch(`${nodeRed.url}/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    async function test(values: object): Promise<Record<string, unknown>> {
      const body = { id: 'new', auth: 'none', tls: '', proxy: '', timeout: 2_000, ...values };
      const text = await (await post('3cx/test', body)).text();
      verdicts.push(text);
      return JSON.parse(text) as Record<string, unknown>;
    }

    for (const [id, what, expected] of [
      ['literal', 'a password as it was typed', basic('anna', password)],
      ['literal-token', 'a token as it was typed', `Bearer ${token}`],
      ['whole', 'a password that is a variable, replaced once', basic('anna', valueOfSecret)],
      ['whole-token', 'a token that is a global variable, replaced once', `Bearer ${valueOfSecret}`],
      ['global-secret', 'a password that is a secret variable, replaced once', basic('x-anna', valueOfSecret)],
    ] as const) {
      it(`sends ${what}`, async () => {
        const path = `/${id}/showallcalls`;
        await until(() => logIns.has(path), 'a poll');
        assert.equal(logIns.get(path), expected);
      });

      it(`sends ${what}, in a test of the deployed connection too`, async () => {
        const isBasic = expected.startsWith('Basic');
        const user = { whole: '${GLOBAL_USER}', 'global-secret': 'x-${GLOBAL_USER}' }[id as string] ?? 'anna';
        const secret = isBasic ? { auth: 'basic', user, password: stored } : { auth: 'bearer', token: stored };
        logIns.clear();
        const verdict = await test({ id, url: `\${GLOBAL_URL}/${id}`, ...secret });
        assert.equal(verdict.problem, null);
        assert.equal(logIns.get(`/${id}/Transfer`), expected);
      });
    }

    it('reads global variables in a test of a connection that is new', async () => {
      const values = { url: '${GLOBAL_URL}/new', auth: 'basic', user: 'x-${GLOBAL_USER}' };
      for (const [typed, sent] of [
        [password, password],
        ['${GLOBAL_SECRET}', valueOfSecret],
        ['${PROCESS_SECRET}', valueOfSecret],
        ['${FROM_PROCESS}', valueOfSecret],
        ['', ''],
      ] as const) {
        logIns.clear();
        assert.equal((await test({ ...values, password: typed })).problem, null);
        assert.equal(logIns.get('/new/showallcalls'), basic('x-anna', sent));
      }
      logIns.clear();
      assert.equal((await test({ url: '${GLOBAL_URL}/new', auth: 'bearer', token })).problem, null);
      assert.equal(logIns.get('/new/showallcalls'), `Bearer ${token}`);
    });

    it('reads the variables of a flow only for a connection that is to be in it', async () => {
      const url = '${GLOBAL_URL}/${TAB_PATH}';
      const { problem, detail } = await test({ url, z: '' });
      assert.deepEqual([problem, detail], ['invalid-argument', 'url: the environment variable TAB_PATH is not set']);
      assert.equal((await test({ url, z: 'tab' })).problem, null);
      assert.ok(logIns.has('/of-tab/showallcalls'));
    });

    it('hides from a new connection what Node-RED hides from a deployed one', async () => {
      const { problem, detail } = await test({ url: '${HIDDEN}' });
      assert.deepEqual([problem, detail], ['invalid-argument', 'url: the environment variable HIDDEN is not set']);
    });

    it('names a variable that is the whole of a secret and not set, and sends nothing', async () => {
      const expected = 'password: the environment variable NOT_SET is not set';
      assert.ok(nodeRed.log().includes(expected));
      const deployed = await test({ id: 'unset', url: '${GLOBAL_URL}/unset', auth: 'basic', password: stored });
      const typed = await test({ url: '${GLOBAL_URL}/unset', auth: 'basic', user: 'anna', password: '${NOT_SET}' });
      assert.deepEqual([deployed.problem, deployed.detail], ['invalid-argument', expected]);
      assert.deepEqual([typed.problem, typed.detail], ['invalid-argument', expected]);
    });

    it('sends nothing without a user, without a token, and to an operation', async () => {
      for (const [values, detail] of [
        [
          { id: 'no-user', url: '${GLOBAL_URL}/no-user', auth: 'basic', user: '', password: stored },
          /^user is missing/,
        ],
        [{ id: 'no-token', auth: 'bearer', token: '' }, /^token is missing/],
        [{ url: '${GLOBAL_URL}/operation/makecall/10/+4930111/Soft' }, /^url must not end in an operation/],
        [{ url: 'http://anna:Ab${TopSecretPart}9@127.0.0.1' }, /^url must not hold a user or password/],
      ] as const) {
        const verdict = await test({ url: '${GLOBAL_URL}/none', ...values });
        assert.equal(verdict.problem, 'invalid-argument');
        assert.match(String(verdict.detail), detail);
        assert.match(nodeRed.log(), new RegExp(detail.source.slice(1)));
      }
      const sent = server.requests.filter((path) => /^\/(none|no-|operation|unset)/.test(path));
      assert.deepEqual(sent, []);
    });

    it('reads what was deployed last', async () => {
      const flows = (await (await fetch(`${nodeRed.url}/flows`)).json()) as { id: string }[];
      const changed = flows.map((node) => (node.id === 'globals' ? globals(`${server.url}/moved`) : node));
      const { status } = await post('flows', changed);
      assert.equal(status, 204);
      await until(() => logIns.has('/moved/literal/showallcalls'), 'a poll of the new address');
      assert.equal((await test({ url: '${GLOBAL_URL}/new' })).problem, null);
      assert.ok(logIns.has('/moved/new/showallcalls'));
    });

    it('shows no part of a secret in the log, nor in a verdict', () => {
      const shown = nodeRed.log() + verdicts.join('\n');
      for (const secret of ['TopSecretPart', password, token, valueOfSecret]) assert.ok(!shown.includes(secret));
      assert.doesNotMatch(shown, /4930111|Basic [A-Za-z0-9+/]{8}/);
    });
  });
}
