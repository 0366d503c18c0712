import {
  type Connection,
  type ConnectionStatus,
  connectionStatuses,
  type Profile,
  profileNames,
  profileOf,
  type Recording,
  type RefusalReason,
  type Registration,
  ThreeCxError,
} from '../pbx';

/**
 * Removes white space, and the HTML wrapper that some builds put around an answer.
 *
 * @param body an answer, as received
 */
export function unwrap(body: string): string {
  const text = body.trim();
  const inner = text.replace(/^<html>(\s*<head>\s*<\/head>)?\s*<body>/i, '');
  // An end without a beginning is no wrapper: it is part of the text.
  return inner === text ? text : inner.replace(/<\/body>\s*<\/html>$/i, '').trim();
}

/**
 * @throws ThreeCxError `unexpected-answer`. The message never quotes the answer: it gets logged, and the answer may
 *   contain phone numbers
 */
export function unexpected(body: string): ThreeCxError {
  const kind = body.trim() === '' ? 'nothing' : /<(html|!doctype)/i.test(body) ? 'an HTML page' : 'something';
  return new ThreeCxError('unexpected-answer', `the server answered with ${kind} that the 3CX HTTP API does not send`);
}

/** Reads `true` or `false`, in upper or lower case; null for any other text. */
export function booleanOf(text: string): boolean | null {
  if (/^true$/i.test(text)) return true;
  return /^false$/i.test(text) ? false : null;
}

/**
 * Reads a call id. Ids are opaque (community: `00000A5F3C2D1_8`), but contain a digit, which no word does. Null for
 * anything that cannot be an id.
 */
export function callIdOf(text: string): string | null {
  return /^[\w.:-]{1,64}$/.test(text) && /\d/.test(text) ? text : null;
}

/** The sentences with which the queue operations refuse (documented, community). */
export function queueRefusalOf(text: string): RefusalReason | null {
  if (/is not an agent of the queues\.?$/i.test(text)) return 'not-an-agent';
  if (/is not a valid extension\.?$/i.test(text)) return 'not-an-extension';
  return null;
}

/**
 * Reads a status: `    CURRENT_STATUS=Available` (community, showstatus) or the bare name.
 *
 * @returns the profile (null for a name outside the five) and its name, or null when this is no status
 */
export function profileAnswerOf(text: string): { profile: Profile | null; profileName: string } | null {
  const keyed = /^CURRENT_STATUS=(.*)$/is.exec(text)?.[1]?.trim();
  const isName =
    keyed !== undefined || (/^[\p{L}\p{N} ._-]{1,40}$/u.test(text) && !/^(true|false|null|error|\d+)$/i.test(text));
  if (!isName) return null;
  const name = keyed ?? text;
  const profile = profileOf(name);
  return { profile, profileName: profile === null ? name : profileNames[profile] };
}

/**
 * Reads `<id>-<contact>-<user agent>` (community): the contact ends at the first `-` after its `@`.
 *
 * @returns null when the text is no registration
 */
export function registrationOf(text: string): Registration | null {
  const [, id, rest = ''] = /^(\d+)-(.*)$/s.exec(text) ?? [];
  const contactEnd = rest.indexOf('-', Math.max(rest.indexOf('@'), 0));
  if (id === undefined || contactEnd < 0) return null;
  return { id, contact: rest.slice(0, contactEnd), userAgent: rest.slice(contactEnd + 1) };
}

/**
 * Finds out which kind of phone is registered, by the rules by which the server looks for a phone (community).
 *
 * @param registration the extension's first; undefined for a server that has no `dnregs`
 */
export function phoneOf(registration: Registration | null | undefined): 'Soft' | 'Web' | 'Desktop' {
  if (!registration || registration.userAgent.includes('3CXPhone for Windows')) return 'Soft';
  return registration.userAgent.includes('3CX') ? 'Web' : 'Desktop';
}

