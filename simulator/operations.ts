/**
 * The operations as the shipped server carries them out. An operation that throws is not answered. Where an extension
 * has several connections, each operation picks the one the shipped server picks.
 */
import { type Connection, type Pbx, PbxError } from './pbx';
import { type Phone, PROFILES } from './setup';

/** What an operation works with. */
export interface Context {
  readonly pbx: Pbx;
  /**
   * Argument of the path, counted from 1, undecoded.
   * @throws PbxError when the path is too short.
   */
  readonly arg: (position: number) => string;
  /** The time the shipped server sleeps after it dialled. */
  readonly pause: () => Promise<void>;
}

/** @returns the body of the answer. */
export type Operation = (context: Context) => string | Promise<string>;

/** What an unknown operation answers, and a known one that does nothing (shipped). */
export const IDLE = 'idle';

const NOT_AN_EXTENSION = 'is not a valid extension';
const NOT_AN_AGENT = 'is not an agent of the queues';
const DIRECT_CALL = 'Direkter Anruf';

/** By name, case-sensitive, in the order of the interface document; `save` is shipped but not documented. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>(
  Object.entries({
    showallcalls: ({ pbx }) => `<html><head></head><body>${pbx.connections().map(record(pbx)).join('')}</body></html>`,
    makecall: (context) => dial(context, context.arg(1), context.arg(2), context.arg(3)),
    ready: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'avail', 'login_all'),
    notready: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'custom1', 'logout_all'),
    logout: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'away', 'logout_all'),
    login: ({ pbx, arg }) => login(pbx, arg(1), arg(2)),
    dnregs: ({ pbx, arg }) => pbx.phonesOf(arg(1)).map(registration)[0] ?? 'error',
    ondn: ({ pbx, arg }) => callId(pbx, arg(1)),
    getcallerid: ({ pbx, arg }) => callerId(pbx, arg(1)),
    drop: ({ pbx, arg }) => onConnection(last(pbx.connectionsOf(arg(1))), ({ id }) => pbx.hangup(id)),
    answer: ({ pbx, arg }) => answer(pbx, arg(1)),
    record: ({ pbx, arg }) => onConnection(lastConnected(pbx, arg(1)), ({ id }) => pbx.record(id, arg(2))),
    transfer: ({ pbx, arg }) => transfer(pbx, arg(1), arg(2)),
    park: ({ pbx, arg }) => onConnection(pbx.connectionsOf(arg(1))[0], ({ id }) => pbx.park(id)),
    unpark: (context) => dial(context, context.arg(1), '*10', context.arg(2)),
    atttrans: ({ pbx, arg }) => joinCalls(pbx, arg(1)),
    setstatus: ({ pbx, arg }) => setProfile(pbx, arg(1), arg(2)),
    showstatus: ({ pbx, arg }) => `    CURRENT_STATUS=${pbx.extension(arg(1)).profile}`,
    divert: () => IDLE,
    stop: () => '<HTML><BODY> Server Stopped</BODY></HTML>',
    save: ({ pbx, arg }) => save(pbx, arg(1), arg(2), arg(3)),
  } satisfies Record<string, Operation>),
);

// ---- what there is -------------------------------------------------------------------------------------------------

function record(pbx: Pbx): (connection: Connection) => string {
  return (connection) => {
    const { id, status, dn, queue, party, recording } = connection;
    const name = queueName(pbx, connection);
    return `ID=${id};S=${status};DN=${dn};Queue_Name=${name};Queue_Nummer=${queue ?? 'null'};EP=${party};REC=${recording}<br>`;
  };
}

/** The shipped server looks a queue up by the first four digits of its number, and fails when that goes wrong. */
function queueName(pbx: Pbx, { queue }: Connection): string {
  if (queue === null) return DIRECT_CALL;
  const name = /^\d{4}$/.test(queue) ? pbx.queueName(queue) : undefined;
  if (name === undefined) throw new PbxError('unknown', `There is no four-digit queue ${queue}.`);
  return name;
}

function callerId(pbx: Pbx, dn: string): string {
  const own = last(pbx.connectionsOf(dn));
  // One call through a queue with such a number is enough for no answer, whoever has it.
  for (const connection of pbx.connections()) queueName(pbx, connection);
  return own === undefined ? IDLE : `Queue: ${queueName(pbx, own)} Anrufer: ${own.party}`;
}

function callId(pbx: Pbx, dn: string): string {
  return last(pbx.connectionsOf(dn))?.call ?? '0';
}

function registration({ id, contact, userAgent }: Phone): string {
  return `${id}-${contact}-${userAgent}`;
}

// ---- calls ---------------------------------------------------------------------------------------------------------

/** Which phones each kind means. `Mobile` is documented, but the shipped server knows none. */
const PHONE_KINDS = new Map<string, (phone: Phone) => boolean>([
  ['Soft', isSoftPhone],
  ['Web', (phone) => registration(phone).includes('3CX')],
  ['Desktop', (phone) => !registration(phone).includes('3CX')],
]);

