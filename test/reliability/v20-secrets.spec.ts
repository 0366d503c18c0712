import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Result, ThreeCxError } from '../../lib/pbx';
import { V20Pbx } from '../../lib/v20';
import { startServer } from '../../support/http-server';
import { type NodeRed, startNodeRed } from '../../support/node-red';
import { clientId, clock } from '../v20/support';
import type { Fault } from './faults';
import { asked, FaultyV20, token } from './faulty-v20';
import { expectNoComplaints } from './process';
import { report } from './report';
import { quickFaults, searchFor, takeDown, writings } from './secrets';

const clientSecret = 'Pä ss+/"<&\\%w0rd📞';
const [header = '', payload = '', signature = ''] = token.split('.');
const secrets = { secret: clientSecret, token, header, payload, signature };

describe("3CX V20's words in an error", () => {
  expectNoComplaints();

  /** Has the PBX say something, with a status, to a command, or when it is asked for a token. */
  async function say(status: number, body: string, isToken = false): Promise<Result | ThreeCxError> {
    const server = await startServer((request, response) => {
      if (request.url === '/connect/token' && !isToken)
        return JSON.stringify({ access_token: token, expires_in: 3600 });
      if (request.method === 'GET') return '[{"id":1,"dn":"10","status":"Connected","callid":1}]';
      response.statusCode = status;
      return body;
    });
    const pbx = new V20Pbx({ url: server.url, clientId, clientSecret, clock });
    try {
      return await pbx.execute('drop', { extension: '10' });
    } catch (error) {
      assert.ok(error instanceof ThreeCxError);
      return error;
    } finally {
      pbx.close();
      await server.close();
    }
  }

  for (const [how, write] of writings) {
    it(`is told without the secret and the token that it writes ${how}`, async () => {
      for (const [name, secret] of Object.entries(secrets)) {
        const said = await say(500, `no access with ${write(secret)}, at all: ${write(secret)}`);
        assert.ok(said instanceof ThreeCxError);
        // Of a token, three parts are struck out.
        const message = said.message.replace(/…(?:\s*(?:\.|%2e|&#\w+;)\s*…)*\s?/gi, '…');
        assert.equal(message, 'the PBX failed (HTTP 500): no access with …, at all: …', name);
      }
    });

    it(`is told without the secret where it gives no token, and writes it ${how}`, async () => {
      const said = await say(500, `no access with ${write(clientSecret)}`, true);
      assert.ok(said instanceof ThreeCxError);
      assert.match(said.message, /^the PBX gave no token \(HTTP 500\): no access with …\s?$/);
    });

    it(`is given as the reason without the secret and the token that it writes ${how}`, async () => {
      for (const secret of Object.values(secrets)) {
        const written = write(secret);
        const said = await say(424, JSON.stringify({ finalstatus: 'Failed', reason: 'Busy', reasontext: written }));
        assert.ok(!(said instanceof ThreeCxError) && !said.ok);
        assert.match(said.detail ?? '', /^Busy: /);
        for (const one of [said.detail ?? '', said.answer]) assert.ok(!one.includes(written), one);
      }
    });
  }
});

function isNotLetIn({ name }: Fault): boolean {
  return /401|lets not in/.test(name);
}

describe('With 3CX V20, in a Node-RED that logs everything,', function () {
  this.timeout(120_000);
  let server: FaultyV20;
  let nodeRed: NodeRed;
  let answers = '';
  const found = { searched: 0, numbers: 0 };
  const number = '+4915112345678';
  const secret = 'S3cretOfTheClient';
  /** The log-ins that the PBX was sent. */
  const loggedIn = new Set<string>();

  /** Gives back what it was sent. */
  const echo = (name: string, answer: (response: ServerResponse, all: string) => unknown): Fault => ({
    ...{ name, told: [], arrives: true },
    onRequest: ({ request, response }) => {
      const { authorization = '' } = request.headers;
      if (authorization !== '') loggedIn.add(authorization);
      answer(response, `${authorization} ${token} ${secret} ${number}`);
    },
  });
  const driven: Fault[] = [
    echo('says it in an error', (response, all) => response.writeHead(500).end(all)),
    echo('says it in a page', (response, all) => response.end(`<html><body>${all}</body></html>`)),
    echo('says it as an answer', (response, all) => response.end(all)),
    echo('says it as the reason', (response, all) =>
      response.writeHead(424).end(JSON.stringify({ finalstatus: 'Failed', reason: 'Busy', reasontext: all })),
    ),
    echo('says it as the error of a change', (response, all) =>
      response.writeHead(400).end(JSON.stringify({ error: { code: '', message: all } })),
    ),
    echo('says it to whom it lets not in', (response, all) => response.writeHead(401).end(all)),
    echo('says it in the head', (response, all) => response.writeHead(502, all, { 'X-Sent': all }).end()),
    echo('says it as the next address', (response, all) =>
      response.writeHead(302, { Location: `/${encodeURIComponent(all)}` }).end(),
    ),
    ...quickFaults,
    // After this one tokens are asked for less often.
  ].sort((a, b) => Number(isNotLetIn(a)) - Number(isNotLetIn(b)));
  const operations = [
    ...['makecall', 'transfer', 'drop'].map((operation) => ({ operation, type: '3cx-call-control' })),
    ...['showstatus', 'setstatus'].map((operation) => ({ operation, type: '3cx-agent-status' })),
    { operation: 'getcallerid', type: '3cx-call-monitor' },
  ];

  before(async () => {
    server = await FaultyV20.start({ pass: () => undefined, elsewhere: 'http://127.0.0.1:1' });
    nodeRed = await startNodeRed({
      flows: [
        { id: 'tab', type: 'tab', label: 'test' },
        { id: 'pbx', type: '3cx-config', api: 'v20', url: server.url, timeout: 200 },
        ...operations.map(({ operation, type }) => ({
          ...{
            id: `${operation} node`,
            type,
            z: 'tab',
            server: 'pbx',
            operation,
            extension: '10',
            extensionType: 'str',
          },
          ...{ destination: number, destinationType: 'str', profile: 'away', profileType: 'str', wires: [[], []] },
        })),
        { id: 'watch', type: '3cx-call-monitor', z: 'tab', server: 'pbx', operation: 'watch', wires: [[]] },
        {
          ...{ id: 'ask', type: 'inject', z: 'tab', props: [], repeat: '', once: false },
          wires: [operations.map(({ operation }) => `${operation} node`)],
        },
      ],
      credentials: { pbx: { clientId, clientSecret: secret } },
      settings: { logging: { console: { level: 'trace', metrics: true, audit: true } } },
      module: takeDown,
    });
  });
  after(async () => {
    await (nodeRed as NodeRed | undefined)?.stop();
    await (server as FaultyV20 | undefined)?.close();
    report('v20-secrets', {
      chapter: 'v20',
      position: 40,
      title: 'V20: secrets and phone numbers',
      text:
        'As above, with the client secret, the access token and each of its three parts. A Node-RED that logs ' +
        'at the level `trace` went through the faults, and met PBXs that send back what they got.',
      figures: {
        Faults: driven.length,
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
    await post('inject/ask', {});
    const stored = { id: 'pbx', api: 'v20', url: server.url, tls: '', proxy: '', timeout: 200 };
    // Behind what was injected.
    answers += await post('3cx/test', { ...stored, clientId, clientSecret: '__PWRD__' });
    answers += await get('3cx/pbx/extensions');
  };

  it('no secret comes out, and no phone number gets into the log, whatever the PBX does', async () => {
    for (const fault of driven) {
      await server.begin(fault, { test: (request) => !asked.token.test(request) });
      server.send('upset', '10', 101);
      await ask();
      await server.end();
      await ask();
    }
    for (const path of ['flows', 'nodes', 'settings', 'diagnostics', 'credentials/3cx-config/pbx']) {
      answers += await get(path);
    }
    const seen = await readFile(join(nodeRed.userDir, 'seen.txt'), 'utf8');
    const places = { log: nodeRed.log(), answers, seen };
    found.searched = searchFor({ secret, token, header, payload, signature }, places);
    assert.deepEqual([...loggedIn], [`Bearer ${token}`]);
    if (places.log.includes('15112345678')) found.numbers += 1;
    assert.ok(!places.log.includes('15112345678'), 'log: a phone number');
    assert.ok(seen.includes('ThreeCxError'), 'no error was taken down');
    assert.ok(seen.includes('15112345678'), 'no message was taken down');
  });
});
