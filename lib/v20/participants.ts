import { connectionStatuses, type ConnectionStatus, type Leg, type Queue, type Role } from '../pbx';
import { field, isObject, numberField, parseJson, textField } from './json';

/** One device's part in a call, as Call Control describes it; empty where it says nothing. */
export interface Participant {
  dn: string;
  id: string;
  status: ConnectionStatus;
  callId: string;
  /** Number of the leg within the call, from 1; null without one. */
  legId: number | null;
  /** Whether the device can be answered from outside. */
  directControl: boolean;
  party: Party;
  callerName: string;
  callerId: string;
  calleeId: string;
  originatedBy: Party;
  referredBy: Party;
  onBehalfOf: Party;
}

/** A DN with its type; both are empty when it is missing. */
export interface Party {
  dn: string;
  type: string;
}

export interface Device {
  id: string;
  userAgent: string;
}

/** A DN that the API client may see, with all that happens there. */
export interface Dn {
  dn: string;
  type: string;
  devices: Device[];
  participants: Participant[];
}

/** @returns null for anything that is no participant */
export function participantOf(value: unknown, ofDn = ''): Participant | null {
  const dn = textField(value, 'dn') || ofDn;
  const id = textField(value, 'id');
  if (!isObject(value) || dn === '' || id === '') return null;
  return {
    dn,
    id,
    status: statusOf(textField(value, 'status')),
    callId: textField(value, 'callid'),
    legId: numberField(value, 'legid'),
    directControl: field(value, 'direct_control') === true,
    party: partyOf(value, 'party_dn', 'party_dn_type'),
    callerName: textField(value, 'party_caller_name'),
    callerId: textField(value, 'party_caller_id'),
    calleeId: textField(value, 'party_callee_id'),
    originatedBy: partyOf(value, 'originated_by_dn', 'originated_by_type'),
    referredBy: partyOf(value, 'referred_by_dn', 'referred_by_type'),
    onBehalfOf: partyOf(value, 'on_behalf_of_dn', 'on_behalf_of_type'),
  };
}

/** @returns null for anything that is no list of participants */
export function participantsOf(value: unknown, dn = ''): Participant[] | null {
  return listOf(value, (entry) => participantOf(entry, dn));
}

/** @returns null for anything that is no list of devices */
export function devicesOf(value: unknown): Device[] | null {
  return listOf(value, (entry) => {
    const id = textField(entry, 'device_id');
    return id === '' ? null : { id, userAgent: textField(entry, 'user_agent') };
  });
}

/** @returns null for anything that is no DN */
export function dnOf(value: unknown): Dn | null {
  const dn = textField(value, 'dn');
  if (dn === '') return null;
  const participants = participantsOf(field(value, 'participants') ?? [], dn);
  const devices = devicesOf(field(value, 'devices') ?? []);
  return participants && devices && { dn, type: textField(value, 'type'), devices, participants };
}

/** @returns null for anything that is no list of DNs */
export function dnsOf(value: unknown): Dn[] | null {
  return listOf(value, dnOf);
}

function listOf<T>(value: unknown, read: (entry: unknown) => T | null): T[] | null {
  if (!Array.isArray(value)) return null;
  const entries = value.map(read);
  const known = entries.filter((entry) => entry !== null);
  // One that can't be read may be one that matters.
  return known.length === entries.length ? known : null;
}

/** The result of an action of Call Control. */
export interface ActionResult {
  isDone: boolean;
  /** The PBX's reason; empty without one. */
  detail: string;
  participant: Participant | null;
}

/**
 * @param isSuccess whether the HTTP status says that it was carried out
 * @returns null for anything that is no result
 */
