import assert from 'node:assert/strict';
import type { Handler } from '../../support/http-server';
import { connect, endAll, failure, serve } from './support';

const leg = (dn: string, status: string, recording: string): string =>
  `ID=98742;S=${status};DN=${dn};Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=+4930111;REC=${recording}<br>`;

/** A server with these legs, which carries out the commands. */
function withLegs(...legs: string[]): Handler {
  const list = `<html><head></head><body>${legs.join('')}</body></html>`;
  return ({ url }) => (url === '/showallcalls' ? list : 'true');
}

const toggle = { extension: '10', recordAction: 'toggle' };

describe('record with toggle', () => {
  afterEach(endAll);

  for (const [now, sent, recording] of [
    ['Stop', 0, 'on'],
    ['Start', 1, 'off'],
    ['Resume', 1, 'off'],
    ['Pause', 3, 'on'],
  ] as const) {
    it(`is sent as ${sent} when the call list says ${now}`, async () => {
      const server = await serve(withLegs(leg('11', 'Connected', 'Pause'), leg('10', 'Connected', now)));
      const result = await connect(server).execute('record', toggle);
      assert.deepEqual([result.ok, result.recording, result.answer], [true, recording, 'true']);
      assert.deepEqual(server.requests, ['/showallcalls', `/record/10/${sent}`]);
    });
  }

  it('applies to the last connected call, like the command itself', async () => {
    const server = await serve(withLegs(leg('10', 'Connected', 'Start'), leg('10', 'Connected', 'Stop')));
    assert.equal((await connect(server).execute('record', toggle)).recording, 'on');
  });

  for (const legs of [
    [],
    [leg('10', 'Ringing', 'Stop')],
    [leg('10', 'Hold', 'Start')],
    [leg('10', 'Held', 'Start')],
    [leg('100', 'Connected', 'Start')],
  ]) {
    it(`is refused, and not sent, with ${legs.join() || 'no call'}`, async () => {
      const server = await serve(withLegs(...legs));
      const { ok, answer, ...rest } = await connect(server).execute('record', toggle);
      assert.deepEqual([ok, 'reason' in rest && rest.reason, answer], [false, 'no-call', '']);
      assert.deepEqual(server.requests, ['/showallcalls']);
    });
  }

  it('is not sent when there is no call list', async () => {
    const server = await serve('idle');
    const { message } = await failure(connect(server).execute('record', toggle), 'unsupported');
    assert.match(message, /; nothing was changed: the call list could not be read$/);
    assert.deepEqual(server.requests, ['/showallcalls']);
  });

  it('is refused when the call ends before the command', async () => {
    const list = withLegs(leg('10', 'Connected', 'Stop'));
    const server = await serve((request, response) =>
      request.url === '/showallcalls' ? list(request, response) : 'false',
    );
    const { ok, answer } = await connect(server).execute('record', toggle);
    assert.deepEqual([ok, answer], [false, 'false']);
  });

  it('requests the list again, even while somebody watches', async () => {
    const server = await serve(withLegs(leg('10', 'Connected', 'Stop')));
    const client = connect(server);
    await client.poll(60_000);
    await client.execute('record', toggle);
    assert.deepEqual(server.requests, ['/showallcalls', '/showallcalls', '/record/10/0']);
  });
});
