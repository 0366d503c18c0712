import { setImmediate as turn } from 'node:timers/promises';
import type { EventStream } from 'h3' with { 'resolution-mode': 'import' };
import type { Fault } from './fault';
import type { LoggedRequest } from './http-server';
import type { Connection, Pbx, PbxState } from './pbx';
import { type V20State, v20StateOf } from './v20/live';
import type { V20Server } from './v20/server';

/** The 3CX HTTP API: its requests, and its fault. */
export interface WatchedApi {
  readonly fault: Fault;
  setFault(fault: Fault): Promise<void>;
  onFault(listener: () => void): () => void;
  readonly requests: readonly LoggedRequest[];
  onRequest(listener: (request: LoggedRequest) => void): () => void;
}

/** The event `state`. The other one, `requests`, is an array of the requests that are new or answered now. */
export interface LiveState extends PbxState {
  /** Base URL of the 3CX HTTP API. */
  readonly apiUrl: string;
  /** The fault of the 3CX HTTP API; absent without one. */
  readonly fault?: Exclude<Fault, 'none'>;
  /** When it was sent, in ms since 1970. */
  readonly now: number;
  /** Since when each connection rings, or talks (on hold or not): by its id, in ms since 1970. */
  readonly since: Readonly<Record<string, number>>;
  /** Absent unless the V20 APIs are served. */
  readonly v20?: V20State;
}

/** The time after which a client that lost the simulator reconnects, in ms. */
const retryDelay = 1000;

/** Sends events to any number of clients as they happen: the server-sent events of the control API. */
export class Live {
  private readonly pbx: Pbx;
  private readonly api: WatchedApi;
  private readonly apiUrl: string;
  private readonly v20: V20Server | null;
  /** The PBX has no time in it. */
  private since = new Map<string, { readonly isRinging: boolean; readonly at: number }>();

  /** @param pbx one without calls. */
  constructor(pbx: Pbx, api: WatchedApi, apiUrl: string, v20: V20Server | null) {
    this.pbx = pbx;
    this.api = api;
    this.apiUrl = apiUrl;
    this.v20 = v20;
    pbx.onChange(() => this.lookAtTheClock(pbx.connections()));
  }

  /** Sends everything, and then all changes, together for each tick, until the stream is closed. */
  tell(stream: EventStream): void {
    let stateChanged = true;
    const requests = new Set(this.api.requests);
    let isSending = false;
    const send = async () => {
      if (isSending) return;
      isSending = true;
      await turn();
      while (stateChanged || requests.size > 0) {
        const messages = [];
        if (stateChanged) messages.push({ event: 'state', data: JSON.stringify(this.state()), retry: retryDelay });
        if (requests.size > 0) messages.push({ event: 'requests', data: JSON.stringify([...requests]) });
        stateChanged = false;
        requests.clear();
        // This takes as long as the client needs. The client then gets all later changes at once.
        await stream.push(messages);
      }
      isSending = false;
    };
    const sendState = () => {
      stateChanged = true;
      void send();
    };
    const ends = [
      this.pbx.onChange(sendState),
      this.v20?.onChange(sendState),
      this.api.onFault(sendState),
      this.api.onRequest((request) => {
        requests.add(request);
        void send();
      }),
    ];
    stream.onClosed(() => ends.forEach((end) => end?.()));
    void send();
  }

  private state(): LiveState {
    const since = Object.fromEntries([...this.since].map(([id, { at }]) => [id, at]));
    const v20 = this.v20 === null ? {} : { v20: v20StateOf(this.v20.api) };
    const { fault } = this.api;
    const broken = fault === 'none' ? {} : { fault };
    return { ...this.pbx.state(), apiUrl: this.apiUrl, ...broken, now: Date.now(), since, ...v20 };
  }

  private lookAtTheClock(connections: readonly Connection[]): void {
    const before = this.since;
    this.since = new Map(
      connections.map(({ id, status }) => {
        const isRinging = status === 'Ringing' || status === 'Dialing';
        const known = before.get(id);
        return [id, known?.isRinging === isRinging ? known : { isRinging, at: Date.now() }];
      }),
    );
  }
}
