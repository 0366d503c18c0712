import assert from 'node:assert/strict';
import { type CallEvent, CallTracker } from '../../lib/calls';
import type { Leg } from '../../lib/pbx';
import { CallList } from '../../lib/v20/call-list';
import {
  actionResultOf,
  devicesOf,
  directionOf,
  dnsOf,
  keyOf,
  messageOf,
  numberOf,
  partyNameOf,
  type Participant,
  participantOf,
  roleOfType,
} from '../../lib/v20/participants';
import { eventsOf } from '../../support/calls';
import { captured, captures } from './support';

/** A participant of V20; an inbound call that rings at 101, but for what is given. */
function participant(over: Record<string, unknown> = {}): Participant {
  const found = participantOf({ ...(captured('participant-inbound-ringing') as object), ...over });
  assert.ok(found);
  return found;
}

const call = { party_dn: '10007', party_dn_type: 'Wexternalline', party_caller_id: '+4930111' };
const internal = (dn: string): object => ({ party_dn: dn, party_dn_type: 'Wextension', party_caller_id: dn });

/** No participant is newer than a list. */
const no = (): boolean => false;

/** Plays changes through a call list and a tracker. */
class Play {
  readonly events: CallEvent[] = [];
  readonly tracker = new CallTracker();
  readonly list: CallList;
  now = 1_000;
  /** DNs at which somebody is asked for who is new. */
  readonly awaited = new Set<string>();
  legs: readonly Leg[] = [];

  constructor(types: Readonly<Record<string, string>> = {}) {
    this.list = new CallList(
      (dn) => (dn === '8000' ? 'Support' : ''),
      (legs, at, since) => {
        this.legs = legs;
        const accuracyMs = this.now - since.steady;
        this.events.push(
          ...eventsOf(this.tracker.update({ connections: legs, changed: true, at, accuracyMs, afterGap: false })),
        );
      },
      (dn) => this.awaited.has(dn),
    );
    const dns = { ...types, '101': 'Wextension', '102': 'Wextension', '103': 'Wextension', '209': 'Wextension' };
    for (const [dn, type] of Object.entries(dns)) this.list.participants.setType({ dn, type });
    this.list.participants.setType({ dn: '8000', type: 'Wqueue' });
    this.tracker.update({ connections: [], changed: true, at: this.at(), accuracyMs: 0, afterGap: false });
  }

  at(): { wall: number; steady: number } {
    return { wall: this.now, steady: this.now };
  }

  upsert(over: Record<string, unknown>): this {
    this.now += 10;
    this.list.upsert(participant({ callid: 4711, ...call, ...over }), this.at());
    return this;
  }

  remove(dn: string, id: number): this {
    this.now += 10;
    this.list.remove(keyOf(dn, String(id)), this.at());
    return this;
  }

  /** A list shows this one alone. */
  take(one: Participant): this {
    const dn = { dn: one.dn, type: 'Wextension', devices: [], participants: [one] };
    this.list.take([dn], this.at(), this.at(), no, false);
    return this;
  }

  /** @returns the calls that only the PBX can say more about */
  wait(milliseconds: number, leaving: readonly string[] = [], unheardSince = Infinity): string[] {
    this.now += milliseconds;
    return this.list.expire(this.at(), (key) => leaving.includes(key), unheardSince);
  }

  /** Time passes, and nothing more can be learnt from the PBX. */
  end(): this {
    for (const callId of this.wait(2_000)) this.list.resolve(callId, 'over', this.at());
    return this;
  }

  get words(): string[] {
    return this.events.map(({ event, extension, outcome, transferredTo }) =>
      [event, extension, outcome, transferredTo && `to ${transferredTo}`].filter(Boolean).join(' '),
    );
  }
}

/** 209 has called 101, and they talk. */
function inside(): Play {
  return new Play()
    .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('101') })
    .upsert({ id: 2, dn: '101', legid: 2, ...internal('209') })
    .upsert({ id: 2, dn: '101', legid: 2, status: 'Connected', ...internal('209') })
    .upsert({ id: 1, dn: '209', status: 'Connected', legid: 1, ...internal('101') });
}

