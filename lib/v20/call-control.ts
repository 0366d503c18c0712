import { ThreeCxError } from '../pbx';
import type { Client } from './client';
import { field, parseJson } from './json';
import {
  type ActionResult,
  actionResultOf,
  type Device,
  devicesOf,
  type Dn,
  dnOf,
  dnsOf,
  errorTextOf,
  type Participant,
  participantOf,
  participantsOf,
} from './participants';
import type { Answer } from './wire';

/** How long the phone that is to call may take to ring and be picked up, in s and ms: it may have to wake. */
const ringSeconds = 30;
export const callTimeout = 35_000;
/** A transfer is answered only when somebody has answered at the destination, in ms. */
export const transferTimeout = 60_000;

export type Action = 'drop' | 'answer' | 'divert' | 'transferto';

/** The outcome of a command; `isGone` when its subject does not exist. */
export type Carried = ActionResult & { isGone: boolean; text: string };

/** The Call Control API over REST. */
export class CallControl {
  /** @param isUrgent whether what is read is for operations */
  constructor(
    private readonly client: Client,
    private readonly isUrgent = false,
  ) {}

  /**
   * Every DN that the API client may see, with what happens there; and the raw text. It waits for no question about a
   * single participant: where too many of those wait, it stands in for them.
   */
  async list(): Promise<{ dns: Dn[]; text: string }> {
    const { status, text } = await this.client.read({ path: '/callcontrol', forbidden: notAllowed, isUrgent: true });
    const dns = status === 200 ? dnsOf(parseJson(text)) : null;
    if (dns === null) throw foreign(status);
    return { dns, text };
  }

  /** @returns null when there is no such DN */
  async dn(dn: string): Promise<Dn | null> {
    return (await this.read(dn, '', dnOf))?.value ?? null;
  }

  async participants(dn: string): Promise<{ value: Participant[]; text: string }> {
    const found = await this.read(dn, '/participants', (value) => participantsOf(value, dn));
    if (found === null) throw new ThreeCxError('unauthorized', notChosen(dn));
    return found;
  }

  /** @returns null when it is gone */
  async participant(dn: string, id: string): Promise<Participant | null> {
    const path = `/participants/${encodeURIComponent(id)}`;
    return (await this.read(dn, path, (value) => participantOf(value, dn)))?.value ?? null;
  }

  async devices(dn: string): Promise<{ value: Device[]; text: string }> {
    const found = await this.read(dn, '/devices', devicesOf);
    if (found === null) throw new ThreeCxError('unauthorized', notChosen(dn));
    return found;
  }

  makeCall(dn: string, device: Device, destination: string): Promise<Carried> {
    const path = `/devices/${encodeURIComponent(device.id)}/makecall`;
    return this.command(dn, path, { destination, timeout: ringSeconds }, callTimeout);
  }

  act(dn: string, { id }: Participant, action: Action, destination?: string): Promise<Carried> {
    const path = `/participants/${encodeURIComponent(id)}/${action}`;
    const isSlow = action === 'divert' || action === 'transferto';
    const body = destination === undefined ? {} : { destination, timeout: ringSeconds };
    return this.command(dn, path, body, isSlow ? transferTimeout : 0);
  }

  private async read<T>(
    dn: string,
    rest: string,
    read: (value: unknown) => T | null,
  ): Promise<{ value: T; text: string } | null> {
    const { isUrgent } = this;
    const path = pathOf(dn) + rest;
    const { status, text } = await this.client.read({ path, forbidden: notChosen(dn), isUrgent });
    if (status === 404) return null;
    const value = status === 200 ? read(parseJson(text)) : null;
    if (value === null) throw foreign(status);
    return { value, text };
  }

  private async command(dn: string, rest: string, body: object, timeout: number): Promise<Carried> {
    const answer = await this.client.command('POST', body, {
      path: pathOf(dn) + rest,
      timeout: Math.max(timeout, this.client.timeout),
      forbidden: notChosen(dn),
    });
    return carried(answer);
  }
}

function carried({ status, text }: Answer): Carried {
  if (status === 404) {
    return { isDone: false, isGone: true, detail: errorTextOf(parseJson(text)), participant: null, text };
  }
  const result = actionResultOf(text, status < 300);
  // The PBX refuses by 422 and 424; 400 may be its own too, or that of a web server before it.
  const isOwn = status !== 400 || ['finalstatus', 'reason', 'error'].some((name) => field(parseJson(text), name));
  if (result === null || !isOwn) throw foreign(status);
  return { ...result, detail: result.detail || (result.isDone ? '' : `HTTP ${status}`), isGone: false, text };
}

function pathOf(dn: string): string {
  return `/callcontrol/${encodeURIComponent(dn)}`;
}

const notAllowed = 'the Call Control API is not allowed: tick it for this API client; it needs an Enterprise licence';

function notChosen(dn: string): string {
  return `extension ${dn} is not among those chosen for this API client, or its role doesn't allow this`;
}

function foreign(status: number): ThreeCxError {
  const what = status === 200 ? 'with something else than was asked for' : `HTTP ${status}`;
  return new ThreeCxError('unexpected-answer', `the Call Control API answered ${what}`);
}
