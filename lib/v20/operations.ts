import { setTimeout as pause } from 'node:timers/promises';
import {
  type Arguments,
  type Connection,
  type OperationBy,
  type Outcome,
  type Presence,
  type Profile,
  profileNames,
  type RefusalReason,
  ThreeCxError,
} from '../pbx';
import type { CallControl, Carried } from './call-control';
import {
  type Device,
  type Dn,
  numberOf,
  ownQueueOf,
  type Participant,
  Participants,
  partyNameOf,
  plainType,
} from './participants';
import { type Changed, presenceOf, type User, type UserChange, type Xapi } from './xapi';

/** The tools of the operations. */
export interface Means {
  callControl: CallControl;
  xapi: Xapi;
  /** The name of a DN; empty while it is not known. */
  nameOf: (dn: string) => string;
  /** The queue that a leg's call came through, as far as watching has shown it. */
  queueOf: (participant: Participant) => string | null;
}

/** The result of an operation, with the raw text of the PBX. */
export type Told = Outcome & { answer: string; given?: Partial<Arguments>; presence?: Presence };

type Given = Readonly<Required<Arguments>>;
type Operation = (means: Means, given: Given) => Promise<Told>;

/** How long a profile or a queue log-in may take until it can be read back, in ms. */
const settleTime = 400;
/** How often it is looked whether a parked call was fetched: the phone may have to be picked up. */
const maxLooks = 10;

/** Codes for a PBX that reports none; they are the admin console's defaults, and were never tried. */
const fallbackCodes = { park: '*0', unpark: '*1' } as const;
/** The first parking place. */
const place = '0';
const parkingDn = /^SP\d+$/;

