import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import axios from 'axios';
import type { NodeRed } from './node-red';
import { ServerProcess } from './server-process';
import { compared, type Row, sideBySide } from './side-by-side';

const agent = new http.Agent({ keepAlive: true });

/** The shortest client: `node:http` with connections that are kept alive. */
export async function bareGet(url: string): Promise<string> {
  const [response] = (await once(http.get(url, { agent }), 'response')) as [http.IncomingMessage];
  return text(response);
}

const bareAxios = axios.create({ httpAgent: agent });

async function axiosGet(url: string): Promise<string> {
  return (await bareAxios.get<string>(url)).data;
}

/** From a message into call-control to the message out of it. */
export async function commands(nodeRed: NodeRed): Promise<Row[]> {
  return [...(await oneAfterTheOther(nodeRed)), await manyAtOnce(nodeRed), await pastQueries(nodeRed)];
}

async function oneAfterTheOther(nodeRed: NodeRed): Promise<Row[]> {
  const server = await ServerProcess.start();
  const url = `${server.url}/drop/10`;
  await nodeRed.deploy([
    { id: 'server', type: '3cx-config', url: server.url },
    { id: 'drop', type: '3cx-call-control', server: 'server', operation: 'drop', wires: [['end'], []] },
    { id: 'request', type: 'http request', method: 'GET', ret: 'txt', url, wires: [['end']] },
    { id: 'kept alive', type: 'http request', method: 'GET', ret: 'txt', url, persist: true, wires: [['end']] },
    { id: 'end', type: 'junction', wires: [[]] },
  ]);
  let arrive: () => void = () => undefined;
  nodeRed.onMessage('end', () => {
    arrive();
  });
  const through = (id: string) => (): Promise<undefined> =>
    new Promise((done) => {
      arrive = () => {
        done(undefined);
      };
      nodeRed.send(id, { extension: '10' });
    });
  const times = await sideBySide(
    {
      ours: through('drop'),
      request: through('request'),
      keptAlive: through('kept alive'),
      axios: () => axiosGet(url),
      bare: () => bareGet(url),
    },
    { samples: 300, warmup: 5_000 },
  );
  await server.stop();
  const what = 'a command, message in to message out, one after the other';
  return [
    compared(what, times.ours, 'the core `http request` node', times.request, 0.75),
    compared('', times.ours, 'the same, with its keep-alive', times.keptAlive, 0.75),
    compared('', times.ours, 'bare axios, keep-alive', times.axios, 1.5),
    compared('', times.ours, 'bare `node:http`, keep-alive', times.bare),
  ];
}

async function manyAtOnce(nodeRed: NodeRed): Promise<Row> {
  const count = 100;
  const server = await ServerProcess.start(1);
  await nodeRed.deploy([
    { id: 'server', type: '3cx-config', url: server.url },
    { id: 'drop', type: '3cx-call-control', server: 'server', operation: 'drop', wires: [['end'], []] },
    { id: 'end', type: 'junction', wires: [[]] },
  ]);
  let arrive: () => void = () => undefined;
  nodeRed.onMessage('end', () => {
    arrive();
  });
  const times = await sideBySide(
    {
      ours: () =>
        new Promise((done) => {
          let arrived = 0;
          arrive = () => {
            if (++arrived === count) done(undefined);
          };
          for (let index = 0; index < count; index++) nodeRed.send('drop', { extension: '10' });
        }),
      bare: async () => {
        for (let index = 0; index < count; index++) await bareGet(`${server.url}/drop/10`);
        return undefined;
      },
    },
    { samples: 5, warmup: 50 },
  );
  await server.stop();
  const what = `${count} commands at once, the server takes 1 ms each, one at a time`;
  return compared(what, times.ours, 'bare `node:http`, one after the other', times.bare, 1.2);
}

async function pastQueries(nodeRed: NodeRed): Promise<Row> {
  const queries = 11;
  const server = await ServerProcess.start(10);
  await nodeRed.deploy([
    { id: 'server', type: '3cx-config', url: server.url },
    { id: 'drop', type: '3cx-call-control', server: 'server', operation: 'drop', wires: [['done'], []] },
    { id: 'query', type: '3cx-agent-status', server: 'server', operation: 'showstatus', wires: [['end'], []] },
    { id: 'done', type: 'junction', wires: [[]] },
    { id: 'end', type: 'junction', wires: [[]] },
  ]);
  let arrive: (id: 'done' | 'end') => void = () => undefined;
  for (const id of ['done', 'end'] as const) {
    nodeRed.onMessage(id, () => {
      arrive(id);
    });
  }
  const times = await sideBySide(
    {
      ours: () =>
        new Promise((done) => {
          let [since, took, answered] = [0, 0, 0];
          arrive = (id) => {
            if (id === 'done') took = performance.now() - since;
            if (++answered === queries + 1) done(took);
          };
          for (let index = 0; index < queries; index++) nodeRed.send('query', { extension: '10' });
          setTimeout(() => {
            since = performance.now();
            nodeRed.send('drop', { extension: '10' });
          }, 1);
        }),
      axios: async () => {
        const others = Array.from({ length: queries }, () => axiosGet(`${server.url}/showstatus/10`));
        await new Promise((done) => setTimeout(done, 1));
        const since = performance.now();
        await axiosGet(`${server.url}/drop/10`);
        const took = performance.now() - since;
        await Promise.all(others);
        return took;
      },
    },
    { rounds: 5, samples: 30, statistic: 'p99' },
  );
  await server.stop();
  const what = 'a command while ten queries wait and one is on the wire, the server takes 10 ms each; p99';
  return compared(what, times.ours, 'bare axios, all of them in parallel', times.axios, 0.3);
}
