import assert from 'node:assert/strict';
import { type CallOccurrence, type Followed, Following, type MadeCall, maxUnseen } from '../../lib/calls';
import { at, ListTracker, listOf, start } from '../../support/calls';

const call: MadeCall = { extension: '10', destination: '11', callId: null };
const talking = '1 10 connected 11; 2 11 connected 10';

/** Plays call lists, a second apart, to calls that are followed. */
class Stage {
  readonly following = new Following<string>();
  readonly told: string[] = [];
  readonly events: Followed<string>['event'][] = [];
  time = start;
  private readonly tracker = new ListTracker();
  private isGap = false;
  private hasSnapshot = false;

  /** @param text `-` is a try that gave no list */
  show(text: string, seconds = 1): this {
    this.time += seconds * 1000;
    if (text === '-') {
      this.tracker.noSnapshot();
      this.isGap = true;
      return this;
    }
    const since = this.isGap ? null : this.tracker.time;
    this.isGap = false;
    const occurrences = this.tracker.take(listOf(text), at(this.time)).filter((one) => 'party' in one);
    this.hasSnapshot = true;
    this.tell(this.following.take(this.news(occurrences), at(this.time), since, (a, b) => a === b));
    return this;
  }

  /** Answers a makecall after this many ms. Everything before the answer was there earlier. */
  make(made: Partial<MadeCall> = {}, owner = 'a', answeredIn = 0): this {
    const expected = this.following.expect(this.sight());
    this.answer(expected, made, owner, this.sight(), answeredIn);
    return this;
  }

  /** A makecall is sent, whose call may be seen before it is answered. */
  send(): (made?: Partial<MadeCall>, owner?: string) => void {
    const before = this.sight();
    const expected = this.following.expect(before);
    return (made = {}, owner = 'a') => {
      this.answer(expected, made, owner, before);
    };
  }

  private answer(
    expected: ReturnType<Following<string>['expect']>,
    made: Partial<MadeCall>,
    owner: string,
    before: ReturnType<Stage['sight']>,
    answeredIn = 0,
  ): void {
    const follow = { owner, call: { ...call, ...made }, before, answeredAt: at(this.time + answeredIn) };
    this.tell(this.following.follow(expected, follow, this.news([]), (a, b) => a === b));
  }

  private sight(): { newestParty: number; isCurrent: boolean } {
    return { newestParty: this.tracker.newestParty, isCurrent: this.hasSnapshot && !this.isGap };
  }

  private news(occurrences: CallOccurrence[]): Parameters<Following<string>['take']>[0] {
    const isOtherSideUp = (party: number): boolean => this.tracker.isOtherSideUp(party);
    return { occurrences, current: this.tracker.current(), isOtherSideUp };
  }

  private tell(followed: readonly Followed<string>[]): void {
    for (const { owner, event } of followed) {
      this.events.push(event);
      const words = [owner, event.event, event.connection, event.outcome, event.synthetic ? 'synthetic' : null];
      this.told.push(words.filter((word) => word !== null).join(' '));
    }
  }
}