describe('What 3CX V20 says', () => {
  it('a participant: each capture is read', () => {
    const items = captures.items.filter(({ kind }) => kind === 'participant');
    assert.ok(items.length > 5);
    for (const { id, data } of items) assert.ok(participantOf(data), id);
  });

  it('a participant: an inbound call that rings, with its caller and its trunk', () => {
    const { dn, id, status, callId, legId, party, directControl } = participant();
    assert.deepEqual(
      { dn, id, status, callId, legId, party, directControl },
      {
        ...{ dn: '150', id: '8106', status: 'ringing', callId: '1264', legId: 4, directControl: false },
        party: { dn: '10007', type: 'externalline' },
      },
    );
    assert.equal(numberOf(participant()), '0301234567');
    assert.equal(directionOf(participant()), 'inbound');
  });

  it('a participant: in PascalCase it is the same', () => {
    const data = captured('participant-inbound-ringing') as Record<string, unknown>;
    const pascal = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key.replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
        value,
      ]),
    );
    assert.deepEqual(participantOf(pascal), participantOf(data));
  });

  it('a participant: the number is what was dialled while the router has it', () => {
    const found = participantOf(captured('participant-outbound-router'));
    assert.ok(found);
    assert.equal(numberOf(found), '0889');
    assert.equal(numberOf({ ...found, calleeId: '' }), '');
  });

  it('a participant: voicemail keeps the number that was called', () => {
    const found = participantOf(captured('participant-voicemail-connected'));
    assert.ok(found);
    assert.equal(numberOf(found), '101');
    assert.equal(numberOf({ ...found, callerId: '666' }), '');
  });

  it('a participant: a trunk is no number', () => {
    assert.equal(numberOf(participant({ party_caller_id: '' })), '');
    assert.equal(numberOf(participant({ ...internal('101'), party_caller_id: '' })), '101');
  });

  it('a participant: the name is that of the other party, never a number nor a menu', () => {
    const named = { party_caller_name: 'Muster, Max' };
    assert.equal(partyNameOf(participant(named)), 'Muster, Max');
    assert.equal(partyNameOf(participant({ ...internal('101'), ...named })), 'Muster, Max');
    assert.equal(partyNameOf(participant({ party_dn_type: 'None', ...named })), 'Muster, Max');
    for (const type of ['Wspecialmenu', 'Wroutepoint', 'Wivr', 'Wparkextension']) {
      assert.equal(partyNameOf(participant({ party_dn_type: type, ...named })), null, type);
    }
    for (const name of ['', '+49301234567', '0301234567', '030 / 123', '*10']) {
      assert.equal(partyNameOf(participant({ party_caller_name: name })), null, name);
    }
    const names = captures.items.flatMap(({ data }) => {
      const found = participantOf(data);
      return found === null ? [] : (partyNameOf(found) ?? []);
    });
    assert.deepEqual(names, ['Muster, Max']);
  });

  it('a participant: missing and null members are empty', () => {
    const found = participantOf(captured('participant-minimal'));
    assert.ok(found);
    assert.deepEqual([found.callerName, found.originatedBy], ['', { dn: '', type: '' }]);
    assert.equal(participantOf({ status: 'Ringing' }), null);
    assert.equal(participantOf(null), null);
  });

  it('a participant: the first leg of a call that is Connected has called', () => {
    const nobody = { originated_by_dn: '', originated_by_type: 'None', status: 'Connected' };
    assert.equal(directionOf(participant({ ...nobody, legid: 1 })), 'outbound');
    assert.equal(directionOf(participant({ ...nobody, legid: 2 })), 'inbound');
    assert.equal(directionOf(participant({ status: 'Connected', legid: 1 })), 'inbound');
  });

  it('a list of DNs: with types, devices and participants', () => {
    const dns = dnsOf(captured('callcontrol-list'));
    assert.ok(dns);
    const extension = dns.find(({ dn }) => dn === '150');
    assert.equal(extension?.devices.length, 3);
    assert.equal(extension.participants.length, 1);
    assert.equal(dnsOf({}), null);
    assert.equal(dnsOf([{ dn: '10', participants: [{}] }]), null);
  });

  it('devices: contact and user agent', () => {
    assert.deepEqual(devicesOf(captured('devices'))?.[0], {
      id: 'sip:6002@10.0.0.7:5060',
      userAgent: 'Yealink SIP-T54W 96.86.0.20',
    });
  });

  it('types: what is unknown is a service', () => {
    assert.deepEqual(
      ['Wextension', 'Extension', 'Wexternalline', 'Wqueue', 'Wivr', 'Wringgroup', 'Wwhatever'].map(roleOfType),
      ['extension', 'extension', 'trunk', 'queue', 'service', 'service', 'service'],
    );
  });

  for (const id of ['ws-upsert', 'ws-remove', 'ws-upsert-pascal', 'ws-dtmf', 'ws-prompt-finished', 'ws-response']) {
    it(`a message: ${id}`, () => {
      const message = messageOf(JSON.stringify(captured(id)));
      const expected = { 'ws-upsert': 'upsert', 'ws-upsert-pascal': 'upsert', 'ws-remove': 'remove' }[id] ?? 'other';
      assert.equal(message?.kind, expected);
      assert.equal(message.attached, null);
    });
  }

  it('a message: with the participant attached', () => {
    const message = messageOf(JSON.stringify(captured('ws-upsert-attached')));
    assert.equal(message?.attached?.status, 'connected');
  });

  it('a message: anything else is none', () => {
    for (const text of ['', 'x', '{}', '[]', 'null', '{"event":{"event_type":0,"entity":"/elsewhere/1"}}']) {
      assert.equal(messageOf(text), null);
    }
  });

  it('a result: done, with the leg', () => {
    const result = actionResultOf(JSON.stringify(captured('makecall-200')), true);
    assert.equal(result?.isDone, true);
    assert.equal(result.participant?.callId, '26');
    assert.equal(actionResultOf(JSON.stringify(captured('makecall-no-result')), true)?.participant, null);
  });

  it('a result: refused, with the reason of the PBX', () => {
    const result = actionResultOf(JSON.stringify(captured('action-424')), false);
    assert.deepEqual([result?.isDone, result?.detail], [false, 'DestinationBusy: made up text']);
    assert.equal(actionResultOf('{"finalstatus":"Failed"}', true)?.isDone, false);
  });

  it('a result: an empty body says what its status says, and no other text is one', () => {
    assert.equal(actionResultOf('', true)?.isDone, true);
    assert.equal(actionResultOf('', false)?.isDone, false);
    assert.equal(actionResultOf('<html>', true), null);
  });
});

