import assert from 'node:assert/strict';
import { type Call, type PbxState, type Simulator, startSimulator } from '../../simulator';
import { control, get, send, sendInOrder } from './client';

describe('simulator: the control API', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ delay: 1 });
  });
  afterEach(() => simulator.close());

  const inbound = async (body: unknown): Promise<Call> => {
    const { status, json } = await control(simulator, 'POST', '/api/calls', body);
    assert.equal(status, 201);
    return json as Call;
  };
  const state = async (): Promise<PbxState> => (await control(simulator, 'GET', '/api/state')).json as PbxState;
  const act = (id: string, action: string) => control(simulator, 'POST', `/api/connections/${id}/${action}`);

  it('shows extensions, queues, calls and connections', async () => {
    const { extensions, queues, trunk, calls, connections } = await state();
    assert.deepEqual(
      extensions.map(({ number }) => number),
      ['10', '11', '12', '100', '101', '102'],
    );
    assert.deepEqual(extensions[0], {
      number: '10',
      name: 'Extension 10',
      profile: 'Available',
      phones: [
        { id: '7100', contact: 'sip:10@127.0.0.1:5488;ob', userAgent: '3CXPhone for Windows 18.0.9.20' },
        { id: '7101', contact: 'sip:10@192.0.2.10:5060', userAgent: 'Yealink SIP-T46S 66.86.0.15' },
      ],
      agentOf: ['8000', '8001'],
      loggedInTo: ['8000', '8001'],
    });
    const agents = ['10', '11', '100', '101'];
    assert.deepEqual(queues, [
      { number: '8000', name: 'Support: Süd; EU', agents, loggedIn: agents },
      { number: '8001', name: 'Sales', agents, loggedIn: agents },
    ]);
    assert.deepEqual([trunk, calls, connections], ['10000', [], []]);
  });

  it('lets a call come in for an extension through a queue', async () => {
    const common = { call: '00000A5F3C2D1_20', party: '+491', recording: 'Stop', phone: null };
    const call = {
      id: '00000A5F3C2D1_20',
      waitingIn: null,
      connections: [
        { ...common, id: '98779', ccid: 1, dn: '10000', status: 'Connected', queue: null },
        { ...common, id: '98780', ccid: 2, dn: '10', status: 'Ringing', queue: '8000' },
      ],
    };
    assert.deepEqual(await inbound({ extension: '10', queue: '8000', number: '+491' }), call);
    assert.deepEqual((await state()).calls, [call]);
    assert.deepEqual((await state()).connections, call.connections);
  });

  it('lets a call come in directly, for a queue, without a number, and through an unknown queue', async () => {
    assert.equal((await inbound({ extension: '12', number: '' })).connections[1]?.party, '');
    assert.equal((await inbound({ queue: '8001', number: '030 (1) 23' })).connections.length, 5);
    assert.equal((await inbound({ extension: '12', queue: '800', number: '1' })).connections[1]?.queue, '800');
    assert.equal((await inbound({ queue: '80000', number: '1' })).connections.length, 1);
  });

  it('forwards a ringing call outside', async () => {
    await inbound({ extension: '10', number: '+491' });
    const forward = (body: unknown, id = '98780') => control(simulator, 'POST', `/api/connections/${id}/forward`, body);
    for (const [body, status] of [
      [[], 400],
      [{}, 400],
      [{ number: '' }, 400],
      [{ number: '+492', ringsOn: 'yes' }, 400],
      [{ number: '+492', extension: '11' }, 400],
      [{ number: '11' }, 409],
    ] as const) {
      assert.equal((await forward(body)).status, status, JSON.stringify(body));
    }
    assert.equal((await forward({ number: '+492' }, '1')).status, 404);
    const shown = ({ json }: { json: unknown }) =>
      (json as Call).connections.map(({ dn, status, party }) => `${dn} ${status} ${party}`);
    const ringsOn = await forward({ number: '+492', ringsOn: true });
    assert.deepEqual(shown(ringsOn), ['10000 Connected +491', '10 Ringing +491', '10000 Dialing +492']);
    assert.deepEqual(shown(await act('98781', 'answer')), ['10000 Connected +491', '10000 Connected +492']);
    assert.equal((await act('98779', 'connect')).status, 409);
  });

  it('answers, holds, resumes and hangs up', async () => {
    await inbound({ extension: '10', number: '+491' });
    for (const [action, expected] of [
      ['answer', ['Connected', 'Connected']],
      ['hold', ['Held', 'Hold']],
      ['resume', ['Connected', 'Connected']],
      ['hangup', []],
    ] as const) {
      const { status, json } = await act('98780', action);
      assert.equal(status, 200);
      assert.deepEqual(
        (json as Call).connections.map((connection) => connection.status),
        expected,
      );
    }
    assert.deepEqual((await state()).calls, []);
  });

  it('calls from an extension, transfers, parks and records', async () => {
    const call = (number: string, body: unknown) => control(simulator, 'POST', `/api/extensions/${number}/calls`, body);
    const shown = async () => (await state()).connections.map(({ dn, status, party }) => `${dn} ${status} ${party}`);
    assert.equal((await call('10', { destination: '11' })).status, 201);
    assert.deepEqual(await shown(), ['10 Dialing 11', '11 Ringing 10']);
    await act('98780', 'answer');
    for (const action of ['Start', 'Pause', 'Resume', 'Stop']) {
      const { json } = await control(simulator, 'POST', '/api/connections/98779/record', { action });
      assert.equal((json as Call).connections[0]?.recording, action);
    }
    assert.equal((await act('98779', 'park')).status, 200);
    assert.deepEqual(await shown(), ['10 Held *00', '11 Connected 10']);
    assert.equal((await call('12', { destination: '*10' })).status, 201);
    assert.deepEqual(await shown(), ['11 Connected 12', '12 Connected 11']);
    const transfer = (body: unknown) => control(simulator, 'POST', '/api/connections/98781/transfer', body);
    assert.equal((await transfer({ destination: '+491701234' })).status, 200);
    assert.deepEqual(await shown(), ['11 Connected +491701234', '10000 Dialing +491701234']);
    assert.equal((await transfer({ destination: '11' })).status, 409);
  });

  it('changes a profile and the queues of an agent', async () => {
    const change = (body: unknown, number = '10') => control(simulator, 'PATCH', `/api/extensions/${number}`, body);
    const { status, json } = await change({ profile: 'oof', loggedInTo: ['8001'] });
    assert.deepEqual([status, json], [200, (await state()).extensions[0]]);
    const changed = ({ profile, loggedInTo } = simulator.pbx.extension('10')) => [profile, loggedInTo];
    assert.deepEqual(changed(), ['Out of office', ['8001']]);
    for (const [body, now] of [
      [{ loggedInTo: ['8001', '8000'] }, ['Out of office', ['8000', '8001']]],
      [{ loggedInTo: [] }, ['Out of office', []]],
      [{ profile: 'Custom 2' }, ['Custom 2', []]],
      [{}, ['Custom 2', []]],
    ] as const) {
      assert.equal((await change(body)).status, 200);
      assert.deepEqual(changed(), now);
    }
    assert.equal((await change({ profile: 'away' }, '99')).status, 404);
    for (const [number, body, message] of [
      ['10', { profile: 'busy' }, 'There is no profile "busy".'],
      [
        '10',
        { profile: 'away', loggedInTo: ['8002'] },
        '"loggedInTo" must be an array of queues that 10 is an agent of.',
      ],
      ['12', { loggedInTo: ['8000'] }, '"loggedInTo" must be an array of queues that 12 is an agent of.'],
      ['10', { loggedInTo: '8000' }, '"loggedInTo" must be an array of queues that 10 is an agent of.'],
      ['10', { status: 'away' }, 'There is no property "status".'],
    ] as const) {
      assert.deepEqual(await change(body, number), { status: 400, json: { status: 400, message } });
    }
    assert.deepEqual(changed(), ['Custom 2', []]);
  });

  it('refuses calls that no phone could make, and unknown actions', async () => {
    const call = async (number: string, body: unknown) =>
      (await control(simulator, 'POST', `/api/extensions/${number}/calls`, body)).status;
    simulator.pbx.setPhones('12', []);
    assert.equal(await call('12', { destination: '10' }), 409);
    assert.equal(await call('99', { destination: '10' }), 404);
    for (const body of [{}, { destination: '' }, { destination: '1 2' }, { destination: 10 }, { number: '10' }]) {
      assert.equal(await call('10', body), 400, JSON.stringify(body));
    }
    await inbound({ extension: '10', number: '1' });
    await act('98780', 'answer');
    for (const body of [{}, { action: 'start' }, { action: '0' }]) {
      assert.equal((await control(simulator, 'POST', '/api/connections/98780/record', body)).status, 400);
    }
    assert.equal((await state()).connections[1]?.recording, 'Stop');
  });

  it('lets the HTTP API hang, fail and be gone, and brings it back on its port', async () => {
    const set = (body: unknown) => control(simulator, 'PATCH', '/api/faults', body);
    assert.deepEqual(await control(simulator, 'GET', '/api/faults'), { status: 200, json: { http: 'none' } });
    assert.deepEqual(await set({ http: 'hangs' }), { status: 200, json: { http: 'hangs' } });
    const hung = [await sendInOrder(simulator, '/setstatus/10/away'), await sendInOrder(simulator, '/showstatus/10')];
    assert.equal(simulator.pbx.extension('10').profile, 'Available');
    assert.ok(hung.every((one) => !one.isAnswered()));
    await set({ http: 'none' });
    assert.deepEqual(await Promise.all(hung.map(async ({ answer }) => (await answer).body)), [
      'Away',
      '    CURRENT_STATUS=Away',
    ]);

    await set({ http: 'fails' });
    assert.deepEqual(await get(simulator.url, '/setstatus/10/avail').then(({ status }) => status), 500);
    assert.equal(simulator.pbx.extension('10').profile, 'Away');

    await set({ http: 'hangs' });
    const dropped = await sendInOrder(simulator, '/setstatus/10/oof');
    const broken = assert.rejects(dropped.answer, { code: 'ECONNRESET' });
    await set({ http: 'gone' });
    await broken;
    await assert.rejects(get(simulator.url, '/showallcalls'), { code: 'ECONNREFUSED' });
    assert.deepEqual([simulator.fault, simulator.requests.at(-1)?.isUnanswered], ['gone', true]);
    // A request that hung when the API went away is not carried out, even after its return.
    await set({ http: 'none' });
    assert.equal((await get(simulator.url, '/showstatus/10')).body, '    CURRENT_STATUS=Away');

    for (const body of [{ http: 'broken' }, { v20: 'hangs' }, { http: null }, []]) {
      assert.equal((await set(body)).status, 400, JSON.stringify(body));
    }
    assert.equal(simulator.fault, 'none');
  });

  it('says why the HTTP API cannot come back', async () => {
    await simulator.setFault('gone');
    const other = await startSimulator({ port: Number(new URL(simulator.url).port) });
    try {
      const { status, json } = await control(simulator, 'PATCH', '/api/faults', { http: 'none' });
      const message = `Port ${new URL(simulator.url).port} of 127.0.0.1 is already in use.`;
      assert.deepEqual([status, json], [409, { status: 409, message }]);
      assert.equal(simulator.fault, 'gone');
    } finally {
      await other.close();
    }
    await simulator.setFault('none');
    await get(simulator.url, '/stop');
    await simulator.stopped;
    await assert.rejects(simulator.setFault('hangs'), { message: 'The HTTP API has ended.' });
    await assert.rejects(simulator.setFault('broken' as 'gone'), { name: 'RangeError' });
  });

  it('close() ends an API that hangs, and one that is gone', async () => {
    await simulator.setFault('hangs');
    const hung = await sendInOrder(simulator, '/ondn/10');
    await simulator.close();
    await assert.rejects(hung.answer, { code: 'ECONNRESET' });
    simulator = await startSimulator();
    await simulator.setFault('gone');
    const back = simulator.setFault('none');
    await Promise.allSettled([back, simulator.close()]);
    await assert.rejects(get(simulator.url, '/ondn/10'), { code: 'ECONNREFUSED' });
  });

  it('picks up outside', async () => {
    await get(simulator.url, '/makecall/10/+491/Soft');
    assert.equal((await act('98780', 'answer')).status, 200);
    assert.match((await get(simulator.url, '/showallcalls')).body, /S=Connected;DN=10;.*S=Connected;DN=10000;/);
  });

  it('ends all calls', async () => {
    await inbound({ extension: '10', number: '1' });
    await inbound({ queue: '8000', number: '2' });
    assert.deepEqual(await control(simulator, 'DELETE', '/api/calls'), { status: 204, json: undefined });
    assert.deepEqual((await state()).calls, []);
    assert.equal((await inbound({ extension: '10', number: '1' })).id, '00000A5F3C2D1_22');
  });

  for (const [body, message] of [
    [undefined, 'The body is not JSON.'],
    [[], 'The body must be an object such as {"extension": "10", "number": "+49301234"}.'],
    [null, 'The body must be an object such as {"extension": "10", "number": "+49301234"}.'],
    [{ number: '1' }, 'An "extension", a "queue" or both are needed.'],
    [{ extension: '10' }, '"number", the number of the caller, is missing.'],
    [{ extension: 10, number: '1' }, '"extension" must be a string.'],
    [{ extension: '10', number: 1 }, '"number" must be a string.'],
    [{ extension: '10', number: '1;S=x' }, '"number" must be text without control characters, ; < >.'],
    [{ extension: '10', queue: '80 00', number: '1' }, '"queue" must be a DN.'],
    [{ extension: '', number: '1' }, '"extension" must be text.'],
    [{ extension: '99', number: '1' }, 'There is no extension "99".'],
    [{ extension: '10', number: '1', from: 'x' }, 'There is no property "from".'],
  ] as const) {
    it(`400: ${message} ${JSON.stringify(body)}`, async () => {
      const before = await state();
      const { status, json } = await control(simulator, 'POST', '/api/calls', body);
      assert.deepEqual({ status, json }, { status: 400, json: { status: 400, message } });
      assert.deepEqual(await state(), before);
    });
  }

  it('refuses the same when the PBX is used directly', () => {
    assert.throws(() => simulator.pbx.inbound({ number: '1' }), { reason: 'impossible' });
    assert.throws(() => simulator.pbx.inbound({ number: '1', extension: '99' }), { reason: 'unknown' });
  });

  it('answers 404 for an unknown connection, action or path', async () => {
    const { status, json } = await act('1', 'answer');
    assert.deepEqual({ status, json }, { status: 404, json: { status: 404, message: 'There is no connection "1".' } });
    await inbound({ extension: '10', number: '1' });
    assert.equal((await act('98780', 'explode')).status, 404);
    assert.equal((await act('98780', 'constructor')).status, 404);
    assert.equal((await control(simulator, 'GET', '/api/connections/98780/answer')).status, 404);
    assert.equal((await control(simulator, 'GET', '/nothing')).status, 404);
    assert.equal((await state()).connections[1]?.status, 'Ringing');
  });

  it('answers 409 for a change that is impossible now, and changes nothing', async () => {
    await inbound({ extension: '10', number: '1' });
    const before = await state();
    const { status, json } = await act('98780', 'hold');
    const message = 'Cannot hold connection 98780 of 10, which is Ringing.';
    assert.deepEqual({ status, json }, { status: 409, json: { status: 409, message } });
    assert.equal((await act('98780', 'resume')).status, 409);
    assert.equal((await act('98779', 'answer')).status, 409);
    assert.deepEqual(await state(), before);
  });

  it('answers 403 to changes by another page in the same browser, but not to requests that name no page', async () => {
    const ask = (origin: string, method = 'POST', path = '/api/calls') =>
      fetch(simulator.controlUrl + path, {
        method,
        headers: { Origin: origin },
        ...(method === 'POST' ? { body: JSON.stringify({ extension: '10', number: '1' }) } : {}),
      });
    const port = new URL(simulator.controlUrl).port;
    for (const origin of ['https://example.org', 'null', 'http://127.0.0.1', `http://localhost:${port}`]) {
      const refused = await ask(origin);
      const message = `Pages of ${origin} may not change anything here.`;
      assert.deepEqual([refused.status, await refused.json()], [403, { status: 403, message }]);
      assert.equal((await ask(origin, 'DELETE')).status, 403);
      assert.equal((await ask(origin, 'POST', '/api/connections/98780/answer')).status, 403);
      assert.equal((await ask(origin, 'PATCH', '/api/faults')).status, 403);
      // Which its browser doesn't let it read.
      assert.equal((await ask(origin, 'GET', '/api/state')).headers.get('Access-Control-Allow-Origin'), null);
    }
    assert.deepEqual((await state()).calls, []);
    assert.equal((await ask(simulator.controlUrl)).status, 201);
    assert.equal((await ask(simulator.controlUrl, 'DELETE')).status, 204);
  });

  it('brings a page that can run nothing but its own script', async () => {
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/page.css', 'text/css'],
      ['/page.js', 'text/javascript'],
    ] as const) {
      const { status, headers } = await fetch(simulator.controlUrl + path);
      assert.deepEqual([status, headers.get('Content-Type')], [200, `${type}; charset=utf-8`]);
      const policy = headers.get('Content-Security-Policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    }
  });

  it('survives a body that is cut off and one that is not text', async () => {
    const cut = send(simulator.controlUrl, '/api/calls', 'POST', '{"extension":');
    assert.equal((await cut.answer).status, 400);
    assert.equal((await send(simulator.controlUrl, '/api/calls', 'POST', '\0\0').answer).status, 400);
    assert.equal((await state()).calls.length, 0);
  });
});
