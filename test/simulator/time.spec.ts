import assert from 'node:assert/strict';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { VirtualClock } from '../../simulator/clock';
import { get, sendInOrder } from './client';

describe('simulator: time', () => {
  let simulator: Simulator;
  const start = async (options: SimulatorOptions = { time: 'virtual' }) => {
    simulator = await startSimulator(options);
  };
  afterEach(() => simulator.close());

  it('virtual: makecall and what comes after it wait until it is advanced', async () => {
    await start();
    const first = await sendInOrder(simulator, '/makecall/10/11/Soft');
    const second = await sendInOrder(simulator, '/unpark/12/Soft');
    const third = await sendInOrder(simulator, '/ondn/12');
    const answered = () => simulator.requests.map(({ answer }) => answer !== null);
    await simulator.advance(2499);
    assert.deepEqual(answered(), [false, false, false]);
    await simulator.advance(1);
    assert.equal((await first.answer).body, '00000A5F3C2D1_20');
    await simulator.advance(2499);
    assert.deepEqual(answered(), [true, false, false]);
    await simulator.advance(1);
    assert.equal((await second.answer).body, '00000A5F3C2D1_21');
    assert.equal((await third.answer).body, '00000A5F3C2D1_21');
    assert.equal(simulator.now(), 5000);
  });

  it('virtual: one advance goes through all that is due, in its order', async () => {
    await start();
    const calls = [];
    for (const dn of ['10', '11', '12']) calls.push(await sendInOrder(simulator, `/makecall/${dn}/+491/Soft`));
    await simulator.advance(10_000);
    for (const { answer } of calls) await answer;
    assert.deepEqual(
      simulator.history().map(({ at, dn }) => `${at} ${dn}`),
      ['0 10', '0 10000', '2500 11', '2500 10000', '5000 12', '5000 10000'],
    );
    assert.equal(simulator.now(), 10_000);
  });

  it('virtual: close() ends what waits', async () => {
    await start();
    const { answer } = await sendInOrder(simulator, '/makecall/10/11/Soft');
    assert.equal(simulator.pbx.connections().length, 2);
    await simulator.close();
    await assert.rejects(answer, { code: 'ECONNRESET' });
    await simulator.advance(5000);
  });

  it('virtual: refuses what is no time', async () => {
    await start();
    for (const bad of [-1, NaN, Infinity]) await assert.rejects(simulator.advance(bad), RangeError);
    const time = 'fast' as 'real';
    await assert.rejects(startSimulator({ time }), { message: 'The time must be real or virtual.' });
  });

  it('real: runs on its own, cannot be advanced, and counts ms since 1970', async () => {
    await start({ delay: 1 });
    assert.ok(Math.abs(simulator.now() - Date.now()) < 60_000);
    await assert.rejects(simulator.advance(1), /Only virtual time can be advanced/);
    assert.equal((await get(simulator.url, '/makecall/10/11/Soft')).body, '00000A5F3C2D1_20');
  });

  it('a clock: timers at the same time in their order, none that was ended, and those that one sets', async () => {
    await start();
    const clock = new VirtualClock();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${clock.now()} ${name}`);
    clock.after(20, note('c'));
    clock.after(10, note('a'));
    clock.after(10, () => clock.after(5, note('b')));
    clock.after(10, note('never'))();
    await Promise.all([clock.advance(15), clock.advance(5)]);
    assert.deepEqual(seen, ['10 a', '15 b', '20 c']);
    clock.after(0, note('stopped'));
    clock.stop();
    await clock.advance(1);
    assert.equal(seen.length, 3);
  });

  it('a clock goes on after a timer that threw', async () => {
    await start();
    const clock = new VirtualClock();
    clock.after(1, () => {
      throw new Error('broken');
    });
    await assert.rejects(clock.advance(2), /broken/);
    await clock.advance(3);
    assert.equal(clock.now(), 4);
  });
});

describe('simulator: the history', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ time: 'virtual' });
  });
  afterEach(() => simulator.close());

  /** The new entries: `at dn from>to party recording`. */
  let read = 0;
  beforeEach(() => (read = 0));
  const news = () => {
    const entries = simulator.history().slice(read);
    read += entries.length;
    return entries.map(
      ({ at, dn, from, to, party, recording }) => `${at} ${dn} ${from ?? ''}>${to ?? ''} ${party} ${recording}`,
    );
  };
  const idAt = (dn: string): string => simulator.pbx.connectionsOf(dn).at(-1)?.id ?? '';

  it('reports the life of a call', async () => {
    const { pbx } = simulator;
    const { id } = pbx.inbound({ extension: '10', queue: '8000', number: '+491' });
    assert.deepEqual(simulator.history(), [
      {
        at: 0,
        call: id,
        connection: '98779',
        dn: '10000',
        from: null,
        to: 'Connected',
        party: '+491',
        queue: null,
        recording: 'Stop',
      },
      {
        at: 0,
        call: id,
        connection: '98780',
        dn: '10',
        from: null,
        to: 'Ringing',
        party: '+491',
        queue: '8000',
        recording: 'Stop',
      },
    ]);
    news();
    await simulator.advance(1000);
    pbx.answer(idAt('10'));
    assert.deepEqual(news(), ['1000 10 Ringing>Connected +491 Stop']);
    await simulator.advance(500);
    pbx.hold(idAt('10'));
    pbx.resume(idAt('10'));
    assert.deepEqual(news(), [
      '1500 10000 Connected>Held +491 Stop',
      '1500 10 Connected>Hold +491 Stop',
      '1500 10000 Held>Connected +491 Stop',
      '1500 10 Hold>Connected +491 Stop',
    ]);
    pbx.record(idAt('10'), 'Start');
    pbx.record(idAt('10'), 'Start');
    assert.deepEqual(news(), ['1500 10 Connected>Connected +491 Start']);
    pbx.transfer(idAt('10'), '11');
    assert.deepEqual(news(), ['1500 11 Connected>Ringing +491 Start']);
    pbx.setProfile('10', 'Away');
    assert.deepEqual(news(), []);
    pbx.hangup(idAt('10000'));
    assert.deepEqual(news(), ['1500 10000 Connected> +491 Stop', '1500 11 Ringing> +491 Start']);
  });

  it('reports a party that changed, and the effects of the API', async () => {
    const { pbx } = simulator;
    pbx.makeCall('10', '11');
    pbx.answer(idAt('11'));
    news();
    await get(simulator.url, '/transfer/10/12');
    assert.deepEqual(news(), ['0 12 Connected>Ringing 11 Stop', '0 11 Connected>Connected 12 Stop']);
  });

  it('removals come before additions', () => {
    const { pbx } = simulator;
    pbx.inbound({ queue: '8000', number: '+491' });
    news();
    pbx.answer(idAt('11'));
    assert.deepEqual(news(), [
      '0 10 Ringing> +491 Stop',
      '0 100 Ringing> +491 Stop',
      '0 101 Ringing> +491 Stop',
      '0 11 Ringing>Connected +491 Stop',
    ]);
  });

  it('is a copy, and keeps the last 100,000', () => {
    const { pbx } = simulator;
    pbx.makeCall('10', '11');
    pbx.answer(idAt('11'));
    const before = simulator.history();
    assert.equal(before.length, 4);
    const id = idAt('10');
    for (let time = 0; time < 100_100; time++) pbx.record(id, time % 2 === 0 ? 'Start' : 'Stop');
    assert.equal(before.length, 4);
    assert.equal(simulator.history().length, 100_000);
    for (let time = 0; time < 100_000; time++) pbx.record(id, String(time + 5));
    assert.equal(simulator.history().length, 100_000);
    assert.equal(simulator.history()[0]?.recording, '5');
    assert.equal(simulator.history().at(-1)?.recording, '100004');
  });
});
