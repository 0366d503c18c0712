import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Simulator, startSimulator } from '../../simulator';
import { control, get, send } from './client';

const CLI = join(__dirname, '../../simulator/cli.ts');

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
    const child = spawn(process.execPath, ['--import', 'tsx', CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const exit = once(child, 'close').then(([code]) => code as number | null);
    return { child, exit, stderr: text(child.stderr) };
  };

  /** Starts it on free ports and reads its two addresses. */
  const start = async () => {
    const started = run('--port', '0', '--control-port=0');
    const read = createInterface(started.child.stdout)[Symbol.asyncIterator]();
    const next = async () => String((await read.next()).value);
    const url = /^3CX HTTP API: (http:\/\/127\.0\.0\.1:\d+)$/.exec(await next())?.[1] ?? '';
    const controlUrl = /^Control API: {2}(http:\/\/127\.0\.0\.1:\d+)$/.exec(await next())?.[1] ?? '';
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
    assert.equal((await control(simulator, 'POST', '/api/calls', { extension: '10', number: '1' })).status, 201);
    assert.equal((await get(simulator.url, '/ondn/10')).body, '00000A5F3C2D1_20');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} ends it at once, with requests running`, async () => {
      const { url, child, exit, stderr } = await start();
      const hung = send(url, '/ondn/999');
      assert.equal((await get(url, '/ondn/10')).body, '0');
      const broken = assert.rejects(hung.answer, { code: 'ECONNRESET' });
      child.kill(signal);
      assert.equal(await exit, 0);
      await broken;
      assert.equal(await stderr, '');
    });
  }

  it('/stop ends it with a sentence', async () => {
    const { url, exit, next } = await start();
    await get(url, '/stop');
    assert.equal(await next(), 'Stopped by /stop.');
    assert.equal(await exit, 0);
  });

  it('shows its help', async () => {
    const { code, out, err } = await finish('--help');
    assert.equal(code, 0);
    assert.match(out, /--control-port/);
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
      ['no value', () => ['--port'], /^Option '--port <value>' argument missing\.?$/],
      ['a negative number', () => ['--port', '-1'], /^Option '--port' argument is ambiguous\.$/],
      ['not a number', () => ['--port', '80x'], /^The port must be an integer from 0 to 65535\.$/],
      ['empty', () => ['--control-port='], /^The control port must be an integer from 0 to 65535\.$/],
      ['a bad delay', () => ['--delay', '1e3'], /^The delay must be an integer from 0 to 2147483647\.$/],
      [
        'port in use',
        () => ['--port', new URL(other.url).port, '--control-port', '0'],
        /^Port \d+ of 127\.0\.0\.1 is already in use\.$/,
      ],
      [
        'control port in use',
        () => ['--port', '0', '--control-port', new URL(other.url).port],
        /^Port \d+ of 127\.0\.0\.1 is already in use\.$/,
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
