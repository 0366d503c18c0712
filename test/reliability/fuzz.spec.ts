import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CallOccurrence, Subscription } from '../../lib/calls';
import { connectionsOf, unwrap } from '../../lib/http-api/answers';
import { CallIds } from '../../lib/http-api/call-ids';
import { isUnknownOperation, requests } from '../../lib/http-api/operations';
import {
  type ArgumentName,
  checkArgument,
  type Connection,
  type OperationName,
  operations,
  parseNumberList,
  ThreeCxError,
} from '../../lib/pbx';
import { Settings } from '../../lib/node-red/settings';
import type { NodeAPI } from '../../lib/node-red/types';
import { at, callOccurrences, everything, ListTracker } from '../../support/calls';
import { scenarios } from '../fixtures/community-server.json';
import { growthOf } from './growth';
import { isLong, report } from './report';

/** How many inputs each of the five kinds of them has. */
const numRuns = isLong ? 200_000 : 2_000;

const names = Object.keys(operations) as OperationName[];
const given: Readonly<Record<ArgumentName, string>> = {
  ...{ extension: '10', destination: '11', queue: '8000', phone: 'Soft', action: 'login_all' },
  ...{ recordAction: 'start', profile: 'avail' },
};
/** The texts that the server people run really answers. */
const captured = scenarios.flatMap(({ exchange }) => exchange.flatMap(({ body }) => (body ? [body] : [])));
const words = [
  ...[
    ';',
    ':',
    '=',
    '<br>',
    '<br />',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '-',
    '@',
    '.',
    ',',
    '*',
    '?',
    '0',
    '10',
    '10000',
    'null',
  ],
  ...[
    'ID=',
    'ID=7;',
    'ID=7:',
    'CCID=',
    'S=Ringing',
    'DN=10',
    'Queue_Name=',
    'Queue_Nummer=',
    'EP=',
    'REC=Stop',
    'idle',
  ],
  ...['<html>', '<head>', '</head>', '<body>', '</body>', '</html>', 'Queue:', 'Anrufer:', 'CURRENT_STATUS=', 'true'],
  ...['is not a valid extension', 'is not an agent of the queues', '<script>', '\0', '\u202e', '\ud800', '\udc00', '✆'],
  ...['$&', '$1', '__proto__', 'constructor', '${X}', '\\', "'", '"'],
];

/** Anything, and what looks much like the real thing. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 16 })
    .map(join),
  // A real answer with a piece taken out, put in, or put in twice.
  fc
    .tuple(fc.constantFrom(...captured), fc.nat(400), fc.nat(40), fc.array(fc.constantFrom(...words), { maxLength: 3 }))
    .map(([body, at, length, more]) => body.slice(0, at) + join(more) + body.slice(at + length)),
  fc
    .tuple(fc.constantFrom(...captured), fc.nat(400), fc.nat(400))
    .map(([body, from, to]) => body.slice(from) + body.slice(0, to)),
);

/** A message's property may also contain other values than text. */
const value = fc.oneof(text, fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }));

const dn = fc.constantFrom('10', '11', '12', '10000', '10001', '999', 'SP0', '8000', '', '__proto__');
const record: fc.Arbitrary<Connection> = fc.record(
  {
    // Few, so that they come again; the same one may stand twice in a list.
    id: fc.constantFrom('1', '2', '3', '4', '5', '6', ''),
    extension: fc.oneof({ weight: 20, arbitrary: dn }, text),
    status: fc.constantFrom('undefined', 'dialing', 'ringing', 'connected', 'hold', 'held'),
    number: fc.oneof({ weight: 20, arbitrary: fc.oneof(dn, fc.constantFrom('+491', '*00')) }, text),
    name: fc.constant(null),
    queue: fc.option(fc.record({ number: fc.oneof({ weight: 20, arbitrary: dn }, text), name: text }), { freq: 1 }),
    recording: fc.constantFrom('on', 'paused', 'off'),
    ccid: fc.constantFrom('1', '2', '3', 'x'),
  },
  { requiredKeys: ['id', 'extension', 'status', 'number', 'name', 'queue', 'recording'] },
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ list: fc.array(record, { maxLength: 6 }), time: fc.nat(10_000) }) },
  { weight: 1, arbitrary: fc.constant('no snapshot' as const) },
  {
    weight: 1,
    arbitrary: fc.record({ extension: dn, callId: text, connection: fc.constantFrom('1', '2', undefined) }),
  },
);

