import type { H3, H3Event } from 'h3' with { 'resolution-mode': 'import' };
import type { Clock } from '../clock';
import { type Call, type Extension, isParked, type Pbx } from '../pbx';
import type { Profile } from '../setup';
import { parkCode, unparkCode } from './actions';
import { jsonOf, Refusal, textIn } from './http';
import { badRequest, collection, entity, odataError, type Row } from './odata';
import type { V20Switches } from './options';
import { callidOf, parkingPlace, type Participants } from './participants';

interface XapiContext {
  readonly pbx: Pbx;
  readonly participants: Participants;
  readonly switches: V20Switches;
  readonly clock: Clock;
  readonly clientId: string;
}

type QueueStatus = 'LoggedIn' | 'LoggedOut';

/** What the header `X-3CX-Version` says. */
const version = '20.0.9.1234';
/** The dial codes with the place that each one ends with left out. */
const dialCodes = {
  DialCodePark: parkCode.slice(0, -1),
  DialCodeUnpark: unparkCode.slice(0, -1),
  DialCodePickup: '*20*',
};
const profiles: readonly Profile[] = ['Available', 'Away', 'Out of office', 'Custom 1', 'Custom 2'];
const firstUserId = 29;
const firstQueueId = 10_001;
const firstPeerId = 20_001;
const clientRowId = 30_001;

const peerTypes = new Map([
  ['Wextension', 'Extension'],
  ['Wqueue', 'Queue'],
  ['Wparkextension', 'Parking'],
  ['Wexternalline', 'ExternalLine'],
  ['Wroutepoint', 'RoutePoint'],
]);

/** Adds the part of `/xapi/v1` to the app that clients of the Call Control API need beside it. */
export function addXapi(app: H3, context: XapiContext): void {
  const { pbx, switches, participants, clientId } = context;
  const calls = new CallTimes(context);
  /** Of extensions that are no agents, for whom the PBX keeps none. */
  const statuses = new Map<string, QueueStatus>();
  const users = () => pbx.state().extensions.map((extension, index) => userRow(extension, index, statuses));
  const queues = () => pbx.state().queues.map((queue, index) => queueRow(queue, index, pbx));
  const peers = () => participants.dns().map((dn, index) => peerRow(dn, index, participants));
  const principals = () => [principalRow(clientId, peers(), switches)];

  const rowWith = (event: H3Event, rows: readonly Row[]): Row => {
    const [, id, number] = /\((?:(\d+)|Number='((?:[^']|'')*)')\)$/.exec(pathOf(event)) ?? [];
    const row = rows.find(({ Id, Number: own }) => (id === undefined ? own === number : String(Id) === id));
    if (row === undefined) throw new Refusal(404, odataError('WARNINGS.XAPI.NOT_FOUND'));
    return row;
  };
  const sets = new Map<string, { rows: () => readonly Row[]; expandable: string[] }>([
    ['Users', { rows: users, expandable: [] }],
    ['Queues', { rows: queues, expandable: ['Agents'] }],
    ['Peers', { rows: peers, expandable: [] }],
    ['ServicePrincipals', { rows: principals, expandable: ['Peers'] }],
    ['ActiveCalls', { rows: () => calls.rows(), expandable: [] }],
  ]);

  app
    .get('/xapi/v1/Defs', (event) => {
      event.res.headers.set('X-3CX-Version', version);
      return entity({ Id: 0 }, queryOf(event), 'Defs');
    })
    .get('/xapi/v1/DialCodeSettings', (event) => entity(dialCodes, queryOf(event), 'DialCodeSettings'))
    .get('/xapi/v1/:set', (event) => {
      const [, name = '', key] = /^\/xapi\/v1\/(\w+)(\(.*\))?$/.exec(pathOf(event)) ?? [];
      const set = sets.get(name);
      if (set === undefined) throw new Refusal(404, odataError('WARNINGS.XAPI.NOT_FOUND'));
      if (key === undefined) return collection(set.rows(), queryOf(event), name, set.expandable);
      return entity(rowWith(event, set.rows()), queryOf(event), name, set.expandable);
    })
    .patch('/xapi/v1/:set', async (event) => {
      if (!pathOf(event).startsWith('/xapi/v1/Users(')) throw new Refusal(405, odataError('Method not allowed'));
      const { Number: number } = rowWith(event, users());
      changeUser(number as string, await jsonOf(event), context, statuses);
      event.res.status = 204;
      return null;
    })
    .post('/xapi/v1/:set/Pbx.DropCall', (event) => {
      const path = pathOf(event).replace('/Pbx.DropCall', '');
      if (!path.startsWith('/xapi/v1/ActiveCalls(')) throw new Refusal(404, odataError('WARNINGS.XAPI.NOT_FOUND'));
      const id = Number(/\((\d+)\)$/.exec(path)?.[1]);
      const call = pbx.calls().find((one) => callidOf(one.id) === id);
      if (call === undefined) throw new Refusal(404, odataError('WARNINGS.XAPI.NOT_FOUND'));
      dropCall(pbx, call);
      return {};
    });
}

