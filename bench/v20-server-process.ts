import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The extension that has changed, and the time by the clock that all processes share, in ms. */
export interface Change {
  extension: string;
  at: number;
}
/** The requests so far, without lists and tokens, and the number of a client's WebSockets. */
export interface Counts {
  reads: number;
  commands: number;
  sockets: number;
}

export type ToV20Server = { client: string; changes: number; perSecond: number } | { count: string };
export type FromV20Server = { port: number } | { changes: Change[] } | Counts;

/** The server of `v20-server.ts`. */
export class V20ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /**
   * @param extensions how many there are
   * @param calls how many of them are in a call
   */
  static async start(extensions: number, calls: number): Promise<V20ServerProcess> {
    const child = fork(join(__dirname, 'v20-server.ts'), [extensions, calls].map(String), {
      execArgv: ['--import', 'tsx'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new V20ServerProcess(child, `http://127.0.0.1:${port}`);
  }

  /** @param client whose WebSockets are counted */
  async count(client: string): Promise<Counts> {
    this.child.send({ count: client } satisfies ToV20Server);
    return ((await once(this.child, 'message')) as [Counts])[0];
  }

  /**
   * Puts calls on hold, or off hold again, one extension after the other.
   *
   * @param client the client that gets the events
   */
  async change(client: string, changes = 1, perSecond = 1_000_000): Promise<Change[]> {
    this.child.send({ client, changes, perSecond } satisfies ToV20Server);
    return ((await once(this.child, 'message')) as [{ changes: Change[] }])[0].changes;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}