const nobody = '<html><body></body></html>';
/** The records of one call of many. */
const manyCalls: Record<string, (index: number) => string[]> = {
  'calls from outside': (index) => [
    `ID=${index}1;S=Connected;DN=10000;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=+49${index};REC=Stop`,
    `ID=${index}2;S=Ringing;DN=2${index};Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=+49${index};REC=Stop`,
  ],
  'calls that ring ten agents': (index) => [
    `ID=${index}1;S=Connected;DN=10000;Queue_Name=Sales;Queue_Nummer=8000;EP=+49${index};REC=Stop`,
    ...Array.from(
      { length: 10 },
      (_, agent) =>
        `ID=${index}2${agent};S=Ringing;DN=2${index}${agent};Queue_Name=Sales;Queue_Nummer=8000;EP=+49${index};REC=Stop`,
    ),
  ],
  'calls inside, documented': (index) => [
    `ID=${index}1:CCID=1:S=Connected:DN=2${index}:EP=3${index}:REC=Start`,
    `ID=${index}2:CCID=2:S=Connected:DN=3${index}:EP=2${index}:REC=Stop`,
  ],
};

/** Texts to be repeated, each with what stands before and after: those in which one match can begin in another. */
function adversarial(): [head: string, repeated: string, tail: string][] {
  const around = [
    ['', ' x'],
    ['<html><body>ID=1;S=;DN=;EP=', ';REC=Stop<br></body></html>'],
    ['<html><body>ID=1;S=;DN=;Queue_Name=', '</body></html>'],
    ['7-', ''],
    ['Queue:', ''],
  ] as const;
  const pairs = isLong ? words.flatMap((one) => words.map((other) => one + other)) : [];
  return [
    ...words.flatMap((word) => around.map(([head, tail]): [string, string, string] => [head, word, tail])),
    ...pairs.map((pair): [string, string, string] => [around[1][0], pair, around[1][1]]),
  ];
}

function join(parts: readonly string[]): string {
  return parts.join('');
}

/** Throws what is no ThreeCxError. */
function attempt(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ThreeCxError)) throw error;
  }
}