export const v20Operations: Readonly<Record<OperationBy<'v20'>, Operation>> = {
  showallcalls: async ({ callControl }) => {
    const { dns, text } = await callControl.list();
    return { ok: true, connections: connectionsOf(dns), answer: text };
  },

  makecall: (means, given) => call(means, given, given.destination),

  answer: async ({ callControl }, { extension }) => {
    const { value } = await callControl.participants(extension);
    const ringing = value.filter(({ status }) => status === 'ringing');
    const [first] = ringing;
    if (first === undefined) return refused('no-call');
    const leg = legsOfCall(ringing, first).find(({ directControl }) => directControl);
    if (leg === undefined) {
      throw new ThreeCxError(
        'unsupported',
        'the phone that rings cannot be answered from outside: 3CX V20 does so only for phones with uaCSTA, such as ' +
          'desk phones that the PBX has set up',
      );
    }
    const carried = await callControl.act(extension, leg, 'answer');
    return carried.isDone ? { ok: true, callId: callIdOf(leg), answer: carried.text } : refusal(carried);
  },

  drop: async ({ callControl }, { extension }) => {
    const { value } = await callControl.participants(extension);
    const chosen = firstIn(value, ['connected', 'hold', 'held'], ['ringing'], ['dialing', 'undefined']);
    if (chosen === null) return refused('no-call');
    const legs = legsOfCall(value, chosen).filter(({ status }) => status === chosen.status);
    const results = await Promise.allSettled(legs.map((leg) => callControl.act(extension, leg, 'drop')));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const carried = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const [done] = carried.filter(({ isDone }) => isDone);
    // The call may end with its first leg, and with it the others.
    const [other] = carried.filter(({ isGone }) => !isGone);
    return done === undefined ? refusal(other ?? carried[0]) : { ok: true, answer: done.text };
  },

  transfer: async (means, { extension, destination }) => {
    const { carried } = await transferTo(means, extension, destination);
    return carried === null ? refused('no-call') : carried.isDone ? done(carried) : refusal(carried);
  },

  divert: async ({ callControl }, { extension, destination }) => {
    const { value } = await callControl.participants(extension);
    const leg = firstIn(value, ['ringing']);
    if (leg === null) return refused('no-call');
    const carried = await callControl.act(extension, leg, 'divert', destination);
    return carried.isDone ? done(carried) : refusal(carried);
  },

  park: async (means, { extension }) => {
    const { leg, carried } = await transferTo(means, extension, await parkingNumber(means, 'park'));
    if (carried === null) return refused('no-call');
    if (!carried.isDone) return refusal(carried);
    return { ok: true, confirmed: await isParked(means, leg), answer: carried.text };
  },

  unpark: async (means, given) => {
    const told = await call(means, given, await parkingNumber(means, 'unpark'));
    if (!told.ok) return told;
    return { ...told, confirmed: await isFetched(means, given.extension, told.callId ?? null) };
  },

  dnregs: async ({ callControl }, { extension }) => {
    const { value, text } = await callControl.devices(extension);
    const [device] = value;
    const registration = device === undefined ? null : { id: null, contact: device.id, userAgent: device.userAgent };
    return { ok: true, registration, answer: text };
  },

  ondn: async ({ callControl }, { extension }) => {
    const { value, text } = await callControl.participants(extension);
    return { ok: true, callId: callIdOf(value.at(-1) ?? null), answer: text };
  },

  getcallerid: async ({ callControl, nameOf, queueOf }, { extension }) => {
    const { value, text } = await callControl.participants(extension);
    const leg = firstIn(value, ['connected'], ['ringing'], ['dialing'], ['hold', 'held', 'undefined']);
    if (leg === null) return { ok: true, idle: true, number: null, name: null, queue: null, answer: text };
    const queue = ownQueueOf(leg) ?? queueOf(leg);
    const named = queue === null ? null : { number: null, name: nameOf(queue) };
    return { ok: true, idle: false, number: numberOf(leg), name: partyNameOf(leg), queue: named, answer: text };
  },

  setstatus: async ({ xapi }, { extension, profile }) => {
    const user = await xapi.user(extension);
    if (user === null) return { ...refused('not-an-extension'), ...noProfile };
    const { told, changed } = await setProfile(xapi, user, extension, profile as Profile);
    return changed.isDone ? { ok: true, ...told, answer: changed.text } : { ...refusalOf(changed), ...told };
  },

  showstatus: async ({ xapi }, { extension }) => {
    const user = await xapi.user(extension);
    return user === null ? refused('not-an-extension') : { ok: true, ...profileTold(user), answer: user.text };
  },

  ready: (means, given) => setAgent(means, given, 'avail', 'LoggedIn'),
  notready: (means, given) => setAgent(means, given, 'custom1', 'LoggedOut'),
  logout: (means, given) => setAgent(means, given, 'away', 'LoggedOut'),

  login: async ({ xapi }, { extension, action }) => {
    const user = await xapi.user(extension);
    if (user === null) return refused('not-an-extension');
    if (!(await xapi.isAgent(extension))) return refused('not-an-agent');
    const { changed, presence } = await setQueueStatus(
      xapi,
      user,
      extension,
      action === 'login_all' ? 'LoggedIn' : 'LoggedOut',
    );
    return changed.isDone ? { ok: true, presence, answer: changed.text } : refusalOf(changed);
  },
};

/** The kinds of phones, as far as the PBX shows them. */
export type PhoneKind = 'Soft' | 'Web' | 'Desktop' | 'Mobile';

/** 3CX's own apps and the web client register over the PBX itself. */
export function phoneKindOf({ id, userAgent }: Device): PhoneKind {
  if (/3CX Mobile/i.test(userAgent)) return 'Mobile';
  if (!/@127\.0\.0\.1\b/.test(id)) return 'Desktop';
  return /web/i.test(userAgent) ? 'Web' : 'Soft';
}

/**
 * @param phone the wanted kind; `Auto`: the first that is no mobile app, else the first
 * @returns null without such a device
 */
export function chooseDevice(devices: readonly Device[], phone: string): Device | null {
  const of = (...kinds: PhoneKind[]): Device | undefined => devices.find((one) => kinds.includes(phoneKindOf(one)));
  switch (phone) {
    case 'Mobile':
    case 'Desktop':
      return of(phone) ?? null;
    // Nobody knows for certain how the desktop app and the web client differ.
    case 'Soft':
      return of('Soft') ?? of('Web') ?? null;
    case 'Web':
      return of('Web') ?? of('Soft') ?? null;
    default:
      return of('Soft', 'Web', 'Desktop') ?? devices[0] ?? null;
  }
}

