import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import type { CallEvent } from '../../lib/calls';
import { PbxError, type V20Switches } from '../../simulator';
import { until } from '../../support/until';
import { Stage } from './support';

const histories = 24;
const atATime = 8;

type Action =
  'inbound' | 'queue' | 'call' | 'answer' | 'connect' | 'hold' | 'resume' | 'hangup' | 'transfer' | 'divert';
interface Step {
  action: Action;
  which: number;
  pause: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    action: fc.constantFrom<Action>(
      ...(['inbound', 'queue', 'call', 'answer', 'answer', 'connect', 'hold', 'resume'] as const),
      ...(['hangup', 'transfer', 'divert'] as const),
    ),
    which: fc.nat(1_000),
    pause: fc.constantFrom(0, 5, 40, 200),
  }),
  { minLength: 5, maxLength: 25 },
);

const switches: fc.Arbitrary<Partial<V20Switches>> = fc.record({
  repeated: fc.constantFrom(0, 0.5),
  reordered: fc.constantFrom(0, 0.3),
  repeatMs: fc.constantFrom(0, 50),
  getDelay: fc.constantFrom(0, 0, 30, 150),
  lateUpsets: fc.boolean(),
  pascalCase: fc.boolean(),
  attachedData: fc.constantFrom('null', 'null', 'participant', 'response'),
  forbidsParticipants: fc.boolean(),
  showsHold: fc.boolean(),
  queueParticipants: fc.boolean(),
  queueIn: fc.constantFrom('both', 'originated_by', 'on_behalf_of', 'none'),
  visibleDns: fc.constantFrom(null, ['10', '11', '12', '100', '101', '102'], ['10', '11']),
  xapi: fc.boolean(),
});

/** Does something in the PBX, where it can be done. */
function act({ simulator: { pbx } }: Stage, { action, which }: Step): void {
  const extensions = ['10', '11', '12', '100', '101', '102'];
  const pick = <T>(list: readonly T[]): T | undefined => list[which % Math.max(list.length, 1)];
  const extension = pick(extensions) ?? '10';
  const id = pick(pbx.connections())?.id ?? '';
  try {
    if (action === 'inbound') pbx.inbound({ number: `+49${1_000 + which}`, extension });
    else if (action === 'queue') pbx.inbound({ number: `+49${1_000 + which}`, queue: '8000' });
    else if (action === 'call') pbx.makeCall(extension, pick(extensions.toReversed()) ?? '11');
    else if (action === 'transfer' || action === 'divert') pbx[action](id, extension);
    else pbx[action](id);
  } catch (error) {
    if (!(error instanceof PbxError)) throw error;
  }
}

/** Each beginning has one end, and no end comes without a beginning. */
function check(events: readonly CallEvent[]): void {
  const open = new Map<string, string>();
  for (const { event, call, extension } of events) {
    const key = `${extension} in ${call}`;
    if (event === 'ringing' || event === 'dialing') {
      assert.equal(open.has(key), false, `${event} again: ${key}`);
      open.set(key, event);
    } else if (event === 'answered') {
      assert.notEqual(open.get(key), 'answered', `answered again: ${key}`);
      open.set(key, event);
    } else if (event === 'ended' || event === 'ring-stopped') {
      assert.equal(open.delete(key), true, `${event} without a beginning: ${key}`);
    }
  }
  assert.deepEqual([...open], []);
}

describe('Random calls over 3CX V20', function () {
  this.timeout(120_000);

  it(`what began is ended once, in ${histories} histories`, async () => {
    const samples = fc.sample(fc.tuple(steps, switches), histories);
    let events = 0;
    const run = async ([history, given]: (typeof samples)[number]): Promise<void> => {
      const stage = await Stage.start(given);
      try {
        await stage.watch();
        for (const step of history) {
          act(stage, step);
          if (step.pause > 0) await wait(step.pause);
        }
        stage.simulator.pbx.clearCalls();
        // The last message has arrived by then, with the answers to its requests.
        await wait(1_000);
        await until(() => stage.tracker.calls().length === 0, 'the end of all calls');
        check(stage.events);
        assert.deepEqual(stage.silences, []);
        assert.equal(
          stage.events.some(({ synthetic }) => synthetic),
          false,
        );
        events += stage.events.length;
      } catch (error) {
        throw new Error(JSON.stringify({ given, history, words: stage.words }), { cause: error });
      } finally {
        await stage.close();
      }
    };
    for (let at = 0; at < samples.length; at += atATime) await Promise.all(samples.slice(at, at + atATime).map(run));
    assert.ok(events > histories);
  });
});
