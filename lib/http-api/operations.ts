import {
  booleanOf,
  callerOf,
  callIdOf,
  type Connection,
  connectionsOf,
  isOfAnother,
  isSingleCall,
  profileAnswerOf,
  queueRefusalOf,
  type Recording,
  type RefusalReason,
  type Registration,
  registrationOf,
  unwrap,
} from './answers';
import type { ArgumentName } from './arguments';
import type { Profile } from './profiles';

/** What an answer said: done or refused, with what the operation tells beyond that. */
export type Outcome = ({ ok: true } | { ok: false; reason: RefusalReason }) & Details;

export interface Details {
  callId?: string | null;
  confirmed?: boolean;
  profile?: Profile | null;
  profileName?: string | null;
  recording?: Recording;
  connections?: Connection[];
  idle?: boolean;
  number?: string | null;
  queue?: { number: null; name: string } | null;
  registration?: Registration | null;
}

/** The checked arguments: those of the operation are there, the optional ones where they were given. */
type Given = Readonly<Record<ArgumentName, string>>;

interface Operation {
  /** A command changes something: it is sent once, and overtakes queries. */
  kind: 'command' | 'query';
  arguments: readonly ArgumentName[];
  optional?: readonly ArgumentName[];
  /** Where the two servers differ: the form to try first, and the other one. */
  paths: (given: Given) => readonly [string] | readonly [string, string];
  /** The answer that shows that this form was not understood and nothing was done. */
  otherPathOn?: RegExp;
  /**
   * @param text the answer, unwrapped
   * @param body the answer, as received
   * @returns null when no server of ours gives this answer
   * @throws ThreeCxError `unexpected-answer`
   */
  read: (text: string, given: Given, body: string) => Outcome | null;
  /** A query asked first, because the answer to the command proves less than it seems to. */
  before?: 'ondn' | 'showallcalls';
  /** A query asked after the command, for the same reason. */
  after?: (answered: Outcome) => 'showstatus' | 'showallcalls' | null;
  /**
   * Corrects what the answer to the command says by the answer to that query.
   *
   * @param known null when the query was not asked or got no usable answer
   */
  correct?: (answered: Outcome, known: Outcome | null, given: Given) => Outcome;
  /** Rings a phone of the first DN that begins with the extension (shipped), so `dnregs` is asked before. */
  ringsByPrefix?: true;
  /** Ends the server, which may happen before it answers. */
  endsServer?: true;
  /** A `destination` that `allowDestinations` governs. */
  dials?: true;
}

/** The number that each action of `record` is sent as, and what the recording is then. */
const recordActions: Readonly<Record<string, [code: number, recording: Recording]>> = {
  start: [0, 'on'],
  stop: [1, 'off'],
  pause: [2, 'paused'],
  resume: [3, 'on'],
};

const notUnderstood = /^idle$/i;
const extension = ['extension'] as const;

/**
 * The twenty operations of the API, and `save`, which is not documented: how each is asked, and how its answer is read.
 * Everything else derives from this table. Paths and answers: documented in the interface document of 17 February 2022,
 * or shipped in the server that people run; where they differ, the entry says so.
 */