function pathOf({ req }: H3Event): string {
  return decodeURIComponent(new URL(req.url).pathname);
}

function queryOf({ req }: H3Event): URLSearchParams {
  return new URL(req.url).searchParams;
}

function userRow(extension: Extension, index: number, statuses: ReadonlyMap<string, QueueStatus>): Row {
  const { number, name, profile, phones } = extension;
  const [last = '', first = ''] = name.includes(', ') ? name.split(', ', 2) : [name];
  return {
    Id: firstUserId + index,
    Number: number,
    FirstName: first,
    LastName: last,
    DisplayName: name,
    IsRegistered: phones.length > 0,
    CurrentProfileName: profile,
    QueueStatus: queueStatusOf(extension, statuses),
  };
}

function queueStatusOf(
  { number, agentOf, loggedInTo }: Extension,
  statuses: ReadonlyMap<string, QueueStatus>,
): QueueStatus {
  if (agentOf.length === 0) return statuses.get(number) ?? 'LoggedIn';
  return loggedInTo.length > 0 ? 'LoggedIn' : 'LoggedOut';
}

function queueRow(queue: { number: string; name: string; agents: readonly string[] }, index: number, pbx: Pbx): Row {
  const agents = queue.agents.map((number, agent) => {
    return { Id: agent + 1, Number: number, Name: pbx.extension(number).name, SkillGroup: '1', Tags: [] };
  });
  return { Id: firstQueueId + index, Number: queue.number, Name: queue.name, IsRegistered: true, Agents: agents };
}

function peerRow(dn: string, index: number, participants: Participants): Row {
  const type = participants.typeOf(dn);
  return {
    Id: firstPeerId + index,
    Number: dn,
    Name: type === 'Wparkextension' ? 'Shared parking' : participants.nameOf(dn) || dn,
    Type: peerTypes.get(type) ?? 'None',
    Hidden: false,
  };
}

function principalRow(clientId: string, peers: readonly Row[], { callControl, xapi, visibleDns }: V20Switches): Row {
  return {
    Id: clientRowId,
    Number: clientId,
    CallControlEnabled: callControl,
    XAPIEnabled: xapi,
    MyPhoneEnabled: false,
    IsSystem: false,
    Peers: peers.filter(({ Number: number }) => visibleDns?.includes(number as string) ?? true),
  };
}

