import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { parseDestinations } from '../../lib/pbx';
import { closedUrl, connect, endAll, failure, serve, serveTcp, withPhone } from './support';

const drop = { extension: '10' };
const secrets = ['pässword', Buffer.from('anna:pässword').toString('base64'), '4915112345678', '49151'];

/** Every text that belongs to a value, its prototype's and hidden properties included. */
function textsOf(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  if (seen.has(value)) return [];
  seen.add(value);
  return Reflect.ownKeys(value).flatMap((key) => [String(key), ...textsOf(Reflect.get(value, key), seen)]);
}

describe('an error', () => {
  afterEach(endAll);

  it('is unreachable when the port is closed', async () => {
    const client = connect({ url: await closedUrl() });
    const { message } = await failure(client.execute('drop', drop), 'unreachable');
    assert.match(message, /ECONNREFUSED/);
  });

  it('is unreachable when no route leads to the address', async () => {
    await failure(connect({ url: 'http://255.255.255.255:9' }, { timeout: 150 }).execute('drop', drop), 'unreachable');
  });

  it('is unreachable when the connection stands and the TLS handshake never ends', async () => {
    const { port } = await serveTcp(() => undefined);
    const client = connect({ url: `https://127.0.0.1:${port}` }, { timeout: 150 });
    await failure(client.execute('drop', drop), 'unreachable');
  });

  it('is unreachable when the server breaks off the TLS handshake', async () => {
    const { port } = await serveTcp((socket) => {
      socket.once('data', () => socket.destroy());
    });
    await failure(connect({ url: `https://127.0.0.1:${port}` }).execute('drop', drop), 'unreachable');
  });

  it('does not occur when stop breaks the connection, because stop is done', async () => {
    const server = await serve((_request, response) => {
      response.socket?.resetAndDestroy();
      return undefined;
    });
    const result = await connect(server, { allowStop: true }).execute('stop');
    assert.deepEqual(result, { ok: true, given: {}, answer: '' });
    assert.deepEqual(server.requests, ['/stop']);
  });

  for (const [status, code] of [
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'unsupported'],
    [500, 'server-error'],
    [502, 'server-error'],
    [201, 'unexpected-answer'],
    [302, 'unexpected-answer'],
    [400, 'unexpected-answer'],
    [429, 'unexpected-answer'],
  ] as const) {
    it(`is ${code} when the server answers HTTP ${status}, and its text is no answer`, async () => {
      const server = await serve((_request, response) => {
        response.statusCode = status;
        return 'true';
      });
      const { message } = await failure(connect(server).execute('drop', drop), code);
      assert.ok(message.includes(String(status)), message);
      assert.deepEqual(server.requests, ['/drop/10']);
    });
  }

  it('has the first 200 characters of the exception, without secrets and phone numbers', async () => {
    const text =
      'System.NullReferenceException: no call to +49 151 12345678\r\n  at TCX.Call(pässword) YW5uYTpww6Rzc3dvcmQ= ' +
      'x'.repeat(300);
    const server = await serve((_request, response) => {
      response.statusCode = 500;
      return text;
    });
    const auth = { type: 'basic', user: 'anna', password: 'pässword' } as const;
    const { message } = await failure(connect(server, { auth }).execute('drop', drop), 'server-error');
    assert.match(message, /HTTP 500\): System\.NullReferenceException: no call to \+… at TCX\.Call\(…\) … x{50,150}$/);
    for (const secret of secrets) assert.ok(!message.includes(secret), message);
  });

  it('has no part of a secret that the 200th character cuts', async () => {
    const server = await serve((_request, response) => {
      response.statusCode = 500;
      return `${'x'.repeat(196)}pässword`;
    });
    const auth = { type: 'basic', user: 'anna', password: 'pässword' } as const;
    const { message } = await failure(connect(server, { auth }).execute('drop', drop), 'server-error');
    assert.ok(!message.includes('xp'), message);
  });

  for (const [kind, announced] of [
    ['announces', true],
    ['sends', false],
  ] as const) {
    it(`is unexpected-answer when the server ${kind} more than 4 MiB`, async () => {
      const server = await serve((_request, response) => {
        const body = Buffer.alloc(4 * 1024 * 1024 + 1, ' ');
        if (announced) response.setHeader('Content-Length', body.length);
        response.write(body);
        response.end();
        return undefined;
      });
      const { message } = await failure(connect(server).execute('drop', drop), 'unexpected-answer');
      assert.match(message, /4 MiB/);
    });
  }

  it('does not occur when the answer has exactly 4 MiB', async () => {
    const server = await serve('true'.padEnd(4 * 1024 * 1024));
    assert.equal((await connect(server).execute('drop', drop)).ok, true);
  });

  it('mentions an extension that does not exist only if one was asked about', async () => {
    const client = connect(await serve(() => undefined), { timeout: 50, allowStop: true });
    const hint = /^no answer within 0\.05 s; this server does not answer when the extension does not exist$/;
    assert.match((await failure(client.execute('drop', drop), 'timeout')).message, hint);
    assert.match((await failure(client.callId('10'), 'timeout')).message, hint);
    for (const asked of [() => client.execute('showallcalls'), () => client.poll(), () => client.execute('stop')]) {
      assert.equal((await failure(asked(), 'timeout')).message, 'no answer within 0.05 s');
    }
  });

  it('is not-allowed for stop, which has to be allowed first: nothing is sent', async () => {
    const server = await serve('<HTML><BODY> Server Stopped</BODY></HTML>');
    await failure(connect(server).execute('stop'), 'not-allowed');
    assert.deepEqual(server.requests, []);
    assert.equal((await connect(server, { allowStop: true }).execute('stop')).ok, true);
  });

  it('is not-allowed for a destination outside the allowed ones: nothing is sent', async () => {
    const server = await serve(withPhone('true'));
    const client = connect(server, { isAllowed: parseDestinations('1?, +49*') });
    for (const operation of ['makecall', 'transfer', 'divert'] as const) {
      const args = { extension: '10', phone: 'Soft' };
      const { message } = await failure(client.execute(operation, { ...args, destination: '+1900123' }), 'not-allowed');
      assert.ok(!message.includes('1900123'));
      assert.deepEqual(server.requests, []);
      assert.equal((await client.execute(operation, { ...args, destination: '+49301' })).ok, true);
      server.requests.length = 0;
    }
  });

  it('is not-allowed each time or never if an expression decides', async () => {
    const client = connect(await serve('true'), { isAllowed: parseDestinations('/^1/') });
    for (let time = 0; time < 3; time++) {
      assert.equal((await client.execute('transfer', { extension: '10', destination: '11' })).ok, true);
    }
    await failure(client.execute('transfer', { extension: '10', destination: '21' }), 'not-allowed');
  });

  it('is unreachable for stop when no route leads to the server, because stop is not done', async () => {
    for (const url of [await closedUrl(), 'http://255.255.255.255:9']) {
      await failure(connect({ url }, { allowStop: true, timeout: 150 }).execute('stop'), 'unreachable');
    }
  });

  it('is closed, at once, for requests on the wire and for requests that wait', async () => {
    const server = await serve(() => undefined);
    const client = connect(server);
    const pending = [client.execute('drop', drop), client.execute('ondn', drop), client.poll()];
    const failed = pending.map((promise) => failure(promise, 'closed'));
    await server.received(1);
    client.close();
    await Promise.all(failed);
    await failure(client.execute('drop', drop), 'closed');
    await failure(client.poll(), 'closed');
    client.close();
    assert.deepEqual(server.requests, ['/drop/10']);
  });

  it('is closed when there was no connection yet', async () => {
    const { port } = await serveTcp(() => undefined);
    const client = connect({ url: `https://127.0.0.1:${port}` });
    const failed = failure(client.execute('drop', drop), 'closed');
    await new Promise(setImmediate);
    client.close();
    await failed;
  });

  it('never holds a secret, a phone number or an error of axios', async () => {
    const auth = { type: 'basic', user: 'anna', password: 'pässword' } as const;
    const answers = [
      (response: ServerResponse) => response.writeHead(401).end(),
      (response: ServerResponse) => response.writeHead(404).end(),
      (response: ServerResponse) => response.writeHead(500).end('pässword +4915112345678'),
      (response: ServerResponse) => response.writeHead(302, { Location: '/transfer/10/4915112345678' }).end(),
      (response: ServerResponse) => response.end('calling +4915112345678'),
      (response: ServerResponse) => response.end('idle'),
      (response: ServerResponse) => response.socket?.destroy(),
      () => undefined,
    ];
    for (const answer of answers) {
      const server = await serve((_request, response) => {
        answer(response);
        return undefined;
      });
      const client = connect(server, { auth, timeout: 150 });
      const transfer = client.execute('transfer', { extension: '10', destination: '+4915112345678' });
      const error: unknown = await transfer.catch((reason: unknown) => reason);
      assert.ok(error instanceof Error);
      const keys = Reflect.ownKeys(error).filter((key) => key !== 'systemCode');
      assert.deepEqual(keys.sort(), ['code', 'message', 'name', 'stack']);
      const texts = textsOf(error).join('\n');
      for (const secret of secrets) assert.ok(!texts.includes(secret), texts);
      assert.doesNotMatch(texts, /axios/i);
    }
  });
});

describe('the connections', () => {
  afterEach(endAll);

  it('are kept alive: twenty requests use one', async () => {
    const server = await serve('true');
    const client = connect(server);
    await Promise.all(Array.from({ length: 10 }, () => client.execute('drop', drop)));
    for (let time = 0; time < 10; time++) await client.execute('drop', drop);
    assert.equal(server.requests.length, 20);
    assert.equal(server.connections(), 1);
  });
});
