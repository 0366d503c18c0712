import type { ArgumentName, Connection, OperationName, Outcome, Recording, RefusalReason } from '../pbx';
import {
  booleanOf,
  callerOf,
  callIdOf,
  connectionsOf,
  isOfAnother,
  isSingleCall,
  profileAnswerOf,
  queueRefusalOf,
  registrationOf,
  unwrap,
} from './answers';

/** The checked arguments: those of the operation are there, the optional ones where they were given. */
type Given = Readonly<Record<ArgumentName, string>>;

/** How an operation is asked, and how its answer is read. */
interface Request {
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
  /**
   * Where the arguments to send depend on the calls: they are read from the call list, which is asked for first.
   *
   * @returns null when they don't
   */
  byCallList?: (given: Given) => ((connections: readonly Connection[]) => Given | RefusalReason) | null;
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
  /**
   * Rings a phone of the first DN that begins with the extension (community), so `dnregs` is asked before. Its answer also
   * chooses the phone where that is left to us.
   */
  ringsByPrefix?: true;
}

/** The number that each action of `record` is sent as, and what the recording is then. */
const recordActions: Readonly<Record<string, [code: number, recording: Recording]>> = {
  start: [0, 'on'],
  stop: [1, 'off'],
  pause: [2, 'paused'],
  resume: [3, 'on'],
};

/** What `toggle` does, by what the recording is now. */
const toggleActions: Readonly<Record<Recording, string>> = { off: 'start', paused: 'resume', on: 'stop' };

const notUnderstood = /^idle$/i;

type Reading = Omit<Request, 'paths'>;

/** `makecall` and `unpark`: the answer may be the id of a call that was there before. */
const startsCall = {
  read: readDialled,
  before: 'ondn',
  correct: confirmNewCall,
  ringsByPrefix: true,
} satisfies Reading;

/**
 * `ready`, `notready` and `logout` set the profile before they look at the queues; a fork answers `true` and leaves the
 * profile alone.
 */
const changesProfile = { read: readQueueAnswer, after: () => 'showstatus', correct: addProfile } satisfies Reading;

/**
 * The twenty operations over the HTTP API. Paths and answers: documented in the interface document of 17 February 2022, or
 * community, as the server that people run has them; where they differ, the entry says so.
 */
