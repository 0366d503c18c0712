import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The options that name a port, as the command has them. */
export type PortOption = 'port' | 'control-port' | 'v20-port';

/** A port that can't be used. */
export class PortError extends Error {
  /**
   * @param code the system's, such as `EADDRINUSE`
   * @param option the one to change
   */
  constructor(
    message: string,
    readonly code: string,
    readonly option: PortOption,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * Starts a server and waits until it listens.
 *
 * @param port 0 for any free port
 * @param option the one that the port comes from
 * @returns its address as a URL without a trailing slash
 * @throws PortError with one sentence
 */
export async function listen(server: Server, port: number, host: string, option: PortOption): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'is already in use' : `cannot be used (${message})`;
    throw new PortError(`Port ${port} of ${host} ${problem}.`, code, option, cause);
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
