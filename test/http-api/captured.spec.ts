import assert from 'node:assert/strict';
import { requests } from '../../lib/http-api/operations';
import { type Connection, type ErrorCode, type OperationName, type Outcome } from '../../lib/pbx';
import community from '../fixtures/community-server.json';
import { connect, endAll, failure, serve } from './support';

interface Exchange {
  request: string;
  body: string | null;
}

type Expected = Outcome | ErrorCode;

/**
 * The call of the client for the captured request, and its result for the captured answer; or the reason why the client
 * never sends it.
 */
type Row =
  | [request: string, operation: OperationName, args: Record<string, string>, expected: Expected, sent?: string]
  | [request: string, reason: string];

const ten = { extension: '10' };
const eleven = { extension: '11' };
const twelve = { extension: '12' };
const nobody = { extension: '999' };
const noCall: Expected = { ok: false, reason: 'no-call' };
const noCalls: Expected = { ok: true, connections: [] };
const done: Expected = { ok: true };
const support = { number: '8000', name: 'Support: Süd; EU' };
const oneFormOnly = 'the client knows one form of it, without the slash';
const argumentMissing = 'the client sends no request without its arguments';

function leg(id: string, status: Connection['status'], extension: string, number: string): Connection {
  return { id, extension, status, number, name: null, queue: null, recording: 'off' };
}

function calls(...connections: Connection[]): Expected {
  return { ok: true, connections };
}

function call(callId: string | null): Expected {
  return { ok: true, callId };
}

function dialled(callId: string): Expected {
  return { ok: true, callId, confirmed: true };
}

function profile(key: 'avail' | 'away' | 'oof' | 'custom1' | 'custom2', name: string): Expected {
  return { ok: true, profile: key, profileName: name };
}

/** The call of "inbound queue call": the outside leg, and the extension's. */
function queueCall(extensionLeg: Partial<Connection>): Expected {
  return calls(leg('98779', 'connected', '10000', '+4915112345678'), {
    ...leg('98780', 'connected', '10', '+4915112345678'),
    queue: support,
    ...extensionLeg,
  });
}

