import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { HttpApiClient } from '../../lib/http-api/client';
import { startFullServer } from '../../support/full-server';
import type { TestServer } from '../../support/http-server';
import { atEnd, closedUrl, connect, endAll, failure, serve } from './support';

const ten = { extension: '10' };
const answers: Record<string, string> = {
  '/showallcalls': '<html><body></body></html>',
  '/ondn/10': '0',
  '/drop/10': 'true',
};

describe('A connection that is kept alive', () => {
  let time: number;
  /** The server's end of each connection. */
  let sockets: Socket[];
  let server: TestServer;
  let client: HttpApiClient;
  /** Instead of the next answer. */
  let misbehave: ((socket: Socket) => void) | null;
  let headers: Record<string, string>;

  beforeEach(async () => {
    time = 1_000_000;
    mock.method(performance, 'now', () => time);
    [sockets, misbehave, headers] = [[], null, {}];
    server = await serve(({ url = '', socket }, response) => {
      if (!sockets.includes(socket)) sockets.push(socket);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (misbehave === null) return answers[url];
      misbehave(socket);
      return undefined;
    });
    client = connect(server);
  });
  afterEach(endAll);
  afterEach(() => {
    mock.restoreAll();
  });

  const command = (): Promise<unknown> => client.execute('drop', ten);
  const query = (): Promise<unknown> => client.execute('ondn', ten);
  /** Breaks the connection, once. */
  const breakOnce = (socket: Socket): void => {
    misbehave = null;
    socket.destroy();
  };
  /** The server closes the connection, and the client sees it. */
  const closed = async (): Promise<void> => {
    const socket = sockets.at(-1);
    assert.ok(socket);
    socket.end();
    await once(socket, 'close');
    for (let turns = 0; turns < 5; turns++) await turn();
  };

  it('takes commands for a second, and queries at any time', async () => {
    await command();
    time += 1_000;
    await command();
    time += 20_000;
    await query();
    await client.poll();
    await command();
    assert.equal(server.connections(), 1);
  });

  it('is closed when it was idle for more than a second and a command comes, which gets a new one', async () => {
    await command();
    time += 1_001;
    const [old] = sockets;
    assert.ok(old);
    const gone = once(old, 'close');
    await command();
    await gone;
    assert.equal(server.connections(), 2);
    await query();
    assert.equal(server.connections(), 2);
  });

  for (const [keepAlive, idle, connections] of [
    ['timeout=1', 1, 2],
    ['timeout=2', 1_000, 1],
    ['max=5, timeout=1', 500, 2],
    ['timeout=15', 1_001, 2],
    ['max=5', 1_000, 1],
  ] as const) {
    it(`takes ${connections === 1 ? 'a' : 'no'} command after ${idle} ms with Keep-Alive: ${keepAlive}`, async () => {
      headers = { Connection: 'keep-alive', 'Keep-Alive': keepAlive };
      await command();
      time += idle;
      await command();
      assert.equal(server.connections(), connections);
    });
  }

  for (const [name, ask, url] of [
    ['a query', query, '/ondn/10'],
    ['a poll', () => client.poll(), '/showallcalls'],
    ['a look-up', () => client.callId('10'), '/ondn/10'],
  ] as const) {
    it(`when it breaks before any byte of an answer, ${name} is sent once more on a new one`, async () => {
      await command();
      misbehave = breakOnce;
      await ask();
      assert.deepEqual(server.requests.slice(1), [url, url]);
      assert.equal(server.connections(), 2);
    });
  }

  it('when it breaks before any byte of an answer, a command is lost, and never sent again', async () => {
    await query();
    misbehave = breakOnce;
    await failure(command(), 'lost');
    assert.deepEqual(server.requests.slice(1), ['/drop/10']);
  });

  it('when a second one breaks too, the query is lost', async () => {
    await command();
    misbehave = (socket) => socket.destroy();
    await failure(query(), 'lost');
    assert.deepEqual(server.requests.slice(1), ['/ondn/10', '/ondn/10']);
  });

  it('when it is new, a query that breaks it is lost', async () => {
    misbehave = breakOnce;
    await failure(query(), 'lost');
    assert.deepEqual(server.requests, ['/ondn/10']);
  });

  it('when it breaks in the middle of the head, the query is lost', async () => {
    await command();
    misbehave = (socket) => {
      misbehave = null;
      socket.end('HTTP/1.1 200');
    };
    await failure(query(), 'lost');
    assert.deepEqual(server.requests.slice(1), ['/ondn/10']);
  });

  it('takes no command when the server has closed it and the process had no time to see that', async () => {
    await command();
    sockets[0]?.end();
    await command();
    assert.equal(server.connections(), 2);
    assert.equal(server.requests.length, 2);
  });

  it('takes commands for only half the time after which this server closed a connection', async () => {
    await command();
    time += 20;
    await closed();
    await command();
    time += 10;
    await command();
    assert.equal(server.connections(), 2);
    time += 11;
    await command();
    assert.equal(server.connections(), 3);
  });

  it('takes no command of a server that closes each after its answer, once it has been seen', async () => {
    await query();
    misbehave = breakOnce;
    await query();
    assert.equal(server.connections(), 2);
    await command();
    time += 1;
    await command();
    assert.equal(server.connections(), 3);
  });

  it('takes commands for a second again when the server keeps one for longer than before', async () => {
    await command();
    time += 20;
    await closed();
    await query();
    time += 100;
    await query();
    time += 900;
    await command();
    assert.equal(server.connections(), 2);
  });

  it('learns nothing from a server that announces the close', async () => {
    headers = { Connection: 'close' };
    await query();
    headers = {};
    await query();
    time += 900;
    await command();
    assert.equal(server.connections(), 2);
  });
});

