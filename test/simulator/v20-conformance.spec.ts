import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PbxSetup, V20Simulator } from '../../simulator';
import type { Participant } from '../../simulator/v20/participants';
import { startWithClient, type V20Client, type V20Listener } from './v20-client';
import { checkCallControl, isDocumented } from './v20-schema';

type Step =
  | { upsert: Participant }
  | { remove: [string, number] }
  | { event_without_entity: [string, number] }
  | { wait: number };

const { items, sequences } = JSON.parse(readFileSync(join(__dirname, '../fixtures/v20-captures.json'), 'utf8')) as {
  items: { id: string; kind: string; data: Record<string, unknown> }[];
  sequences: { id: string; steps: Step[] }[];
};

const phone = (id: string, contact: string, userAgent = 'Yealink SIP-T54W 96.86.0.20') => ({ id, contact, userAgent });

/** The PBX of the sequences. */
const pbx: PbxSetup = {
  extensions: [
    {
      number: '101',
      name: '',
      phones: [phone('1', 'sip:101@10.0.0.21:5060'), phone('2', 'sip:101@127.0.0.1:5483', '3CX Mobile Client')],
    },
    { number: '102', name: '', phones: [phone('3', 'sip:102@10.0.0.21:5060')] },
    { number: '103', name: '', phones: [phone('4', 'sip:103@10.0.0.21:5060')] },
    { number: '209', name: '', phones: [phone('5', 'sip:209@127.0.0.1:5483', '3CX Mobile Client')] },
  ],
  queues: [{ number: '8000', name: '', agents: ['101', '102'] }],
  trunk: '10007',
};
const caller = '+49301234567';

