import {
  type Identity,
  type Moment,
  operationNames,
  type OperationName,
  operationOf,
  type Pbx,
  type Presence,
  type Result,
  type Watcher,
} from '../pbx';
import { type ClientOptions, HttpApiClient } from './client';
import { Poller, type PollerOptions } from './poller';

export type HttpApiOptions = Omit<ClientOptions, 'onAnswer'> & PollerOptions;

/** A PBX that is reached by the 3CX HTTP API, a program beside it that answers URLs. Watching it means polling. */
export class HttpApi implements Pbx {
  /** All operations, divert too: the community server does nothing for it, and its answer says so. */
  readonly supports: ReadonlySet<OperationName> = new Set(operationNames);
  /** False, because `showstatus` is about one extension. */
  readonly listsPresences = false;
  private readonly client: HttpApiClient;
  private readonly poller: Poller;

  /** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
  constructor(options: HttpApiOptions) {
    this.client = new HttpApiClient({
      ...options,
      onAnswer: () => {
        this.poller.onAnswer();
      },
    });
    this.poller = new Poller(this.client, options);
  }

  get stretched(): number | null {
    return this.poller.stretched;
  }

  async execute(
    name: OperationName,
    args: Readonly<Record<string, unknown>> = {},
    onStart?: () => void,
  ): Promise<Result> {
    const result = await this.client.execute(name, args, onStart);
    if (operationOf(name).kind === 'command' && result.ok) {
      const { extension } = result.given;
      if (extension !== undefined && result.callId != null) this.poller.tellCallId(extension, result.callId);
      this.poller.pollNow();
    }
    const { profile = null, profileName } = result;
    return typeof profileName === 'string' ? { ...result, presence: { profile, profileName, loggedIn: null } } : result;
  }

  async presences(extensions: readonly string[] | null): Promise<ReadonlyMap<string, Presence>> {
    const found = new Map<string, Presence>();
    for (const extension of extensions ?? []) found.set(extension, await this.client.presence(extension));
    return found;
  }

  watch(watcher: Watcher, last: Moment | null): () => void {
    return this.poller.watch(watcher, last);
  }

  async identify(): Promise<Identity> {
    return { server: await this.client.identify() };
  }

  close(): void {
    this.poller.close();
    this.client.close();
  }
}
