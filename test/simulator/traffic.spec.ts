import assert from 'node:assert/strict';
import { type HistoryEntry, type Simulator, type SimulatorOptions, startSimulator } from '../../simulator';
import { randomFrom } from '../../simulator/random';
import { get } from './client';
import { until } from '../../support/until';

const hour = 3_600_000;

describe('simulator: traffic', () => {
  const simulators: Simulator[] = [];
  const start = async (options: SimulatorOptions): Promise<Simulator> => {
    const simulator = await startSimulator({ time: 'virtual', ...options });
    simulators.push(simulator);
    return simulator;
  };
  afterEach(async () => {
    for (const simulator of simulators.splice(0)) await simulator.close();
  });

  const live = async (options: SimulatorOptions, ms: number): Promise<readonly HistoryEntry[]> => {
    const simulator = await start(options);
    await simulator.advance(ms);
    return simulator.history();
  };

  it('gives the same life for the same seed, however time moves, and another life for another seed', async () => {
    const whole = await live({ traffic: 10, seed: 7 }, hour);
    const other = await start({ traffic: 10, seed: 7, server: 'documented' });
    for (let time = 0; time < hour; time += 60_000) {
      await other.advance(60_000);
      await get(other.url, '/showallcalls');
    }
    assert.ok(whole.length > 500);
    assert.deepEqual(other.history(), whole);
    assert.notDeepEqual(await live({ traffic: 10, seed: 8 }, hour), whole);
    assert.deepEqual(await live({ traffic: 10 }, hour), await live({ traffic: 10, seed: 1 }, hour));
  });

  it('contains everything that happens to calls, at about the chosen rate', async () => {
    const simulator = await start({ traffic: 1 });
    await simulator.advance(10 * hour);
    const history = simulator.history();
    const statuses = new Set(history.map(({ from, to }) => `${from ?? ''}>${to ?? ''}`));
    for (const change of [
      '>Ringing',
      '>Dialing',
      'Ringing>Connected',
      'Dialing>Connected',
      'Connected>Hold',
      'Connected>Held',
      'Hold>Connected',
      'Connected>Ringing',
      'Connected>',
      'Ringing>',
      'Dialing>',
    ]) {
      assert.ok(statuses.has(change), change);
    }
    assert.deepEqual(new Set(history.map(({ queue }) => queue)), new Set([null, '8000', '8001']));
    for (const dn of simulator.pbx.dns()) {
      assert.equal(
        history.some((entry) => entry.dn === dn),
        !dn.startsWith('8'),
        dn,
      );
    }
    const calls = new Set(history.map(({ call }) => call)).size;
    assert.ok(calls > 450 && calls < 700, String(calls));
    // None goes on for ever.
    const open = simulator.pbx.state().calls.length;
    assert.ok(open < 20, String(open));
    assert.ok(history.every(({ at }) => Number.isInteger(at)));
  });

  it('leaves the calls of others alone, and copes with whatever they do to its own calls', async () => {
    const simulator = await start({ traffic: 30, seed: 3 });
    const { pbx } = simulator;
    const own = pbx.inbound({ extension: '12', number: '+491' });
    const random = randomFrom(1);
    for (let step = 0; step < 2000; step++) {
      await simulator.advance(1000);
      const others = pbx.connections().filter(({ call }) => call !== own.id);
      const { id } = random.pick(others) ?? {};
      if (id === undefined) continue;
      const what = random.pick(['park', 'transfer', 'divert', 'hold', 'hangup', 'joinCalls'] as const) ?? 'park';
      try {
        if (what === 'joinCalls') pbx.joinCalls(id, random.pick(others)?.id ?? '');
        else if (what === 'transfer' || what === 'divert') pbx[what](id, random.pick([...pbx.dns(), '+491']) ?? '');
        else pbx[what](id);
      } catch {
        // Refused, which is as good.
      }
    }
    assert.deepEqual(pbx.state().calls[0], own);
  });

  it('ends its own calls that somebody else sent to a place where nobody answers', async () => {
    const extensions = ['10', '11', '12'].map((number) => ({ number, name: '', phones: [] }));
    const queues = [{ number: '8000', name: '', agents: [] }];
    const simulator = await start({ traffic: 10, pbx: { extensions, queues, trunk: '10000' } });
    const { pbx } = simulator;
    const sent = new Set<string>();
    while (sent.size < 50) {
      await simulator.advance(1000);
      const talking = pbx.state().calls.find(({ connections }) => connections[1]?.status === 'Connected');
      const inside = talking?.connections.find(({ status, dn }) => status === 'Connected' && dn !== '10000');
      if (inside === undefined) continue;
      pbx.transfer(inside.id, '8000');
      sent.add(inside.call);
    }
    await simulator.advance(hour);
    for (const id of sent) {
      assert.ok(!pbx.state().calls.some((call) => call.id === id));
      assert.equal(simulator.history().findLast(({ call }) => call === id)?.to, null);
    }
  });

  it('does nothing if nobody is there', async () => {
    const pbx = { extensions: [], queues: [], trunk: '10000' };
    assert.deepEqual(await live({ traffic: 60, pbx }, hour), []);
    const queues = [{ number: '8000', name: '', agents: [] }];
    assert.notDeepEqual(await live({ traffic: 60, pbx: { ...pbx, queues } }, hour), []);
    assert.deepEqual(await live({ traffic: 0 }, hour), []);
  });

  it('ends with close()', async () => {
    const simulator = await start({ traffic: 600 });
    await simulator.advance(60_000);
    await simulator.close();
    const { length } = simulator.history();
    await simulator.advance(hour);
    assert.equal(simulator.history().length, length);
  });

  it('runs in real time too', async () => {
    const simulator = await start({ traffic: 6000, time: 'real' });
    await until(() => simulator.history().length > 0, 'a call');
    await simulator.close();
    const { length } = simulator.history();
    await new Promise(setImmediate);
    assert.equal(simulator.history().length, length);
  });

  it('refuses numbers out of range', async () => {
    for (const bad of [{ traffic: -1 }, { traffic: 6001 }, { traffic: 0.5 }, { seed: -1 }, { seed: 2 ** 32 }]) {
      await assert.rejects(start(bad), RangeError);
    }
  });

  it('has evenly distributed random numbers', () => {
    const random = randomFrom(1);
    const counts = new Map<number, number>();
    for (let time = 0; time < 10_000; time++) {
      const number = random.between(1, 10);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    assert.equal(counts.size, 10);
    for (const count of counts.values()) assert.ok(count > 850 && count < 1150, String(count));
    const values = [1, 2, 3];
    assert.deepEqual(random.shuffled(values).sort(), values);
    const none: number[] = [];
    assert.equal(random.pick(none), undefined);
  });
});
