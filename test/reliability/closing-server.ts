import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A healthy server that closes idle connections. It has a thread of its own, so that the two ends don't take turns. */
export interface ClosingServer {
  url: string;
  /** Ends it, and returns the URLs of the requests that arrived. */
  end: () => Promise<string[]>;
}

const code = `
const { createServer } = require('node:http');
const { parentPort, workerData: { idle, isAnnounced } } = require('node:worker_threads');
const requests = [];
const timers = new WeakMap();
const server = createServer((request, response) => {
  const { url, socket } = request;
  requests.push(url);
  clearTimeout(timers.get(socket));
  if (isAnnounced) response.setHeader('Keep-Alive', 'timeout=' + Math.floor(idle / 1000));
  response.on('finish', () => timers.set(socket, setTimeout(() => socket.end(), idle)));
  response.end(url === '/showallcalls' ? '<html><body></body></html>' : 'true');
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.once('message', () => {
  server.close();
  server.closeAllConnections();
  parentPort.postMessage(requests);
  parentPort.close();
});`;

/**
 * @param idle after how long it closes an idle connection, in ms
 * @param isAnnounced whether it says so in each answer
 */
export async function startClosingServer(idle: number, isAnnounced: boolean): Promise<ClosingServer> {
  const worker = new Worker(code, { eval: true, workerData: { idle, isAnnounced } });
  const [port] = (await once(worker, 'message')) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    end: async () => {
      const requests = once(worker, 'message');
      worker.postMessage('end');
      return ((await requests) as [string[]])[0];
    },
  };
}
