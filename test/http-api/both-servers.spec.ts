import assert from 'node:assert/strict';
import fc from 'fast-check';
import { callerOf, connectionsOf, registrationOf } from '../../lib/http-api/answers';
import type { Connection } from '../../lib/pbx';
import { connect, endAll, failure, serve, withPhone } from './support';

const notValid = 'is not a valid extension';

describe('a form that the server does not understand', () => {
  afterEach(endAll);

  it('of login is followed by the other order, which is remembered', async () => {
    const server = await serve(({ url = '' }) => (url.startsWith('/login/log') ? 'true' : notValid));
    const client = connect(server);
    const login = { extension: '10', action: 'login_all' };
    assert.equal((await client.execute('login', login)).ok, true);
    assert.equal((await client.execute('login', { ...login, action: 'logout_all' })).ok, true);
    assert.deepEqual(server.requests, ['/login/10/login_all', '/login/login_all/10', '/login/logout_all/10']);
  });

  it('of login is not remembered when no order found the extension', async () => {
    const server = await serve(notValid);
    const client = connect(server);
    for (let time = 0; time < 2; time++) {
      const { ok, ...rest } = await client.execute('login', { extension: '99', action: 'login_all' });
      assert.deepEqual([ok, 'reason' in rest && rest.reason], [false, 'not-an-extension']);
    }
    const both = ['/login/99/login_all', '/login/login_all/99'];
    assert.deepEqual(server.requests, [...both, ...both]);
  });

  it('of login is never replaced in a log-in to one queue', async () => {
    const server = await serve(notValid);
    await connect(server).execute('login', { extension: '99', action: 'login_all', queue: '8000' });
    assert.deepEqual(server.requests, ['/save/login_only_to/99/8000']);
  });

  it('of login is not replaced if the refusal has another reason', async () => {
    const server = await serve('is not an agent of the queues');
    await connect(server).execute('login', { extension: '10', action: 'login_all' });
    assert.deepEqual(server.requests, ['/login/10/login_all']);
  });

  it('of transfer is the lower case: after idle the capital is tried, and remembered', async () => {
    const server = await serve(({ url = '' }) => (url.startsWith('/Transfer/') ? 'true' : 'idle'));
    const client = connect(server);
    await client.execute('transfer', { extension: '10', destination: '11' });
    await client.execute('transfer', { extension: '10', destination: '12' });
    assert.deepEqual(server.requests, ['/transfer/10/11', '/Transfer/10/11', '/Transfer/10/12']);
  });

  it('of transfer is not remembered when the server knows neither', async () => {
    const server = await serve('<HTML><BODY>Idle</BODY></HTML>');
    const client = connect(server);
    for (let time = 0; time < 2; time++) {
      await failure(client.execute('transfer', { extension: '10', destination: '11' }), 'unsupported');
    }
    const both = ['/transfer/10/11', '/Transfer/10/11'];
    assert.deepEqual(server.requests, [...both, ...both]);
  });

  it('of transfer is not replaced after a refusal', async () => {
    const server = await serve('false');
    await connect(server).execute('transfer', { extension: '10', destination: '11' });
    assert.deepEqual(server.requests, ['/transfer/10/11']);
  });

  for (const [failing, code] of [
    [500, 'server-error'],
    [404, 'unsupported'],
    [204, 'unexpected-answer'],
  ] as const) {
    it(`is not assumed after HTTP ${failing}: nothing is sent a second time`, async () => {
      const server = await serve((_request, response) => {
        response.statusCode = failing;
        return '';
      });
      const client = connect(server);
      await failure(client.execute('transfer', { extension: '10', destination: '11' }), code);
      await failure(client.execute('login', { extension: '10', action: 'login_all' }), code);
      assert.deepEqual(server.requests, ['/transfer/10/11', '/login/10/login_all']);
    });
  }

  it('of one operation does not decide on another', async () => {
    const server = await serve(({ url = '' }) => {
      if (url.startsWith('/Transfer/')) return 'true';
      if (url.startsWith('/login/10/')) return 'true';
      return 'idle';
    });
    const client = connect(server);
    await client.execute('transfer', { extension: '10', destination: '11' });
    await client.execute('login', { extension: '10', action: 'login_all' });
    await failure(client.execute('divert', { extension: '10', destination: '11' }), 'unsupported');
    assert.deepEqual(server.requests.slice(2), ['/login/10/login_all', '/divert/10/11']);
  });

  it('is tried again when the server was replaced by one of the other kind', async () => {
    let isDocumented = true;
    const server = await serve(({ url = '' }) => (url.startsWith('/Transfer/') === isDocumented ? 'true' : 'idle'));
    const client = connect(server);
    const transfer = { extension: '10', destination: '11' };
    await client.execute('transfer', transfer);
    isDocumented = false;
    assert.equal((await client.execute('transfer', transfer)).ok, true);
    assert.deepEqual(server.requests.slice(2), ['/Transfer/10/11', '/transfer/10/11']);
  });

  it('is then forgotten, so each replacement of the server costs one more request once', async () => {
    let isDocumented = true;
    const server = await serve(({ url = '' }) => {
      if (url.startsWith('/login/')) return url.startsWith('/login/10/') === isDocumented ? 'true' : notValid;
      return url.startsWith('/Transfer/') === isDocumented ? 'true' : 'idle';
    });
    const client = connect(server);
    const transfer = { extension: '10', destination: '11' };
    const login = { extension: '10', action: 'login_all' };
    for (const [documented, requests] of [
      [true, [3, 2]],
      [false, [3, 3]],
      [true, [3, 3]],
    ] as const) {
      isDocumented = documented;
      for (const [at, [name, args]] of (
        [
          ['transfer', transfer],
          ['login', login],
        ] as const
      ).entries()) {
        server.requests.length = 0;
        for (let time = 0; time < 2; time++) assert.equal((await client.execute(name, args)).ok, true);
        assert.equal(server.requests.length, requests[at], `${name}, documented: ${documented}`);
      }
    }
  });

  it('of login is kept when a queue is named, which has one form only, and when nobody has the extension', async () => {
    const server = await serve(({ url = '' }) =>
      /^\/(save\/.*|login\/login_all)\/10(\/|$)/.test(url) ? 'true' : notValid,
    );
    const client = connect(server);
    const login = { extension: '10', action: 'login_all' };
    await client.execute('login', login);
    await client.execute('login', { ...login, queue: '8000' });
    await client.execute('login', { ...login, extension: '99' });
    server.requests.length = 0;
    await client.execute('login', login);
    assert.deepEqual(server.requests, ['/login/login_all/10']);
  });

  for (const [operation, args, first, second, answer] of [
    ['unpark', { extension: '10', phone: 'Soft' }, '/unpark/10/Soft', '/unpark/10/', 'true'],
    ['showstatus', { extension: '10' }, '/showstatus/10', '/showstatus/10/show', 'Available'],
  ] as const) {
    it(`of ${operation} is the community form: after idle the documented form is tried, and remembered`, async () => {
      const server = await serve(withPhone(({ url }) => (url === second ? answer : 'idle')));
      const client = connect(server);
      assert.equal((await client.execute(operation, args)).ok, true);
      assert.equal((await client.execute(operation, args)).ok, true);
      const sent = server.requests.filter((url) => !/^\/(dnregs|ondn)\//.test(url));
      assert.deepEqual(sent, [first, second, second]);
    });
  }

  it('of notready has no second form, because ready would do the opposite', async () => {
    const server = await serve(({ url = '' }) => (url.startsWith('/ready/') ? 'true' : 'idle'));
    const client = connect(server);
    await failure(client.execute('notready', { extension: '10' }), 'unsupported');
    assert.deepEqual(server.requests, ['/notready/10']);
  });
});

describe('an answer', () => {
  afterEach(endAll);

  for (const answer of [
    'true',
    'TRUE',
    ' True\r\n',
    '<HTML><BODY> TRUE </BODY></HTML>',
    '<html><body>true</body></html>',
  ]) {
    it(`may be cased, spaced and wrapped like ${JSON.stringify(answer)}`, async () => {
      const client = connect(await serve(answer));
      const result = await client.execute('drop', { extension: '10' });
      assert.deepEqual(result, { ok: true, given: { extension: '10' }, answer });
    });
  }

  for (const answer of ['FALSE', '<html><head></head><body>\nFalse\n</body></html>\n']) {
    it(`refuses with ${JSON.stringify(answer)}`, async () => {
      const { ok } = await connect(await serve(answer)).execute('drop', { extension: '10' });
      assert.equal(ok, false);
    });
  }

  for (const answer of ['idle', ' Idle ', '<HTML><BODY>Idle</BODY></HTML>']) {
    it(`is no answer to a command or to showallcalls when it is ${JSON.stringify(answer)}`, async () => {
      const client = connect(await serve(answer));
      await failure(client.execute('drop', { extension: '10' }), 'unsupported');
      await failure(client.execute('showallcalls'), 'unsupported');
      await failure(client.poll(), 'unsupported');
      await failure(client.execute('showstatus', { extension: '10' }), 'unsupported');
      const { idle } = await client.execute('getcallerid', { extension: '10' });
      assert.equal(idle, true);
    });
  }

  for (const [kind, answer] of [
    ['nothing', ''],
    ['white space', ' \r\n '],
    ['a list that is cut off', '<html><head></head><body>'],
    ['a page of a proxy', '<!DOCTYPE html><html lang="de"><head><title>Login</title></head><body>true</body></html>'],
    ['another page', '<html><body><h1>It works!</h1></body></html>'],
    ['JSON', '{"ok":true}'],
    ['a sentence', 'something else, and true'],
  ] as const) {
    it(`never counts as false or as no calls when it is ${kind}`, async () => {
      const client = connect(await serve(answer));
      for (const [operation, args] of [
        ['showallcalls', {}],
        ['drop', { extension: '10' }],
        ['answer', { extension: '10' }],
        ['ready', { extension: '10' }],
        ['login', { extension: '10', action: 'login_all' }],
        ['record', { extension: '10', recordAction: 'start' }],
        ['setstatus', { extension: '10', profile: 'avail' }],
        ['showstatus', { extension: '10' }],
        ['ondn', { extension: '10' }],
        ['dnregs', { extension: '10' }],
        ['getcallerid', { extension: '10' }],
        ['divert', { extension: '10', destination: '11' }],
      ] as const) {
        const { message } = await failure(client.execute(operation, args), 'unexpected-answer');
        assert.ok(answer === '' || !message.includes(answer), `${operation}: "${message}" quotes the answer`);
      }
      await failure(client.poll(), 'unexpected-answer');
    });
  }

  for (const answer of ['<html><head></head><body></body></html>', '<HTML><BODY> \r\n </BODY></HTML>']) {
    it(`says that there are no calls with ${JSON.stringify(answer)}`, async () => {
      const client = connect(await serve(answer));
      assert.deepEqual((await client.execute('showallcalls')).connections, []);
      assert.deepEqual((await client.poll()).connections, []);
    });
  }

  it('is not lost when it was in UTF-8 and cut between two bytes of a character', async () => {
    const body = Buffer.from('Queue: Süd Anrufer: +49');
    const server = await serve((_request, response) => {
      const middle = body.indexOf(Buffer.from('ü')) + 1;
      response.write(body.subarray(0, middle), () => response.end(body.subarray(middle)));
      return undefined;
    });
    const { queue } = await connect(server).execute('getcallerid', { extension: '10' });
    assert.equal(queue?.name, 'Süd');
  });

  it('to setstatus that names another status refuses it', async () => {
    const client = connect(await serve('Away'));
    const result = await client.execute('setstatus', { extension: '10', profile: 'avail' });
    assert.deepEqual([result.ok, result.profile, result.profileName], [false, 'away', 'Away']);
  });

  it('to setstatus and showstatus may name a status outside the five', async () => {
    const client = connect(await serve('    CURRENT_STATUS=Zu Tisch'));
    const given = { extension: '10' };
    const answer = '    CURRENT_STATUS=Zu Tisch';
    assert.deepEqual(await client.execute('showstatus', given), {
      ok: true,
      profile: null,
      profileName: 'Zu Tisch',
      given,
      answer,
    });
  });

  it('is reported as the server wrote it', async () => {
    const answer = '<HTML><BODY> 00000A5F3C2D1_8 </BODY></HTML>';
    const result = await connect(await serve(answer)).execute('ondn', { extension: '10' });
    assert.deepEqual([result.callId, result.answer], ['00000A5F3C2D1_8', answer]);
  });
});

function body(...records: string[]): string {
  return `<html><head></head><body>${records.map((record) => `${record}<br>`).join('')}</body></html>`;
}

function community(fields: { name?: string; queue?: string; number?: string; recording?: string } = {}): string {
  const { name = 'Support', queue = '8000', number = '+4930111', recording = 'Stop' } = fields;
  return `ID=1;S=Connected;DN=10;Queue_Name=${name};Queue_Nummer=${queue};EP=${number};REC=${recording}`;
}

function documented(fields: { number?: string; recording?: string } = {}): string {
  const { number = '+4930111', recording = 'Stop' } = fields;
  return `ID=1:CCID=2:S=Connected:DN=10:EP=${number}:REC=${recording}`;
}

const connection: Connection = {
  id: '1',
  extension: '10',
  status: 'connected',
  number: '+4930111',
  name: null,
  queue: { number: '8000', name: 'Support' },
  recording: 'off',
};

describe('a record', () => {
  it('is read by its look, community and documented side by side', () => {
    assert.deepEqual(connectionsOf(body(community(), documented())), [
      connection,
      { ...connection, queue: null, ccid: '2' },
    ]);
  });

  for (const between of ['<br>', '<BR/>', '<br />', '<br>\r\n', '\n', '\r\n', '<br> ', '\n\n  ', ' <br>\n\t']) {
    it(`ends with ${JSON.stringify(between)}`, () => {
      const records = [community({ recording: 'Start' }), documented(), documented()];
      const connections = connectionsOf(`<html><body>${records.join(between)}${between}</body></html>`);
      assert.deepEqual(
        connections.map(({ recording }) => recording),
        ['on', 'off', 'off'],
      );
    });
  }

  for (const name of [
    'Support: Süd; EU',
    'a;b:c=d',
    'Sales <br> and more',
    'EP=5;REC=Start',
    ';EP=5',
    'Direkter Anruf',
    'unidentifyable',
    '',
    '<b>bold</b>',
    'x:Queue_Nummer=1:EP=2',
  ]) {
    it(`has the queue's name as it is: ${JSON.stringify(name)}`, () => {
      assert.deepEqual(connectionsOf(body(community({ name }), community())), [
        { ...connection, queue: { number: '8000', name } },
        connection,
      ]);
    });
  }

  for (const number of [
    '',
    '*10',
    '"Anna" <anna@example.com>',
    '1;EP=2',
    '1;REC=Start',
    '1;Queue_Nummer=8000;EP=2',
    '1:Queue_Nummer=8000:EP=2',
    '1;Queue_Name=Sales;Queue_Nummer=8000;EP=2',
    '1;DN=99;S=Ringing',
    '1<br>2',
    '1<br>ID=5;S=Ringing;DN=10;EP=2',
    '1\nID=5:CCID=1:S=Ringing:DN=10:EP=2',
  ]) {
    it(`has the other party's number as it is, which can forge no field: ${JSON.stringify(number)}`, () => {
      const direct = { name: 'Direkter Anruf', queue: 'null' };
      assert.deepEqual(connectionsOf(body(community({ number }), community({ number, ...direct }))), [
        { ...connection, number },
        { ...connection, number, queue: null },
      ]);
    });
  }

  for (const number of [
    '1<br>ID=5:S=Ringing:DN=10:EP=2',
    '1:EP=2',
    '1:REC=Start',
    '1:Queue_Nummer=8000:EP=2',
    '1;Queue_Nummer=8000;EP=2',
    '1:CCID=9',
  ]) {
    it(`of the documented form has it as it is too: ${JSON.stringify(number)}`, () => {
      assert.deepEqual(connectionsOf(body(documented({ number }))), [
        { ...connection, number, queue: null, ccid: '2' },
      ]);
    });
  }

  for (const [recording, expected] of [
    ['Start', 'on'],
    ['start', 'on'],
    ['Resume', 'on'],
    ['Pause', 'paused'],
    ['Stop', 'off'],
    ['7', 'off'],
    ['', 'off'],
  ] as const) {
    it(`with REC=${recording} is recorded: ${expected}`, () => {
      const [first] = connectionsOf(body(community({ recording })));
      assert.equal(first?.recording, expected);
    });
  }

  for (const status of ['Undefined', 'Dialing', 'Ringing', 'Connected', 'Hold', 'Held']) {
    it(`has the status ${status}, in any case`, () => {
      for (const text of [status, status.toUpperCase()]) {
        const [first] = connectionsOf(body(community().replace('Connected', text)));
        assert.equal(first?.status, status.toLowerCase());
      }
    });
  }

  it('may have fields that are not known, and lack some', () => {
    assert.deepEqual(connectionsOf(body('ID=1;NEW=x;S=Later;DN=10;Agent=5;EP=+4930111')), [
      { ...connection, status: 'undefined', queue: null },
    ]);
    assert.deepEqual(connectionsOf(body('ID=1;S=Connected;DN=10;REC=Start')), [
      { ...connection, number: '', queue: null, recording: 'on' },
    ]);
    assert.deepEqual(connectionsOf(body('ID=1;S=Connected;DN=10;Queue_Name=Support;Queue_Nummer=8000')), [
      { ...connection, number: '' },
    ]);
  });

  it('has the first of two equal fields', () => {
    const [first] = connectionsOf(body('ID=1;S=Connected;DN=10;DN=11;EP=;REC=Stop'));
    assert.equal(first?.extension, '10');
  });

  it('is never made of something else', () => {
    for (const text of ['ID=x;S=Connected', 'S=Connected;DN=10', 'true', '<html></html>', 'ID=1']) {
      for (const answer of [text, body(text), body(text, community())]) {
        assert.throws(() => connectionsOf(answer), { code: 'unexpected-answer' }, answer);
      }
    }
  });
});

describe('made-up answers', () => {
  const id = fc.integer({ min: 1, max: 999_999 }).map(String);
  const dn = fc.stringMatching(/^[0-9A-Za-z*]{1,8}$/);
  const status = fc.constantFrom('undefined', 'dialing', 'ringing', 'connected', 'hold', 'held');
  const recording = fc.constantFrom(
    ['Start', 'on'],
    ['Resume', 'on'],
    ['Pause', 'paused'],
    ['Stop', 'off'],
    ['3', 'off'],
  );
  const fragments = fc.constantFrom(';', ':', '=', '<br>', '\n', ' ', 'EP=', 'REC=', 'Queue_Nummer=', 'ID=7', 'null');
  const freeText = fc
    .array(fc.oneof(fc.string({ maxLength: 6, unit: 'grapheme' }), fragments), { maxLength: 6 })
    .map((parts) => parts.join(''))
    // This text looks like the end of the record, and the beginning of the next.
    .filter((text) => !/REC=\w*\s*(<br\s*\/?>|\n)\s*(ID=\d|$)/i.test(text));
  // This text looks like the field itself, which ends a name.
  const queueName = freeText.filter((text) => !`${text};`.includes(';Queue_Nummer='));

  const communityRecord = fc
    .record({ id, dn, status, recording, freeText, queueName, queue: fc.option(dn) })
    .map((made): [string, Connection] => [
      `ID=${made.id};S=${made.status};DN=${made.dn};Queue_Name=${made.queueName};` +
        `Queue_Nummer=${made.queue ?? 'null'};EP=${made.freeText};REC=${made.recording[0]}`,
      {
        id: made.id,
        extension: made.dn,
        status: made.status,
        number: made.freeText,
        name: null,
        queue: made.queue === null || made.queue === 'null' ? null : { number: made.queue, name: made.queueName },
        recording: made.recording[1],
      },
    ]);
  const documentedRecord = fc
    .record({ id, ccid: id, dn, status, recording, freeText })
    .map((made): [string, Connection] => [
      `ID=${made.id}:CCID=${made.ccid}:S=${made.status}:DN=${made.dn}:EP=${made.freeText}:REC=${made.recording[0]}`,
      {
        id: made.id,
        extension: made.dn,
        status: made.status,
        number: made.freeText,
        name: null,
        queue: null,
        recording: made.recording[1],
        ccid: made.ccid,
      },
    ]);

  it('of records parse back into what they were made of', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(communityRecord, documentedRecord), { maxLength: 5 }), (records) => {
        const connections = connectionsOf(body(...records.map(([text]) => text)));
        assert.deepEqual(
          connections,
          records.map(([, made]) => made),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('other answers', () => {
  for (const [text, registration] of [
    ['7-sip:10@127.0.0.1:5488;ob-Yealink SIP-T46S 66.84', ['7', 'sip:10@127.0.0.1:5488;ob', 'Yealink SIP-T46S 66.84']],
    ['7-sip:anna-b@127.0.0.1-3CX-WebRTC', ['7', 'sip:anna-b@127.0.0.1', '3CX-WebRTC']],
    ['7-sip:10@127.0.0.1-', ['7', 'sip:10@127.0.0.1', '']],
    ['7-sip:10-Phone', ['7', 'sip:10', 'Phone']],
  ] as const) {
    it(`to dnregs: ${text}`, () => {
      const [id, contact, userAgent] = registration;
      assert.deepEqual(registrationOf(text), { id, contact, userAgent });
    });
  }

  for (const [text, number, queue] of [
    ['Queue: Support: Süd; EU Anrufer: +4930111', '+4930111', 'Support: Süd; EU'],
    ['Queue: Direkter Anruf Anrufer: 004930111', '004930111', null],
    ['Queue:  Anrufer: 004930111', '004930111', null],
    ['Anrufer: 004930111', '004930111', null],
    ['Queue: Sales Anrufer:', null, 'Sales'],
    ['Queue: Direkter Anruf Anrufer: ', null, null],
    ['queue: Sales anrufer: 1 Anrufer: 2', '1 Anrufer: 2', 'Sales'],
  ] as const) {
    it(`to getcallerid: ${text}`, () => {
      assert.deepEqual(callerOf(text), { number, queue: queue === null ? null : { number: null, name: queue } });
    });
  }
});
