import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Simulator, startSimulator } from '../../simulator';
import { type Random, randomFrom } from '../../simulator/random';
import { control, get, send, sendInOrder } from './client';
import { until } from '../../support/until';

/** So long that only close() can end it. */
const forever = 600_000;

describe('simulator: the HTTP server', () => {
  let simulator: Simulator;
  const sockets: Socket[] = [];
  const start = async (options: Parameters<typeof startSimulator>[0] = {}) => {
    simulator = await startSimulator(options);
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await simulator.close();
  });

  /** A bare TCP connection on which text can be sent; collects what comes back. */
  const raw = async (text: string): Promise<{ socket: Socket; received: () => string }> => {
    const { hostname, port } = new URL(simulator.url);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk) => (received += String(chunk)));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text, 'latin1');
    return { socket, received: () => received };
  };

  it('serves 100 requests at once in order of arrival', async () => {
    await start({ delay: 5 });
    const order: number[] = [];
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      const path = i % 10 === 0 ? '/makecall/10/+491/Soft' : `/ondn/10/${i}`;
      const { answer } = await sendInOrder(simulator, path);
      answers.push(answer.then(() => order.push(i)));
    }
    await Promise.all(answers);
    assert.deepEqual(order, [...Array(100).keys()]);
    assert.equal(simulator.requestCount, 100);
  });

  it('answers every one of 100 requests sent without waiting', async () => {
    await start({ delay: 1 });
    const paths = Array.from({ length: 100 }, (_, i) => (i % 20 === 0 ? '/makecall/10/11/Soft' : `/transfer/12/${i}`));
    const answers = await Promise.all(paths.map((path) => get(simulator.url, path)));
    assert.equal(answers.filter(({ body }) => body === 'false').length, 95);
    // One at a time: each makecall answers the call that it made itself.
    const ids = answers.filter(({ body }) => body !== 'false').map(({ body }) => body);
    assert.equal(new Set(ids).size, 5);
    assert.deepEqual(simulator.requests.map(({ path }) => path).toSorted(), paths.toSorted());
  });

  it('makecall dials first, blocks the rest, and close() ends all of it at once', async () => {
    await start({ delay: forever });
    const makecall = await sendInOrder(simulator, '/makecall/10/11/Soft');
    const poll = await sendInOrder(simulator, '/showallcalls');
    const { json } = await control(simulator, 'GET', '/api/state');
    const { connections } = json as { connections: { dn: string; status: string }[] };
    assert.deepEqual(
      connections.map(({ dn, status }) => `${dn} ${status}`),
      ['10 Dialing', '11 Ringing'],
    );
    assert.ok(!makecall.isAnswered() && !poll.isAnswered());
    await simulator.close();
    await assert.rejects(makecall.answer, { code: 'ECONNRESET' });
    await assert.rejects(poll.answer, { code: 'ECONNRESET' });
    await assert.rejects(get(simulator.url, '/'), { code: 'ECONNREFUSED' });
    await assert.rejects(get(simulator.controlUrl, '/api/state'), { code: 'ECONNREFUSED' });
    await simulator.close();
  });

  it('close() ends a connection that has sent nothing, and one whose request is never answered', async () => {
    await start();
    const { socket } = await raw('');
    const hung = await sendInOrder(simulator, '/drop/999');
    assert.equal((await get(simulator.url, '/ondn/10')).body, '0');
    const closed = once(socket, 'close');
    await simulator.close();
    await closed;
    await assert.rejects(hung.answer, { code: 'ECONNRESET' });
  });

  it('carries a command out for a client that has gone meanwhile', async () => {
    await start({ delay: 100 });
    const first = await sendInOrder(simulator, '/makecall/10/+491/Soft');
    const gone = await sendInOrder(simulator, '/setstatus/10/away');
    gone.abort();
    first.abort();
    await assert.rejects(gone.answer);
    assert.equal((await get(simulator.url, '/showstatus/10')).body, '    CURRENT_STATUS=Away');
  });

  it('keeps a connection alive, and reads nothing after a request that is never answered', async () => {
    await start();
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const { received } = await raw(
      request('/ondn/10') + request('/ondn/10') + request('/drop/999') + request('/setstatus/10/away'),
    );
    await until(() => simulator.requestCount === 4, 'four requests');
    assert.equal((await get(simulator.url, '/showstatus/10')).body, '    CURRENT_STATUS=Available');
    assert.equal(received().split('HTTP/1.1 200 OK').length, 3);
    assert.ok(!/^(connection|content-type|transfer-encoding):/im.test(received()));
    assert.deepEqual(received().match(/^Keep-Alive: .*(?=\r)/gm), [
      'Keep-Alive: timeout=15,max=100',
      'Keep-Alive: timeout=15,max=99',
    ]);
    const dates = (received().match(/(?<=^Date: ).* GMT(?=\r)/gm) ?? []).map((date) => Date.parse(date));
    assert.equal(dates.length, 2);
    assert.ok(dates.every((date) => Math.abs(Date.now() - date) < 60_000));
  });

  it('garbage, other methods and odd paths do not end it', async () => {
    await start();
    const closed: Promise<unknown>[] = [];
    for (const garbage of ['\0\x01\xff\xfe\r\n\r\n', 'GET\r\n\r\n', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n']) {
      closed.push(once((await raw(garbage)).socket, 'close'));
    }
    await Promise.all(closed);
    await raw('GET /showallcalls HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    await raw('OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n');
    await raw('GET /drop/10 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    for (const path of ['/constructor', '/__proto__', '//', '/showallcalls%2f', '/' + 'x'.repeat(9000), '/ready?/10']) {
      assert.equal((await get(simulator.url, path)).body, 'idle', path);
    }
  });

  it('answers every method as GET: HEAD without the body, POST and PUT only with a length', async () => {
    await start();
    const asked = (method: string, body?: string) => send(simulator.url, '/setstatus/10/away', method, body).answer;
    const { headers } = await asked('GET');
    for (const method of ['POST', 'PUT', 'PATCH']) {
      assert.deepEqual(await asked(method, 'body'), { status: 200, headers, body: 'Away' }, method);
    }
    assert.deepEqual(await asked('HEAD'), { status: 200, headers, body: '' });
    await get(simulator.url, '/setstatus/10/avail');
    for (const method of ['POST', 'PUT']) {
      const { received, socket } = await raw(`${method} /setstatus/10/away HTTP/1.1\r\nHost: x\r\n\r\n`);
      await once(socket, 'close');
      assert.match(received(), /^HTTP\/1\.1 411 Length Required\r\n/);
      assert.match(received(), /\r\nConnection: close\r\n\r\n<h1>Length Required<\/h1>$/);
    }
    assert.equal(simulator.pbx.extension('10').profile, 'Available');
  });

  it('counts the requests of a connection down, and closes it after 100', async () => {
    await start();
    const request = 'GET /ondn/10 HTTP/1.1\r\nHost: x\r\n\r\n';
    const { received, socket } = await raw(request.repeat(101) + 'GET /setstatus/10/away HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'end');
    const lines = received().match(/^(Keep-Alive|Connection): .*(?=\r)/gm);
    assert.deepEqual(lines, [
      ...Array.from({ length: 100 }, (_, index) => `Keep-Alive: timeout=15,max=${100 - index}`),
      'Connection: close',
    ]);
    // Later requests on the connection are not read.
    assert.equal((await get(simulator.url, '/showstatus/10')).body, '    CURRENT_STATUS=Available');
  });

  it('closes a connection whose client asks for it', async () => {
    await start();
    const { received, socket } = await raw('GET /ondn/10 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(socket, 'end');
    assert.match(received(), /\r\nConnection: close\r\n\r\n0$/);
    assert.ok(!received().includes('Keep-Alive'));
  });

  for (const server of ['community', 'documented'] as const) {
    it(`10,000 random lines do not end the ${server} server`, async () => {
      await start({ server, delay: 0 });
      const warnings: Error[] = [];
      const warn = (warning: Error) => void warnings.push(warning);
      process.on('warning', warn);
      const random = randomFrom(1);
      for (let batch = 0; batch < 100; batch++) {
        const lines = Array.from({ length: 100 }, () => randomLine(random));
        await Promise.all(lines.map((line) => raw(`${line}\r\n\r\n`)));
        // In its turn, after all of those that were requests.
        assert.equal((await get(simulator.url, '/dnregs/8000')).body, 'error');
        for (const socket of sockets.splice(0)) socket.destroy();
      }
      process.off('warning', warn);
      assert.deepEqual(warnings, []);
      assert.ok(simulator.requestCount > 2000);
    });
  }

  it('an extension is taken as it is, nothing is decoded', async () => {
    await start();
    const encoded = await sendInOrder(simulator, '/ondn/%31%30');
    assert.equal((await get(simulator.url, '/ondn/10')).body, '0');
    assert.equal(encoded.isAnswered(), false);
  });

  it('/stop gets an empty answer, then the server is gone and the control API goes on', async () => {
    await start({ delay: 100 });
    const hung = await sendInOrder(simulator, '/ondn');
    await sendInOrder(simulator, '/makecall/10/11/Soft');
    const stop = await sendInOrder(simulator, '/stop');
    const after = await sendInOrder(simulator, '/setstatus/10/away');
    assert.deepEqual(await stop.answer, {
      status: 200,
      headers: { Server: 'Mono-HTTPAPI/1.0', 'Content-Length': '0', 'Keep-Alive': 'timeout=15,max=100' },
      body: '',
    });
    await simulator.stopped;
    await assert.rejects(hung.answer, { code: 'ECONNRESET' });
    await assert.rejects(after.answer, { code: 'ECONNRESET' });
    await assert.rejects(get(simulator.url, '/'), { code: 'ECONNREFUSED' });
    assert.equal(simulator.pbx.extension('10').profile, 'Available');
    assert.equal((await control(simulator, 'GET', '/api/state')).status, 200);
  });

  it('/stop ends the connection with FIN', async () => {
    await start();
    const { socket, received } = await raw('GET /stop HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'end');
    assert.match(received(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    await simulator.stopped;
  });

  it('/stop from a client that has gone stops it too', async () => {
    await start({ delay: 100 });
    await sendInOrder(simulator, '/makecall/10/11/Soft');
    (await sendInOrder(simulator, '/stop')).abort();
    await simulator.stopped;
  });

  it('starts again on the same ports right away', async () => {
    await start();
    const port = Number(new URL(simulator.url).port);
    const controlPort = Number(new URL(simulator.controlUrl).port);
    for (let i = 0; i < 3; i++) {
      assert.equal((await get(simulator.url, '/ondn/10')).body, '0');
      await sendInOrder(simulator, '/ondn/999');
      await simulator.close();
      await start({ port, controlPort });
    }
    assert.equal(new URL(simulator.url).port, String(port));
  });

  it('says which port is taken, and leaves nothing listening', async () => {
    await start();
    const port = Number(new URL(simulator.url).port);
    const taken = { code: 'EADDRINUSE', message: `Port ${port} of 127.0.0.1 is already in use.` };
    await assert.rejects(startSimulator({ port }), taken);
    const free = await startSimulator();
    await free.close();
    const freePort = Number(new URL(free.url).port);
    await assert.rejects(startSimulator({ port: freePort, controlPort: port }), taken);
    await assert.rejects(get(free.url, '/'), { code: 'ECONNREFUSED' });
    await assert.rejects(startSimulator({ host: '192.0.2.1' }), { code: 'EADDRNOTAVAIL' });
  });

  it('an IPv6 address is a valid URL', async () => {
    await start({ host: '::1' });
    assert.match(simulator.url, /^http:\/\/\[::1\]:\d+$/);
    assert.equal((await fetch(`${simulator.url}/ondn/10`)).status, 200);
  });

  it('refuses options out of range', async () => {
    await start();
    for (const bad of [{ port: 65536 }, { port: -1 }, { controlPort: 1.5 }, { delay: NaN }, { delay: 2 ** 31 }]) {
      await assert.rejects(startSimulator(bad), RangeError);
    }
  });

  it('keeps the last 1000 requests and counts them all', async () => {
    await start();
    // No connection serves more than a hundred.
    for (let count = 100; count <= 1000; count += 100) {
      const { received } = await raw('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
      await until(() => received().split('idle').length === 101, 'all answers');
      assert.equal(simulator.requestCount, count);
    }
    for (let i = 0; i < 5; i++) await get(simulator.url, '/1');
    await get(simulator.url, '/last');
    assert.equal(simulator.requestCount, 1006);
    assert.equal(simulator.requests.length, 1000);
    assert.equal(simulator.requests.at(-1)?.path, '/last');
  });
});

/** A third is noise, a third a request for nonsense, a third one for an operation with odd arguments. */
function randomLine(random: Random): string {
  const text = (from: number, to: number) =>
    Array.from({ length: random.integer(40) }, () => String.fromCharCode(random.between(from, to))).join('');
  const kind = random.integer(3);
  if (kind === 0) return text(0, 255);
  if (kind === 1) return `GET /${text(0x21, 0x7e)} HTTP/1.1\r\nHost: x`;
  // All but stop.
  const names = [
    'showallcalls',
    'makecall',
    'unpark',
    'record',
    'divert',
    'login',
    'save',
    'setstatus',
    'answer',
    'park',
  ];
  const words = [
    '10',
    '1',
    'all',
    '999',
    '+491',
    '8000',
    '10000',
    '',
    'Soft',
    '0',
    '-1',
    'away',
    'login_all',
    '__proto__',
  ];
  const path = [random.pick(names), random.pick(words), random.pick(words), random.pick(words)];
  return `GET /${path.slice(0, 1 + random.integer(4)).join('/')} HTTP/1.1\r\nHost: x\r\nAuthorization: ${text(0x20, 0xff)}`;
}
