import type { OperationName } from '../../lib/pbx';
import { type Connection, isParked, type Pbx } from '../pbx';
import {
  answerFirst,
  callerId,
  changeAllQueues,
  type Context,
  directCall,
  findExtension,
  lastConnected,
  notAnExtension,
  onConnection,
  type Operation,
  page,
  phoneKinds,
  sharedOperations,
  twoConnections,
} from './shared';

/**
 * The operations as the interface document of 17 February 2022 has them, in its order of arguments. Where it names no
 * answer, the nearest one is given.
 */
const { transfer, ...lowerCase } = {
  ...sharedOperations,
  showallcalls: ({ pbx }) => page(pbx.connections().map(record)),
  makecall: (context) => dial(context, context.arg(1), context.arg(2), context.arg(3)),
  logout: ({ pbx, arg }) => logout(pbx, arg(1)),
  login: ({ pbx, arg }) => login(pbx, arg(1), arg(2)),
  ondn: ({ pbx, arg }) => pbx.connectionsOf(arg(1)).map(record).at(-1) ?? '0',
  getcallerid: ({ pbx, arg }) => callerId(pbx, arg(1), queueName(pbx)),
  answer: ({ pbx, arg }) => String(answerFirst(pbx, arg(1))),
  record: ({ pbx, arg }) => recordLast(pbx, arg(1), arg(2)),
  unpark: ({ pbx, arg }) => unpark(pbx, arg(1)),
  atttrans: ({ pbx, arg }) => joinCalls(pbx, arg(1)),
  // The action after the extension has no documented meaning.
  showstatus: ({ pbx, arg }) => pbx.extension(arg(1)).profile,
  divert: ({ pbx, arg }) => divert(pbx, arg(1), arg(2)),
} satisfies Record<OperationName, Operation>;

/** By its name in the path, case-sensitive: the document has one with a capital. */
export const documentedOperations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ ...lowerCase, Transfer: transfer }),
);

/** `ID=98741:CCID=1:S=Connected:DN=xxxx:EP=+49xxxx:REC=Stop` (documented). */
function record({ id, ccid, status, dn, party, recording }: Connection): string {
  return `ID=${id}:CCID=${ccid}:S=${status}:DN=${dn}:EP=${party}:REC=${recording}`;
}

function queueName(pbx: Pbx): (connection: Connection) => string {
  return ({ queue }) => (queue === null ? directCall : (pbx.queueName(queue) ?? queue));
}

// ---- calls ---------------------------------------------------------------------------------------------------------

async function dial({ pbx, pause }: Context, from: string, destination: string, kind: string): Promise<string> {
  const isSuch = phoneKinds.get(kind) ?? (() => false);
  // Before the phones are looked at: who isn't an extension is refused with another answer.
  pbx.extension(from);
  if (destination === '') return 'false';
  const phone = pbx.phonesOf(from).find(isSuch);
  if (phone === undefined) return 'null';
  const { id } = pbx.makeCall(from, destination, phone.id);
  await pause();
  return id;
}

function recordLast(pbx: Pbx, dn: string, action: string): string {
  const connection = lastConnected(pbx, dn);
  return onConnection(/^[0-3]$/.test(action) ? connection : undefined, ({ id }) => pbx.record(id, action));
}

/** With the extension's first phone; there has to be one, and a parked call. */
function unpark(pbx: Pbx, extension: string): string {
  const { phones } = pbx.extension(extension);
  const [phone] = phones;
  if (phone === undefined || !pbx.connections().some(isParked)) return 'false';
  pbx.makeCall(extension, '*10', phone.id);
  return 'true';
}

function joinCalls(pbx: Pbx, dn: string): string {
  const connections = twoConnections(pbx, dn);
  if (connections === undefined) return 'false';
  pbx.joinCalls(connections[0].id, connections[1].id);
  return 'true';
}

/** The call that rings longest is redirected. */
function divert(pbx: Pbx, dn: string, destination: string): string {
  const ringing = pbx.connectionsOf(dn).find(({ status }) => status === 'Ringing');
  return onConnection(destination === '' ? undefined : ringing, ({ id }) => pbx.divert(id, destination));
}

// ---- people --------------------------------------------------------------------------------------------------------

/** `false` (documented) leaves everything as it was: an extension without queues has nothing to log out of. */
function logout(pbx: Pbx, extension: string): string {
  const agent = pbx.extension(extension);
  if (agent.agentOf.length === 0) return 'false';
  pbx.setProfile(extension, 'Away');
  return changeAllQueues(pbx, agent, 'logout_all');
}

/** The order of the community server names an action where the extension belongs, and gets the answer that it gives. */
function login(pbx: Pbx, extension: string, action: string): string {
  const agent = findExtension(pbx, extension);
  if (agent === undefined) return /^(login|logout)_all$/.test(extension) ? notAnExtension : 'false';
  return agent.agentOf.length === 0 ? 'false' : changeAllQueues(pbx, agent, action);
}
