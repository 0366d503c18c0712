import { type Call, type Connection, isParked, type Pbx } from '../pbx';
import type { Phone } from '../setup';
import type { V20Switches } from './options';

/** A participant as the Call Control API sends it. */
export interface Participant {
  readonly id: number;
  readonly status: string;
  readonly dn: string;
  readonly party_caller_name: string;
  readonly party_dn: string;
  readonly party_caller_id: string;
  readonly party_did: string;
  readonly device_id: string;
  readonly party_dn_type: string;
  readonly direct_control: boolean;
  readonly originated_by_dn: string;
  readonly originated_by_type: string;
  readonly referred_by_dn: string;
  readonly referred_by_type: string;
  readonly on_behalf_of_dn: string;
  readonly on_behalf_of_type: string;
  readonly callid: number;
  readonly legid: number;
}

export interface Device {
  readonly dn: string;
  readonly device_id: string;
  readonly user_agent: string;
}

export interface DnInfo {
  readonly dn: string;
  readonly type: string;
  readonly devices: readonly Device[];
  readonly participants: readonly Participant[];
}

/** The participants that a change of the PBX affects. */
export interface ParticipantChanges {
  /** New ones and changed ones. */
  readonly upserts: readonly Participant[];
  readonly removes: readonly Participant[];
}

/** The only parking place that the PBX has. */
export const parkingPlace = 'SP0';
/** The DN that routes inbound calls. */
const router = { dn: 'ROUTER', type: 'Wroutepoint' };
const nobody = { dn: '', type: 'None' };
const firstId = 301;

interface DnRef {
  readonly dn: string;
  readonly type: string;
}

/** One part in a call: a connection of the PBX, or the queue in which the call waits. */
interface Side {
  readonly key: string;
  readonly dn: string;
  /** Null for the queue. */
  readonly connection: Connection | null;
}

/** The facts about a participant that stay as long as it lives. */
interface Identity {
  readonly id: number;
  readonly dn: string;
  readonly originatedBy: DnRef;
  /** The DN that the connection was transferred from, with its ID. */
  readonly movedFrom: string | null;
  /** The device that dialled; null for any other connection. */
  readonly device: string | null;
  callid: number;
  legid: number;
}

/** The participants that the calls of the PBX make: each has an ID that stays while its DN has this part in the call. */
export class Participants {
  private readonly types: ReadonlyMap<string, string>;
  private readonly names: ReadonlyMap<string, string>;
  private readonly identities = new Map<string, Identity>();
  /** By key. */
  private current = new Map<string, Participant>();
  /** DN and status that a connection had last, by its ID. */
  private lastSeen = new Map<string, { readonly dn: string; readonly isTalking: boolean }>();
  private lastLegid = new Map<number, number>();
  /** By ID of the connection that rings, the DN that transfers. */
  private transfers: ReadonlyMap<string, string> = new Map();
  private nextId = firstId;
  private dialling: { readonly dn: string; readonly device: string } | null = null;

  constructor(
    private readonly pbx: Pbx,
    private readonly switches: V20Switches,
    private readonly clientId: string,
  ) {
    const { extensions, queues, trunk } = pbx.state();
    this.types = new Map([
      [clientId, 'Wroutepoint'],
      ...extensions.map(({ number }) => [number, 'Wextension'] as const),
      ...queues.map(({ number }) => [number, 'Wqueue'] as const),
      [parkingPlace, 'Wparkextension'],
      [trunk, 'Wexternalline'],
    ]);
    this.names = new Map([...extensions, ...queues].map(({ number, name }) => [number, name]));
    this.update();
  }

  /** Numbers of all DNs. */
  dns(): string[] {
    return [...this.types.keys()];
  }

  typeOf(dn: string): string {
    return this.types.get(dn) ?? 'None';
  }

  /** Name of an extension or a queue; empty for any other DN. */
  nameOf(dn: string): string {
    return this.names.get(dn) ?? '';
  }

  /** Undefined when there is no such DN. */
  info(dn: string): DnInfo | undefined {
    const type = this.types.get(dn);
    return type === undefined ? undefined : { dn, type, devices: this.devicesOf(dn), participants: this.of(dn) };
  }

  infos(dns: readonly string[]): DnInfo[] {
    const byDn = new Map<string, Participant[]>(dns.map((dn) => [dn, []]));
    for (const participant of this.current.values()) byDn.get(participant.dn)?.push(participant);
    return [...byDn].map(([dn, participants]) => {
      return { dn, type: this.typeOf(dn), devices: this.devicesOf(dn), participants };
    });
  }

  devicesOf(dn: string): Device[] {
    if (dn === this.clientId) return [{ dn, device_id: `sip:${dn}@127.0.0.1:5483`, user_agent: '3CX' }];
    if (dn === parkingPlace) return [];
    return this.pbx.phonesOf(dn).map(({ contact, userAgent }) => ({ dn, device_id: contact, user_agent: userAgent }));
  }

