import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** For a `describe`: nothing in it may leave a rejection unhandled, an exception uncaught, or make Node.js warn. */
export function expectNoComplaints(): void {
  const complaints: unknown[] = [];
  const collect = (complaint: unknown): void => void complaints.push(complaint);
  const kinds = ['warning', 'unhandledRejection', 'uncaughtException'];
  before(() => kinds.forEach((kind) => process.on(kind, collect)));
  after(() => {
    kinds.forEach((kind) => process.off(kind, collect));
    assert.deepEqual(complaints, []);
  });
}

/** The TCP connections that this process has opened and not closed; those under TLS do not count. */
export class ClientSockets {
  max = 0;
  private readonly open = new Set<Socket>();
  private readonly add = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    this.open.add(socket);
    this.max = Math.max(this.max, this.count);
    socket.once('close', () => this.open.delete(socket));
  };

  start(): void {
    subscribe('net.client.socket', this.add);
  }

  stop(): void {
    unsubscribe('net.client.socket', this.add);
  }

  get count(): number {
    return [...this.open].filter(({ destroyed }) => !destroyed).length;
  }
}

/** Lets happen what is due: what was sent within this machine is there at once, and read in one of the next turns. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}
