import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import {
  argumentsOf,
  type ErrorCode,
  lackOf,
  lacksOf,
  type NodeType,
  offers,
  offersOf,
  type OperationName,
  operationOf,
} from '../../lib/pbx';
import type { V20Simulator, V20Switches } from '../../simulator';
import { calls, type Outcome, type Properties, useNodeRed } from '../../support/flow';
import { startServer } from '../../support/http-server';
import { clientSecret, loadV20, requestsOf, startV20 } from './v20-support';

const caller = '+4930111';
const ten = { extension: '10' };

/** One way that an operation ends. */
interface Way {
  args: Record<string, string>;
  switches?: Partial<V20Switches>;
  before?: (pbx: V20Simulator['pbx']) => unknown;
  /** What the payload holds beside the operation and its arguments; `#` for an id. */
  tells: Properties;
  sent: string[];
}

interface Tested {
  node: NodeType;
  operation: string;
  done: Way;
  refused?: Way;
}

const idAt = (pbx: V20Simulator['pbx'], extension: string): string => pbx.connectionsOf(extension).at(-1)?.id ?? '';
const rings = (pbx: V20Simulator['pbx']): unknown => pbx.inbound({ number: caller, extension: '10' });
const talks = (pbx: V20Simulator['pbx']): void => {
  rings(pbx);
  pbx.answer(idAt(pbx, '10'));
};
const parked = (pbx: V20Simulator['pbx']): void => {
  talks(pbx);
  pbx.park(idAt(pbx, '10'));
};

const control = '3cx-call-control';
const agent = '3cx-agent-status';
const monitor = '3cx-call-monitor';
const at10 = 'GET /callcontrol/10/participants';
const devices = 'GET /callcontrol/10/devices';
const act = (action: string): string => `POST /callcontrol/10/participants/*/${action}`;
const user = 'GET /Users';
const change = 'PATCH /Users(*)';
const queues = 'GET /Queues';
const noCall = { reason: 'no-call' };
const unknown = { reason: 'not-an-extension', profile: null, profileName: null };

const agents: Tested[] = (
  [
    ['ready', 'avail', 'Available'],
    ['notready', 'custom1', 'Custom 1'],
    ['logout', 'away', 'Away'],
  ] as const
).map(([operation, profile, profileName]) => ({
  node: agent,
  operation,
  done: { args: ten, tells: { profile, profileName }, sent: [user, change, user, queues, change, user] },
  // The profile has changed.
  refused: {
    args: { extension: '12' },
    tells: { reason: 'not-an-agent', profile, profileName },
    sent: [user, change, user, queues],
  },
}));

