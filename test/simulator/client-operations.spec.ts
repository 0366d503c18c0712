import assert from 'node:assert/strict';
import { HttpApiClient } from '../../lib/http-api/client';
import { type OperationName, type Result, ThreeCxError } from '../../lib/pbx';
import { type Pbx, type Simulator, type SimulatorAuth, startSimulator } from '../../simulator';

/** The client's result, or parts of it, or the code of its error. */
type Expected = Partial<Result> | string;

interface Case {
  args?: Record<string, string>;
  before?: (pbx: Pbx) => void;
  community: Expected;
  documented: Expected;
}

const caller = '+4915112345678';
const ten = { extension: '10' };
const idAt = (pbx: Pbx, dn: string): string => pbx.connectionsOf(dn).at(-1)?.id ?? '';
const ringing = (pbx: Pbx): void => void pbx.inbound({ ...ten, queue: '8000', number: caller });
const connected = (pbx: Pbx): void => {
  ringing(pbx);
  pbx.answer(idAt(pbx, '10'));
};
const parked = (pbx: Pbx): void => {
  connected(pbx);
  pbx.park(idAt(pbx, '10'));
};
const withoutPhones = (pbx: Pbx): void => pbx.setPhones('10', []);
const onTwoCalls = (pbx: Pbx): void => {
  connected(pbx);
  pbx.makeCall('10', '11');
  pbx.answer(idAt(pbx, '11'));
};

/** The same in both forms. */
const both = (expected: Expected) => ({ community: expected, documented: expected });
const yes = both({ ok: true, answer: 'true' });
const noCall = both({ ok: false, reason: 'no-call' as const, answer: 'false' });
const noAgent = both({ ok: false, reason: 'not-an-agent' as const, answer: 'is not an agent of the queues' });
const callId = '00000A5F3C2D1_20';

/** Each operation done and refused; a query that can't be refused finds nothing, and stop is always done. */
const operations: Record<OperationName, { done: Case; refused: Case | null }> = {
  showallcalls: {
    done: {
      before: ringing,
      community: { connections: [leg('10000', 'connected'), { ...leg('10', 'ringing'), queue: support() }] },
      documented: {
        connections: [
          { ...leg('10000', 'connected'), ccid: '1' },
          { ...leg('10', 'ringing'), ccid: '2' },
        ],
        answer:
          '<html><head></head><body>' +
          `ID=98779:CCID=1:S=Connected:DN=10000:EP=${caller}:REC=Stop<br>` +
          `ID=98780:CCID=2:S=Ringing:DN=10:EP=${caller}:REC=Stop<br>` +
          '</body></html>',
      },
    },
    refused: { ...both({ connections: [], answer: '<html><head></head><body></body></html>' }) },
  },
  makecall: {
    done: {
      args: { ...ten, destination: '11', phone: 'Desktop' },
      ...both({ ok: true, callId, confirmed: true, answer: callId }),
    },
    refused: {
      args: { ...ten, destination: '11', phone: 'Mobile' },
      ...both({ ok: false, reason: 'no-phone', answer: 'null' }),
    },
  },
  ready: {
    done: { args: ten, ...yes },
    refused: { args: { extension: '12' }, ...noAgent },
  },
  notready: {
    done: { args: ten, ...yes },
    refused: { args: { extension: '12' }, ...noAgent },
  },
  logout: {
    done: { args: ten, ...yes },
    refused: {
      args: { extension: '12' },
      community: noAgent.community,
      documented: { ok: false, reason: 'refused', answer: 'false' },
    },
  },
  login: {
    done: { args: { ...ten, action: 'logout_all' }, ...yes },
    refused: {
      args: { extension: '12', action: 'login_all' },
      community: noAgent.community,
      documented: { ok: false, reason: 'refused', answer: 'false' },
    },
  },
  dnregs: {
    done: {
      args: ten,
      ...both({
        registration: { id: '7100', contact: 'sip:10@127.0.0.1:5488;ob', userAgent: '3CXPhone for Windows 18.0.9.20' },
      }),
    },
    refused: { args: ten, before: withoutPhones, ...both({ registration: null, answer: 'error' }) },
  },
  ondn: {
    done: {
      args: ten,
      before: ringing,
      community: { callId },
      documented: {
        connections: [{ ...leg('10', 'ringing'), ccid: '2' }],
        answer: `ID=98780:CCID=2:S=Ringing:DN=10:EP=${caller}:REC=Stop`,
      },
    },
    refused: { args: ten, ...both({ callId: null, answer: '0' }) },
  },
  getcallerid: {
    done: {
      args: ten,
      before: ringing,
      ...both({ idle: false, number: caller, queue: { number: null, name: 'Support: Süd; EU' } }),
    },
    refused: { args: ten, ...both({ idle: true, answer: 'idle' }) },
  },
  drop: {
    done: { args: ten, before: connected, ...yes },
    refused: { args: ten, ...noCall },
  },
  answer: {
    done: { args: ten, before: ringing, community: { ok: true, callId }, documented: { ok: true, answer: 'true' } },
    refused: {
      args: ten,
      before: connected,
      community: { ok: false, reason: 'no-call', answer: 'null' },
      documented: noCall.documented,
    },
  },
  record: {
    done: { args: { ...ten, recordAction: 'pause' }, before: connected, ...both({ ok: true, recording: 'paused' }) },
    refused: { args: { ...ten, recordAction: 'start' }, before: ringing, ...noCall },
  },
  transfer: {
    done: { args: { ...ten, destination: '11' }, before: connected, ...yes },
    refused: { args: { ...ten, destination: '11' }, before: ringing, ...noCall },
  },
  park: {
    done: { args: ten, before: connected, ...yes },
    refused: { args: ten, ...noCall },
  },
  unpark: {
    done: {
      // Of an extension that fetches what it parked itself, the server names a call that it had before.
      args: { extension: '11', phone: 'Soft' },
      before: parked,
      community: { ok: true, callId, confirmed: true },
      documented: { ok: true, callId: null, confirmed: true, answer: 'true' },
    },
    refused: {
      args: { ...ten, phone: 'Mobile' },
      community: { ok: false, reason: 'no-phone', answer: 'null' },
      documented: { ok: false, reason: 'no-phone', answer: 'false' },
    },
  },
  atttrans: {
    done: { args: ten, before: onTwoCalls, ...yes },
    refused: { args: ten, before: connected, ...noCall },
  },
  setstatus: {
    done: { args: { ...ten, profile: 'oof' }, ...both({ ok: true, profile: 'oof', answer: 'Out of office' }) },
    refused: {
      args: { extension: '999', profile: 'oof' },
      community: 'timeout',
      documented: { ok: false, reason: 'refused', answer: 'false' },
    },
  },
  showstatus: {
    done: {
      args: ten,
      community: { profile: 'avail', answer: '    CURRENT_STATUS=Available' },
      documented: { profile: 'avail', answer: 'Available' },
    },
    refused: { args: { extension: '999' }, community: 'timeout', documented: 'unexpected-answer' },
  },
  divert: {
    done: {
      args: { ...ten, destination: '12' },
      before: ringing,
      community: 'unsupported',
      documented: { ok: true, answer: 'true' },
    },
    refused: {
      args: { ...ten, destination: '12' },
      before: connected,
      community: 'unsupported',
      documented: { ok: false, reason: 'refused', answer: 'false' },
    },
  },
  stop: {
    done: {
      community: { ok: true, answer: '' },
      documented: { ok: true, answer: '<HTML><BODY> Server Stopped</BODY></HTML>' },
    },
    refused: null,
  },
};

