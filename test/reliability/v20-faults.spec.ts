import assert from 'node:assert/strict';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import { Subscription } from '../../lib/calls';
import { CallWatch, rememberedFor } from '../../lib/node-red/call-watch';
import { eventNames, type OperationName, ThreeCxError } from '../../lib/pbx';
import { V20Pbx } from '../../lib/v20';
import { everything } from '../../support/calls';
import { startServer, type TestServer } from '../../support/http-server';
import { clientSecret, clock as now } from '../v20/support';
import { type Certificates, makeCertificates } from './certificates';
import { type Fault, faults } from './faults';
import { asked, FaultyV20, isCommand, token } from './faulty-v20';
import { ClientSockets, expectNoComplaints, turns } from './process';
import { report, tableOf } from './report';

/** What an operation asks for, of which one request meets the fault. */
type Kind = 'list' | 'dn' | 'configuration' | 'action' | 'change' | 'token';
type Told = Fault['told'][number] | 'refused';

const args = {
  extension: '10',
  destination: '+4915112345678',
  phone: 'Soft',
  action: 'login_all',
  profile: 'away',
  recordAction: 'start',
};
/** The answer may have 4 MiB; what the system holds ready for it comes on top. */
const maxTaken = 16 * 1024 * 1024;
/** What is on the wire for longest, a transfer, gets 60 s. */
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
  ...['answers nothing', 'answers 204'],
];
const emptyIsDone = ['answers nothing', 'answers 204'];
const saysNo = ['answers 400', 'answers 404', 'answers 422', 'answers 424'];

/** What the caller is told when the one request that meets the fault is of this kind. */
function toldOf({ name, told }: Fault, kind: Kind): readonly Told[] {
  // Whether it goes on after its end depends on what is noticed first.
  if (kind === 'change' && name === 'announces less than it sends') return ['done', ...told];
  if (kind === 'change' && readBack.includes(name)) return ['done'];
  if (kind === 'action' && emptyIsDone.includes(name)) return ['done'];
  if ((kind === 'action' || kind === 'change') && saysNo.includes(name)) return ['refused'];
  if (kind === 'token' && name === 'answers 400') return ['unauthorized'];
  // A DN that the client may not see is not there.
  if (name === 'answers 404') return [kind === 'dn' ? 'unauthorized' : 'unexpected-answer'];
  return told;
}

