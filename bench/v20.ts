import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { WebSocket } from 'ws';
import { bareGet } from './commands';
import type { Message, NodeRed } from './node-red';
import { compared, type Row, sideBySide } from './side-by-side';
import { V20ServerProcess } from './v20-server-process';

const monitor = { type: '3cx-call-monitor', server: 'server', operation: 'watch', events: ['held', 'resumed'] };
const end = { id: 'end', type: 'junction', wires: [[]] };
/** The number of extensions in a large PBX. */
const extensions = 1_000;
/** Our client's id. */
const ours = 'ours';
const connection = ({ url }: V20ServerProcess): Message => ({
  ...{ id: 'server', type: '3cx-config', api: 'v20', url },
  credentials: { clientId: ours, clientSecret: 'secret' },
});
const bareAxios = axios.create({ httpAgent: new http.Agent({ keepAlive: true }) });

/** The receivers of changes, each with the time when it knew of one. */
interface Listener {
  client: string;
  /** Called with an extension when its change is known. */
  onKnown: (extension: string) => void;
}

/** Compares events and commands of 3CX V20 with bare clients: their speed, and their cost. */
export async function v20(nodeRed: NodeRed): Promise<Row[]> {
  const server = await V20ServerProcess.start(extensions, 20);
  try {
    const rows: Row[] = [await commands(nodeRed, server)];
    await nodeRed.deploy([connection(server), { id: 'monitor', ...monitor, wires: [['end']] }, end]);
    const nodes: Listener = { client: ours, onKnown: () => undefined };
    nodeRed.onMessage('end', ({ payload }) => {
      nodes.onKnown((payload as { extension: string }).extension);
    });
    const withAxios = await bareClient(server, 'axios', async (url) => {
      await bareAxios.get(url);
    });
    const withHttp = await bareClient(server, 'node:http', async (url) => {
      JSON.parse(await bareGet(url));
    });
    await untilLive(server, nodes);
    rows.push(...(await delays(server, nodes, withAxios, withHttp)));
    rows.push(await reads(server, nodes));
    rows.push(await cpu(server, nodes, withAxios));
    for (const { close } of [withAxios, withHttp]) close();
    rows.push(await thousandNodes(nodeRed, server));
    rows.push(...(await manyCalls(nodeRed)));
    return rows;
  } finally {
    await server.stop();
  }
}

/** Finds each event by comparing all calls. */
async function manyCalls(nodeRed: NodeRed): Promise<Row[]> {
  const calls = 200;
  const server = await V20ServerProcess.start(extensions, calls);
  try {
    await nodeRed.deploy([connection(server), { id: 'monitor', ...monitor, wires: [['end']] }, end]);
    const nodes: Listener = { client: ours, onKnown: () => undefined };
    nodeRed.onMessage('end', ({ payload }) => {
      nodes.onKnown((payload as { extension: string }).extension);
    });
    const bare = await bareClient(server, 'axios', async (url) => {
      await bareAxios.get(url);
    });
    await untilLive(server, nodes);
    const [row = null] = await delays(server, nodes, bare, bare);
    if (row === null) throw new Error('nothing was measured');
    const most = await throughput(server, nodes, bare);
    bare.close();
    return [{ ...row, what: `3CX V20: the same with ${calls} calls`, atMost: null }, most];
  } finally {
    await server.stop();
  }
}