export function actionResultOf(text: string, isSuccess: boolean): ActionResult | null {
  const value = text.trim() === '' ? null : parseJson(text);
  // 202 may come without a body, and the body of some requests may be null.
  if (value === null) return { isDone: isSuccess, detail: '', participant: null };
  if (!isObject(value)) return isSuccess ? null : { isDone: false, detail: '', participant: null };
  const status = textField(value, 'finalstatus');
  const participant = participantOf(field(value, 'result'));
  const reason = textField(value, 'reason');
  const words = [reason === 'NotSpecified' ? '' : reason, textField(value, 'reasontext')];
  const detail = words.filter((word) => word !== '').join(': ');
  if (!isSuccess) return { isDone: false, detail: detail || errorTextOf(value), participant };
  // 3CX's own types have numbers here, the wire has words: a number says nothing beside the HTTP status.
  if (/^-?\d*$/.test(status)) return { isDone: true, detail, participant };
  return { isDone: /^success$/i.test(status), detail, participant };
}

/** The text of an error of the Configuration API, or of the token endpoint. */
export function errorTextOf(value: unknown): string {
  const error = field(value, 'error');
  const text = typeof error === 'string' ? error : textField(error, 'message');
  return text.replace(/\s+/g, ' ').trim();
}

/** The subject of a message over the WebSocket. */
export interface Message {
  kind: 'upsert' | 'remove' | 'other';
  dn: string;
  /** Null when it is about a DN or one of its devices. */
  participant: string | null;
  /** Grows; null without one. */
  sequence: number | null;
  /** The attached object, if it is a participant. */
  attached: Participant | null;
}

const kinds: Readonly<Record<string, Message['kind']>> = {
  '0': 'upsert',
  upset: 'upsert',
  upsert: 'upsert',
  '1': 'remove',
  remove: 'remove',
};