describe('A call that is followed', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage().show('');
  });
  const told = (...expected: string[]): void => assert.deepEqual(stage.told, expected);

  it('is answered when the other side picks up, and ends once', () => {
    stage.make().show('1 10 dialing 11; 2 11 ringing 10');
    told();
    stage.show(talking);
    told('a answered 1');
    stage.show('1 10 hold 11; 2 11 held 10').show(talking).show('').show('');
    told('a answered 1', 'a ended 1 answered');
    assert.ok(stage.following.isEmpty);
  });

  it('is recognised by its id, whatever its number is', () => {
    stage.make({ callId: 'c', destination: '*20*12' }).show('5 10 connected +49 #x; 1 10 dialing +491 #c');
    stage.show('5 10 connected +49 #x; 1 10 connected +491 #c; 9 10000 connected +491').show('');
    told('a answered 1', 'a ended 1 answered');
  });

  it('is recognised by an id that becomes known later, even if it has been answered by then', () => {
    stage.make({ callId: 'c', destination: '*20*12' }).show('1 10 connected +491; 9 10000 connected +491');
    told();
    stage.show('1 10 connected +491 #c; 9 10000 connected +491');
    told('a answered 1');
    assert.deepEqual([stage.events[0]?.initial, stage.events[0]?.event], [false, 'answered']);
  });

  it('is not a call with another id, to another number or of another extension', () => {
    stage.make({ callId: 'c' }).show('1 10 dialing 11 #d; 2 11 ringing 10').show('');
    stage.show('3 10 dialing 12; 4 12 ringing 10').show('').show('5 12 dialing 11; 6 11 ringing 12').show('');
    told();
  });

  it('is not a call that was there before the makecall', () => {
    stage.show(talking).make().show(talking).show('');
    told();
    stage.show('7 10 dialing 11; 8 11 ringing 10').show('');
    told('a ended 7 not-reached');
  });

  it('is not a call that was there before the makecall, even if it has the id', () => {
    stage.show('2 11 ringing 10; 1 10 dialing 11 #c').make({ callId: 'c' });
    stage.show('2 11 connected 10; 1 10 connected 11 #c').show('');
    told();
    stage = new Stage();
    stage.show('2 11 ringing 10; 1 10 dialing 11').make().show('2 11 connected 10; 1 10 connected 11').show('');
    told();
  });

  it('is recognised by its number if the PBX gave no id, or reports none for the call', () => {
    stage.make().show('1 10 dialing 11 #x; 2 11 ringing 10').show('');
    stage.make({ callId: 'c' }, 'b').show('3 10 dialing 11; 4 11 ringing 10').show('');
    told('a ended 1 not-reached', 'b ended 3 not-reached');
  });

  it('is the call with its id, even if the extension has another call to the same number', () => {
    const first = '1 10 dialing 11 #c; 2 11 ringing 10';
    stage.make({ callId: 'c' }).show(`${first}; 3 10 dialing 11; 4 11 ringing 10`).show(first);
    told();
    stage.show('');
    told('a ended 1 not-reached');
  });

  it('is the call that was seen first, whatever the order in the list is now', () => {
    stage
      .make()
      .show('1 10 dialing *1; 3 10 dialing *2')
      .show('3 10 dialing 11; 1 10 dialing 11')
      .show('3 10 dialing 11');
    told('a ended 1 not-reached');
  });

  it('is not recognised by its number if there was no snapshot before the makecall', () => {
    stage = new Stage();
    stage.make().show(talking).show('');
    told();
  });

  it('is recognised by its id if there was no snapshot before the makecall', () => {
    stage = new Stage();
    stage
      .make({ callId: 'c' })
      .show('1 10 connected 12 #b; 2 12 connected 10; 3 10 connected 11 #c; 4 11 connected 10');
    told('a answered 3');
  });

  it('is recognised by its id after an outage, even if an earlier call had the same leg', () => {
    stage.show('1 10 dialing 11; 2 11 ringing 10').show('-').make({ callId: 'c', destination: '12' });
    stage.show('1 10 dialing 12 #c; 2 12 ringing 10').show('1 10 connected 12 #c; 2 12 connected 10');
    told('a answered 1');
  });

  it('is not a call that began in an outage before the makecall', () => {
    stage.show('-').make().show(talking).show('');
    told();
  });

  it('is not a call from the destination to the extension', () => {
    stage.make().show('1 11 dialing 10; 2 10 ringing 11').show('1 11 connected 10; 2 10 connected 11').show('');
    told();
  });

  it('is not a call that another message follows', () => {
    stage.make({}, 'a').make({}, 'b').show('1 10 dialing 11; 2 11 ringing 10');
    stage.show('1 10 dialing 11; 2 11 ringing 10; 3 10 dialing 11; 4 11 ringing 10').show('');
    told('a ended 1 not-reached', 'b ended 3 not-reached');
  });

  it('belongs to the message with its id rather than to a message without an id', () => {
    stage.make({}, 'a').make({ callId: 'c' }, 'b').show('1 10 dialing 11 #c; 2 11 ringing 10').show('');
    told('b ended 1 not-reached');
  });

  it('may be seen, and even be over, before its makecall is answered', () => {
    const answer = stage.send();
    stage.show('1 10 dialing 11; 2 11 ringing 10').show(talking).show('');
    told();
    answer();
    told('a answered 1', 'a ended 1 answered');
  });

  it('is forgotten when its makecall is refused', () => {
    const expected = stage.following.expect({ newestParty: 0, isCurrent: true });
    stage.following.cancel(expected);
    assert.ok(stage.following.isEmpty);
  });

  it('rings the calling phone first, which is not the other side', () => {
    stage.make({ callId: 'c' }).show('1 10 ringing 11 #c').show('1 10 connected 11 #c; 2 11 ringing 10');
    told();
    stage.show(talking);
    told('a answered 1');
    stage.show('');
    told('a answered 1', 'a ended 1 answered');
  });

  it('is answered when one of several extensions picks up, but not while nobody else is there', () => {
    stage.make({ callId: 'c' }).show('1 10 ringing 8000 #c ga').show('1 10 connected 8000 #c ga');
    told();
    stage.show('1 10 connected 8000 #c ga; 2 11 ringing 10 ga; 3 12 connected 10 ga');
    told('a answered 1');
  });

  it('is over when it dials a code that puts its leg into a call which the extension is already in', () => {
    const held = '1 10000 connected +491; 2 10 held +491';
    stage.show(held).make({ destination: '*20' }).show(`${held}; 3 10 dialing *20`);
    stage.show('1 10000 connected +491; 3 10 connected +491; 2 10 held +491');
    told('a ended 3 answered');
  });

  it('goes on when the calling phone has rung and then dials', () => {
    stage.make({ callId: 'c' }).show('1 10 ringing 11 #c').show('1 10 dialing 11; 2 11 ringing 10');
    told();
    stage.show(talking).show('');
    told('a answered 1', 'a ended 1 answered');
  });

  it('is over when the calling phone is not picked up', () => {
    stage.make({ callId: 'c' }).show('1 10 ringing 11 #c').show('');
    told('a ended 1 missed');
  });

  it('is over when the calling phone is not picked up, even if the extension talks in another call', () => {
    const other = '7 10 connected 15; 8 15 connected 10';
    stage.show(other).make({ callId: 'c' }).show(`${other}; 1 10 ringing 11 #c`).show(other);
    told('a ended 1 missed');
  });

  it('is over when the calling phone has talked and dials again', () => {
    stage.make({ callId: 'c' }).show('1 10 ringing 11 #c').show('1 10 connected 11 #c; 2 11 connected 10');
    stage.show('1 10 dialing 15; 3 15 ringing 10');
    told('a answered 1', 'a ended 1 answered');
  });

  it('ends as `transferred` when the extension has passed it on', () => {
    const outside = { destination: '+491' };
    stage
      .make(outside)
      .show('1 10 dialing +491; 2 10000 dialing +491')
      .show('1 10 connected +491; 2 10000 connected +491');
    stage.show('1 12 ringing +491; 2 10000 connected +491');
    told('a answered 1', 'a ended 1 transferred');
  });

  it('ends in an outage as unknown if it was ringing, and as answered if it was answered', () => {
    stage.make().show('1 10 dialing 11; 2 11 ringing 10').show('-').show('');
    told('a ended 1 unknown synthetic');
    stage.make().show(talking).show('-').show('');
    told('a ended 1 unknown synthetic', 'a answered 1', 'a ended 1 answered synthetic');
  });

  it('ends as unknown when it is not seen for ten seconds', () => {
    stage.make({ callId: 'c' });
    for (let second = 1; second < 10; second++) stage.show('');
    told();
    assert.equal(stage.following.patience, 1_000);
    stage.show('');
    told('a ended unknown synthetic');
    const { callId, extension, number, initial, event, outcome, synthetic, ...nothing } = stage.events[0] ?? {};
    assert.deepEqual([callId, extension, number, initial], ['c', '10', '11', false]);
    assert.deepEqual([event, outcome, synthetic], ['ended', 'unknown', true]);
    assert.deepEqual(new Set(Object.values(nothing)), new Set([null]));
    const [fields] = new Stage().show('').make().show(talking).events;
    assert.deepEqual(Object.keys(stage.events[0] ?? {}).sort(), Object.keys(fields ?? {}).sort());
    assert.ok(stage.following.isEmpty);
  });

  it('is still found if the next snapshot comes after more than ten seconds', () => {
    stage.make().show('1 10 dialing 11; 2 11 ringing 10', 60).show('');
    told('a ended 1 not-reached');
  });

  it('does not end as unknown because of an outage: only time that snapshots cover counts', () => {
    stage.make().show('', 5).show('-', 100).show('', 100).show('', 4);
    told();
    assert.equal(stage.following.patience, maxUnseen - 9_000);
    stage.show('1 10 dialing 11; 2 11 ringing 10').show('');
    told('a ended 1 not-reached');
  });

  it('is awaited from the answer to the makecall on, whenever the snapshots around it were made', () => {
    stage.make({}, 'a', 1_500).show('');
    assert.equal(stage.following.patience, maxUnseen);
    stage.show('');
    assert.equal(stage.following.patience, maxUnseen - 500);
    stage.show('');
    assert.equal(stage.following.patience, maxUnseen - 1_500);
  });

  it('has a time limit of its own; of several awaited calls, the one made first sets the patience', () => {
    stage.make().show('').show('').make({ destination: '12' }, 'b').show('');
    assert.equal(stage.following.patience, maxUnseen - 3_000);
    stage.show('1 10 dialing 11; 2 11 ringing 10');
    assert.equal(stage.following.patience, maxUnseen - 2_000);
    stage.show('1 10 dialing 11; 2 11 ringing 10; 3 10 dialing 12; 4 12 ringing 10');
    assert.equal(stage.following.patience, null);
  });

  it('is dropped with its owner', () => {
    stage
      .make({}, 'a')
      .make({}, 'b')
      .following.drop((owner) => owner === 'a');
    stage.show('1 10 dialing 11; 2 11 ringing 10').show('');
    told('b ended 1 not-reached');
  });

  it('decides which legs need a call id, and for which owners following is needed', () => {
    const isOfUse = (): boolean[] =>
      [
        ['10', '1'],
        ['10', '7'],
        ['11', '2'],
      ].map(([extension = '', leg = '']) => stage.following.needsCallId(extension, leg));
    stage.make();
    assert.deepEqual(isOfUse(), [false, false, false]);
    stage.show('1 10 dialing 11; 2 11 ringing 10');
    assert.deepEqual(isOfUse(), [true, false, false]);
    stage.make({ callId: 'c' });
    assert.deepEqual(isOfUse(), [true, true, false]);
    stage.make({}, 'b');
    const isNeeded = (...owners: string[]): boolean => stage.following.isNeeded((owner) => owners.includes(owner));
    assert.deepEqual([isNeeded('a', 'b'), isNeeded('a'), isNeeded()], [true, true, false]);
    const answer = stage.send();
    assert.ok(isNeeded(), 'a command is under way');
    answer();
  });

  it('is expected without a time limit while its makecall is unanswered', () => {
    const answer = stage.send();
    assert.deepEqual([stage.following.isEmpty, stage.following.patience], [false, null]);
    answer();
    assert.deepEqual([stage.following.isEmpty, stage.following.patience], [false, maxUnseen]);
  });
});