/** @throws Refusal 400 for a value that isn't allowed. */
function changeUser(
  number: string,
  fields: ReadonlyMap<string, unknown>,
  { pbx, switches }: XapiContext,
  statuses: Map<string, QueueStatus>,
): void {
  const name = textIn(fields, 'CurrentProfileName');
  const profile = profiles.find((one) => one === name);
  if (fields.has('CurrentProfileName') && profile === undefined) {
    throw badRequest('WARNINGS.XAPI.INVALID', 'CurrentProfileName');
  }
  const status = textIn(fields, 'QueueStatus');
  if (fields.has('QueueStatus') && status !== 'LoggedIn' && status !== 'LoggedOut') {
    throw badRequest('WARNINGS.XAPI.INVALID', 'QueueStatus');
  }
  if (profile !== undefined && !switches.ignoresProfiles) pbx.setProfile(number, profile);
  if (status === undefined) return;
  statuses.set(number, status as QueueStatus);
  pbx.changeQueues(number, { loggedIn: status === 'LoggedIn' });
}

function dropCall(pbx: Pbx, call: Call): void {
  for (const { id } of call.connections) {
    // The call may be over before its last connection.
    if (pbx.connections().some((one) => one.id === id)) pbx.hangup(id);
  }
}

interface Times {
  readonly status: string;
  readonly changedAt: number;
  readonly establishedAt: number | null;
}

/** The calls with what the PBX doesn't keep: since when each has its status. */
class CallTimes {
  private times = new Map<string, Times>();

  constructor(private readonly context: XapiContext) {
    context.pbx.onChange(() => this.update());
  }

  rows(): Row[] {
    const { pbx, clock } = this.context;
    return pbx.calls().map((call) => {
      const { status, changedAt, establishedAt } =
        this.times.get(call.id) ?? timesOf(this.statusOf(call, pbx.transfers()), clock.now());
      const [caller, callee] = this.parties(call);
      return {
        Id: callidOf(call.id),
        Caller: caller,
        Callee: callee,
        Status: status,
        LastChangeStatus: dateOf(changedAt),
        EstablishedAt: establishedAt === null ? null : dateOf(establishedAt),
        ServerNow: dateOf(clock.now()),
      };
    });
  }

  private update(): void {
    const { pbx, clock } = this.context;
    const transfers = pbx.transfers();
    this.times = new Map(
      pbx.calls().map((call) => {
        const status = this.statusOf(call, transfers);
        const known = this.times.get(call.id);
        return [call.id, known?.status === status ? known : timesOf(status, clock.now(), known)];
      }),
    );
  }

  /** Talking is also who waits at a queue. */
  private statusOf({ connections, waitingIn }: Call, transfers: ReadonlyMap<string, string>): string {
    const { pbx } = this.context;
    if (connections.some(({ id }) => transfers.has(id))) return 'Transferring';
    const isWaiting = waitingIn !== null && pbx.queueName(waitingIn) !== undefined;
    const answered = connections.filter(({ status }) => status !== 'Ringing' && status !== 'Dialing');
    return isWaiting || answered.length > 1 ? 'Talking' : 'Routing';
  }

  private parties({ connections, waitingIn }: Call): [string, string] {
    const { pbx } = this.context;
    const [caller, ...others] = connections;
    const callee = others.find(({ status }) => status !== 'Ringing') ?? others[0];
    const queue = waitingIn === null ? undefined : pbx.queueName(waitingIn);
    const place = callee !== undefined && isParked(callee) ? parkingPlace : callee?.dn;
    const called =
      callee === undefined || place === undefined ? (caller?.party ?? '') : this.nameOf(place, callee.party);
    return [
      caller === undefined ? '' : this.nameOf(caller.dn, caller.party),
      queue === undefined ? called : `${waitingIn ?? ''} ${queue}`,
    ];
  }

  private nameOf(dn: string, party: string): string {
    const { pbx, participants } = this.context;
    return dn === pbx.trunk ? `${dn} Provider (${party})` : `${dn} ${participants.nameOf(dn)}`.trim();
  }
}

function timesOf(status: string, now: number, known?: Times): Times {
  return { status, changedAt: now, establishedAt: known?.establishedAt ?? (status === 'Talking' ? now : null) };
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}
