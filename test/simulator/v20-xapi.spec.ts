import assert from 'node:assert/strict';
import type { V20Simulator } from '../../simulator';
import { startWithClient, type V20Client } from './v20-client';
import { checkXapi } from './v20-schema';

interface List {
  value: Record<string, unknown>[];
  '@odata.count'?: number;
}

describe('simulator: the Configuration API of V20', () => {
  let simulator: V20Simulator;
  let api: V20Client;
  beforeEach(async () => ({ simulator, api } = await startWithClient({ delay: 1 })));
  afterEach(() => simulator.close());

  /** The answer, which is by its schema. */
  const get = async (path: string, schema: string): Promise<List & Record<string, unknown>> => {
    const { status, json } = await api.get(`/xapi/v1/${path}`);
    assert.equal(status, 200, `${path}: ${JSON.stringify(json)}`);
    checkXapi(json, schema);
    return json as List & Record<string, unknown>;
  };
  const list = async (path: string, name: string): Promise<Record<string, unknown>[]> => {
    const { value } = (await api.get(`/xapi/v1/${path}`)).json as List;
    for (const row of value) checkXapi(row, `Pbx.${name}`);
    return value;
  };
  const user = async (number: string) => {
    const [row, other] = await users(`$filter=Number eq '${number}'`);
    assert.equal(other, undefined);
    return row ?? {};
  };
  const users = (query: string) => list(`Users?${query}`, 'User');
  const patch = async (number: string, body: unknown) => {
    const { Id: id } = await user(number);
    return api.send('PATCH', `/xapi/v1/Users(${String(id)})`, body);
  };
  const checkError = (json: unknown) => checkXapi(json, 'Pbx.ODataErrors.ODataError');

  it('Defs: returns the version', async () => {
    const { status, json, headers } = await api.get('/xapi/v1/Defs?$select=Id');
    assert.equal(status, 200);
    checkXapi(json, 'Pbx.Defs');
    assert.match(headers.get('X-3CX-Version') ?? '', /^20\.\d/);
  });

  it('Users: finds an extension by its number, with the members that are asked for', async () => {
    const query = "$filter=Number eq '100'&$select=Id,Number,CurrentProfileName,QueueStatus,IsRegistered";
    assert.deepEqual(await users(query), [
      { Id: 32, Number: '100', CurrentProfileName: 'Available', QueueStatus: 'LoggedIn', IsRegistered: true },
    ]);
    assert.deepEqual(await users("$filter=Number eq '999'"), []);
    assert.deepEqual(await users("$filter=DisplayName eq 'O''Hara'"), []);
    assert.equal((await users("$filter=Number eq '10' or Number eq '11'")).length, 2);
    assert.equal((await users("$filter=Number ne '10' and IsRegistered eq true")).length, 5);
  });

  it('Users: sorts, pages and counts', async () => {
    const { json } = await api.get('/xapi/v1/Users?$orderby=Number desc&$top=2&$skip=1&$count=true&$select=Number');
    const { value, '@odata.count': count } = json as List;
    assert.deepEqual([value.map(({ Number: number }) => number), count], [['11', '102'], 6]);
  });

  it('one entity: by Id or by number', async () => {
    const { Id: id } = await user('10');
    assert.equal((await get(`Users(${String(id)})`, 'Pbx.User')).Number, '10');
    assert.equal((await get("Users(Number='10')?$select=Id", 'Pbx.User')).Id, id);
    assert.equal((await get("Queues(Number='8000')", 'Pbx.Queue')).Name, 'Support: Süd; EU');
    for (const path of ['Users(1)', "Users(Number='999')", 'Nothing']) {
      const { status, json } = await api.get(`/xapi/v1/${path}`);
      assert.equal(status, 404);
      checkError(json);
    }
  });

  it('refuses what it does not understand with 400', async () => {
    for (const query of [
      '$top=101',
      '$top=x',
      '$filter=Number',
      '$filter=Number eq 10',
      '$select=No',
      '$search=a',
      '$expand=No',
    ]) {
      const { status, json } = await api.get(`/xapi/v1/Users?${query}`);
      assert.equal(status, 400, query);
      checkError(json);
    }
    assert.equal((await api.get('/xapi/v1/Users?$top=100')).status, 200);
  });

  it('PATCH Users: sets profile and queue status, which the HTTP API shows too', async () => {
    assert.equal((await patch('10', { CurrentProfileName: 'Custom 1' })).status, 204);
    assert.equal((await patch('10', { QueueStatus: 'LoggedOut' })).status, 204);
    const { CurrentProfileName: profile, QueueStatus: status } = await user('10');
    assert.deepEqual([profile, status], ['Custom 1', 'LoggedOut']);
    const answer = await fetch(`${simulator.url}/showstatus/10`);
    assert.match(await answer.text(), /CURRENT_STATUS=Custom 1/);
    assert.deepEqual(simulator.pbx.extension('10').loggedInTo, []);
    await patch('10', { QueueStatus: 'LoggedIn' });
    assert.deepEqual(simulator.pbx.extension('10').loggedInTo, ['8000', '8001']);
  });

  it('PATCH Users: keeps the queue status of somebody who is no agent', async () => {
    await patch('12', { QueueStatus: 'LoggedOut' });
    assert.equal((await user('12')).QueueStatus, 'LoggedOut');
  });

  it('PATCH Users: refuses other values, and somebody who is not there', async () => {
    for (const body of [{ CurrentProfileName: 'Lunch' }, { QueueStatus: 'Maybe' }]) {
      const { status, json } = await patch('10', body);
      assert.equal(status, 400);
      checkError(json);
    }
    assert.equal((await api.send('PATCH', '/xapi/v1/Users(1)', {})).status, 404);
    assert.equal((await api.send('PATCH', '/xapi/v1/Queues(1)', {})).status, 405);
  });

  it('ignoresProfiles: 204, and nothing changes but the queue status', async () => {
    simulator.v20.switches.ignoresProfiles = true;
    assert.equal((await patch('10', { CurrentProfileName: 'Away', QueueStatus: 'LoggedOut' })).status, 204);
    const { CurrentProfileName: profile, QueueStatus: status } = await user('10');
    assert.deepEqual([profile, status], ['Available', 'LoggedOut']);
  });

  it('Queues: with their agents, when asked', async () => {
    const [queue] = await list('Queues?$expand=Agents&$select=Id,Number,Name', 'Queue');
    assert.deepEqual(
      (queue?.Agents as { Number: string }[]).map(({ Number: number }) => number),
      ['10', '11', '100', '101'],
    );
    assert.equal('Agents' in ((await list('Queues', 'Queue'))[0] ?? {}), false);
  });

  it('Peers, ServicePrincipals and DialCodeSettings: tell names, types, rights and codes', async () => {
    const peers = await list('Peers?$select=Number,Name,Type', 'Peer');
    assert.deepEqual(
      peers.map(({ Number: number, Type: type }) => `${String(number)} ${String(type)}`),
      [
        'nodered RoutePoint',
        ...['10', '11', '12', '100', '101', '102'].map((number) => `${number} Extension`),
        '8000 Queue',
        '8001 Queue',
        'SP0 Parking',
        '10000 ExternalLine',
      ],
    );
    simulator.v20.switches.visibleDns = ['10'];
    const [own] = await list("ServicePrincipals?$filter=Number eq 'nodered'&$expand=Peers", 'ServicePrincipal');
    assert.deepEqual(
      (own?.Peers as { Number: string }[]).map(({ Number: number }) => number),
      ['10'],
    );
    const codes = await get('DialCodeSettings', 'Pbx.DialCodeSettings');
    assert.deepEqual([codes.DialCodePark, codes.DialCodeUnpark], ['*0', '*1']);
  });

  it('ActiveCalls: from ringing to talking, and at a queue', async () => {
    const active = () => list('ActiveCalls', 'ActiveCall');
    const call = simulator.pbx.inbound({ extension: '10', number: '+491' });
    const [ringing] = await active();
    assert.deepEqual(
      [ringing?.Caller, ringing?.Callee, ringing?.Status, ringing?.EstablishedAt],
      ['10000 Provider (+491)', '10 Extension 10', 'Routing', null],
    );
    simulator.pbx.answer(call.connections[1]?.id ?? '');
    const [talking] = await active();
    assert.equal(talking?.Status, 'Talking');
    assert.notEqual(talking.EstablishedAt, null);
    assert.equal(talking.Id, (await api.participant('10')).callid);
    simulator.pbx.clearCalls();
    simulator.pbx.inbound({ queue: '8000', number: '+491' });
    const [waiting] = await active();
    assert.deepEqual([waiting?.Status, waiting?.Callee], ['Talking', '8000 Support: Süd; EU']);
  });

  it('Pbx.DropCall: ends the whole call', async () => {
    simulator.pbx.inbound({ queue: '8000', number: '+491' });
    const [call] = await list('ActiveCalls?$select=Id', 'ActiveCall');
    const path = `/xapi/v1/ActiveCalls(${String(call?.Id)})/Pbx.DropCall`;
    const { status, json } = await api.post(path);
    assert.equal(status, 200);
    checkXapi(json, 'Pbx.IActionResult');
    assert.deepEqual(simulator.pbx.calls(), []);
    assert.equal((await api.post(path)).status, 404);
  });

  it('xapi: without the right, everything gets 403, and the Call Control API goes on', async () => {
    simulator.v20.switches.xapi = false;
    for (const path of ['/xapi/v1/Defs', '/xapi/v1/Users']) assert.equal((await api.get(path)).status, 403);
    assert.equal((await api.get('/callcontrol')).status, 200);
  });
});
