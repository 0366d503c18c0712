import assert from 'node:assert/strict';
import {
  argumentsOf,
  callEventNames,
  canFollow,
  defaultEvents,
  eventNames,
  filterChoices,
  type NodeType,
  offerOf,
  offers,
  offersOf,
  operationNames,
  operationOf,
  operations,
  operationsOf,
  watchedBy,
  watchingNodes,
  watchOperation,
} from '../../lib/pbx';

describe('The menu of operations', () => {
  it('has the arguments and results of each operation', () => {
    const lines = operationNames.map((name) => {
      const {
        kind,
        arguments: needed,
        optional = [],
        done,
        perhaps = [],
        refused = [],
        ...columns
      } = operationOf(name);
      const given = [...needed, ...optional.map((one) => `[${one}]`)];
      const told = [
        [...done, ...perhaps.map((one) => `[${one}]`)].join(' '),
        ...(refused.length > 0 ? [`refused: ${refused.join(' ')}`] : []),
      ];
      return [`${kind} ${[name, ...given].join(' ')}`, ...told, ...Object.keys(columns)].filter(Boolean).join('; ');
    });
    assert.deepEqual(lines, [
      'command makecall extension destination phone; callId confirmed; calls; dials; followed',
      'command answer extension; callId',
      'command drop extension',
      'command transfer extension destination; dials',
      'command atttrans extension; confirmed',
      'command divert extension destination; dials',
      'command park extension; [confirmed]',
      'command unpark extension phone; callId confirmed; calls',
      'command stop; endsServer',
      'command setstatus extension profile; profile profileName; refused: profile profileName',
      'query showstatus extension; profile profileName',
      'command ready extension; profile profileName; refused: profile profileName',
      'command notready extension; profile profileName; refused: profile profileName',
      'command login extension action [queue]',
      'command logout extension; profile profileName; refused: profile profileName',
      'command record extension recordAction; recording',
      'query showallcalls; connections',
      'query getcallerid extension; idle number e164 name queue',
      'query ondn extension; callId',
      'query dnregs extension; registration',
    ]);
    assert.deepEqual(operationNames, Object.keys(operations));
  });

  it('is divided among the nodes, with the arguments that each has fields for', () => {
    const lines = (Object.keys(offers) as NodeType[]).flatMap((type) =>
      Object.entries(offersOf(type)).map(([name, offer]) => {
        const fixed = Object.values(offer.fixed ?? {});
        const what = [offer.operation, ...fixed].join(' ');
        return `${type} ${name}: ${what === name ? '' : `${what}; `}${argumentsOf(offer).join(' ')}`.trim();
      }),
    );
    assert.deepEqual(lines, [
      '3cx-call-control makecall: extension destination phone',
      '3cx-call-control answer: extension',
      '3cx-call-control drop: extension',
      '3cx-call-control transfer: extension destination',
      '3cx-call-control atttrans: extension',
      '3cx-call-control divert: extension destination',
      '3cx-call-control park: extension',
      '3cx-call-control unpark: extension phone',
      '3cx-call-control stop:',
      '3cx-agent-status setstatus: extension profile',
      '3cx-agent-status showstatus: extension',
      '3cx-agent-status ready: extension',
      '3cx-agent-status notready: extension',
      '3cx-agent-status login: extension action queue',
      '3cx-agent-status logout: extension',
      '3cx-recorder start: record start; extension',
      '3cx-recorder pause: record pause; extension',
      '3cx-recorder resume: record resume; extension',
      '3cx-recorder stop: record stop; extension',
      '3cx-recorder toggle: record toggle; extension',
      '3cx-call-monitor showallcalls:',
      '3cx-call-monitor getcallerid: extension',
      '3cx-call-monitor ondn: extension',
      '3cx-call-monitor dnregs: extension',
    ]);
  });

  it('lets two nodes watch: the call monitor calls, by default and first in its dialog, the agent status profiles', () => {
    assert.equal(watchOperation, 'watch');
    const all = Object.keys(offers) as NodeType[];
    assert.deepEqual(
      all.filter((type) => watchingNodes.includes(type)).map((type) => [type, watchedBy(type)]),
      [
        ['3cx-agent-status', 'profiles'],
        ['3cx-call-monitor', 'calls'],
      ],
    );
    assert.equal(watchedBy('3cx-recorder'), null);
    assert.deepEqual(operationsOf('3cx-call-monitor').slice(0, 2), ['watch', 'showallcalls']);
    assert.deepEqual(operationsOf('3cx-agent-status').slice(-2), ['logout', 'watch']);
    assert.deepEqual(operationsOf('3cx-recorder'), Object.keys(offersOf('3cx-recorder')));
  });
});

describe('A node', () => {
  it('offers an operation by its own name for it, and nothing else', () => {
    assert.equal(offerOf('3cx-agent-status', 'ready')?.operation, 'ready');
    assert.equal(offerOf('3cx-call-control', 'makecall')?.operation, 'makecall');
    for (const name of ['', 'ready', 'toString', '__proto__']) assert.equal(offerOf('3cx-call-control', name), null);
  });

  it('can follow calls when it makes some', () => {
    const nodes = Object.keys(offers) as NodeType[];
    assert.deepEqual(nodes.filter(canFollow), ['3cx-call-control']);
  });
});

describe('The events', () => {
  it('are in the order of the outputs, those of the API last', () => {
    const ofCalls = 'ringing dialing answered held resumed recording transferred ring-stopped ended missed'.split(' ');
    assert.deepEqual(callEventNames, ofCalls);
    assert.deepEqual(eventNames, [...ofCalls, 'state', 'offline', 'online']);
  });

  it('of a flow that does not say which are all but the one that old flows do not know', () => {
    assert.deepEqual(
      eventNames.filter((name) => !defaultEvents.includes(name)),
      ['state'],
    );
  });

  it('pass where nothing is set', () => {
    assert.deepEqual(
      Object.values(filterChoices).map(([first]) => first),
      ['any', 'any'],
    );
  });
});
