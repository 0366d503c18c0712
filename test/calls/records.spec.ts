import assert from 'node:assert/strict';
import type { CallEvent } from '../../lib/calls';
import { connectionsOf } from '../../lib/http-api/answers';
import { scenarios } from '../fixtures/community-server.json';
import { at, eventsOf, ListTracker, words } from '../../support/calls';

const nobody = '<html><head></head><body></body></html>';

/** The lists of a captured scenario, byte for byte, in the order in which they were asked for. */
function captured(name: string): string[] {
  const { exchange } = scenarios.find(({ scenario }) => scenario === name) ?? assert.fail(`there is no ${name}`);
  return exchange.flatMap((step) =>
    'request' in step && step.request === 'GET /showallcalls' ? [step.body ?? assert.fail()] : [],
  );
}

/** Plays answers of showallcalls, a second apart, after one without calls. */
function play(bodies: readonly string[]): CallEvent[] {
  const tracker = new ListTracker();
  return [nobody, ...bodies].flatMap((body, index) => eventsOf(tracker.take(connectionsOf(body), at(index * 1000))));
}

describe('Events of the server’s call lists', () => {
  describe('that were captured', () => {
    it('follow a queue call that is recorded and transferred', () => {
      const events = play(captured('inbound queue call, answered, recorded, transferred, dropped'));
      assert.deepEqual(words(events), [
        'ringing 10',
        'answered 10',
        'recording 10',
        'recording 10',
        'recording 10',
        'recording 10',
        'transferred 10 transferred to 11',
        'ended 10 transferred to 11',
        'ringing 11',
        // It was answered, and dropped, between two lists.
        'ended 11 missed',
      ]);
      assert.deepEqual(
        events.filter(({ event }) => event === 'recording').map(({ recording }) => recording),
        ['on', 'paused', 'on', 'off'],
      );
      assert.deepEqual(new Set(events.map(({ queue }) => queue?.name)), new Set(['Support: Süd; EU']));
      assert.deepEqual(new Set(events.map(({ call }) => call)).size, 1);
    });

    it('follow internal and outbound calls', () => {
      const events = play(captured('outbound and internal calls'));
      assert.deepEqual(words(events), [
        'dialing 10',
        'ringing 11',
        'answered 10',
        'answered 11',
        'ended 10 answered',
        'ended 11 answered',
        'dialing 10',
        'ended 10 not-reached',
        'dialing 100',
      ]);
      assert.deepEqual(
        events.map(({ internal }) => internal),
        [true, true, true, true, true, true, false, false, false],
      );
    });

    it('follow a call that is parked and fetched', () => {
      const bodies = captured('inbound direct call');
      const fetched = bodies[1]
        ?.replace('ID=98782;S=Held;DN=11', 'ID=98783;S=Connected;DN=10')
        .replace('*00', '004930999');
      const events = play([...bodies, fetched ?? assert.fail(), nobody]);
      assert.deepEqual(words(events), [
        'ringing 11',
        'answered 11',
        'transferred 11 transferred to 10',
        'ended 11 transferred to 10',
        'answered 10',
        'ended 10 answered',
      ]);
      assert.equal(events[1]?.extensionState, 'held');
      assert.deepEqual(new Set(events.map(({ call, number }) => `${call} ${number}`)).size, 1);
    });

    it('follow two calls on one extension that are joined', () => {
      const events = play([...captured('two calls on one extension, attended transfer'), nobody]);
      assert.deepEqual(words(events), [
        'answered 10',
        'answered 10',
        'answered 11',
        'transferred 10 transferred to 11',
        'ended 10 transferred to 11',
        'ended 10 answered',
        'ended 11 answered',
      ]);
      const [first, second, , transferred] = events;
      assert.deepEqual([first?.activeCalls, second?.activeCalls], [1, 2]);
      assert.equal(transferred?.connection, first?.connection, 'the call with the outside line');
      assert.equal(events.at(-1)?.call, first?.call);
    });
  });

  describe('in the documented form', () => {
    const page = (...records: string[]): string =>
      `<html><body>${records.map((one) => `${one}<br>`).join('')}</body></html>`;

    it('follow an inbound call and an internal one beside it', () => {
      const inbound = (status: string): string[] => [
        'ID=98741:CCID=1:S=Connected:DN=10000:EP=+4915112345678:REC=Stop',
        `ID=98742:CCID=2:S=${status}:DN=10:EP=+4915112345678:REC=Stop`,
      ];
      const internal = [
        'ID=98743:CCID=1:S=Dialing:DN=11:EP=12:REC=Stop',
        'ID=98744:CCID=2:S=Ringing:DN=12:EP=11:REC=Stop',
      ];
      const events = play([page(...inbound('Ringing'), ...internal), page(...inbound('Connected')), page()]);
      assert.deepEqual(words(events), [
        'ringing 10',
        'dialing 11',
        'ringing 12',
        'ended 11 not-reached',
        'ended 12 missed',
        'answered 10',
        'missed 12 missed',
        'ended 10 answered',
      ]);
      assert.equal(new Set(events.map(({ call }) => call)).size, 2);
    });

    it('keep two calls from one number at the same time apart', () => {
      const call = (id: number, dn: string): string[] => [
        `ID=${id}:CCID=1:S=Connected:DN=10000:EP=+4915112345678:REC=Stop`,
        `ID=${id + 1}:CCID=2:S=Ringing:DN=${dn}:EP=+4915112345678:REC=Stop`,
      ];
      const events = play([page(...call(1, '10'), ...call(3, '11')), page(...call(3, '11')), page()]);
      assert.deepEqual(words(events), [
        'ringing 10',
        'ringing 11',
        'ended 10 missed',
        'missed 10 missed',
        'ended 11 missed',
        'missed 11 missed',
      ]);
    });
  });
});