const tested: Tested[] = [
  {
    node: control,
    operation: 'makecall',
    done: {
      args: { ...ten, destination: caller, phone: 'Desktop' },
      tells: { callId: '#', confirmed: true },
      sent: [devices, 'POST /callcontrol/10/devices/*/makecall'],
    },
    refused: {
      args: { ...ten, destination: caller, phone: 'Mobile' },
      tells: { reason: 'no-phone' },
      sent: [devices],
    },
  },
  {
    node: control,
    operation: 'answer',
    done: {
      args: ten,
      switches: { directControl: 'all' },
      before: rings,
      tells: { callId: '#' },
      sent: [at10, act('answer')],
    },
    refused: { args: ten, before: talks, tells: noCall, sent: [at10] },
  },
  {
    node: control,
    operation: 'drop',
    done: { args: ten, before: talks, tells: {}, sent: [at10, act('drop')] },
    refused: { args: ten, tells: noCall, sent: [at10] },
  },
  {
    node: control,
    operation: 'transfer',
    done: {
      args: { ...ten, destination: '11' },
      switches: { transfers: 'at-once' },
      before: talks,
      tells: {},
      sent: [at10, act('transferto')],
    },
    refused: { args: { ...ten, destination: '11' }, before: rings, tells: noCall, sent: [at10] },
  },
  {
    node: control,
    operation: 'divert',
    done: {
      args: { ...ten, destination: '11' },
      switches: { transfers: 'at-once' },
      before: rings,
      tells: {},
      sent: [at10, act('divert')],
    },
    refused: { args: { ...ten, destination: '11' }, before: talks, tells: noCall, sent: [at10] },
  },
  {
    node: control,
    operation: 'park',
    done: {
      args: ten,
      before: talks,
      tells: { confirmed: true },
      sent: ['GET /DialCodeSettings', at10, act('transferto'), 'GET /callcontrol'],
    },
    refused: { args: ten, tells: noCall, sent: ['GET /DialCodeSettings', at10] },
  },
  {
    node: control,
    operation: 'unpark',
    done: {
      args: { ...ten, phone: 'Soft' },
      before: parked,
      tells: { callId: '#', confirmed: true },
      sent: ['GET /DialCodeSettings', devices, 'POST /callcontrol/10/devices/*/makecall', at10],
    },
    refused: {
      args: { ...ten, phone: 'Mobile' },
      before: parked,
      tells: { reason: 'no-phone' },
      sent: ['GET /DialCodeSettings', devices],
    },
  },
  {
    node: agent,
    operation: 'setstatus',
    done: {
      args: { ...ten, profile: 'away' },
      tells: { profile: 'away', profileName: 'Away' },
      sent: [user, change, user],
    },
    refused: { args: { extension: '999', profile: 'away' }, tells: unknown, sent: [user] },
  },
  {
    node: agent,
    operation: 'showstatus',
    done: { args: ten, tells: { profile: 'avail', profileName: 'Available' }, sent: [user] },
    refused: { args: { extension: '999' }, tells: { reason: 'not-an-extension' }, sent: [user] },
  },
  {
    node: agent,
    operation: 'login',
    done: { args: { ...ten, action: 'logout_all' }, tells: {}, sent: [user, queues, change, user] },
    refused: {
      args: { extension: '12', action: 'login_all' },
      tells: { reason: 'not-an-agent' },
      sent: [user, queues],
    },
  },
  ...agents,
  {
    node: monitor,
    operation: 'showallcalls',
    done: {
      args: {},
      before: talks,
      tells: {
        connections: [
          {
            ...{ id: '#', extension: '10', status: 'connected', number: caller },
            ...{ extensionName: null, e164: caller, name: null, queue: null, recording: null, ccid: '2' },
          },
        ],
      },
      sent: ['GET /callcontrol'],
    },
  },
  {
    node: monitor,
    operation: 'getcallerid',
    done: {
      args: ten,
      before: rings,
      tells: { idle: false, number: caller, e164: caller, name: null, queue: null },
      sent: [at10],
    },
  },
  { node: monitor, operation: 'ondn', done: { args: ten, before: rings, tells: { callId: '#' }, sent: [at10] } },
  {
    node: monitor,
    operation: 'dnregs',
    done: {
      args: ten,
      tells: {
        registration: { id: null, contact: 'sip:10@127.0.0.1:5488;ob', userAgent: '3CXPhone for Windows 18.0.9.20' },
      },
      sent: [devices],
    },
  },
];

const nodeTypes = Object.keys(offers) as NodeType[];
/** All that the nodes offer, by the operation that it is. */
const offered = nodeTypes.flatMap((node) =>
  Object.entries(offersOf(node)).map(([name, offer]) => ({ node, name, offer })),
);