function isSoftPhone(phone: Phone): boolean {
  return registration(phone).includes('3CXPhone for Windows');
}

/**
 * The extension is a prefix here, but the call id is asked for the DN of exactly that number: `1` dials from 10 and
 * then throws, `10` without such a phone dials from 100 and then has no call.
 */
async function dial({ pbx, pause }: Context, prefix: string, destination: string, kind: string): Promise<string> {
  const isSuch = PHONE_KINDS.get(kind) ?? (() => false);
  const from = pbx.dns().find((dn) => (prefix === 'all' || dn.startsWith(prefix)) && pbx.phonesOf(dn).some(isSuch));
  if (from === undefined) return 'null';
  pbx.makeCall(from, destination);
  await pause();
  return callId(pbx, prefix);
}

/** Only a soft phone, or one that is registered on the server itself (web, mobile), can be answered from afar. */
function answer(pbx: Pbx, dn: string): string {
  const ringing = pbx.connectionsOf(dn).find(({ status }) => status === 'Ringing');
  const canAnswer = pbx.phonesOf(dn).some((phone) => isSoftPhone(phone) || phone.contact.includes('127.0.0.1'));
  if (ringing === undefined || !canAnswer) return 'null';
  pbx.answer(ringing.id);
  return callId(pbx, dn);
}

function transfer(pbx: Pbx, dn: string, destination: string): string {
  const connection = lastConnected(pbx, dn);
  return onConnection(destination === '' ? undefined : connection, ({ id }) => pbx.transfer(id, destination));
}

function joinCalls(pbx: Pbx, dn: string): string {
  const [first, second, third] = pbx.connectionsOf(dn);
  if (first === undefined || second === undefined || third !== undefined) return 'false';
  // Without a soft phone nothing is joined, and the answer is the same.
  if (pbx.phonesOf(dn).some(isSoftPhone)) pbx.joinCalls(first.id, second.id);
  return 'true';
}

function lastConnected(pbx: Pbx, dn: string): Connection | undefined {
  return last(pbx.connectionsOf(dn).filter(({ status }) => status === 'Connected'));
}

function onConnection(connection: Connection | undefined, act: (connection: Connection) => void): 'true' | 'false' {
  if (connection === undefined) return 'false';
  act(connection);
  return 'true';
}

function last(connections: readonly Connection[]): Connection | undefined {
  return connections.at(-1);
}

// ---- people --------------------------------------------------------------------------------------------------------

/** Log-in actions by name: what becomes of the working set, given all queues of the agent and the one named. */
const LOGIN_ACTIONS = new Map<string, (all: readonly string[], queue: string) => Parameters<Pbx['changeQueues']>[1]>([
  ['login_all', (all) => ({ add: all, loggedIn: true })],
  ['logout_all', (all) => ({ remove: all, loggedIn: false })],
  ['login_only_to', (all, queue) => ({ remove: all, add: [queue], loggedIn: true })],
  ['logout_only_from', (_all, queue) => ({ remove: [queue] })],
  ['login_current', () => ({ loggedIn: true })],
  ['logout_current', () => ({ loggedIn: false })],
]);

/** @throws PbxError for an unknown extension, and for a status that isn't one of the short names. */
function setProfile(pbx: Pbx, extension: string, status: string): string {
  const profile = new Map(Object.entries(PROFILES)).get(status);
  if (profile === undefined) throw new PbxError('unknown', `There is no status ${status}.`);
  pbx.setProfile(extension, profile);
  return profile;
}

/** The profile first: it has changed even where the second step refuses. */
function changeStatus(pbx: Pbx, extension: string, status: string, action: string): string {
  setProfile(pbx, extension, status);
  return login(pbx, action, extension);
}

/** `login` takes its arguments the other way round than documented, so the documented order names no extension. */
function login(pbx: Pbx, action: string, extension: string): string {
  const change = action === 'login_all' || action === 'logout_all' ? LOGIN_ACTIONS.get(action) : undefined;
  const agent = findExtension(pbx, extension);
  if (agent === undefined) return NOT_AN_EXTENSION;
  if (agent.agentOf.length === 0) return NOT_AN_AGENT;
  if (change === undefined) return 'false';
  pbx.changeQueues(extension, change(agent.agentOf, ''));
  return 'true';
}

function save(pbx: Pbx, action: string, extension: string, queue: string): string {
  const change = LOGIN_ACTIONS.get(action);
  const agent = findExtension(pbx, extension);
  if (agent === undefined || agent.agentOf.length === 0 || change === undefined) return 'false';
  pbx.changeQueues(extension, change(agent.agentOf, queue));
  return 'true';
}

function findExtension(pbx: Pbx, number: string) {
  return pbx.state().extensions.find((extension) => extension.number === number);
}
