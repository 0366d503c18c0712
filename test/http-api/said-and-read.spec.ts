import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connectionsOf, isOfAnother, isSingleCall } from '../../lib/http-api/answers';
import type { HttpApiClient } from '../../lib/http-api/client';
import type { OperationName, Result } from '../../lib/pbx';
import { type Handler, listen, type TestServer } from '../../support/http-server';
import { atEnd, connect, endAll, failure, serve, serveTcp, withPhone } from './support';

const ten = { extension: '10' };
const oldId = '00000A5F3C2D1_7';
const newId = '00000A5F3C2D1_8';
const trunk = (id: number, number = '+4915124', dn = '10000'): string =>
  `ID=${id};S=Connected;DN=${dn};Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=${number};REC=Stop`;
const leg = (id: number, dn: string, status = 'Ringing', number = '+4915124', queue = 'null'): string =>
  `ID=${id};S=${status};DN=${dn};Queue_Name=x;Queue_Nummer=${queue};EP=${number};REC=Stop`;
const list = (...records: string[]): string =>
  `<html><head></head><body>${records.map((record) => `${record}<br>`).join('')}</body></html>`;

/** Answers by the name of the operation; `null`: no answer, a number: that HTTP status. */
function answering(answers: Record<string, string | number | null>): Handler {
  return withPhoneUnless(answers, ({ url = '' }, response) => {
    const answer = answers[url.split('/')[1] ?? ''];
    if (typeof answer === 'number') response.statusCode = answer;
    return typeof answer === 'number' ? 'x' : (answer ?? undefined);
  });
}

function withPhoneUnless(answers: object, handler: Handler): Handler {
  return (request, response) => {
    const operation = request.url?.split('/')[1] ?? '';
    return (operation in answers ? handler : withPhone(handler))(request, response);
  };
}

/** The result of a command, without its arguments and answer; and the requests for it. */
async function carryOut(
  answers: Record<string, string | number | null>,
  name: OperationName,
  args: Record<string, string> = ten,
): Promise<{ outcome: Partial<Result>; sent: string[] }> {
  const server = await serve(answering(answers));
  const { given, answer, ...outcome } = await connect(server, { timeout: 200, allowStop: true }).execute(name, args);
  assert.deepEqual(given, args);
  assert.equal(typeof answer, 'string');
  return { outcome, sent: namesOf(server) };
}

function namesOf(server: TestServer): string[] {
  return server.requests.map((url) => url.split('/')[1] ?? '');
}