/** @returns null for anything that is no message about a DN */
export function messageOf(text: string): Message | null {
  const value = parseJson(text);
  const event = field(value, 'event');
  const [, dn, participant] =
    /^\/?callcontrol\/([^/]+)(?:\/participants\/([^/]+))?(?:\/|$)/i.exec(textField(event, 'entity')) ?? [];
  if (dn === undefined) return null;
  const data = field(event, 'attached_data');
  const status = numberField(data, 'StatusCode');
  const content = status === 200 ? field(data, 'Response') : status === null ? data : undefined;
  return {
    kind: kinds[textField(event, 'event_type').toLowerCase()] ?? 'other',
    dn: decoded(dn),
    participant: participant === undefined ? null : decoded(participant),
    sequence: numberField(value, 'sequence'),
    attached: textField(content, 'status') === '' ? null : participantOf(content, decoded(dn)),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function statusOf(text: string): ConnectionStatus {
  return connectionStatuses.find((status) => status === text.toLowerCase()) ?? 'undefined';
}

function partyOf(value: unknown, dn: string, type: string): Party {
  const number = textField(value, dn);
  return { dn: number, type: number === '' ? '' : plainType(textField(value, type)) };
}

/** A type without its `W`, in lower case; empty for none. */
export function plainType(type: string): string {
  const plain = type.toLowerCase().replace(/^w(?=[a-z]{3})/, '');
  return plain === 'none' ? '' : plain;
}

/** The role of a DN; all unknown types are services. */
export function roleOfType(type: string): Role {
  switch (plainType(type)) {
    case 'extension':
      return 'extension';
    case 'externalline':
      return 'trunk';
    case 'queue':
      return 'queue';
    default:
      return 'service';
  }
}

/** Is it answered, whoever may be on hold? */
export function isUp(status: ConnectionStatus | undefined): boolean {
  return status === 'connected' || status === 'hold' || status === 'held';
}

export function keyOf(dn: string, id: string): string {
  return `${dn}/${id}`;
}

/** The other party's number: never that of a trunk, a menu or the router. */
export function numberOf({ callerId, calleeId, party }: Participant): string {
  const isNumber = roleOfType(party.type) === 'extension' || roleOfType(party.type) === 'queue' || party.type === '';
  const isMenu = party.type === 'specialmenu';
  const [number = ''] = [callerId, calleeId].filter((text) => text !== '' && !(isMenu && text === party.dn));
  if (number !== '') return number;
  return isNumber && party.dn.toUpperCase() !== 'ROUTER' ? party.dn : '';
}

/** The other party's name: never that of a menu or the router. The PBX may have a number in its place (captured). */
export function partyNameOf({ callerName, party }: Participant): string | null {
  const isParty = party.type === '' || roleOfType(party.type) !== 'service';
  return isParty && /\p{L}/u.test(callerName) ? callerName : null;
}

/** The direction of the call, where the participant shows it. */
export function directionOf({ status, originatedBy, legId }: Participant): 'inbound' | 'outbound' {
  if (status === 'ringing') return 'inbound';
  if (status === 'dialing') return 'outbound';
  if (originatedBy.type !== '') return 'inbound';
  return legId === 1 ? 'outbound' : 'inbound';
}

/** Of an outside line: was the call made on it, or does the caller come from there? The caller's leg is the first. */
function lineDirectionOf({ status, originatedBy, legId }: Participant): 'inbound' | 'outbound' {
  if (originatedBy.type !== '') return 'inbound';
  return legId === null ? (status === 'dialing' ? 'inbound' : 'outbound') : legId === 1 ? 'outbound' : 'inbound';
}

/** The queue that a participant itself names; null when it names none. */
export function ownQueueOf({ onBehalfOf, originatedBy, referredBy }: Participant): string | null {
  return [onBehalfOf, originatedBy, referredBy].find(({ type }) => type === 'queue')?.dn ?? null;
}

interface Present {
  participant: Participant;
  key: string;
  /** 1, 2, … in the order of first sight. */
  order: number;
  /** Of its leg: the participant's, but where another DN has one of the same id. */
  legId: string;
  direction: 'inbound' | 'outbound';
  /** The call in which it was first seen. */
  firstCall: string;
  leg: Leg | null;
}

interface Call {
  members: Set<Present>;
  /** Null until they are asked for after a change. */
  legs: readonly Leg[] | null;
}

/** All participants there are, as legs of calls. */
export class Participants {
  private readonly types = new Map<string, string>();
  private readonly present = new Map<string, Present>();
  private readonly calls = new Map<string, Call>();
  private count = 0;

  /** @param nameOf what a DN is called; empty while it is not known */
  constructor(private readonly nameOf: (dn: string) => string = () => '') {}

  /** Every DN that was listed, with its type. */
  get dns(): ReadonlyMap<string, string> {
    return this.types;
  }

  setType({ dn, type }: Pick<Dn, 'dn' | 'type'>): void {
    if (this.types.get(dn) === type) return;
    this.types.set(dn, type);
    this.refresh();
  }

  /** Names or types may be others now. */
  refresh(): void {
    for (const call of this.calls.values()) call.legs = null;
  }

  keys(): string[] {
    return [...this.present.keys()];
  }

  get(key: string): Participant | null {
    return this.present.get(key)?.participant ?? null;
  }

  roleOf(dn: string): Role {
    const type = this.types.get(dn) ?? '';
    // Nearly all that an API client may see are extensions.
    return plainType(type) === '' ? 'extension' : roleOfType(type);
  }

  /** Those of one call. */
  ofCall(callId: string): Participant[] {
    return [...(this.calls.get(callId)?.members ?? [])].map(({ participant }) => participant);
  }

  /** Does a phone ring? */
  get isRinging(): boolean {
    return [...this.present.values()].some(({ participant }) => participant.status === 'ringing');
  }

  /** Did this one begin the call? A participant that joined by dialling a code did not. */
  isCaller({ dn, id, callId }: Participant): boolean {
    const present = this.present.get(keyOf(dn, id));
    return present?.direction === 'outbound' && present.firstCall === callId;
  }

  /** @returns whether something is new */
  upsert(participant: Participant): boolean {
    const key = keyOf(participant.dn, participant.id);
    const before = this.present.get(key);
    if (before !== undefined && isSame(before.participant, participant)) return false;
    const present: Present = before ?? {
      ...{ participant, key, order: ++this.count, legId: this.freeLegId(participant) },
      ...{ direction: this.directionOf(participant), firstCall: participant.callId, leg: null },
    };
    if (before !== undefined) this.leaveCall(before);
    present.participant = participant;
    this.present.set(key, present);
    const call = this.calls.get(callOf(present)) ?? { members: new Set(), legs: null };
    call.members.add(present);
    call.legs = null;
    this.calls.set(callOf(present), call);
    return true;
  }

  /** @returns its leg; null when there was none */
  remove(key: string): Leg | null {
    const present = this.present.get(key);
    if (present === undefined) return null;
    this.legsOf(callOf(present));
    this.leaveCall(present);
    this.present.delete(key);
    return present.leg;
  }

  /** The legs there are: those of one call next to each other, in the order in which they joined it. */
  legs(): Leg[] {
    return [...this.calls.keys()].flatMap((call) => this.legsOf(call));
  }

  private legsOf(name: string): readonly Leg[] {
    const call = this.calls.get(name);
    if (call === undefined) return [];
    if (call.legs !== null) return call.legs;
    const members = [...call.members].sort(
      (a, b) => (a.participant.legId ?? 0) - (b.participant.legId ?? 0) || a.order - b.order,
    );
    call.legs = members.map((present) => this.legOf(present, name, members));
    return call.legs;
  }

  private leaveCall(present: Present): void {
    const name = callOf(present);
    const call = this.calls.get(name);
    if (call === undefined) return;
    call.members.delete(present);
    call.legs = null;
    if (call.members.size === 0) this.calls.delete(name);
  }

  /** The very same object while nothing of it has changed. */
  private legOf(present: Present, group: string, members: readonly Present[]): Leg {
    const { participant, legId, direction, leg: before } = present;
    const { dn, status, callId, party } = participant;
    const trunk = party.type === 'externalline' ? party.dn : undefined;
    const leg: Leg = {
      ...{ id: legId, extension: dn, status, number: numberOf(participant), recording: null, role: this.roleOf(dn) },
      name: partyNameOf(participant),
      queue: this.queueOf(present, members),
      callId: callId === '' ? null : callId,
      ...{ group, direction },
      ...(trunk === undefined ? {} : { trunk }),
    };
    if (before !== null && isSame(before, leg)) return before;
    present.leg = leg;
    return leg;
  }

  /** The queue that a leg names, else one that was in the call before this leg, which then is one of its agents'. */
  private queueOf({ participant, direction }: Present, members: readonly Present[]): Queue | null {
    if (this.roleOf(participant.dn) === 'queue') return null;
    const own = ownQueueOf(participant);
    if (own !== null) return { number: own, name: this.nameOf(own) };
    if (direction === 'outbound') return null;
    const queue = members.find(({ participant: other }) => {
      const isBefore = other.legId === null || participant.legId === null || other.legId < participant.legId;
      return isBefore && this.roleOf(other.dn) === 'queue';
    })?.participant.dn;
    return queue === undefined ? null : { number: queue, name: this.nameOf(queue) };
  }

  private directionOf(participant: Participant): 'inbound' | 'outbound' {
    return this.roleOf(participant.dn) === 'trunk' ? lineDirectionOf(participant) : directionOf(participant);
  }

  private freeLegId({ dn, id }: Participant): string {
    const isTaken = [...this.present.values()].some(({ legId }) => legId === id);
    return isTaken ? `${id}@${dn}` : id;
  }
}

/** Without a call id it is in a call of its own. */
function callOf({ participant, key }: Present): string {
  return participant.callId === '' ? `?${key}` : participant.callId;
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
