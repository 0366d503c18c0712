import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';

/** Answers one request: returns a text, or writes the response. It does nothing for "no answer". */
export type Handler = (request: IncomingMessage, response: ServerResponse) => string | undefined;

export interface TestServer {
  /** Base URL, without a trailing slash. */
  url: string;
  /** The raw URL of every request, in the order of their arrival. */
  requests: string[];
  /** How many connections were opened to it so far. */
  connections: () => number;
  /** Resolves once the server has received this many requests. */
  received: (count: number) => Promise<void>;
  /** Ends it and all its connections. */
  close: () => Promise<void>;
}

/**
 * Starts a real HTTP server on a free port of 127.0.0.1 that records every request.
 *
 * @param handler answers the requests; a text answers each of them
 * @param tls key and certificate, for https
 */
export async function startServer(handler: Handler | string, tls?: { key: string; cert: string }): Promise<TestServer> {
  const requests: string[] = [];
  const arrivals = new EventEmitter();
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    arrivals.emit('request');
    const answer = typeof handler === 'string' ? handler : handler(request, response);
    if (answer !== undefined) response.end(answer);
  };
  const listening = await listen(tls === undefined ? createServer(listener) : https.createServer(tls, listener));
  return {
    ...listening,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${listening.port}`,
    requests,
    received: async (count) => {
      while (requests.length < count) await once(arrivals, 'request');
    },
  };
}

export interface Listening {
  port: number;
  connections: () => number;
  close: () => Promise<void>;
}

/** Listens on a free port of 127.0.0.1 with any server of Node's; closing it ends its connections too. */
export async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  const port = await listenOnNewPort(server);
  return {
    port,
    connections: () => connections,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const givenPorts = new Set<number>();

/** A port that no server of this process has had before: what is learnt of one, such as its token, is kept by its address. */
async function listenOnNewPort(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (!givenPorts.has(port)) {
    givenPorts.add(port);
    return port;
  }
  const closed = once(server, 'close');
  server.close();
  await closed;
  return listenOnNewPort(server);
}

/** Starts something on a free port that no other server of this process has had before. */
export async function onNewPort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    const { port, close } = await listen(createNetServer());
    await close();
    try {
      return await start(port);
    } catch (error) {
      // Another process was faster.
      if ((error as { code?: unknown }).code !== 'EADDRINUSE' || tries === 3) throw error;
    }
  }
}
