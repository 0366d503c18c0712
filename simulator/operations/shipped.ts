/** The operations as the server people run carries them out: byte for byte as captured, its slips included. */
import { type Connection, type Pbx, PbxError } from '../pbx';
import type { Phone } from '../setup';
import {
  answerFirst,
  changeAllQueues,
  changeStatus,
  type Context,
  DIRECT_CALL,
  findExtension,
  IDLE,
  isDeskPhone,
  isSoftPhone,
  last,
  lastConnected,
  NOT_AN_AGENT,
  NOT_AN_EXTENSION,
  onConnection,
  type Operation,
  page,
  registration,
  sharedOperations,
  transferLast,
  twoConnections,
} from './shared';

/** By name, case-sensitive; `save` is shipped but not documented. */
export const shippedOperations: ReadonlyMap<string, Operation> = new Map<string, Operation>(
  Object.entries({
    ...sharedOperations,
    showallcalls: ({ pbx }) => page(pbx.connections().map(record(pbx))),
    makecall: (context) => dial(context, context.arg(1), context.arg(2), context.arg(3)),
    logout: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'away', 'logout_all'),
    login: ({ pbx, arg }) => login(pbx, arg(1), arg(2)),
    ondn: ({ pbx, arg }) => callId(pbx, arg(1)),
    getcallerid: ({ pbx, arg }) => callerId(pbx, arg(1)),
    answer: ({ pbx, arg }) => (answerFirst(pbx, arg(1)) ? callId(pbx, arg(1)) : 'null'),
    record: ({ pbx, arg }) => onConnection(lastConnected(pbx, arg(1)), ({ id }) => pbx.record(id, arg(2))),
    transfer: ({ pbx, arg }) => transferLast(pbx, arg(1), arg(2)),
    unpark: (context) => dial(context, context.arg(1), '*10', context.arg(2)),
    atttrans: ({ pbx, arg }) => joinCalls(pbx, arg(1)),
    showstatus: ({ pbx, arg }) => `    CURRENT_STATUS=${pbx.extension(arg(1)).profile}`,
    divert: () => IDLE,
    save: ({ pbx, arg }) => save(pbx, arg(1), arg(2), arg(3)),
  } satisfies Record<string, Operation>),
);

// ---- what there is -------------------------------------------------------------------------------------------------

function record(pbx: Pbx): (connection: Connection) => string {
  return (connection) => {
    const { id, status, dn, queue, party, recording } = connection;
    const name = queueName(pbx, connection);
    return `ID=${id};S=${status};DN=${dn};Queue_Name=${name};Queue_Nummer=${queue ?? 'null'};EP=${party};REC=${recording}`;
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

// ---- calls ---------------------------------------------------------------------------------------------------------

/** Which phones each kind means. `Mobile` is documented, but the shipped server knows none. */
const PHONE_KINDS = new Map<string, (phone: Phone) => boolean>([
  ['Soft', isSoftPhone],
  ['Web', (phone) => registration(phone).includes('3CX')],
  ['Desktop', isDeskPhone],
]);

/**
 * The extension is a prefix here, but the call id is asked for the DN of exactly that number: `1` dials from 10 and
 * then throws, `10` without such a phone dials from 100 and then has no call.
 */
async function dial({ pbx, pause }: Context, prefix: string, destination: string, kind: string): Promise<string> {
  const isSuch = PHONE_KINDS.get(kind) ?? (() => false);
  const from = pbx.dns().find((dn) => (prefix === 'all' || dn.startsWith(prefix)) && pbx.phonesOf(dn).some(isSuch));
  if (from === undefined) return 'null';
  pbx.makeCall(from, destination, pbx.phonesOf(from).find(isSuch)?.id);
  await pause();
  return callId(pbx, prefix);
}

function joinCalls(pbx: Pbx, dn: string): string {
  const connections = twoConnections(pbx, dn);
  if (connections === undefined) return 'false';
  const [first, second] = connections;
  // Without a soft phone nothing is joined, and the answer is the same.
  if (pbx.phonesOf(dn).some(isSoftPhone)) pbx.joinCalls(first.id, second.id);
  return 'true';
}

// ---- people --------------------------------------------------------------------------------------------------------

/** What `save` makes of the working set, beside the two that change all queues. */
const ONE_QUEUE = new Map<string, (all: readonly string[], queue: string) => Parameters<Pbx['changeQueues']>[1]>([
  ['login_only_to', (all, queue) => ({ remove: all, add: [queue], loggedIn: true })],
  ['logout_only_from', (_all, queue) => ({ remove: [queue] })],
  ['login_current', () => ({ loggedIn: true })],
  ['logout_current', () => ({ loggedIn: false })],
]);

/** `login` takes its arguments the other way round than documented, so the documented order names no extension. */
function login(pbx: Pbx, action: string, extension: string): string {
  const agent = findExtension(pbx, extension);
  if (agent === undefined) return NOT_AN_EXTENSION;
  return agent.agentOf.length === 0 ? NOT_AN_AGENT : changeAllQueues(pbx, agent, action);
}

function save(pbx: Pbx, action: string, extension: string, queue: string): string {
  const agent = findExtension(pbx, extension);
  if (agent === undefined || agent.agentOf.length === 0) return 'false';
  const change = ONE_QUEUE.get(action);
  if (change === undefined) return changeAllQueues(pbx, agent, action);
  pbx.changeQueues(extension, change(agent.agentOf, queue));
  return 'true';
}