/** A bare WebSocket client that requests the subject of each event. */
async function bareClient(
  { url }: V20ServerProcess,
  client: string,
  get: (url: string) => Promise<void>,
): Promise<Listener & { close: () => void }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/callcontrol/ws`, {
    headers: { Authorization: `Bearer ${client}` },
  });
  await new Promise((done) => socket.once('open', done));
  const listener = { client, onKnown: ((): void => undefined) as Listener['onKnown'], close: () => socket.terminate() };
  socket.on('message', (data: Buffer) => {
    const { event } = JSON.parse(data.toString()) as { event: { entity: string } };
    void get(url + event.entity).then(() => listener.onKnown(event.entity.split('/')[2] ?? ''));
  });
  return listener;
}

/** Waits until events come to the nodes. */
async function untilLive(server: V20ServerProcess, nodes: Listener): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const known = new Promise((done) => (nodes.onKnown = done));
    await server.change(ours);
    if (await Promise.race([known.then(() => true), sleep(200).then(() => false)])) return;
  }
  throw new Error('no events came');
}

/** Sends a command: one query and one order, since the PBX needs the leg. */
async function commands(nodeRed: NodeRed, server: V20ServerProcess): Promise<Row> {
  await nodeRed.deploy([
    connection(server),
    { id: 'drop', type: '3cx-call-control', server: 'server', operation: 'drop', wires: [['end'], []] },
    end,
  ]);
  let arrive: () => void = () => undefined;
  nodeRed.onMessage('end', () => {
    arrive();
  });
  const participants = `${server.url}/callcontrol/1000/participants`;
  const times = await sideBySide(
    {
      ours: () =>
        new Promise<undefined>((done) => {
          arrive = () => {
            done(undefined);
          };
          nodeRed.send('drop', { extension: '1000' });
        }),
      axios: async () => {
        const [leg] = (await bareAxios.get<{ id: number }[]>(participants)).data;
        await bareAxios.post(`${participants}/${leg?.id}/drop`, {});
      },
    },
    { samples: 300 },
  );
  const what = '3CX V20: a command, message in to message out; it asks for the leg and then orders';
  return compared(what, times.ours, 'bare axios, keep-alive, the same two requests', times.axios, 1.5);
}

async function delays(server: V20ServerProcess, ...listeners: Listener[]): Promise<Row[]> {
  const delayOf = (listener: Listener) => async (): Promise<number> => {
    const known = new Promise<number>((done) => {
      listener.onKnown = () => {
        done(Number(process.hrtime.bigint()) / 1e6);
      };
    });
    const [change] = await server.change(listener.client);
    return (await known) - (change?.at ?? NaN);
  };
  const [nodes, withAxios, withHttp] = listeners.map(delayOf);
  const times = await sideBySide({ nodes, withAxios, withHttp } as Record<string, () => Promise<number>>, {
    rounds: 5,
    samples: 100,
  });
  const [own = NaN, byAxios = NaN, byHttp = NaN] = [times.nodes, times.withAxios, times.withHttp];
  return [
    compared(
      '3CX V20: from a change in the PBX to the message',
      own,
      'a bare `ws`, and axios for the GET',
      byAxios,
      1.5,
    ),
    compared('', own, 'a bare `ws`, and `node:http` for the GET', byHttp),
  ];
}

/** @returns the delays of changes that come one after the other, in ms; without changes that were never reported */
async function delaysOfMany(
  server: V20ServerProcess,
  listener: Listener,
  perSecond: number,
  count: number,
): Promise<number[]> {
  const known = new Map<string, number[]>();
  let arrived = 0;
  let isComplete: () => void = () => undefined;
  const complete = new Promise<void>((done) => (isComplete = done));
  listener.onKnown = (extension) => {
    known.set(extension, [...(known.get(extension) ?? []), Number(process.hrtime.bigint()) / 1e6]);
    if (++arrived === count) isComplete();
  };
  const changes = await server.change(listener.client, count, perSecond);
  await Promise.race([complete, sleep(5_000)]);
  return changes.flatMap(({ extension, at }) => {
    const time = known.get(extension)?.shift();
    return time === undefined ? [] : [time - at];
  });
}

async function reads(server: V20ServerProcess, nodes: Listener): Promise<Row> {
  const count = 1_000;
  const before = (await server.count(ours)).reads;
  await delaysOfMany(server, nodes, 200, count);
  const asked = (await server.count(ours)).reads - before;
  return {
    ...{ what: `3CX V20: GETs for ${count} events, 200 a second`, ours: String(asked), against: 'one per event' },
    ...{ theirs: String(count), ratio: asked / count, atMost: 1 },
  };
}

async function cpu(server: V20ServerProcess, ...listeners: [Listener, Listener]): Promise<Row> {
  const count = 1_000;
  const used = async (listener: Listener): Promise<number> => {
    const before = process.cpuUsage();
    await delaysOfMany(server, listener, 500, count);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const times = await sideBySide(
    { nodes: () => used(listeners[0]), bare: () => used(listeners[1]) },
    { rounds: 3, samples: 1 },
  );
  const what = `3CX V20: CPU time of ${count} events, 500 a second`;
  return compared(what, times.nodes, 'a bare `ws`, and axios for the GET', times.bare);
}

/** Doubles the speed until the delay keeps growing, or events are missing. */
async function throughput(server: V20ServerProcess, ...listeners: [Listener, Listener]): Promise<Row> {
  const most = async (listener: Listener): Promise<number> => {
    let keptUp = 0;
    for (let perSecond = 125; perSecond <= 16_000; perSecond *= Math.SQRT2) {
      const count = Math.round(perSecond);
      const found = await delaysOfMany(server, listener, perSecond, count);
      const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
      const quarter = count >> 2;
      const growth = mean(found.slice(-quarter)) - mean(found.slice(quarter, 2 * quarter));
      if (found.length < count || growth > 50) break;
      keptUp = count;
    }
    return keptUp;
  };
  const [own, bare] = [await most(listeners[0]), await most(listeners[1])];
  return {
    ...{ what: '3CX V20: events a second until the delay grows, 200 calls', ours: String(own) },
    ...{ against: 'a bare `ws`, and axios for the GET', theirs: String(bare), ratio: own / bare, atMost: null },
  };
}

async function thousandNodes(nodeRed: NodeRed, server: V20ServerProcess): Promise<Row> {
  const nodes = 1_000;
  const many = Array.from({ length: nodes }, (_, index) => ({ id: `node ${index}`, ...monitor, wires: [['end']] }));
  await nodeRed.deploy([connection(server), ...many, end]);
  let told = 0;
  const listener: Listener = { client: ours, onKnown: () => undefined };
  nodeRed.onMessage('end', ({ payload }) => {
    told += 1;
    listener.onKnown((payload as { extension: string }).extension);
  });
  await untilLive(server, listener);
  await sleep(1_000);
  const { reads: before } = await server.count(ours);
  told = 0;
  await server.change(ours);
  await sleep(1_000);
  const { reads: after, sockets } = await server.count(ours);
  return {
    what: `3CX V20: WebSockets of ${nodes} watching nodes; one event, told ${told} times, takes ${after - before} GET`,
    ...{ ours: String(sockets), against: 'one', theirs: '1', ratio: sockets, atMost: 1 },
  };
}
