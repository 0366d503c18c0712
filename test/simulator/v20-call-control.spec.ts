import assert from 'node:assert/strict';
import type { V20Simulator } from '../../simulator';
import { until } from '../../support/until';
import { startWithClient, type V20Client } from './v20-client';

interface Result {
  finalstatus: string;
  reason: string;
  reasontext: string;
  result: { dn: string; status: string; callid: number } | null;
}

describe('simulator: the Call Control API of V20', () => {
  let simulator: V20Simulator;
  let api: V20Client;
  beforeEach(async () => ({ simulator, api } = await startWithClient({ delay: 1 })));
  afterEach(() => simulator.close());

  const inbound = (extension = '10') => simulator.pbx.inbound({ extension, number: '+491' });
  const answer = (dn: string) => simulator.pbx.answer(simulator.pbx.connectionsOf(dn)[0]?.id ?? '');
  const act = async (dn: string, action: string, body: unknown = {}) => {
    const { id } = await api.participant(dn);
    const { status, json } = await api.post(`/callcontrol/${dn}/participants/${id}/${action}`, body);
    return { status, ...(json as Result) };
  };
  const makeCall = async (path: string, destination: string) => {
    const { status, json } = await api.post(`/callcontrol/${path}/makecall`, { destination, timeout: 30 });
    return { status, ...(json as Result) };
  };
  const summary = async (dn: string) => {
    const { status, party_dn, party_caller_id, party_dn_type, callid } = await api.participant(dn);
    return [status, party_dn, party_caller_id, party_dn_type, callid];
  };
  const phone = (number: string) => `${number}/devices/${encodeURIComponent(`sip:${number}@192.0.2.${number}:5060`)}`;

  it('a call shows in both APIs', async () => {
    await makeCall(phone('10'), '11');
    const page = await (await fetch(`${simulator.url}/showallcalls`)).text();
    assert.match(page, /S=Dialing;DN=10;.*EP=11/);
    assert.match(page, /S=Ringing;DN=11;/);
    await fetch(`${simulator.url}/drop/11`);
    assert.deepEqual(await api.participants('10'), []);
  });

  it('makecall: from a device, inside and outside, until both talk', async () => {
    const { status, finalstatus, result } = await makeCall(phone('10'), '11');
    assert.deepEqual([status, finalstatus, result?.status], [200, 'Success', 'Dialing']);
    assert.deepEqual(await summary('10'), ['Dialing', '', '11', 'None', 20]);
    assert.deepEqual(await summary('11'), ['Ringing', '10', '10', 'Wextension', 20]);
    answer('11');
    assert.deepEqual(await summary('10'), ['Connected', '11', '11', 'Wextension', 20]);
    assert.equal((await api.participant('10')).device_id, 'sip:10@192.0.2.10:5060');
    await makeCall('12/devices/sip:12@127.0.0.1:5488;ob', '+4930');
    assert.deepEqual(await summary('12'), ['Dialing', '10000', '+4930', 'Wexternalline', 21]);
    assert.deepEqual(await summary('10000'), ['Dialing', '12', '+4930', 'Wextension', 21]);
  });

  it('makecall: from a DN with several devices it is the service of old, which always reports success', async () => {
    const { status, result } = await makeCall('10', '11');
    assert.deepEqual([status, result], [202, null]);
    assert.equal((await api.participant('11')).status, 'Ringing');
    simulator.pbx.setPhones('12', []);
    assert.equal((await makeCall('12', '11')).status, 202);
  });

  it('makecall: refuses an unknown device and no destination', async () => {
    assert.deepEqual([(await makeCall('10/devices/none', '11')).status, simulator.pbx.calls()], [422, []]);
    assert.equal((await makeCall(phone('10'), '')).status, 422);
  });

  it('drop: rejects a ringing call, and ends a connected one', async () => {
    inbound();
    assert.equal((await act('10', 'drop')).status, 200);
    assert.deepEqual(simulator.pbx.calls(), []);
  });

  it('answer: only where it rings, at a device with direct control', async () => {
    inbound();
    assert.equal((await api.participant('10')).direct_control, true);
    simulator.v20.switches.directControl = 'none';
    assert.equal((await api.participant('10')).direct_control, false);
    assert.equal((await act('10', 'answer')).status, 422);
    simulator.v20.switches.directControl = 'all';
    assert.equal((await act('10', 'answer')).result?.status, 'Connected');
    assert.equal((await act('10', 'answer')).status, 422);
  });

  it('transferto: answers when the destination has answered', async () => {
    inbound();
    answer('10');
    const transfer = act('10', 'transferto', { destination: '11' });
    await until(() => simulator.pbx.connectionsOf('11').length > 0, 'the destination to ring');
    assert.equal((await api.participant('11')).referred_by_dn, '10');
    assert.equal((await api.participant('10')).status, 'Connected');
    answer('11');
    const { status, result } = await transfer;
    assert.deepEqual([status, result?.dn, result?.callid], [200, '11', 20]);
    assert.deepEqual(await api.participants('10'), []);
    assert.equal((await api.participant('11')).referred_by_dn, '');
  });

  it('transferto: when nobody answers the call comes back', async () => {
    inbound();
    answer('10');
    const transfer = act('10', 'transferto', { destination: '11' });
    await until(() => simulator.pbx.connectionsOf('11').length > 0, 'the destination to ring');
    simulator.pbx.hangup(simulator.pbx.connectionsOf('11')[0]?.id ?? '');
    const { status, reason } = await transfer;
    assert.deepEqual([status, reason], [424, 'DestinationNoAnswer']);
    assert.deepEqual(await summary('10'), ['Connected', '10000', '+491', 'Wexternalline', 20]);
  });

  it('transferto: gives up after its timeout, by virtual time too', async () => {
    await simulator.close();
    ({ simulator, api } = await startWithClient({ time: 'virtual' }));
    inbound();
    answer('10');
    const transfer = act('10', 'transferto', { destination: '+4930', timeout: 5 });
    await until(() => simulator.pbx.connectionsOf('10000').length > 1, 'the destination to ring');
    await simulator.advance(5_000);
    assert.deepEqual([(await transfer).reason, simulator.pbx.connectionsOf('10000').length], ['OperationTimeout', 1]);
  });

  it('transferto: ends with the caller', async () => {
    inbound();
    answer('10');
    const transfer = act('10', 'transferto', { destination: '11' });
    await until(() => simulator.pbx.connectionsOf('11').length > 0, 'the destination to ring');
    simulator.pbx.hangup(simulator.pbx.connectionsOf('10000')[0]?.id ?? '');
    assert.equal((await transfer).status, 424);
    assert.deepEqual(simulator.pbx.calls(), []);
  });

  it('transferto: refuses a ringing call, itself, no destination and an extension without a phone', async () => {
    simulator.pbx.setPhones('12', []);
    inbound();
    assert.equal((await act('10', 'transferto', { destination: '11' })).status, 422);
    answer('10');
    for (const [destination, status, reason] of [
      ['10', 422, 'RoutingLoopDetected'],
      ['', 422, 'UnknownDestination'],
      ['12', 424, 'DestinationIsNotRegistered'],
    ] as const) {
      const answered = await act('10', 'transferto', { destination });
      assert.deepEqual([answered.status, answered.reason], [status, reason]);
    }
  });

  it('transferto: a queue is reached at once', async () => {
    inbound('12');
    answer('12');
    assert.equal((await act('12', 'transferto', { destination: '8000' })).status, 200);
    assert.deepEqual(await summary('8000'), ['Connected', '10000', '+491', 'Wexternalline', 20]);
    const { on_behalf_of_dn, originated_by_dn } = await api.participant('10');
    assert.deepEqual([on_behalf_of_dn, originated_by_dn], ['8000', '8000']);
  });

  it('divert: a ringing call goes elsewhere', async () => {
    inbound();
    simulator.v20.switches.transfers = 'at-once';
    assert.equal((await act('10', 'divert', { destination: '+4930' })).status, 200);
    assert.deepEqual([await api.participants('10'), (await api.participants('10000')).length], [[], 2]);
  });

  it('routeto: the first who answers has the call', async () => {
    inbound();
    const route = act('10', 'routeto', { destination: '11' });
    await until(() => simulator.pbx.connectionsOf('11').length > 0, 'the destination to ring');
    assert.equal((await api.participant('10')).status, 'Ringing');
    answer('11');
    assert.equal((await route).status, 200);
    assert.deepEqual(await api.participants('10'), []);
  });

  it('parks at SP0 and fetches from there', async () => {
    for (const [park, fetchFrom] of [
      ['*00', '*10'],
      ['SP0', 'SP0'],
    ] as const) {
      inbound();
      answer('10');
      const callid = (await api.participant('10')).callid;
      const { result } = await act('10', 'transferto', { destination: park });
      assert.equal(result?.dn, 'SP0');
      assert.deepEqual(await summary('SP0'), ['Connected', '10000', '+491', 'Wexternalline', callid]);
      assert.deepEqual(await api.participants('10'), []);
      assert.equal((await makeCall(phone('11'), fetchFrom)).result?.callid, callid);
      assert.deepEqual(await api.participants('SP0'), []);
      assert.deepEqual(await summary('11'), ['Connected', '10000', '+491', 'Wexternalline', callid]);
      simulator.pbx.clearCalls();
    }
    assert.equal((await makeCall(phone('11'), 'SP0')).status, 424);
  });

  it('after an attended transfer the legs have the callid of the call that goes on', async () => {
    inbound();
    answer('10');
    await makeCall(phone('10'), '11');
    answer('11');
    const before = await api.participant('11');
    const [first, second] = simulator.pbx.connectionsOf('10');
    simulator.pbx.joinCalls(first?.id ?? '', second?.id ?? '');
    const after = await api.participant('11');
    assert.deepEqual([before.callid, after.callid, after.id === before.id], [21, 20, true]);
    assert.deepEqual(await summary('11'), ['Connected', '10000', '+491', 'Wexternalline', 20]);
  });

  it('a transfer by the HTTP API is seen as a leg that goes and one that comes', async () => {
    inbound();
    answer('10');
    const { id } = await api.participant('10');
    const socket = await api.open();
    await fetch(`${simulator.url}/transfer/10/11`);
    const next = await api.participant('11');
    assert.deepEqual([next.status, next.referred_by_dn, next.id === id], ['Ringing', '10', false]);
    const events = await socket.events(3);
    assert.ok(events.includes(`0 /callcontrol/11/participants/${next.id}`));
    assert.equal(events.at(-1), `1 /callcontrol/10/participants/${id}`);
  });

  it('403 for a DN that is not there or not visible, 404 for a participant, device or action, 405 for a list', async () => {
    inbound();
    const { id } = await api.participant('10');
    simulator.v20.switches.visibleDns = ['10', '11'];
    const all = (await api.get('/callcontrol')).json as { dn: string }[];
    assert.deepEqual(
      all.map(({ dn }) => dn),
      ['10', '11'],
    );
    for (const [method, path, status] of [
      ['GET', '/callcontrol/999', 403],
      ['GET', '/callcontrol/12', 403],
      ['GET', '/callcontrol/12/participants', 403],
      ['POST', '/callcontrol/12/makecall', 403],
      ['GET', '/callcontrol/10/participants/1', 404],
      ['GET', `/callcontrol/11/participants/${id}`, 404],
      ['GET', '/callcontrol/10/devices/none', 404],
      ['POST', '/callcontrol/10/participants/1/drop', 404],
      ['POST', `/callcontrol/10/participants/${id}/hold`, 404],
      ['POST', '/callcontrol', 405],
      ['POST', '/callcontrol/10/participants', 405],
      ['GET', '/callcontrol/10/nothing', 404],
    ] as const) {
      assert.equal((await api.send(method, path)).status, status, `${method} ${path}`);
    }
  });

  it('a request over the WebSocket gets its answer there', async () => {
    inbound();
    const { id } = await api.participant('10');
    const socket = await api.open();
    const path = `/callcontrol/10/participants/${id}`;
    socket.socket.send(JSON.stringify({ RequestID: 'r1', Path: path, RequestData: '' }));
    await socket.events(1);
    const { event } = socket.messages[0] ?? {};
    assert.deepEqual([event?.event_type, event?.entity], [4, path]);
    const data = event?.attached_data as { RequestID: string; StatusCode: number; Response: { id: number } };
    assert.deepEqual([data.RequestID, data.StatusCode, data.Response.id], ['r1', 200, id]);
    socket.socket.send('no request');
    socket.socket.send(JSON.stringify({ RequestID: 'r2', Path: `${path}/drop`, RequestData: {} }));
    await until(() => simulator.pbx.calls().length === 0, 'the end of the call');
  });

  it('logs requests with their status, WebSockets and messages', async () => {
    const socket = await api.open();
    inbound();
    await socket.events(2);
    await api.get('/callcontrol/999');
    const log = simulator.v20.requests.map(({ method, path, status }) => `${method} ${path} ${status}`);
    assert.deepEqual(log, ['POST /connect/token 200', 'GET /callcontrol/ws 101', 'GET /callcontrol/999 403']);
    assert.equal(simulator.v20.requestCount, 3);
    const [{ sent, closedAt } = { sent: 0, closedAt: 0 }] = simulator.v20.sockets;
    assert.deepEqual([sent, closedAt], [2, null]);
    socket.socket.close();
    await until(() => simulator.v20.sockets[0]?.closedAt !== null, 'the end of the WebSocket');
  });
});
