import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { mock } from 'node:test';
import { type Exchange, type Priority, RequestLane } from '../../lib/http-api/lane';
import { ThreeCxError } from '../../lib/pbx';
import { connect, endAll, failure, serve, withPhone } from './support';

/** An exchange that lasts until the test ends it, or it is aborted. */
interface Held {
  exchange: Exchange<string>;
  answer: () => void;
}

function held(): Held {
  let answer = (): void => undefined;
  const exchange: Exchange<string> = (signal) =>
    new Promise((resolve, reject) => {
      answer = () => {
        resolve('answer');
      };
      signal.addEventListener('abort', () => {
        reject(signal.reason as ThreeCxError);
      });
    });
  return {
    exchange,
    answer: () => {
      answer();
    },
  };
}

describe('the request lane', () => {
  let lane: RequestLane;
  let ran: string[];

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    lane = new RequestLane();
    ran = [];
  });
  afterEach(() => {
    lane.close();
    mock.timers.reset();
  });

  /** Occupies the lane with an exchange. */
  function occupy(yields: boolean, timeout = 600_000): Held & { result: Promise<string> } {
    const on = held();
    const result = lane.run('query', (own) => own.send(on.exchange, { timeout, yields }));
    result.catch(() => undefined);
    return { ...on, result };
  }

  function enter(priority: Priority, name: string = priority, overtakenFor?: number): Promise<string> {
    const job = (): Promise<string> => {
      ran.push(name);
      return Promise.resolve(name);
    };
    const result = lane.run(priority, job, overtakenFor);
    result.catch(() => undefined);
    return result;
  }

  const enterPoll = (name = 'poll'): Promise<string> => enter('poll', name, RequestLane.pollPatience);

  async function pass(ms: number): Promise<void> {
    await turn();
    mock.timers.tick(ms);
    await turn();
  }

  it('lets commands overtake queries and queries overtake polls, first come first served within each', async () => {
    const first = occupy(false);
    await turn();
    const order = ['poll 1', 'query 1', 'command 1', 'poll 2', 'query 2', 'command 2'];
    const entered = order.map((name) => enter(name.split(' ')[0] as Priority, name));
    await turn();
    assert.deepEqual(ran, []);
    first.answer();
    await Promise.all(entered);
    assert.deepEqual(ran, ['command 1', 'command 2', 'query 1', 'query 2', 'poll 1', 'poll 2']);
  });

  it('lets a poll, but no query or look-up, go before later commands once it has waited for one second', async () => {
    const first = occupy(false);
    await turn();
    const entered = [enter('poll', 'look-up'), enterPoll(), enter('query'), enter('command', 'command 1')];
    await pass(999);
    entered.push(enter('command', 'command 2'));
    await pass(1);
    entered.push(enterPoll('later poll'));
    first.answer();
    await Promise.all(entered);
    assert.deepEqual(ran, ['poll', 'command 1', 'command 2', 'query', 'look-up', 'later poll']);
  });

  it('does not send a poll that waited for a second and failed meanwhile', async () => {
    const first = occupy(false);
    await turn();
    const poll = enterPoll();
    await pass(30_000);
    await failure(poll, 'busy');
    first.answer();
    await enter('command');
    assert.deepEqual(ran, ['command']);
  });

  it('goes on after a job that failed', async () => {
    await assert.rejects(
      lane.run('command', () => Promise.reject(new ThreeCxError('lost', 'lost'))),
      { code: 'lost' },
    );
    assert.equal(await enter('query'), 'query');
  });

  it('is busy when a hundred wait, and takes more when there is room again', async () => {
    const first = occupy(false);
    await turn();
    const waiting = Array.from({ length: 100 }, () => enter('query'));
    await failure(enter('command'), 'busy');
    first.answer();
    await Promise.all(waiting);
    assert.equal(await enter('command'), 'command');
    assert.equal(ran.length, 101);
  });

  it('is busy for a job that has waited for 30 s, and never does it', async () => {
    const first = occupy(false);
    await turn();
    const waiting = enter('command', 'late');
    await pass(29_999);
    const other = enter('command', 'in time');
    await pass(1);
    await failure(waiting, 'busy');
    first.answer();
    await other;
    assert.deepEqual(ran, ['in time']);
  });

  it('gives an exchange its timeout from the moment it is sent', async () => {
    const first = occupy(false);
    const second = occupy(false, 8_000);
    await pass(20_000);
    first.answer();
    await pass(7_999);
    assert.equal(await Promise.race([second.result.catch(() => 'failed'), turn('on the wire')]), 'on the wire');
    await pass(1);
    const { message } = await failure(second.result, 'timeout');
    assert.equal(message, 'no answer within 8 s');
  });

  it('ends a hanging request 6 s after it was sent, if a command waits for it', async () => {
    const first = occupy(true);
    await turn();
    const command = enter('command');
    await pass(5_999);
    assert.deepEqual(ran, []);
    await pass(1);
    const { message } = await failure(first.result, 'timeout');
    assert.equal(message, 'no answer within 6 s, and a command waited');
    assert.equal(await command, 'command');
  });

  it('ends a request that hangs for more than 6 s as soon as a command comes', async () => {
    const first = occupy(true);
    await pass(6_500);
    const command = enter('command');
    await failure(first.result, 'timeout');
    assert.equal(await command, 'command');
  });

  it('ends nothing for queries and polls that wait', async () => {
    const first = occupy(true);
    await turn();
    const waiting = [enter('query'), enter('poll')];
    await pass(10_000);
    assert.deepEqual(ran, []);
    first.answer();
    await Promise.all(waiting);
    assert.equal(await first.result, 'answer');
  });

  it('never ends a command for another', async () => {
    const first = occupy(false);
    await turn();
    const command = enter('command');
    await pass(20_000);
    assert.deepEqual(ran, []);
    first.answer();
    assert.equal(await first.result, 'answer');
    await command;
  });

  it('grants each exchange the full patience', async () => {
    const first = occupy(true);
    await pass(6_500);
    first.answer();
    await first.result;
    const second = occupy(true);
    await turn();
    const command = enter('command');
    await pass(5_999);
    assert.deepEqual(ran, []);
    second.answer();
    await command;
    assert.equal(await second.result, 'answer');
  });

  it('fails running and waiting requests with `closed` at once, and takes nothing more', async () => {
    const first = occupy(false);
    await turn();
    const waiting = [enter('command'), enter('query'), enter('poll')];
    lane.close();
    await failure(first.result, 'closed');
    for (const result of waiting) await failure(result, 'closed');
    await failure(enter('command'), 'closed');
    assert.deepEqual(ran, []);
  });

  it('sends nothing more for a job that it was closed in the middle of', async () => {
    const first = held();
    let sent = 0;
    const job = lane.run('command', async (own) => {
      await own.send(first.exchange, { timeout: 1_000, yields: false }).catch(() => undefined);
      return own.send(() => Promise.resolve(++sent), { timeout: 1_000, yields: false });
    });
    await turn();
    lane.close();
    await failure(job, 'closed');
    assert.equal(sent, 0);
  });
});