/**
 * Does the registration belong to another extension? The user part of its contact, `sip:10@…`, shows that where it is
 * an extension's number. A web client has a random user part.
 */
export function isOfAnother(extension: string, { contact }: Registration): boolean {
  const user = /^<?sips?:(\d+)(?:[:;][^@]*)?@/i.exec(contact)?.[1] ?? '';
  const isExtension = user !== '' && (user.length <= 5 || user.startsWith(extension));
  return isExtension && /^\d+$/.test(extension) && user !== extension;
}

/**
 * Reads `Queue: <name> Anrufer: <number>` (community). The name comes before the number, so the number is everything
 * after the first `Anrufer:`, and a caller cannot pretend to have come through a queue.
 *
 * @returns null for any other text; `number` is null when the caller withholds it
 */
export function callerOf(text: string): { number: string | null; queue: { number: null; name: string } | null } | null {
  const [, head, number = ''] = /^(.*?)(?<=^|\s)Anrufer:(.*)$/is.exec(text) ?? [];
  const queue = /^(?:Queue:(.*))?$/is.exec(head?.trim() ?? 'none');
  if (!queue) return null;
  const name = (queue[1] ?? '').trim();
  return { number: number.trim() || null, queue: name === '' || name === directCall ? null : { number: null, name } };
}

/** The queue's name in the answer of the community server for a call that came through no queue. */
const directCall = 'Direkter Anruf';

/**
 * Reads the connections of `showallcalls`: `ID=…;S=…;DN=…;Queue_Name=…;Queue_Nummer=…;EP=…;REC=…` (community) or
 * `ID=…:CCID=…:S=…:DN=…:EP=…:REC=…` (documented), each record followed by `<br>` or a line break.
 *
 * @param body an answer, as received: an empty one is no answer, one with an empty HTML body is no calls
 * @throws ThreeCxError `unexpected-answer`
 */
export function connectionsOf(body: string): Connection[] {
  return new ListReader().read(body);
}

/** Reads call lists one after the other. Of each list it parses only the records that the previous one did not have. */
export class ListReader {
  private body: string | null = null;
  private connections: Connection[] = [];
  private parsed = new Map<string, Connection>();

  /**
   * See {@link connectionsOf}.
   *
   * @returns the very same array for the same text as before, the very same object for the same record
   */
  read(body: string): Connection[] {
    if (body === this.body) return this.connections;
    const parsed = new Map<string, Connection>();
    const connections = recordsOf(body).map((record) => {
      const connection = this.parsed.get(record) ?? connectionOf(record);
      if (connection === null) throw unexpected(body);
      parsed.set(record, connection);
      return connection;
    });
    this.body = body;
    this.connections = connections;
    this.parsed = parsed;
    return connections;
  }
}

/**
 * Does the extension have exactly one call?
 *
 * When several of its phones ring, one call has several connections. They have the same number and queue, and only
 * ringing phones lie between them in the list. Two callers who withhold their numbers look alike.
 */
export function isSingleCall(extension: string, connections: readonly Connection[]): boolean {
  const isOwn = (connection: Connection): boolean => connection.extension === extension;
  const first = connections.findIndex(isOwn);
  const legs = connections.slice(first, connections.findLastIndex(isOwn) + 1);
  const [leg] = legs;
  if (first < 0 || leg === undefined) return false;
  const isSameCall = ({ status, number, queue }: Connection): boolean =>
    status === 'ringing' && number === leg.number && queue?.number === leg.queue?.number;
  return legs.length === 1 || (leg.number !== '' && legs.every(isSameCall));
}

function recordsOf(body: string): string[] {
  const text = unwrap(body);
  const isHtml = /<body>/i.test(body);
  const isCutOff = isHtml && !/<\/html>\s*$/i.test(body);
  if (isCutOff || (text === '' && !isHtml)) throw unexpected(body);
  return splitRecords(text);
}

/**
 * Splits a list into records. A name or number may contain `<br>` too, so a `<br>` ends a record only where that record
 * is complete, and another record or the end of the text follows. A number that contains both looks like two records.
 */