/**
 * The leg that an operation is about: of those with the first status that any has, the one of the oldest call.
 *
 * @param order which statuses are looked for, one after the other
 */
export function firstIn(
  participants: readonly Participant[],
  ...order: readonly (readonly Participant['status'][])[]
): Participant | null {
  for (const statuses of order) {
    const [oldest] = participants
      .filter(({ status }) => statuses.includes(status))
      .sort((a, b) => Number(a.callId) - Number(b.callId));
    if (oldest !== undefined) return oldest;
  }
  return null;
}

/** @returns null for a participant whose call the PBX doesn't tell */
function callIdOf(participant: Participant | null): string | null {
  return participant === null || participant.callId === '' ? null : participant.callId;
}

/** All legs of one extension in the call of one of them: each of its phones may have one. */
function legsOfCall(participants: readonly Participant[], leg: Participant): Participant[] {
  return participants.filter((other) => other === leg || (leg.callId !== '' && other.callId === leg.callId));
}

function connectionsOf(dns: readonly Dn[]): Connection[] {
  const all = new Participants();
  for (const dn of dns) all.setType(dn);
  const participants = dns.flatMap((dn) => dn.participants);
  for (const participant of participants) all.upsert(participant);
  const ccids = new Map(participants.map(({ dn, id, legId }) => [`${dn}/${id}`, legId]));
  return all
    .legs()
    .filter(({ role }) => role === 'extension')
    .map(({ id, extension, status, number, name, queue, recording }) => {
      const ccid = ccids.get(`${extension}/${id}`) ?? null;
      return {
        id,
        extension,
        status,
        number,
        name,
        queue,
        recording,
        ...(ccid === null ? {} : { ccid: String(ccid) }),
      };
    });
}

async function call({ callControl }: Means, { extension, phone }: Given, destination: string): Promise<Told> {
  const { value } = await callControl.devices(extension);
  const device = chooseDevice(value, phone);
  if (device === null) return refused('no-phone');
  const carried = await callControl.makeCall(extension, device, destination);
  const given = { phone: phoneKindOf(device) };
  if (carried.isGone) return { ...refused('no-phone', carried), given };
  if (!carried.isDone) return { ...refused('refused', carried), given };
  const { participant, text } = carried;
  return { ok: true, callId: callIdOf(participant), confirmed: participant !== null, answer: text, given };
}

async function transferTo(
  { callControl }: Means,
  extension: string,
  destination: string,
): Promise<{ leg: Participant; carried: Carried } | { leg: null; carried: null }> {
  const { value } = await callControl.participants(extension);
  const leg = firstIn(value, ['connected']);
  if (leg === null) return { leg, carried: null };
  return { leg, carried: await callControl.act(extension, leg, 'transferto', destination) };
}

/** The number to dial to park a call, or to fetch it. */
async function parkingNumber({ xapi, callControl }: Means, code: 'park' | 'unpark'): Promise<string> {
  const codes = await readBack<{ park: string; unpark: string } | null>(() => xapi.parkingCodes(), null);
  if (codes !== null && codes[code] !== '') return codes[code] + place;
  const { dns } = await callControl.list();
  return dns.find(({ dn }) => parkingDn.test(dn))?.dn ?? fallbackCodes[code] + place;
}

/** Is a leg of the call at a parking place? */
async function isParked({ callControl }: Means, { callId }: Participant): Promise<boolean> {
  const { dns } = await readBack(() => callControl.list(), nothing);
  const isParking = (type: string): boolean => plainType(type).startsWith('park');
  return dns.some(({ type, participants }) =>
    participants.some(
      (leg) => leg.callId === callId && callId !== '' && (isParking(type) || isParking(leg.party.type)),
    ),
  );
}

/**
 * Does the extension talk in the call? The question is repeated for a few seconds, until it does or the call is gone.
 */
async function isFetched({ callControl }: Means, extension: string, callId: string | null): Promise<boolean> {
  for (let look = 1; ; look++) {
    const { value } = await readBack(() => callControl.participants(extension), nobody);
    const legs = value.filter((leg) => leg.callId === callId);
    if (legs.some(({ status }) => status === 'connected')) return true;
    if (legs.length === 0 || look === maxLooks) return false;
    await pause(settleTime);
  }
}

