import assert from 'node:assert/strict';
import type { HttpApiClient } from '../../lib/http-api/client';
import type { OperationName, Outcome } from '../../lib/pbx';
import { type DocumentedServer, startDocumentedServer } from '../../support/documented-server';
import { atEnd, connect, endAll, failure } from './support';

const extension = '10';
const noCall: Outcome = { ok: false, reason: 'no-call' };
const callDone: Outcome = { ok: true, callId: null };
const leg = { id: '98741', extension: '10', status: 'connected', number: '+4930111', queue: null, ccid: '1' } as const;
const first = { ...leg, name: null, recording: 'off' } as const;
const second = { ...first, id: '98742', extension: '11', status: 'ringing', number: '10', ccid: '2' } as const;

/** Arguments, and what comes of the operation when the server carries it out and when it refuses. */
const expectations: Record<OperationName, [args: Record<string, string>, done: Outcome, refused: Outcome]> = {
  showallcalls: [{}, { ok: true, connections: [first, second] }, { ok: true, connections: [] }],
  makecall: [
    { extension, destination: '+4930111', phone: 'Soft' },
    { ok: true, callId: '00000A5F3C2D1_8', confirmed: true },
    { ok: false, reason: 'no-phone' },
  ],
  ready: [
    { extension },
    { ok: true, profile: 'avail', profileName: 'Available' },
    { ok: false, reason: 'not-an-agent', profile: 'avail', profileName: 'Available' },
  ],
  notready: [
    { extension },
    { ok: true, profile: 'custom1', profileName: 'Custom 1' },
    { ok: false, reason: 'not-an-agent', profile: 'custom1', profileName: 'Custom 1' },
  ],
  logout: [
    { extension },
    { ok: true, profile: 'away', profileName: 'Away' },
    { ok: false, reason: 'refused', profile: 'avail', profileName: 'Available' },
  ],
  login: [{ extension, action: 'login_all' }, { ok: true }, { ok: false, reason: 'refused' }],
  dnregs: [
    { extension },
    { ok: true, registration: { id: '71', contact: 'sip:10@127.0.0.1:5488;ob', userAgent: 'Phone 1.2' } },
    { ok: true, registration: null },
  ],
  ondn: [{ extension }, { ok: true, callId: null, connections: [first] }, { ok: true, callId: null }],
  getcallerid: [
    { extension },
    { ok: true, idle: false, number: '+4930111', queue: { number: null, name: 'Sales' } },
    { ok: true, idle: true, number: null, queue: null },
  ],
  drop: [{ extension }, { ok: true }, noCall],
  answer: [{ extension }, callDone, noCall],
  record: [{ extension, recordAction: 'pause' }, { ok: true, recording: 'paused' }, noCall],
  transfer: [{ extension, destination: '11' }, { ok: true }, noCall],
  park: [{ extension }, { ok: true }, noCall],
  unpark: [
    { extension, phone: 'Soft' },
    { ...callDone, confirmed: true },
    { ok: false, reason: 'no-phone' },
  ],
  // The list still shows the extension's calls.
  atttrans: [{ extension }, { ok: true, confirmed: false }, noCall],
  setstatus: [
    { extension, profile: 'oof' },
    { ok: true, profile: 'oof', profileName: 'Out of office' },
    { ok: false, reason: 'refused', profile: null, profileName: null },
  ],
  // There is always a status; and `stop` is not refused either.
  showstatus: [
    { extension },
    { ok: true, profile: 'avail', profileName: 'Available' },
    { ok: true, profile: 'avail', profileName: 'Available' },
  ],
  divert: [{ extension, destination: '11' }, { ok: true }, { ok: false, reason: 'refused' }],
  stop: [{}, { ok: true }, { ok: true }],
};

describe('the documented server', () => {
  let server: DocumentedServer;
  let client: HttpApiClient;

  beforeEach(async () => {
    server = await startDocumentedServer();
    atEnd(server.close);
    client = connect(server, { allowStop: true });
  });
  afterEach(endAll);

  for (const [name, [args, done, refused]] of Object.entries(expectations)) {
    const operation = name as OperationName;

    it(`carries out ${operation}`, async () => {
      assert.deepEqual(await outcome(operation, args), done);
    });

    it(`refuses ${operation}, or has nothing to tell`, async () => {
      server.endings[operation] = 'refused';
      assert.deepEqual(await outcome(operation, args), refused);
    });

    it(`fails at ${operation}`, async () => {
      server.endings[operation] = 'failed';
      await failure(client.execute(operation, args), 'server-error');
    });
  }

  it('knows twenty operations', () => {
    assert.equal(Object.keys(expectations).length, 20);
  });

  it('does not know the log-in to one queue', async () => {
    await failure(client.execute('login', { extension, action: 'login_all', queue: '8000' }), 'unsupported');
    assert.deepEqual(server.requests, ['/save/login_only_to/10/8000']);
  });

  it('is asked for a log-in in its own order only', async () => {
    await client.execute('login', { extension, action: 'logout_all' });
    assert.deepEqual(server.requests, ['/login/10/logout_all']);
  });

  it('has its connections polled', async () => {
    assert.deepEqual((await client.poll()).connections, [first, second]);
  });

  async function outcome(operation: OperationName, args: Record<string, string>): Promise<Outcome> {
    const { given, answer, ...rest } = await client.execute(operation, args);
    assert.deepEqual(given, args);
    assert.equal(typeof answer, 'string');
    return rest;
  }
});