  of(dn: string): Participant[] {
    return [...this.current.values()].filter((participant) => participant.dn === dn);
  }

  all(): Participant[] {
    return [...this.current.values()];
  }

  find(dn: string, id: number): Participant | undefined {
    return this.of(dn).find((participant) => participant.id === id);
  }

  /** The participant that a connection of the PBX has now. */
  ofConnection(connection: string): Participant | undefined {
    return [...this.current].find(([key]) => key.startsWith(`${connection}@`))?.[1];
  }

  /** The connection behind a participant; undefined for the queue's own. */
  connectionOf({ dn, id }: Participant): Connection | undefined {
    const [key = ''] = [...this.identities].find(([, identity]) => identity.id === id && identity.dn === dn) ?? [];
    const [connection] = key.split('@');
    return this.pbx.connections().find((one) => one.id === connection);
  }

  /** Dials from a device, for a PBX whose connections stand for all phones of an extension. */
  dialFrom(dn: string, device: string, dial: () => void): void {
    this.dialling = { dn, device };
    dial();
    this.dialling = null;
  }

  /** Compares with the PBX. */
  update(): ParticipantChanges {
    const before = this.current;
    this.transfers = this.pbx.transfers();
    const next = new Map<string, Participant>();
    const lastSeen: typeof this.lastSeen = new Map();
    const lastLegid: typeof this.lastLegid = new Map();
    for (const call of this.pbx.calls()) {
      const callid = callidOf(call.id);
      const legid = this.lastLegid.get(callid);
      if (legid !== undefined) lastLegid.set(callid, legid);
      for (const side of this.sidesOf(call)) {
        const participant = this.participantOf(call, side, this.identify(call, side, lastLegid));
        next.set(side.key, participant);
        if (side.connection === null) continue;
        const isTalking = participant.status !== 'Ringing' && participant.status !== 'Dialing';
        lastSeen.set(side.connection.id, { dn: side.dn, isTalking });
      }
    }
    this.current = next;
    this.lastSeen = lastSeen;
    this.lastLegid = lastLegid;
    for (const key of this.identities.keys()) if (!next.has(key)) this.identities.delete(key);
    return {
      upserts: [...next].filter(([key, now]) => !isEqual(before.get(key), now)).map(([, now]) => now),
      removes: [...before].filter(([key]) => !next.has(key)).map(([, old]) => old),
    };
  }

  private sidesOf(call: Call): Side[] {
    const sides = call.connections.map((connection): Side => {
      const dn = isParked(connection) ? parkingPlace : connection.dn;
      return { key: `${connection.id}@${dn}`, dn, connection };
    });
    const { waitingIn } = call;
    if (waitingIn === null || !this.switches.queueParticipants || this.typeOf(waitingIn) !== 'Wqueue') return sides;
    if (sides.some(({ dn }) => dn === waitingIn)) return sides;
    return sides.toSpliced(1, 0, { key: `queue ${call.id}@${waitingIn}`, dn: waitingIn, connection: null });
  }

  private identify(call: Call, side: Side, lastLegid: Map<number, number>): Identity {
    const callid = callidOf(call.id);
    const known = this.identities.get(side.key);
    if (known?.callid === callid) return known;
    const legid = (lastLegid.get(callid) ?? 0) + 1;
    lastLegid.set(callid, legid);
    if (known !== undefined) return Object.assign(known, { callid, legid });
    const identity = {
      id: this.nextId++,
      dn: side.dn,
      originatedBy: this.originOf(call, side),
      movedFrom: this.movedFrom(side),
      device: this.dialling?.dn === side.dn && side.connection?.status !== 'Ringing' ? this.dialling.device : null,
      callid,
      legid,
    };
    this.identities.set(side.key, identity);
    return identity;
  }

  private movedFrom({ dn, connection }: Side): string | null {
    const last = connection === null ? undefined : this.lastSeen.get(connection.id);
    return last?.isTalking === true && last.dn !== dn ? last.dn : null;
  }

  /** Which DN made this connection. */
  private originOf({ connections: [caller] }: Call, { connection, dn }: Side): DnRef {
    const isInbound = caller?.dn === this.pbx.trunk;
    if (connection === null) return isInbound ? router : nobody;
    if (dn === this.pbx.trunk) {
      return connection.status === 'Dialing' && caller !== undefined && !isInbound ? this.ref(caller.dn) : nobody;
    }
    if (this.typeOf(dn) === 'Wqueue') return isInbound ? router : nobody;
    if (connection.status !== 'Ringing') return nobody;
    const { queueIn } = this.switches;
    const namesQueue = queueIn === 'both' || queueIn === 'originated_by';
    if (connection.queue !== null && namesQueue) return { dn: connection.queue, type: 'Wqueue' };
    return isInbound ? router : nobody;
  }

