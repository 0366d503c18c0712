import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ApiType } from '../../lib/pbx';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { startServer, type TestServer } from '../../support/http-server';
import { type Broker, Listener, startBroker } from '../../support/mqtt';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { pack } from '../../support/tarball';
import { until } from '../../support/until';
import { type FlowNode, otherModules, readExample } from '../../support/examples';
import { ways } from './ways';

/** A message as it arrived at a node, without what JSON cannot hold. */
export type Arrived = Record<string, unknown> & { topic?: string; payload?: unknown };

/** A request to the local server, which replaces the programs that an example sends to. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Simulators = [Simulator, ...Simulator[]];

/** The stage of a play: one example in a real Node-RED, connected to its own simulator and broker. */
export interface Stage {
  /** The way to the simulator. */
  api: ApiType;
  /** Its time is real, and makecall takes none. */
  simulator: Simulator;
  /** One for each connection of the example; the first is the one above. */
  simulators: Simulators;
  /** Hears, at the MQTT broker, all that is published. */
  mqtt: Listener;
  /** Base URL of Node-RED: the example's `http in` nodes are below it. */
  nodeRed: string;
  /** Base URL of a local server that answers everything with `answer`. */
  server: string;
  /** What it answers; `{}` with 200 if not set. */
  answer: { status: number; body: string };
  /** The requests to the local server so far. */
  received: Received[];
  /** An empty folder, gone afterwards. */
  folder: string;
  /** The caller that the plays use. */
  caller: string;
  /**
   * Deploys the example; each connection is set to its simulator, with the HTTP API at ten polls a second, and MQTT to
   * the broker.
   *
   * @param change what a user would change: gets each node, and returns it as it is to be
   */
  deploy(change?: (node: FlowNode) => FlowNode): Promise<void>;
  /** Deploys all of it again, as it is. */
  redeploy(): Promise<void>;
  /** Restarts Node-RED, which keeps its context on disk. */
  restart(meanwhile?: () => unknown): Promise<void>;
  /** The messages so far at the nodes of this name, oldest first. */
  at(name: string): Arrived[];
  /** Waits until this many messages have arrived at the nodes of this name, and returns them. */
  arrive(name: string, count?: number): Promise<Arrived[]>;
  /** Waits until the local server has received this many requests, and returns them. */
  receive(count: number): Promise<Received[]>;
  /** Waits until the calls were looked at so often: with 1 they were seen as they are now, with 2 that is known to the example. */
  polls(count?: number): Promise<void>;
  /** The paths of all requests to the simulator so far that hold this text. */
  asked(text: string): string[];
  /** Starts another simulator in the place of the first one: for the next deploy. */
  another(options: SimulatorOptions): Promise<Simulator>;
  /** Starts the first simulator at its old address, after it was closed; whoever does so closes it. */
  startAgain(): Promise<Simulator>;
  /** Clicks the button of the inject node of this name. */
  press(name: string): Promise<void>;
  /** The ID of the last connection at a DN. */
  connectionAt(dn: string): string;
  /** Waits until a command of the example has brought a call to a DN, and returns the ID of its connection. */
  callAt(dn: string): Promise<string>;
}

/** Plays one example. */
export type Play = (stage: Stage) => Promise<void>;

/** A change node whose rules name a server of the world outside, with another server in its place. */
export function withServer(node: FlowNode, server: string, other: string): FlowNode {
  const rules = JSON.stringify(node.rules);
  if (!rules.includes(server)) throw new Error(`"${node.name}" does not name ${server}`);
  return { ...node, rules: JSON.parse(rules.replaceAll(server, other)) as object[] };
}

/** How long a play waits for anything, in ms. */
const patience = 30_000;

/** Tells what arrives at which node. */
const tellArrivals = `module.exports = (RED) => {
  RED.hooks.add('onReceive.stage', ({ msg: { req, res, ...msg }, destination }) => {
    process.send({ id: destination.id, msg: JSON.parse(JSON.stringify(msg)) });
  });
};`;

/** One Node-RED, with this package from its tarball, in which the examples are played one after the other. */
export class Theatre {
  private readonly arrived: { id: string; msg: Arrived }[] = [];
  private readonly received: Received[] = [];
  private readonly events = new EventEmitter();
  private nodeRed!: NodeRed;
  private server!: TestServer;
  private folder!: string;
  private answer = { status: 200, body: '{}' };

