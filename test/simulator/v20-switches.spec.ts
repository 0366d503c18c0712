import assert from 'node:assert/strict';
import { startSimulator, type V20Simulator } from '../../simulator';
import { until } from '../../support/until';
import { client, startWithClient, type V20Client, type V20Listener } from './v20-client';

describe('simulator: switches of V20', () => {
  let simulator: V20Simulator;
  let api: V20Client;
  let socket: V20Listener;

  const start = async (options: { phoneLegs?: boolean; time?: 'virtual' } = {}) => {
    ({ simulator, api } = await startWithClient(options));
    socket = await api.open();
  };
  beforeEach(() => start());
  afterEach(() => simulator.close());

  const inbound = () => simulator.pbx.inbound({ extension: '10', number: '+491' });
  const own = () => simulator.pbx.connectionsOf('10')[0]?.id ?? '';

  it('can be changed at any time, and refuse words that are not theirs', async () => {
    inbound();
    await socket.events(2);
    simulator.v20.switches.directControl = 'none';
    const [, , last] = await socket.events(3);
    assert.match(last ?? '', /^0 \/callcontrol\/10\//);
    const v20 = { ...client, transfers: 'never' as 'slow' };
    await assert.rejects(startSimulator({ v20 }), /must be slow or at-once/);
  });

  it('repeatMs: an Upset comes again as long as it rings', async () => {
    await simulator.close();
    await start({ time: 'virtual' });
    simulator.v20.switches.repeatMs = 750;
    inbound();
    await simulator.advance(2_250);
    const events = await socket.events(5);
    assert.equal(events.filter((event) => event.startsWith('0 /callcontrol/10/')).length, 4);
    simulator.pbx.answer(own());
    const count = (await socket.events(6)).length;
    await simulator.advance(5_000);
    await api.get('/callcontrol');
    assert.equal(socket.messages.length, count);
  });

  it('attachedData: nothing, the participant, or a response with it', async () => {
    const attached = async () => {
      const before = socket.messages.length;
      inbound();
      await socket.events(before + 2);
      const data = socket.messages[before + 1]?.event.attached_data;
      const participant = await api.participant('10');
      simulator.pbx.clearCalls();
      await socket.events(before + 4);
      return { data, participant };
    };
    assert.equal((await attached()).data, null);
    simulator.v20.switches.attachedData = 'participant';
    const plain = await attached();
    assert.deepEqual(plain.data, plain.participant);
    simulator.v20.switches.attachedData = 'response';
    const wrapped = await attached();
    assert.deepEqual(wrapped.data, { StatusCode: 200, Response: wrapped.participant });
  });

  it('lateUpsets: an event about a participant that is gone', async () => {
    inbound();
    await socket.events(2);
    simulator.v20.switches.lateUpsets = true;
    simulator.pbx.hangup(own());
    const [removed = '', late = ''] = (await socket.events(6)).slice(4);
    assert.deepEqual([removed.slice(0, 1), late.slice(0, 1)], ['1', '0']);
    assert.equal((await api.get(late.slice(2))).status, 404);
  });

  it('silent: the WebSocket stays open, without events and pongs', async () => {
    socket.socket.ping();
    await until(() => socket.pongs === 1, 'the pong');
    simulator.v20.switches.silent = true;
    inbound();
    socket.socket.ping();
    await until(() => simulator.v20.sockets[0]?.pings === 2, 'the ping');
    await api.get('/callcontrol');
    assert.deepEqual([socket.pongs, socket.messages.length, socket.isClosed], [1, 0, false]);
    simulator.v20.switches.silent = false;
    simulator.pbx.clearCalls();
    await socket.events(2);
  });

  it('dropSockets: with a code, or broken; refusesSockets: no new one', async () => {
    simulator.v20.dropSockets(1001);
    await until(() => socket.isClosed, 'the end of the WebSocket');
    socket = await api.open();
    simulator.v20.dropSockets();
    await until(() => socket.isClosed, 'the end of the WebSocket');
    simulator.v20.switches.refusesSockets = true;
    await assert.rejects(api.open(), /503/);
    assert.equal((await api.get('/callcontrol')).status, 200);
  });

  it('lost, repeated, reordered: what becomes of messages on their way', async () => {
    const { switches } = simulator.v20;
    switches.lost = 1;
    inbound();
    switches.lost = 0;
    switches.repeated = 1;
    simulator.pbx.answer(own());
    const events = await socket.events(2);
    assert.equal(new Set(events).size, events.length / 2);
    switches.repeated = 0;
    const before = events.length;
    switches.reordered = 1;
    simulator.pbx.clearCalls();
    await socket.events(before + 2);
    const [first, second] = socket.messages.slice(before);
    assert.equal((first?.sequence ?? 0) - (second?.sequence ?? 0), 1);
  });

  it('getDelay: a GET takes longer, and answers with what was at its arrival', async () => {
    inbound();
    simulator.v20.switches.getDelay = 50;
    const before = simulator.v20.requestCount;
    const answer = api.participants('10');
    await until(() => simulator.v20.requestCount > before, 'the request');
    await new Promise(setImmediate);
    simulator.pbx.answer(own());
    assert.equal((await answer)[0]?.status, 'Ringing');
  });

  it('pascalCase: all members of the Call Control API', async () => {
    simulator.v20.switches.pascalCase = true;
    inbound();
    await socket.events(0);
    await until(() => socket.messages.length === 2, 'the messages');
    const message = socket.messages[1] as unknown as Record<string, unknown>;
    const { id } = (await api.get('/callcontrol/10/participants')).json as { id?: number };
    assert.equal(id, undefined);
    const [participant] = (await api.get('/callcontrol/10/participants')).json as Record<string, unknown>[];
    assert.deepEqual(message.Event, {
      EventType: 'Upsert',
      Entity: `/callcontrol/10/participants/${String(participant?.Id)}`,
      AttachedData: null,
    });
    assert.deepEqual(
      [participant?.DN, participant?.PartyCallerId, participant?.CallId, participant?.LegId],
      ['10', '+491', 20, 2],
    );
  });

  it('showsHold: Hold and Held, or Connected', async () => {
    inbound();
    simulator.pbx.answer(own());
    simulator.pbx.hold(own());
    const statuses = async () => [(await api.participant('10')).status, (await api.participant('10000')).status];
    assert.deepEqual(await statuses(), ['Connected', 'Connected']);
    const before = socket.messages.length;
    simulator.v20.switches.showsHold = true;
    assert.deepEqual(await statuses(), ['Hold', 'Held']);
    await socket.events(before + 2);
  });

  it('queueParticipants, queueIn: how a queue is seen', async () => {
    simulator.pbx.inbound({ queue: '8000', number: '+491' });
    assert.equal((await api.participant('8000')).status, 'Connected');
    simulator.v20.switches.queueParticipants = false;
    assert.deepEqual(await api.participants('8000'), []);
    for (const [queueIn, originatedBy, onBehalfOf] of [
      ['both', '8000', '8000'],
      ['originated_by', '8000', ''],
      ['on_behalf_of', 'ROUTER', '8000'],
      ['none', 'ROUTER', ''],
    ] as const) {
      simulator.v20.switches.queueIn = queueIn;
      simulator.pbx.clearCalls();
      simulator.pbx.inbound({ queue: '8000', number: '+491' });
      const { originated_by_dn, on_behalf_of_dn } = await api.participant('10');
      assert.deepEqual([originated_by_dn, on_behalf_of_dn], [originatedBy, onBehalfOf]);
    }
  });

  it('phoneLegs: a participant for each device', async () => {
    await simulator.close();
    await start({ phoneLegs: true });
    inbound();
    const legs = await api.participants('10');
    assert.deepEqual(
      legs.map(({ device_id, direct_control, legid }) => [device_id, direct_control, legid]),
      [
        ['sip:10@127.0.0.1:5488;ob', false, 2],
        ['sip:10@192.0.2.10:5060', true, 3],
      ],
    );
  });

  it('forbidsParticipants: 403 for one, although the list shows it', async () => {
    inbound();
    const { id } = await api.participant('10');
    simulator.v20.switches.forbidsParticipants = true;
    assert.equal((await api.get(`/callcontrol/10/participants/${id}`)).status, 403);
    assert.equal((await api.participant('10')).id, id);
  });

  it('callControl: without the right, everything gets 403', async () => {
    simulator.v20.switches.callControl = false;
    assert.equal((await api.get('/callcontrol')).status, 403);
    await assert.rejects(api.open(), /403/);
    assert.equal((await api.get('/xapi/v1/Defs')).status, 200);
  });

  it('visibleDns: no events of the others', async () => {
    simulator.v20.switches.visibleDns = ['10'];
    inbound();
    await api.get('/callcontrol');
    assert.deepEqual(await socket.events(1), [`0 /callcontrol/10/participants/${(await api.participant('10')).id}`]);
  });

  it('refuses: calls and actions fail with a reason, and nothing happens', async () => {
    inbound();
    const { id } = await api.participant('10');
    for (const [status, finalstatus] of [
      [422, 'Rejected'],
      [424, 'Failed'],
    ] as const) {
      simulator.v20.switches.refuses = status;
      for (const path of [`10/participants/${id}/drop`, `10/participants/${id}/divert`, '12/makecall']) {
        const answer = await api.post(`/callcontrol/${path}`, { destination: '11' });
        const { reasontext, ...body } = answer.json as Record<string, unknown>;
        assert.deepEqual([answer.status, body.finalstatus], [status, finalstatus]);
        assert.notEqual(reasontext, '');
      }
    }
    assert.equal((await api.participants('10')).length, 1);
    assert.equal(simulator.pbx.calls().length, 1);
  });

  it('hangs: no request is answered and no WebSocket opens or sends anything, until it is over', async () => {
    simulator.v20.switches.hangs = true;
    assert.equal(simulator.v20.fault, 'hangs');
    const before = simulator.v20.requestCount;
    const answer = api.get('/callcontrol/10');
    const other = api.open();
    await until(() => simulator.v20.requestCount === before + 2, 'both requests');
    inbound();
    socket.socket.ping();
    const { requests, sockets } = simulator.v20;
    await until(() => sockets[0]?.pings === 1, 'the ping');
    assert.deepEqual(
      requests.slice(before).map(({ status }) => status),
      [null, null],
    );
    assert.deepEqual([socket.messages.length, socket.pongs], [0, 0]);
    simulator.v20.switches.hangs = false;
    assert.equal((await answer).status, 200);
    await other;
    simulator.pbx.answer(own());
    assert.ok((await socket.events(1)).length > 0);
  });

  it('setFault(): hangs, fails, is gone, and is back at its port', async () => {
    const { v20 } = simulator;
    await v20.setFault('hangs');
    const before = v20.requestCount;
    const dropped = [assert.rejects(api.get('/callcontrol')), assert.rejects(api.open())];
    await until(() => v20.requestCount === before + 2, 'both requests');
    await v20.setFault('gone');
    await Promise.all(dropped);
    await until(() => socket.isClosed, 'the WebSocket to be closed');
    await assert.rejects(api.get('/callcontrol'), { message: 'fetch failed' });
    assert.equal(v20.fault, 'gone');
    await v20.setFault('fails');
    assert.deepEqual([v20.fault, (await api.get('/callcontrol')).status], ['fails', 503]);
    await v20.setFault('none');
    assert.deepEqual([v20.fault, (await api.get('/callcontrol')).status], ['none', 200]);
    await v20.setFault('hangs');
    const hung = assert.rejects(api.get('/callcontrol'));
    await simulator.close();
    await hung;
    await assert.rejects(v20.setFault('none'), { message: 'The V20 APIs have ended.' });
  });

  it('failsWith: this status for everything', async () => {
    simulator.v20.switches.failsWith = 503;
    assert.equal((await api.get('/callcontrol')).status, 503);
    assert.equal((await api.logIn()).status, 503);
    await assert.rejects(api.open(), /503/);
  });

  it('send: any event', async () => {
    simulator.v20.send({
      event_type: 2,
      entity: '/callcontrol/nodered/participants/1',
      attached_data: { dtmf_input: '5' },
    });
    assert.deepEqual(await socket.events(1), ['2 /callcontrol/nodered/participants/1']);
  });
});
