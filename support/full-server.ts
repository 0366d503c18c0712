import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A server on the given address that accepts no further connections: clients get no answer until it is freed. */
export interface FullServer {
  port: number;
  /** Takes connections from now on. A client that tried before gets through when its system tries again, after a second. */
  free: () => void;
  close: () => Promise<void>;
}

const code = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:http').createServer((request, response) => response.end('true'));
server.on('connect', (request, socket) => socket.end('HTTP/1.1 502 Bad Gateway\\r\\n\\r\\n'));
server.listen({ port: 0, host: workerData.host, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(workerData.isFree, 0, 0);
});`;

export async function startFullServer(host: string): Promise<FullServer> {
  const isFree = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(code, { eval: true, workerData: { host, isFree } });
  const [port] = (await once(worker, 'message')) as [number];
  const waiting = [connect(port, host), connect(port, host)];
  await Promise.all(waiting.map((socket: Socket) => once(socket, 'connect')));
  const free = (): void => {
    Atomics.store(isFree, 0, 1);
    Atomics.notify(isFree, 0);
  };
  return {
    ...{ port, free },
    close: async () => {
      free();
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}
