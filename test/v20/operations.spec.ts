import assert from 'node:assert/strict';
import { type OperationName, parseDestinations, type Result } from '../../lib/pbx';
import { chooseDevice, phoneKindOf } from '../../lib/v20/operations';
import { devicesOf } from '../../lib/v20/participants';
import { type V20Options, V20Pbx } from '../../lib/v20';
import type { V20Switches } from '../../simulator';
import { until } from '../../support/until';
import { captured, clientId, clientSecret, clock, Stage } from './support';

describe('Phones of 3CX V20', () => {
  const [, device] = [
    0,
    (captured('callcontrol-list') as { dn: string; devices: unknown }[]).find(({ dn }) => dn === '150'),
  ];
  const devices = devicesOf(device?.devices) ?? [];

  it('their kind: by user agent and contact', () => {
    assert.deepEqual(devices.map(phoneKindOf), ['Mobile', 'Web', 'Desktop']);
  });

  it('the one that is wanted', () => {
    const chosen = (phone: string): string | undefined => chooseDevice(devices, phone)?.userAgent;
    assert.match(chosen('Mobile') ?? '', /Mobile/);
    assert.match(chosen('Web') ?? '', /WebRTC/);
    assert.match(chosen('Soft') ?? '', /WebRTC/);
    assert.match(chosen('Desktop') ?? '', /Yealink/);
    assert.match(chosen('Auto') ?? '', /WebRTC/);
    assert.equal(chooseDevice([], 'Auto'), null);
    assert.equal(chooseDevice(devices.slice(1), 'Mobile'), null);
    assert.match(chooseDevice(devices.slice(0, 1), 'Auto')?.userAgent ?? '', /Mobile/);
  });
});

