import assert from 'node:assert/strict';
import { type LiveState, type LoggedRequest, type Simulator, startSimulator } from '../../simulator';
import { get, send, sendInOrder } from './client';
import { until } from '../../support/until';

interface Told {
  event: string;
  data: unknown;
}

describe('simulator: the events of the control API', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ delay: 1 });
  });
  afterEach(() => simulator.close());

  /** Connects, and gives back what reads one event after the other. */
  const listen = async () => {
    const response = await fetch(`${simulator.controlUrl}/api/events`);
    assert.equal(response.headers.get('Content-Type'), 'text/event-stream');
    const events = eventsOf(response);
    const next = async (): Promise<Told | undefined> => (await events.next()).value as Told | undefined;
    return {
      next,
      end: () => events.return(undefined),
      state: async () => {
        const told = await next();
        assert.equal(told?.event, 'state');
        return told.data as LiveState;
      },
      requests: async () => {
        const told = await next();
        assert.equal(told?.event, 'requests');
        return told.data as LoggedRequest[];
      },
    };
  };

  it('begin with the whole state and the requests so far', async () => {
    simulator.pbx.inbound({ extension: '10', number: '+491' });
    await get(simulator.url, '/ondn/12');
    const { state, requests, end } = await listen();
    const { now, since, apiUrl, ...rest } = await state();
    assert.deepEqual(rest, JSON.parse(JSON.stringify(simulator.pbx.state())));
    assert.equal(apiUrl, simulator.url);
    assert.deepEqual(Object.keys(since), ['98779', '98780']);
    assert.ok(Object.values(since).every((at) => at <= now && at > now - 60_000));
    const [request] = await requests();
    assert.deepEqual([request?.path, request?.answer], ['/ondn/12', '0']);
    await end();
  });

  it('go on with each change, and once for many in one tick', async () => {
    const { state, end } = await listen();
    assert.deepEqual((await state()).calls, []);
    for (let number = 0; number < 50; number++) simulator.pbx.inbound({ extension: '10', number: String(number) });
    assert.equal((await state()).calls.length, 50);
    simulator.pbx.clearCalls();
    assert.equal((await state()).calls.length, 0);
    simulator.pbx.setProfile('10', 'Away');
    assert.equal((await state()).extensions[0]?.profile, 'Away');
    await end();
  });

  it('report a request when it arrives, when it is answered, and when it never will be', async () => {
    await simulator.close();
    simulator = await startSimulator({ time: 'virtual' });
    const { state, requests, end } = await listen();
    await state();
    await sendInOrder(simulator, '/makecall/10/+491/Soft');
    const told = ({ path, answer, isUnanswered }: LoggedRequest) => [path, answer, isUnanswered];
    assert.equal((await state()).calls.length, 1);
    assert.deepEqual((await requests()).map(told), [['/makecall/10/+491/Soft', null, false]]);
    await simulator.advance(2500);
    assert.deepEqual((await requests()).map(told), [['/makecall/10/+491/Soft', '00000A5F3C2D1_20', false]]);
    send(simulator.url, '/ondn/999');
    const news: unknown[] = [];
    while (news.length < 1 || !JSON.stringify(news).includes('true')) news.push(...(await requests()).map(told));
    assert.deepEqual(news.at(-1), ['/ondn/999', null, true]);
    await end();
  });

  it('report since when a connection rings or talks', async () => {
    const { state, end } = await listen();
    await state();
    const [, ringing] = simulator.pbx.inbound({ extension: '10', number: '+491' }).connections;
    const id = ringing?.id ?? '';
    const rang = (await state()).since[id];
    simulator.pbx.answer(id);
    const answered = (await state()).since[id];
    simulator.pbx.hold(id);
    const held = (await state()).since[id];
    assert.ok(rang !== undefined && answered !== undefined && answered >= rang);
    assert.equal(held, answered);
    simulator.pbx.hangup(id);
    assert.deepEqual((await state()).since, {});
    await end();
  });

  it('reach every client, and go on for the others when one has gone', async () => {
    const { pbx } = simulator;
    const onChange = pbx.onChange.bind(pbx);
    const listeners = new Set<() => void>();
    pbx.onChange = (listener) => {
      const end = onChange(listener);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        end();
      };
    };
    const count = () => listeners.size;
    const [one, other] = [await listen(), await listen()];
    await Promise.all([one.state(), other.state()]);
    assert.equal(count(), 2);
    await one.end();
    await until(() => count() === 1, 'the other listener to be gone');
    simulator.pbx.setProfile('10', 'Away');
    assert.equal((await other.state()).extensions[0]?.profile, 'Away');
    await other.end();
  });

  it('end at once with close()', async () => {
    const { state, next } = await listen();
    await state();
    const end = assert.rejects(next());
    await simulator.close();
    await end;
  });
});

/** @throws TypeError when the connection breaks */
async function* eventsOf({ body }: Response): AsyncGenerator<Told> {
  assert.ok(body !== null);
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(part.split('\n').map((line) => /^(\w+): (.*)$/.exec(line)?.slice(1) as [string, string]));
      yield { event: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? '') };
    }
  }
}
