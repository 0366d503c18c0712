import assert from 'node:assert/strict';
import { connect, endAll, failure, serve } from './support';

/** The look-up of a profile that somebody watches. */
describe('A look-up of a profile', () => {
  afterEach(endAll);

  it('reads the answers of both servers, even a name outside the five, and no queue log-in', async () => {
    const answers = ['    CURRENT_STATUS=Out of office', 'Available', '    CURRENT_STATUS=Holiday'];
    const server = await serve(() => answers.shift());
    const client = connect(server);
    assert.deepEqual(
      [await client.presence('10'), await client.presence('10'), await client.presence('10')],
      [
        { profile: 'oof', profileName: 'Out of office', loggedIn: null },
        { profile: 'avail', profileName: 'Available', loggedIn: null },
        { profile: null, profileName: 'Holiday', loggedIn: null },
      ],
    );
    assert.deepEqual(server.requests, ['/showstatus/10', '/showstatus/10', '/showstatus/10']);
  });

  it('comes after commands and queries that wait, and lets a poll wait for one look-up only', async () => {
    const waiting: (() => void)[] = [];
    const server = await serve((_request, response) => {
      waiting.push(() => response.end('Away'));
      return undefined;
    });
    const client = connect(server);
    const all = [
      client.presence('10'),
      client.presence('11'),
      client.poll(),
      client.presence('12'),
      client.execute('showstatus', { extension: '13' }),
      client.execute('setstatus', { extension: '14', profile: 'away' }),
    ];
    const settled = Promise.allSettled(all);
    for (let count = 1; count <= all.length; count++) {
      await server.received(count);
      waiting.shift()?.();
    }
    await settled;
    assert.deepEqual(server.requests, [
      ...['/showstatus/10', '/setstatus/14/away', '/showstatus/13', '/showstatus/11', '/showallcalls'],
      '/showstatus/12',
    ]);
  });

  it('gets 4 s, however long a command would get', async () => {
    const server = await serve(() => undefined);
    const client = connect(server, { timeout: 60_000 });
    const { message } = await failure(client.presence('10'), 'timeout');
    assert.match(message, /^no answer within 4 s/);
  }).timeout(10_000);

  for (const [body, code] of [
    ['idle', 'unsupported'],
    ['', 'unexpected-answer'],
    ['<html>Proxy</html>', 'unexpected-answer'],
    ['error', 'unexpected-answer'],
  ] as const) {
    it(`finds no profile in ${JSON.stringify(body)}`, async () => {
      const client = connect(await serve(body));
      await failure(client.presence('10'), code);
    });
  }

  it('sends only extensions', async () => {
    const server = await serve('Available');
    const client = connect(server);
    for (const extension of ['all', '3/*', '..', '']) await failure(client.presence(extension), 'invalid-argument');
    assert.deepEqual(server.requests, []);
  });
});