export const operations = {
  // Documented: "open calls in HTML", records with `:` and CCID; shipped: with `;` and the queue.
  showallcalls: {
    kind: 'query',
    arguments: [],
    paths: () => ['/showallcalls'],
    read: (_text, _given, body) => ({ ok: true, connections: connectionsOf(body) }),
  },
  // Shipped: `Web` too; `0` is dialled without a call id, `null` means no such phone.
  makecall: {
    kind: 'command',
    arguments: ['extension', 'destination', 'phone'],
    paths: ({ extension, destination, phone }) => [`/makecall/${extension}/${destination}/${phone}`],
    read: readDialled,
    before: 'ondn',
    correct: confirmNewCall,
    ringsByPrefix: true,
    dials: true,
  },
  // ready, notready and logout set the profile before they look at the queues; a fork answers `true` and leaves it alone.
  ready: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/ready/${extension}`],
    read: readQueueAnswer,
    after: () => 'showstatus',
    correct: addProfile,
  },
  // The document's `/ready/` is a slip, and would do the opposite: so there is no other form to try.
  notready: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/notready/${extension}`],
    read: readQueueAnswer,
    after: () => 'showstatus',
    correct: addProfile,
  },
  logout: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/logout/${extension}`],
    read: readQueueAnswer,
    after: () => 'showstatus',
    correct: addProfile,
  },
  // Documented: extension, action. Shipped: the other way round. For one queue there is only `save`.
  login: {
    kind: 'command',
    arguments: ['extension', 'action'],
    optional: ['queue'],
    paths: ({ extension, action, ...optional }) =>
      'queue' in optional
        ? [`/save/${action === 'login_all' ? 'login_only_to' : 'logout_only_from'}/${extension}/${optional.queue}`]
        : [`/login/${extension}/${action}`, `/login/${action}/${extension}`],
    otherPathOn: /is not a valid extension\.?$/i,
    read: readQueueAnswer,
  },
  // The oldest build takes the extension as a prefix, and answers with the phone of another one.
  dnregs: {
    kind: 'query',
    arguments: extension,
    paths: ({ extension }) => [`/dnregs/${extension}`],
    read: (text, { extension }) => {
      if (/^error$/i.test(text)) return { ok: true, registration: null };
      const registration = registrationOf(text);
      return registration && { ok: true, registration: isOfAnother(extension, registration) ? null : registration };
    },
  },
  // Documented: "active connection data". Shipped: the call id of the last call, `0` when idle.
  ondn: {
    kind: 'query',
    arguments: extension,
    paths: ({ extension }) => [`/ondn/${extension}`],
    read: (text) => {
      if (text === '0') return { ok: true, callId: null };
      if (/^ID=\d/.test(text)) return { ok: true, callId: null, connections: connectionsOf(text) };
      const callId = callIdOf(text);
      return callId === null ? null : { ok: true, callId };
    },
  },
  getcallerid: {
    kind: 'query',
    arguments: extension,
    paths: ({ extension }) => [`/getcallerid/${extension}`],
    read: (text) => {
      if (/^idle$/i.test(text)) return { ok: true, idle: true, number: null, queue: null };
      const caller = callerOf(text);
      return caller === null ? null : { ok: true, idle: false, ...caller };
    },
  },
  drop: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/drop/${extension}`],
    read: readBoolean('no-call'),
  },
  // Documented: `true` / `false`. Shipped: the id of the extension's last call, which need not be the answered one.
  answer: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/answer/${extension}`],
    read: (text) => {
      if (/^(null|false)$/i.test(text)) return { ok: false, reason: 'no-call' };
      if (text === '0' || booleanOf(text) === true) return { ok: true, callId: null };
      const callId = callIdOf(text);
      return callId === null ? null : { ok: true, callId };
    },
    before: 'showallcalls',
    correct: (answered, list, { extension }) =>
      answered.ok && !isSingleCall(extension, list?.connections ?? []) ? { ...answered, callId: null } : answered,
  },
  record: {
    kind: 'command',
    arguments: ['extension', 'recordAction'],
    paths: ({ extension, recordAction }) => [`/record/${extension}/${recordActions[recordAction]?.[0]}`],
    read: (text, { recordAction }) => {
      const outcome = readBoolean('no-call')(text);
      const recording = recordActions[recordAction]?.[1] ?? 'off';
      return outcome?.ok ? { ...outcome, recording } : outcome;
    },
  },
  // Documented with a capital, which shipped answers with `idle` and does nothing for.
  transfer: {
    kind: 'command',
    arguments: ['extension', 'destination'],
    paths: ({ extension, destination }) => [
      `/transfer/${extension}/${destination}`,
      `/Transfer/${extension}/${destination}`,
    ],
    otherPathOn: notUnderstood,
    read: readBoolean('no-call'),
    dials: true,
  },
  park: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/park/${extension}/`],
    read: readBoolean('no-call'),
  },
  // Documented: without the phone, `true` / `false`. Shipped: needs it, and answers as makecall does.
  unpark: {
    kind: 'command',
    arguments: ['extension', 'phone'],
    paths: ({ extension, phone }) => [`/unpark/${extension}/${phone}`, `/unpark/${extension}/`],
    otherPathOn: notUnderstood,
    read: readDialled,
    before: 'ondn',
    correct: confirmNewCall,
    ringsByPrefix: true,
  },
  // Shipped: `true` as well for an extension without a `3CXPhone for Windows`, and then nothing is joined.
  atttrans: {
    kind: 'command',
    arguments: extension,
    paths: ({ extension }) => [`/atttrans/${extension}/`],
    read: readBoolean('no-call'),
    after: ({ ok }) => (ok ? 'showallcalls' : null),
    correct: confirmJoined,
  },
  setstatus: {
    kind: 'command',
    arguments: ['extension', 'profile'],
    paths: ({ extension, profile }) => [`/setstatus/${extension}/${profile}`],
    read: (text, { profile: wanted }) => {
      if (booleanOf(text) === false) return { ok: false, reason: 'refused', profile: null, profileName: null };
      const answer = profileAnswerOf(text);
      if (answer === null) return null;
      const isOther = answer.profile !== null && answer.profile !== wanted;
      return isOther ? { ok: false, reason: 'refused', ...answer } : { ok: true, ...answer };
    },
  },
  // Documented with a second argument of no meaning, which shipped ignores.
  showstatus: {
    kind: 'query',
    arguments: extension,
    paths: ({ extension }) => [`/showstatus/${extension}`, `/showstatus/${extension}/show`],
    otherPathOn: notUnderstood,
    read: (text) => {
      const answer = profileAnswerOf(text);
      return answer && { ok: true, ...answer };
    },
  },
  // Documented without an answer; shipped recognises it, does nothing and answers `idle`.
  divert: {
    kind: 'command',
    arguments: ['extension', 'destination'],
    paths: ({ extension, destination }) => [`/divert/${extension}/${destination}`],
    read: readBoolean('refused'),
    dials: true,
  },
  stop: {
    kind: 'command',
    arguments: [],
    paths: () => ['/stop'],
    // Most builds (shipped) stop listening first, and the answer is empty then.
    read: (text, _given, body) =>
      /stopped/i.test(text) || booleanOf(text) === true || body.trim() === '' ? { ok: true } : null,
    endsServer: true,
  },
  // Shipped only: log-in to one queue. `login_only_to` logs out of every other queue; a queue that the agent is not in
  // logs in to all of them.
  save: {
    kind: 'command',
    arguments: ['queueAction', 'extension', 'queue'],
    paths: ({ queueAction, extension, queue }) => [`/save/${queueAction}/${extension}/${queue}`],
    read: readQueueAnswer,
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** @returns the table's entry, with the optional columns */
export function operationOf(name: OperationName): Operation {
  return operations[name];
}

/** Did the server understand the operation? An unknown one is answered with `idle`, as is a phone without a call. */
export function isUnknownOperation(name: OperationName, body: string): boolean {
  return name !== 'getcallerid' && notUnderstood.test(unwrap(body));
}

function readBoolean(reason: RefusalReason): (text: string) => Outcome | null {
  return (text) => {
    const answer = booleanOf(text);
    if (answer === null) return null;
    return answer ? { ok: true } : { ok: false, reason };
  };
}

function readDialled(text: string): Outcome | null {
  if (/^(null|false)$/i.test(text)) return { ok: false, reason: 'no-phone' };
  if (text === '0') return { ok: true, callId: null, confirmed: false };
  if (booleanOf(text) === true) return { ok: true, callId: null, confirmed: true };
  const callId = callIdOf(text);
  return callId === null ? null : { ok: true, callId, confirmed: true };
}

function readQueueAnswer(text: string): Outcome | null {
  const reason = queueRefusalOf(text);
  return reason === null ? readBoolean('refused')(text) : { ok: false, reason };
}

/** The shipped server answers with the extension's last call, be it the new one or not. */
function confirmNewCall(answered: Outcome, before: Outcome | null): Outcome {
  if (!answered.ok || answered.callId == null) return answered;
  const idsBefore = [before?.callId, ...(before?.connections ?? []).map(({ id }) => id)];
  const isNew = before !== null && !idsBefore.includes(answered.callId);
  return isNew ? answered : { ...answered, callId: null, confirmed: false };
}

function addProfile(answered: Outcome, status: Outcome | null): Outcome {
  const { profile = null, profileName = null } = status ?? {};
  return { ...answered, profile, profileName };
}

/** Joined are the calls when the extension has left both, and the two others are still there. */
function confirmJoined(answered: Outcome, list: Outcome | null, { extension }: Given): Outcome {
  if (!answered.ok) return answered;
  const { connections = [] } = list ?? {};
  const hasLeft = connections.every((connection) => connection.extension !== extension);
  return { ...answered, confirmed: hasLeft && connections.length >= 2 };
}
