import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { MisbehavingServer, type Surroundings } from './faulty-server';

/** The paths of what an operation asks of 3CX V20, by what it is for. */
export const asked = {
  token: /^POST \/connect\/token$/,
  list: /^\/callcontrol$/,
  participants: /^\/callcontrol\/[^/]+\/participants$/,
  participant: /^\/callcontrol\/[^/]+\/participants\/[^/]+$/,
  devices: /^\/callcontrol\/[^/]+\/devices$/,
  user: /^\/xapi\/v1\/Users\?/,
  change: /^PATCH \/xapi\/v1\/Users\(/,
  call: /^POST \/callcontrol\/[^/]+\/devices\/[^/]+\/makecall$/,
  action: /^POST \/callcontrol\/[^/]+\/participants\/[^/]+\/[a-z]+$/,
};

/** Everything of which a PBX must have only one. */
export function isCommand(request: string): boolean {
  return request.startsWith('PATCH /xapi/v1/Users(') || asked.call.test(request) || asked.action.test(request);
}

export const token = [
  'eyJhbGciOiJIUzI1NiJ9',
  'eyJzdWIiOiJub2RlcmVkIiwicm9sZSI6Im93bmVyIn0',
  'c2lnbmF0dXJlMDEyMzQ1',
].join('.');

/**
 * 3CX V20: its token endpoint, Call Control with its WebSocket, and the Configuration API. Extension 10 has two calls, one
 * that is connected (101) and one that rings (102), a phone, and is an agent; what its user is changed to is remembered.
 */
export class FaultyV20 extends MisbehavingServer {
  /** Each command that arrived, with its body. */
  readonly commands: string[] = [];
  /** Whether there are calls. */
  hasCalls = true;
  private readonly webSockets = new WebSocketServer({ noServer: true });
  private readonly open = new Set<WebSocket>();
  private readonly users = new Map<string, { CurrentProfileName: string; QueueStatus: string }>();
  private sequence = 0;

  static async start(surroundings: Surroundings): Promise<FaultyV20> {
    const server = new FaultyV20(surroundings);
    await server.listen();
    return server;
  }

  /** How many WebSockets are open. */
  get openSockets(): number {
    return this.open.size;
  }

  /** Sends an event about a participant. */
  send(kind: 'upset' | 'remove', dn: string, id: number): void {
    const event = { event_type: kind === 'upset' ? 0 : 1, entity: `/callcontrol/${dn}/participants/${id}` };
    const message = { sequence: ++this.sequence, event: { ...event, attached_data: null } };
    for (const socket of this.open) socket.send(JSON.stringify(message));
  }

  protected override upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.webSockets.handleUpgrade(request, socket, head, (opened) => {
      this.open.add(opened);
      opened.on('error', () => undefined).on('close', () => this.open.delete(opened));
    });
  }

  protected answer(request: string, body: string): string {
    const [path = '', method = 'GET'] = request.split(' ').reverse();
    if (isCommand(request)) this.commands.push(`${request} ${body}`);
    const [, , dn = '', kind, id] = path.split('/').map(decodeURIComponent);
    if (path === '/connect/token') {
      return JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: token, refresh_token: null });
    }
    if (path.startsWith('/xapi/')) return this.configuration(method, decodeURIComponent(path), body);
    if (path === '/callcontrol') return JSON.stringify([this.dnOf('10'), this.dnOf('11')]);
    if (method === 'POST') {
      const result = this.participantsOf(dn)[0] ?? null;
      return JSON.stringify({ finalstatus: 'Success', reason: 'NotSpecified', result, reasontext: '' });
    }
    if (kind === 'devices') return JSON.stringify(this.dnOf(dn).devices);
    if (kind !== 'participants') return JSON.stringify(this.dnOf(dn));
    const participants = this.participantsOf(dn);
    return JSON.stringify(id === undefined ? participants : (participants.find((one) => String(one.id) === id) ?? {}));
  }

  private dnOf(dn: string): Record<'dn' | 'type', string> & Record<'devices' | 'participants', object[]> {
    const device = { dn, device_id: `sip:${dn}@127.0.0.1:5483`, user_agent: '3CXDesktopApp' };
    return { dn, type: 'Wextension', devices: [device], participants: this.participantsOf(dn) };
  }

  private participantsOf(dn: string): (object & { id: number })[] {
    if (!this.hasCalls || dn !== '10') return [];
    const common = { dn, party_caller_id: '+4915112345678', party_dn: '10000', party_dn_type: 'Wexternalline' };
    const connected = { ...common, id: 101, callid: 1, legid: 2, status: 'Connected' };
    const ringing = { ...common, id: 102, callid: 2, legid: 2, status: 'Ringing', direct_control: true };
    return [connected, ringing];
  }

  private configuration(method: string, path: string, body: string): string {
    const extension = /Number eq '([^']*)'|Users\((\d+)\)/.exec(path)?.slice(1).find(Boolean) ?? '';
    const user = this.users.get(extension) ?? { CurrentProfileName: 'Available', QueueStatus: 'LoggedIn' };
    if (method === 'PATCH') {
      this.users.set(extension, { ...user, ...(JSON.parse(body) as Partial<typeof user>) });
      return '';
    }
    if (path.includes('/DialCodeSettings')) return JSON.stringify({ DialCodePark: '*0', DialCodeUnpark: '*1' });
    if (path.includes('/Queues')) return this.rows({ Id: 1, Number: '8000', Agents: [{ Number: '10' }] });
    if (!path.includes('/Users')) return this.rows();
    return this.rows({ Id: Number(extension), Number: extension, ...user });
  }

  private rows(...value: object[]): string {
    return JSON.stringify({ '@odata.context': '$metadata', value });
  }
}
