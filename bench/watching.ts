import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, NodeRed } from './node-red';
import { ServerProcess } from './server-process';
import { compared, median, milliseconds, type Row, sideBySide } from './side-by-side';
import { bareGet } from './commands';

const monitor = { type: '3cx-call-monitor', server: 'server', operation: 'watch', wires: [['end']] };
const end = { id: 'end', type: 'junction', wires: [[]] };
const connection = (server: ServerProcess, pollInterval: number): Message => ({
  ...{ id: 'server', type: '3cx-config', url: server.url, pollInterval },
});
const many = (count: number, node: (index: number) => object): Message[] =>
  Array.from({ length: count }, (_, index) => ({ id: `node ${index}`, ...node(index) }));

/** Measures the time from a change in the PBX to its message, and the cost for the server and Node-RED. */
export async function watching(nodeRed: NodeRed): Promise<Row[]> {
  const server = await ServerProcess.start();
  try {
    return [
      await delayOfEvents(nodeRed, server),
      await delayAfterCommand(nodeRed, server),
      ...(await pollsPerMinute(nodeRed, server)),
      await oneOfThousand(nodeRed, server),
    ];
  } finally {
    await server.stop();
  }
}

async function delayOfEvents(nodeRed: NodeRed, server: ServerProcess): Promise<Row> {
  const interval = 500;
  const phases = 40;
  await nodeRed.deploy([connection(server, interval), { id: 'monitor', ...monitor }, end]);
  let arrive: (time: number) => void = () => undefined;
  nodeRed.onMessage('end', () => {
    arrive(Number(process.hrtime.bigint()) / 1e6);
  });
  const delays: number[] = [];
  for (let phase = 0; phase < phases; phase++) {
    const arrival = new Promise<number>((done) => (arrive = done));
    // The order is mixed, so that no phase comes after its neighbour.
    const changed = await server.change((((phase * 7) % phases) + 0.5) * (interval / phases));
    delays.push((await arrival) - changed);
  }
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / phases;
  const what = `from a change in the PBX to the message, ${phases} phases of a poll interval of ${interval} ms; mean`;
  return compared(what, mean, 'half the interval: the limit', interval / 2, 1.1);
}

async function delayAfterCommand(nodeRed: NodeRed, server: ServerProcess): Promise<Row> {
  await nodeRed.deploy([
    connection(server, 600_000),
    { id: 'monitor', ...monitor },
    { id: 'park', type: '3cx-call-control', server: 'server', operation: 'park', wires: [['done'], []] },
    { id: 'done', type: 'junction', wires: [[]] },
    end,
  ]);
  let [commanded, arrive] = [0, (): void => undefined];
  nodeRed.onMessage('done', () => (commanded = performance.now()));
  nodeRed.onMessage('end', () => {
    arrive();
  });
  const park = (): Promise<number> =>
    new Promise((done) => {
      arrive = () => {
        done(performance.now() - commanded);
      };
      nodeRed.send('park', { extension: '10' });
    });
  // The first event includes the request for the call id.
  await park();
  const before = await server.requests();
  await park();
  const requests = (await server.requests()) - before - 1;
  const times = await sideBySide({ ours: park, bare: () => bareGet(`${server.url}/showallcalls`) });
  return {
    ...compared('the same, after a command of ours', times.ours, 'one round trip of bare `node:http`', times.bare),
    ours: `${milliseconds(times.ours)}, ${requests} request`,
  };
}

async function pollsPerMinute(nodeRed: NodeRed, server: ServerProcess): Promise<Row[]> {
  const seconds = 5;
  const count = async (nodes: Message[]): Promise<number> => {
    await nodeRed.deploy([connection(server, 1_000), ...nodes, end]);
    // To and from the middle between two polls.
    await sleep(1_500);
    const before = await server.requests();
    await sleep(seconds * 1_000);
    return ((await server.requests()) - before) * (60 / seconds);
  };
  const request = { type: 'http request', method: 'GET', ret: 'txt', url: `${server.url}/showallcalls`, wires: [[]] };
  const rows: Row[] = [];
  for (const consumers of [1, 10, 100, 1_000]) {
    const ours = await count(many(consumers, () => monitor));
    const theirs = await count([
      ...many(consumers, (index) => ({ type: 'inject', repeat: '1', props: [], wires: [[`request ${index}`]] })),
      ...many(consumers, (index) => ({ ...request, id: `request ${index}` })),
    ]);
    rows.push({
      what: `polls per minute, one a second, for ${consumers} ${consumers === 1 ? 'node' : 'nodes'}`,
      ...{ ours: String(ours), against: 'a flow that polls per consumer', theirs: String(theirs) },
      // The polls are compared with what the nodes ask for: a thousand flows would not get through.
      ...{ ratio: ours / (60 * consumers), atMost: 1.2 / consumers },
    });
  }
  return rows;
}

/**
 * Measures CPU time, which other programs change little: the cost of 999 more nodes, since one node costs a poll
 * anyway.
 */
async function oneOfThousand(nodeRed: NodeRed, server: ServerProcess): Promise<Row> {
  const nodes = 1_000;
  const extensionOf = (index: number): string => (index === 0 ? '10' : String(1_000 + index));
  const property = { type: 'switch', property: 'payload.extension', propertyType: 'msg', outputs: 1, wires: [['end']] };
  const rules = (index: number): object[] => [{ t: 'eq', v: extensionOf(index), vt: 'str' }];
  const monitors = (count: number): Message[] => [
    connection(server, 100),
    ...many(count, (index) => ({ ...monitor, extensions: extensionOf(index) })),
  ];
  const switches = (count: number): Message[] => [
    { id: 'event', type: 'junction', wires: [many(count, () => ({})).map(({ id }) => id)] },
    ...many(count, (index) => ({ ...property, rules: rules(index) })),
  ];

  let event: Message = {};
  const cpuPerEvent = async (flow: Message[], cause?: () => void): Promise<number> => {
    const events = 30;
    // After a deploy the engine optimises code and collects garbage, which takes longer than all the events.
    const warmup = 50;
    await nodeRed.deploy([...flow, end]);
    let arrive: () => void = () => undefined;
    nodeRed.onMessage('end', (msg) => {
      event = { topic: msg.topic, payload: msg.payload };
      arrive();
    });
    await sleep(1_000);
    let before = process.cpuUsage();
    for (let index = -warmup; index < events; index++) {
      if (index === 0) before = process.cpuUsage();
      const arrival = new Promise<void>((done) => (arrive = done));
      cause?.();
      await arrival;
      // Measures nodes that the event does not match.
      await sleep(50);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / events;
  };
  const cause = (): void => {
    nodeRed.send('event', event);
  };

  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 3; round++) {
    server.changeAlways(true);
    ours.push((await cpuPerEvent(monitors(nodes))) - (await cpuPerEvent(monitors(1))));
    server.changeAlways(false);
    theirs.push((await cpuPerEvent(switches(nodes), cause)) - (await cpuPerEvent(switches(1), cause)));
  }
  const what = `one event to ${nodes} nodes of which one matches, CPU time of the other 999`;
  return compared(what, median(ours), `${nodes} switch nodes`, median(theirs), 0.1);
}
