import assert from 'node:assert/strict';
import FakeTimers from '@sinonjs/fake-timers';
import { type OperationName, operationOf, operations } from '../../lib/pbx';
import { connect, endAll, serve, withPhone } from './support';

const given = {
  ...{ extension: '10', destination: '11', phone: 'Soft', action: 'login_all', queue: '8000', profile: 'away' },
  ...{ recordAction: 'start' },
};
const record = (id: number, status = 'Connected'): string => `ID=${id};S=${status};DN=10;EP=+491;REC=Stop<br>`;
const list = (...records: string[]): string => `<html><head></head><body>${records.join('')}</body></html>`;

/** How many requests a command takes; one where nothing is said. */
const requests: Partial<Record<OperationName, number>> = {
  ...{ makecall: 3, unpark: 3, answer: 2, atttrans: 2 },
  ...{ ready: 2, notready: 2, logout: 2 },
};

/** Counted, not timed: how much a server and Node-RED have to do. */
describe('The work of a client', () => {
  afterEach(endAll);

  for (const name of Object.keys(operations) as OperationName[]) {
    if (operationOf(name).kind === 'query') continue;
    const count = requests[name] ?? 1;
    it(`is ${count} request${count === 1 ? '' : 's'} for ${name}`, async () => {
      const server = await serve(withPhone(name === 'setstatus' ? 'Away' : 'true'));
      const client = connect(server, { allowStop: true });
      for (let time = 1; time <= 2; time++) {
        assert.equal((await client.execute(name, given)).ok, true);
        assert.equal(server.requests.length, time * count);
      }
    });
  }

  it('is to parse only what is new in a list, and nothing if the text is the same', async () => {
    const lists = [
      list(record(1), record(2)),
      list(record(1), record(2)),
      list(record(1), record(2, 'Hold')),
      'true',
      list(record(1), record(2, 'Hold')),
    ];
    const client = connect(await serve(() => lists.shift()));
    const first = await client.poll();
    assert.deepEqual(
      first.connections.map(({ id, status }) => [id, status]),
      [
        ['1', 'connected'],
        ['2', 'connected'],
      ],
    );
    assert.equal((await client.poll()).connections, first.connections);
    const { connections: changed } = await client.poll();
    assert.equal(changed[0], first.connections[0]);
    assert.deepEqual([changed[1]?.status, first.connections[1]?.status], ['hold', 'connected']);
    await assert.rejects(client.poll());
    assert.equal((await client.poll()).connections, changed);
  });

  it('is timed on the wire, without the time that a poll waited for others', async () => {
    let answerQuery: (answer: string) => void = () => undefined;
    const server = await serve(({ url = '' }, response) => {
      if (url === '/showallcalls') return list();
      answerQuery = (answer) => response.end(answer);
      return undefined;
    });
    const client = connect(server);
    const clock = FakeTimers.install({ toFake: ['performance'] });
    try {
      const answers = [client.execute('ondn', { extension: '10' }), client.poll()] as const;
      await server.received(1);
      clock.tick(1_000);
      answerQuery('0');
      await answers[0];
      await server.received(2);
      clock.tick(20);
      assert.equal((await answers[1]).milliseconds, 20);
    } finally {
      clock.uninstall();
    }
  });
});