export const requests: Readonly<Record<OperationName, Request>> = {
  // Documented: "open calls in HTML", records with `:` and CCID; community: with `;` and the queue.
  showallcalls: {
    paths: () => ['/showallcalls'],
    read: (_text, _given, body) => ({ ok: true, connections: connectionsOf(body) }),
  },
  // Community: `Web` too; `0` is dialled without a call id, `null` means no such phone.
  makecall: {
    paths: ({ extension, destination, phone }) => [`/makecall/${extension}/${destination}/${phone}`],
    ...startsCall,
  },
  ready: { paths: ({ extension }) => [`/ready/${extension}`], ...changesProfile },
  // The document's `/ready/` is a slip, and would do the opposite: so there is no other form to try.
  notready: { paths: ({ extension }) => [`/notready/${extension}`], ...changesProfile },
  logout: { paths: ({ extension }) => [`/logout/${extension}`], ...changesProfile },
  // Documented: extension, action. Community: the other way round. For one queue community has `save`: `login_only_to`
  // logs out of every other queue, and a queue that the agent is not in logs in to all of them.
  login: {
    paths: ({ extension, action, ...optional }) =>
      'queue' in optional
        ? [`/save/${action === 'login_all' ? 'login_only_to' : 'logout_only_from'}/${extension}/${optional.queue}`]
        : [`/login/${extension}/${action}`, `/login/${action}/${extension}`],
    otherPathOn: /is not a valid extension\.?$/i,
    read: readQueueAnswer,
  },
  // The oldest build takes the extension as a prefix, and answers with the phone of another one.
  dnregs: {
    paths: ({ extension }) => [`/dnregs/${extension}`],
    read: (text, { extension }) => {
      if (/^error$/i.test(text)) return { ok: true, registration: null };
      const registration = registrationOf(text);
      return registration && { ok: true, registration: isOfAnother(extension, registration) ? null : registration };
    },
  },
  // Documented: "active connection data". Community: the call id of the last call, `0` when idle.
  ondn: {
    paths: ({ extension }) => [`/ondn/${extension}`],
    read: (text) => {
      if (text === '0') return { ok: true, callId: null };
      if (/^ID=\d/.test(text)) return { ok: true, callId: null, connections: connectionsOf(text) };
      const callId = callIdOf(text);
      return callId === null ? null : { ok: true, callId };
    },
  },
  getcallerid: {
    paths: ({ extension }) => [`/getcallerid/${extension}`],
    read: (text) => {
      if (/^idle$/i.test(text)) return { ok: true, idle: true, number: null, queue: null };
      const caller = callerOf(text);
      return caller === null ? null : { ok: true, idle: false, ...caller };
    },
  },
  drop: {
    paths: ({ extension }) => [`/drop/${extension}`],
    read: readBoolean('no-call'),
  },
  // Documented: `true` / `false`. Community: the id of the extension's last call, which need not be the answered one.
  answer: {
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
  // Community: acts on the extension's last connected call.
  record: {
    byCallList: (given) => (given.recordAction === 'toggle' ? (list) => toggled(given, list) : null),
    paths: ({ extension, recordAction }) => [`/record/${extension}/${recordActions[recordAction]?.[0]}`],
    read: (text, { recordAction }) => {
      const outcome = readBoolean('no-call')(text);
      const recording = recordActions[recordAction]?.[1] ?? 'off';
      return outcome?.ok ? { ...outcome, recording } : outcome;
    },
  },
  // Documented with a capital, which community answers with `idle` and does nothing for.
  transfer: {
    paths: ({ extension, destination }) => [
      `/transfer/${extension}/${destination}`,
      `/Transfer/${extension}/${destination}`,
    ],
    otherPathOn: notUnderstood,
    read: readBoolean('no-call'),
  },
  park: {
    paths: ({ extension }) => [`/park/${extension}/`],
    read: readBoolean('no-call'),
  },
  // Documented: without the phone, `true` / `false`. Community: needs it, and answers as makecall does.
  unpark: {
    paths: ({ extension, phone }) => [`/unpark/${extension}/${phone}`, `/unpark/${extension}/`],
    otherPathOn: notUnderstood,
    ...startsCall,
  },
  // Community: `true` as well for an extension without a `3CXPhone for Windows`, and then nothing is joined.
  atttrans: {
    paths: ({ extension }) => [`/atttrans/${extension}/`],
    read: readBoolean('no-call'),
    after: ({ ok }) => (ok ? 'showallcalls' : null),
    correct: confirmJoined,
  },
  setstatus: {
    paths: ({ extension, profile }) => [`/setstatus/${extension}/${profile}`],
    read: (text, { profile: wanted }) => {
      if (booleanOf(text) === false) return { ok: false, reason: 'refused', profile: null, profileName: null };
      const answer = profileAnswerOf(text);
      if (answer === null) return null;
      const isOther = answer.profile !== null && answer.profile !== wanted;
      return isOther ? { ok: false, reason: 'refused', ...answer } : { ok: true, ...answer };
    },
  },
  // Documented with a second argument of no meaning, which community ignores.
  showstatus: {
    paths: ({ extension }) => [`/showstatus/${extension}`, `/showstatus/${extension}/show`],
    otherPathOn: notUnderstood,
    read: (text) => {
      const answer = profileAnswerOf(text);
      return answer && { ok: true, ...answer };
    },
  },
  // Documented without an answer; community recognises it, does nothing and answers `idle`.
  divert: {
    paths: ({ extension, destination }) => [`/divert/${extension}/${destination}`],
    read: readBoolean('refused'),
  },
  stop: {
    paths: () => ['/stop'],
    // Most builds (community) stop listening first, and the answer is empty then.
    read: (text, _given, body) =>
      /stopped/i.test(text) || booleanOf(text) === true || body.trim() === '' ? { ok: true } : null,
  },
};

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

/** @returns the action that changes the recording of the extension's connected call */
function toggled(given: Given, connections: readonly Connection[]): Given | RefusalReason {
  const call = connections.findLast(({ extension, status }) => extension === given.extension && status === 'connected');
  if (call === undefined) return 'no-call';
  return { ...given, recordAction: toggleActions[call.recording ?? 'off'] };
}

function readQueueAnswer(text: string): Outcome | null {
  const reason = queueRefusalOf(text);
  return reason === null ? readBoolean('refused')(text) : { ok: false, reason };
}

/** The community server answers with the extension's last call, whether it is the new one or not. */
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

/** The calls are joined when the extension has left both, and the two others are still there. */
function confirmJoined(answered: Outcome, list: Outcome | null, { extension }: Given): Outcome {
  if (!answered.ok) return answered;
  const { connections = [] } = list ?? {};
  const hasLeft = connections.every((connection) => connection.extension !== extension);
  return { ...answered, confirmed: hasLeft && connections.length >= 2 };
}
