import type { OperationName } from '../../lib/pbx';
import { useNodeRed } from '../../support/flow';
import { type DocumentedServer, startDocumentedServer } from '../../support/documented-server';
import { describeOperations, type Operation } from '../../support/scenarios';
import type { Properties } from '../../support/flow';

/** An operation, and the answers with which this server ends it in each way. */
function operation(
  node: string,
  name: string,
  args: Record<string, string>,
  tells: { done: Properties; refused?: Properties },
  api = name as OperationName,
): Operation<DocumentedServer> {
  const ends = (ending: 'refused' | 'failed') => (server: DocumentedServer) => {
    server.endings[api] = ending;
  };
  return {
    node,
    operation: name,
    done: { args, tells: tells.done },
    ...(tells.refused === undefined ? {} : { refused: { args, before: ends('refused'), tells: tells.refused } }),
    failed: { args, before: ends('failed'), code: 'server-error' },
  };
}

const ten = { extension: '10' };
const toOutside = { ...ten, destination: '+4930111' };
const dialled = { callId: '00000A5F3C2D1_8', confirmed: true, answer: '00000A5F3C2D1_8' };
const yes = { answer: 'true' };
const no = { answer: 'false', reason: 'no-call' };
const noAgent = { answer: 'is not an agent of the queues', reason: 'not-an-agent' };

const operations = [
  operation(
    '3cx-call-control',
    'makecall',
    { ...toOutside, phone: 'Soft' },
    {
      done: dialled,
      refused: { answer: 'null', reason: 'no-phone' },
    },
  ),
  operation('3cx-call-control', 'answer', ten, { done: { ...yes, callId: null }, refused: no }),
  operation('3cx-call-control', 'drop', ten, { done: yes, refused: no }),
  operation('3cx-call-control', 'transfer', toOutside, { done: yes, refused: no }),
  operation('3cx-call-control', 'atttrans', ten, { done: { ...yes, confirmed: false }, refused: no }),
  operation('3cx-call-control', 'park', ten, { done: yes, refused: no }),
  operation(
    '3cx-call-control',
    'unpark',
    { ...ten, phone: 'Soft' },
    {
      done: { ...yes, callId: null, confirmed: true },
      refused: { answer: 'false', reason: 'no-phone' },
    },
  ),
  operation('3cx-call-control', 'divert', toOutside, { done: yes, refused: { answer: 'false', reason: 'refused' } }),
  operation('3cx-call-control', 'stop', {}, { done: yes }),
  operation(
    '3cx-agent-status',
    'setstatus',
    { ...ten, profile: 'oof' },
    {
      done: { answer: 'oof', profile: 'oof', profileName: 'Out of office' },
      refused: { answer: 'false', reason: 'refused', profile: null, profileName: null },
    },
  ),
  operation('3cx-agent-status', 'showstatus', ten, {
    done: { answer: 'Available', profile: 'avail', profileName: 'Available' },
  }),
  operation('3cx-agent-status', 'ready', ten, {
    done: { ...yes, profile: 'avail', profileName: 'Available' },
    refused: { ...noAgent, profile: 'avail', profileName: 'Available' },
  }),
  operation('3cx-agent-status', 'notready', ten, {
    done: { ...yes, profile: 'custom1', profileName: 'Custom 1' },
    refused: { ...noAgent, profile: 'custom1', profileName: 'Custom 1' },
  }),
  operation('3cx-agent-status', 'logout', ten, {
    done: { ...yes, profile: 'away', profileName: 'Away' },
    refused: { answer: 'false', reason: 'refused', profile: 'avail', profileName: 'Available' },
  }),
  operation(
    '3cx-agent-status',
    'login',
    { ...ten, action: 'login_all' },
    {
      done: yes,
      refused: { answer: 'false', reason: 'refused' },
    },
  ),
  ...(
    [
      ['start', 'on'],
      ['stop', 'off'],
      ['pause', 'paused'],
      ['resume', 'on'],
      ['toggle', 'on'],
    ] as const
  ).map(([name, recording]) =>
    operation('3cx-recorder', name, ten, { done: { ...yes, recording }, refused: no }, 'record'),
  ),
  operation(
    '3cx-call-monitor',
    'showallcalls',
    {},
    {
      done: {
        connections: [
          {
            id: '98741',
            extension: '10',
            status: 'connected',
            extensionName: null,
            number: '+4930111',
            e164: '+4930111',
            name: null,
            queue: null,
            recording: 'off',
            ccid: '1',
          },
          {
            ...{ id: '98742', extension: '11', extensionName: null, status: 'ringing', number: '10', e164: null },
            ...{ name: null, queue: null, recording: 'off', ccid: '2' },
          },
        ],
        answer:
          '<html><body>ID=98741:CCID=1:S=Connected:DN=10:EP=+4930111:REC=Stop<br>' +
          'ID=98742:CCID=2:S=Ringing:DN=11:EP=10:REC=Stop<br></body></html>',
      },
    },
  ),
  operation('3cx-call-monitor', 'getcallerid', ten, {
    done: {
      idle: false,
      number: '+4930111',
      e164: '+4930111',
      name: null,
      queue: { number: null, name: 'Sales' },
      answer: 'Queue: Sales Anrufer: +4930111',
    },
  }),
  operation('3cx-call-monitor', 'dnregs', ten, {
    done: {
      registration: { id: '71', contact: 'sip:10@127.0.0.1:5488;ob', userAgent: 'Phone 1.2' },
      answer: '71-sip:10@127.0.0.1:5488;ob-Phone 1.2',
    },
  }),
];

describe('The nodes, on the documented server', () => {
  useNodeRed();
  let server: DocumentedServer;

  beforeEach(async () => {
    server = await startDocumentedServer();
  });
  afterEach(() => server.close());

  describeOperations(operations, () => server);
});