const auths: readonly SimulatorAuth[] = [
  { type: 'none' },
  { type: 'basic', user: 'api', password: 'pä:ss wörd' },
  { type: 'bearer', token: 'T0k.en-~+/==' },
];

/** A wrong secret of each kind; no secret where the server requires none. */
const wrong = (auth: SimulatorAuth): SimulatorAuth =>
  auth.type === 'basic' ? { ...auth, password: 'pa:ss' } : auth.type === 'bearer' ? { ...auth, token: 'T0k' } : auth;

for (const server of ['community', 'documented'] as const) {
  for (const auth of auths) {
    describe(`simulator: the package's client on the ${server} server with authentication ${auth.type}`, () => {
      let simulator: Simulator;
      let client: HttpApiClient;
      const connect = (with_: SimulatorAuth): HttpApiClient =>
        (client = new HttpApiClient({ url: simulator.url, auth: with_, timeout: 250, allowStop: true }));

      beforeEach(async () => {
        simulator = await startSimulator({ server, auth, delay: 1 });
        connect(auth);
      });
      afterEach(async () => {
        client.close();
        await simulator.close();
      });

      for (const [name, cases] of Object.entries(operations)) {
        for (const way of ['done', 'refused'] as const) {
          const scenario = cases[way];
          if (scenario === null) continue;
          it(`${name}: ${way}`, async () => {
            const { args = {}, before, [server]: expected } = scenario;
            before?.(simulator.pbx);
            const asked = client.execute(name as OperationName, args);
            if (typeof expected === 'string') {
              await assert.rejects(asked, (error) => error instanceof ThreeCxError && error.code === expected);
            } else {
              const result = new Map(Object.entries(await asked));
              const told = Object.fromEntries(Object.keys(expected).map((key) => [key, result.get(key)]));
              assert.deepEqual(told, expected);
            }
          });
        }
      }

      if (auth.type === 'none') return;
      it('every operation is refused to a client with a wrong secret, and nothing has changed', async () => {
        connect(wrong(auth));
        const state = simulator.pbx.state();
        for (const [name, { done }] of Object.entries(operations)) {
          await assert.rejects(client.execute(name as OperationName, done.args ?? {}), { code: 'unauthorized' }, name);
        }
        assert.deepEqual(simulator.pbx.state(), state);
      });
    });
  }
}

function leg(extension: string, status: 'connected' | 'ringing') {
  const id = extension === '10000' ? '98779' : '98780';
  return { id, extension, status, number: caller, name: null, queue: null, recording: 'off' as const };
}

function support() {
  return { number: '8000', name: 'Support: Süd; EU' };
}
