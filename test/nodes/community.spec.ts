import { type Simulator, startSimulator } from '../../simulator';
import { useNodeRed } from '../../support/flow';
import { describeOperations, type Operation } from '../../support/scenarios';

type Pbx = Simulator['pbx'];

const caller = '+4915112345678';
const ten = { extension: '10' };
const ringing = ({ pbx }: Simulator): void => void pbx.inbound({ extension: '10', queue: '8000', number: caller });
const connected = (simulator: Simulator): void => {
  ringing(simulator);
  simulator.pbx.answer(idAt(simulator.pbx, '10'));
};
/** The community server does not list calls while one came through a queue whose number has no four digits. */
const hanging = ({ pbx }: Simulator): void => void pbx.inbound({ ...ten, queue: '800', number: caller });
const idAt = (pbx: Pbx, extension: string): string => pbx.connectionsOf(extension).at(-1)?.id ?? '';

/** The server does not answer at all when the extension does not exist. */
const noSuchExtension = (args: Record<string, string> = {}): Operation<Simulator>['failed'] => ({
  args: { ...args, extension: '999' },
  code: 'timeout',
});

const operations: Operation<Simulator>[] = [
  {
    node: '3cx-call-control',
    operation: 'makecall',
    failed: noSuchExtension({ destination: caller, phone: 'Soft' }),
    done: {
      args: { ...ten, destination: caller, phone: 'Soft' },
      tells: { callId: '00000A5F3C2D1_20', confirmed: true, answer: '00000A5F3C2D1_20' },
    },
    refused: {
      args: { ...ten, destination: caller, phone: 'Soft' },
      before: ({ pbx }) => {
        pbx.setPhones('10', []);
      },
      tells: { reason: 'no-phone', answer: 'error' },
    },
  },
  {
    node: '3cx-call-control',
    operation: 'answer',
    failed: noSuchExtension(),
    done: { args: ten, before: ringing, tells: { callId: '00000A5F3C2D1_20', answer: '00000A5F3C2D1_20' } },
    refused: { args: ten, tells: { reason: 'no-call', answer: 'null' } },
  },
  ...['drop', 'park'].map((operation) => ({
    node: '3cx-call-control',
    operation,
    failed: noSuchExtension(),
    done: { args: ten, before: connected, tells: { answer: 'true' } },
    refused: { args: ten, tells: { reason: 'no-call', answer: 'false' } },
  })),
  {
    node: '3cx-call-control',
    operation: 'transfer',
    failed: noSuchExtension({ destination: '11' }),
    done: { args: { ...ten, destination: '11' }, before: connected, tells: { answer: 'true' } },
    refused: { args: { ...ten, destination: '11' }, before: ringing, tells: { reason: 'no-call', answer: 'false' } },
  },
  {
    node: '3cx-call-control',
    operation: 'unpark',
    failed: noSuchExtension({ phone: 'Soft' }),
    done: {
      args: { ...ten, phone: 'Desktop' },
      tells: { callId: '00000A5F3C2D1_20', confirmed: true, answer: '00000A5F3C2D1_20' },
    },
    refused: { args: { ...ten, phone: 'Mobile' }, tells: { reason: 'no-phone', answer: 'null' } },
  },
  {
    node: '3cx-call-control',
    operation: 'atttrans',
    failed: noSuchExtension(),
    done: {
      args: ten,
      before: (simulator) => {
        const { pbx } = simulator;
        connected(simulator);
        pbx.makeCall('10', '11');
        pbx.answer(idAt(pbx, '11'));
      },
      tells: { confirmed: true, answer: 'true' },
    },
    refused: { args: ten, before: connected, tells: { reason: 'no-call', answer: 'false' } },
  },
  {
    node: '3cx-call-control',
    operation: 'divert',
    failed: { args: { ...ten, destination: '11' }, code: 'unsupported' },
  },
  {
    node: '3cx-call-control',
    operation: 'stop',
    done: { args: {}, tells: { answer: '' } },
    failed: { args: {}, before: (simulator) => simulator.close(), code: 'unreachable' },
  },
  {
    node: '3cx-agent-status',
    operation: 'setstatus',
    failed: noSuchExtension({ profile: 'away' }),
    done: {
      args: { ...ten, profile: 'oof' },
      tells: { profile: 'oof', profileName: 'Out of office', answer: 'Out of office' },
    },
  },
  {
    node: '3cx-agent-status',
    operation: 'showstatus',
    failed: noSuchExtension(),
    done: {
      args: ten,
      tells: { profile: 'avail', profileName: 'Available', answer: '    CURRENT_STATUS=Available' },
    },
  },
  ...(
    [
      ['ready', 'avail', 'Available'],
      ['notready', 'custom1', 'Custom 1'],
      ['logout', 'away', 'Away'],
    ] as const
  ).map(([operation, profile, profileName]) => ({
    node: '3cx-agent-status',
    operation,
    failed: noSuchExtension(),
    done: { args: ten, tells: { profile, profileName, answer: 'true' } },
    refused: {
      args: { extension: '12' },
      tells: { reason: 'not-an-agent', profile, profileName, answer: 'is not an agent of the queues' },
    },
  })),
  {
    node: '3cx-agent-status',
    operation: 'login',
    failed: { args: { ...ten, action: 'login_all' }, before: (simulator) => simulator.close(), code: 'unreachable' },
    done: { args: { ...ten, action: 'logout_all' }, tells: { answer: 'true' } },
    refused: {
      args: { extension: '12', action: 'login_all' },
      tells: { reason: 'not-an-agent', answer: 'is not an agent of the queues' },
    },
  },
  ...(
    [
      ['start', 'on'],
      ['pause', 'paused'],
      ['resume', 'on'],
      ['stop', 'off'],
    ] as const
  ).map(([operation, recording]) => ({
    node: '3cx-recorder',
    operation,
    failed: noSuchExtension(),
    done: { args: ten, before: connected, tells: { recording, answer: 'true' } },
    refused: { args: ten, before: ringing, tells: { reason: 'no-call', answer: 'false' } },
  })),
  {
    node: '3cx-recorder',
    operation: 'toggle',
    failed: { args: ten, before: hanging, code: 'timeout' },
    done: { args: ten, before: connected, tells: { recording: 'on', answer: 'true' } },
    refused: { args: ten, before: ringing, tells: { reason: 'no-call', answer: '' } },
  },
  {
    node: '3cx-call-monitor',
    operation: 'showallcalls',
    failed: { args: {}, before: hanging, code: 'timeout' },
    done: {
      args: {},
      before: ringing,
      tells: {
        connections: [
          {
            ...{ id: '98779', extension: '10000', extensionName: null, status: 'connected', number: caller },
            ...{ e164: caller, name: null, queue: null, recording: 'off' },
          },
          {
            id: '98780',
            extension: '10',
            extensionName: null,
            status: 'ringing',
            number: caller,
            e164: caller,
            name: null,
            queue: { number: '8000', name: 'Support: Süd; EU' },
            recording: 'off',
          },
        ],
        answer:
          '<html><head></head><body>' +
          `ID=98779;S=Connected;DN=10000;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=${caller};REC=Stop<br>` +
          `ID=98780;S=Ringing;DN=10;Queue_Name=Support: Süd; EU;Queue_Nummer=8000;EP=${caller};REC=Stop<br>` +
          '</body></html>',
      },
    },
  },
  {
    node: '3cx-call-monitor',
    operation: 'getcallerid',
    failed: noSuchExtension(),
    done: {
      args: ten,
      before: ringing,
      tells: {
        idle: false,
        number: caller,
        e164: caller,
        name: null,
        queue: { number: null, name: 'Support: Süd; EU' },
        answer: `Queue: Support: Süd; EU Anrufer: ${caller}`,
      },
    },
  },
  {
    node: '3cx-call-monitor',
    operation: 'ondn',
    failed: noSuchExtension(),
    done: { args: ten, before: ringing, tells: { callId: '00000A5F3C2D1_20', answer: '00000A5F3C2D1_20' } },
  },
  {
    node: '3cx-call-monitor',
    operation: 'dnregs',
    failed: noSuchExtension(),
    done: {
      args: ten,
      tells: {
        registration: {
          id: '7100',
          contact: 'sip:10@127.0.0.1:5488;ob',
          userAgent: '3CXPhone for Windows 18.0.9.20',
        },
        answer: '7100-sip:10@127.0.0.1:5488;ob-3CXPhone for Windows 18.0.9.20',
      },
    },
  },
];

describe('The nodes, on the server that people run', () => {
  useNodeRed();
  let simulator: Simulator;

  beforeEach(async () => {
    simulator = await startSimulator({ delay: 10 });
  });
  afterEach(() => simulator.close());

  describeOperations(operations, () => simulator);
});
