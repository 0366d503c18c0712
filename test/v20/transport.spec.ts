import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { ThreeCxError } from '../../lib/pbx';
import { V20Pbx, type V20Options } from '../../lib/v20';
import { CallControl } from '../../lib/v20/call-control';
import { Client } from '../../lib/v20/client';
import { maxWaiting, Slots } from '../../lib/v20/slots';
import { type Certificates, makeCertificates } from '../reliability/certificates';
import { listen, type Listening, startServer } from '../../support/http-server';
import { until } from '../../support/until';
import { clientId, clientSecret, clock, Stage } from './support';

const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2RlcmVkIn0.c2lnbmF0dXJlLW9mLWl0';

/** Gives tokens, and leaves everything else to a handler. */
function pbxThat(
  handler: (request: IncomingMessage, response: ServerResponse) => string | undefined,
): ReturnType<typeof startServer> {
  return startServer((request, response) =>
    request.url === '/connect/token'
      ? JSON.stringify({ token_type: 'Bearer', expires_in: 60, access_token: token })
      : handler(request, response),
  );
}

function connectTo(url: string, options: Partial<V20Options> = {}): V20Pbx {
  return new V20Pbx({ url, clientId, clientSecret, clock, ...options });
}

describe('The way to 3CX V20', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function start(options: Partial<V20Options> = {}): Promise<Stage> {
    const stage = await Stage.start({}, options);
    closing.push(() => stage.close());
    return stage;
  }
  async function serve(...args: Parameters<typeof pbxThat>): Promise<Awaited<ReturnType<typeof pbxThat>>> {
    const server = await pbxThat(...args);
    closing.push(() => server.close());
    return server;
  }
  function open(url: string, options: Partial<V20Options> = {}): V20Pbx {
    const pbx = connectTo(url, options);
    closing.push(() => pbx.close());
    return pbx;
  }

  /** Watches until events come. */
  async function watch(pbx: V20Pbx): Promise<void> {
    let snapshots = 0;
    const end = pbx.watch({ onSnapshot: () => (snapshots += 1), onSilence: (error) => assert.fail(error) }, null);
    closing.push(end);
    await until(() => snapshots > 0 && !pbx.isPolling, 'events');
  }

  describe('over TLS', () => {
    let certificates: Certificates;
    before(async () => {
      certificates = await makeCertificates();
    });

    /** Encrypts for a simulated PBX. */
    async function encrypt(url: string, name: 'good' | 'unknown'): Promise<string> {
      const { port } = new URL(url);
      const server = createTlsServer(certificates[name], (socket) => {
        const inner = connect(Number(port), '127.0.0.1');
        socket.on('error', () => inner.destroy());
        inner.on('error', () => socket.destroy());
        socket.pipe(inner).pipe(socket);
      });
      const listening = await listen(server);
      closing.push(() => listening.close());
      return `https://127.0.0.1:${listening.port}`;
    }

    it('with a certificate that is trusted: REST and the socket', async () => {
      const stage = await start();
      const pbx = open(await encrypt(stage.v20.url, 'good'), { tls: { ca: certificates.authority } });
      await watch(pbx);
      assert.equal((await pbx.execute('ondn', { extension: '10' })).ok, true);
    });

    it('with another one: unreachable, and nothing was sent', async () => {
      const stage = await start();
      const pbx = open(await encrypt(stage.v20.url, 'unknown'), { tls: { ca: certificates.authority } });
      await assert.rejects(pbx.execute('drop', { extension: '10' }), { code: 'unreachable' });
      assert.equal(stage.v20.requestCount, 0);
    });

    it('and a proxy: REST and the socket go through it', async () => {
      const stage = await start();
      const url = await encrypt(stage.v20.url, 'good');
      const proxy = await startProxy();
      const pbx = open(url, {
        proxy: `http://user:word@127.0.0.1:${proxy.port}`,
        tls: { ca: certificates.authority },
      });
      await watch(pbx);
      assert.equal((await pbx.execute('drop', { extension: '10' })).ok, false);
      assert.ok(proxy.tunnels.length >= 2);
      const expected = `${new URL(url).host} Basic ${Buffer.from('user:word').toString('base64')}`;
      assert.deepEqual(new Set(proxy.tunnels), new Set([expected]));
    });
  });

  it('the addresses of a name get their share of the timeout, for a socket too', async () => {
    const given: unknown[] = [];
    const original = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket;
    Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
      const [first] = args.flat() as { autoSelectFamilyAttemptTimeout?: number }[];
      given.push(first?.autoSelectFamilyAttemptTimeout);
      return Reflect.apply(original, this, args);
    };
    try {
      const stage = await start({ timeout: 3_000 });
      await stage.watch();
    } finally {
      Object.assign(Socket.prototype, { connect: original });
    }
    assert.ok(given.length >= 2);
    assert.deepEqual(new Set(given), new Set([1_000]));
  });

  async function startProxy(): Promise<Listening & { tunnels: string[] }> {
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request: IncomingMessage, socket: Socket) => {
      tunnels.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const inner = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(inner).pipe(socket);
      });
      inner.on('error', () => socket.destroy());
      socket.on('error', () => inner.destroy());
    });
    const listening = await listen(proxy);
    closing.push(() => listening.close());
    return { ...listening, tunnels };
  }

  it('a proxy that is away: unreachable', async () => {
    const stage = await start({ proxy: 'http://127.0.0.1:1' });
    await assert.rejects(stage.pbx.execute('drop', { extension: '10' }), { code: 'unreachable' });
    assert.equal(stage.v20.requestCount, 0);
  });

  it('no proxy of the environment is used', async () => {
    const before = process.env.http_proxy;
    process.env.http_proxy = 'http://127.0.0.1:1';
    try {
      const stage = await start();
      assert.equal((await stage.pbx.execute('ondn', { extension: '10' })).ok, true);
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
  });

  it('a socket that gets 401, where REST does not: the list is polled, and commands go on', async () => {
    let sockets = 0;
    const server = await serve((request, response) => {
      if (request.url !== '/callcontrol/ws') return '[]';
      sockets += 1;
      response.statusCode = 401;
      return '';
    });
    const pbx = open(server.url);
    let snapshots = 0;
    closing.push(pbx.watch({ onSnapshot: () => (snapshots += 1), onSilence: (error) => assert.fail(error) }, null));
    // Two for each attempt.
    await until(() => sockets >= 4 && snapshots > 0 && pbx.isPolling, 'two attempts');
    assert.equal((await pbx.execute('ondn', { extension: '10' })).ok, true);
    assert.equal(server.requests.filter((path) => path === '/connect/token').length, 1);
  });

  it('a command on a connection that breaks: lost, and sent once', async () => {
    let posts = 0;
    const server = await serve((request) => {
      if (request.method === 'GET') return '[{"id":1,"dn":"10","status":"Connected","callid":1}]';
      posts += 1;
      request.socket.destroy();
      return undefined;
    });
    await assert.rejects(open(server.url).execute('drop', { extension: '10' }), { code: 'lost' });
    assert.equal(posts, 1);
  });

  it('a read on a kept connection that had been closed is sent once more', async () => {
    let gets = 0;
    const server = await serve((request) => {
      gets += 1;
      if (gets !== 2) return '[]';
      request.socket.destroy();
      return undefined;
    });
    const pbx = open(server.url);
    assert.equal((await pbx.execute('ondn', { extension: '10' })).ok, true);
    assert.equal((await pbx.execute('ondn', { extension: '10' })).ok, true);
    assert.equal(gets, 3);
  });

  it('a redirect is not followed', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(302, { Location: '/elsewhere' });
      return '';
    });
    await assert.rejects(open(server.url).execute('ondn', { extension: '10' }), { code: 'unexpected-answer' });
    assert.equal(server.requests.includes('/elsewhere'), false);
  });

  it('an answer of more than 4 MiB is none', async () => {
    const server = await serve(() => `[${' '.repeat(4 * 1024 * 1024)}]`);
    await assert.rejects(open(server.url).execute('ondn', { extension: '10' }), { code: 'unexpected-answer' });
  });

  for (const [what, text] of [
    ['HTML', '<html></html>'],
    ['something else', '{"value":[]}'],
    ['nothing', ''],
    ['a list of something else', '[{}]'],
  ]) {
    it(`${what} is no answer, and never "no call"`, async () => {
      const server = await serve(() => text);
      const pbx = open(server.url);
      for (const name of ['drop', 'ondn', 'getcallerid', 'showallcalls', 'dnregs'] as const) {
        await assert.rejects(pbx.execute(name, { extension: '10' }), { code: 'unexpected-answer' });
      }
    });
  }

  it('a list of which the PBX gives fewer rows at a time than were asked for is complete', async () => {
    const all = Array.from({ length: 120 }, (_, index) => ({
      Number: `${1_000 + index}`,
      Name: '',
      Type: 'Extension',
    }));
    const server = await serve(({ url = '' }) => {
      const skip = Number(new URL(url, 'http://pbx').searchParams.get('$skip'));
      const value = all.slice(skip, skip + 50);
      return JSON.stringify({ value, ...(skip + 50 < all.length ? { '@odata.nextLink': 'more' } : {}) });
    });
    const extensions = await open(server.url).extensions();
    assert.deepEqual(
      extensions.map(({ extension }) => extension),
      all.map(({ Number }) => Number),
    );
  });

  it('a server without tokens is no 3CX V20', async () => {
    const server = await startServer((_request, response) => {
      response.statusCode = 404;
      return 'no';
    });
    closing.push(() => server.close());
    await assert.rejects(open(server.url).execute('ondn', { extension: '10' }), {
      ...{ code: 'unexpected-answer', message: /not a 3CX V20/ },
    });
  });

  for (const [status, text, code] of [
    [401, '', 'unauthorized'],
    [403, '', 'unauthorized'],
    [400, '{"error":"invalid_client"}', 'unauthorized'],
    [400, '<html>The plain HTTP request was sent to HTTPS port</html>', 'unexpected-answer'],
    [405, '', 'unexpected-answer'],
    [407, '', 'unexpected-answer'],
    [407, '{"error":"unauthorized"}', 'unexpected-answer'],
    [429, '{}', 'unexpected-answer'],
  ] as const) {
    it(`no token, but HTTP ${status} with ${text || 'nothing'}: ${code}`, async () => {
      const server = await startServer((_request, response) => {
        response.statusCode = status;
        return text;
      });
      closing.push(() => server.close());
      const message = new RegExp(`HTTP ${status}`);
      await assert.rejects(open(server.url).execute('ondn', { extension: '10' }), { code, message });
    });
  }

  for (const [status, text, isRefused] of [
    [400, '<html>Bad Request</html>', false],
    [400, '', false],
    [400, '{"status":400}', false],
    [400, '{"finalstatus":"Failed","reason":"Busy"}', true],
    [400, '{"error":{"message":"no"}}', true],
    [422, '', true],
    [424, '<html></html>', true],
  ] as const) {
    it(`a command with HTTP ${status} and ${text || 'nothing'}: ${isRefused ? 'refused' : 'unexpected'}`, async () => {
      const server = await serve((request, response) => {
        if (request.method === 'GET') return '[{"id":1,"dn":"10","status":"Connected","callid":1}]';
        response.statusCode = status;
        return text;
      });
      const result = open(server.url).execute('drop', { extension: '10' });
      if (isRefused) assert.equal(((await result) as { reason?: string }).reason, 'refused');
      else await assert.rejects(result, { code: 'unexpected-answer' });
    });
  }

  for (const [what, last, isConfirmed] of [
    ['until it is talked in', '[{"id":1,"dn":"10","status":"Connected","callid":7}]', true],
    ['until the call is gone', '[{"id":2,"dn":"10","status":"Connected","callid":8}]', false],
  ] as const) {
    it(`unpark: looked at again ${what}`, async () => {
      const dialing = '[{"id":1,"dn":"10","status":"Dialing","callid":7}]';
      let looks = 0;
      const server = await serve(({ method, url = '' }) => {
        if (method === 'POST') return `{"finalstatus":"Success","result":${dialing.slice(1, -1)}}`;
        if (url.endsWith('/devices')) return '[{"device_id":"sip:10@127.0.0.1","user_agent":"3CX"}]';
        if (!url.endsWith('/participants')) return '{"DialCodeUnpark":"*1"}';
        looks += 1;
        return looks < 3 ? dialing : last;
      });
      const result = await open(server.url).execute('unpark', { extension: '10', phone: 'Soft' });
      assert.deepEqual([result.ok, result.callId, result.confirmed], [true, '7', isConfirmed]);
      assert.equal(looks, 3);
    });
  }

  it('no error holds the secret, the token or a part of it', async () => {
    for (const status of [200, 302, 400, 403, 404, 422, 500]) {
      const server = await serve((request, response) => {
        response.statusCode = status;
        return JSON.stringify({ error: `${request.headers.authorization} ${clientSecret}`, reasontext: token });
      });
      const pbx = open(server.url);
      const said: string[] = [];
      for (const [name, args] of [
        ['ondn', {}],
        ['makecall', { destination: '11', phone: 'Soft' }],
        ['showstatus', {}],
      ] as const) {
        const outcome = await pbx.execute(name, { extension: '10', ...args }).catch((error: unknown) => error);
        const { message, stack } = outcome as Partial<Error>;
        said.push(JSON.stringify([outcome, message, stack]));
      }
      for (const secret of [clientSecret, ...token.split('.')]) {
        assert.equal(said.join('').includes(secret), false, `${status}`);
      }
    }
  });

  it('what the PBX answers is given without the secret and the token', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'GET') return '[{"id":1,"dn":"10","status":"Connected","callid":1}]';
      response.statusCode = 422;
      return JSON.stringify({ finalstatus: 'Failed', reason: 'Busy', reasontext: `${token} ${clientSecret}` });
    });
    const result = await open(server.url).execute('drop', { extension: '10' });
    assert.ok(!result.ok);
    assert.match(result.detail ?? '', /^Busy: /);
    for (const secret of [clientSecret, ...token.split('.')]) {
      assert.equal(JSON.stringify(result).includes(secret), false);
    }
  });

  for (const [what, options] of [
    ['an address that is none', { url: 'pbx' }],
    ['a user in the address', { url: 'https://user:word@pbx.example' }],
    ['no client', { clientId: ' ' }],
    ['no secret', { clientSecret: '' }],
    ['a wrong timeout', { timeout: 0 }],
    ['a wrong proxy', { proxy: 'nowhere' }],
  ] as [string, Partial<V20Options>][]) {
    it(`${what}: invalid-argument`, () => {
      assert.throws(() => connectTo('https://pbx.example', options), { code: 'invalid-argument' });
    });
  }
});

