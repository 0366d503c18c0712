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

/** The checked arguments: all required ones, and the optional ones that were given. */
type Given = Readonly<Record<ArgumentName, string>>;

/** How to request an operation, and how to read its answer. */
interface Request {
  /** The form to try first, and a second one where the two servers differ. */
  paths: (given: Given) => readonly [string] | readonly [string, string];
  /** The answer of a server that did not understand the first form, and so did nothing. */
  otherPathOn?: RegExp;
  /**
   * Reads an answer.
   *
   * @param text the answer, unwrapped
   * @param body the answer, as received
   * @returns null when no server of ours gives this answer
   * @throws ThreeCxError `unexpected-answer`
   */
  read: (text: string, given: Given, body: string) => Outcome | null;
  /**
   * Finds the arguments that depend on the calls. The client requests the call list first.
   *
   * @returns null when no argument depends on the calls
   */
  byCallList?: (given: Given) => ((connections: readonly Connection[]) => Given | RefusalReason) | null;
  /** A query to send before the command, because the answer to the command proves less than it seems to. */
  before?: 'ondn' | 'showallcalls';
  /** A query to send after the command, for the same reason. */
  after?: (answered: Outcome) => 'showstatus' | 'showallcalls' | null;
  /**
   * Corrects the result of the command by the answer to that query.
   *
   * @param known null when the query was not sent or got no usable answer
   */
  correct?: (answered: Outcome, known: Outcome | null, given: Given) => Outcome;
  /**
   * The operation rings a phone of the first DN that begins with the extension (community), so the client sends
   * `dnregs` first. The answer also chooses the phone for `Auto`.
   */
  ringsByPrefix?: true;
}

/** The number that is sent for each action of `record`, and the state of the recording after it. */
const recordActions: Readonly<Record<string, [code: number, recording: Recording]>> = {
  start: [0, 'on'],
  stop: [1, 'off'],
  pause: [2, 'paused'],
  resume: [3, 'on'],
};

/** The action that `toggle` stands for, by the state of the recording. */
const toggleActions: Readonly<Record<Recording, string>> = { off: 'start', paused: 'resume', on: 'stop' };

const notUnderstood = /^idle$/i;

type Reading = Omit<Request, 'paths'>;

/** Shared by `makecall` and `unpark`, which may answer with the id of an older call. */
const startsCall = {
  read: readDialled,
  before: 'ondn',
  correct: confirmNewCall,
  ringsByPrefix: true,
} satisfies Reading;

/**
 * Shared by `ready`, `notready` and `logout`, which set the profile before they look at the queues. One fork answers
 * `true` without changing the profile.
 */
const changesProfile = { read: readQueueAnswer, after: () => 'showstatus', correct: addProfile } satisfies Reading;

/**
 * The twenty operations over the HTTP API. “Documented” is the interface document of 17 February 2022, “community” the
 * server that people run. An entry says where they differ.
 */
export const requests: Readonly<Record<OperationName, Request>> = {
  // Documented: "open calls in HTML", records with `:` and CCID; community: with `;` and the queue.
  showallcalls: {
    paths: () => ['/showallcalls'],
    read: (_text, _given, body) => ({ ok: true, connections: connectionsOf(body) }),
  },
  // Community: also has `Web`. `0` means that it dialled but has no call id, `null` that it found no such phone.
  makecall: {
    paths: ({ extension, destination, phone }) => [`/makecall/${extension}/${destination}/${phone}`],
    ...startsCall,
  },
  ready: { paths: ({ extension }) => [`/ready/${extension}`], ...changesProfile },
  // The document's `/ready/` is a slip that would do the opposite, so there is no second form to try.
  notready: { paths: ({ extension }) => [`/notready/${extension}`], ...changesProfile },
  logout: { paths: ({ extension }) => [`/logout/${extension}`], ...changesProfile },
  // Documented: extension, action. Community: action, extension. For one queue the community server has `save`:
  // `login_only_to` logs out of every other queue, and for a queue without the agent it logs in to all of them.
  login: {
    paths: ({ extension, action, ...optional }) =>
      'queue' in optional
        ? [`/save/${action === 'login_all' ? 'login_only_to' : 'logout_only_from'}/${extension}/${optional.queue}`]
        : [`/login/${extension}/${action}`, `/login/${action}/${extension}`],
    otherPathOn: /is not a valid extension\.?$/i,
    read: readQueueAnswer,
  },
  // The oldest build takes the extension as a prefix, and may answer with the phone of another extension.
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
  // Documented: `true` / `false`. Community: the id of the extension's last call, which is not always the answered one.
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
  // Community: records the extension's last connected call.
  record: {
    byCallList: (given) => (given.recordAction === 'toggle' ? (list) => toggled(given, list) : null),
    paths: ({ extension, recordAction }) => [`/record/${extension}/${recordActions[recordAction]?.[0]}`],
    read: (text, { recordAction }) => {
      const outcome = readBoolean('no-call')(text);
      const recording = recordActions[recordAction]?.[1] ?? 'off';
      return outcome?.ok ? { ...outcome, recording } : outcome;
    },
  },
  // Documented with a capital. The community server answers that form with `idle` and does nothing.
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
  // Documented: no phone, `true` / `false`. Community: needs a phone, and answers like makecall.
  unpark: {
    paths: ({ extension, phone }) => [`/unpark/${extension}/${phone}`, `/unpark/${extension}/`],
    otherPathOn: notUnderstood,
    ...startsCall,
  },
  // Community: answers `true` even for an extension without a `3CXPhone for Windows`, and then joins nothing.
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
  // Documented with a second argument that means nothing. The community server ignores it.
  showstatus: {
    paths: ({ extension }) => [`/showstatus/${extension}`, `/showstatus/${extension}/show`],
    otherPathOn: notUnderstood,
    read: (text) => {
      const answer = profileAnswerOf(text);
      return answer && { ok: true, ...answer };
    },
  },
  // Documented without an answer. The community server recognises it, does nothing and answers `idle`.
  divert: {
    paths: ({ extension, destination }) => [`/divert/${extension}/${destination}`],
    read: readBoolean('refused'),
  },
  stop: {
    paths: () => ['/stop'],
    // Most builds (community) stop listening before they answer, so the answer is empty.
    read: (text, _given, body) =>
      /stopped/i.test(text) || booleanOf(text) === true || body.trim() === '' ? { ok: true } : null,
  },
};

/** Did the server not know the operation? It answers an unknown one with `idle`, and also a phone without a call. */
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

/** Removes the call id unless the call is new: the community server answers with the extension's last call. */
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

/** Confirms a transfer when the extension has left both calls, and the two others are still there. */
function confirmJoined(answered: Outcome, list: Outcome | null, { extension }: Given): Outcome {
  if (!answered.ok) return answered;
  const { connections = [] } = list ?? {};
  const hasLeft = connections.every((connection) => connection.extension !== extension);
  return { ...answered, confirmed: hasLeft && connections.length >= 2 };
}
