import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { HttpApiClient } from '../../lib/http-api/client';
import { type Simulator, startSimulator } from '../../simulator';
import { control, get, send } from './client';
import { until } from '../../support/until';
import { V20Client } from './v20-client';

const cli = join(__dirname, '../../simulator/cli.ts');

describe('simulator: the command', () => {
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  });

  const run = (...args: string[]) => {
    const child = spawn(process.execPath, ['--import', 'tsx', cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const exit = once(child, 'close').then(([code]) => code as number | null);
    return { child, exit, stderr: text(child.stderr) };
  };

  /** Starts it on free ports and reads its two addresses. */
  const start = async (...args: string[]) => {
    const started = run('--port', '0', '--control-port=0', ...args);
    const read = createInterface(started.child.stdout)[Symbol.asyncIterator]();
    const next = async () => String((await read.next()).value);
    const url = /^3CX HTTP API: {3}(http:\/\/127\.0\.0\.1:\d+)$/.exec(await next())?.[1] ?? '';
    const controlUrl = /^Simulator page: (http:\/\/127\.0\.0\.1:\d+)\/$/.exec(await next())?.[1] ?? '';
    assert.ok(url !== '' && controlUrl !== '');
    return { ...started, url, controlUrl, next };
  };

  /** Runs it to its end and gives back what it printed. */
  const finish = async (...args: string[]) => {
    const { child, exit, stderr } = run(...args);
    const [code, out, err] = await Promise.all([exit, text(child.stdout), stderr]);
    return { code, out, err };
  };

  it('prints the two addresses, and both work', async () => {
    const simulator = await start();
    assert.match((await get(simulator.controlUrl, '/')).body, /<title>3CX simulator<\/title>/);
    assert.equal((await control(simulator, 'POST', '/api/calls', { extension: '10', number: '1' })).status, 201);
    assert.equal((await get(simulator.url, '/ondn/10')).body, '00000A5F3C2D1_20');
  });

  it('speaks the documented form', async () => {
    const { url } = await start('--server', 'documented');
    assert.equal((await get(url, '/showstatus/10/show')).body, 'Available');
  });

  it('asks for its secret, and never prints it', async () => {
    const { url, child, stderr, next } = await start('--auth', 'basic', '--user', 'api', '--password', 'S3cret');
    assert.equal((await get(url, '/ondn/10')).status, 401);
    const client = new HttpApiClient({
      url,
      auth: { type: 'basic', user: 'api', password: 'S3cret' },
      allowStop: true,
    });
    assert.equal((await client.execute('stop')).ok, true);
    client.close();
    assert.equal(await next(), 'Stopped by /stop.');
    await once(child, 'close');
    assert.equal(await stderr, '');
  });

  it('has the PBX of a file', async () => {
    const { url } = await start('--pbx', join(__dirname, 'pbx.json'));
    assert.equal((await get(url, '/showstatus/201')).body, '    CURRENT_STATUS=Available');
  });

  it('makes calls on its own', async () => {
    const { url } = await start('--traffic', '6000', '--seed', '7');
    await until(async () => (await get(url, '/showallcalls')).body.includes('ID='), 'a call');
  });

  it('is another build', async () => {
    const { url } = await start('--build', 'exceptions', '--auth', 'none');
    assert.equal((await get(url, '/ondn/999')).status, 500);
  });

  it('has a PBX with connections for phones, codes and queues', async () => {
    const { url, controlUrl } = await start('--phone-legs', '--queue-legs', '--codes', 'new-id');
    await control({ controlUrl }, 'POST', '/api/calls', { queue: '8000', number: '1' });
    assert.equal((await get(url, '/showallcalls')).body.split('<br>').length, 2 + 8 + 1);
    void send(url, '/makecall/12/*20*10/Soft');
    const isSeen = async () =>
      JSON.stringify((await control({ controlUrl }, 'GET', '/api/state')).json).includes('"party":"*20*10"');
    await until(isSeen, 'the code to be dialled');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} ends it at once, with requests and traffic running`, async () => {
      const { url, controlUrl, child, exit, stderr } = await start('--delay', '600000', '--traffic', '60');
      const hung = send(url, '/ondn/999');
      assert.equal((await get(url, '/dnregs/8000')).body, 'error');
      const makecall = send(url, '/makecall/12/+491/Soft');
      const isDialled = async () =>
        JSON.stringify((await control({ controlUrl }, 'GET', '/api/state')).json).includes('"party":"+491"');
      await until(isDialled, 'the call to be dialled');
      const broken = [hung, makecall].map(({ answer }) => assert.rejects(answer, { code: 'ECONNRESET' }));
      child.kill(signal);
      assert.equal(await exit, 0);
      await Promise.all(broken);
      assert.equal(await stderr, '');
    });
  }

  it('starts again on the same ports right after it was ended', async () => {
    const first = await start();
    const ports = [first.url, first.controlUrl].map((url) => new URL(url).port);
    assert.equal((await get(first.url, '/ondn/10')).body, '0');
    first.child.kill('SIGINT');
    assert.equal(await first.exit, 0);
    const second = await start('--port', ports[0] ?? '', '--control-port', ports[1] ?? '');
    assert.deepEqual(second, { ...second, url: first.url, controlUrl: first.controlUrl });
    assert.equal((await get(second.url, '/ondn/10')).body, '0');
  });

  it('/stop ends it with a sentence', async () => {
    const { url, exit, next } = await start();
    await get(url, '/stop');
    assert.equal(await next(), 'Stopped by /stop.');
    assert.equal(await exit, 0);
  });

  it('serves the V20 APIs for the given client', async () => {
    const v20 = ['--v20-port', '0', '--client-id', 'nodered', '--client-secret', 's3cret'];
    const { child } = run('--port', '0', '--control-port', '0', ...v20);
    const read = createInterface(child.stdout)[Symbol.asyncIterator]();
    await read.next();
    const [, url = ''] = /^3CX V20 APIs: {3}(http:\/\/127\.0\.0\.1:\d+)$/.exec(String((await read.next()).value)) ?? [];
    assert.equal((await new V20Client({ url }).logIn()).status, 200);
  });

  it('shows its help', async () => {
    const { code, out, err } = await finish('--help');
    assert.equal(code, 0);
    const options = [
      'port',
      'control-port',
      'host',
      'server',
      'auth',
      'user',
      'password',
      'token',
      'build',
      'pbx',
      'codes',
    ];
    const v20 = ['v20-port', 'client-id', 'client-secret'];
    for (const option of [...options, ...v20, 'phone-legs', 'queue-legs', 'traffic', 'seed', 'delay', 'help'])
      assert.match(out, RegExp(`^  --${option} `, 'm'));
    assert.equal(err, '');
  });

  describe('says what is wrong in one sentence:', () => {
    let other: Simulator;
    before(async () => {
      other = await startSimulator();
    });
    after(() => other.close());

    for (const [what, args, sentence] of [
      ['unknown option', () => ['--prot', '1'], /^Unknown option '--prot'\.?$/],
      ['an argument', () => ['8889'], /^Unexpected argument '8889'\.?$/],
      [
        'a secret with a blank',
        () => ['--password', 'my', 'S3cret'],
        /^There is an argument without an option: [^3]*\.$/,
      ],
      ['a client without its port', () => ['--client-id', 'a'], /^--client-id goes with --v20-port\.$/],
      ['a V20 port without a client', () => ['--v20-port', '0'], /^The client ID is missing\.$/],
      ['no value', () => ['--port'], /^Option '--port <value>' argument missing\.?$/],
      ['a negative number', () => ['--port', '-1'], /^Option '--port' argument is ambiguous\.$/],
      ['an empty host', () => ['--host', ''], /^The host is missing\.$/],
      ['not a number', () => ['--port', '80x'], /^The port must be an integer from 0 to 65535\.$/],
      ['empty', () => ['--control-port='], /^The control port must be an integer from 0 to 65535\.$/],
      ['a bad delay', () => ['--delay', '1e3'], /^The delay must be an integer from 0 to 2147483647\.$/],
      ['no such server', () => ['--server', 'v20'], /^The server must be community or documented\.$/],
      ['no such build', () => ['--build', 'v20'], /^The build must be original, .*, exceptions or idle\.$/],
      ['a build without its log-in', () => ['--build', 'original-2024'], /^The build original-2024 goes with basic /],
      ['no such form', () => ['--codes', 'x'], /^The form of the codes must be unseen, same-id or new-id\.$/],
      ['no such authentication', () => ['--auth', 'digest'], /^The authentication must be none, basic or bearer\.$/],
      ['no user', () => ['--auth', 'basic', '--password', 'x'], /^The user is missing\.$/],
      ['no password', () => ['--auth', 'basic', '--user', 'x'], /^The password is missing\.$/],
      ['no token', () => ['--auth', 'bearer'], /^The token is missing\.$/],
      ['a password for nothing', () => ['--password', 'x'], /^--password goes with --auth basic\.$/],
      ['a user for a token', () => ['--auth', 'bearer', '--user', 'x'], /^--user goes with --auth basic\.$/],
      ['no such file', () => ['--pbx', 'nowhere.json'], /^nowhere\.json: cannot be read \(ENOENT\)\.$/],
      ['a file that is not JSON', () => ['--pbx', cli], /cli\.ts: is not JSON\.$/],
      [
        'a file that is no set-up',
        () => ['--pbx', join(__dirname, '../fixtures/community-server.json')],
        /community-server\.json: the set-up must have the property "extensions"\.$/,
      ],
      ['too much traffic', () => ['--traffic', '6001'], /^The traffic must be an integer from 0 to 6000\.$/],
      ['a bad seed', () => ['--seed', 'x'], /^The seed must be an integer from 0 to 4294967295\.$/],
      ['a token for nothing', () => ['--token', 'x'], /^--token goes with --auth bearer\.$/],
      [
        'port in use',
        () => ['--port', new URL(other.url).port, '--control-port', '0'],
        /^Port \d+ of 127\.0\.0\.1 is already in use\. Choose another one with --port; 0 is any free port\.$/,
      ],
      [
        'control port in use',
        () => ['--port', '0', '--control-port', new URL(other.url).port],
        /^Port \d+ of 127\.0\.0\.1 is already in use\. Choose another one with --control-port; 0 is any free port\.$/,
      ],
      [
        'V20 port in use',
        () => {
          const v20 = ['--v20-port', new URL(other.url).port, '--client-id', 'a', '--client-secret', 'b'];
          return ['--port', '0', '--control-port', '0', ...v20];
        },
        /^Port \d+ of 127\.0\.0\.1 is already in use\. Choose another one with --v20-port; 0 is any free port\.$/,
      ],
    ] as const) {
      it(what, async () => {
        const { code, out, err } = await finish(...args());
        assert.equal(code, 1);
        assert.equal(out, '');
        assert.match(err.trimEnd(), sentence);
      });
    }
  });
});