describe('An operation by 3CX V20, through its node', () => {
  useNodeRed();
  let simulator: V20Simulator | undefined;
  afterEach(async () => {
    await simulator?.close();
    simulator = undefined;
  });

  async function start(switches: Partial<V20Switches> = {}): Promise<V20Simulator> {
    return (simulator = await startV20(switches));
  }
  async function run(
    url: string,
    { node, operation }: { node: string; operation: string },
    args: Record<string, string>,
    server: Properties = {},
  ): Promise<Outcome & { shown: unknown }> {
    const properties = { type: node, operation, phone: 'phone', phoneType: 'msg' };
    const flow = await loadV20(url, properties, { server });
    const outcome = await flow.send({ topic: 'kept', ...args });
    const { text = '', ...look } = calls(flow.node, 'status').at(-1) as { text?: string };
    return { ...outcome, shown: { ...look, text: text.replace(/, \d\d:\d\d$/, '') } };
  }

  it('is tested if it can be carried out at all, and no other is', () => {
    const possible = offered.filter(({ offer }) => lackOf('v20', offer.operation, {}) === null);
    assert.deepEqual(
      tested.map(({ node, operation }) => `${node} ${operation}`).sort(),
      possible.map(({ node, name }) => `${node} ${name}`).sort(),
    );
  });

  for (const one of tested) {
    for (const way of ['done', 'refused'] as const) {
      const tries = one[way];
      if (tries === undefined) continue;
      it(`${one.operation}: ${way}, with these requests and no others`, async () => {
        const started = await start(tries.switches);
        await tries.before?.(started.pbx);
        const { output, msg } = await run(started.v20Url, one, tries.args);
        const { answer, ...payload } = msg.payload as Properties;
        const told = JSON.parse(JSON.stringify(payload).replace(/"(id|callId)":"\d+"/g, '"$1":"#"')) as Properties;
        assert.deepEqual(told, { operation: one.operation, ok: way === 'done', ...tries.args, ...tries.tells });
        assert.equal(typeof answer, 'string');
        assert.deepEqual([output, msg.topic], [way, 'kept']);
        assert.deepEqual(requestsOf(started), tries.sent);
      });
    }
  }

  for (const [operation, args] of [
    ['makecall', { ...ten, destination: caller }],
    ['unpark', ten],
  ] as const) {
    it(`${operation}: with Auto it takes the first phone that is no mobile app, and says its kind`, async () => {
      const started = await start();
      const { msg } = await run(started.v20Url, { node: control, operation }, { ...args, phone: 'Auto' });
      assert.equal((msg.payload as Properties).phone, 'Soft');
    });
  }

  for (const refuses of [422, 424] as const) {
    for (const { node, operation, done } of tested.filter(({ node }) => node === control)) {
      it(`${operation}: refused by the PBX (${refuses}), with its reason as detail`, async () => {
        const started = await start({ ...done.switches, refuses });
        await done.before?.(started.pbx);
        const { output, msg } = await run(started.v20Url, { node, operation }, done.args);
        const { reason, detail } = msg.payload as { reason: string; detail: string };
        assert.deepEqual([output, reason], ['refused', 'refused']);
        assert.match(detail, refuses === 422 ? /^SubjectNotFound/ : /^DestinationBusy/);
        assert.equal(requestsOf(started).filter((line) => !line.startsWith('GET')).length, 1);
      });
    }
  }

  describe('that V20 has nothing for fails with "unsupported", says what to do, and sends nothing:', () => {
    const args = { ...ten, action: 'login_all', queue: '8000' };
    for (const { node, name, offer } of offered) {
      const lack = lackOf('v20', offer.operation, argumentsOf(offer).includes('queue') ? args : {});
      if (lack === null) continue;
      it(name, async () => {
        const started = await start();
        const { output, msg, shown } = await run(started.v20Url, { node, operation: name }, args, { allowStop: true });
        assert.deepEqual([output, msg.error?.code, msg.topic], ['caught', 'unsupported', 'kept']);
        assert.equal(msg.error?.message, lack);
        assert.deepEqual(shown, { fill: 'red', shape: 'ring', text: 'threecx.status.error-unsupported' });
        assert.equal(started.v20.requestCount, 0);
      });
    }

    it('and nothing else', () => {
      const { operations, arguments: untaken } = lacksOf('v20');
      assert.deepEqual(
        [Object.keys(operations), untaken.login && Object.keys(untaken.login)],
        [['record', 'atttrans', 'stop'], ['queue']],
      );
    });
  });

  it('answer: unsupported for a phone that cannot be answered from outside', async () => {
    const started = await start({ directControl: 'none' });
    rings(started.pbx);
    const { output, msg } = await run(started.v20Url, { node: control, operation: 'answer' }, ten);
    assert.deepEqual([output, msg.error?.code], ['caught', 'unsupported']);
    assert.deepEqual(requestsOf(started), [at10]);
  });

  it('setstatus: unsupported where the PBX says that it set the profile and did not', async () => {
    const started = await start({ ignoresProfiles: true });
    const args = { ...ten, profile: 'away' };
    const { output, msg } = await run(started.v20Url, { node: agent, operation: 'setstatus' }, args);
    assert.deepEqual([output, msg.error?.code], ['caught', 'unsupported']);
    assert.deepEqual(requestsOf(started), [user, change, user, user]);
  });

  describe('fails with', () => {
    /** Fails one, and says how often it was asked for something. */
    async function fail(url: string, one: Tested, server: Properties, code: ErrorCode, message: RegExp): Promise<void> {
      const { output, msg, shown } = await run(url, one, one.done.args, server);
      assert.deepEqual([output, msg.error?.code, msg.topic], ['caught', code, 'kept']);
      assert.match(msg.error?.message ?? '', message);
      assert.doesNotMatch(JSON.stringify(msg), new RegExp(clientSecret));
      assert.deepEqual(shown, { fill: 'red', shape: 'ring', text: `threecx.status.error-${code}` });
    }
    const isAgents = ({ node }: Tested): boolean => node === agent;

    for (const one of tested) {
      const { operation, done } = one;
      const asks = operationOf(operation as OperationName).arguments.length > 0;

      it(`"unauthorized" where the API client may not: ${operation}`, async () => {
        const forbidden = isAgents(one) ? { xapi: false } : asks ? { visibleDns: ['11'] } : { callControl: false };
        const started = await start({ ...done.switches, ...forbidden });
        const words = isAgents(one)
          ? /Configuration API/
          : asks
            ? /extension 10 is not among those chosen/
            : /not allowed/;
        const { output, msg } = await run(started.v20Url, one, done.args);
        assert.deepEqual([output, msg.error?.code], ['caught', 'unauthorized']);
        assert.match(msg.error?.message ?? '', words);
        assert.equal(
          requestsOf(started).some((line) => !line.startsWith('GET')),
          false,
        );
      });

      it(`"server-error": ${operation}`, async () => {
        const started = await start({ ...done.switches, failsWith: 503 });
        await fail(started.v20Url, one, {}, 'server-error', /HTTP 503/);
        // A token is not asked for again and again.
        assert.equal(started.v20.requestCount, operation === 'park' || operation === 'unpark' ? 2 : 1);
      });

      it(`"unexpected-answer": ${operation}`, async () => {
        const started = await start({ ...done.switches, failsWith: 302 });
        await fail(started.v20Url, one, {}, 'unexpected-answer', /HTTP 302/);
      });

      it(`"unreachable", and sends nothing: ${operation}`, async () => {
        await fail('http://127.0.0.1:1', one, {}, 'unreachable', /ECONNREFUSED/);
      });

      it(`"timeout": ${operation}`, async () => {
        const started = await start({ ...done.switches, getDelay: 5_000 });
        await fail(started.v20Url, one, { timeout: 200 }, 'timeout', /no answer within 0.2 s/);
        assert.equal(
          requestsOf(started).some((line) => !line.startsWith('GET')),
          false,
        );
      });

      if (!asks) continue;
      it(`"invalid-argument", and sends nothing: ${operation}`, async () => {
        const started = await start();
        const wrong = { ...one, done: { ...done, args: { ...done.args, extension: '1/0' } } };
        await fail(started.v20Url, wrong, {}, 'invalid-argument', /extension may hold only/);
        assert.equal(started.v20.requestCount, 0);
      });

      if (operationOf(operation as OperationName).dials !== true) continue;
      it(`"not-allowed" for a number that the connection does not allow, and sends nothing: ${operation}`, async () => {
        const started = await start();
        await fail(started.v20Url, one, { allowDestinations: '^0800' }, 'not-allowed', /destination/);
        assert.equal(started.v20.requestCount, 0);
      });
    }

    /** Answers every question as if there were a call, and lets each command meet its fate. */
    const answers: [RegExp, string][] = [
      [/token$/, '{"token_type":"Bearer","expires_in":60,"access_token":"T0ken"}'],
      [/devices$/, '[{"device_id":"sip:10@192.0.2.10"},{"device_id":"sip:10@127.0.0.1:5488"}]'],
      [/Users/, '{"value":[{"Id":7,"Number":"10","CurrentProfileName":"Custom 2","QueueStatus":"LoggedIn"}]}'],
      [/Queues/, '{"value":[{"Id":8,"Number":"8000","Name":"Q","Agents":[{"Number":"10"}]}]}'],
      [/DialCode/, '{"DialCodePark":"*0","DialCodeUnpark":"*1"}'],
    ];
    const commands = tested.filter(({ operation }) => operationOf(operation as OperationName).kind === 'command');
    const isCommand = ({ method = '', url = '' }: IncomingMessage): boolean =>
      method !== 'GET' && url !== '/connect/token';

    for (const one of commands) {
      it(`"lost" when the connection breaks, and is sent once: ${one.operation}`, async () => {
        const status = one.operation === 'answer' || one.operation === 'divert' ? 'Ringing' : 'Connected';
        const leg = { id: 1, dn: '10', status, callid: 1, direct_control: true };
        let sent = 0;
        const server = await startServer((request) => {
          if (!isCommand(request)) {
            return answers.find(([path]) => path.test(request.url ?? ''))?.[1] ?? JSON.stringify([leg]);
          }
          sent += 1;
          request.socket.destroy();
          return undefined;
        });
        try {
          await fail(server.url, one, {}, 'lost', /connection broke/);
          assert.equal(sent, 1);
        } finally {
          await server.close();
        }
      });
    }
  });
});