  async open(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), '3cx-examples-'));
    this.server = await startServer((request, response) => {
      void text(request).then((body) => {
        const { method = '', url = '', headers } = request;
        this.received.push({ method, url, headers, body });
        response.statusCode = this.answer.status;
        response.setHeader('Content-Type', 'application/json');
        response.end(this.answer.body);
        this.events.emit('change');
      });
      return undefined;
    });
    this.nodeRed = await startNodeRed({
      tarball: (await pack(this.folder)).path,
      modules: otherModules,
      module: tellArrivals,
      settings: { contextStorage: { default: { module: 'localfilesystem' } } },
      onTold: (told) => {
        this.arrived.push(told as { id: string; msg: Arrived });
        this.events.emit('change');
      },
    });
  }

  async close(): Promise<void> {
    await this.nodeRed.stop();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /**
   * @param api the way to the simulator
   * @throws Error when Node-RED logs an error meanwhile
   */
  async play(file: string, play: Play, api: ApiType): Promise<void> {
    const example = readExample(file);
    const connections = example.filter(({ type }) => type === '3cx-config');
    const { simulated } = ways[api];
    const simulators: Simulators = [await startSimulator(simulated)];
    while (simulators.length < connections.length) simulators.push(await startSimulator(simulated));
    const replaced: Simulator[] = [];
    const broker = await startBroker();
    const mqtt = await Listener.connect(broker.port);
    const folder = await mkdtemp(join(this.folder, 'files-'));
    this.arrived.length = 0;
    this.received.length = 0;
    this.answer = { status: 200, body: '{}' };
    const begin = this.nodeRed.log().length;
    try {
      await play(this.stage(api, example, simulators, replaced, broker, mqtt, folder));
    } finally {
      await this.deploy([]);
      for (const opened of [...simulators, ...replaced, mqtt, broker]) await opened.close();
    }
    const complaints = this.nodeRed
      .log()
      .slice(begin)
      .split('\n')
      .filter((line) => line.includes('[error]'));
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }

  private stage(
    api: ApiType,
    example: FlowNode[],
    simulators: Simulators,
    replaced: Simulator[],
    broker: Broker,
    mqtt: Listener,
    folder: string,
  ): Stage {
    const way = ways[api];
    let nodes = example;
    const named = (name: string): FlowNode[] => {
      const found = nodes.filter((node) => node.name === name);
      if (found.length === 0) throw new Error(`the example has no node "${name}"`);
      return found;
    };
    const at = (name: string): Arrived[] => {
      const ids = named(name).map(({ id }) => id);
      return this.arrived.filter(({ id }) => ids.includes(id)).map(({ msg }) => msg);
    };
    const wait = async (condition: () => boolean, what: () => string): Promise<void> => {
      const signal = AbortSignal.timeout(patience);
      while (!condition()) {
        await once(this.events, 'change', { signal }).catch(() => {
          throw new Error(`waited in vain for ${what()}`);
        });
      }
    };
    const connectionAt = (dn: string): string => simulators[0].pbx.connectionsOf(dn).at(-1)?.id ?? '';
    return {
      api,
      simulator: simulators[0],
      simulators,
      mqtt,
      nodeRed: this.nodeRed.url,
      server: this.server.url,
      answer: this.answer,
      received: this.received,
      folder,
      caller: '+4915112345678',
      deploy: async (change = (node) => node) => {
        const connections = simulators.map(way.connectionTo);
        nodes = example
          .map((node) => {
            if (node.type === '3cx-config') return { ...node, ...connections.shift() };
            return node.type === 'mqtt-broker' ? { ...node, port: String(broker.port) } : node;
          })
          .map(change);
        const before = simulators.map(way.requestCount);
        await this.deploy(nodes);
        const watchesCalls = ({ type, operation }: FlowNode): boolean =>
          type === '3cx-call-monitor' && operation === 'watch';
        if (!nodes.some(watchesCalls)) return;
        for (const [index, simulator] of simulators.entries()) {
          // A play may connect the example to something else.
          const isConnected = nodes.some(({ url }) => url === way.connectionTo(simulator).url);
          if (isConnected) await way.watched(simulator, before[index] ?? 0);
        }
      },
      redeploy: () => this.deploy(nodes),
      restart: (meanwhile) => this.nodeRed.restart(meanwhile),
      at,
      arrive: async (name, count = 1) => {
        await wait(
          () => at(name).length >= count,
          () => `${count} messages at "${name}", where ${at(name).length} came`,
        );
        return at(name);
      },
      receive: async (count) => {
        await wait(
          () => this.received.length >= count,
          () => `${count} requests, of which ${this.received.length} came`,
        );
        return this.received;
      },
      polls: (count = 2) => way.looks(simulators[0], count),
      asked: (text) => way.paths(simulators[0]).filter((path) => path.includes(text)),
      another: async (options) => {
        const opened = await startSimulator({ ...way.simulated, ...options });
        replaced.push(...simulators.splice(0, 1, opened));
        return opened;
      },
      startAgain: () => startSimulator(way.simulatedAt(simulators[0])),
      press: async (name) => {
        await this.post(`/inject/${named(name)[0]?.id ?? ''}`, {});
      },
      connectionAt,
      callAt: async (dn) => {
        await until(() => connectionAt(dn) !== '', `a call at ${dn}`);
        return connectionAt(dn);
      },
    };
  }

  /** Resolves when the flows have started, which Node-RED only says in its log. */
  private async deploy(nodes: readonly FlowNode[]): Promise<void> {
    const begin = this.nodeRed.log().length;
    await this.post('/flows', nodes);
    await until(() => this.nodeRed.log().slice(begin).includes('Started flows'), 'the flows to start');
  }

  private async post(path: string, body: unknown): Promise<void> {
    const response = await fetch(this.nodeRed.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Node-RED answers ${response.status} to ${path}: ${await response.text()}`);
  }
}