describe('Requests that wait for 3CX V20', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('at most so many run at a time, the urgent ones first', async () => {
    const slots = new Slots(2);
    const order: string[] = [];
    const finish: (() => void)[] = [];
    const job = (name: string) => () =>
      new Promise<void>((resolve) => {
        order.push(name);
        finish.push(resolve);
      });
    const all = [
      ...['1', '2', '3'].map((name) => slots.run(job(name))),
      ...['urgent 1', 'urgent 2'].map((name) => slots.run(job(name), true)),
    ];
    for (const expected of [['1', '2'], ['urgent 1'], ['urgent 2'], ['3']]) {
      await new Promise(setImmediate);
      assert.deepEqual(order.splice(0), expected);
      finish.shift()?.();
    }
    for (const end of finish) end();
    await Promise.all(all);
  });

  it('at most 100 wait: then busy', async () => {
    const slots = new Slots(1);
    const closed = new ThreeCxError('closed', 'closed');
    const running = slots.run(() => new Promise<void>((resolve) => setImmediate(resolve)));
    const waiting = Array.from({ length: maxWaiting }, () => slots.run(() => Promise.resolve()));
    await assert.rejects(
      slots.run(() => Promise.resolve()),
      { code: 'busy' },
    );
    slots.clear(closed);
    const results = await Promise.allSettled(waiting);
    assert.equal(results.filter(({ status }) => status === 'rejected').length, maxWaiting);
    await running;
  });

  it('reads go on while a command waits for eight others', async () => {
    const pending: (() => void)[] = [];
    const server = await pbxThat((request, response) => {
      if (request.method === 'GET') return '[{"id":1,"dn":"10","status":"Connected","callid":1}]';
      pending.push(() => response.end('{"finalstatus":"Success"}'));
      return undefined;
    });
    const pbx = connectTo(server.url, { timeout: 3_000 });
    closing.push(
      () => server.close(),
      () => pbx.close(),
    );
    const drops = Promise.all(Array.from({ length: 9 }, () => pbx.execute('drop', { extension: '10' })));
    drops.catch(() => undefined);
    await until(() => pending.length === 8, 'eight commands');
    await until(() => server.requests.filter((path) => path.endsWith('/participants')).length === 9, 'nine reads');
    // The ninth waits by now.
    await new Promise(setImmediate);
    let isRead = false;
    const read = pbx.execute('ondn', { extension: '10' }).then(() => (isRead = true));
    read.catch(() => undefined);
    await until(() => isRead, 'a read');
    assert.equal(pending.length, 8);
    for (const end of pending.splice(0)) end();
    await until(() => pending.length === 1, 'the ninth');
    for (const end of pending) end();
    await Promise.all([read, drops]);
  });

  it('what an operation reads goes before what watching reads', async () => {
    let pending: (() => void)[] | null = null;
    const server = await pbxThat((request, response) => {
      if (request.method !== 'GET') return '{"finalstatus":"Success"}';
      const body = '[{"id":1,"dn":"10","status":"Connected","callid":1}]';
      if (pending === null) return body;
      pending.push(() => response.end(body));
      return undefined;
    });
    const client = new Client({ url: server.url, clientId, clientSecret });
    closing.push(
      () => server.close(),
      () => client.close(),
    );
    await client.token();
    pending = [];
    const order: string[] = [];
    const read = (control: CallControl, name: string): Promise<unknown> =>
      control.participants('10').then(() => order.push(name));
    const watching = new CallControl(client);
    const reads = ['1', '2', '3', '4', '5'].map((name) => read(watching, name));
    reads.push(read(new CallControl(client, true), 'operation'));
    while (order.length < 6) {
      await until(() => pending.length > 0, 'a read');
      const before = order.length;
      pending.shift()?.();
      await until(() => order.length > before, 'its end');
    }
    assert.ok(order.indexOf('operation') < order.indexOf('5'), order.join());
    await Promise.all(reads);
  });

  it('eight commands and four reads at a time', async () => {
    const under = { GET: 0, POST: 0 };
    const most = { GET: 0, POST: 0 };
    const pending: (() => void)[] = [];
    const server = await pbxThat((request, response) => {
      const method = request.method === 'GET' ? 'GET' : 'POST';
      under[method] += 1;
      most[method] = Math.max(most[method], under[method]);
      const body =
        method === 'GET' ? '[{"id":1,"dn":"10","status":"Connected","callid":1}]' : '{"finalstatus":"Success"}';
      pending.push(() => {
        under[method] -= 1;
        response.end(body);
      });
      return undefined;
    });
    const pbx = connectTo(server.url);
    let finished = 0;
    const all = Array.from({ length: 20 }, () => pbx.execute('drop', { extension: '10' }).then(() => finished++));
    while (finished < all.length) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const end of pending.splice(0)) end();
    }
    await Promise.all(all);
    assert.deepEqual(most, { GET: 4, POST: most.POST });
    assert.ok(most.POST <= 8);
    pbx.close();
    await server.close();
  });
});
