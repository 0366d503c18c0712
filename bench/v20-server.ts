import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Change, FromV20Server, ToV20Server } from './v20-server-process';

/** How many extensions there are, and how many of them are in a call. */
const [extensions = 0, calls = 0] = process.argv.slice(2).map(Number);
const first = 1_000;
const isHeld = new Set<number>();
const requests = { reads: 0, commands: 0 };
/** By the client that opened it. */
const sockets = new Map<string, Set<WebSocket>>();
let sequence = 0;

/**
 * A 3CX V20 for measurements, in a process of its own: bare `node:http` and `ws`. Calls go on hold, or off hold again.
 * A client's token is its id, so each client gets only its own events.
 */
const server = createServer((request, response) => {
  const { method, url = '' } = request;
  if (method !== 'GET') {
    void text(request).then((body) => response.end(posted(url, body)));
    return;
  }
  if (/\/participants(\/|$)/.test(url)) requests.reads += 1;
  response.end(JSON.stringify(answer(url)));
});
const webSockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (opened) => {
    const client = (request.headers.authorization ?? '').replace('Bearer ', '');
    const own = sockets.get(client) ?? new Set();
    sockets.set(client, own.add(opened));
    opened.on('close', () => own.delete(opened));
  });
});

function posted(url: string, body: string): string {
  if (url === '/connect/token') {
    const token = new URLSearchParams(body).get('client_id');
    return JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: token, refresh_token: null });
  }
  requests.commands += 1;
  return JSON.stringify({ finalstatus: 'Success', reason: 'NotSpecified', result: null, reasontext: '' });
}

function answer(url: string): unknown {
  const [, api, dn = '', , id] = url.split('/');
  if (api === 'xapi') return { value: [] };
  if (dn === '') {
    return Array.from({ length: extensions }, (_, index) => {
      const extension = String(first + index);
      return { dn: extension, type: 'Wextension', devices: [], participants: participantsOf(extension) };
    });
  }
  return id === undefined ? participantsOf(dn) : participantOf(dn);
}

function participantsOf(dn: string): object[] {
  return Number(dn) < first + calls ? [participantOf(dn)] : [];
}

function participantOf(dn: string): object {
  const status = isHeld.has(Number(dn)) ? 'Hold' : 'Connected';
  return {
    ...{ id: Number(dn), status, dn, party_caller_name: '+4915112345678', party_dn: '10000' },
    ...{ party_caller_id: '+4915112345678', party_did: '', device_id: `sip:${dn}@127.0.0.1:5483` },
    ...{ party_dn_type: 'Wexternalline', direct_control: false, originated_by_dn: 'ROUTER' },
    ...{ originated_by_type: 'Wroutepoint', referred_by_dn: '', referred_by_type: 'None', on_behalf_of_dn: '' },
    ...{ on_behalf_of_type: 'None', callid: Number(dn), legid: 2 },
  };
}

/** Puts a call on hold, or off hold again, and sends the event to one client. */
function change(client: string, dn: number): Change {
  if (!isHeld.delete(dn)) isHeld.add(dn);
  const entity = `/callcontrol/${dn}/participants/${dn}`;
  const message = JSON.stringify({ sequence: ++sequence, event: { event_type: 0, entity, attached_data: null } });
  const at = Number(process.hrtime.bigint()) / 1e6;
  for (const socket of sockets.get(client) ?? []) socket.send(message);
  return { extension: String(dn), at };
}

/** Changes one extension after the other, this many a second. */
async function changeMany(client: string, perSecond: number, count: number): Promise<Change[]> {
  const changes: Change[] = [];
  const since = performance.now();
  while (changes.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - since) * perSecond) / 1_000));
    while (changes.length < due) changes.push(change(client, first + (changes.length % calls)));
    await new Promise((done) => setTimeout(done, 1));
  }
  return changes;
}

function tell(message: FromV20Server): void {
  process.send?.(message);
}

process.on('message', (message: ToV20Server) => {
  if ('count' in message) tell({ ...requests, sockets: sockets.get(message.count)?.size ?? 0 });
  else void changeMany(message.client, message.perSecond, message.changes).then((changes) => tell({ changes }));
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  tell({ port: (server.address() as AddressInfo).port });
});
