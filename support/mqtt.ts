import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt';

/** An MQTT broker on 127.0.0.1 that keeps everything in memory. */
export interface Broker {
  port: number;
  /** Breaks the connection of a client off, as a network does. */
  breakOff(clientId: string): Promise<void>;
  /** Ends it: what it kept is lost. */
  close(): Promise<void>;
}

/** @param port 0 for any free one */
export async function startBroker(port = 0): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  const server = createServer((socket) => {
    aedes.handle(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const clients = new Map<string, Client>();
  aedes.on('client', (client) => clients.set(client.id, client));
  return {
    port: (server.address() as AddressInfo).port,
    breakOff: async (clientId) => {
      const gone = once(aedes, 'clientDisconnect');
      clients.get(clientId)?.conn.destroy();
      await gone;
    },
    close: async () => {
      await new Promise<void>((done) => {
        aedes.close(done);
      });
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Published {
  topic: string;
  /** Parsed, if it is JSON. */
  payload: unknown;
  /** The broker had kept it. */
  retain: boolean;
}

/** A client of a broker that hears everything there is. */
export class Listener {
  /** The received messages, oldest first. */
  readonly heard: Published[] = [];
  private readonly events = new EventEmitter();

  private constructor(private readonly client: MqttClient) {
    client.on('message', (topic, payload, { retain }) => {
      this.heard.push({ topic, payload: parsed(payload.toString()), retain });
      this.events.emit('message');
    });
  }

  /** Connects, and connects again whenever the connection breaks. */
  static async connect(port: number): Promise<Listener> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 50 });
    const listener = new Listener(client);
    await client.subscribeAsync('#', { qos: 1 });
    return listener;
  }

  /** The payloads on a topic, oldest first. */
  on(topic: string): unknown[] {
    return this.heard.filter((published) => published.topic === topic).map(({ payload }) => payload);
  }

  /** Waits until the last payload on a topic is as it should be, and returns it. */
  async last<T>(topic: string, isRight: (payload: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const payloads = this.on(topic) as T[];
      const last = payloads.at(-1);
      if (payloads.length > 0 && isRight(last as T)) return last as T;
      await once(this.events, 'message');
    }
  }

  /** @param payload anything but a string is sent as JSON */
  async publish(topic: string, payload: unknown, options: IClientPublishOptions = {}): Promise<void> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await this.client.publishAsync(topic, text, { qos: 1, ...options });
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
