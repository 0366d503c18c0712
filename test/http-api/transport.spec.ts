import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { type ClientOptions, HttpApiClient } from '../../lib/http-api/client';
import { ThreeCxError } from '../../lib/pbx';
import { listen } from '../../support/http-server';
import { atEnd, closedUrl, connect, endAll, failure, serve } from './support';

const [key, cert] = ['key.pem', 'cert.pem'].map((file) =>
  readFileSync(join(__dirname, '../fixtures/tls', file), 'utf8'),
);
const tls = { key: key ?? '', cert: cert ?? '' };
const drop = { extension: '10' };

/** What a server saw of the requests, `authorization` first. */
async function serveRecording(answer = 'true'): Promise<{ url: string; requests: string[]; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = await serve((request) => {
    seen.push(request);
    return answer;
  });
  return { ...server, seen };
}

describe('the log-in', () => {
  afterEach(endAll);

  for (const [kind, auth, header] of [
    ['none', { type: 'none' }, undefined],
    ['basic', { type: 'basic', user: 'anna', password: 'p:ä€📞' }, `Basic ${btoaUtf8('anna:p:ä€📞')}`],
    ['bearer', { type: 'bearer', token: 'abc.DEF-123' }, 'Bearer abc.DEF-123'],
  ] as const) {
    it(`is sent with every request: ${kind}`, async () => {
      const server = await serveRecording();
      const client = connect(server, { auth });
      await client.execute('drop', drop);
      await client.execute('drop', drop);
      assert.deepEqual(
        server.seen.map(({ headers }) => headers.authorization),
        [header, header],
      );
    });
  }

  for (const [kind, options] of [
    ['a token that no header can carry', { auth: { type: 'bearer', token: 'a\r\nX-Header: 1' } }],
    ['an empty token', { auth: { type: 'bearer', token: '' } }],
    ['a url of another kind', { url: 'ftp://127.0.0.1/' }],
    ['a url that is none', { url: '127.0.0.1' }],
    ['a url with a password', { url: 'http://anna:pässword@127.0.0.1/' }],
    ['a url with a query string', { url: 'http://127.0.0.1/?x=1' }],
    ['a proxy that is no url', { proxy: 'proxy' }],
    ['a timeout of nothing', { timeout: 0 }],
    ['a timeout that is no number', { timeout: Number.NaN }],
    ['a timeout that no timer can have', { timeout: 2 ** 31 }],
  ] as [string, Partial<ClientOptions>][]) {
    it(`cannot be made with ${kind}`, () => {
      assert.throws(
        () => new HttpApiClient({ url: 'http://127.0.0.1/', ...options }),
        (error) =>
          error instanceof ThreeCxError &&
          error.code === 'invalid-argument' &&
          /^(token|url|proxy|timeout) /.test(error.message) &&
          !error.message.includes('pässword'),
      );
    });
  }
});

