import { readFileSync } from 'node:fs';
import { type CallEvent, CallTracker, type Occurrence } from '../../lib/calls';
import type { Moment, Snapshot, ThreeCxError } from '../../lib/pbx';
import { V20Pbx, type V20Options } from '../../lib/v20';
import { type Simulator, type SimulatorOptions, startSimulator, type V20Api, type V20Switches } from '../../simulator';
import { eventsOf } from '../../support/calls';
import { onNewPort } from '../../support/http-server';
import { until } from '../../support/until';

export const clientId = 'nodered';
export const clientSecret = 'secret-of-the-client';

/** Messages and answers of V20: recorded, or put together from recordings. */
export const captures = JSON.parse(readFileSync('test/fixtures/v20-captures.json', 'utf8')) as {
  items: { id: string; kind: string; status?: number; data: unknown }[];
  sequences: { id: string; steps: Step[] }[];
};

export interface Step {
  upsert?: Record<string, unknown>;
  remove?: [string, number];
  wait?: number;
  event_without_entity?: [string, number];
}

/** @returns the data of a captured message */
export function captured(id: string): unknown {
  const item = captures.items.find((one) => one.id === id);
  if (item === undefined) throw new Error(`no capture ${id}`);
  return item.data;
}

export function clock(): Moment {
  return { wall: Date.now(), steady: performance.now() };
}

/** A simulated PBX, and what a connection makes of it. */
export class Stage {
  readonly events: CallEvent[] = [];
  readonly silences: ThreeCxError[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly tracker = new CallTracker();
  private end: (() => void) | null = null;

  private constructor(
    readonly simulator: Simulator,
    readonly v20: V20Api,
    readonly pbx: V20Pbx,
  ) {}

  static async start(
    switches: Partial<V20Switches> = {},
    options: Partial<V20Options> = {},
    setup: Partial<SimulatorOptions> = {},
  ): Promise<Stage> {
    const simulator = await onNewPort((port) =>
      startSimulator({ delay: 0, ...setup, v20: { clientId, clientSecret, port, ...switches } }),
    );
    const { v20 } = simulator;
    return new Stage(simulator, v20, new V20Pbx({ url: v20.url, clientId, clientSecret, clock, ...options }));
  }

  /** Watches, and resolves once events come. */
  async watch(): Promise<this> {
    this.begin();
    await until(() => this.isLive, 'events');
    return this;
  }

  begin(last: Moment | null = null): void {
    this.end = this.pbx.watch(
      {
        onSnapshot: (snapshot) => {
          this.snapshots.push(snapshot);
          this.note(this.tracker.update(snapshot));
        },
        onSilence: (error) => {
          this.silences.push(error);
          this.tracker.noSnapshot();
        },
      },
      last,
    );
  }

  get isLive(): boolean {
    return this.snapshots.length > 0 && !this.pbx.isPolling;
  }

  /** The events in words, without ids and times. */
  get words(): string[] {
    return this.events.map(({ event, extension, number, outcome, transferredTo, synthetic }) =>
      [event, extension, number, outcome, transferredTo && `to ${transferredTo}`, synthetic && 'synthetic']
        .filter((word) => word !== null && word !== false && word !== '')
        .join(' '),
    );
  }

  /** Waits until this many events have come. */
  async told(count: number): Promise<string[]> {
    await until(
      () => this.events.length >= count,
      () => `${count} events, there are: ${this.words.join(' | ')}`,
      8_000,
    );
    return this.words;
  }

  /** Method and path of the requests since `from`, but for tokens, the socket and lists. */
  requests(from = 0): string[] {
    return this.v20.requests
      .slice(from)
      .map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)
      .filter((line) => !/connect\/token|callcontrol\/ws|GET \/callcontrol$|\/Peers/.test(line));
  }

  async close(): Promise<void> {
    this.end?.();
    this.pbx.close();
    await this.simulator.close();
  }

  private note(occurrences: readonly Occurrence[]): void {
    this.events.push(...eventsOf(occurrences));
  }
}