describe('simulator: known sequences of V20', () => {
  let simulator: V20Simulator;
  let api: V20Client;
  let socket: V20Listener;

  const start = async (options: { phoneLegs?: boolean } = {}) => {
    ({ simulator, api } = await startWithClient({ pbx, ...options }, { directControl: 'none' }));
    socket = await api.open();
  };
  afterEach(() => simulator.close());

  const idOf = (dn: string, index = 0) => simulator.pbx.connectionsOf(dn)[index]?.id ?? '';
  const answer = (dn: string, index = 0) => simulator.pbx.answer(idOf(dn, index));
  const hangUp = (dn: string) => simulator.pbx.hangup(idOf(dn));
  const inbound = (extension: string) => simulator.pbx.inbound({ extension, number: caller });

  /** Plays a sequence: each change of the PBX is followed by the messages that it makes, and by a GET for each Upset. */
  const play = async (id: string, changes: (() => unknown)[], { steps: length = Infinity } = {}) => {
    const { steps } = sequences.find((sequence) => sequence.id === id) ?? { steps: [] };
    assert.ok(steps.length > 0);
    const played: Step[] = [];
    for (const change of changes) {
      const before = socket.messages.length;
      await change();
      await flushed(before);
      for (const { event } of socket.messages.slice(before)) {
        const [, , dn = '', , participant = ''] = event.entity.split('/');
        if (dn === pbx.trunk) continue;
        if (event.event_type === 1) played.push({ remove: [dn, Number(participant)] });
        else {
          const { status, json } = await api.get(event.entity);
          if (status === 404) played.push({ event_without_entity: [dn, Number(participant)] });
          else {
            checkCallControl(json, 'participant');
            played.push({ upsert: json as Participant });
          }
        }
      }
    }
    const expected = steps.filter((step) => !('wait' in step));
    assert.deepEqual(normalised(played).slice(0, length), normalised(expected).slice(0, length));
  };

  /** Messages come in order: whatever a change made is there before an event that is sent after it. */
  const flushed = async (before: number) => {
    const entity = '/callcontrol/10007/participants/0';
    simulator.v20.send({ event_type: 1, entity, attached_data: null });
    const isMarker = ({ event }: { event: { entity: string } }) => event.entity === entity;
    for (let count = before + 1; !socket.messages.slice(before).some(isMarker); count++) await socket.events(count);
    socket.messages.splice(socket.messages.findIndex(isMarker), 1);
  };

  it('inbound-direct-answered', async () => {
    await start();
    await play('inbound-direct-answered', [() => inbound('101'), () => answer('101'), () => hangUp('101')]);
  });

  it('two-devices-one-extension', async () => {
    await start({ phoneLegs: true });
    await play('two-devices-one-extension', [() => inbound('101'), () => answer('101', 1), () => hangUp('101')]);
  });

  it('ring-group-three: by routes of the ringing leg', async () => {
    await start();
    simulator.v20.switches.transfers = 'at-once';
    const routeTo = async (destination: string) => {
      const { id } = await api.participant('101');
      const { status, json } = await api.post(`/callcontrol/101/participants/${id}/routeto`, { destination });
      assert.equal(status, 200);
      checkCallControl(json, 'result');
    };
    await play('ring-group-three', [
      () => inbound('101'),
      () => routeTo('102'),
      () => routeTo('103'),
      () => answer('102'),
      () => hangUp('102'),
    ]);
  });

  it('queue-two-waves', async () => {
    await start();
    simulator.pbx.setProfile('102', 'Away');
    await play('queue-two-waves', [
      () => simulator.pbx.inbound({ queue: '8000', number: caller }),
      () => hangUp('101'),
      () => simulator.pbx.setProfile('102', 'Available'),
      () => answer('102'),
      () => hangUp('102'),
    ]);
  });

  it('blind-transfer', async () => {
    await start();
    let transfer: ReturnType<V20Client['post']> | undefined;
    const startTransfer = async () => {
      const { id } = await api.participant('101');
      const before = socket.messages.length;
      transfer = api.post(`/callcontrol/101/participants/${id}/transferto`, { destination: '103', timeout: 30 });
      await socket.events(before + 1);
    };
    await play('blind-transfer', [
      () => inbound('101'),
      () => answer('101'),
      startTransfer,
      () => answer('103'),
      () => hangUp('103'),
    ]);
    checkCallControl((await transfer)?.json, 'result');
  });

  it('no-answer-to-voicemail: until the called extension rings, since the PBX has no voicemail', async () => {
    await start();
    const dial = () => api.post('/callcontrol/209/makecall', { destination: '101' });
    await play('no-answer-to-voicemail', [dial], { steps: 2 });
  });

  it('duplicates-and-404', async () => {
    await start();
    Object.assign(simulator.v20.switches, { repeatMs: 10, lateUpsets: true });
    const ring = async () => {
      const before = socket.messages.length;
      inbound('101');
      await socket.events(before + 4);
      simulator.v20.switches.repeatMs = 0;
    };
    await play('duplicates-and-404', [ring], { steps: 3 });
    hangUp('101');
    const [last = ''] = (await socket.events(socket.messages.length + 2)).slice(-1);
    assert.match(last, /^0 /);
    assert.equal((await api.get(last.slice(2))).status, 404);
  });

  it('makecall answers as captured', async () => {
    await start();
    const { status, json } = await api.post('/callcontrol/209/makecall', { destination: '101' });
    assert.equal(status, 200);
    checkCallControl(json, 'result');
    const captured = items.find(({ id }) => id === 'makecall-200')?.data as { result: Participant };
    const { result, ...rest } = json as typeof captured;
    const { id, callid } = captured.result;
    assert.deepEqual({ ...rest, result: { ...result, id, callid } }, captured);
  });

  it('answers lists, devices and errors as documented', async () => {
    await start();
    inbound('101');
    const { json } = await api.get('/callcontrol');
    for (const info of json as unknown[]) checkCallControl(info, 'dnInfo');
    assert.deepEqual(
      (json as { type: string }[]).map(({ type }) => type),
      ['Wroutepoint', ...Array<string>(4).fill('Wextension'), 'Wqueue', 'Wparkextension', 'Wexternalline'],
    );
    checkCallControl((await api.get('/callcontrol/101')).json, 'dnInfo');
    const { json: devices } = await api.get('/callcontrol/101/devices');
    const [device] = devices as { device_id: string }[];
    const path = `/callcontrol/101/devices/${encodeURIComponent(device?.device_id ?? '')}`;
    checkCallControl((await api.get(path)).json, 'device');
    const { id } = await api.participant('101');
    for (const action of ['divert', 'transferto', 'answer', 'attach_party_data', 'drop', 'drop']) {
      await api.post(`/callcontrol/101/participants/${id}/${action}`, {});
    }
    await api.post(`${path}/makecall`, { destination: '' });
    await api.post('/callcontrol/101/makecall', { destination: '102' });
    await api.get('/callcontrol/999');
    await api.get('/callcontrol/101/devices/none');
    const known = simulator.v20.requests.filter(({ path: one }) => one !== '/connect/token');
    for (const { method, path: one, status } of known) {
      assert.equal(isDocumented(method, one, status ?? 0), true, `${method} ${one}: ${status}`);
    }
  });

  it('include every sequence', () => {
    assert.equal(sequences.length, 7);
  });
});

/** With ids from 1, in the order in which they come. */
function normalised(steps: readonly Step[]): unknown[] {
  const ids = new Map<string, number>();
  const idOf = (dn: string, id: number) => {
    const key = `${dn}/${id}`;
    ids.set(key, ids.get(key) ?? ids.size + 1);
    return ids.get(key);
  };
  return steps.map((step) => {
    if ('upsert' in step) return { ...step.upsert, id: idOf(step.upsert.dn, step.upsert.id), callid: 'a call' };
    return Object.entries(step).map(([what, [dn, id]]: [string, [string, number]]) => [what, dn, idOf(dn, id)]);
  });
}
