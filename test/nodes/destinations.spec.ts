import assert from 'node:assert/strict';
import { json } from 'node:stream/consumers';
import { type Flow, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { startServer, type TestServer } from '../../support/http-server';

/**
 * The dialled numbers, and ways to write them: from Germany, Austria, Switzerland, Great Britain, the USA and France.
 */
const numbers: Record<string, readonly string[]> = {
  '+493012345': [
    ...['+49 30 12345', '+49 (30) 123-45', '+49 (0)30 / 123-45', '+49(0)30/12345', '+49-30-12345', '+49.30.12345'],
  ],
  '004930123456': [
    ...[
      '0049 30 123456',
      '00 49 30 12 34 56',
      '0049 (0)30 123456',
      '0049(0)30/123456',
      '0049-30-123456',
      '0049.30.123456',
    ],
  ],
  '0301234567': ['030 1234567', '(030) 1234567', '030/1234567', '030-123 45-67', '030 / 123 45 67', '0 30 1234567'],
  '+4366412345678': [
    ...['+43 664 12345678', '+43 (0)664 12345678', '+43 (0) 664/123 45 678', '+43 664/12 34 56 78'],
    ...['+43-664-12345678', '+43\u00a0664\u00a012345678'],
  ],
  '+41446681800': [
    ...['+41 44 668 18 00', '+41 (0)44 668 18 00', '+41(0)446681800', '+41 44 668-18-00', '+41.44.668.18.00'],
    ...['+41 (44) 668 1800'],
  ],
  '0446681800': [
    ...['044 668 18 00', '(044) 668 18 00', '044/668 18 00', '044-668-18-00', '044.668.18.00', '044 / 668 1800'],
  ],
  '+442079460018': [
    ...[
      '+44 20 7946 0018',
      '+44 (0)20 7946 0018',
      '+44 (0) 20-7946-0018',
      '+44(20)79460018',
      '+44\u00a0(0)20\u00a079460018',
    ],
    ...['+44-20-7946-0018'],
  ],
  '+12025550143': [
    ...[
      '+1 202 555 0143',
      '+1 (202) 555-0143',
      '+1-202-555-0143',
      '+1.202.555.0143',
      '+1 (202)555-0143',
      '+1 202/555-0143',
    ],
  ],
  '2025550143': [...['202 555 0143', '(202) 555-0143', '202-555-0143', '202.555.0143', '(202)5550143', '202/555-0143']],
  '+33142685300': [
    ...['+33 1 42 68 53 00', '+33 (0)1 42 68 53 00', '+33(0)142685300', '+33 (0) 1.42.68.53.00', '+33-1-42-68-53-00'],
    ...['+33.1.42.68.53.00'],
  ],
};
const writings = Object.entries(numbers).flatMap(([number, ways]) => ways.map((way) => [way, number] as const));

/** Texts that are dialled unchanged: they are not numbers as people write them, or `(0)` belongs to them. */
const others: [given: unknown, dialled: string][] = [
  ...['10', '*10*20', '+4930111', 'sip@x', 'anna.b-c_d@example.com', '10-', '-10', '1.a', '...', '+', '+49+30'].map(
    (text): [string, string] => [text, text],
  ),
  [4930111, '4930111'],
  ['10-20', '1020'],
  ['1.2', '12'],
  ['+49 30 (0) 1', '+493001'],
  ['+493 (0)1', '+49301'],
  ['0 (0)49 1', '00491'],
  ['49 (0)30 1', '490301'],
];

const hostile = [
  ...['+49\t30', '+49 30\n', '\n10', '+49 30 1\r\nX: 1', ' 10', '10 ', '+ ', '()', '(0)', '+49 (0)', '10/'],
  ...['10/../../stop', '../stop', '10/stop', '/10', '+49/30/stop', '10?x', '10#1', '10%2F1', '10;ext=1', '10,11'],
  ...['tel:+4930111', 'sip:10@x', 'http://10', '\u0661\u0660', '\uff11\uff10', '1\u20092', '1\u202f2', '1\u20132'],
  ...['(+49) 30 1', '++49 30 1', '+49+30 1', '[030] 1', '1 '.repeat(40) + '1'],
];

describe('A destination as people write it', () => {
  useNodeRed();
  let server: TestServer;
  /** The contents of bodies, in the order of arrival. */
  let bodies: unknown[];

  beforeEach(async () => {
    bodies = [];
    server = await startServer((request, response) => {
      const { url = '', method } = request;
      const path = url.split('/');
      response.setHeader('Content-Type', 'application/json');
      if (url === '/connect/token') return JSON.stringify({ access_token: 'token', expires_in: 60 });
      if (url.endsWith('/devices'))
        return JSON.stringify([{ dn: '10', device_id: 'sip:10@192.0.2.1', user_agent: 'x' }]);
      if (url.endsWith('/participants')) {
        const leg = { id: 1, dn: '10', callid: 5, legid: 1, party_dn: '11', party_dn_type: 'Wextension' };
        const statuses = ['Connected', 'Ringing'].map((status, index) => ({ ...leg, id: index + 1, status }));
        return JSON.stringify(statuses);
      }
      if (method === 'POST') {
        void json(request).then((body) => {
          bodies.push(body);
          response.end(JSON.stringify({ finalstatus: 'Success', reason: 'NotSpecified', result: null }));
        });
        return undefined;
      }
      return { dnregs: '71-sip:10@127.0.0.1:5488;ob-Phone', ondn: '0', makecall: '5_1' }[path[1] ?? ''] ?? 'true';
    });
  });
  afterEach(() => server.close());

  const load = (api: 'http' | 'v20', operation: string, more: Properties = {}): Promise<Flow> =>
    loadFlow(
      { type: '3cx-call-control', operation, phone: 'Desktop', phoneType: 'str' },
      { api, url: server.url, ...more },
      { credentials: { server: { clientId: 'nodered', clientSecret: 'secret' } } },
    );

  it('is one of at least 60 ways, ten numbers of six countries', () => {
    assert.equal(new Set(writings.map(([way]) => way)).size, 60);
    assert.equal(Object.keys(numbers).length, 10);
  });

  it('goes on the wire of the HTTP API as its digits, which the payload has too', async () => {
    const flow = await load('http', 'makecall');
    for (const [destination, number] of [...writings, ...others]) {
      const { output, msg } = await flow.send({ extension: '10', destination });
      assert.equal(output, 'done', String(destination));
      assert.equal(server.requests.at(-1), `/makecall/10/${number}/Desktop`, String(destination));
      assert.equal((msg.payload as Properties).destination, number);
    }
  });

  for (const operation of ['transfer', 'divert']) {
    it(`goes on the wire as its digits with ${operation}`, async () => {
      const flow = await load('http', operation);
      for (const [destination, number] of writings) {
        const { msg } = await flow.send({ extension: '10', destination });
        assert.equal(server.requests.at(-1), `/${operation}/10/${number}`, destination);
        assert.equal((msg.payload as Properties).destination, number);
      }
    });
  }

  for (const operation of ['makecall', 'transfer', 'divert']) {
    it(`stands in the body that 3CX V20 gets with ${operation} as its digits`, async () => {
      const flow = await load('v20', operation);
      for (const [destination, number] of [...writings, ...others]) {
        const { output, msg } = await flow.send({ extension: '10', destination });
        assert.equal(output, 'done', String(destination));
        assert.equal((bodies.at(-1) as Properties).destination, number, String(destination));
        assert.equal((msg.payload as Properties).destination, number);
      }
      assert.equal(bodies.length, writings.length + others.length);
    });
  }

  for (const api of ['http', 'v20'] as const) {
    it(`is asked for by what is dialled where the connection allows only some, by ${api}`, async () => {
      const flow = await load(api, 'makecall', { allowDestinations: String.raw`^\+49\d+$` });
      assert.equal((await flow.send({ extension: '10', destination: '+49 (0)30 / 123-45' })).output, 'done');
      const sent = server.requests.length;
      const { msg } = await flow.send({ extension: '10', destination: '+43 664 123' });
      assert.equal(msg.error?.code, 'not-allowed');
      assert.equal(server.requests.length, sent);
    });

    it(`is refused where it cannot be a number, and nothing is sent, by ${api}`, async () => {
      const flow = await load(api, 'makecall');
      for (const destination of hostile) {
        const { output, msg } = await flow.send({ extension: '10', destination });
        assert.deepEqual([output, msg.error?.code], ['caught', 'invalid-argument'], JSON.stringify(destination));
        assert.match(msg.error?.message ?? '', /destination (must be|is longer)/);
      }
      assert.deepEqual(server.requests, []);
    });
  }

  it('is no way to write an extension', async () => {
    const flow = await load('http', 'makecall');
    for (const extension of ['1 0', '1/0', '(10)', '(1)0']) {
      assert.equal((await flow.send({ extension, destination: '11' })).msg.error?.code, 'invalid-argument');
    }
    assert.deepEqual(server.requests, []);
  });
});