describe('stop', () => {
  afterEach(endAll);

  for (const [kind, text] of [
    ['an empty 200 and the end of the connection', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
    ['the end of the connection', ''],
    ['a status line, and the end of the connection', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['half of its answer, and the end of the connection', 'HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n<HTML>'],
  ] as const) {
    it(`is done when it is answered with ${kind}`, async () => {
      const server = await serveTcp((socket) => {
        socket.once('data', () => socket.end(text));
      });
      const result = await connect(server, { allowStop: true }).execute('stop');
      assert.deepEqual(result, { ok: true, given: {}, answer: '' });
    });
  }

  it('alone may be answered with an empty 200', async () => {
    const client = connect(await serve(''), { allowStop: true });
    assert.equal((await client.execute('stop')).ok, true);
    await failure(client.execute('drop', ten), 'unexpected-answer');
  });
});

for (const [operation, args] of [
  ['makecall', { ...ten, destination: '11', phone: 'Soft' }],
  ['unpark', { ...ten, phone: 'Soft' }],
] as const) {
  describe(`the call of ${operation}`, () => {
    afterEach(endAll);
    const all = ['dnregs', 'ondn', operation];

    for (const [kind, before, answer, expected] of [
      ['is new when the extension had none before', '0', newId, { callId: newId, confirmed: true }],
      ['is new when the extension had another before', oldId, newId, { callId: newId, confirmed: true }],
      ['is not the one that the extension had before', oldId, oldId, { callId: null, confirmed: false }],
      ['may be none, of an extension that had one', oldId, '0', { callId: null, confirmed: false }],
      [
        'is new when the extension had connections before, but no such id (documented)',
        'ID=98741:CCID=1:S=Connected:DN=10:EP=+4930111:REC=Stop',
        newId,
        { callId: newId, confirmed: true },
      ],
      [
        'is not the connection that the extension had before (documented)',
        'ID=98741:CCID=1:S=Connected:DN=10:EP=+4930111:REC=Stop',
        '98741',
        { callId: null, confirmed: false },
      ],
      ['is not known when nobody knows the one before: idle', 'idle', newId, { callId: null, confirmed: false }],
      ['is not known when nobody knows the one before: 404', 404, newId, { callId: null, confirmed: false }],
      [
        'is not known when nobody understands the one before',
        'talks with +4930111',
        newId,
        { callId: null, confirmed: false },
      ],
      ['is there when the server says true', oldId, 'true', { callId: null, confirmed: true }],
    ] as const) {
      it(kind, async () => {
        const { outcome, sent } = await carryOut({ ondn: before, [operation]: answer }, operation, args);
        assert.deepEqual(outcome, { ok: true, ...expected });
        assert.deepEqual(sent, all);
      });
    }

    for (const [kind, before, code] of [
      ['gets no answer', null, 'timeout'],
      ['is answered with HTTP 500', 500, 'server-error'],
      ['is answered with HTTP 401', 401, 'unauthorized'],
    ] as const) {
      it(`is not made when the question for earlier ones ${kind}`, async () => {
        const server = await serve(answering({ ondn: before, [operation]: newId }));
        const { message } = await failure(connect(server, { timeout: 150 }).execute(operation, args), code);
        assert.match(message, /; nothing was dialled: the check for earlier calls failed$/);
        assert.deepEqual(namesOf(server), ['dnregs', 'ondn']);
      });
    }

    it('is requested once from a server that does not know the query', async () => {
      const server = await serve(answering({ ondn: 'idle', [operation]: newId }));
      const client = connect(server);
      for (let time = 0; time < 2; time++) await client.execute(operation, args);
      assert.deepEqual(namesOf(server), [...all, 'dnregs', operation]);
    });

    it('is requested again once the server answers the query', async () => {
      const answers: Record<string, string> = { ondn: 'idle', dnregs: 'idle', [operation]: newId };
      const server = await serve(answering(answers));
      const client = connect(server);
      await client.execute(operation, args);
      Object.assign(answers, { ondn: '0', dnregs: '71-sip:10@127.0.0.1;ob-Phone' });
      await client.execute('ondn', ten);
      await client.execute('dnregs', ten);
      server.requests.length = 0;
      await client.execute(operation, args);
      assert.deepEqual(namesOf(server), all);
    });

    it('is requested again after the server went away: another one may answer now', async () => {
      const requests: string[] = [];
      let answers: Record<string, string> = { ondn: 'idle', dnregs: 'idle', [operation]: newId };
      const server = createServer((request, response) => {
        requests.push(request.url?.split('/')[1] ?? '');
        response.setHeader('Connection', 'close').end(answering(answers)(request, response));
      });
      const { port, close } = await listen(server);
      atEnd(close);
      const client = connect({ url: `http://127.0.0.1:${port}` });
      await client.execute(operation, args);
      await close();
      await failure(client.execute('drop', ten), 'unreachable');
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      answers = { [operation]: newId };
      await client.execute(operation, args);
      assert.deepEqual(requests, [...all, ...all]);
    });
  });
}

describe('the call of answer', () => {
  afterEach(endAll);

  const single = list(trunk(1), leg(2, '10'));
  const two = list(trunk(1), leg(2, '10'), trunk(3, '+4930222'), leg(4, '10', 'Ringing', '+4930222'));

  for (const [kind, calls, callId] of [
    ['is told when one rings', single, newId],
    ['is told when one rings at two phones', list(trunk(1), leg(2, '10'), leg(3, '10')), newId],
    [
      'is told when one rings at two phones and a colleague',
      list(trunk(1), leg(2, '10'), leg(3, '11'), leg(4, '10')),
      newId,
    ],
    ['is null when two ring: the server names the last', two, null],
    ['is null when one rings and another is held', list(leg(2, '10'), leg(4, '10', 'Held', '+4930222')), null],
    ['is null when two ring that one number called', list(trunk(1), leg(2, '10'), trunk(3), leg(4, '10')), null],
    [
      'is null when two ring of which both withhold the number',
      list(leg(2, '10', 'Ringing', ''), leg(3, '10', 'Ringing', '')),
      null,
    ],
    [
      'is null when two ring, one through a queue',
      list(leg(2, '10'), leg(3, '10', 'Ringing', '+4915124', '8000')),
      null,
    ],
    ['is null when the list shows none', list(trunk(1)), null],
    ['is null when the list is none', 'true', null],
    ['is null when the server does not list its calls', null, null],
    ['is null when the list is answered with HTTP 500', 500, null],
  ] as const) {
    it(kind, async () => {
      const { outcome, sent } = await carryOut({ showallcalls: calls, answer: newId }, 'answer');
      assert.deepEqual(outcome, { ok: true, callId });
      assert.deepEqual(sent, ['showallcalls', 'answer']);
    });
  }

  it('is null if the list allows an id, but the server returns none', async () => {
    const { outcome } = await carryOut({ showallcalls: single, answer: 'true' }, 'answer');
    assert.deepEqual(outcome, { ok: true, callId: null });
  });

  it('is refused as before', async () => {
    const { outcome } = await carryOut({ showallcalls: single, answer: 'null' }, 'answer');
    assert.deepEqual(outcome, { ok: false, reason: 'no-call' });
  });

  it('takes no list of its own while the list of a poll is current', async () => {
    const { client, server } = await polling(single, 60_000);
    assert.equal((await client.execute('answer', ten)).callId, newId);
    assert.deepEqual(namesOf(server), ['showallcalls', 'answer']);
  });

  it('takes a list of its own when the list of a poll is old', async () => {
    const { client, server } = await polling(single, 0);
    assert.equal((await client.execute('answer', ten)).callId, newId);
    assert.deepEqual(namesOf(server), ['showallcalls', 'showallcalls', 'answer']);
  });

  it('takes a list of its own when a command came after the poll’s list, done or not', async () => {
    for (const drop of ['true', 'something']) {
      const { client, server } = await polling(single, 60_000, { drop });
      await client.execute('drop', ten).catch(() => undefined);
      server.requests.length = 0;
      await client.execute('answer', ten);
      assert.deepEqual(namesOf(server), ['showallcalls', 'answer']);
    }
  });

  it('waits for no list for a while once the server left one unanswered', async () => {
    const server = await serve(answering({ showallcalls: null, answer: newId }));
    const client = connect(server, { timeout: 150 });
    for (let time = 0; time < 2; time++) assert.equal((await client.execute('answer', ten)).callId, null);
    assert.deepEqual(namesOf(server), ['showallcalls', 'answer', 'answer']);
  });

  it('calls `onAnswer` for each answer that was understood', async () => {
    let told = 0;
    const server = await serve(answering({ showallcalls: two, answer: newId }));
    await connect(server, { onAnswer: () => (told += 1) }).execute('answer', ten);
    assert.equal(told, 2);
  });

  async function polling(
    calls: string,
    currentFor: number,
    others: Record<string, string> = {},
  ): Promise<{ client: HttpApiClient; server: TestServer }> {
    const server = await serve(answering({ showallcalls: calls, answer: newId, ...others }));
    const client = connect(server);
    await client.poll(currentFor);
    return { client, server };
  }
});

for (const operation of ['ready', 'notready', 'logout'] as const) {
  describe(`the profile of ${operation}`, () => {
    afterEach(endAll);
    const notAnAgent = 'is not an agent of the queues';

    for (const [kind, answer, status, expected] of [
      [
        'is what showstatus says',
        'true',
        '    CURRENT_STATUS=Away',
        { ok: true, profile: 'away', profileName: 'Away' },
      ],
      ['may have a name of its own', 'true', 'Zu Tisch', { ok: true, profile: null, profileName: 'Zu Tisch' }],
      [
        'is what showstatus says when it was refused, too',
        notAnAgent,
        'Out of office',
        { ok: false, reason: 'not-an-agent', profile: 'oof', profileName: 'Out of office' },
      ],
      ['is null when showstatus is not answered', 'true', null, { ok: true, profile: null, profileName: null }],
      ['is null when showstatus fails', 'true', 500, { ok: true, profile: null, profileName: null }],
      ['is null when showstatus is not known', 'true', 404, { ok: true, profile: null, profileName: null }],
      ['is null when showstatus says what is none', 'true', '[]', { ok: true, profile: null, profileName: null }],
      [
        'is null when it was refused and showstatus fails',
        notAnAgent,
        500,
        { ok: false, reason: 'not-an-agent', profile: null, profileName: null },
      ],
    ] as const) {
      it(kind, async () => {
        const { outcome, sent } = await carryOut({ [operation]: answer, showstatus: status }, operation);
        assert.deepEqual(outcome, expected);
        assert.deepEqual(sent, [operation, 'showstatus']);
      });
    }

    it('is not asked for when the command failed', async () => {
      const server = await serve(answering({ [operation]: 500, showstatus: 'Away' }));
      await failure(connect(server).execute(operation, ten), 'server-error');
      assert.deepEqual(namesOf(server), [operation]);
    });
  });
}

describe('the calls of atttrans', () => {
  afterEach(endAll);

  const before = [
    trunk(1),
    leg(2, '10', 'Connected'),
    leg(3, '10', 'Connected', '11'),
    leg(4, '11', 'Connected', '10'),
  ];

  for (const [kind, calls, confirmed] of [
    ['are joined when the extension has left both', list(trunk(1), leg(4, '11', 'Connected', '+4915124')), true],
    ['are not when nothing has changed', list(...before), false],
    ['are not when one of them is gone', list(trunk(1), leg(2, '10', 'Connected')), false],
    ['are not when nobody is left', list(), false],
    ['are not when one is left alone', list(trunk(1)), false],
    ['may be, when there is no list', null, false],
    ['may be, when the list fails', 500, false],
    ['may be, when the list is none', 'true', false],
  ] as const) {
    it(kind, async () => {
      const { outcome, sent } = await carryOut({ atttrans: 'true', showallcalls: calls }, 'atttrans');
      assert.deepEqual(outcome, { ok: true, confirmed });
      assert.deepEqual(sent, ['atttrans', 'showallcalls']);
    });
  }

  it('are not looked at when atttrans was refused', async () => {
    const { outcome, sent } = await carryOut({ atttrans: 'false' }, 'atttrans');
    assert.deepEqual(outcome, { ok: false, reason: 'no-call' });
    assert.deepEqual(sent, ['atttrans']);
  });
});

describe('a registration of another extension', () => {
  afterEach(endAll);
  const answer = '7100-sip:10@127.0.0.1:5488;ob-3CXPhone for Windows 18.0.9.20';

  for (const [operation, args] of [
    ['makecall', { extension: '1', destination: '11', phone: 'Soft' }],
    ['unpark', { extension: '1', phone: 'Soft' }],
  ] as const) {
    it(`is no phone for ${operation}`, async () => {
      const server = await serve(answering({ dnregs: answer, [operation]: newId }));
      const result = await connect(server).execute(operation, args);
      assert.deepEqual(result, { ok: false, reason: 'no-phone', given: args, answer });
      assert.deepEqual(namesOf(server), ['dnregs']);
    });
  }

  it('is not returned by dnregs', async () => {
    const result = await connect(await serve(answer)).execute('dnregs', { extension: '1' });
    assert.deepEqual(result, { ok: true, registration: null, given: { extension: '1' }, answer });
  });

  for (const [extension, contact, is] of [
    ['1', 'sip:10@127.0.0.1:5488;ob', true],
    ['10', 'sip:100@127.0.0.1', true],
    ['10', '<sip:100@127.0.0.1>', true],
    ['10', 'sips:100;x=1@127.0.0.1', true],
    ['10', 'SIP:11@127.0.0.1', true],
    ['123', 'sip:1234567@127.0.0.1', true],
    ['10', 'sip:10@127.0.0.1:5488;ob', false],
    ['10', 'sip:10:secret@127.0.0.1', false],
    ['10', 'sip:10;line=1@127.0.0.1', false],
    // A web client's own.
    ['10', 'sip:k3j9d0a1@f0o2.invalid;transport=ws', false],
    ['10', 'sip:93847261@f0o2.invalid;transport=ws', false],
    ['10', 'sip:anna-b@127.0.0.1', false],
    ['10', 'sip:127.0.0.1:5060', false],
    ['10', 'sip:11', false],
    ['10', '', false],
    ['10', '11@127.0.0.1', false],
    ['10', 'tel:11@127.0.0.1', false],
    ['anna', 'sip:10@127.0.0.1', false],
  ] as const) {
    it(`${is ? 'is' : 'is not'} that of ${extension} at ${contact}`, () => {
      assert.equal(isOfAnother(extension, { id: '1', contact, userAgent: '' }), is);
    });
  }
});

describe('a caller who withholds the number', () => {
  afterEach(endAll);

  it('has no number in getcallerid', async () => {
    const { outcome } = await carryOut({ getcallerid: 'Queue: Sales Anrufer: ' }, 'getcallerid');
    assert.deepEqual(outcome, { ok: true, idle: false, number: null, queue: { number: null, name: 'Sales' } });
  });
});

describe('a timeout', () => {
  afterEach(endAll);
  const hint = /; this server does not answer when the extension does not exist(; nothing was dialled: .*)?$/;

  it('mentions an extension if one was asked about', async () => {
    const client = connect(await serve(() => undefined), { timeout: 100 });
    for (const [name, args] of [
      ['drop', ten],
      ['makecall', { ...ten, destination: '11', phone: 'Soft' }],
      ['ondn', ten],
      ['login', { ...ten, action: 'login_all' }],
    ] as const) {
      assert.match((await failure(client.execute(name, args), 'timeout')).message, hint, name);
    }
    await assert.rejects(client.callId('10'), hint);
  });

  it('mentions no extension if none was asked about', async () => {
    const client = connect(await serve(() => undefined), { timeout: 100, allowStop: true });
    for (const asked of [client.execute('showallcalls'), client.execute('stop'), client.poll()]) {
      assert.doesNotMatch((await failure(asked, 'timeout')).message, /extension/);
    }
  });
});

describe('a single call', () => {
  it('is not made of connections that stand apart', () => {
    const apart = connectionsOf(list(trunk(1), leg(2, '10'), leg(5, '8001', 'Connected'), leg(3, '10')));
    assert.equal(isSingleCall('10', apart), false);
  });
});
