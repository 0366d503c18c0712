import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import tlsNode from '@node-red/nodes/core/network/05-tls.js';
import helper from 'node-red-node-test-helper';
import type { CallState } from '../../lib/calls';
import { type OperationName, operations, ThreeCxError } from '../../lib/pbx';
import type { HttpApiClient } from '../../lib/http-api/client';
import { accessOf } from '../../lib/node-red/connection';
import type { Access, ConnectionNode } from '../../lib/node-red/types';
import type { WatchPayload } from '../../lib/node-red/watch-node';
import { calls, type Flow, loadFlow, type Properties, useNodeRed } from '../../support/flow';
import { startServer, type TestServer } from '../../support/http-server';
import { type Certificates, makeCertificates } from './certificates';
import { type Fault, faults, toldByStop } from './faults';
import { callIdOf, FaultyServer } from './faulty-server';
import { callControl, Messages, otherNodes } from './nodes';
import { ClientSockets, expectNoComplaints, turns } from './process';
import { report, tableOf } from './report';

const names = Object.keys(operations) as OperationName[];
/** The answer may have 4 MiB; what the system holds ready for it comes on top. */
const maxTaken = 16 * 1024 * 1024;
const secrets = ['S3cret', Buffer.from('anna:S3cret').toString('base64')];
const numbers = ['15112345678', '1234-5678'];

