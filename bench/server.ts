import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FromServer, ToServer } from './server-process';

const delay = Number(process.argv[2]);
let requests = 0;
let isHeld = false;
/** Whether extension 10 goes on hold, or off hold again, before each list. */
let changesAlways = false;
/** Or the time after the next list, in ms. */
let changeAfter: number | null = null;
let line = Promise.resolve();

/**
 * The server for the measurements, in a process of its own: bare `node:http`, with answers as short as the community
 * server's. Its argument is the time that each answer takes, in ms. With one it answers one request at a time, as the
 * community server does.
 */
const server = createServer(({ url = '' }, response) => {
  requests += 1;
  if (delay === 0) {
    response.end(answer(url));
    return;
  }
  line = line.then(async () => {
    await new Promise((done) => setTimeout(done, delay));
    response.end(answer(url));
  });
});

function answer(url: string): string {
  if (url === '/park/10/') isHeld = !isHeld;
  if (url.startsWith('/ondn/')) return '00000A5F3C2D1_8';
  if (url.startsWith('/showstatus/')) return 'Available';
  if (url !== '/showallcalls') return 'true';
  if (changesAlways) isHeld = !isHeld;
  if (changeAfter !== null) {
    setTimeout(() => {
      isHeld = !isHeld;
      tell({ changed: Number(process.hrtime.bigint()) });
    }, changeAfter);
    changeAfter = null;
  }
  const records = [
    `ID=1;S=Connected;DN=10000;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=+4915112345678;REC=Stop<br>`,
    `ID=2;S=${isHeld ? 'Hold' : 'Connected'};DN=10;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=+4915112345678;REC=Stop<br>`,
  ];
  return `<html><head></head><body>${records.join('')}</body></html>`;
}

function tell(message: FromServer): void {
  process.send?.(message);
}

process.on('message', (message: ToServer) => {
  if ('changesAlways' in message) ({ changesAlways } = message);
  else if ('changeAfter' in message) ({ changeAfter } = message);
  else tell({ requests });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  tell({ port: (server.address() as AddressInfo).port });
});
