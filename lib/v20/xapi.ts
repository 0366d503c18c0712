import { type Answer } from './wire';
import type { Client } from './client';
import { type Presence, profileOf, ThreeCxError } from '../pbx';
import type { Verdict } from './call-list';
import { field, isObject, numberField, parseJson, textField } from './json';
import { errorTextOf, plainType } from './participants';

/** An extension's user, as far as the nodes need it. */
export interface User {
  id: number;
  profileName: string | null;
  queueStatus: string;
  /** The raw text of the answer. */
  text: string;
}

export type UserChange = { CurrentProfileName: string } | { QueueStatus: 'LoggedIn' | 'LoggedOut' };

/** The result of changing a user. */
export type Changed = { isDone: true; text: string } | { isDone: false; text: string; detail: string };

/** A DN as the PBX lists it. */
export interface Peer {
  number: string;
  name: string;
  type: string;
}

/** Nobody waits for what is only watched, in ms. */
const maxLookUpTimeout = 4_000;

const base = '/xapi/v1';
/** The PBX refuses more. */
const pageSize = 100;
const maxPages = 100;
const forbidden =
  'the Configuration API is not allowed: tick it for this API client, and give the client the role System Admin or ' +
  'System Owner';

/** The Configuration API (XAPI). */
export class Xapi {
  /** @param isUrgent whether what is read is for operations */
  constructor(
    private readonly client: Client,
    private readonly isUrgent = false,
  ) {}

  /**
   * @returns its version; null when it doesn't tell
   * @throws ThreeCxError `unauthorized` when the API is not allowed
   */
  async probe(): Promise<string | null> {
    const { version } = await this.get('/Defs?$select=Id');
    // Any role may read that; users are for administrators.
    const users = await this.get('/Users?$top=1&$select=Id');
    return version ?? users.version;
  }

  /** @returns null for a number that is no extension */
  async user(extension: string): Promise<User | null> {
    const filter = encodeURIComponent(`Number eq ${quoted(extension)}`);
    const { text } = await this.get(`/Users?$filter=${filter}&$select=Id,Number,CurrentProfileName,QueueStatus`);
    const user = rowsOf(text).find((row) => textField(row, 'Number') === extension);
    if (user === undefined) return null;
    const id = numberField(user, 'Id');
    if (id === null) throw foreign();
    return { id, ...userTold(user), text };
  }

  /**
   * @param extensions of which ones; null for all
   * @returns their profiles and log-ins, by extension; the others that the PBX lists on the way are there too
   */
  async presences(extensions: readonly string[] | null): Promise<ReadonlyMap<string, Presence>> {
    const found = new Map<string, Presence>();
    const timeout = Math.min(this.client.timeout, maxLookUpTimeout);
    const select = '$select=Number,CurrentProfileName,QueueStatus';
    for await (const rows of this.pages(`/Users?${select}`, timeout)) {
      for (const row of rows) {
        const number = textField(row, 'Number');
        if (number !== '') found.set(number, presenceOf(userTold(row)));
      }
      if (extensions?.every((extension) => found.has(extension))) break;
    }
    return found;
  }

  async change({ id }: User, change: UserChange): Promise<Changed> {
    const path = `${base}/Users(${id})`;
    const { status, text } = await this.client.command('PATCH', change, { path, forbidden });
    if (status < 300) return { isDone: true, text };
    return { isDone: false, text, detail: errorTextOf(parseJson(text)) || `HTTP ${status}` };
  }

  /** Is the extension an agent of a queue? */
  async isAgent(extension: string): Promise<boolean> {
    const queues = await this.all('/Queues?$expand=Agents&$select=Id,Number,Name');
    return queues.some((queue) => {
      const agents = field(queue, 'Agents');
      return Array.isArray(agents) && agents.some((agent) => textField(agent, 'Number') === extension);
    });
  }

  async peers(): Promise<Peer[]> {
    const rows = await this.all('/Peers?$select=Number,Name,Type');
    return rows.flatMap((row) => {
      const number = textField(row, 'Number');
      return number === '' ? [] : [{ number, name: textField(row, 'Name'), type: plainType(textField(row, 'Type')) }];
    });
  }

  /** @returns the codes that park a call and fetch it; empty where the PBX reports no codes */
  async parkingCodes(): Promise<{ park: string; unpark: string }> {
    const settings = parseJson((await this.get('/DialCodeSettings')).text);
    return { park: textField(settings, 'DialCodePark'), unpark: textField(settings, 'DialCodeUnpark') };
  }

  /**
   * How a call goes on of which no participant can be seen.
   *
   * @param typeOf what a DN is, in lower case; empty when that is not known
   */
  async verdictOn(callId: string, typeOf: (dn: string) => string): Promise<Verdict> {
    const { text } = await this.get(`/ActiveCalls?$filter=${encodeURIComponent(`Id eq ${callId}`)}`);
    const call = rowsOf(text).find((row) => textField(row, 'Id') === callId);
    if (call === undefined) return 'over';
    if (textField(call, 'Status').toLowerCase() !== 'talking') return 'waiting';
    const [callee = ''] = textField(call, 'Callee').trim().split(/\s/, 1);
    const type = typeOf(callee);
    return type === 'extension' || type === 'externalline' ? 'taken' : 'waiting';
  }

  private async all(path: string): Promise<unknown[]> {
    const rows: unknown[] = [];
    for await (const more of this.pages(path)) rows.push(...more);
    return rows;
  }

  /** The rows of a list, page by page. */
  private async *pages(path: string, timeout?: number): AsyncGenerator<unknown[]> {
    let count = 0;
    for (let page = 0; page < maxPages; page++) {
      const { text } = await this.get(`${path}&$top=${pageSize}&$skip=${count}`, timeout);
      const more = rowsOf(text);
      yield more;
      count += more.length;
      // A PBX may give fewer than were asked for.
      if (more.length === 0 || (more.length < pageSize && !text.includes('@odata.nextLink'))) break;
    }
  }

  private async get(path: string, timeout = this.client.timeout): Promise<Answer> {
    const { isUrgent } = this;
    const answer = await this.client.read({ path: base + path, forbidden, isUrgent, timeout });
    if (answer.status === 200) return answer;
    throw new ThreeCxError('unexpected-answer', `the Configuration API answered HTTP ${answer.status}`);
  }
}

/** @returns what a user's profile and log-in to the queues are */
export function presenceOf({ profileName, queueStatus }: Pick<User, 'profileName' | 'queueStatus'>): Presence {
  const loggedIn = queueStatus === 'LoggedIn' ? true : queueStatus === 'LoggedOut' ? false : null;
  return { profile: profileName === null ? null : profileOf(profileName), profileName, loggedIn };
}

function userTold(row: unknown): Pick<User, 'profileName' | 'queueStatus'> {
  return { profileName: textField(row, 'CurrentProfileName') || null, queueStatus: textField(row, 'QueueStatus') };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function rowsOf(text: string): unknown[] {
  const rows = field(parseJson(text), 'value');
  if (!Array.isArray(rows) || !rows.every(isObject)) throw foreign();
  return rows;
}

function foreign(): ThreeCxError {
  return new ThreeCxError('unexpected-answer', 'the Configuration API answered with something else than was asked for');
}
