import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { H3Event } from 'h3' with { 'resolution-mode': 'import' };
import { profileNames, profileOf } from '../lib/pbx';
import { type Fault, faults } from './fault';
import { listen, shutDown } from './listen';
import { Live, type WatchedApi } from './live';
import { type Call, type Extension, type InboundCall, type Pbx, PbxError } from './pbx';
import type { V20Api, V20Server } from './v20/server';

export interface ControlApi {
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** Ends it at once. */
  close(): Promise<void>;
}

/** A request that is refused, with its HTTP status. */
class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const actions = new Map<string, (pbx: Pbx, id: string) => Call>([
  ['answer', (pbx, id) => pbx.answer(id)],
  ['hold', (pbx, id) => pbx.hold(id)],
  ['resume', (pbx, id) => pbx.resume(id)],
  ['hangup', (pbx, id) => pbx.hangup(id)],
  ['connect', (pbx, id) => pbx.connect(id)],
  ['park', (pbx, id) => pbx.park(id)],
]);

/** The files of the page: the path of each, and its type. */
const pageFiles = [
  ['/', 'index.html', 'text/html'],
  ['/page.css', 'page.css', 'text/css'],
  ['/page.js', 'page.js', 'text/javascript'],
] as const;

/** A caller's number and a queue's name may be any text, so only the page's own script may run. */
const pageHeaders = Object.entries({
  'Cache-Control': 'no-cache',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
});

/**
 * Starts the control API, for everything that the HTTP API of a PBX cannot do: calls from outside, people who pick up,
 * hold and hang up, and APIs that fail. It is JSON over HTTP on its own port, with a page to click on; errors are `{
 * status, message }`. All of it is the simulator's own, and no part of the 3CX HTTP API.
 *
 * @param options.port 0 for any free port
 * @throws Error with the system's `code`, such as `EADDRINUSE`
 */
export async function startControlApi(options: {
  readonly pbx: Pbx;
  readonly api: WatchedApi;
  /** Base URL of the 3CX HTTP API. */
  readonly apiUrl: string;
  readonly v20: V20Server | null;
  readonly host: string;
  readonly port: number;
}): Promise<ControlApi> {
  const { pbx, api } = options;
  const live = new Live(pbx, api, options.apiUrl, options.v20);
  const v20 = options.v20?.api ?? null;
  // h3 is an ES module, this package CommonJS.
  const { EventStream, H3, HTTPError, toNodeHandler } = await import('h3');

  /** Errors that a caller can cause become answers; h3 answers all others (500). */
  const answering = (handler: (event: H3Event) => unknown) => async (event: H3Event) => {
    try {
      return await handler(event);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      throw new HTTPError({ status, message: (error as Error).message });
    }
  };

  const app = new H3()
    .use(answering(({ req }) => checkOrigin(req)))
    .get(
      '/api/state',
      answering(() => pbx.state()),
    )
    .get('/api/events', (event) => {
      const stream = new EventStream(event);
      live.tell(stream);
      return stream;
    })
    .post(
      '/api/calls',
      answering(async (event) => {
        const call = pbx.inbound(inboundCall(await readJson(event), pbx));
        event.res.status = 201;
        return call;
      }),
    )
    .delete(
      '/api/calls',
      answering((event) => {
        pbx.clearCalls();
        event.res.status = 204;
      }),
    )
    .post(
      '/api/extensions/:number/calls',
      answering(async (event) => {
        const call = callFrom(event.context.params?.number ?? '', destination(await readJson(event)), pbx);
        event.res.status = 201;
        return call;
      }),
    )
    .patch(
      '/api/extensions/:number',
      answering(async (event) => change(event.context.params?.number ?? '', await readJson(event), pbx)),
    )
    .get(
      '/api/faults',
      answering(() => faultsOf(api, v20)),
    )
    .patch(
      '/api/faults',
      answering(async (event) => {
        await setFaults(await readJson(event), api, v20);
        return faultsOf(api, v20);
      }),
    )
    .post(
      '/api/connections/:id/transfer',
      answering(async (event) => pbx.transfer(event.context.params?.id ?? '', destination(await readJson(event)))),
    )
    .post(
      '/api/connections/:id/record',
      answering(async (event) => pbx.record(event.context.params?.id ?? '', recording(await readJson(event)))),
    )
    .post(
      '/api/connections/:id/forward',
      answering(async (event) => {
        const { number, ringsOn } = forwarding(await readJson(event));
        return pbx.forward(event.context.params?.id ?? '', number, { ringsOn });
      }),
    )
    .post(
      '/api/connections/:id/:action',
      answering(({ context }) => {
        const { id = '', action = '' } = context.params ?? {};
        const act = actions.get(action);
        if (act === undefined) throw new RequestError(404, `There is no action ${JSON.stringify(action)}.`);
        return act(pbx, id);
      }),
    );
  for (const [path, file, type] of pageFiles) {
    app.get(path, ({ res }) => {
      for (const [name, value] of pageHeaders) res.headers.set(name, value);
      res.headers.set('Content-Type', `${type}; charset=utf-8`);
      return readFile(join(__dirname, 'page', file));
    });
  }

  const handle = toNodeHandler(app);
  const server = createServer((request, response) => void handle(request, response));
  const url = await listen(server, options.port, options.host, 'control-port');
  return { url, close: () => shutDown(server) };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof RequestError) return error.status;
  if (error instanceof PbxError) return error.reason === 'unknown' ? 404 : 409;
  return undefined;
}