describe('Events of 3CX V20', () => {
  const expected: Record<string, string[]> = {
    'inbound-direct-answered': ['ringing 101', 'answered 101', 'ended 101 answered'],
    'two-devices-one-extension': ['ringing 101', 'answered 101', 'ended 101 answered'],
    'ring-group-three': [
      ...['ringing 101', 'ringing 102', 'ringing 103', 'answered 102'],
      ...['ring-stopped 101 answered-elsewhere', 'ring-stopped 103 answered-elsewhere', 'ended 102 answered'],
    ],
    'queue-two-waves': [
      ...['ringing 101', 'ringing 102', 'answered 102', 'ring-stopped 101 answered-elsewhere', 'ended 102 answered'],
    ],
    'blind-transfer': [
      ...['ringing 101', 'answered 101', 'ringing 103', 'answered 103'],
      ...['transferred 101 transferred to 103', 'ended 101 transferred to 103', 'ended 103 answered'],
    ],
    'no-answer-to-voicemail': [
      ...['dialing 209', 'ringing 101', 'answered 209', 'ring-stopped 101 missed', 'ended 209 answered'],
      'missed 101 missed',
    ],
    'duplicates-and-404': ['ringing 101', 'ended 101 missed', 'missed 101 missed'],
  };

  for (const { id, steps } of captures.sequences) {
    it(`the sequence ${id}`, () => {
      const play = new Play();
      for (const step of steps) {
        if (step.upsert) play.upsert({ callid: 4711, ...step.upsert });
        if (step.remove) play.remove(...step.remove);
        if (step.event_without_entity) play.remove(...step.event_without_entity);
        if (step.wait) play.wait(step.wait);
        else play.wait(0);
      }
      play.end();
      const words = expected[id];
      assert.ok(words, `no events for ${id}`);
      assert.deepEqual(play.words.toSorted(), words.toSorted());
      assert.equal(play.list.isRestless, false);
    });
  }

  it('a call from outside is not internal, even if the trunk has no leg', () => {
    const [ringing] = new Play().upsert({ id: 1, dn: '101' }).events;
    assert.deepEqual([ringing?.internal, ringing?.trunk, ringing?.number], [false, '10007', '+4930111']);
    const [other] = new Play().upsert({ id: 1, dn: '101', ...internal('102') }).events;
    assert.deepEqual([other?.internal, other?.trunk, other?.number], [true, null, '102']);
  });

  it('the queue is the one that the participant names, else the one that was in the call before', () => {
    const queue = { id: 1, dn: '8000', status: 'Connected', legid: 2 };
    const [named] = new Play().upsert({
      id: 2,
      dn: '101',
      originated_by_dn: '8000',
      originated_by_type: 'Wqueue',
    }).events;
    assert.deepEqual(named?.queue, { number: '8000', name: 'Support' });
    const [near] = new Play().upsert(queue).upsert({ id: 2, dn: '101', legid: 3 }).events;
    assert.deepEqual(near?.queue, { number: '8000', name: 'Support' });
    const [direct] = new Play().upsert({ id: 2, dn: '101', legid: 2 }).upsert({ ...queue, legid: 3 }).events;
    assert.equal(direct?.queue, null);
  });

  it('a direct call that stops ringing is missed after two seconds, with the times of the Remove', () => {
    const play = new Play().upsert({ id: 1, dn: '101' });
    play.now += 500;
    play.remove('101', 1);
    assert.deepEqual(play.wait(1_990), []);
    assert.deepEqual(play.words, ['ringing 101']);
    assert.deepEqual(play.wait(10), ['4711']);
    play.list.resolve('4711', 'over', play.at());
    assert.deepEqual(play.words, ['ringing 101', 'ended 101 missed', 'missed 101 missed']);
    const [, ended, missed] = play.events;
    assert.deepEqual([ended?.ringSeconds, missed?.ringSeconds, ended?.accuracyMs], [0.51, 0.51, 2_000]);
  });

  it('a call that waits in a queue which cannot be seen is not over', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    for (const callId of play.wait(2_000)) play.list.resolve(callId, 'waiting', play.at());
    assert.deepEqual(play.words, ['ringing 101', 'ring-stopped 101 missed']);
    play.upsert({ id: 2, dn: '102' }).remove('102', 2);
    for (const callId of play.wait(2_000)) play.list.resolve(callId, 'waiting', play.at());
    assert.equal(play.list.isOpen('4711'), true);
    play.list.resolve('4711', 'over', play.at());
    assert.deepEqual(play.words.slice(2), ['ringing 102', 'ring-stopped 102 missed', 'missed 101 missed']);
    assert.equal(new Set(play.events.map(({ call }) => call)).size, 1);
  });

  it('a call is not missed if somebody who cannot be seen took it', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    for (const callId of play.wait(2_000)) play.list.resolve(callId, 'taken', play.at());
    assert.deepEqual(play.words, ['ringing 101', 'ended 101 answered-elsewhere']);
  });

  it('an answer about a call does not decide on a ring that ended after the question', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    assert.deepEqual(play.wait(2_000), ['4711']);
    const askedAt = play.at();
    play.upsert({ id: 2, dn: '102' }).remove('102', 2);
    play.list.resolve('4711', 'waiting', play.at(), askedAt.steady);
    assert.deepEqual(play.words, ['ringing 101', 'ringing 102', 'ring-stopped 101 missed']);
    play.end();
    assert.deepEqual(play.words.slice(3), ['ended 102 missed', 'missed 101 missed']);
  });

  it('an answer about a call with somebody in it does not decide on a ring that has just ended', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected', legid: 2 })
      .upsert({ id: 2, dn: '102', legid: 3 })
      .remove('102', 2);
    play.list.resolve('4711', 'waiting', play.at());
    assert.deepEqual(play.words, ['answered 101', 'ringing 102']);
    play.remove('101', 1).end();
    assert.deepEqual(play.words.slice(2), ['ended 101 answered', 'ended 102 missed']);
  });

  it('a call is not missed if somebody took it after it had waited', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    for (const callId of play.wait(2_000)) play.list.resolve(callId, 'waiting', play.at());
    play.list.resolve('4711', 'taken', play.at());
    assert.deepEqual(play.words, ['ringing 101', 'ring-stopped 101 missed']);
  });

  it('a ring is answered elsewhere at once if an internal caller talks to somebody who cannot be seen', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('800') })
      .upsert({ id: 2, dn: '101', ...internal('209') })
      .upsert({ id: 1, dn: '209', status: 'Connected', legid: 1, ...internal('105') })
      .remove('101', 2);
    assert.deepEqual(play.words.at(-1), 'ring-stopped 101 answered-elsewhere');
  });

  it('a call that comes back from somebody who cannot be seen, and rings, has not been taken since', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('800') })
      .upsert({ id: 2, dn: '101', ...internal('209') })
      .upsert({ id: 1, dn: '209', status: 'Connected', legid: 1, ...internal('105') })
      .remove('101', 2)
      .upsert({ id: 3, dn: '102', legid: 3, ...internal('209') })
      .remove('102', 3)
      .remove('209', 1)
      .end();
    assert.deepEqual(play.words.slice(3), [
      ...['ring-stopped 101 answered-elsewhere', 'ringing 102', 'ended 209 answered', 'ended 102 missed'],
    ]);
  });

  it('a call is missed at once if an internal caller gives up', () => {
    for (const order of [['209', 1, '101', 2] as const, ['101', 2, '209', 1] as const]) {
      const play = new Play()
        .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('101') })
        .upsert({ id: 2, dn: '101', ...internal('209') })
        .remove(order[0], order[1])
        .remove(order[2], order[3]);
      assert.deepEqual(play.words.slice(2).toSorted(), [
        ...['ended 101 missed', 'ended 209 not-reached', 'missed 101 missed'],
      ]);
    }
  });

  it('a call is not over at once if its internal caller has handed it on', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('101') })
      .upsert({ id: 2, dn: '101', legid: 2, ...internal('209') })
      .remove('209', 1)
      .upsert({ id: 2, dn: '101', legid: 2 });
    play.now += 5_000;
    play.remove('101', 2);
    for (const callId of play.wait(2_000)) play.list.resolve(callId, 'taken', play.at());
    assert.deepEqual(play.words.slice(2), ['ended 209 not-reached', 'ended 101 answered-elsewhere']);
  });

  it('a phone that rings again in the same call has stopped ringing in between', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1).upsert({ id: 2, dn: '101', legid: 9 });
    assert.deepEqual(play.words, ['ringing 101', 'ring-stopped 101 missed', 'ringing 101']);
    assert.equal(play.events[0]?.call, play.events[2]?.call);
    assert.equal(play.list.legs().length, 1);
  });

  it('a caller who waited in a queue and hangs up was not transferred to the agent', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('8000') })
      .upsert({ id: 1, dn: '209', status: 'Connected', legid: 1, party_dn: '8000', party_dn_type: 'Wqueue' })
      .upsert({ id: 2, dn: '101', legid: 3, ...internal('209') })
      .upsert({ id: 2, dn: '101', legid: 3, status: 'Connected', ...internal('209') })
      .remove('209', 1)
      .remove('101', 2);
    assert.deepEqual(play.words.slice(-2), ['ended 209 answered', 'ended 101 answered']);
  });

  it('an internal call can be transferred', () => {
    const play = inside()
      .upsert({ id: 3, dn: '103', legid: 3, ...internal('209'), referred_by_dn: '101', referred_by_type: 'Wextension' })
      .upsert({ id: 3, dn: '103', legid: 3, status: 'Connected', ...internal('209') })
      .remove('101', 2);
    assert.deepEqual(play.words.slice(-2), [...['transferred 101 transferred to 103', 'ended 101 transferred to 103']]);
  });

  it('two calls that became one keep the id of the older one', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected' })
      .upsert({ id: 2, dn: '101', status: 'Dialing', callid: 4712, legid: 1, ...internal('103') })
      .upsert({ id: 3, dn: '103', callid: 4712, legid: 2, ...internal('101') })
      .upsert({ id: 3, dn: '103', callid: 4712, legid: 2, status: 'Connected', ...internal('101') })
      .upsert({ id: 2, dn: '101', callid: 4712, legid: 1, status: 'Connected', ...internal('103') })
      .upsert({ id: 3, dn: '103', callid: 4711, legid: 5, status: 'Connected' })
      .remove('101', 1)
      .remove('101', 2)
      .remove('103', 3);
    assert.deepEqual(play.words.slice(-4), [
      ...['transferred 101 transferred to 103', 'ended 101 transferred to 103', 'ended 101 answered'],
      'ended 103 answered',
    ]);
    assert.equal(play.events.at(-1)?.call, play.events[0]?.call);
  });

  it('who hangs up together with the one who transfers was not transferred', () => {
    const play = inside()
      .upsert({ id: 3, dn: '209', status: 'Dialing', callid: 4712, legid: 1, ...internal('102') })
      .upsert({ id: 4, dn: '102', callid: 4712, legid: 2, ...internal('209') })
      .upsert({ id: 4, dn: '102', callid: 4712, legid: 2, status: 'Connected', ...internal('209') })
      .upsert({ id: 3, dn: '209', callid: 4712, legid: 1, status: 'Connected', ...internal('102') })
      .upsert({ id: 4, dn: '102', legid: 5, status: 'Connected', ...internal('SP0'), party_dn_type: 'Wparkextension' });
    const gone = [keyOf('209', '1'), keyOf('101', '2')];
    play.list.removeAll(gone.map((key) => [key, play.at()]));
    play.remove('209', 3);
    assert.deepEqual(play.words.slice(-3), ['ended 209 answered', 'ended 101 answered', 'ended 209 answered']);
  });

  it('nobody is transferred to the one he already talks to', () => {
    const play = inside()
      .upsert({ id: 3, dn: '101', status: 'Connected', callid: 4712 })
      .upsert({ id: 4, dn: '102', legid: 3, ...internal('101') })
      .upsert({ id: 4, dn: '102', callid: 4712, legid: 3 });
    const gone = [keyOf('209', '1'), keyOf('101', '2')];
    play.list.removeAll(gone.map((key) => [key, play.at()]));
    assert.ok(play.words.includes('ended 209 transferred to 102'), play.words.join(', '));
  });

  it('a callid that comes again after its end is a new call', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected' })
      .remove('101', 1)
      .upsert({ id: 1, dn: '101' });
    assert.notEqual(play.events.at(-1)?.call, play.events[0]?.call);
  });

  it('participants with the same id at two DNs are two', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).upsert({ id: 1, dn: '102' });
    assert.deepEqual(play.words, ['ringing 101', 'ringing 102']);
  });

  it('an Upset that changes nothing causes no update', () => {
    let count = 0;
    const list = new CallList(
      () => '',
      () => count++,
    );
    for (let time = 1; time < 5; time++) list.upsert(participant(), { wall: time, steady: time });
    // Phones register again, from another port.
    list.upsert(participant({ device_id: 'sip:101@10.0.0.9:5999' }), { wall: 5, steady: 5 });
    assert.equal(count, 1);
  });

  it('a ring that has stopped does not grow while it waits', () => {
    const play = new Play().upsert({ id: 1, dn: '101' });
    play.remove('101', 1);
    play.now += 1_500;
    play.tracker.update({ connections: play.legs, changed: false, at: play.at(), accuracyMs: 0, afterGap: false });
    assert.equal(play.tracker.current()[0]?.ringMs, 10);
  });

  it('a ring that ended during an outage ends as unknown', () => {
    const play = new Play().upsert({ id: 1, dn: '101' });
    play.tracker.noSnapshot();
    play.list.take([], play.at(), play.at(), no, true);
    assert.deepEqual(play.words, ['ringing 101', 'ended 101 unknown']);
  });

  it('an outside line that is connected while the call rings on elsewhere is no answer', () => {
    const play = new Play({ '10007': 'Wexternalline' })
      .upsert({ id: 1, dn: '10007', status: 'Connected', legid: 1, originated_by_type: 'None', ...internal('101') })
      .upsert({ id: 2, dn: '101', legid: 2 })
      .upsert({ id: 3, dn: '102', legid: 3 })
      .upsert({ id: 1, dn: '10007', status: 'Connected', legid: 1, originated_by_type: 'None', ...internal('102') })
      .remove('101', 2)
      .end();
    assert.deepEqual(play.words, ['ringing 101', 'ringing 102', 'ring-stopped 101 missed']);
  });

  it('the party that the caller talked to before has not taken a call that rings later', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Connected', legid: 1, originated_by_type: 'None', ...internal('105') })
      .upsert({ id: 2, dn: '101', legid: 3, ...internal('209') })
      .remove('101', 2)
      .end();
    assert.equal(play.words.at(-1), 'ring-stopped 101 missed');
  });

  it('an outside line that was dialled has taken the call when it is answered', () => {
    const line = { id: 3, dn: '10007', legid: 3, party_dn: '10007', party_caller_id: '+49170111' };
    const play = new Play({ '10007': 'Wexternalline' })
      .upsert({ id: 1, dn: '10007', status: 'Connected', legid: 1, originated_by_type: 'None', ...internal('101') })
      .upsert({ id: 2, dn: '101', legid: 2 })
      .upsert({ ...line, status: 'Dialing', originated_by_dn: '', originated_by_type: 'None' })
      .remove('101', 2)
      .upsert({ ...line, status: 'Connected', originated_by_dn: '', originated_by_type: 'None' });
    assert.equal(play.words.at(-1), 'ring-stopped 101 answered-elsewhere');
  });

  it('all rings for a call end with it', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Dialing', legid: 1, ...internal('8000') })
      .upsert({ id: 2, dn: '101', legid: 2, ...internal('209') })
      .upsert({ id: 3, dn: '102', legid: 3, ...internal('209') })
      .remove('101', 2)
      .remove('102', 3)
      .remove('209', 1);
    assert.deepEqual(play.words.slice(3), [
      ...['ended 209 not-reached', 'ended 101 missed', 'ended 102 missed', 'missed 101 missed'],
    ]);
  });

  it('an extension that stops ringing at the end of a call that was answered before has missed it', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected', legid: 2 })
      .upsert({ id: 2, dn: '102', legid: 3 })
      .remove('102', 2)
      .remove('101', 1)
      .end();
    assert.equal(
      play.words.findLast((word) => word.includes(' 102 ')),
      'ended 102 missed',
    );
  });

  it('a decline of a call that goes on is known soon', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected', legid: 2 })
      .upsert({ id: 2, dn: '102', legid: 3 })
      .remove('102', 2);
    assert.equal(play.words.length, 2);
    play.wait(100);
    assert.equal(play.words.at(-1), 'ring-stopped 102 missed');
  });

  it('a phone that rings on for long after somebody has answered has not missed the call, whoever else still rings', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', legid: 2 })
      .upsert({ id: 2, dn: '102', legid: 3 })
      .upsert({ id: 2, dn: '102', status: 'Connected', legid: 3 })
      .upsert({ id: 3, dn: '103', legid: 4 });
    play.wait(2_000);
    play.remove('101', 1).wait(100);
    assert.equal(play.words.at(-1), 'ring-stopped 101 answered-elsewhere');
  });

  it('a ring that is gone waits for other legs of its call that may be gone too, but not for long', () => {
    const from = { originated_by_dn: '', originated_by_type: 'None' };
    const ring = (): Play =>
      new Play({ '10007': 'Wexternalline' })
        .upsert({ id: 1, dn: '10007', status: 'Connected', legid: 1, ...from })
        .upsert({ id: 2, dn: '101', legid: 2 })
        .remove('101', 2);
    const over = ring();
    over.wait(2_000, ['10007/1']);
    over.remove('10007', 1);
    assert.deepEqual(over.words, ['ringing 101', 'ended 101 missed', 'missed 101 missed']);
    const open = ring();
    open.wait(2_000, ['10007/1']);
    open.wait(8_000, ['10007/1']);
    assert.deepEqual(open.words, ['ringing 101', 'ring-stopped 101 missed']);
  });

  it('a ring that is gone waits for somebody who may have taken it and is not yet known', () => {
    const ring = (): Play =>
      new Play({ '10007': 'Wexternalline' })
        .upsert({ id: 1, dn: '10007', status: 'Connected', legid: 1, originated_by_dn: '', originated_by_type: 'None' })
        .upsert({ id: 2, dn: '101', legid: 2 })
        .remove('101', 2);
    const taken = ring();
    taken.wait(2_000, [], taken.at().steady);
    taken.upsert({ id: 3, dn: '102', status: 'Connected', legid: 3 });
    assert.deepEqual(taken.words, ['ringing 101', 'answered 102', 'ring-stopped 101 answered-elsewhere']);
    const open = ring();
    const since = open.at().steady;
    open.wait(9_900, [], since);
    assert.deepEqual(open.words, ['ringing 101']);
    open.wait(100, [], since);
    assert.deepEqual(open.words, ['ringing 101', 'ring-stopped 101 missed']);
    // A leg that has come since then has not taken the call.
    const over = ring();
    over.wait(2_500, [], over.at().steady + 2_001);
    assert.deepEqual(over.words, ['ringing 101', 'ring-stopped 101 missed']);
  });

  for (const [when, ms] of [
    ['at once', 0],
    ['a moment later', 100],
  ] as const) {
    it(`a phone that stops ringing where the extension may have answered on another leg is not known ${when}`, () => {
      const play = new Play()
        .upsert({ id: 1, dn: '101', legid: 2 })
        .upsert({ id: 2, dn: '102', legid: 3 })
        .upsert({ id: 2, dn: '102', status: 'Connected', legid: 3 });
      play.awaited.add('101');
      const { now } = play.remove('101', 1);
      play.wait(ms);
      play.awaited.clear();
      play.now = now - 10;
      play.upsert({ id: 3, dn: '101', status: 'Connected', legid: 4 });
      assert.deepEqual(play.words, ['ringing 101', 'ringing 102', 'answered 102', 'answered 101']);
    });
  }

  it('a caller who hangs up while others ring in a queue was not transferred to one of them', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Connected', legid: 1, originated_by_type: 'None', ...internal('8000') })
      .upsert({ id: 2, dn: '101', legid: 2, ...internal('209') })
      .upsert({ id: 3, dn: '102', legid: 3, ...internal('209') })
      .remove('209', 1);
    assert.equal(play.words.at(-1), 'ended 209 answered');
  });

  it('an extension that has stopped ringing got no call by transfer', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected', legid: 2 })
      .upsert({ id: 2, dn: '102', legid: 3 })
      .remove('102', 2)
      .remove('101', 1);
    assert.equal(play.words.at(-1), 'ended 101 answered');
  });

  it('an extension that got into a call by a code has taken it', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101' })
      .upsert({ id: 2, dn: '102', status: 'Dialing', callid: 4712, legid: 1, ...internal('*20*101') })
      .upsert({ id: 2, dn: '102', status: 'Connected', callid: 4711, legid: 3 })
      .remove('101', 1);
    assert.deepEqual(play.words.slice(-2), ['answered 102', 'ring-stopped 101 answered-elsewhere']);
  });

  it('an extension that answers on another leg is in the call all the while', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101' })
      .remove('101', 1)
      .upsert({ id: 2, dn: '101', status: 'Connected', legid: 5 });
    assert.deepEqual(play.words, ['ringing 101', 'answered 101']);
  });

  it('an extension that answers on another leg is in the call all the while, however late it is known', () => {
    const play = new Play().upsert({ id: 1, dn: '101', legid: 2 });
    const last = play.at();
    play.now += 200;
    // Nothing was said of it since, and now it is gone.
    play.list.remove(keyOf('101', '1'), last, play.at().steady);
    play.upsert({ id: 3, dn: '101', status: 'Connected', legid: 4 });
    assert.deepEqual(play.words, ['ringing 101', 'answered 101']);
  });

  it('an extension that was heard of on another leg in time is in the call all the while, whenever it was asked for', () => {
    const play = new Play().upsert({ id: 1, dn: '101', legid: 2 });
    const heardSince = play.now;
    play.remove('101', 1);
    play.now += 1_000;
    const other = participant({ callid: 4711, ...call, id: 3, dn: '101', status: 'Connected', legid: 4 });
    play.list.upsert(other, play.at(), heardSince);
    assert.deepEqual(play.words, ['ringing 101', 'answered 101']);
  });

  it('phones that stop ringing together are over together, though the PBX answered about the first ones only', () => {
    const play = new Play().upsert({ id: 1, dn: '101', legid: 2 }).upsert({ id: 2, dn: '102', legid: 3 });
    play.remove('101', 1).remove('102', 2);
    const knownUntil = play.now - 5;
    play.now += 2_000;
    play.list.resolve('4711', 'over', play.at(), knownUntil);
    assert.deepEqual(play.words.slice(2), ['ended 101 missed', 'ended 102 missed', 'missed 101 missed']);
  });

  it('a second phone rings on if a message about it comes after an answer that the first one is gone', () => {
    const play = new Play().upsert({ id: 1, dn: '101', legid: 2 });
    const last = play.at();
    play.list.remove(keyOf('101', '1'), last, play.at().steady + 100);
    play.now += 50;
    play.upsert({ id: 3, dn: '101', legid: 4 });
    assert.deepEqual(play.words, ['ringing 101']);
  });

  it('an extension that a list shows in the call before its ring is settled has answered on another leg', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    play.now += 1_000;
    play.take(participant({ callid: 4711, ...call, id: 2, dn: '101', status: 'Connected' }));
    assert.deepEqual(play.words, ['ringing 101', 'answered 101']);
  });

  it('an extension that a list shows in the call, but that dialled after its ring, stopped ringing before', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    const code = { id: 2, dn: '101', ...internal('*10') };
    play.upsert({ ...code, status: 'Dialing', callid: 4712, legid: 1, party_dn: '', party_dn_type: 'None' });
    play.now += 1_000;
    play.take(participant({ ...code, callid: 4711, legid: 3, status: 'Connected', ...call }));
    assert.deepEqual(
      play.words.filter((word) => word.startsWith('ring-stopped') || word.startsWith('answered')),
      ['ring-stopped 101 missed', 'answered 101'],
    );
  });

  it('an extension that fetches the parked call has stopped ringing before', () => {
    const play = new Play().upsert({ id: 1, dn: '101' }).remove('101', 1);
    play.now += 500;
    play.upsert({ id: 2, dn: '101', status: 'Connected', legid: 5 });
    assert.deepEqual(play.words, ['ringing 101', 'ring-stopped 101 missed', 'answered 101']);
  });

  it('a ring that ended before its call became part of another call waits for that call', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Connected', callid: 4710, legid: 2 })
      .upsert({ id: 2, dn: '102', status: 'Dialing', legid: 1, ...internal('101') })
      .upsert({ id: 3, dn: '101', legid: 2, ...internal('102') })
      .remove('101', 3)
      .upsert({ id: 2, dn: '102', status: 'Connected', callid: 4710, legid: 3 });
    play.wait(100);
    assert.equal(play.words.at(-1), 'ring-stopped 101 missed');
  });

  it('an extension that talked in a call before it became part of another has taken nothing there', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '209', status: 'Connected', callid: 4712, legid: 2, ...internal('103') })
      .upsert({ id: 2, dn: '102', status: 'Connected', legid: 2 })
      .upsert({ id: 3, dn: '101', legid: 3 })
      .upsert({ id: 1, dn: '209', status: 'Connected', legid: 4, ...internal('102') })
      .remove('101', 3);
    assert.equal(play.words.length, 3);
  });

  it('an extension that answered another call before it joined this one has taken nothing here', () => {
    const line = { id: 1, dn: '10007', status: 'Connected', originated_by_dn: '', originated_by_type: 'None' };
    const play = new Play({ '10007': 'Wexternalline' })
      .upsert({ id: 2, dn: '102', status: 'Connected', legid: 2 })
      .upsert({ id: 3, dn: '101', legid: 3 })
      .upsert({ ...line, callid: 4712, legid: 1, ...internal('103') })
      .upsert({ ...line, legid: 4, ...internal('102') })
      .remove('101', 3);
    assert.deepEqual(play.words, ['answered 102', 'ringing 101']);
    play.remove('102', 2).remove('10007', 1);
    assert.deepEqual(play.words.slice(2), ['ended 102 answered', 'ended 101 missed']);
  });

  it('an extension already talking when a list first shows it has taken no call that rings since then', () => {
    const play = new Play();
    const since = play.at();
    play.now += 300;
    play.take(participant({ ...call, callid: 4711, id: 1, dn: '102', status: 'Connected', legid: 2 }));
    // Its message came while the list was under way.
    play.list.upsert(participant({ ...call, callid: 4711, id: 2, dn: '101', legid: 3 }), since);
    play.remove('101', 2).remove('102', 1).end();
    assert.deepEqual(play.words, ['answered 102', 'ringing 101', 'ended 102 answered', 'ended 101 missed']);
  });

  it('an extension that talks in a list, and was not in the one before, has answered what rang there', () => {
    const at101 = participant({ ...call, callid: 4711, id: 1, dn: '101', legid: 2 });
    const at102 = participant({ ...call, callid: 4711, id: 2, dn: '102', status: 'Connected', legid: 3 });
    const at103 = participant({ ...call, callid: 4711, id: 3, dn: '103', legid: 4 });
    const play = new Play().take(at101);
    play.now += 2_500;
    const since = { ...play.at(), steady: play.now - 2_450 };
    const dns = [at102, at103].map((one) => ({ dn: one.dn, type: 'Wextension', devices: [], participants: [one] }));
    play.list.take(dns, play.at(), since, no, false);
    play.wait(100);
    assert.equal(play.words.at(-1), 'ring-stopped 101 answered-elsewhere');
  });

  it('a ring that a list finds gone may have ended at any time since the list before', () => {
    const answered = { id: 2, dn: '102', status: 'Connected', legid: 3 };
    const play = new Play().upsert({ id: 1, dn: '101', legid: 2 }).upsert(answered);
    play.now += 5_000;
    const one = participant({ callid: 4711, ...call, ...answered });
    const since = { ...play.at(), steady: play.now - 4_900 };
    play.list.take([{ dn: '102', type: 'Wextension', devices: [], participants: [one] }], play.at(), since, no, false);
    play.wait(100);
    assert.equal(play.events.at(-1)?.event, 'ring-stopped');
    assert.equal(play.events.at(-1)?.accuracyMs, 5_000);
  });

  it('who is told together to be gone, has been gone since the first message about it', () => {
    const play = new Play()
      .upsert({ id: 1, dn: '101', status: 'Connected', legid: 2 })
      .upsert({ id: 2, dn: '102', status: 'Connected', legid: 3 });
    const first = play.at();
    play.now += 60;
    const gone = [[keyOf('101', '1'), first] as const, [keyOf('102', '2'), play.at()] as const];
    play.now += 40;
    play.list.removeAll(gone);
    assert.deepEqual(
      play.events.slice(-2).map(({ event, accuracyMs }) => [event, accuracyMs]),
      [
        ['ended', 100],
        ['ended', 100],
      ],
    );
  });

  it('a party already in the call when a list first shows it has not taken a call that rings since then', () => {
    const play = new Play();
    const since = play.at();
    play.now += 300;
    const caller = {
      id: 1,
      dn: '209',
      status: 'Connected',
      legid: 1,
      originated_by_dn: '',
      originated_by_type: 'None',
    };
    play.take(participant({ ...call, ...caller, callid: 4711, ...internal('999') }));
    play.list.upsert(participant({ callid: 4711, id: 2, dn: '101', legid: 3, ...internal('209') }), since);
    play.remove('101', 2).end();
    assert.deepEqual(play.words.slice(1), ['ringing 101', 'ring-stopped 101 missed']);
  });

  it('a call that has only outside lines does not affect a ring of another call that stops', () => {
    const play = new Play({ '10007': 'Wexternalline' })
      .upsert({ id: 1, dn: '101' })
      .upsert({ id: 2, dn: '10007', callid: 4712, status: 'Dialing', legid: 1 })
      .upsert({ id: 2, dn: '10007', callid: 4712, status: 'Connected', legid: 1 })
      .upsert({ id: 3, dn: '102', legid: 3 })
      .remove('101', 1)
      .end();
    assert.equal(play.words.at(-1), 'ring-stopped 101 missed');
  });

  it('no time is before that of the list after a gap, even if nothing is new in it', () => {
    const moments: number[] = [];
    const list = new CallList(
      () => '',
      (_legs, at) => moments.push(at.steady),
    );
    const at = (steady: number): { wall: number; steady: number } => ({ wall: steady, steady });
    const talks = participant({ dn: '101', status: 'Connected' });
    list.upsert(talks, at(1_000));
    const dn = { dn: '101', type: 'Wextension', devices: [], participants: [talks] };
    list.take([dn], at(3_000), at(3_000), () => false, true);
    list.remove(keyOf('101', talks.id), at(2_900));
    assert.deepEqual(moments, [1_000, 3_000, 3_000]);
  });

  it('no time is before that of a list', () => {
    const play = new Play();
    const early = play.at();
    play.now += 1_000;
    const dn = { dn: '101', type: 'Wextension', devices: [], participants: [participant({ dn: '101' })] };
    play.list.take([dn], play.at(), play.at(), no, false);
    play.list.upsert(participant({ dn: '101', status: 'Connected' }), early);
    assert.deepEqual(
      play.events.map(({ startedAt, answeredAt }) => answeredAt ?? startedAt),
      Array(2).fill('1970-01-01T00:00:02.000Z'),
    );
  });
});