  private participantOf(call: Call, side: Side, identity: Identity): Participant {
    const { connection, dn } = side;
    const status = this.statusOf(side);
    const isRung = status === 'Ringing' || (status === 'Dialing' && dn === this.pbx.trunk);
    const referrer = connection === null || !isRung ? null : (this.transfers.get(connection.id) ?? identity.movedFrom);
    const referredBy = referrer === null ? nobody : this.ref(referrer);
    const { queueIn } = this.switches;
    const queue = queueIn === 'both' || queueIn === 'on_behalf_of' ? (connection?.queue ?? null) : null;
    const onBehalfOf = queue === null || this.typeOf(dn) !== 'Wextension' ? nobody : { dn: queue, type: 'Wqueue' };
    const party = this.partyOf(call, side, status);
    return {
      id: identity.id,
      status,
      dn,
      party_caller_name: this.nameOf(party.dn),
      party_dn: party.dn,
      party_caller_id: party.number,
      party_did: '',
      device_id: identity.device ?? this.deviceOf(side),
      party_dn_type: this.typeOf(party.dn),
      direct_control: this.hasDirectControl(side),
      originated_by_dn: identity.originatedBy.dn,
      originated_by_type: identity.originatedBy.type,
      referred_by_dn: referredBy.dn,
      referred_by_type: referredBy.type,
      on_behalf_of_dn: onBehalfOf.dn,
      on_behalf_of_type: onBehalfOf.type,
      callid: identity.callid,
      legid: identity.legid,
    };
  }

  private statusOf({ connection }: Side): string {
    if (connection === null || isParked(connection)) return 'Connected';
    const { status } = connection;
    return (status === 'Hold' || status === 'Held') && !this.switches.showsHold ? 'Connected' : status;
  }

  /** The other side: its DN, and the number that is shown. */
  private partyOf(call: Call, { connection, dn }: Side, status: string): { dn: string; number: string } {
    const other = this.otherOf(call, connection);
    const isTrunk = dn === this.pbx.trunk;
    const waitsIn = connection !== null && connection === call.connections[0] ? call.waitingIn : null;
    if (connection !== null && (isTrunk || status === 'Dialing')) {
      const isRouted = isTrunk || other?.dn === this.pbx.trunk;
      return { dn: waitsIn ?? (isRouted && other !== undefined ? other.dn : ''), number: connection.party };
    }
    if (other === undefined) return { dn: '', number: connection?.party ?? '' };
    const place = isParked(other) ? parkingPlace : other.dn;
    return { dn: place, number: place === this.pbx.trunk ? other.party : place };
  }

  /** The connection that this one talks to, or else dials, or else rings. */
  private otherOf(call: Call, connection: Connection | null): Connection | undefined {
    const referrer = connection === null ? undefined : this.transfers.get(connection.id);
    const others = call.connections.filter((one) => {
      if (one === connection || this.typeOf(one.dn) === 'Wqueue' || one.dn === referrer) return false;
      return connection === null || this.transfers.get(one.id) !== connection.dn;
    });
    const isDialled = ({ dn, status }: Connection) => dn === this.pbx.trunk && status === 'Dialing';
    return others.find((one) => one.status !== 'Ringing' && !isDialled(one)) ?? others.find(isDialled) ?? others[0];
  }

  private deviceOf({ connection, dn }: Side): string {
    if (connection === null || this.typeOf(dn) !== 'Wextension') return '';
    return this.phonesAt(connection)[0]?.contact ?? '';
  }

  private hasDirectControl({ connection, dn }: Side): boolean {
    if (connection === null || this.typeOf(dn) !== 'Wextension') return false;
    const { directControl } = this.switches;
    return directControl !== 'none' && this.phonesAt(connection).some((one) => directControl === 'all' || isDesk(one));
  }

  /** One phone, or all of the extension. */
  private phonesAt({ dn, phone }: Connection): readonly Phone[] {
    const phones = this.pbx.phonesOf(dn);
    return phone === null ? phones : phones.filter(({ id }) => id === phone);
  }

  private ref(dn: string): DnRef {
    return { dn, type: this.typeOf(dn) };
  }
}

/** The number at the end of the ID that the HTTP API shows. */
export function callidOf(call: string): number {
  return Number(call.slice(call.lastIndexOf('_') + 1));
}

/** Apps and the web client are connected through the PBX itself. */
function isDesk({ contact }: Phone): boolean {
  return !contact.includes('@127.0.0.1');
}

function isEqual(a: Participant | undefined, b: Participant): boolean {
  const members = Object.keys(b) as (keyof Participant)[];
  return a !== undefined && members.every((member) => a[member] === b[member]);
}