describe('Whatever 3CX V20 does', function () {
  this.timeout(60_000);
  expectNoComplaints();
  const sockets = new ClientSockets();
  let clock: Clock;
  let elsewhere: TestServer;
  let certificates: Certificates;
  let plain: FaultyV20;
  let secure: FaultyV20;
  const told = new Map<string, Map<string, string>>();
  const found = { asked: 0, duplicates: 0, again: 0, unchecked: 0, invented: 0 };
  let clients = 0;

  before(async () => {
    certificates = await makeCertificates();
    sockets.start();
    clock = FakeTimers.install({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      now: Date.now(),
    });
    const pass = (milliseconds: number): void =>
      void setImmediate(() => clock.tick(milliseconds < 8_000 ? milliseconds : longest));
    elsewhere = await startServer('true');
    plain = await FaultyV20.start({ pass, elsewhere: elsewhere.url });
    secure = await FaultyV20.start({ pass, elsewhere: elsewhere.url, certificates });
  });
  after(async () => {
    clock.uninstall();
    sockets.stop();
    await Promise.all([plain, secure, elsewhere].map((server) => server.close()));
  });

  const serverFor = (fault: Fault): FaultyV20 => (fault.certificate === undefined ? plain : secure);
  /** A client of its own each time, with a token of its own. */
  const connect = (server: FaultyV20): V20Pbx =>
    new V20Pbx({
      ...{ url: server.url, clientId: `client${++clients}`, clientSecret, clock: now },
      tls: { ca: certificates.authority },
    });

  describe('each command arrives at most once, and is told the truth:', () => {
    const ask = (name: OperationName) => async (pbx: V20Pbx) => {
      try {
        return (await pbx.execute(name, args)).ok ? 'done' : 'refused';
      } catch (error) {
        assert.ok(error instanceof ThreeCxError);
        for (const secret of [clientSecret, ...token.split('.')]) assert.ok(!error.message.includes(secret));
        return error.code;
      }
    };
    const column = (
      name: string,
      kind: Kind,
      concerned: Pick<RegExp, 'test'>,
      asks: (pbx: V20Pbx) => Promise<string>,
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
      column('look before a command', 'dn', asked.participants, ask('drop')),
      column('look for a phone', 'dn', asked.devices, ask('makecall')),
      column('look for the user', 'configuration', asked.user, ask('setstatus')),
      column('read-back', 'configuration', afterCommand(asked.user), ask('setstatus')),
      column('token', 'token', asked.token, (pbx) => {
        // The one that there is has expired.
        clock.tick(3_600_000);
        return ask('drop')(pbx);
      }),
    ];

    for (const fault of allFaults) {
      it(`it ${fault.name}`, async () => {
        const server = serverFor(fault);
        const row = new Map<string, string>();
        told.set(fault.name, row);
        const pbx = connect(server);
        for (const { name, kind, concerned, asks } of columns) {
          // By then a token that was not accepted is forgotten.
          clock.tick(31_000);
          assert.equal(await asks(pbx), 'done', `${name}, before the fault`);
          // A token that has worked for a while is replaced at once.
          clock.tick(31_000);
          server.requests.length = 0;
          server.commands.length = 0;
          await server.begin(fault, concerned);
          const code = await asks(pbx);
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
        for (const { name, asks } of columns) assert.equal(await asks(pbx), 'done', `${name}, after the fault`);
        pbx.close();
      });
    }

    it('nothing is sent for what 3CX V20 cannot do', async () => {
      const pbx = connect(plain);
      plain.requests.length = 0;
      for (const name of ['record', 'atttrans', 'stop'] as const) assert.equal(await ask(name)(pbx), 'unsupported');
      pbx.close();
      assert.deepEqual(plain.requests, []);
    });
  });

  describe('watching calls invents nothing, and goes on when it is over:', () => {
    let watch: CallWatch;
    let pbx: V20Pbx;
    let events: string[];
    afterEach(async () => {
      await plain.end();
      await secure.end();
      watch.close();
      pbx.close();
      await turns();
      assert.equal(clock.countTimers(), 0, 'timers that are left');
      assert.equal(plain.openSockets + secure.openSockets, 0, 'WebSockets that are left');
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
      watch.tracker.calls().map(({ connection, call, callId, status }) => [connection, call, callId, status].join(' '));

    const start = async (server: FaultyV20): Promise<void> => {
      events = [];
      server.hasCalls = false;
      pbx = connect(server);
      watch = new CallWatch(pbx, rememberedFor(server.url, undefined), () => undefined);
      const subscription = new Subscription({ ...everything, events: new Set(eventNames) });
      watch.watch('test', (occurrences) => {
        events.push(...subscription.select(occurrences, watch.tracker).map(({ event }) => event));
      });
      await passUntil(() => watch.state === 'online' && !pbx.isPolling, 'events');
      server.hasCalls = true;
      for (const id of [101, 102]) server.send('upset', '10', id);
      await passUntil(() => events.length >= 2, 'the calls');
      assert.deepEqual(take(), ['answered', 'ringing']);
    };
    const isOutage = (fault: Fault): boolean => !fault.told.includes('done');
    /** Checks that there was an outage, or none, and no event but those that say so; and how it goes on. */
    const checkOutage = async (server: FaultyV20, fault: Fault, isGone = false): Promise<void> => {
      const before = known().filter((call) => !isGone || call.startsWith('102 '));
      if (isOutage(fault)) await passUntil(() => watch.state === 'offline', 'an outage');
      await passSeconds(60);
      const outage = [...(isGone ? ['ended'] : []), ...(isOutage(fault) ? ['offline'] : [])];
      found.invented += events.filter((event) => !outage.includes(event)).length;
      assert.deepEqual(take(), outage);
      assert.deepEqual(known(), before);
      await server.end();
      // How long a WebSocket may take to open is measured by the real clock.
      if (fault.told.includes('timeout')) await server.hangUp();
      await passUntil(() => watch.state === 'online' && !pbx.isPolling && server.openSockets === 1, 'the end of it');
      await passSeconds(5);
      assert.deepEqual(take(), [...(isGone ? ['answered'] : []), ...(isOutage(fault) ? ['online'] : [])]);
      server.hasCalls = false;
      for (const id of [101, 102]) server.send('remove', '10', id);
      await passUntil(() => events.length >= 3, 'the end of the calls');
      await passSeconds(5);
      assert.deepEqual(take(), ['ended', 'ended', 'missed']);
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
        'As above: each row is something that the PBX, or the way to it, can do, and a cell is what the flow is told: ' +
        '`done`, `refused`, or `msg.error.code`. One request of the operation met the fault: the command itself, or ' +
        'what is asked before and after it. A 401 says that the PBX has not carried out a command: it is sent once ' +
        'more, with a new token. Calls were watched through each fault too, with the WebSocket broken and with it open.',
      figures: {
        'Faults tried': found.asked,
        'Commands that arrived twice': found.duplicates,
        'Commands sent once more after a 401': found.again,
        'Commands sent although the look before failed': found.unchecked,
        'Events invented while calls were watched': found.invented,
        'Redirects followed': elsewhere.requests.length,
        'Most connections at a time': sockets.max,
        'Most taken of an answer, in MB': Math.ceil(plain.maxBytes / 1e6),
      },
      table: tableOf(told),
    });
  });
});