describe('The operations of 3CX V20', () => {
  let stage: Stage;

  async function start(switches: Partial<V20Switches> = {}, options: Partial<V20Options> = {}): Promise<Stage> {
    stage = await Stage.start(switches, options);
    return stage;
  }
  afterEach(() => stage.close());

  /** Carries one out, and says which requests that took. */
  async function run(name: OperationName, args: Record<string, unknown> = {}): Promise<Result & { sent: string[] }> {
    const before = stage.v20.requests.length;
    const result = await stage.pbx.execute(name, args);
    return { ...result, sent: stage.requests(before) };
  }

  /** A call from outside that rings at 10, and the connection there. */
  function ring(extension = '10'): string {
    stage.simulator.pbx.inbound({ number: '+4930111', extension });
    return stage.simulator.pbx.connectionsOf(extension)[0]?.id ?? '';
  }

  function talk(extension = '10'): string {
    const id = ring(extension);
    stage.simulator.pbx.answer(id);
    return id;
  }

  async function fails(name: OperationName, args: Record<string, unknown>, code: string, message = /./): Promise<void> {
    await assert.rejects(stage.pbx.execute(name, args), (error: { code: string; message: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
  }

  it('record, atttrans and stop: unsupported, and nothing is sent', async () => {
    await start();
    await fails('record', { extension: '10', recordAction: 'start' }, 'unsupported', /record/);
    await fails('atttrans', { extension: '10' }, 'unsupported', /transfer/);
    await fails('stop', {}, 'unsupported', /HTTP API/);
    await fails('login', { extension: '10', action: 'login_all', queue: '8000' }, 'unsupported', /single queue/);
    assert.equal(stage.v20.requestCount, 0);
    for (const name of ['record', 'atttrans', 'stop'] as const) assert.equal(stage.pbx.supports.has(name), false);
    assert.equal(stage.pbx.supports.size, 17);
  });

  it('a wrong argument, or a destination that is not allowed: nothing is sent', async () => {
    await start({}, { isAllowed: parseDestinations('+49*') });
    await fails('drop', {}, 'invalid-argument', /extension/);
    await fails('drop', { extension: '1/0' }, 'invalid-argument');
    await fails('makecall', { extension: '10', destination: '0900', phone: 'Soft' }, 'not-allowed');
    await fails('transfer', { extension: '10', destination: '0900' }, 'not-allowed');
    await fails('divert', { extension: '10', destination: '0900' }, 'not-allowed');
    assert.equal(stage.v20.requestCount, 0);
  });

  it('makecall: done, with the call id', async () => {
    await start();
    const { sent, ...result } = await run('makecall', { extension: '10', destination: '+4930222', phone: 'Desktop' });
    assert.ok(result.ok);
    assert.equal(result.confirmed, true);
    assert.match(result.callId ?? '', /^\d+$/);
    assert.equal(result.given.phone, 'Desktop');
    assert.deepEqual(sent, [
      'GET /callcontrol/10/devices',
      'POST /callcontrol/10/devices/sip:10@192.0.2.10:5060/makecall',
    ]);
  });

  it('makecall: no phone, and nothing is dialled', async () => {
    await start();
    const { ok, sent, ...rest } = await run('makecall', { extension: '10', destination: '11', phone: 'Mobile' });
    assert.deepEqual([ok, 'reason' in rest && rest.reason, sent], [false, 'no-phone', ['GET /callcontrol/10/devices']]);
  });

  it('makecall: refused, with the reason of the PBX', async () => {
    await start({ refuses: 424 });
    const result = await run('makecall', { extension: '10', destination: '11', phone: 'Soft' });
    assert.ok(!result.ok);
    assert.equal(result.reason, 'refused');
    assert.match(result.detail ?? '', /DestinationBusy/);
  });

  it('answer: the phone that rings', async () => {
    await start({ directControl: 'all' });
    const id = ring();
    const result = await run('answer', { extension: '10' });
    assert.ok(result.ok);
    assert.match(result.callId ?? '', /^\d+$/);
    assert.equal(stage.simulator.pbx.connections().find((one) => one.id === id)?.status, 'Connected');
    assert.equal(result.sent.length, 2);
  });

  it('answer: nothing rings', async () => {
    await start();
    const result = await run('answer', { extension: '10' });
    assert.deepEqual([result.ok, !result.ok && result.reason], [false, 'no-call']);
    assert.deepEqual(result.sent, ['GET /callcontrol/10/participants']);
  });

  it('answer: a phone that cannot be answered from outside is unsupported, and nothing is sent', async () => {
    await start({ directControl: 'none' });
    ring();
    await fails('answer', { extension: '10' }, 'unsupported', /uaCSTA/);
    assert.deepEqual(stage.requests(), ['GET /callcontrol/10/participants']);
  });

  it('drop: the call that is talked in, before the one that rings', async () => {
    await start();
    const id = talk();
    ring();
    const result = await run('drop', { extension: '10' });
    assert.equal(result.ok, true);
    assert.equal(
      stage.simulator.pbx.connections().some((one) => one.id === id),
      false,
    );
    assert.equal(stage.simulator.pbx.connectionsOf('10').length, 1);
    assert.equal(result.sent.length, 2);
  });

  it('drop: no call', async () => {
    await start();
    const result = await run('drop', { extension: '10' });
    assert.deepEqual([result.ok, !result.ok && result.reason, result.sent.length], [false, 'no-call', 1]);
  });

  it('drop: each leg of a call that rings at several phones, each once', async () => {
    stage = await Stage.start({}, {}, { phoneLegs: true });
    ring();
    const result = await run('drop', { extension: '10' });
    assert.equal(result.ok, true);
    const posts = result.sent.filter((line) => line.startsWith('POST'));
    assert.equal(posts.length, 2);
    assert.equal(new Set(posts).size, 2);
    assert.deepEqual(stage.simulator.pbx.connectionsOf('10'), []);
  });

  it('drop: refused, with the reason of the PBX', async () => {
    await start({ refuses: 422 });
    talk();
    const result = await run('drop', { extension: '10' });
    assert.ok(!result.ok);
    assert.deepEqual([result.reason, (result.detail ?? '').includes('SubjectNotFound')], ['refused', true]);
  });

  it('transfer: done once somebody answers at the destination', async () => {
    await start();
    talk();
    const transfer = run('transfer', { extension: '10', destination: '11' });
    await until(() => stage.simulator.pbx.connectionsOf('11').length > 0, '11 rings');
    stage.simulator.pbx.answer(stage.simulator.pbx.connectionsOf('11')[0]?.id ?? '');
    const { ok, sent } = await transfer;
    assert.equal(ok, true);
    assert.match(sent[1] ?? '', /transferto$/);
  });

  it('transfer: no call that is talked in', async () => {
    await start();
    ring();
    const result = await run('transfer', { extension: '10', destination: '11' });
    assert.deepEqual([result.ok, !result.ok && result.reason, result.sent.length], [false, 'no-call', 1]);
  });

  it('transfer: refused', async () => {
    await start({ refuses: 422 });
    talk();
    const result = await run('transfer', { extension: '10', destination: '11' });
    assert.deepEqual([result.ok, !result.ok && result.reason], [false, 'refused']);
  });

  it('divert: the call that rings', async () => {
    await start({ transfers: 'at-once' });
    ring();
    const result = await run('divert', { extension: '10', destination: '11' });
    assert.equal(result.ok, true);
    assert.equal(stage.simulator.pbx.connectionsOf('11').length, 1);
    const none = await run('divert', { extension: '12', destination: '11' });
    assert.deepEqual([none.ok, !none.ok && none.reason, none.sent.length], [false, 'no-call', 1]);
  });

  it('park and unpark: confirmed when the call is seen there', async () => {
    await start();
    talk();
    const parked = await run('park', { extension: '10' });
    assert.deepEqual([parked.ok, parked.confirmed], [true, true]);
    const fetched = await run('unpark', { extension: '11', phone: 'Soft' });
    assert.deepEqual([fetched.ok, fetched.confirmed], [true, true]);
    assert.equal(fetched.given.phone, 'Soft');
    const none = await run('park', { extension: '12' });
    assert.deepEqual([none.ok, !none.ok && none.reason], [false, 'no-call']);
  });

  it('park: without the Configuration API by the parking place that can be seen', async () => {
    await start({ xapi: false });
    talk();
    const parked = await run('park', { extension: '10' });
    assert.deepEqual([parked.ok, parked.confirmed], [true, true]);
  });

  it('unpark: refused when nothing is parked', async () => {
    await start();
    const result = await run('unpark', { extension: '11', phone: 'Soft' });
    assert.deepEqual([result.ok, !result.ok && result.reason], [false, 'refused']);
  });

  it('dnregs: the first device, or none', async () => {
    await start();
    const { registration } = await run('dnregs', { extension: '10' });
    assert.deepEqual(registration, {
      ...{ id: null, contact: 'sip:10@127.0.0.1:5488;ob', userAgent: '3CXPhone for Windows 18.0.9.20' },
    });
    stage.simulator.pbx.setPhones('10', []);
    const none = await run('dnregs', { extension: '10' });
    assert.deepEqual([none.ok, none.registration], [true, null]);
  });

  it('ondn: the call id, or null', async () => {
    await start();
    assert.equal((await run('ondn', { extension: '10' })).callId, null);
    ring();
    assert.match((await run('ondn', { extension: '10' })).callId ?? '', /^\d+$/);
  });

  it('getcallerid: number and queue, or idle', async () => {
    await start();
    const idle = await run('getcallerid', { extension: '10' });
    assert.deepEqual([idle.idle, idle.number, idle.queue], [true, null, null]);
    stage.simulator.pbx.inbound({ number: '+4930111', queue: '8000', extension: '10' });
    const found = await run('getcallerid', { extension: '10' });
    assert.deepEqual([found.idle, found.number], [false, '+4930111']);
    assert.deepEqual(found.queue, { number: null, name: '' });
  });

  it('showallcalls: the legs of extensions', async () => {
    await start();
    talk();
    const { connections = [] } = await run('showallcalls');
    assert.deepEqual(
      connections.map(({ id, ...rest }) => ({ ...rest, hasId: id !== '' })),
      [
        {
          ...{ extension: '10', status: 'connected', number: '+4930111', name: null, queue: null, recording: null },
          ...{ ccid: '2', hasId: true },
        },
      ],
    );
  });

  it('setstatus and showstatus: read back', async () => {
    await start();
    const set = await run('setstatus', { extension: '10', profile: 'away' });
    assert.deepEqual([set.ok, set.profile, set.profileName, set.answer], [true, 'away', 'Away', '']);
    assert.deepEqual(
      set.sent.map((line) => line.split(' ')[0]),
      ['GET', 'PATCH', 'GET'],
    );
    const shown = await run('showstatus', { extension: '10' });
    assert.deepEqual([shown.ok, shown.profile, shown.profileName], [true, 'away', 'Away']);
    for (const [name, args] of [
      ['setstatus', { extension: '999', profile: 'away' }],
      ['showstatus', { extension: '999' }],
    ] as const) {
      const none = await run(name, args);
      assert.deepEqual([none.ok, !none.ok && none.reason], [false, 'not-an-extension']);
      assert.equal(none.sent.length, 1);
    }
  });

  it('setstatus: a PBX that says done and does nothing is unsupported', async () => {
    await start({ ignoresProfiles: true });
    await fails('setstatus', { extension: '10', profile: 'away' }, 'unsupported', /was not set/);
    assert.equal(stage.requests().filter((line) => line.startsWith('PATCH')).length, 1);
  });

  it('ready, notready and logout: profile and queues', async () => {
    await start();
    for (const [name, profile, loggedIn] of [
      ['notready', 'custom1', false],
      ['ready', 'avail', true],
      ['logout', 'away', false],
    ] as const) {
      const result = await run(name, { extension: '10' });
      assert.deepEqual([result.ok, result.profile], [true, profile]);
      assert.equal(result.sent.filter((line) => line.startsWith('PATCH')).length, 2);
      assert.equal(stage.simulator.pbx.extension('10').loggedInTo.length > 0, loggedIn, name);
    }
  });

  it('ready: who is no agent has the profile nevertheless, and is told so', async () => {
    await start();
    await run('setstatus', { extension: '12', profile: 'away' });
    const result = await run('ready', { extension: '12' });
    assert.deepEqual([result.ok, !result.ok && result.reason, result.profile], [false, 'not-an-agent', 'avail']);
    const none = await run('ready', { extension: '999' });
    assert.deepEqual([none.ok, !none.ok && none.reason], [false, 'not-an-extension']);
  });

  it('login: all queues, or nothing is sent for who is no agent', async () => {
    await start();
    assert.equal((await run('login', { extension: '10', action: 'logout_all' })).ok, true);
    assert.equal((await run('login', { extension: '10', action: 'login_all' })).ok, true);
    const none = await run('login', { extension: '12', action: 'login_all' });
    assert.deepEqual([none.ok, !none.ok && none.reason], [false, 'not-an-agent']);
    assert.equal(
      none.sent.some((line) => line.startsWith('PATCH')),
      false,
    );
  });

  it('an extension that was not chosen: unauthorized, and the message says so', async () => {
    await start({ visibleDns: ['11'] });
    for (const name of ['drop', 'answer', 'park', 'ondn', 'getcallerid', 'dnregs'] as const) {
      await fails(name, { extension: '10' }, 'unauthorized', /extension 10 is not among those chosen/);
    }
    await fails('makecall', { extension: '10', destination: '11', phone: 'Soft' }, 'unauthorized');
  });

  it('without the Configuration API: unauthorized, and the message says what to do', async () => {
    await start({ xapi: false });
    for (const name of ['ready', 'notready', 'logout', 'showstatus'] as const) {
      await fails(name, { extension: '10' }, 'unauthorized', /System Admin/);
    }
  });

  it('a PBX that fails: server-error, and the command was sent once', async () => {
    await start();
    talk();
    await run('ondn', { extension: '10' });
    stage.v20.switches.failsWith = 500;
    const before = stage.v20.requests.length;
    await fails('drop', { extension: '10' }, 'server-error');
    assert.equal(stage.v20.requests.length - before, 1);
  });

  it('a PBX that answers something else: unexpected-answer', async () => {
    await start();
    await run('ondn', { extension: '10' });
    stage.v20.switches.failsWith = 302;
    await fails('ondn', { extension: '10' }, 'unexpected-answer');
  });

  it('a PBX that is away: unreachable', async () => {
    await start({}, { url: 'http://127.0.0.1:1' });
    await fails('drop', { extension: '10' }, 'unreachable');
  });

  it('a PBX that does not answer in time: timeout', async () => {
    await start({ getDelay: 500 }, { timeout: 100 });
    await fails('ondn', { extension: '10' }, 'timeout');
  });

  it('a closed connection: closed, whatever is under way', async () => {
    await start({ getDelay: 500 });
    const pending = stage.pbx.execute('ondn', { extension: '10' });
    await until(() => stage.requests().length > 0, 'the request');
    stage.pbx.close();
    await assert.rejects(pending, { code: 'closed' });
    await fails('ondn', { extension: '10' }, 'closed');
  });

  it('a token that another program took: one new one, and the command is carried out once', async () => {
    await start();
    talk();
    await run('ondn', { extension: '10' });
    stage.v20.takeToken();
    const result = await run('drop', { extension: '10' });
    assert.equal(result.ok, true);
    assert.equal(result.sent.filter((line) => line.startsWith('POST')).length, 1);
    assert.equal(stage.v20.tokens.filter(({ isForeign }) => !isForeign).length, 2);
  });

  it('a token that another program takes again and again: unauthorized, then at once and nothing is sent', async () => {
    await start({ contested: true });
    await fails('ondn', { extension: '10' }, 'unauthorized', /another program/);
    const before = stage.v20.requestCount;
    for (let time = 0; time < 5; time++) await fails('drop', { extension: '10' }, 'unauthorized', /another program/);
    assert.equal(stage.v20.requestCount, before);
    stage.v20.switches.contested = false;
    await until(
      async () => (await stage.pbx.execute('ondn', { extension: '10' }).catch(() => null)) !== null,
      'healing',
    );
  });

  it('a wrong secret: unauthorized, and no message holds it', async () => {
    await start({}, { clientSecret: 'another-secret' });
    await fails('ondn', { extension: '10' }, 'unauthorized', /client ID and secret/);
    const before = stage.v20.requestCount;
    await assert.rejects(stage.pbx.execute('ondn', { extension: '10' }), (error: Error) => {
      assert.doesNotMatch(JSON.stringify([error, error.message, error.stack]), /another-secret/);
      return true;
    });
    assert.equal(stage.v20.requestCount, before);
  });

  it('identify: what the API client may do', async () => {
    await start();
    assert.deepEqual(await stage.pbx.identify(), {
      server: null,
      v20: { version: '20.0.9.1234', callControl: null, extensions: 6, socket: null, configuration: null },
    });
    Object.assign(stage.v20.switches, { callControl: false, xapi: false });
    const { v20 } = await stage.pbx.identify();
    assert.deepEqual(v20, {
      ...{ version: null, callControl: 'unauthorized', extensions: 0 },
      ...{ socket: 'unauthorized', configuration: 'unauthorized' },
    });
    await until(() => stage.v20.sockets.every(({ closedAt }) => closedAt !== null), 'closed sockets');
  });

  it('extensions: those of the PBX with their names, asked for once, and whether their calls can be seen', async () => {
    await start({ visibleDns: ['10', '11'] });
    const [first] = await Promise.all([stage.pbx.extensions(), stage.pbx.extensions()]);
    assert.deepEqual(first[0], { extension: '10', name: 'Extension 10', isWatched: false });
    assert.equal(first.length, 6);
    await stage.watch();
    const watched = (await stage.pbx.extensions()).filter(({ isWatched }) => isWatched);
    assert.deepEqual(
      watched.map(({ extension }) => extension),
      ['10', '11'],
    );
    assert.equal(stage.v20.requests.filter(({ path }) => path.includes('/Peers')).length, 1);
  });

  it('extensions: without the Configuration API those that Call Control shows, without names', async () => {
    await start({ xapi: false });
    assert.deepEqual(await stage.pbx.extensions(), []);
    await stage.watch();
    const extensions = await stage.pbx.extensions();
    assert.deepEqual(extensions[0], { extension: '10', name: null, isWatched: true });
    assert.equal(extensions.length, 6);
  });

  it('connections to one client share a token', async () => {
    await start();
    const foreign = new V20Pbx({ url: stage.v20.url, clientId: 'another', clientSecret, clock });
    const other = new V20Pbx({ url: `${stage.v20.url}/`, clientId, clientSecret, clock });
    await Promise.all([run('ondn', { extension: '10' }), other.execute('ondn', { extension: '10' }), other.identify()]);
    foreign.close();
    other.close();
    assert.equal(stage.v20.tokens.length, 1);
  });
});