/** Every captured exchange, in the captured order. */
const table: Record<string, Row[]> = {
  'idle system': [
    ['GET /showallcalls', 'showallcalls', {}, noCalls],
    ['GET /showallcalls/', oneFormOnly],
    ['GET /ondn/10', 'ondn', ten, call(null)],
    ['GET /ondn/10/', oneFormOnly],
    ['GET /getcallerid/10', 'getcallerid', ten, { ok: true, idle: true, number: null, queue: null }],
    ['GET /drop/10', 'drop', ten, noCall],
    ['GET /answer/10', 'answer', ten, noCall],
    ['GET /park/10/', 'park', ten, noCall],
    ['GET /atttrans/10/', 'atttrans', ten, noCall],
    ['GET /transfer/10/11', 'transfer', { ...ten, destination: '11' }, noCall],
    ['GET /record/10/0', 'record', { ...ten, recordAction: 'start' }, noCall],
    // The request to a server that does not know the form with the phone.
    ['GET /unpark/10/', 'unpark', { ...ten, phone: 'Soft' }, { ok: false, reason: 'no-phone' }],
  ],
  'inbound queue call, answered, recorded, transferred, dropped': [
    ['GET /showallcalls', 'showallcalls', {}, queueCall({ status: 'ringing' })],
    ['GET /getcallerid/10', 'getcallerid', ten, caller('+4915112345678', support.name)],
    ['GET /ondn/10', 'ondn', ten, call('00000A5F3C2D1_20')],
    ['GET /record/10/0', 'record', { ...ten, recordAction: 'start' }, noCall],
    ['GET /answer/10', 'answer', ten, call('00000A5F3C2D1_20')],
    ['GET /showallcalls', 'showallcalls', {}, queueCall({})],
    ['GET /record/10/0', 'record', { ...ten, recordAction: 'start' }, { ok: true, recording: 'on' }],
    ['GET /showallcalls', 'showallcalls', {}, queueCall({ recording: 'on' })],
    ['GET /record/10/2', 'record', { ...ten, recordAction: 'pause' }, { ok: true, recording: 'paused' }],
    ['GET /showallcalls', 'showallcalls', {}, queueCall({ recording: 'paused' })],
    ['GET /record/10/3', 'record', { ...ten, recordAction: 'resume' }, { ok: true, recording: 'on' }],
    ['GET /showallcalls', 'showallcalls', {}, queueCall({ recording: 'on' })],
    ['GET /record/10/1', 'record', { ...ten, recordAction: 'stop' }, { ok: true, recording: 'off' }],
    ['GET /showallcalls', 'showallcalls', {}, queueCall({})],
    ['GET /getcallerid/10', 'getcallerid', ten, caller('+4915112345678', support.name)],
    ['GET /transfer/10/11', 'transfer', { ...ten, destination: '11' }, done],
    ['GET /showallcalls', 'showallcalls', {}, queueCall({ status: 'ringing', extension: '11' })],
    ['GET /getcallerid/10', 'getcallerid', ten, { ok: true, idle: true, number: null, queue: null }],
    ['GET /answer/11', 'answer', eleven, call('00000A5F3C2D1_20')],
    ['GET /drop/11', 'drop', eleven, done],
    ['GET /showallcalls', 'showallcalls', {}, noCalls],
  ],
  'inbound direct call': [
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98781', 'connected', '10000', '004930999'), leg('98782', 'ringing', '11', '004930999')),
    ],
    ['GET /getcallerid/11', 'getcallerid', eleven, caller('004930999')],
    ['GET /answer/11', 'answer', eleven, call('00000A5F3C2D1_21')],
    ['GET /park/11/', 'park', eleven, done],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98781', 'connected', '10000', '004930999'), leg('98782', 'held', '11', '*00')),
    ],
    ['GET /drop/11', 'drop', eleven, done],
  ],
  'outbound and internal calls': [
    ['GET /makecall/10/11/Soft', 'makecall', { ...ten, destination: '11', phone: 'Soft' }, dialled('00000A5F3C2D1_22')],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98783', 'dialing', '10', '11'), leg('98784', 'ringing', '11', '10')),
    ],
    ['GET /ondn/10', 'ondn', ten, call('00000A5F3C2D1_22')],
    ['GET /ondn/11', 'ondn', eleven, call('00000A5F3C2D1_22')],
    ['GET /answer/11', 'answer', eleven, call('00000A5F3C2D1_22')],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98783', 'connected', '10', '11'), leg('98784', 'connected', '11', '10')),
    ],
    ['GET /drop/10', 'drop', ten, done],
    [
      'GET /makecall/10/+4930111/Desktop',
      'makecall',
      { ...ten, destination: '+4930111', phone: 'Desktop' },
      dialled('00000A5F3C2D1_23'),
    ],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98785', 'dialing', '10', '+4930111'), leg('98786', 'dialing', '10000', '+4930111')),
    ],
    ['GET /drop/10', 'drop', ten, done],
    [
      'GET /makecall/100/**9/Soft',
      'makecall',
      { extension: '100', destination: '**9', phone: 'Soft' },
      dialled('00000A5F3C2D1_24'),
    ],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98787', 'dialing', '100', '**9'), leg('98788', 'dialing', '10000', '**9')),
    ],
    ['GET /drop/100', 'drop', { extension: '100' }, done],
  ],
  'escapes are not decoded': [
    [
      'GET /makecall/10/%2B4930111/Soft',
      'makecall',
      { ...ten, destination: '%2B4930111', phone: 'Soft' },
      'invalid-argument',
    ],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98789', 'dialing', '10', '%2B4930111'), leg('98790', 'dialing', '10000', '%2B4930111')),
    ],
    ['GET /drop/10', 'drop', ten, done],
    [
      'GET /makecall/10/11%2F12/Soft',
      'makecall',
      { ...ten, destination: '11%2F12', phone: 'Soft' },
      'invalid-argument',
    ],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98791', 'dialing', '10', '11%2F12'), leg('98792', 'dialing', '10000', '11%2F12')),
    ],
    ['GET /drop/10', 'drop', ten, done],
  ],
  'two calls on one extension, attended transfer': [
    // No list was captured before it.
    ['GET /answer/10', 'answer', ten, call(null)],
    ['GET /makecall/10/11/Soft', 'makecall', { ...ten, destination: '11', phone: 'Soft' }, dialled('00000A5F3C2D1_28')],
    ['GET /answer/11', 'answer', eleven, call(null)],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(
        leg('98793', 'connected', '10000', '+491'),
        leg('98794', 'connected', '10', '+491'),
        leg('98795', 'connected', '10', '11'),
        leg('98796', 'connected', '11', '10'),
      ),
    ],
    ['GET /atttrans/10/', 'atttrans', ten, { ok: true, confirmed: true }],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98793', 'connected', '10000', '+491'), leg('98796', 'connected', '11', '10')),
    ],
  ],
  'makecall phone types': [
    [
      'GET /makecall/10/11/Mobile',
      'makecall',
      { ...ten, destination: '11', phone: 'Mobile' },
      { ok: false, reason: 'no-phone' },
    ],
    ['GET /makecall/10/11/soft', 'makecall', { ...ten, destination: '11', phone: 'soft' }, 'invalid-argument'],
    ['GET /makecall/10/11/Web', 'makecall', { ...ten, destination: '11', phone: 'Web' }, dialled('00000A5F3C2D1_29')],
    ['GET /drop/10', 'drop', ten, done],
    ['GET /makecall/10/11', 'makecall', { ...ten, destination: '11' }, 'invalid-argument'],
    [
      'GET /makecall/999/11/Soft',
      'makecall',
      { ...nobody, destination: '11', phone: 'Soft' },
      { ok: false, reason: 'no-phone' },
    ],
  ],
  'makecall matches the extension as a prefix': [
    ['GET /makecall/1/12/Soft', 'makecall', { extension: '1', destination: '12', phone: 'Soft' }, 'timeout'],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98799', 'dialing', '10', '12'), leg('98800', 'ringing', '12', '10')),
    ],
  ],
  'park and unpark': [
    ['GET /unpark/10/', 'the client says which phone, and this server knows that form'],
    ['GET /unpark/10/Soft', 'unpark', { ...ten, phone: 'Soft' }, dialled('00000A5F3C2D1_31')],
    [
      'GET /showallcalls',
      'showallcalls',
      {},
      calls(leg('98801', 'dialing', '10', '*10'), leg('98802', 'dialing', '10000', '*10')),
    ],
  ],
  'agent status': [
    ['GET /ready/10', 'ready', ten, profile('avail', 'Available')],
    ['GET /showstatus/10', 'showstatus', ten, profile('avail', 'Available')],
    ['GET /notready/10', 'notready', ten, profile('custom1', 'Custom 1')],
    ['GET /showstatus/10', 'showstatus', ten, profile('custom1', 'Custom 1')],
    ['GET /logout/10', 'logout', ten, profile('away', 'Away')],
    ['GET /showstatus/10', 'showstatus', ten, profile('away', 'Away')],
    [
      'GET /ready/12',
      'ready',
      twelve,
      { ok: false, reason: 'not-an-agent', profile: 'avail', profileName: 'Available' },
    ],
    ['GET /showstatus/12', 'showstatus', twelve, profile('avail', 'Available')],
    ['GET /ready/999', 'ready', nobody, 'timeout'],
    ['GET /setstatus/10/avail', 'setstatus', { ...ten, profile: 'avail' }, profile('avail', 'Available')],
    ['GET /setstatus/10/away', 'setstatus', { ...ten, profile: 'Away' }, profile('away', 'Away')],
    ['GET /setstatus/10/oof', 'setstatus', { ...ten, profile: 'Out of office' }, profile('oof', 'Out of office')],
    ['GET /setstatus/10/custom1', 'setstatus', { ...ten, profile: 'custom 1' }, profile('custom1', 'Custom 1')],
    ['GET /setstatus/10/custom2', 'setstatus', { ...ten, profile: 'custom2' }, profile('custom2', 'Custom 2')],
    ['GET /setstatus/10/bogus', 'setstatus', { ...ten, profile: 'bogus' }, 'invalid-argument'],
    ['GET /setstatus/999/avail', 'setstatus', { ...nobody, profile: 'avail' }, 'timeout'],
    ['GET /showstatus/10', 'showstatus', ten, profile('custom2', 'Custom 2')],
    ['GET /showstatus/10/x', 'showstatus', ten, profile('custom2', 'Custom 2'), '/showstatus/10'],
    ['GET /showstatus/8000', 'showstatus', { extension: '8000' }, 'timeout'],
  ],
  'queue login': [
    // The documented order, and then the other, which is captured too.
    ['GET /login/10/login_all', 'login', { ...ten, action: 'login_all' }, done, '/login/login_all/10'],
    ['GET /login/login_all/10', 'login', { ...ten, action: 'login_all' }, done],
    ['GET /login/10/logout_all', 'login', { ...ten, action: 'logout_all' }, done, '/login/logout_all/10'],
    ['GET /login/logout_all/10', 'login', { ...ten, action: 'logout_all' }, done],
    ['GET /login/login_all/12', 'login', { ...twelve, action: 'login_all' }, { ok: false, reason: 'not-an-agent' }],
    [
      'GET /login/login_all/999',
      'login',
      { ...nobody, action: 'login_all' },
      { ok: false, reason: 'not-an-extension' },
    ],
    ['GET /login/bogus/10', 'login', { ...ten, action: 'bogus' }, 'invalid-argument'],
    ['GET /save/login_only_to/10/8001', 'login', { ...ten, action: 'login_all', queue: '8001' }, done],
    ['GET /save/logout_only_from/10/8001', 'login', { ...ten, action: 'logout_all', queue: '8001' }, done],
    ['GET /save/login_current/10/x', 'a log-in to one queue needs only two of the actions'],
    ['GET /save/logout_current/10/x', 'a log-in to one queue needs only two of the actions'],
    ['GET /save/login_all/10/x', 'login does the same'],
    ['GET /save/bogus/10/x', 'is never sent'],
    ['GET /save/login_all/12/x', 'login does the same'],
  ],
  registrations: [
    [
      'GET /dnregs/10',
      'dnregs',
      ten,
      {
        ok: true,
        registration: { id: '7100', contact: 'sip:10@127.0.0.1:5488;ob', userAgent: '3CXPhone for Windows 18.0.9.20' },
      },
    ],
    ['GET /dnregs/8000', 'dnregs', { extension: '8000' }, { ok: true, registration: null }],
    ['GET /dnregs/999', 'dnregs', nobody, 'timeout'],
  ],
  'unknown or oddly spelled commands': [
    ['GET /', 'no operation of the table'],
    ['GET /bogus', 'no operation of the table'],
    ['GET /Transfer/10/11', 'transfer', { ...ten, destination: '11' }, 'unsupported'],
    ['GET /SHOWALLCALLS', 'no operation of the table'],
    ['GET /showallcalls?x=1', 'the client sends no query string'],
    ['GET /divert/10/11', 'divert', { ...ten, destination: '11' }, 'unsupported'],
  ],
  'missing or unknown arguments': [
    ['GET /drop', argumentMissing],
    ['GET /drop/999', 'drop', nobody, 'timeout'],
    ['GET /ondn', argumentMissing],
    ['GET /record/10', argumentMissing],
    ['GET /record/10/9', 'record', { ...ten, recordAction: '9' }, 'invalid-argument'],
    ['GET /record/10/foo', 'record', { ...ten, recordAction: 'foo' }, 'invalid-argument'],
  ],
  'a queue number that is not four digits long': [
    ['GET /showallcalls', 'showallcalls', {}, 'timeout'],
    ['GET /getcallerid/10', 'getcallerid', ten, 'timeout'],
    ['GET /ondn/10', 'ondn', ten, call('00000A5F3C2D1_32')],
    // It can be answered, but no list shows which call that is.
    ['GET /answer/10', 'answer', ten, call(null)],
    ['GET /drop/10', 'drop', ten, done],
  ],
};

