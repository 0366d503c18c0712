import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type ToServer = { changesAlways: boolean } | { changeAfter: number } | { count: true };
export type FromServer = { port: number } | { requests: number } | { changed: number };

/** The server of `server.ts`. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @param delay how long each answer takes, in ms */
  static async start(delay = 0): Promise<ServerProcess> {
    const child = fork(join(__dirname, 'server.ts'), [String(delay)], { execArgv: ['--import', 'tsx'] });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ServerProcess(child, `http://127.0.0.1:${port}`);
  }

  /** @returns how many requests it has had so far */
  async requests(): Promise<number> {
    this.child.send({ count: true } satisfies ToServer);
    const [{ requests }] = (await once(this.child, 'message')) as [{ requests: number }];
    return requests;
  }

  /** Whether extension 10 goes on hold, or off hold again, before each list. */
  changeAlways(changesAlways: boolean): void {
    this.child.send({ changesAlways } satisfies ToServer);
  }

  /**
   * Puts extension 10 on hold, or off hold again, once.
   *
   * @param changeAfter the time after the next list, in ms
   * @returns the time of the change, by the clock that all processes share, in ms
   */
  async change(changeAfter: number): Promise<number> {
    this.child.send({ changeAfter } satisfies ToServer);
    const [{ changed }] = (await once(this.child, 'message')) as [{ changed: number }];
    return changed / 1e6;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}
