import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import { loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { startServer, type TestServer } from '../../support/http-server';

const leg = (id: number, dn: string, number = '+4915124'): string =>
  `ID=${id};S=Ringing;DN=${dn};Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=${number};REC=Stop<br>`;
const list = (...legs: string[]): string => `<html><head></head><body>${legs.join('')}</body></html>`;
const phone = '71-sip:10@127.0.0.1:5488;ob-3CXPhone for Windows';
const id = '00000A5F3C2D1_8';

/** A command, how the server answers by the name of the operation, and what the payload says beside the arguments. */
const rows: [
  what: string,
  node: string,
  operation: string,
  args: Record<string, string>,
  answers: Record<string, string>,
  payload: Properties,
][] = [
  ['is done with an empty answer', '3cx-call-control', 'stop', {}, { stop: '' }, { ok: true, answer: '' }],
  ...(['makecall', 'unpark'] as const).map((operation): (typeof rows)[number] => [
    'names no call that the extension had before',
    '3cx-call-control',
    operation,
    { extension: '10', ...(operation === 'makecall' ? { destination: '11' } : {}), phone: 'Soft' },
    { dnregs: phone, ondn: id, [operation]: id },
    { ok: true, callId: null, confirmed: false, answer: id },
  ]),
  [
    'dials from no other extension',
    '3cx-call-control',
    'makecall',
    { extension: '1', destination: '11', phone: 'Soft' },
    { dnregs: phone },
    { ok: false, reason: 'no-phone', answer: phone },
  ],
  [
    'names no call while two ring',
    '3cx-call-control',
    'answer',
    { extension: '10' },
    { showallcalls: list(leg(1, '10'), leg(2, '10', '+4930222')), answer: id },
    { ok: true, callId: null, answer: id },
  ],
  [
    'is not confirmed while nothing has changed',
    '3cx-call-control',
    'atttrans',
    { extension: '10' },
    { showallcalls: list(leg(1, '10'), leg(2, '10', '+4930222')), atttrans: 'true' },
    { ok: true, confirmed: false, answer: 'true' },
  ],
  ...['ready', 'notready', 'logout'].map((operation): (typeof rows)[number] => [
    'names the profile that the extension has',
    '3cx-agent-status',
    operation,
    { extension: '10' },
    { [operation]: 'true', showstatus: 'Out of office' },
    { ok: true, profile: 'oof', profileName: 'Out of office', answer: 'true' },
  ]),
  [
    'names no profile that nobody told',
    '3cx-agent-status',
    'ready',
    { extension: '10' },
    { ready: 'true' },
    { ok: true, profile: null, profileName: null, answer: 'true' },
  ],
  [
    'has no empty number',
    '3cx-call-monitor',
    'getcallerid',
    { extension: '10' },
    { getcallerid: 'Queue: Sales Anrufer: ' },
    {
      ...{ ok: true, idle: false, number: null, e164: null, name: null, queue: { number: null, name: 'Sales' } },
      answer: 'Queue: Sales Anrufer: ',
    },
  ],
  [
    'has no phone of another',
    '3cx-call-monitor',
    'dnregs',
    { extension: '1' },
    { dnregs: phone },
    { ok: true, registration: null, answer: phone },
  ],
];

describe('The payload says only what was read', () => {
  useNodeRed();
  let server: TestServer;
  let answers: Record<string, string>;

  beforeEach(async () => {
    server = await startServer(({ url = '' }) => answers[url.split('/')[1] ?? ''] ?? 'idle');
  });
  afterEach(() => server.close());

  for (const [what, node, operation, args, answered, payload] of rows) {
    it(`${operation} ${what}`, async () => {
      answers = answered;
      const properties = { type: node, operation, phone: 'phone', phoneType: 'msg' };
      const flow = await loadFlow(properties, { url: server.url, allowStop: true });
      const { msg } = await flow.send({ ...args });
      assert.deepEqual(msg.payload, { operation, ...args, ...payload });
    });
  }

  it('answer takes one request while somebody watches, and two otherwise', async () => {
    answers = { showallcalls: list(leg(1, '10')), answer: id };
    const isWatched = { id: 'monitor', type: '3cx-call-monitor', operation: 'watch', server: 'server', wires: [] };
    for (const [nodes, requests] of [
      [[isWatched], ['/answer/10']],
      [[], ['/showallcalls', '/answer/10']],
    ] as const) {
      const flow = await loadFlow(
        { type: '3cx-call-control', operation: 'answer' },
        { url: server.url, pollInterval: 60_000 },
        { nodes: [...nodes] },
      );
      if (nodes.length > 0) await server.received(1);
      server.requests.length = 0;
      const { msg } = await flow.send({ extension: '10' });
      assert.equal((msg.payload as { callId: string | null }).callId, id);
      // The look-up of a call id is a monitor's own.
      const sent = server.requests.filter((url) => !url.startsWith('/ondn/'));
      assert.deepEqual(sent.slice(0, requests.length), requests);
      await helper.unload();
    }
  });
});