describe('Whatever the server does', () => {
  useNodeRed();
  expectNoComplaints();
  const sockets = new ClientSockets();
  let clock: Clock;
  let elsewhere: TestServer;
  let certificates: Certificates;
  let plain: FaultyServer;
  let secure: FaultyServer;
  let flow: Flow;
  const messages = new Messages();
  /** The results by fault, and by column. */
  const told = new Map<string, Map<string, string>>();
  let asked = 0;
  const found = { duplicates: 0, invented: 0 };
  /** Everything that came out, beside the log. */
  let seen: string[];

  before(async () => {
    certificates = await makeCertificates();
    sockets.start();
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.now() });
    const pass = (milliseconds: number): void => void setImmediate(() => clock.tick(milliseconds));
    elsewhere = await startServer('true');
    plain = await FaultyServer.start({ pass, elsewhere: elsewhere.url });
    secure = await FaultyServer.start({ pass, elsewhere: elsewhere.url, certificates });
    messages.start();
  });
  after(async () => {
    messages.stop();
    clock.uninstall();
    sockets.stop();
    await Promise.all([plain, secure, elsewhere].map((server) => server.close()));
  });
  beforeEach(() => {
    seen = [];
  });
  afterEach(() => {
    const log = helper.log().args.map(([line]) => inspect(line, { depth: null }));
    for (const secret of secrets) assert.ok(!seen.concat(log).some((text) => text.includes(secret)));
    for (const number of numbers) assert.ok(!log.some((text) => text.includes(number)));
  });

  const serverFor = (fault: Fault): FaultyServer => (fault.certificate === undefined ? plain : secure);
  const load = (properties: Properties & { type: string }, url: string, more: Properties[] = []): Promise<Flow> => {
    const tls = { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '' };
    return loadFlow(
      properties,
      { url, tls: 'tls', allowStop: true, auth: 'basic' },
      {
        nodes: [{ ...tls, verifyservercert: true }, ...more],
        types: [tlsNode],
        credentials: { server: { user: 'anna', password: 'S3cret' }, tls: { cadata: certificates.authority } },
      },
    );
  };
  const access = (): Access => accessOf(flow.connection as ConnectionNode);
  /** Polls and look-ups are requests of the HTTP API's own client. */
  const client = (): HttpApiClient => (access().pbx as unknown as { client: HttpApiClient }).client;

  describe('each message is carried out at most once, done with once, and told the truth:', () => {
    const loadNodes = (url: string): Promise<Flow> => load(callControl, url, otherNodes);
    const send = async (name: OperationName): Promise<string> => {
      const { code, outcome } = await messages.send(flow, name);
      seen.push(inspect(outcome, { depth: null, showHidden: true }));
      return code;
    };
    const lookUp = async (request: Promise<unknown>): Promise<string> =>
      request.then(
        () => 'done',
        (error: unknown) => {
          assert.ok(error instanceof ThreeCxError);
          return error.code;
        },
      );
    /** The columns: a request, and the paths that the fault concerns. */
    const columns: [column: string, concerned: RegExp, ask: () => Promise<string>][] = [
      ...names.map((name): (typeof columns)[number] => [name, new RegExp(`^/${name}(/|$)`), () => send(name)]),
      ['check for a phone', /^\/dnregs\//, () => send('makecall')],
      ['poll of the calls', /^\/showallcalls$/, () => lookUp(client().poll())],
      ['look-up of a call id', /^\/ondn\//, () => lookUp(client().callId('10'))],
    ];
    const queries = new Set([
      ...names.filter((name) => operations[name].kind === 'query'),
      ...['check for a phone', 'poll of the calls', 'look-up of a call id'],
    ]);
    const expected = (fault: Fault, column: string): readonly string[] => {
      if (column === 'stop') return toldByStop(fault);
      // Without the check it still calls, since a server may not have the query.
      if (column === 'check for a phone') return fault.told.map((code) => (code === 'unsupported' ? 'done' : code));
      return fault.told;
    };

    for (const fault of faults) {
      it(`it ${fault.name}`, async () => {
        const server = serverFor(fault);
        const row = new Map<string, string>();
        told.set(fault.name, row);
        flow = await loadNodes(server.url);
        for (const [column, concerned, ask] of columns) {
          assert.equal(await ask(), 'done', `${column}, before the fault`);
          const before = server.requests.length;
          await server.begin(fault, concerned);
          const code = await ask();
          await server.end();
          const requests = server.requests.slice(before);
          const arrivals = requests.filter((url) => concerned.test(url)).length;
          row.set(column, code);
          asked += 1;
          const isQuery = queries.has(column);
          if (!isQuery) found.duplicates += Math.max(arrivals - 1, 0);
          assert.ok(expected(fault, column).includes(code), `${column}: ${code}`);
          const times = fault.isUnanswered && isQuery ? 2 : 1;
          assert.equal(arrivals, fault.arrives ? times : 0, `${column}: arrived ${arrivals} times`);
          if (column === 'check for a phone' && !expected(fault, column).includes('done')) {
            assert.ok(!requests.some((url) => url.startsWith('/makecall/')), 'it called without the check');
          }
          assert.equal(await ask(), 'done', `${column}, after the fault`);
        }
        const [warnings, notes] = [calls(flow.connection, 'warn'), calls(flow.connection, 'log')];
        assert.ok(warnings.length <= columns.length, 'more than one line when it goes');
        assert.equal(notes.length, warnings.length, 'one line when it is back');
        assert.deepEqual(calls(flow.connection, 'error'), []);
      });
    }
  });

  it('no more than a hundred messages wait, and each of them is done with when the flow ends', async () => {
    const count = 300;
    flow = await load({ type: '3cx-call-control', operation: 'drop' }, plain.url);
    const before = plain.requests.length;
    await plain.begin({ onRequest: () => undefined });
    messages.done.length = 0;
    for (let number = 0; number < count; number++) flow.node.receive({ extension: 1000 + number });
    await turns();
    await helper.unload();
    await turns();
    await plain.end();
    const { done } = messages;
    assert.equal(done.length, count);
    assert.equal(done.filter((code) => code === 'busy').length, count - 101);
    assert.equal(done.filter((code) => code === 'closed').length, 101);
    assert.equal(plain.requests.length - before, 1);
  });

  describe('watching calls invents nothing, and goes on when it is over:', () => {
    const record =
      'ID=98742;S=Connected;DN=10;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=+4915112345678;REC=Stop<br>';
    let events: WatchPayload[];
    let tried: () => void;

    /** Waits for the next try to get the calls, and for what it sends. */
    const nextTry = async (passes = 40_000): Promise<void> => {
      const end = new Promise<void>((resolve) => (tried = resolve));
      clock.tick(passes);
      await end;
      await turns();
    };
    /** The look-up of a call id comes before. */
    const lookedUp = async (): Promise<void> => {
      await client()
        .poll()
        .catch(() => undefined);
      await turns();
    };
    const known = (): readonly CallState[] => access().calls.tracker.calls();
    const take = (): string[] => events.splice(0).map(({ event }) => event);

    for (const [index, fault] of faults.entries()) {
      it(`it ${fault.name}`, async () => {
        const server = serverFor(fault);
        const isOutage = !fault.told.includes('done');
        events = [];
        server.calls = '';
        // An address of its own, or it would be a deploy.
        const url = server.url + '/'.repeat(index);
        flow = await load({ type: '3cx-call-monitor', operation: 'watch', wires: [['done']] }, url);
        helper.getNode('done').on('input', ({ payload }) => events.push(payload as WatchPayload));
        access().calls.watch('test', () => tried());
        await nextTry(0);
        server.calls = record;
        if (fault.onRequest) await server.begin(fault, /^\/ondn\//);
        await nextTry();
        assert.deepEqual(take(), ['answered']);
        await lookedUp();
        await nextTry();
        const [call] = known();
        assert.equal(call?.callId, fault.onRequest && isOutage ? null : callIdOf('10'));

        await server.begin(fault);
        for (let tries = 0; tries < 5; tries++) await nextTry();
        found.invented += events.filter(({ event }) => event !== 'offline').length;
        const codes: string[] = events.map((event) => ('code' in event ? String(event.code) : ''));
        assert.deepEqual(take(), isOutage ? ['offline'] : []);
        assert.deepEqual(
          codes.filter((code) => !fault.told.some((told) => told === code)),
          [],
        );
        assert.deepEqual(known(), [{ ...call, extensionState: 'talking', status: 'connected' }]);

        await server.end();
        await nextTry();
        assert.deepEqual(take(), isOutage ? ['online'] : []);
        server.calls = '';
        await nextTry();
        assert.deepEqual(take(), ['ended']);
        // A look-up that is not authorised says so, before the others do.
        const lines = fault.told.includes('unauthorized') ? 2 : isOutage ? 1 : 0;
        assert.equal(calls(flow.connection, 'warn').length, lines);
        assert.equal(calls(flow.connection, 'log').length, lines);
      });
    }

    it('and has two lines in the log for an outage in which it fails in many ways', async () => {
      const named = (name: string): Fault => faults.find((fault) => fault.name === name) ?? assert.fail(name);
      events = [];
      plain.calls = record;
      const url = `${plain.url}/${'/'.repeat(faults.length)}`;
      flow = await load({ type: '3cx-call-monitor', operation: 'watch', wires: [['done']] }, url);
      helper.getNode('done').on('input', ({ payload }) => events.push(payload as WatchPayload));
      access().calls.watch('test', () => tried());
      await nextTry(0);
      const restart = [
        'resets the connection after the request',
        'refuses the connection',
        'answers 502',
        'answers 401',
      ];
      for (const name of [...restart, "answers with a proxy's page", 'never answers', ...restart, ...restart]) {
        await plain.begin(named(name));
        await nextTry();
      }
      await plain.end();
      await nextTry();
      await nextTry();
      assert.deepEqual(take(), ['offline', 'online']);
      assert.deepEqual(calls(flow.connection, 'warn'), ['threecx.log.unreachable']);
      assert.deepEqual(calls(flow.connection, 'log'), ['threecx.log.ok']);
    });
  });

  after(() => {
    assert.deepEqual(elsewhere.requests, [], 'a redirect was followed');
    assert.equal(sockets.max, 1, 'connections at a time');
    assert.ok(plain.maxBytes < maxTaken, `${plain.maxBytes} bytes were taken of one answer`);
    report('faults', {
      position: 10,
      title: 'Faults',
      text:
        'Each row is something that a server can do. Each cell shows what the flow gets: `done` or ' +
        '`msg.error.code`. The test tries every operation, the check for a phone before a call, and the ' +
        'requests of a call monitor. Before and after each fault it sends the same requests to the healthy ' +
        'server, which carries them out.',
      figures: {
        'Faults tried': asked,
        'Commands that arrived twice': found.duplicates,
        'Messages that did not end exactly once': messages.wrong,
        'Events invented while calls were watched': found.invented,
        'Redirects followed': elsewhere.requests.length,
        'Most connections at a time': sockets.max,
        'Most read of an answer, in MB': Math.ceil(plain.maxBytes / 1e6),
      },
      table: tableOf(told),
    });
  });
});