function splitRecords(text: string): string[] {
  const separator = text.includes('REC=')
    ? /(?:<br ?\/?>|\r?\n)(?<=[;:]REC=\w{0,16}\s{0,8}(?:<br ?\/?>|\r?\n))\s{0,8}(?=ID=\d+[;:]|$)/i
    : /(?:<br ?\/?>|\r?\n)\s{0,8}(?=ID=\d+[;:]|$)/i;
  return text.split(separator).filter((record) => record !== '');
}

/**
 * Reads one record. Two fields are free text: the queue's name, which the PBX' owner chose, and the other party's
 * number, which a caller may choose. The name ends at the first `;Queue_Nummer=…;EP=`, and the number at the last
 * `;REC=`, so a caller can forge no field.
 */
function connectionOf(record: string): Connection | null {
  const separator = /^ID=\d+([;:])/.exec(record)?.[1];
  if (separator === undefined) return null;
  const [head, tail] = halves(record, separator);
  const fields = new Map<string, string>();
  for (const pair of head.split(separator)) {
    const equals = pair.indexOf('=');
    if (equals > 0 && !fields.has(pair.slice(0, equals))) fields.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const { queueName, queueNumber, number, recording } = freeTexts(tail, separator);
  const ccid = fields.get('CCID');
  return {
    id: fields.get('ID') ?? '',
    extension: fields.get('DN') ?? '',
    status: statuses.get(fields.get('S')?.toLowerCase() ?? '') ?? 'undefined',
    number,
    name: null,
    queue: queueNumber === '' || queueNumber === 'null' ? null : { number: queueNumber, name: queueName },
    recording: recordings.get(recording.toLowerCase()) ?? 'off',
    ...(ccid === undefined ? {} : { ccid }),
  };
}

/** Cuts a record before the first of the fields whose values are free text. */
function halves(record: string, separator: string): [string, string] {
  const starts = ['Queue_Name', 'Queue_Nummer', 'EP', 'REC']
    .map((key) => record.indexOf(`${separator}${key}=`))
    .filter((at) => at >= 0);
  const at = starts.length === 0 ? record.length : Math.min(...starts);
  return [record.slice(0, at), record.slice(at)];
}

function freeTexts(
  tail: string,
  separator: string,
): Record<'queueName' | 'queueNumber' | 'number' | 'recording', string> {
  const key = (name: string): string => `${separator}${name}=`;
  const recordingAt = tail.lastIndexOf(key('REC'));
  const recording = recordingAt < 0 ? '' : tail.slice(recordingAt + key('REC').length);
  const texts = recordingAt < 0 ? tail : tail.slice(0, recordingAt);

  // If `EP` comes first, the record has no queue, and text that looks like a queue belongs to the number.
  const queue = texts.startsWith(key('EP'))
    ? null
    : new RegExp(`${key('Queue_Nummer')}([^${separator}]*)(?=${key('EP')}|$)`).exec(texts);
  const numberAt = texts.indexOf(key('EP'), queue?.index ?? 0);
  const nameEnd = queue?.index ?? (numberAt < 0 ? texts.length : numberAt);
  return {
    queueName: texts.startsWith(key('Queue_Name')) ? texts.slice(key('Queue_Name').length, nameEnd) : '',
    queueNumber: queue?.[1] ?? '',
    number: numberAt < 0 ? '' : texts.slice(numberAt + key('EP').length),
    recording: recording.split(separator, 1)[0]?.trim() ?? '',
  };
}

const statuses = new Map<string, ConnectionStatus>(connectionStatuses.map((status) => [status, status]));

/**
 * The values of `REC`, the last recording action. Where the server has no name for an action, `REC` is a number
 * (community).
 */
const recordings = new Map<string, Recording>([
  ['start', 'on'],
  ['resume', 'on'],
  ['pause', 'paused'],
  ['stop', 'off'],
]);
