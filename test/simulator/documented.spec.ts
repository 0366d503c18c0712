import assert from 'node:assert/strict';
import { type Simulator, startSimulator } from '../../simulator';
import { get, sendInOrder } from './client';

describe('simulator: the documented form', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ server: 'documented', delay: 1 });
  });
  afterEach(() => simulator.close());

  const ask = async (path: string): Promise<string> => (await get(simulator.url, path)).body;
  const calls = () => simulator.pbx.connections().map(({ dn, status, party }) => `${dn} ${status} ${party}`);
  const inbound = (extension = '10') => simulator.pbx.inbound({ extension, number: '+491' });

  it('an operation that only the community server has gets idle, and does nothing', async () => {
    inbound();
    assert.equal(await ask('/answer/10'), 'true');
    const before = simulator.pbx.state();
    for (const path of ['/transfer/10/11', '/save/login_only_to/10/8000', '/Park/10/', '/', '/showallcalls?x=1']) {
      assert.equal(await ask(path), 'idle', path);
    }
    assert.equal(await ask('/login/logout_all/10'), 'is not a valid extension');
    assert.deepEqual(simulator.pbx.state(), before);
  });

  it('an unknown extension is false, at dnregs error', async () => {
    for (const path of [
      '/makecall/999/11/Soft',
      '/makecall/8000/11/Soft',
      '/ready/999',
      '/notready/999',
      '/logout/999',
      '/login/999/login_all',
      '/ondn/999',
      '/getcallerid/999',
      '/drop/999',
      '/answer/999',
      '/record/999/0',
      '/Transfer/999/11',
      '/park/999/',
      '/unpark/999/',
      '/atttrans/999/',
      '/setstatus/999/away',
      '/showstatus/999/show',
      '/divert/999/11',
      '/drop',
    ]) {
      assert.equal(await ask(path), 'false', path);
    }
    assert.equal(await ask('/dnregs/999'), 'error');
    assert.deepEqual(calls(), []);
  });

  it('makecall matches the extension exactly, without Web and Mobile', async () => {
    assert.equal(await ask('/makecall/1/11/Soft'), 'false');
    assert.equal(await ask('/makecall/all/11/Soft'), 'false');
    assert.equal(await ask('/makecall/10//Soft'), 'false');
    simulator.pbx.setPhones('10', []);
    for (const kind of ['Soft', 'Desktop']) assert.equal(await ask(`/makecall/10/11/${kind}`), 'null');
    for (const kind of ['Web', 'Mobile', 'soft', '']) assert.equal(await ask(`/makecall/11/12/${kind}`), 'null');
    assert.deepEqual(calls(), []);
    assert.equal(await ask('/makecall/11/12/Desktop'), '00000A5F3C2D1_20');
    assert.deepEqual(calls(), ['11 Dialing 12', '12 Ringing 11']);
  });

  it('makecall blocks what comes after it, and answers its own call even when that is over', async () => {
    await simulator.close();
    simulator = await startSimulator({ server: 'documented', delay: 20 });
    const makecall = await sendInOrder(simulator, '/makecall/10/11/Soft');
    const poll = await sendInOrder(simulator, '/showallcalls');
    let last = '';
    void poll.answer.then(() => (last = 'poll'));
    void makecall.answer.then(() => (last = 'makecall'));
    simulator.pbx.clearCalls();
    assert.equal((await makecall.answer).body, '00000A5F3C2D1_20');
    await poll.answer;
    assert.equal(last, 'poll');
  });

  it('record takes the numbers 0 to 3 only', async () => {
    inbound();
    await ask('/answer/10');
    for (const action of ['4', '-1', 'Start', '']) assert.equal(await ask(`/record/10/${action}`), 'false', action);
    for (const [action, recording] of ['Start', 'Stop', 'Pause', 'Resume'].entries()) {
      assert.equal(await ask(`/record/10/${action}`), 'true');
      assert.match(await ask('/ondn/10'), new RegExp(`:REC=${recording}$`));
    }
  });

  it('unpark fetches a parked call with the first phone, whatever comes after the extension', async () => {
    inbound();
    await ask('/answer/10');
    assert.equal(await ask('/park/10/'), 'true');
    simulator.pbx.setPhones('11', []);
    assert.equal(await ask('/unpark/11/'), 'false');
    assert.equal(await ask('/unpark/12/Web'), 'true');
    assert.deepEqual(calls(), ['10000 Connected +491', '12 Connected +491']);
    assert.equal(await ask('/unpark/12/'), 'false');
    assert.equal(calls().length, 2);
  });

  it('divert redirects the ringing call', async () => {
    assert.equal(await ask('/divert/10/11'), 'false');
    inbound();
    assert.equal(await ask('/divert/10/'), 'false');
    assert.equal(await ask('/divert/10/11'), 'true');
    assert.deepEqual(calls(), ['10000 Connected +491', '11 Ringing +491']);
    assert.equal(await ask('/divert/11/+492'), 'true');
    assert.deepEqual(calls(), ['10000 Connected +491', '10000 Dialing +492']);
  });

  it('attended transfer needs no soft phone', async () => {
    inbound();
    await ask('/answer/10');
    await ask('/makecall/10/11/Desktop');
    await ask('/answer/11');
    simulator.pbx.setPhones('10', []);
    assert.equal(await ask('/atttrans/10/'), 'true');
    assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected 10']);
  });

  it('a refusal of the PBX is false', async () => {
    inbound();
    await ask('/answer/10');
    simulator.pbx.makeCall('11', '10');
    assert.equal(await ask('/atttrans/10/'), 'false');
    assert.equal(await ask('/park/11'), 'false');
    assert.equal(await ask('/setstatus/10/lunch'), 'false');
    assert.equal(await ask('/login/10/login_some'), 'false');
  });

  it('showstatus works with and without its action; a queue without a name is no obstacle', async () => {
    assert.equal(await ask('/setstatus/10/custom2'), 'Custom 2');
    assert.equal(await ask('/showstatus/10/x'), 'Custom 2');
    assert.equal(await ask('/showstatus/10'), 'Custom 2');
    simulator.pbx.inbound({ extension: '10', queue: '800', number: '+491' });
    assert.equal(await ask('/getcallerid/10'), 'Queue: 800 Anrufer: +491');
    assert.match(await ask('/showallcalls'), /DN=10:EP=\+491:REC=Stop<br>/);
    inbound('12');
    assert.equal(await ask('/getcallerid/12'), 'Queue: Direkter Anruf Anrufer: +491');
  });

  it('a refused logout changes nothing; a refused ready or notready still changes the profile', async () => {
    assert.equal(await ask('/logout/12'), 'false');
    assert.equal(simulator.pbx.extension('12').profile, 'Available');
    assert.equal(await ask('/notready/12'), 'is not an agent of the queues');
    assert.equal(simulator.pbx.extension('12').profile, 'Custom 1');
  });
});