/** Asks on behalf of a command, which has succeeded or failed by its own answer. */
async function readBack<T>(ask: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ThreeCxError && error.code !== 'closed') return fallback;
    throw error;
  }
}

const nobody: Awaited<ReturnType<CallControl['participants']>> = { value: [], text: '' };
const nothing: Awaited<ReturnType<CallControl['list']>> = { dns: [], text: '' };
const noProfile = { profile: null, profileName: null } as const;

/** The profile in the payload, and all that was read with it. */
type ProfileTold = Pick<Presence, 'profile' | 'profileName'> & { presence: Presence };

function profileTold(user: User): ProfileTold {
  const presence = presenceOf(user);
  const { profile, profileName } = presence;
  return { profile, profileName, presence };
}

/** @throws ThreeCxError `unsupported` when the PBX says that it did, and did not */
async function setProfile(
  xapi: Xapi,
  user: User,
  extension: string,
  profile: Profile,
): Promise<{ told: ProfileTold; changed: Changed }> {
  const changed = await xapi.change(user, { CurrentProfileName: profileNames[profile] });
  if (!changed.isDone) return { told: profileTold(user), changed };
  const isSet = (now: User): boolean => profileTold(now).profile === profile;
  const now = await waitFor(xapi, extension, isSet);
  if (now === null) {
    throw new ThreeCxError(
      'unsupported',
      'the profile was not set, though the PBX answered that it was: this version of 3CX V20 cannot do it',
    );
  }
  return { told: profileTold(now), changed };
}

/** @throws ThreeCxError `unsupported` when the PBX says that it did, and did not */
async function setQueueStatus(
  xapi: Xapi,
  user: User,
  extension: string,
  wanted: 'LoggedIn' | 'LoggedOut',
): Promise<{ changed: Changed; presence: Presence }> {
  const change: UserChange = { QueueStatus: wanted };
  const changed = await xapi.change(user, change);
  if (!changed.isDone) return { changed, presence: presenceOf(user) };
  const now = await waitFor(xapi, extension, ({ queueStatus }) => queueStatus === wanted);
  if (now !== null) return { changed, presence: presenceOf(now) };
  throw new ThreeCxError('unsupported', 'the log-in was not changed, though the PBX answered that it was');
}

/** Reads back what was set, a second time a moment later. */
async function waitFor(xapi: Xapi, extension: string, isSet: (user: User) => boolean): Promise<User | null> {
  const first = await xapi.user(extension);
  if (first !== null && isSet(first)) return first;
  await pause(settleTime);
  const second = await xapi.user(extension);
  return second !== null && isSet(second) ? second : null;
}

/** Sets the profile first, as the HTTP API does: it has changed when the extension turns out to be no agent. */
async function setAgent(
  { xapi }: Means,
  { extension }: Given,
  profile: Profile,
  wanted: 'LoggedIn' | 'LoggedOut',
): Promise<Told> {
  const user = await xapi.user(extension);
  if (user === null) return { ...refused('not-an-extension'), ...noProfile };
  const { told, changed } = await setProfile(xapi, user, extension, profile);
  if (!changed.isDone) return { ...refusalOf(changed), ...told };
  if (!(await xapi.isAgent(extension))) return { ...refused('not-an-agent'), ...told };
  const { changed: status, presence } = await setQueueStatus(xapi, user, extension, wanted);
  return status.isDone ? { ok: true, ...told, presence, answer: status.text } : { ...refusalOf(status), ...told };
}

function done({ text }: Carried): Told {
  return { ok: true, answer: text };
}

function refused(reason: RefusalReason, carried?: Pick<Carried, 'text' | 'detail'>): Told {
  const { text = '', detail = '' } = carried ?? {};
  return { ok: false, reason, ...(detail === '' ? {} : { detail }), answer: text };
}

function refusal(carried: Carried | undefined): Told {
  return refused(carried?.isGone === false ? 'refused' : 'no-call', carried);
}

function refusalOf(changed: Extract<Changed, { isDone: false }>): Told {
  return refused('refused', changed);
}
