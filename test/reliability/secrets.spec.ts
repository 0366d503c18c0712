import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientOptions } from '../../lib/http-api/client';
import type { ServerResponse } from 'node:http';
import { connect, endAll, failure, serve } from '../http-api/support';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import type { Fault } from './faults';
import { FaultyServer } from './faulty-server';
import { expectNoComplaints } from './process';
import { report } from './report';
import { quickFaults, searchFor, takeDown, writings } from './secrets';

const password = 'Pä ss+/"<&\\%w0rd📞';
const token = 'T0k.en/with+Slashes~0123456789==';
const basic = Buffer.from(`anna:${password}`).toString('base64');
describe("A server's words in an error", () => {
  expectNoComplaints();
  afterEach(endAll);

  const say = async (text: string, auth: ClientOptions['auth'] = { type: 'none' }): Promise<string> => {
    const server = await serve((_request, response) => {
      response.statusCode = 500;
      return text;
    });
    const error = await failure(connect(server, { auth }).execute('drop', { extension: '10' }), 'server-error');
    return error.message;
  };

  for (const [kind, auth, secrets] of [
    ['basic', { type: 'basic', user: 'anna', password }, [password, basic]],
    ['bearer', { type: 'bearer', token }, [token]],
  ] as const) {
    for (const [how, write] of writings) {
      it(`is told without the log-in (${kind}) that it writes ${how}`, async () => {
        for (const secret of secrets) {
          const message = await say(`no access with ${write(secret)}, at all: ${write(secret)}`, auth);
          assert.equal(message, 'the server failed (HTTP 500): no access with …, at all: …');
        }
      });
    }
  }

  for (const number of [
    '+49 (151) 1234-5678',
    '0151/123 45 678',
    '01.51.12.34.56',
    '+49  151 - 1234',
    '%2B4915112345',
  ]) {
    it(`is told without the phone number ${number}`, async () => {
      assert.match(await say(`no call to ${number}`), /^the server failed \(HTTP 500\): no call to \+?\(?(%2B)?…$/);
    });
  }
});

describe('In a Node-RED that logs everything,', function () {
  this.timeout(60_000);
  let server: FaultyServer;
  let nodeRed: NodeRed;
  let answers = '';
  const found = { searched: 0, numbers: 0 };
  const number = '+4915112345678';
  const secrets = { password: 'S3cretPassw0rd', token: 'S3cretT0ken', basic: btoa('anna:S3cretPassw0rd') };
  /** The log-ins that the server was sent. */
  const loggedIn = new Set<string>();

  /** Gives back what it was sent. */
  const echo = (name: string, answer: (response: ServerResponse, logIn: string, all: string) => unknown): Fault => ({
    ...{ name, told: [], arrives: true },
    onRequest: ({ request, response }) => {
      const { authorization = '' } = request.headers;
      const secret = authorization.startsWith('Basic ') ? secrets.password : secrets.token;
      loggedIn.add(authorization);
      answer(response, authorization, `${authorization} ${secret} ${number}`);
    },
  });
  const echoes: Fault[] = [
    echo('says it in an error', (response, _logIn, all) => response.writeHead(500).end(all)),
    echo('says it in a page', (response, _logIn, all) => response.end(`<html><body>${all}</body></html>`)),
    echo('says it as an answer', (response, _logIn, all) => response.end(all)),
    echo('says the log-in as an answer', (response, logIn) => response.end(logIn)),
    echo('says it to whom it lets not in', (response, _logIn, all) => response.writeHead(401).end(all)),
    echo('says it in the head', (response, logIn, all) => response.writeHead(502, logIn, { 'X-Sent': all }).end()),
    echo('says it as the next address', (response, _logIn, all) =>
      response.writeHead(302, { Location: `/${encodeURIComponent(all)}` }).end(),
    ),
  ];
  const driven = [...echoes, ...quickFaults];

  before(async () => {
    server = await FaultyServer.start({ pass: () => undefined, elsewhere: 'http://127.0.0.1:1' });
    const connection = { type: '3cx-config', url: server.url, timeout: 200, pollInterval: 100 };
    nodeRed = await startNodeRed({
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { ...connection, id: 'pbx-basic', auth: 'basic' },
        { ...connection, id: 'pbx-bearer', auth: 'bearer' },
        ...['pbx-basic', 'pbx-bearer'].flatMap((server) => [
          ...['makecall', 'transfer'].map((operation) => ({
            ...{ id: `${server}-${operation}`, type: '3cx-call-control', z: 'tab', server, operation },
            ...{ extension: '10', extensionType: 'str', destination: number, destinationType: 'str', wires: [[], []] },
          })),
          ...['showstatus', 'setstatus'].map((operation) => ({
            ...{ id: `${server}-${operation}`, type: '3cx-agent-status', z: 'tab', server, operation },
            ...{ extension: '10', extensionType: 'str', profile: 'away', profileType: 'str', wires: [[], []] },
          })),
          { id: `${server}-watch`, type: '3cx-call-monitor', z: 'tab', server, operation: 'watch', wires: [[]] },
        ]),
        ...['pbx-basic', 'pbx-bearer'].map((server) => ({
          ...{ id: `ask-${server}`, type: 'inject', z: 'tab', props: [], repeat: '', once: false },
          wires: [['makecall', 'transfer', 'showstatus', 'setstatus'].map((operation) => `${server}-${operation}`)],
        })),
      ],
      credentials: {
        'pbx-basic': { user: 'anna', password: secrets.password },
        'pbx-bearer': { token: secrets.token },
      },
      settings: { logging: { console: { level: 'trace', metrics: true, audit: true } } },
      module: takeDown,
    });
  });
  after(async () => {
    await (nodeRed as NodeRed | undefined)?.stop();
    await (server as FaultyServer | undefined)?.close();
    report('secrets', {
      position: 30,
      title: 'Secrets and phone numbers',
      text:
        'A Node-RED that logs at the level `trace` went through the faults. It also met servers that send back ' +
        'the password, the token and the header that they got: in errors, pages, answers and addresses. The ' +
        'test searched everything that came out: the log, messages, errors, statuses, the exported flow, and ' +
        'the answers to the dialogs.',
      figures: {
        'Faults, with Basic and with Bearer': driven.length,
        'Characters searched': found.searched,
        'Secrets found': 0,
        'Phone numbers found in the log': found.numbers,
      },
    });
  });

  const get = async (path: string): Promise<string> => (await fetch(`${nodeRed.url}/${path}`)).text();
  const post = async (path: string, body: object): Promise<string> => {
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(`${nodeRed.url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).text();
  };
  const ask = async (): Promise<void> => {
    const stored = { url: server.url, tls: '', proxy: '', timeout: 200 };
    for (const auth of ['basic', 'bearer']) {
      const id = `pbx-${auth}`;
      await post(`inject/ask-${id}`, {});
      // Behind what was injected.
      answers += await post('3cx/test', {
        ...stored,
        id,
        auth,
        user: 'anna',
        password: '__PWRD__',
        token: '__PWRD__',
      });
      answers += await get(`3cx/${id}/extensions`);
    }
  };

  it('no secret comes out, and no phone number gets into the log, whatever the server does', async () => {
    for (const fault of driven) {
      await server.begin(fault);
      await ask();
      await server.end();
      await ask();
    }
    for (const path of ['flows', 'nodes', 'settings', 'diagnostics', 'credentials/3cx-config/pbx-basic'])
      answers += await get(path);
    const seen = await readFile(join(nodeRed.userDir, 'seen.txt'), 'utf8');
    const places = { log: nodeRed.log(), answers, seen };
    found.searched = searchFor(secrets, places);
    assert.deepEqual([...loggedIn].sort(), [`Basic ${secrets.basic}`, `Bearer ${secrets.token}`]);
    if (places.log.includes('15112345678')) found.numbers += 1;
    assert.ok(!places.log.includes('15112345678'), 'log: a phone number');
    assert.ok(seen.includes('ThreeCxError') && seen.includes('15112345678'), 'nothing was taken down');
  });
});
