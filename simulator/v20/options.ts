import { checkOneOf, checkRange } from '../options';

/**
 * Differences between builds of V20, facts that nobody has recorded yet, and faults. All can be changed at any time.
 */
export interface V20Switches {
  /** The unit of `expires_in`: seconds since 20.0.9, which is the default, minutes before. */
  expiresIn: 'seconds' | 'minutes';
  /** How long a token is valid, in seconds; default 3600. */
  tokenLife: number;
  /** Another program uses the same client and takes a token after each of yours: none of them stays valid. Default false. */
  contested: boolean;
  /** Does an open WebSocket stay open when its client gets a new token? Default true. */
  socketOutlivesToken: boolean;
  /** No WebSocket is opened: the upgrade gets 503. Default false. */
  refusesSockets: boolean;
  /** WebSockets stay open, but send nothing: no events, and no answer to a ping. Default false. */
  silent: boolean;
  /** An Upset is sent again, in ms, as long as its participant rings; default 0: never. */
  repeatMs: number;
  /** What an Upset has in `attached_data`: nothing (`null`), the participant, or a response with it. Default `null`. */
  attachedData: 'null' | 'participant' | 'response';
  /** After each Remove comes an Upset of the participant that is gone; to ask for it gets 404. Default false. */
  lateUpsets: boolean;
  /** Share of the messages that are sent after the one that follows, from 0 to 1; default 0. */
  reordered: number;
  /** Share of the messages that are sent twice, from 0 to 1; default 0. */
  repeated: number;
  /** Share of the messages that are not sent, from 0 to 1; default 0. */
  lost: number;
  /** How long a GET takes, in ms; the answer is the state at its arrival. Default 0. */
  getDelay: number;
  /** Are members PascalCase (`PartyDn`) instead of `party_dn`? Default false. */
  pascalCase: boolean;
  /** Is `Hold` or `Held` shown? Otherwise it is `Connected`, the default. */
  showsHold: boolean;
  /** A queue has a participant while a call waits there; default true. */
  queueParticipants: boolean;
  /** Which members name the queue in an agent's participant; default `both`. */
  queueIn: 'both' | 'originated_by' | 'on_behalf_of' | 'none';
  /** Which phones can be answered by the API (`direct_control`): desk phones, the default, all or none. */
  directControl: 'desk' | 'all' | 'none';
  /** A single participant gets 403, although lists show it. Default false. */
  forbidsParticipants: boolean;
  /** May the client use the Call Control API? Otherwise 403. Default true. */
  callControl: boolean;
  /** May the client use the Configuration API? Otherwise 403. Default true. */
  xapi: boolean;
  /** Numbers of the DNs that the client may see; default null, all. */
  visibleDns: readonly string[] | null;
  /** A profile that is set is answered with 204, and nothing changes. Default false. */
  ignoresProfiles: boolean;
  /**
   * When `transferto`, `routeto` and `divert` answer: when somebody has answered at the destination (`slow`, the default),
   * or at once.
   */
  transfers: 'slow' | 'at-once';
  /** All calls and actions fail with this status; the body has `reason` and `reasontext`. Default null. */
  refuses: 422 | 424 | null;
  /** All requests get this status; default null. */
  failsWith: number | null;
  /** Requests get no answer, and WebSockets send nothing, until this is over. Default false. */
  hangs: boolean;
}

export interface V20Options extends Partial<V20Switches> {
  /** Default 0, any free port. */
  readonly port?: number;
  /** The client, which is the DN of its route point. */
  readonly clientId: string;
  readonly clientSecret: string;
}

export const defaultSwitches: V20Switches = {
  expiresIn: 'seconds',
  tokenLife: 3600,
  contested: false,
  socketOutlivesToken: true,
  refusesSockets: false,
  silent: false,
  repeatMs: 0,
  attachedData: 'null',
  lateUpsets: false,
  reordered: 0,
  repeated: 0,
  lost: 0,
  getDelay: 0,
  pascalCase: false,
  showsHold: false,
  queueParticipants: true,
  queueIn: 'both',
  directControl: 'desk',
  forbidsParticipants: false,
  callControl: true,
  xapi: true,
  visibleDns: null,
  ignoresProfiles: false,
  transfers: 'slow',
  refuses: null,
  failsWith: null,
  hangs: false,
};

const maxPort = 65535;

/**
 * @returns the switches of the options.
 * @throws RangeError for an option that isn't allowed; the sentence doesn't quote a secret.
 */
export function checkV20Options({ port = 0, clientId, clientSecret, ...given }: V20Options): V20Switches {
  checkRange('The V20 port', port, maxPort);
  if (clientId === '') throw new RangeError('The client ID is missing.');
  if (clientSecret === '') throw new RangeError('The client secret is missing.');
  if (!/^[0-9A-Za-z_.-]{1,32}$/.test(clientId)) throw new RangeError('The client ID must be letters and digits.');
  if (!/^[\x21-\x7e]+$/.test(clientSecret)) {
    throw new RangeError('The client secret must be printable ASCII without blanks.');
  }
  const switches = { ...defaultSwitches, ...given };
  checkOneOf('The unit of expires_in', switches.expiresIn, ['seconds', 'minutes']);
  checkOneOf('The attached data', switches.attachedData, ['null', 'participant', 'response']);
  checkOneOf('The members with the queue', switches.queueIn, ['both', 'originated_by', 'on_behalf_of', 'none']);
  checkOneOf('The direct control', switches.directControl, ['desk', 'all', 'none']);
  checkOneOf('The transfers', switches.transfers, ['slow', 'at-once']);
  return switches;
}