function caller(number: string, queue?: string): Expected {
  return { ok: true, idle: false, number, queue: queue === undefined ? null : { number: null, name: queue } };
}

describe('every captured answer of the community server', () => {
  afterEach(endAll);

  it('is in the table of expectations, in the captured order', () => {
    const captured = community.scenarios.map(({ scenario, exchange }) => [scenario, exchangesOf(exchange)] as const);
    assert.deepEqual(
      captured.map(([scenario, exchanges]) => [scenario, exchanges.map(({ request }) => request)]),
      Object.entries(table).map(([scenario, rows]) => [scenario, rows.map(([request]) => request)]),
    );
  });

  for (const { scenario, exchange } of community.scenarios) {
    const exchanges = exchangesOf(exchange);
    describe(scenario, () => {
      table[scenario]?.forEach((row, index) => {
        const captured = exchanges[index];
        if (row.length !== 2 && captured !== undefined) {
          const [request, operation, , expected] = row;
          const result = typeof expected === 'string' ? expected : JSON.stringify(expected).slice(0, 80);
          it(`${request}: ${operation} → ${result}`, () => check(row, captured, exchanges));
        }
      });
    });
  }
});

async function check(row: Exclude<Row, [string, string]>, captured: Exchange, all: Exchange[]): Promise<void> {
  const [request, operation, args, expected, form] = row;
  const before = all.slice(0, all.indexOf(captured)).reverse();
  const after = all.slice(all.indexOf(captured) + 1);
  // A query before a command gets the last answer before it, any other the first one after it.
  const others = requests[operation].before === undefined ? [...after, ...before] : before;
  const last = form ?? request.replace('GET ', '');
  const answered = form?.startsWith('/login/') ? capturedOf(form, others) : captured;
  const server = await serve(({ url = '' }) => {
    const exchange = url === last ? answered : capturedOf(url, others);
    if (exchange !== undefined) return exchange.body ?? undefined;
    const [, query, extension] = url.split('/');
    if (query === 'dnregs') return `7100-sip:${extension}@127.0.0.1:5488;ob-3CXPhone for Windows 18.0.9.20`;
    if (query === 'ondn') return '0';
    return url.startsWith('/login/') ? 'is not a valid extension' : 'idle';
  });
  const client = connect(server, all.some(({ body }) => body === null) ? { timeout: 250 } : {});
  if (typeof expected === 'string') {
    await failure(client.execute(operation, args), expected);
    assert.equal(timesSent(), expected === 'invalid-argument' ? 0 : 1);
    return;
  }
  const { given, answer, ...outcome } = await client.execute(operation, args);
  assert.deepEqual(outcome, expected);
  assert.deepEqual(Object.keys(given).sort(), Object.keys(args).sort());
  assert.equal(answer, answered?.body);
  assert.equal(timesSent(), 1);

  function timesSent(): number {
    return server.requests.filter((url) => url === last).length;
  }
}

function capturedOf(path: string, exchanges: Exchange[]): Exchange | undefined {
  return exchanges.find(({ request }) => request === `GET ${path}`);
}

/** Changes of the PBX in between are no exchanges. */
function exchangesOf(entries: { request?: string; body?: string | null }[]): Exchange[] {
  return entries.flatMap(({ request, body = null }) => (request === undefined ? [] : [{ request, body }]));
}