describe('A name with several addresses', function () {
  this.timeout(20_000);
  afterEach(endAll);
  afterEach(() => {
    mock.restoreAll();
  });

  /** Gives pbx.test these addresses. */
  function resolveTo(...addresses: string[]): void {
    type Found = (error: null, addresses: { address: string; family: number }[]) => void;
    const lookup = (name: string, _options: unknown, callback: Found): void => {
      assert.equal(name, 'pbx.test');
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    };
    mock.method(dns, 'lookup', lookup);
  }

  async function full(host: string): Promise<{ port: number; free: () => void }> {
    const server = await startFullServer(host);
    atEnd(server.close);
    return server;
  }

  async function alive(port: number, host: string): Promise<IncomingMessage[]> {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      requests.push(request);
      response.end('true');
    });
    server.listen(port, host);
    await once(server, 'listening');
    atEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    return requests;
  }

  for (const by of ['server', 'proxy'] as const) {
    const connectTo = (port: number, timeout: number): HttpApiClient => {
      const url = `http://pbx.test:${port}`;
      return by === 'server'
        ? connect({ url }, { timeout })
        : connect({ url: 'http://10.0.0.1' }, { proxy: url, timeout });
    };

    it(`${by}: a slow address is waited for when the other refuses`, async () => {
      const { port, free } = await full('127.0.0.2');
      resolveTo('127.0.0.2', '127.0.0.3');
      const done = connectTo(port, 8_000).execute('drop', ten);
      setTimeout(free, 300);
      await done;
    });

    it(`${by}: a dead address does not cost the connection, nor the next one any time`, async () => {
      const { port } = await full('127.0.0.2');
      const requests = await alive(port, '127.0.0.3');
      resolveTo('127.0.0.2', '127.0.0.3');
      const client = connectTo(port, 1_500);
      const timed = async (): Promise<number> => {
        const since = performance.now();
        await client.execute('drop', ten);
        return performance.now() - since;
      };
      const first = await timed();
      requests[0]?.socket.destroy();
      assert.ok((await timed()) < first / 2);
      assert.equal(new Set(requests.map(({ socket }) => socket)).size, 2);
    });

    it(`${by}: an address that refuses is skipped`, async () => {
      const { port } = new URL(await closedUrl());
      const requests = await alive(Number(port), '127.0.0.3');
      resolveTo('127.0.0.2', '127.0.0.3');
      await connectTo(Number(port), 8_000).execute('drop', ten);
      assert.equal(requests.length, 1);
    });

    it(`${by}: is unreachable when all refuse`, async () => {
      const { port } = new URL(await closedUrl());
      resolveTo('127.0.0.2', '127.0.0.3');
      await failure(connectTo(Number(port), 8_000).execute('drop', ten), 'unreachable');
    });
  }

  it('proxy with a tunnel: a slow address is waited for when the other refuses', async () => {
    const { port, free } = await full('127.0.0.2');
    resolveTo('127.0.0.2', '127.0.0.3');
    const client = connect({ url: 'https://10.0.0.1' }, { proxy: `http://pbx.test:${port}` });
    setTimeout(free, 300);
    await failure(client.execute('drop', ten), 'server-error');
  });

  it('is unreachable when it has no address, and when it is not found in time', async () => {
    const lookup = mock.method(dns, 'lookup', (_name: string, _options: unknown, callback: (error: Error) => void) => {
      callback(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    });
    const client = connect({ url: 'http://pbx.test' }, { timeout: 100 });
    assert.match((await failure(client.execute('drop', ten), 'unreachable')).message, /ENOTFOUND/);
    lookup.mock.mockImplementation(() => undefined);
    assert.match((await failure(client.execute('drop', ten), 'unreachable')).message, /no connection in time/);
  });
});
