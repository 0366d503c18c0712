import type { ArgumentName } from './arguments';
import type { Connection, Recording } from './connections';
import type { Profile } from './profiles';

/** Why the PBX said no. */
export const refusalReasons = ['no-call', 'no-phone', 'not-an-agent', 'not-an-extension', 'refused'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** The facts that an operation can report beyond done or refused: fields of `msg.payload`. */
export interface Details {
  /** Null when the PBX returned none, or the id is not certain. */
  callId: string | null;
  /** Whether the PBX is known to have carried it out. */
  confirmed: boolean;
  /** Null for a name outside the five, or when the PBX gave none. */
  profile: Profile | null;
  profileName: string | null;
  recording: Recording;
  connections: Connection[];
  idle: boolean;
  number: string | null;
  /** `number` in international form, which the connection adds. */
  e164: string | null;
  /** Of the other party. */
  name: string | null;
  queue: { number: null; name: string } | null;
  registration: Registration | null;
}

export interface Registration {
  /** Null where the PBX gives none. */
  id: string | null;
  contact: string;
  userAgent: string;
}

interface Operation {
  /** A command changes something: it is sent at most once. */
  kind: 'command' | 'query';
  arguments: readonly ArgumentName[];
  optional?: readonly ArgumentName[];
  /** The details of the operation when it is done, and when the PBX refuses it. */
  done: readonly (keyof Details)[];
  refused?: readonly (keyof Details)[];
  /** More details of a done operation, where the PBX reports them. */
  perhaps?: readonly (keyof Details)[];
  /** A phone rings while it is under way. */
  calls?: true;
  /** A `destination` that `allowDestinations` governs. */
  dials?: true;
  /** Ends the server for everybody: it needs `allowStop`. */
  endsServer?: true;
  /** It makes a call that can be followed until it is over. */
  followed?: true;
}

const extension = ['extension'] as const;
const status = ['profile', 'profileName'] as const;

/**
 * The menu: the facts about each operation that hold for every way to the PBX. Names and arguments are documented in
 * the interface document of the HTTP API, 17 February 2022; `queue` of `login` is community. Everything that depends on
 * which operations exist is derived from this table, or is keyed by it.
 */
export const operations = {
  makecall: {
    kind: 'command',
    arguments: ['extension', 'destination', 'phone'],
    done: ['callId', 'confirmed'],
    calls: true,
    dials: true,
    followed: true,
  },
  answer: { kind: 'command', arguments: extension, done: ['callId'] },
  drop: { kind: 'command', arguments: extension, done: [] },
  transfer: { kind: 'command', arguments: ['extension', 'destination'], done: [], dials: true },
  atttrans: { kind: 'command', arguments: extension, done: ['confirmed'] },
  divert: { kind: 'command', arguments: ['extension', 'destination'], done: [], dials: true },
  park: { kind: 'command', arguments: extension, done: [], perhaps: ['confirmed'] },
  unpark: { kind: 'command', arguments: ['extension', 'phone'], done: ['callId', 'confirmed'], calls: true },
  stop: { kind: 'command', arguments: [], done: [], endsServer: true },
  setstatus: { kind: 'command', arguments: ['extension', 'profile'], done: status, refused: status },
  showstatus: { kind: 'query', arguments: extension, done: status },
  ready: { kind: 'command', arguments: extension, done: status, refused: status },
  notready: { kind: 'command', arguments: extension, done: status, refused: status },
  login: { kind: 'command', arguments: ['extension', 'action'], optional: ['queue'], done: [] },
  logout: { kind: 'command', arguments: extension, done: status, refused: status },
  record: { kind: 'command', arguments: ['extension', 'recordAction'], done: ['recording'] },
  showallcalls: { kind: 'query', arguments: [], done: ['connections'] },
  getcallerid: { kind: 'query', arguments: extension, done: ['idle', 'number', 'e164', 'name', 'queue'] },
  ondn: { kind: 'query', arguments: extension, done: ['callId'] },
  dnregs: { kind: 'query', arguments: extension, done: ['registration'] },
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export const operationNames = Object.keys(operations) as OperationName[];

/** @returns the menu's entry, with the optional columns */
export function operationOf(name: OperationName): Operation {
  return operations[name];
}

/** An operation as a node offers it. */
export interface Offer {
  operation: OperationName;
  /** Arguments that are the same in each message. */
  fixed?: Readonly<Partial<Record<ArgumentName, string>>>;
}

/**
 * The operations of each node, by the values of its `operation`, in the order of its dialog. The first is the default.
 */
export const offers = {
  '3cx-call-control': {
    makecall: { operation: 'makecall' },
    answer: { operation: 'answer' },
    drop: { operation: 'drop' },
    transfer: { operation: 'transfer' },
    atttrans: { operation: 'atttrans' },
    divert: { operation: 'divert' },
    park: { operation: 'park' },
    unpark: { operation: 'unpark' },
    stop: { operation: 'stop' },
  },
  '3cx-agent-status': {
    setstatus: { operation: 'setstatus' },
    showstatus: { operation: 'showstatus' },
    ready: { operation: 'ready' },
    notready: { operation: 'notready' },
    login: { operation: 'login' },
    logout: { operation: 'logout' },
  },
  '3cx-recorder': {
    start: { operation: 'record', fixed: { recordAction: 'start' } },
    pause: { operation: 'record', fixed: { recordAction: 'pause' } },
    resume: { operation: 'record', fixed: { recordAction: 'resume' } },
    stop: { operation: 'record', fixed: { recordAction: 'stop' } },
    toggle: { operation: 'record', fixed: { recordAction: 'toggle' } },
  },
  '3cx-call-monitor': {
    showallcalls: { operation: 'showallcalls' },
    getcallerid: { operation: 'getcallerid' },
    ondn: { operation: 'ondn' },
    dnregs: { operation: 'dnregs' },
  },
} as const satisfies Record<string, Record<string, Offer>>;

export type Offers = typeof offers;
export type NodeType = keyof Offers;

/** The other value of `operation`, in nodes that can send messages without an input. */
export const watchOperation = 'watch';
/**
 * The subject that each of these nodes watches, and whether watching is its default. The default comes first in the
 * dialog, otherwise watching comes last.
 */
export const watching = {
  '3cx-call-monitor': { what: 'calls', isDefault: true },
  '3cx-agent-status': { what: 'profiles', isDefault: false },
} as const satisfies Partial<Record<NodeType, { what: string; isDefault: boolean }>>;
/** The nodes that can watch. */
export const watchingNodes = Object.keys(watching) as readonly NodeType[];

/** The subjects that a node can watch. */
export type Watched = (typeof watching)[keyof typeof watching]['what'];

/** @returns the subject of a node's operation `watch`; null for a node without that operation */
export function watchedBy(type: string): Watched | null {
  return entryOf(type)?.what ?? null;
}

/** @returns the values of a node's `operation` without `msg`, in the order of its dialog; the first is the default */
export function operationsOf(type: NodeType): string[] {
  const offered = Object.keys(offersOf(type));
  const entry = entryOf(type);
  if (entry === null) return offered;
  return entry.isDefault ? [watchOperation, ...offered] : [...offered, watchOperation];
}

function entryOf(type: string): { what: Watched; isDefault: boolean } | null {
  return Object.hasOwn(watching, type) ? watching[type as keyof typeof watching] : null;
}

/** @returns the offers of a node, by name, in the order of its dialog */
export function offersOf(type: NodeType): Readonly<Record<string, Offer>> {
  return offers[type];
}

/** @returns null when the node does not offer it */
export function offerOf(type: NodeType, name: string): Offer | null {
  const offered = offersOf(type);
  return Object.hasOwn(offered, name) ? (offered[name] ?? null) : null;
}

/** The outputs of a node that carries out operations, in their order. */
export const resultOutputs = ['done', 'refused'] as const;

/** The events of a followed call. The node has an output for each, after its other outputs, in this order. */
export const followEvents = ['answered', 'ended'] as const;
export type FollowEventName = (typeof followEvents)[number];

/** @returns whether the node has an operation whose call can be followed */
export function canFollow(type: NodeType): boolean {
  return Object.values(offersOf(type)).some(({ operation }) => operationOf(operation).followed);
}

/** @returns the arguments of an offer that the node has fields for */
export function argumentsOf({ operation, fixed = {} }: Offer): ArgumentName[] {
  const { arguments: required, optional = [] } = operationOf(operation);
  return [...required, ...optional].filter((name) => !(name in fixed));
}
