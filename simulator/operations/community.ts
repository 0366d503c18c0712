import type { OperationName } from '../../lib/pbx';
import type { Habits } from '../builds';
import { type Connection, type Pbx, PbxError } from '../pbx';
import {
  answerFirst,
  callerId,
  changeAllQueues,
  changeStatus,
  type Context,
  directCall,
  findExtension,
  type IsSuch,
  isSoftPhone,
  last,
  lastConnected,
  notAnAgent,
  notAnExtension,
  onConnection,
  type Operation,
  page,
  phoneKinds,
  registration,
  sharedOperations,
  twoConnections,
} from './shared';

/**
 * The operations as the server that people run carries them out: byte for byte as captured, its slips included.
 *
 * @returns them by name, case-sensitive; `save` is this server's own
 */
export function communityOperations(habits: Habits): ReadonlyMap<string, Operation> {
  const { unparkKind } = habits;
  const kinds = kindsOf(habits);
  return new Map<string, Operation>(
    Object.entries({
      ...sharedOperations,
      showallcalls: ({ pbx }) => page(pbx.connections().map(record(pbx, habits))),
      makecall: (context) => dial(context, context.arg(1), context.arg(2), kinds.get(context.arg(3))),
      notready: (context) => (habits.notreadySetsProfile ? sharedOperations.notready(context) : logOut(context)),
      logout: ({ pbx, arg }) => changeStatus(pbx, arg(1), 'away', 'logout_all'),
      login: ({ pbx, arg }) => login(pbx, arg(1), arg(2)),
      dnregs: (context) => (habits.dnregsByPrefix ? firstByPrefix(context) : sharedOperations.dnregs(context)),
      ondn: ({ pbx, arg }) => callId(pbx, arg(1)),
      getcallerid: ({ pbx, arg }) => callerIdOf(pbx, arg(1), habits),
      answer: ({ pbx, arg }) => (answerFirst(pbx, arg(1), habits.hasWeb) ? callId(pbx, arg(1)) : 'null'),
      record: ({ pbx, arg }) => onConnection(lastConnected(pbx, arg(1)), ({ id }) => pbx.record(id, arg(2))),
      unpark: (context) => dial(context, context.arg(1), '*10', kinds.get(unparkKind ?? context.arg(2))),
      atttrans: ({ pbx, arg }) => joinCalls(pbx, arg(1)),
      showstatus: ({ pbx, arg }) => `    CURRENT_STATUS=${pbx.extension(arg(1)).profile}`,
      divert: () => habits.idle,
      save: ({ pbx, arg }) => save(pbx, arg(1), arg(2), arg(3)),
    } satisfies Record<OperationName | 'save', Operation>),
  );
}

// ---- what there is -------------------------------------------------------------------------------------------------

function record(pbx: Pbx, habits: Habits): (connection: Connection) => string {
  return (connection) => {
    const { id, status, dn, party, recording } = connection;
    const { name, number } = queueOf(pbx, connection, habits);
    return `ID=${id};S=${status};DN=${dn};Queue_Name=${name};Queue_Nummer=${number};EP=${party};REC=${recording}`;
  };
}

/** @throws PbxError for a queue that can't be named, by some builds */
function queueOf(
  pbx: Pbx,
  { queue }: Connection,
  { queueNumber, unknownQueue }: Habits,
): { name: string; number: string } {
  if (queue === null) return { name: directCall, number: 'null' };
  const number = queueNumber === 'all' ? queue : queue.slice(0, 4);
  const name = pbx.queueName(number) ?? unknownQueue;
  // With fewer than four characters, taking four fails too.
  if (name === null || (queueNumber === 'first-four' && queue.length < 4)) {
    throw new PbxError('unknown', `There is no queue with the number ${number}, of four digits.`);
  }
  return { name, number };
}

function callerIdOf(pbx: Pbx, dn: string, habits: Habits): string {
  // One call through a queue without a name keeps everybody's query from being answered.
  for (const connection of pbx.connections()) queueOf(pbx, connection, habits);
  return callerId(pbx, dn, (connection) => queueOf(pbx, connection, habits).name);
}

function callId(pbx: Pbx, dn: string): string {
  return last(pbx.connectionsOf(dn))?.call ?? '0';
}

/** The first phone of all DNs that begin like this. */
function firstByPrefix({ pbx, arg }: Context): string {
  const dns = pbx.dns().filter((dn) => dn.startsWith(arg(1)));
  return dns.flatMap((dn) => pbx.phonesOf(dn)).map(registration)[0] ?? 'error';
}

// ---- calls ---------------------------------------------------------------------------------------------------------

function kindsOf({ hasWeb }: Habits): ReadonlyMap<string, IsSuch> {
  return hasWeb ? new Map([...phoneKinds, ['Web', (phone) => registration(phone).includes('3CX')]]) : phoneKinds;
}

/**
 * The extension is a prefix here, but the call id is read for the DN of exactly that number. `1` dials from 10 and then
 * throws. `10` without such a phone dials from 100 and then has no call.
 */
async function dial(
  { pbx, pause }: Context,
  prefix: string,
  destination: string,
  isSuch: IsSuch = () => false,
): Promise<string> {
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
  // Without a soft phone nothing is joined, but the answer is the same.
  if (pbx.phonesOf(dn).some(isSoftPhone)) pbx.joinCalls(first.id, second.id);
  return 'true';
}

// ---- people --------------------------------------------------------------------------------------------------------

/** What `save` makes of the working set, beside the two that change all queues. */
const oneQueueChanges = new Map<string, (all: readonly string[], queue: string) => Parameters<Pbx['changeQueues']>[1]>([
  ['login_only_to', (all, queue) => ({ remove: all, add: [queue], loggedIn: true })],
  ['logout_only_from', (_all, queue) => ({ remove: [queue] })],
  ['login_current', () => ({ loggedIn: true })],
  ['logout_current', () => ({ loggedIn: false })],
]);

/** `login` takes its arguments the other way round than documented, so the documented order names no extension. */
function login(pbx: Pbx, action: string, extension: string): string {
  const agent = findExtension(pbx, extension);
  if (agent === undefined) return notAnExtension;
  return agent.agentOf.length === 0 ? notAnAgent : changeAllQueues(pbx, agent, action);
}

/** A `notready` that leaves the profile alone. */
function logOut({ pbx, arg }: Context): string {
  const agent = pbx.extension(arg(1));
  return agent.agentOf.length === 0 ? notAnAgent : changeAllQueues(pbx, agent, 'logout_all');
}

function save(pbx: Pbx, action: string, extension: string, queue: string): string {
  const agent = findExtension(pbx, extension);
  if (agent === undefined || agent.agentOf.length === 0) return 'false';
  const change = oneQueueChanges.get(action);
  if (change === undefined) return changeAllQueues(pbx, agent, action);
  pbx.changeQueues(extension, change(agent.agentOf, queue));
  return 'true';
}
