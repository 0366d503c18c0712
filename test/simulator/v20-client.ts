import { WebSocket } from 'ws';
import type { Participant } from '../../simulator/v20/participants';
import {
  type SimulatorOptions,
  startSimulator,
  type V20Api,
  type V20Event,
  type V20Simulator,
  type V20Switches,
} from '../../simulator';
import { until } from '../../support/until';

export const client = { clientId: 'nodered', clientSecret: 's3cret' };

export interface V20Answer {
  status: number;
  json: unknown;
  headers: Headers;
}

export interface V20Message {
  sequence: number;
  event: V20Event;
}

/** Starts a simulator with the V20 APIs, and a client of them that has a token. */
export async function startWithClient(
  options: SimulatorOptions = {},
  switches: Partial<V20Switches> = {},
): Promise<{ simulator: V20Simulator; api: V20Client }> {
  const simulator = await startSimulator({ ...options, v20: { ...client, ...switches } });
  const api = new V20Client(simulator.v20);
  await api.logIn();
  return { simulator, api };
}

/** A client of the V20 APIs, with a token of its own. */
export class V20Client {
  private token = '';

  constructor(private readonly api: Pick<V20Api, 'url'>) {}

  /** Takes a token. */
  async logIn(fields: Record<string, string> = {}): Promise<V20Answer> {
    const answer = await askForToken(this.api.url, new URLSearchParams(formOf(fields)));
    if (answer.status === 200) this.token = (answer.json as { access_token: string }).access_token;
    return answer;
  }

  async send(method: string, path: string, body?: unknown): Promise<V20Answer> {
    const response = await fetch(`${this.api.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answerOf(response);
  }

  get(path: string): Promise<V20Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown = {}): Promise<V20Answer> {
    return this.send('POST', path, body);
  }

  async participants(dn: string): Promise<Participant[]> {
    return (await this.get(`/callcontrol/${dn}/participants`)).json as Participant[];
  }

  /** Of a DN that has only one. */
  async participant(dn: string): Promise<Participant> {
    const [first, second] = await this.participants(dn);
    if (first === undefined || second !== undefined) throw new Error(`${dn} does not have one participant.`);
    return first;
  }

  /** Opens a WebSocket; rejects with the status when it isn't opened. */
  async open(): Promise<V20Listener> {
    const socket = new WebSocket(`${this.api.url.replace('http', 'ws')}/callcontrol/ws`, {
      headers: { Authorization: `Bearer ${this.token}` },
    });
    const listener = new V20Listener(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return listener;
  }
}

/** The messages over a WebSocket. */
export class V20Listener {
  readonly messages: V20Message[] = [];
  isClosed = false;
  pongs = 0;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.messages.push(JSON.parse(data.toString()) as V20Message));
    socket.on('close', () => (this.isClosed = true));
    socket.on('pong', () => this.pongs++);
  }

  /** Waits for this many messages and returns all of them, such as `0 /callcontrol/10/participants/302`. */
  async events(count: number): Promise<string[]> {
    await until(() => this.messages.length >= count, `${count} messages`);
    return this.messages.map(({ event }) => `${event.event_type} ${event.entity}`);
  }
}

export function formOf(fields: Record<string, string> = {}): Record<string, string> {
  const { clientId, clientSecret } = client;
  return { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials', ...fields };
}

export async function askForToken(url: string, body: URLSearchParams | FormData): Promise<V20Answer> {
  return answerOf(await fetch(`${url}/connect/token`, { method: 'POST', body }));
}

async function answerOf(response: Response): Promise<V20Answer> {
  const text = await response.text();
  const isJson = response.headers.get('Content-Type')?.startsWith('application/json') === true;
  return { status: response.status, json: isJson ? JSON.parse(text) : text, headers: response.headers };
}