describe('the request lane on the wire', () => {
  afterEach(endAll);

  it('has one request on the wire: while makecall blocks the server, a later drop overtakes ten queries', async () => {
    let answerMakecall = (): void => undefined;
    const server = await serve(
      withPhone(({ url = '' }, response) => {
        if (!url.startsWith('/makecall/')) return url.startsWith('/ondn/') ? '0' : 'true';
        answerMakecall = () => response.end('0');
        return undefined;
      }),
    );
    const client = connect(server);
    const makecall = client.execute('makecall', { extension: '10', destination: '11', phone: 'Soft' });
    await server.received(3);
    const queries = Array.from({ length: 10 }, (_, at) => client.execute('ondn', { extension: 20 + at }));
    const drop = client.execute('drop', { extension: '10' });
    assert.deepEqual(server.requests, ['/dnregs/10', '/ondn/10', '/makecall/10/11/Soft']);
    answerMakecall();
    await Promise.all([makecall, drop, ...queries]);
    assert.deepEqual(server.requests.slice(3), ['/drop/10', ...queries.map((_, at) => `/ondn/${20 + at}`)]);
  });

  it('shares a poll that waits, and asks again for one that comes after it was sent', async () => {
    const server = await serve(({ url = '' }) => (url === '/showallcalls' ? '<html><body></body></html>' : '0'));
    const client = connect(server);
    const query = client.execute('ondn', { extension: '10' });
    const polls = [client.poll(), client.poll()];
    assert.equal(polls[0], polls[1]);
    await Promise.all([query, ...polls]);
    assert.deepEqual(server.requests, ['/ondn/10', '/showallcalls']);
  });

  it('requests every poll when nothing else is on the wire', async () => {
    const server = await serve('<html><body></body></html>');
    const client = connect(server);
    await client.poll();
    await client.poll();
    const third = client.poll();
    await server.received(3);
    await Promise.all([third, client.poll()]);
    assert.equal(server.requests.length, 4);
  });

  it('gives a poll 4 s at most, and a query the whole timeout', async () => {
    const server = await serve(() => undefined);
    const client = connect(server, { timeout: 8_000 });
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const poll = client.poll();
      await server.received(1);
      mock.timers.tick(4_000);
      await failure(poll, 'timeout');
      const query = client.execute('ondn', { extension: '10' });
      await server.received(2);
      mock.timers.tick(4_000);
      assert.equal(await Promise.race([query.catch(() => 'failed'), turn('on the wire')]), 'on the wire');
      mock.timers.tick(4_000);
      await failure(query, 'timeout');
    } finally {
      mock.timers.reset();
    }
  });

  it('ends a check for a phone that hangs when a command waits: nothing is dialled', async () => {
    const server = await serve(({ url = '' }) => (url.startsWith('/dnregs/') ? undefined : 'true'));
    const client = connect(server);
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const makecall = client.execute('makecall', { extension: '10', destination: '11', phone: 'Soft' });
      await server.received(1);
      const drop = client.execute('drop', { extension: '10' });
      mock.timers.tick(6_000);
      await failure(makecall, 'timeout');
      await drop;
      assert.deepEqual(server.requests, ['/dnregs/10', '/drop/10']);
    } finally {
      mock.timers.reset();
    }
  });

  it('waits 5 s for two calls that another program makes, even when a second command waits', async () => {
    let free = (): void => undefined;
    const whenFree = new Promise<void>((resolve) => (free = resolve));
    const server = await serve(({ url = '' }, response) => {
      const [, operation = '', extension = ''] = url.split('/');
      const answer = operation === 'dnregs' ? `71-sip:${extension}@127.0.0.1:5488;ob-Phone 1.2` : '0';
      void whenFree.then(() => response.end(answer));
      return undefined;
    });
    const client = connect(server);
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const calls = ['10', '11'].map((extension) =>
        client.execute('makecall', { extension, destination: '12', phone: 'Soft' }),
      );
      await server.received(1);
      mock.timers.tick(5_000);
      free();
      assert.deepEqual(
        (await Promise.all(calls)).map(({ ok }) => ok),
        [true, true],
      );
    } finally {
      mock.timers.reset();
    }
  });

  it('polls between six calls that are made at once', async () => {
    const answers: (() => void)[] = [];
    const server = await serve(
      withPhone(({ url = '' }, response) => {
        if (!url.startsWith('/makecall/')) return url === '/showallcalls' ? '<html><body></body></html>' : '0';
        answers.push(() => response.end('0'));
        return undefined;
      }),
    );
    const client = connect(server);
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const calls = Array.from({ length: 6 }, (_, at) =>
        client.execute('makecall', { extension: String(10 + at), destination: '12', phone: 'Soft' }),
      );
      const poll = client.poll();
      for (let made = 0; made < 6; made++) {
        while (answers.length === 0) await turn();
        mock.timers.tick(2_500);
        answers.shift()?.();
      }
      await Promise.all([poll, ...calls]);
      const told = server.requests.filter((url) => /^\/(makecall|showallcalls)/.test(url));
      assert.deepEqual(told.indexOf('/showallcalls'), 1);
    } finally {
      mock.timers.reset();
    }
  });
});