/**
 * Checks the origin of a change. Browsers send it with each change; other programs don't.
 *
 * @throws RequestError 403 for another web page that happens to be open in the same browser
 */
function checkOrigin({ method, headers }: Request): void {
  const origin = headers.get('Origin');
  if (origin === null || method === 'GET' || origin === `http://${headers.get('Host')}`) return;
  throw new RequestError(403, `Pages of ${origin} may not change anything here.`);
}

async function readJson(event: H3Event): Promise<unknown> {
  try {
    return await event.req.json();
  } catch {
    throw new RequestError(400, 'The body is not JSON.');
  }
}

/**
 * Checks the body of `POST /api/calls`.
 *
 * @throws RequestError 400 with what is wrong
 */
function inboundCall(body: unknown, pbx: Pbx): InboundCall {
  const fields = fieldsOf(body, ['number', 'extension', 'queue'], '{"extension": "10", "number": "+49301234"}');
  // An empty number is a caller who withholds it. Control characters, and characters that would split a record, are
  // refused.
  const number = text(fields, 'number', /^[^\p{Cc};<>]{0,64}$/u, 'text without control characters, ; < >');
  const extension = text(fields, 'extension', /^.+$/, 'text');
  const queue = text(fields, 'queue', /^[0-9A-Za-z_.*#+-]{1,32}$/, 'a DN');
  if (number === undefined) throw new RequestError(400, '"number", the number of the caller, is missing.');
  if (extension === undefined && queue === undefined) {
    throw new RequestError(400, 'An "extension", a "queue" or both are needed.');
  }
  if (extension !== undefined && !pbx.state().extensions.some((one) => one.number === extension)) {
    throw new RequestError(400, `There is no extension ${JSON.stringify(extension)}.`);
  }
  return { number, ...(extension === undefined ? {} : { extension }), ...(queue === undefined ? {} : { queue }) };
}

/**
 * Checks the body of a request that forwards a call.
 *
 * @throws RequestError 400 with what is wrong
 */
function forwarding(body: unknown): { number: string; ringsOn: boolean } {
  const fields = fieldsOf(body, ['number', 'ringsOn'], '{"number": "+491701234", "ringsOn": true}');
  const number = text(fields, 'number', /^[^\p{Cc};<>]{1,64}$/u, 'text without control characters, ; < >');
  const ringsOn = fields.get('ringsOn') ?? false;
  if (number === undefined) throw new RequestError(400, '"number", the number to call, is missing.');
  if (typeof ringsOn !== 'boolean') throw new RequestError(400, '"ringsOn" must be true or false.');
  return { number, ringsOn };
}

/**
 * Checks the body of a request that calls a number, or transfers to one.
 *
 * @throws RequestError 400 with what is wrong
 */
function destination(body: unknown): string {
  const fields = fieldsOf(body, ['destination'], '{"destination": "11"}');
  const number = text(fields, 'destination', /^[0-9A-Za-z_.*#@+-]{1,64}$/, 'a number');
  if (number === undefined) throw new RequestError(400, '"destination", the number to call, is missing.');
  return number;
}

/** @throws RequestError 400 for anything but a recording action */
function recording(body: unknown): string {
  const fields = fieldsOf(body, ['action'], '{"action": "Start"}');
  const action = text(fields, 'action', /^(?:Start|Stop|Pause|Resume)$/, 'Start, Stop, Pause or Resume');
  if (action === undefined) throw new RequestError(400, '"action" is missing.');
  return action;
}

/** @throws PbxError `unknown` for an extension that isn't there, `impossible` for one without a phone */
function callFrom(number: string, to: string, pbx: Pbx): Call {
  const [phone] = pbx.extension(number).phones;
  if (phone === undefined) throw new PbxError('impossible', `Extension ${number} has no phone.`);
  return pbx.makeCall(number, to, phone.id);
}

/**
 * Changes an extension's profile, and the queues it is logged in to.
 *
 * @throws RequestError 400 with what is wrong, and nothing changes
 */
function change(number: string, body: unknown, pbx: Pbx): Extension {
  const { agentOf } = pbx.extension(number);
  const fields = fieldsOf(body, ['profile', 'loggedInTo'], '{"profile": "Away", "loggedInTo": ["8000"]}');
  const given = text(fields, 'profile', /^/, 'text');
  const profile = given === undefined ? undefined : profileOf(given);
  const queues = fields.get('loggedInTo');
  if (profile === null) throw new RequestError(400, `There is no profile ${JSON.stringify(given)}.`);
  if (queues !== undefined && !isListOf(queues, agentOf)) {
    throw new RequestError(400, `"loggedInTo" must be an array of queues that ${number} is an agent of.`);
  }
  if (profile !== undefined) pbx.setProfile(number, profileNames[profile]);
  if (queues !== undefined) pbx.changeQueues(number, { remove: agentOf, add: queues, loggedIn: queues.length > 0 });
  return pbx.extension(number);
}

function isListOf(value: unknown, words: readonly string[]): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => words.includes(one as string));
}

function faultsOf(api: WatchedApi, v20: V20Api | null): { http: Fault; v20?: Fault } {
  return { http: api.fault, ...(v20 === null ? {} : { v20: v20.fault }) };
}

/** @throws RequestError 400 with what is wrong, 409 when an API can't be there again */
async function setFaults(body: unknown, api: WatchedApi, v20: V20Api | null): Promise<void> {
  const fields = fieldsOf(body, v20 === null ? ['http'] : ['http', 'v20'], '{"http": "hangs"}');
  for (const fault of fields.values()) {
    if (!faults.includes(fault as Fault)) throw new RequestError(400, 'A fault is none, hangs, fails or gone.');
  }
  try {
    for (const [key, fault] of fields) await (key === 'http' ? api : v20)?.setFault(fault as Fault);
  } catch (error) {
    throw new RequestError(409, (error as Error).message);
  }
}

/** @throws RequestError 400 for anything but an object with some of these properties */
function fieldsOf(body: unknown, keys: readonly string[], example: string): Map<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RequestError(400, `The body must be an object such as ${example}.`);
  }
  const fields = new Map<string, unknown>(Object.entries(body));
  const unknown = [...fields.keys()].find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new RequestError(400, `There is no property ${JSON.stringify(unknown)}.`);
  return fields;
}

function text(fields: Map<string, unknown>, key: string, pattern: RegExp, what: string): string | undefined {
  const value = fields.get(key);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new RequestError(400, `"${key}" must be a string.`);
  if (!pattern.test(value)) throw new RequestError(400, `"${key}" must be ${what}.`);
  return value;
}
