import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import getPort from 'get-port';
import { type ClientOptions, HttpApiClient } from '../../lib/http-api/client';
import { type Simulator, startSimulator } from '../../simulator';
import { startServer, type TestServer } from '../../support/http-server';
import { startNginx } from '../../support/nginx';
import { readPage } from './pages';

const { fences } = readPage('docs/setup-3cx.md');
const password = 'S3cret';
const user = 'node-red';
const makecall = { extension: '10', destination: '*72+49@pbx', phone: 'Soft' };

/** The only block of the page that says this. */
function block(what: string): string {
  const [found, ...more] = fences.filter(({ text }) => text.includes(what));
  assert.ok(found && more.length === 0, what);
  return found.text;
}

/** Replaces what has to be there. */
function replace(text: string, from: string, to: string): string {
  assert.ok(text.includes(from), from);
  return text.replaceAll(from, to);
}

describe('nginx in front of the API, as docs/setup-3cx.md says', function () {
  this.timeout(120_000); // nginx may have to be fetched first
  let folder: string;
  let simulator: Simulator;
  /** Records what arrives. */
  let recorder: TestServer;
  const authorizations: (string | undefined)[] = [];
  const cleanUp: (() => unknown)[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), '3cx-nginx-'));
    const secrets = replace(block('openssl req'), 'DNS:pbx.example.com', 'IP:127.0.0.1');
    execFileSync('sh', ['-ec', replace(secrets, '-apr1', `-apr1 ${password}`)], { cwd: folder, stdio: 'pipe' });
    // As the builds since September 2024.
    simulator = await startSimulator({ delay: 0, auth: { type: 'basic', user, password } });
    recorder = await startServer(({ headers }) => {
      authorizations.push(headers.authorization);
      return 'error';
    });
  });
  afterEach(async () => {
    for (const clean of cleanUp.splice(0).reverse()) await clean();
  });
  after(async () => {
    await simulator.close();
    await recorder.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** @returns a client that goes through nginx, and one that goes around it */
  async function clientThrough(
    auth: NonNullable<ClientOptions['auth']>,
    { api = simulator.url, change = (config: string) => config } = {},
  ): Promise<HttpApiClient> {
    const port = await getPort({ host: '127.0.0.1' });
    let config = change(readFileSync(resolve(__dirname, '../../docs/nginx.conf'), 'utf8'));
    config = replace(config, 'listen 8443', `listen 127.0.0.1:${port}`);
    config = replace(config, '/etc/nginx/', `${folder}/`);
    config = replace(config, '127.0.0.1:8889', new URL(api).host);
    const file = join(folder, '3cx-api.conf');
    writeFileSync(file, config);
    cleanUp.push(await startNginx(file, port, folder));
    const ca = readFileSync(join(folder, '3cx-api.crt'), 'utf8');
    const client = new HttpApiClient({ url: `https://127.0.0.1:${port}`, auth, tls: { ca } });
    cleanUp.push(() => client.close());
    return client;
  }
  const basic = (secret: string) => ({ type: 'basic', user, password: secret }) as const;
  /** Lets nginx itself log in to the API. */
  const logIn = (config: string): string =>
    replace(
      config,
      '    proxy_set_header Authorization $http_authorization;',
      block('proxy_set_header Authorization "Basic'),
    );

  it('lets calls be made with the password that the API asks for', async () => {
    const direct = await fetch(`${simulator.url}/showallcalls`);
    assert.equal(direct.status, 401);
    const client = await clientThrough(basic(password));
    assert.equal((await client.execute('makecall', { ...makecall, destination: '+4930111' })).ok, true);
    assert.ok((await client.poll()).connections.some(({ number }) => number === '+4930111'));
  });

  it('lets calls be made through an API that asks for no password', async () => {
    const before = await startSimulator({ delay: 0 });
    cleanUp.push(() => before.close());
    const client = await clientThrough(basic(password), { api: before.url });
    assert.equal((await client.execute('makecall', { ...makecall, destination: '+4930111' })).ok, true);
  });

  it('refuses a wrong password without a request to the API', async () => {
    const before = simulator.requestCount;
    const client = await clientThrough(basic('wrong'));
    await assert.rejects(client.execute('drop', { extension: '10' }), { code: 'unauthorized' });
    assert.equal(simulator.requestCount, before);
  });

  it('asks for a token instead, and logs in to the API on its own', async () => {
    assert.ok(block('proxy_set_header Authorization "Basic').includes(btoa(`${user}:${password}`)));
    const change = (config: string): string =>
      logIn(config).replace(/ +auth_basic .*\n +auth_basic_user_file .*/, block('Bearer'));
    const token = /Bearer (\w+)/.exec(block('Bearer'))?.[1] ?? '';
    const client = await clientThrough({ type: 'bearer', token }, { change });
    assert.equal((await client.execute('ondn', { extension: '10' })).ok, true);
    const stranger = await clientThrough({ type: 'bearer', token: `${token}x` }, { change });
    await assert.rejects(stranger.execute('ondn', { extension: '10' }), { code: 'unauthorized' });
  });

  it('passes requests on as they are, with the log-in', async () => {
    const client = await clientThrough(basic(password), { api: recorder.url });
    await client.execute('dnregs', { extension: '1*+.-_' });
    await assert.rejects(client.execute('transfer', makecall), { code: 'unexpected-answer' });
    assert.deepEqual(recorder.requests.splice(0), ['/dnregs/1*+.-_', '/transfer/10/*72+49@pbx']);
    assert.deepEqual(new Set(authorizations), new Set([`Basic ${btoa(`${user}:${password}`)}`]));
  });

  it('sends a command once, even to an API with two addresses, when the connection breaks', async () => {
    const breaking = await startServer(({ socket }) => void socket.destroy());
    cleanUp.push(() => breaking.close());
    const client = await clientThrough(basic(password), {
      api: breaking.url,
      // The result for a name with two addresses.
      change: (config) =>
        `upstream api { ${'server 127.0.0.1:8889; '.repeat(2)} }\n${replace(config, 'http://127.0.0.1:8889', 'http://api')}`,
    });
    await assert.rejects(client.execute('drop', { extension: '10' }), { code: 'server-error' });
    assert.deepEqual(breaking.requests, ['/drop/10']);
  });
});