function btoaUtf8(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('TLS', () => {
  afterEach(endAll);

  it('refuses an untrusted certificate, and sends nothing', async () => {
    const server = await serve('true', tls);
    await failure(connect(server).execute('drop', drop), 'unreachable');
    assert.deepEqual(server.requests, []);
  });

  for (const [kind, options] of [
    ['its authority is known', { ca: tls.cert }],
    ['it need not be checked', { rejectUnauthorized: false }],
  ] as const) {
    it(`accepts the certificate when ${kind}, over one connection`, async () => {
      const server = await serve('true', tls);
      const client = connect(server, { tls: options });
      await client.execute('drop', drop);
      await client.execute('drop', drop);
      assert.deepEqual(server.requests, ['/drop/10', '/drop/10']);
      assert.equal(server.connections(), 1);
    });
  }

  it('is lost when the connection breaks after the request', async () => {
    const server = await serve((_request, response) => {
      response.socket?.destroy();
      return undefined;
    }, tls);
    await failure(connect(server, { tls: { ca: tls.cert } }).execute('drop', drop), 'lost');
    assert.deepEqual(server.requests, ['/drop/10']);
  });
});

/** A proxy that tunnels, and records whereto and with which log-in. */
async function serveTunnel(): Promise<{ url: string; tunnels: (string | undefined)[][] }> {
  const tunnels: (string | undefined)[][] = [];
  const proxy = createServer().on('connect', (request: IncomingMessage, socket: Socket) => {
    tunnels.push([request.url, request.headers['proxy-authorization'], request.headers.authorization]);
    const [host, port] = (request.url ?? '').split(':');
    const onward = connectTcp(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on('error', () => undefined);
    socket.on('close', () => onward.destroy());
  });
  const listening = await listen(proxy);
  atEnd(listening.close);
  return { url: `http://127.0.0.1:${listening.port}`, tunnels };
}

describe('an HTTP proxy', () => {
  afterEach(endAll);

  it('gets the whole address of a plain server, and its own log-in', async () => {
    const server = await serve('true');
    const proxy = await serveRecording();
    const client = connect(server, {
      proxy: proxy.url.replace('//', '//us%40er:p%C3%A4ss@'),
      auth: { type: 'bearer', token: 'token' },
    });
    await client.execute('transfer', { extension: '10', destination: '+49*1' });
    assert.deepEqual(proxy.requests, [`${server.url}/transfer/10/+49*1`]);
    assert.equal(proxy.seen[0]?.headers['proxy-authorization'], `Basic ${btoaUtf8('us@er:päss')}`);
    assert.equal(proxy.seen[0].headers.authorization, 'Bearer token');
    assert.deepEqual(server.requests, []);
  });

  it('is a tunnel to a server with TLS, and sees only its own log-in', async () => {
    const server = await serve('true', tls);
    const proxy = await serveTunnel();
    const client = connect(server, {
      proxy: proxy.url.replace('//', '//user:secret@'),
      auth: { type: 'bearer', token: 'token' },
      tls: { ca: tls.cert },
    });
    await client.execute('drop', drop);
    assert.deepEqual(server.requests, ['/drop/10']);
    assert.deepEqual(proxy.tunnels, [
      [server.url.replace('https://', ''), `Basic ${btoaUtf8('user:secret')}`, undefined],
    ]);
  });

  it('does not make a certificate valid', async () => {
    const server = await serve('true', tls);
    const proxy = await serveTunnel();
    await failure(connect(server, { proxy: proxy.url }).execute('drop', drop), 'unreachable');
    assert.deepEqual(server.requests, []);
  });

  it('makes the server unreachable when the proxy is missing', async () => {
    const server = await serve('true');
    const proxy = await closedUrl();
    await failure(connect(server, { proxy }).execute('drop', drop), 'unreachable');
    await failure(connect({ url: 'https://127.0.0.1' }, { proxy }).execute('drop', drop), 'unreachable');
  });

  it('is never taken from the environment', async () => {
    const proxy = await serveRecording();
    const [server, secure] = [await serve('true'), await serve('true', tls)];
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NO_PROXY', 'no_proxy'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = name.toLowerCase() === 'no_proxy' ? '' : proxy.url;
    try {
      await connect(server).execute('drop', drop);
      await connect(secure, { tls: { ca: tls.cert } }).execute('drop', drop);
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
    assert.deepEqual([server.requests, secure.requests, proxy.requests], [['/drop/10'], ['/drop/10'], []]);
  });
});

describe('the base URL', () => {
  afterEach(endAll);

  for (const prefix of ['', '/', '/pbx', '/pbx/', '/a/b%20c//']) {
    it(`may have the path prefix ${JSON.stringify(prefix)}`, async () => {
      const server = await serve('true');
      await connect({ url: server.url + prefix }).execute('drop', drop);
      assert.deepEqual(server.requests, [`${prefix.replace(/\/+$/, '')}/drop/10`]);
    });
  }
});

describe('the health of the connection', () => {
  afterEach(endAll);

  it('is reported when it changes', async () => {
    const told: string[] = [];
    let status = 200;
    const server = await serve((_request, response) => {
      response.statusCode = status;
      if (status === 500) response.setHeader('Connection', 'close');
      return 'true';
    });
    const client = connect(server, { onHealth: (health) => told.push(health) });
    await client.execute('drop', drop);
    await client.execute('drop', drop);
    status = 401;
    await failure(client.execute('drop', drop), 'unauthorized');
    status = 500;
    await failure(client.execute('drop', drop), 'server-error');
    await server.close();
    await failure(client.execute('drop', drop), 'unreachable');
    assert.deepEqual(told, ['ok', 'unauthorized', 'ok', 'unreachable']);
  });
});