describe('Whatever comes in', function () {
  this.timeout(0);
  let inputs = 0;
  let measured = 0;
  let steepest = 0;

  const holds = <T>(what: string, arbitrary: fc.Arbitrary<T>, check: (input: T) => void): void => {
    it(`${what} harms nothing`, () => {
      fc.assert(fc.property(arbitrary, check), { numRuns });
      inputs += numRuns;
    });
  };

  holds('as an answer to any operation', text, (body) => {
    for (const name of names) attempt(() => requests[name].read(unwrap(body), given, body));
    for (const name of names) isUnknownOperation(name, body);
  });

  holds('as a list of calls', text, (body) => {
    for (const answer of [body, `<html><body>${body}</body></html>`, `ID=1;S=Ringing;DN=10;EP=${body};REC=Stop<br>`]) {
      attempt(() => {
        const tracker = new ListTracker();
        tracker.take([], at(0));
        tracker.take(connectionsOf(answer), at(1_000));
      });
    }
  });

  holds('as an argument', value, (input) => {
    for (const name of Object.keys(given) as ArgumentName[]) {
      attempt(() => {
        assert.match(checkArgument(name, input), /^[0-9A-Za-z_.*+@-]{1,64}$/);
      });
    }
  });

  const RED = { util: { evaluateNodeProperty: () => 'value' } } as unknown as NodeAPI;
  holds('as a setting', value, (input) => {
    const settings = new Settings(RED, null, { setting: input });
    attempt(() => settings.numbers('setting')('10'));
    attempt(() => settings.expression('setting', ''));
    attempt(() => settings.milliseconds('setting', 1, 1));
    attempt(() => settings.oneOf('setting', ['a', 'b']));
    attempt(() => settings.flag('setting'));
  });

  holds(
    'as lists of calls, one after the other, and whoever began is ended,',
    fc.array(step, { maxLength: 8 }),
    (steps) => {
      const tracker = new ListTracker();
      const ids = new CallIds();
      const subscription = new Subscription({ ...everything, minRing: 3_000, initial: true });
      const open = new Set<number>();
      let time = 0;
      const take = (list: readonly Connection[], pause: number): void => {
        time += pause;
        ids.assign(list);
        ids.pick(list, () => true);
        const occurrences = tracker.take(list, at(time));
        subscription.select(occurrences, tracker);
        for (const occurrence of callOccurrences(occurrences)) follow(occurrence, open);
      };
      take([], 0);
      for (const one of steps) {
        if (one === 'no snapshot') {
          tracker.noSnapshot();
          ids.forget();
        } else if ('list' in one) take(one.list, one.time);
        else ids.tell(one.extension, one.callId, one.connection);
      }
      take([], 1_000);
      assert.deepEqual([...open], []);
      assert.deepEqual(tracker.calls(), []);
    },
  );

  describe('takes a time that grows no faster than it does:', () => {
    /** Quadratic is 2. */
    const most = 1.5;
    const check = (what: string, prepare: (length: number) => () => void): void => {
      const growth = growthOf(prepare, 256 * 1024);
      assert.ok(growth < most, `${what}: the time grows with the power of ${growth.toFixed(2)}`);
      steepest = Math.max(steepest, growth);
      measured += 1;
    };

    it('a text', () => {
      const numbers = parseNumberList('*1*1*?*1*2');
      for (const [head, repeated, tail] of adversarial()) {
        const prepare = (length: number) => {
          const body = head + repeated.repeat(length / repeated.length) + tail;
          return () => {
            for (const name of names) attempt(() => requests[name].read(unwrap(body), given, body));
            numbers(body);
          };
        };
        check(JSON.stringify([head, repeated, tail]), prepare);
      }
    });

    for (const [what, callOf] of Object.entries(manyCalls)) {
      it(`a list of ${what}`, () => {
        const prepare = (length: number) => {
          const records = Array.from({ length: length / 128 }, (_, index) => callOf(index)).flat();
          const body = `<html><body>${records.map((record) => `${record}<br>`).join('')}</body></html>`;
          return () => {
            const tracker = new ListTracker();
            const subscription = new Subscription({ ...everything, minRing: 1_500, initial: true });
            for (const [second, list] of [nobody, body, body, body, nobody].entries()) {
              subscription.select(tracker.take(connectionsOf(list), at(second * 1_000)), tracker);
            }
          };
        };
        check(what, prepare);
      });
    }
  });

  after(() => {
    report('fuzzing', {
      position: 60,
      title: 'Fuzzing',
      text:
        'Made-up answers go through all code that reads: the operations, the call lists and the events made ' +
        'from them, arguments, settings. Some of them are real answers with a piece taken out or put in. The ' +
        'code may throw nothing but a `ThreeCxError`, and everything that began in a call has to end, whatever ' +
        'the lists say. To measure the time, the test repeats each meaningful piece of text many times, and ' +
        'makes lists of up to 2,000 calls. A growth of 1 is linear; a run of less than a thirtieth of ' +
        'a second counts as less.',
      figures: {
        Inputs: inputs,
        'Other errors thrown': 0,
        'Texts and lists measured': measured,
        'The time grows at most with the length to the power of': steepest.toFixed(1),
      },
    });
  });
});

/** Every ringing, dialing or answered of an extension's part in a call is closed by exactly one ring-stopped or ended. */
function follow({ event: { event, connection, extension }, party }: CallOccurrence, open: Set<number>): void {
  const what = `${connection} at ${extension}`;
  if (event === 'ringing' || event === 'dialing' || event === 'answered') open.add(party);
  else if (event === 'ended' || event === 'ring-stopped') assert.ok(open.delete(party), `${what} was not there`);
  else if (event !== 'missed') assert.ok(open.has(party), `${event}, but ${what} is not there`);
}
