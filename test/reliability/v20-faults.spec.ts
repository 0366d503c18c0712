import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import tlsNode from '@node-red/nodes/core/network/05-tls.js';
import helper from 'node-red-node-test-helper';
import { accessOf } from '../../lib/node-red/connection';
import type { Access, ConnectionNode } from '../../lib/node-red/types';
import type { WatchPayload } from '../../lib/node-red/watch-node';
import type { OperationName } from '../../lib/pbx';
import { calls, type Flow, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { startServer, type TestServer } from '../../support/http-server';
import { clientSecret } from '../v20/support';
import { type Certificates, makeCertificates } from './certificates';
import { type Fault, faults } from './faults';
import { asked, FaultyV20, isCommand, token } from './faulty-v20';
import { callControl, Messages, otherNodes } from './nodes';
import { ClientSockets, expectNoComplaints, turns } from './process';
import { report, tableOf } from './report';

/** The kinds of requests of an operation; one of them meets the fault. */
type Kind = 'list' | 'dn' | 'configuration' | 'action' | 'change' | 'token';
type Told = Fault['told'][number] | 'refused';

/** The answer may have 4 MiB; what the system holds ready for it comes on top. */
const maxTaken = 16 * 1024 * 1024;
/** The slowest request, a transfer, gets 60 s. */
const longest = 61_000;

/** 3CX V20 has more than the HTTP API: answers that say no, and such as need no body. */
const further: Fault[] = [422, 424].map((code) => ({
  ...{ name: `answers ${code}`, told: ['unexpected-answer'], arrives: true },
  onRequest: ({ response }) =>
    response.writeHead(code).end('{"finalstatus":"Failed","reason":"DestinationBusy","result":null,"reasontext":""}'),
}));
const allFaults = [...faults, ...further];

/** A change of a user is read back: its answer is of no interest beside the status. */
const readBack = [
  ...['sends a gzip bomb', 'sends binary data', 'answers in another character set', "answers with a proxy's page"],
  ...['sends an empty answer', 'answers 204'],
];
const emptyIsDone = ['sends an empty answer', 'answers 204'];
const saysNo = ['answers 404', 'answers 422', 'answers 424'];

/** The result for the caller when the one request that meets the fault is of this kind. */
function toldOf({ name, told }: Fault, kind: Kind): readonly Told[] {
  // Whether it goes on after its end depends on what is noticed first.
  if (kind === 'change' && name === 'announces less than it sends') return ['done', ...told];
  if (kind === 'change' && readBack.includes(name)) return ['done'];
  if (kind === 'action' && emptyIsDone.includes(name)) return ['done'];
  if ((kind === 'action' || kind === 'change') && saysNo.includes(name)) return ['refused'];
  // The Configuration API says so to a change it does not accept; Call Control does not, nor does the token endpoint.
  if (kind === 'change' && name === 'answers 400') return ['refused'];
  // A DN that the client may not see is not there.
  if (name === 'answers 404') return [kind === 'dn' ? 'unauthorized' : 'unexpected-answer'];
  return told;
}

describe('Whatever 3CX V20 does', function () {
  this.timeout(60_000);
  useNodeRed();
  expectNoComplaints();
  const sockets = new ClientSockets();
  let clock: Clock;
  let elsewhere: TestServer;
  let certificates: Certificates;
  let plain: FaultyV20;
  let secure: FaultyV20;
  let flow: Flow;
  const messages = new Messages();
  /** Everything that came out, beside the log. */
  let seen: string[] = [];
  const told = new Map<string, Map<string, string>>();
  const found = { asked: 0, duplicates: 0, again: 0, unchecked: 0, invented: 0 };
  let clients = 0;

  before(async () => {
    certificates = await makeCertificates();
    sockets.start();
    messages.start();
    clock = FakeTimers.install({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      now: Date.now(),
      // Node-RED has begun before, and ends later.
      shouldClearNativeTimers: true,
    });
    const pass = (milliseconds: number): void =>
      void setImmediate(() => clock.tick(milliseconds < 8_000 ? milliseconds : longest));
    elsewhere = await startServer('true');
    plain = await FaultyV20.start({ pass, elsewhere: elsewhere.url });
    secure = await FaultyV20.start({ pass, elsewhere: elsewhere.url, certificates });
  });
  after(async () => {
    messages.stop();
    clock.uninstall();
    sockets.stop();
    await Promise.all([plain, secure, elsewhere].map((server) => server.close()));
  });

  const serverFor = (fault: Fault): FaultyV20 => (fault.certificate === undefined ? plain : secure);
  /** With a client of its own each time, and so with a token of its own. */
  const load = (
    properties: Properties & { type: string },
    server: FaultyV20,
    more: Properties[] = [],
  ): Promise<Flow> => {
    const tls = { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '' };
    const clientId = `client${++clients}`;
    return loadFlow(
      properties,
      { api: 'v20', url: server.url, tls: 'tls' },
      {
        nodes: [{ ...tls, verifyservercert: true }, ...more],
        types: [tlsNode],
        credentials: { server: { clientId, clientSecret }, tls: { cadata: certificates.authority } },
      },
    );
  };
  const access = (): Access => accessOf(flow.connection as ConnectionNode);
  beforeEach(() => {
    seen = [];
  });
  afterEach(async () => {
    const log = helper.log().args.map(([line]) => inspect(line, { depth: null }));
    for (const secret of [clientSecret, ...token.split('.')]) {
      assert.ok(!seen.concat(log).some((text) => text.includes(secret)));
    }
    assert.ok(!log.some((text) => text.includes('15112345678')));
    await helper.unload();
    await turns();
    assert.equal(clock.countTimers(), 0, 'timers that are left');
    assert.equal(plain.openSockets + secure.openSockets, 0, 'WebSockets that are left');
  });

  describe('each command arrives at most once, and is told the truth:', () => {
    /** @returns the code of the error, or where the message came out */
    const ask = (name: OperationName) => async (): Promise<string> => {
      const { code, outcome } = await messages.send(flow, name);
      seen.push(inspect(outcome, { depth: null, showHidden: true }));
      return code;
    };
    const column = (
      name: string,
      kind: Kind,
      concerned: Pick<RegExp, 'test'>,
      asks: () => Promise<string>,
    ): { name: string; kind: Kind; concerned: Pick<RegExp, 'test'>; asks: typeof asks } => {
      return { name, kind, concerned, asks };
    };
    /** The requests after a command. */
    const afterCommand = (concerned: RegExp): Pick<RegExp, 'test'> => ({
      test: (request) => concerned.test(request) && [plain, secure].some(({ requests }) => requests.some(isCommand)),
    });
    const columns = [
      column('showallcalls', 'list', asked.list, ask('showallcalls')),
      ...(['getcallerid', 'ondn'] as const).map((name) => column(name, 'dn', asked.participants, ask(name))),
      column('dnregs', 'dn', asked.devices, ask('dnregs')),
      column('showstatus', 'configuration', asked.user, ask('showstatus')),
      ...(['makecall', 'unpark'] as const).map((name) => column(name, 'action', asked.call, ask(name))),
      ...(['answer', 'drop', 'transfer', 'divert', 'park'] as const).map((name) =>
        column(name, 'action', asked.action, ask(name)),
      ),
      ...(['ready', 'notready', 'logout', 'setstatus', 'login'] as const).map((name) =>
        column(name, 'change', asked.change, ask(name)),
      ),
      column('check before a command', 'dn', asked.participants, ask('drop')),
      column('check for a phone', 'dn', asked.devices, ask('makecall')),
      column('check for the user', 'configuration', asked.user, ask('setstatus')),
      column('read-back', 'configuration', afterCommand(asked.user), ask('setstatus')),
      column('token', 'token', asked.token, () => {
        // The one that there is has expired.
        clock.tick(3_600_000);
        return ask('drop')();
      }),
    ];

    for (const fault of allFaults) {
      it(`it ${fault.name}`, async () => {
        const server = serverFor(fault);
        const row = new Map<string, string>();
        told.set(fault.name, row);
        flow = await load(callControl, server, otherNodes);
        for (const { name, kind, concerned, asks } of columns) {
          // By then a token that was not accepted is forgotten.
          clock.tick(31_000);
          assert.equal(await asks(), 'done', `${name}, before the fault`);
          // A token that has worked for a while is replaced at once.
          clock.tick(31_000);
          server.requests.length = 0;
          server.commands.length = 0;
          await server.begin(fault, concerned);
          const code = await asks();
          await server.end();
          const arrivals = server.requests.filter((request) => concerned.test(request)).length;
          const twice = server.commands.length - new Set(server.commands).size;
          row.set(name, code);
          found.asked += 1;
          assert.ok(toldOf(fault, kind).includes(code as Told), `${name}: ${code}`);
          // With a 401 the PBX says that it has not carried it out.
          const isAgain = fault.name === 'answers 401' && (kind === 'action' || kind === 'change');
          if (isAgain) found.again += twice;
          else found.duplicates += twice;
          assert.equal(twice, isAgain ? 1 : 0, `${name}: ${twice} commands arrived twice`);
          if (!fault.arrives) assert.equal(arrivals, 0, `${name}: arrived`);
          if (/^(look|token)/.test(name) && code !== 'done') {
            found.unchecked += server.commands.length;
            assert.deepEqual(server.commands, [], `${name}: sent all the same`);
          }
        }
        clock.tick(31_000);
        for (const { name, asks } of columns) assert.equal(await asks(), 'done', `${name}, after the fault`);
      });
    }

    it('nothing is sent for what 3CX V20 cannot do', async () => {
      flow = await load(callControl, plain, otherNodes);
      plain.requests.length = 0;
      for (const name of ['record', 'atttrans', 'stop'] as const) assert.equal(await ask(name)(), 'unsupported');
      assert.deepEqual(plain.requests, []);
    });
  });

  describe('watching calls invents nothing, and goes on when it is over:', () => {
    let events: string[];
    afterEach(async () => {
      await plain.end();
      await secure.end();
    });

    /** Lets time pass until something is so. */
    const passUntil = async (condition: () => boolean, what: string): Promise<void> => {
      for (let step = 0; !condition(); step++) {
        assert.ok(step < 3_000, `waited in vain for ${what}: ${events.join()}`);
        clock.tick(100);
        for (let times = 0; times < 3; times++) await turns();
      }
    };
    const passSeconds = (seconds: number): Promise<void> => {
      const end = performance.now() + seconds * 1_000;
      return passUntil(() => performance.now() >= end, 'time');
    };
    const take = (): string[] => events.splice(0).sort();
    const known = (): string[] =>
      access()
        .calls.tracker.calls()
        .map(({ connection, call, callId, status }) => [connection, call, callId, status].join(' '));
    const isLive = (server: FaultyV20): boolean =>
      access().calls.state === 'online' && access().pbx.isPolling !== true && server.openSockets === 1;

    const start = async (server: FaultyV20): Promise<void> => {
      events = [];
      server.hasCalls = false;
      flow = await load({ type: '3cx-call-monitor', operation: 'watch', wires: [['done']] }, server);
      helper.getNode('done').on('input', ({ payload }) => {
        seen.push(inspect(payload));
        events.push((payload as WatchPayload).event);
      });
      await passUntil(() => isLive(server), 'events');
      server.hasCalls = true;
      for (const id of [101, 102]) server.send('upset', '10', id);
      await passUntil(() => events.length >= 2, 'the calls');
      assert.deepEqual(take(), ['answered', 'ringing']);
    };
    const isOutage = (fault: Fault): boolean => !fault.told.includes('done');
    /** Checks that there was an outage, or none, and no event but those that say so; and how it goes on. */
    const checkOutage = async (server: FaultyV20, fault: Fault, isGone = false): Promise<void> => {
      const before = known().filter((call) => !isGone || call.startsWith('102 '));
      if (isOutage(fault)) await passUntil(() => access().calls.state === 'offline', 'an outage');
      await passSeconds(60);
      const outage = [...(isGone ? ['ended'] : []), ...(isOutage(fault) ? ['offline'] : [])];
      found.invented += events.filter((event) => !outage.includes(event)).length;
      assert.deepEqual(take(), outage);
      assert.deepEqual(known(), before);
      await server.end();
      // How long a WebSocket may take to open is measured by the real clock.
      if (fault.told.includes('timeout')) await server.hangUp();
      await passUntil(() => isLive(server), 'the end of it');
      await passSeconds(5);
      assert.deepEqual(take(), [...(isGone ? ['answered'] : []), ...(isOutage(fault) ? ['online'] : [])]);
      server.hasCalls = false;
      for (const id of [101, 102]) server.send('remove', '10', id);
      await passUntil(() => events.length >= 3, 'the end of the calls');
      await passSeconds(5);
      assert.deepEqual(take(), ['ended', 'ended', 'missed']);
      const lines = isOutage(fault) ? 1 : 0;
      assert.equal(calls(flow.connection, 'warn').length, lines, 'lines when it goes');
      assert.equal(calls(flow.connection, 'log').length, lines, 'lines when it is back');
    };

    for (const fault of allFaults) {
      it(`it ${fault.name}`, async () => {
        const server = serverFor(fault);
        await start(server);
        await server.begin(fault);
        await server.hangUp();
        await checkOutage(server, fault);
      });

      if (fault.onRequest === undefined) continue;
      it(`it ${fault.name}, while the WebSocket stays open`, async () => {
        await start(plain);
        await plain.begin(fault);
        plain.send('upset', '10', 101);
        // That a participant is not found is how 3CX V20 says that it is gone.
        await checkOutage(plain, fault, fault.name === 'answers 404');
      });
    }
  });

  after(() => {
    assert.deepEqual(elsewhere.requests, [], 'a redirect was followed');
    assert.ok(plain.maxBytes < maxTaken, `${plain.maxBytes} bytes were taken of one answer`);
    report('v20-faults', {
      chapter: 'v20',
      position: 10,
      title: 'V20: faults',
      text:
        'As above: each row is something that the PBX, or the way to it, can do, and each cell shows what the ' +
        'flow gets: `done`, `refused`, or `msg.error.code`. One request of the operation met the fault: the ' +
        'command itself, or a check before or after it. A 401 means that the PBX has not carried out a command, ' +
        'so the client sends it once more, with a new token. The test also watched calls through each fault, ' +
        'with the WebSocket broken and with it open.',
      figures: {
        'Faults tried': found.asked,
        'Commands that arrived twice': found.duplicates,
        'Messages that did not end exactly once': messages.wrong,
        'Commands sent once more after a 401': found.again,
        'Commands sent although the check before failed': found.unchecked,
        'Events invented while calls were watched': found.invented,
        'Redirects followed': elsewhere.requests.length,
        'Most connections at a time': sockets.max,
        'Most read of an answer, in MB': Math.ceil(plain.maxBytes / 1e6),
      },
      table: tableOf(told),
    });
  });
});
