import type { Clock } from '../clock';
import { type Connection, type Pbx, PbxError } from '../pbx';
import { Refusal } from './http';
import type { V20Switches } from './options';
import { type Participant, parkingPlace, type Participants } from './participants';

/** The answer to a call or an action. */
export interface ActionResult {
  readonly status: number;
  readonly body: {
    readonly finalstatus: 'Success' | 'Rejected' | 'Failed';
    readonly reason: string;
    readonly result: Participant | null;
    readonly reasontext: string;
  };
}

export interface ActionRequest {
  readonly destination: string;
  /** In seconds. */
  readonly timeout: number;
}

/** Dialled to park at place 0, and to fetch from there. */
export const parkCode = '*00';
export const unparkCode = '*10';
const parking = [parkingPlace, parkCode];
const unparking = [parkingPlace, unparkCode];
/** The actions without a destination that change nothing in the PBX. */
const attachments = ['attach_participant_data', 'attach_party_data'];
const routes = ['divert', 'routeto', 'transferto'];

interface ActionContext {
  readonly pbx: Pbx;
  readonly switches: V20Switches;
  readonly participants: Participants;
  readonly clock: Clock;
}

/** The calls and actions of the Call Control API. */
export class Actions {
  constructor(private readonly context: ActionContext) {}

  /** @param device id of the device; undefined: the DN's only one, or the service of old when it has several. */
  makeCall(dn: string, device: string | undefined, { destination }: ActionRequest): ActionResult {
    const { pbx, participants } = this.context;
    const refusal = this.refusal() ?? (destination === '' ? rejected('UnknownDestination') : undefined);
    if (refusal !== undefined) return refusal;
    const phones = participants.typeOf(dn) === 'Wextension' ? pbx.phonesOf(dn) : [];
    const phone = device === undefined ? phones[0] : phones.find(({ contact }) => contact === device);
    const isLegacy = device === undefined && phones.length !== 1;
    if (phone === undefined) return isLegacy ? accepted() : rejected('SubjectNotFound');
    const isFetch = unparking.includes(destination);
    if (isFetch && !pbx.connections().some((one) => one.status === 'Held' && one.party === parkCode)) {
      return failed('UnknownDestination');
    }
    const before = new Set(pbx.connectionsOf(dn).map(({ id }) => id));
    participants.dialFrom(dn, phone.contact, () => pbx.makeCall(dn, isFetch ? unparkCode : destination, phone.id));
    const own = pbx.connectionsOf(dn).find(({ id }) => !before.has(id));
    if (own === undefined) return failed('NotSpecified');
    if (isLegacy) return accepted();
    return success(participants.ofConnection(own.id) ?? null, 'Dialing');
  }

  /** @throws Refusal 404 for an action that doesn't exist. */
  async act(participant: Participant, action: string, request: ActionRequest): Promise<ActionResult> {
    if (!['drop', 'answer', ...routes, ...attachments].includes(action)) throw new Refusal(404);
    const refusal = this.refusal();
    if (refusal !== undefined) return refusal;
    const connection = this.context.participants.connectionOf(participant);
    if (attachments.includes(action)) return success(participant);
    if (connection === undefined) return rejected('SubjectNotFound');
    try {
      if (action === 'drop') return this.drop(connection);
      if (action === 'answer') return this.answer(participant, connection);
      return await this.route(participant, connection, action, request);
    } catch (error) {
      if (error instanceof PbxError) return rejected('SubjectNotFound', error.message);
      throw error;
    }
  }

  private refusal(): ActionResult | undefined {
    const { refuses } = this.context.switches;
    if (refuses === null) return undefined;
    return refuses === 422 ? rejected('SubjectNotFound') : failed('DestinationBusy');
  }

  private drop({ id }: Connection): ActionResult {
    this.context.pbx.hangup(id);
    return success(null);
  }

  private answer({ status, direct_control }: Participant, { id }: Connection): ActionResult {
    if (status !== 'Ringing') return rejected('SubjectNotFound', 'The call does not ring.');
    if (!direct_control) return rejected('NotSpecified', 'The device cannot be controlled.');
    this.context.pbx.answer(id);
    return success(this.context.participants.ofConnection(id) ?? null);
  }

  private async route(
    { dn, status }: Participant,
    connection: Connection,
    action: string,
    { destination, timeout }: ActionRequest,
  ): Promise<ActionResult> {
    const { pbx, participants, switches } = this.context;
    const isDivert = action === 'divert';
    if (isDivert ? status !== 'Ringing' : action === 'transferto' && status !== 'Connected') {
      return rejected('SubjectNotFound', `The call is ${status}.`);
    }
    if (destination === '') return rejected('UnknownDestination');
    if (destination === dn) return rejected('RoutingLoopDetected');
    if (parking.includes(destination)) {
      pbx.park(connection.id);
      return success(participants.of(parkingPlace).at(-1) ?? null);
    }
    if (participants.typeOf(destination) === 'Wextension' && pbx.phonesOf(destination).length === 0) {
      return failed('DestinationIsNotRegistered');
    }
    if (participants.typeOf(destination) === 'Wqueue') {
      if (isDivert) pbx.divert(connection.id, destination);
      else pbx.transfer(connection.id, destination);
      return success(null);
    }
    if (isDivert) pbx.divert(connection.id, destination);
    const ids = isDivert ? [connection.id] : pbx.addRoute(connection.id, destination);
    if (switches.transfers === 'at-once') return success(participants.ofConnection(ids[0] ?? '') ?? null);
    const reached = await this.outcome(ids, timeout);
    if (reached !== undefined) return success(participants.ofConnection(reached) ?? null);
    const left = pbx.connections().filter(({ id }) => ids.includes(id));
    for (const { id } of left) pbx.hangup(id);
    return failed(left.length > 0 ? 'OperationTimeout' : 'DestinationNoAnswer');
  }

  /** @returns the connection that is answered; undefined when all of them end before, or after the time is over. */
  private outcome(ids: readonly string[], timeout: number): Promise<string | undefined> {
    const { pbx, clock } = this.context;
    return new Promise((resolve) => {
      const check = () => {
        const rung = pbx.connections().filter(({ id }) => ids.includes(id));
        const reached = rung.find(({ status }) => status !== 'Ringing' && status !== 'Dialing');
        if (reached !== undefined) finish(reached.id);
        else if (rung.length === 0) finish(undefined);
      };
      const finish = (id?: string) => {
        cancel();
        stopListening();
        resolve(id);
      };
      const cancel = timeout > 0 ? clock.after(timeout * 1000, () => finish()) : () => undefined;
      const stopListening = pbx.onChange(check);
      check();
    });
  }
}

function success(result: Participant | null, reasontext = ''): ActionResult {
  return { status: 200, body: { finalstatus: 'Success', reason: 'NotSpecified', result, reasontext } };
}

/** By the service of old, which always reports success. */
function accepted(): ActionResult {
  return { status: 202, body: { finalstatus: 'Success', reason: 'NotSpecified', result: null, reasontext: '' } };
}

/** Not tried. */
function rejected(reason: string, reasontext = reason): ActionResult {
  return { status: 422, body: { finalstatus: 'Rejected', reason, result: null, reasontext } };
}

/** Tried in vain. */
function failed(reason: string, reasontext = reason): ActionResult {
  return { status: 424, body: { finalstatus: 'Failed', reason, result: null, reasontext } };
}
