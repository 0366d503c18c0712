import {
  type Arguments,
  checkArguments,
  checkDestination,
  type Identity,
  lackOf,
  lacksOf,
  type ListedExtension,
  type Moment,
  type OperationBy,
  type OperationName,
  operationNames,
  operationOf,
  ownError,
  type Pbx,
  type Presence,
  type Result,
  ThreeCxError,
  type Watcher,
} from '../pbx';
import { CallControl } from './call-control';
import { Client, type ClientOptions } from './client';
import { Directory } from './directory';
import { Listener } from './listener';
import { type Means, v20Operations } from './operations';
import { type Participant, roleOfType } from './participants';
import { EventSocket } from './socket';
import { tokenTakenCode } from './token';
import { Xapi } from './xapi';

export interface V20Options extends ClientOptions {
  /** When set, makecall, transfer and divert go nowhere else. */
  isAllowed?: (destination: string) => boolean;
  clock: () => Moment;
  /** How often a list checks what the events said, in ms. */
  checkInterval?: number;
}

/** A PBX by the APIs that 3CX V20 has itself: Call Control, which sends events, and Configuration. */
export class V20Pbx implements Pbx {
  readonly supports: ReadonlySet<OperationName> = new Set(
    operationNames.filter((name) => !(name in lacksOf('v20').operations)),
  );
  /** Events come when something happens. */
  readonly stretched = null;
  readonly isConcurrent = true;
  readonly listsPresences = true;
  private readonly client: Client;
  private readonly callControl: CallControl;
  private readonly xapi: Xapi;
  private readonly directory: Directory;
  /** The tools of the operations. */
  private readonly means: Means;
  private listener: Listener | null = null;

  /** @throws ThreeCxError `invalid-argument`, naming the setting that is wrong */
  constructor(private readonly options: V20Options) {
    this.client = new Client({
      ...options,
      onHealth: (health) => {
        options.onHealth?.(health);
        if (health !== 'ok') this.listener?.onTrouble();
      },
    });
    this.callControl = new CallControl(this.client);
    this.xapi = new Xapi(this.client);
    this.directory = new Directory(this.xapi);
    this.means = {
      callControl: new CallControl(this.client, true),
      xapi: new Xapi(this.client, true),
      nameOf: (dn) => this.directory.nameOf(dn),
      queueOf: (participant) => this.queueOf(participant),
    };
  }

  get isPolling(): boolean {
    return this.listener?.isPolling ?? false;
  }

  get watchedExtensions(): string[] {
    const participants = this.listener?.participants;
    if (participants === undefined) return [];
    return [...participants.dns.keys()].filter((dn) => participants.roleOf(dn) === 'extension');
  }

  async extensions(): Promise<ListedExtension[]> {
    await this.directory.refresh();
    const watched = new Set(this.watchedExtensions);
    const listed = this.directory
      .all()
      .filter(({ type }) => roleOfType(type) === 'extension')
      .map(({ number }) => number);
    return [...new Set([...listed, ...watched])].map((extension) => ({
      extension,
      name: this.directory.nameOf(extension) || null,
      isWatched: watched.has(extension),
    }));
  }

  nameOf(dn: string): string | null {
    return this.directory.nameOf(dn) || null;
  }

  async execute(
    name: OperationName,
    args: Readonly<Record<string, unknown>> = {},
    onStart?: () => void,
  ): Promise<Result> {
    const lack = lackOf('v20', name, args);
    if (lack !== null) throw new ThreeCxError('unsupported', lack);
    const given = checkArguments(name, args);
    checkDestination(name, given, this.options.isAllowed);
    onStart?.();
    const { given: corrected, ...told } = await v20Operations[name as OperationBy<'v20'>](
      this.means,
      given as Required<Arguments>,
    );
    if (told.ok && operationOf(name).kind === 'command') this.listener?.onCommand();
    this.listener?.onAnswer();
    const answer = this.client.withoutSecrets(told.answer);
    const detail = told.ok || told.detail === undefined ? {} : { detail: this.client.withoutSecrets(told.detail) };
    return { ...told, ...detail, given: { ...given, ...corrected }, answer };
  }

  watch(watcher: Watcher, last: Moment | null): () => void {
    this.listener?.end();
    const { client, callControl, xapi, directory } = this;
    const { clock, checkInterval = 60_000 } = this.options;
    const parts = { client, callControl, xapi, directory, clock, checkInterval };
    const listener = new Listener(parts, watcher, last);
    this.listener = listener;
    return () => {
      listener.end();
      if (this.listener === listener) this.listener = null;
    };
  }

  refresh(): void {
    this.listener?.refresh();
  }

  presences(extensions: readonly string[] | null): Promise<ReadonlyMap<string, Presence>> {
    return this.xapi.presences(extensions);
  }

  async identify(): Promise<Identity> {
    await this.client.token();
    const [list, socket, version] = await Promise.all([
      outcomeOf(this.callControl.list()),
      outcomeOf(this.trySocket()),
      outcomeOf(this.xapi.probe()),
    ]);
    if (list.error?.systemCode === tokenTakenCode) throw list.error;
    const dns = list.value?.dns ?? [];
    return {
      server: null,
      v20: {
        version: version.value ?? null,
        callControl: list.error?.code ?? null,
        extensions: dns.filter(({ type }) => roleOfType(type) === 'extension').length,
        socket: socket.error?.code ?? null,
        configuration: version.error?.code ?? null,
      },
    };
  }

  close(): void {
    this.listener?.end();
    this.listener = null;
    this.client.close();
  }

  private queueOf({ callId, legId }: Participant): string | null {
    const participants = this.listener?.participants;
    const queue = participants
      ?.ofCall(callId)
      .find((other) => participants.roleOf(other.dn) === 'queue' && (other.legId ?? 0) < (legId ?? Infinity));
    return queue?.dn ?? null;
  }

  private trySocket(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new EventSocket(this.client, this.options.clock, {
        onOpen: () => {
          socket.close();
          resolve();
        },
        onMessage: () => undefined,
        onClose: reject,
      });
    });
  }
}

async function outcomeOf<T>(promise: Promise<T>): Promise<{ value?: T; error?: ThreeCxError }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: ownError(error) };
  }
}
