import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Starts a server and waits until it listens.
 *
 * @param port 0 for any free port
 * @returns its address as a URL without a trailing slash
 * @throws Error with one sentence and the system's `code` (`EADDRINUSE`, `EACCES`, …)
 */
export async function listen(server: Server, port: number, host: string): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${message})`;
    throw Object.assign(new Error(`Port ${port} of ${host} ${problem}.`, { cause }), { code });
  }
  const { port: actualPort } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`;
}

/** Ends a server at once, with all its connections, whatever runs on them. Harmless when it has ended. */
export async function shutDown(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
