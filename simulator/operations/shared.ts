import { type OperationName, profileNames } from '../../lib/pbx';
import { type Connection, type Extension, type Pbx, PbxError } from '../pbx';
import type { Phone } from '../setup';

/** The tools of an operation. */
export interface Context {
  readonly pbx: Pbx;
  /**
   * Argument of the path, counted from 1, undecoded.
   *
   * @throws PbxError when the path is too short
   */
  readonly arg: (position: number) => string;
  /** The time the community server sleeps after it dialled. */
  readonly pause: () => Promise<void>;
}

/**
 * @returns the body of the answer
 * @throws PbxError where the PBX won't do it; the form says how that is answered
 */
export type Operation = (context: Context) => string | Promise<string>;

/** The answer of `getcallerid` without a call, and of an unknown operation (community). */
export const idleAnswer = 'idle';
export const notAnExtension = 'is not a valid extension';
export const notAnAgent = 'is not an agent of the queues';
/** The queue's name in both servers' answers for a call that came through no queue. */
export const directCall = 'Direkter Anruf';

/** The operations that are the same in both forms. Where an extension has several connections, each picks one. */
export const sharedOperations = {
  ready: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'avail', 'login_all'),
  notready: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'custom1', 'logout_all'),
  dnregs: ({ pbx, arg }) => pbx.phonesOf(arg(1)).map(registration)[0] ?? 'error',
  drop: ({ pbx, arg }) => onConnection(last(pbx.connectionsOf(arg(1))), ({ id }) => pbx.hangup(id)),
  park: ({ pbx, arg }) => onConnection(pbx.connectionsOf(arg(1))[0], ({ id }) => pbx.park(id)),
  setstatus: ({ pbx, arg }) => setProfile(pbx, arg(1), arg(2)),
  transfer: ({ pbx, arg }) => transferLast(pbx, arg(1), arg(2)),
  stop: () => '<HTML><BODY> Server Stopped</BODY></HTML>',
} satisfies Partial<Record<OperationName, Operation>>;

// ---- phones --------------------------------------------------------------------------------------------------------

export type IsSuch = (phone: Phone) => boolean;

/** Which phones each kind means. `Mobile` is documented ("in preparation"), but no phone is one. */
export const phoneKinds: ReadonlyMap<string, IsSuch> = new Map([
  ['Soft', isSoftPhone],
  ['Desktop', isDeskPhone],
]);

export function registration({ id, contact, userAgent }: Phone): string {
  return `${id}-${contact}-${userAgent}`;
}

export function isSoftPhone(phone: Phone): boolean {
  return registration(phone).includes('3CXPhone for Windows');
}

/** Anything that 3CX did not make (community). */
function isDeskPhone(phone: Phone): boolean {
  return !registration(phone).includes('3CX');
}

// ---- calls ---------------------------------------------------------------------------------------------------------

/** The answer to `getcallerid`: about the last connection (community). */
export function callerId(pbx: Pbx, dn: string, queueName: (connection: Connection) => string): string {
  const own = last(pbx.connectionsOf(dn));
  return own === undefined ? idleAnswer : `Queue: ${queueName(own)} Anrufer: ${own.party}`;
}

/** All connections as a page, each record ended by a `<br>`. */
export function page(records: readonly string[]): string {
  return `<html><head></head><body>${records.map((record) => `${record}<br>`).join('')}</body></html>`;
}

/**
 * Answers the first ringing connection at a soft phone, else the first at a phone that is registered on the server itself
 * (web, mobile). A desk phone can't be answered from afar (community).
 *
 * @param hasWeb whether phones on the server count
 * @returns whether there was one
 */
export function answerFirst(pbx: Pbx, dn: string, hasWeb = true): boolean {
  const ringing = pbx.connectionsOf(dn).filter(({ status }) => status === 'Ringing');
  const firstAt = (isSuch: IsSuch) => ringing.find(({ id }) => pbx.phonesAt(id).some(isSuch));
  const connection = firstAt(isSoftPhone) ?? (hasWeb ? firstAt(isOnServer) : undefined);
  if (connection === undefined) return false;
  pbx.answer(connection.id);
  return true;
}

function isOnServer({ contact }: Phone): boolean {
  return contact.includes('127.0.0.1');
}

/** Transfers the last connected one. */
function transferLast(pbx: Pbx, dn: string, destination: string): 'true' | 'false' {
  const connection = lastConnected(pbx, dn);
  return onConnection(destination === '' ? undefined : connection, ({ id }) => pbx.transfer(id, destination));
}

/** The two connections of a DN; undefined unless there are exactly two. */
export function twoConnections(pbx: Pbx, dn: string): readonly [Connection, Connection] | undefined {
  const [first, second, third] = pbx.connectionsOf(dn);
  return first === undefined || second === undefined || third !== undefined ? undefined : [first, second];
}

export function lastConnected(pbx: Pbx, dn: string): Connection | undefined {
  return last(pbx.connectionsOf(dn).filter(({ status }) => status === 'Connected'));
}

export function onConnection(
  connection: Connection | undefined,
  act: (connection: Connection) => void,
): 'true' | 'false' {
  if (connection === undefined) return 'false';
  act(connection);
  return 'true';
}

export function last(connections: readonly Connection[]): Connection | undefined {
  return connections.at(-1);
}

// ---- people --------------------------------------------------------------------------------------------------------

/** @throws PbxError for an unknown extension, and for a status that isn't one of the short names */
function setProfile(pbx: Pbx, extension: string, status: string): string {
  const profile = new Map(Object.entries(profileNames)).get(status);
  if (profile === undefined) throw new PbxError('unknown', `There is no status ${status}.`);
  pbx.setProfile(extension, profile);
  return profile;
}

/** The profile first: it has changed even where the second step refuses (community). */
export function changeStatus(pbx: Pbx, extension: string, status: string, action: string): string {
  setProfile(pbx, extension, status);
  const agent = pbx.extension(extension);
  return agent.agentOf.length === 0 ? notAnAgent : changeAllQueues(pbx, agent, action);
}

/** @param action `login_all` or `logout_all`; anything else is refused */
export function changeAllQueues(pbx: Pbx, { number, agentOf }: Extension, action: string): 'true' | 'false' {
  if (action === 'login_all') pbx.changeQueues(number, { add: agentOf, loggedIn: true });
  else if (action === 'logout_all') pbx.changeQueues(number, { remove: agentOf, loggedIn: false });
  else return 'false';
  return 'true';
}

export function findExtension(pbx: Pbx, number: string): Extension | undefined {
  return pbx.state().extensions.find((extension) => extension.number === number);
}
