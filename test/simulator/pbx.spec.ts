import assert from 'node:assert/strict';
import fc from 'fast-check';
import { operationNames, type ServerKind } from '../../lib/pbx';
import { type Call, type Connection, Pbx, PbxError, type PbxOptions } from '../../simulator';
import { forms } from '../../simulator/operations';

const unknown = { name: 'PbxError', reason: 'unknown' };
const impossible = { name: 'PbxError', reason: 'impossible' };

describe('simulator: the PBX', () => {
  let pbx: Pbx;
  beforeEach(() => {
    pbx = new Pbx();
  });

  /** `DN status party` of each connection, in the order of `showallcalls`. */
  const calls = () => pbx.connections().map(({ dn, status, party }) => `${dn} ${status} ${party}`);
  const idAt = (dn: string): string => {
    const [connection] = pbx.connectionsOf(dn);
    assert.ok(connection !== undefined, `${dn} has a connection`);
    return connection.id;
  };
  /** An inbound call that 10 has answered. */
  const answered = (): Call => {
    pbx.inbound({ extension: '10', number: '+491' });
    return pbx.answer(idAt('10'));
  };
  /** Carries an operation of the HTTP API out, without its pause. */
  const operate = async (path: string): Promise<string> => {
    const [name = '', ...args] = path.split('/');
    const operation = forms.community.operations.get(name);
    assert.ok(operation !== undefined, name);
    const arg = (position: number) => {
      const value = args[position - 1];
      if (value === undefined) throw new PbxError('unknown', 'missing');
      return value;
    };
    return operation({ pbx, arg, pause: () => Promise.resolve() });
  };

  describe('hold', () => {
    it('is Hold on one side and Held on the other, until it is resumed', () => {
      answered();
      pbx.hold(idAt('10'));
      assert.deepEqual(calls(), ['10000 Held +491', '10 Hold +491']);
      pbx.resume(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
      pbx.hold(idAt('10000'));
      assert.deepEqual(calls(), ['10000 Hold +491', '10 Held +491']);
    });

    it('is refused in any other state, and nothing changes', () => {
      pbx.inbound({ extension: '10', number: '+491' });
      const before = pbx.state();
      assert.throws(() => pbx.hold(idAt('10')), impossible);
      assert.throws(() => pbx.resume(idAt('10')), impossible);
      assert.throws(() => pbx.hold('1'), unknown);
      assert.deepEqual(pbx.state(), before);
      pbx.answer(idAt('10'));
      pbx.hold(idAt('10'));
      assert.throws(() => pbx.resume(idAt('10000')), impossible);
      assert.throws(() => pbx.hold(idAt('10000')), impossible);
    });
  });

  describe('transfer', () => {
    it('inside: the same connection rings at the target', () => {
      answered();
      const id = idAt('10');
      pbx.transfer(id, '11');
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Ringing +491']);
      assert.equal(idAt('11'), id);
      pbx.answer(id);
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
    });

    it('of an internal call: both sides name each other', () => {
      pbx.makeCall('10', '11');
      pbx.answer(idAt('11'));
      pbx.transfer(idAt('10'), '12');
      assert.deepEqual(calls(), ['12 Ringing 11', '11 Connected 12']);
    });

    it('outside: the same connection dials on the trunk, and the outside picks up', () => {
      answered();
      const id = idAt('10');
      pbx.transfer(id, '+492');
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Dialing +492']);
      assert.equal(pbx.answer(id).connections[1]?.status, 'Connected');
      pbx.hangup(id);
      assert.deepEqual(calls(), []);
    });

    it('to a queue: its agents ring', () => {
      answered();
      pbx.transfer(idAt('10'), '8001');
      // 10 is free again and an agent too.
      assert.deepEqual(
        calls().slice(1),
        ['10', '11', '100', '101'].map((dn) => `${dn} Ringing +491`),
      );
    });

    it('needs a connected call, and takes the last one', async () => {
      pbx.inbound({ extension: '10', number: '+491' });
      assert.equal(await operate('transfer/10/11'), 'false');
      assert.throws(() => pbx.transfer(idAt('10'), '11'), impossible);
      pbx.answer(idAt('10'));
      pbx.makeCall('12', '10');
      pbx.answer(pbx.connectionsOf('10')[1]?.id ?? '');
      assert.equal(await operate('transfer/10/'), 'false');
      assert.equal(await operate('transfer/10/+493'), 'true');
      assert.deepEqual(calls(), [
        '10000 Connected +491',
        '10 Connected +491',
        '12 Connected +493',
        '10000 Dialing +493',
      ]);
    });
  });

  describe('divert', () => {
    it('inside: the same connection rings at the target', () => {
      pbx.makeCall('10', '11');
      const id = idAt('11');
      pbx.divert(id, '12');
      assert.deepEqual(calls(), ['10 Dialing 12', '12 Ringing 10']);
      assert.equal(idAt('12'), id);
    });

    it('outside: it dials on the trunk', () => {
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.divert(idAt('10'), '+492');
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Dialing +492']);
    });

    it('to a queue: its agents ring', () => {
      pbx.inbound({ extension: '12', number: '+491' });
      pbx.divert(idAt('12'), '8001');
      assert.deepEqual(
        calls().slice(1),
        ['10', '11', '100', '101'].map((dn) => `${dn} Ringing +491`),
      );
    });

    it('out of a queue: the other agents stop ringing', () => {
      pbx.inbound({ queue: '8000', number: '+491' });
      pbx.divert(idAt('11'), '12');
      assert.deepEqual(calls(), ['10000 Connected +491', '12 Ringing +491']);
    });

    it('needs a ringing connection', () => {
      answered();
      assert.throws(() => pbx.divert(idAt('10'), '11'), impossible);
      assert.throws(() => pbx.divert('1', '11'), unknown);
    });
  });

  describe('route', () => {
    it('rings beside a connection, which has the call until somebody answers', () => {
      answered();
      const [route = ''] = pbx.addRoute(idAt('10'), '11');
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491', '11 Ringing +491']);
      assert.deepEqual([...pbx.transfers()], [[route, '10']]);
      pbx.answer(route);
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
      assert.equal(pbx.transfers().size, 0);
    });

    it('leaves the call as it is if nobody answers, ends with the caller, and goes on without the transferor', () => {
      answered();
      pbx.addRoute(idAt('10'), '11');
      pbx.hangup(idAt('11'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
      pbx.addRoute(idAt('10'), '11');
      pbx.hangup(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Ringing +491']);
      pbx.answer(idAt('11'));
      pbx.addRoute(idAt('11'), '12');
      pbx.hangup(idAt('10000'));
      assert.deepEqual(calls(), []);
    });

    it('goes outside, from a call on hold, and to a queue by a divert', () => {
      answered();
      pbx.hold(idAt('10'));
      const [outside = ''] = pbx.addRoute(idAt('10'), '+4930');
      pbx.answer(outside);
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Connected +4930']);
      pbx.clearCalls();
      answered();
      pbx.addRoute(idAt('10'), '12');
      pbx.divert(idAt('12'), '8001');
      assert.deepEqual(calls().slice(0, 2), ['10000 Connected +491', '10 Ringing +491']);
    });

    it('rings beside a ringing call, and the first to answer has it', () => {
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.addRoute(idAt('10'), '11');
      assert.equal(pbx.transfers().size, 0);
      pbx.answer(idAt('11'));
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
    });

    it('cannot begin at a connection that dials, and cannot end at a queue', () => {
      pbx.makeCall('10', '11');
      assert.throws(() => pbx.addRoute(idAt('10'), '12'), impossible);
      assert.throws(() => pbx.addRoute(idAt('11'), '8000'), impossible);
    });
  });

  describe('queue', () => {
    const ringing = () => pbx.connections().flatMap(({ dn, status }) => (status === 'Ringing' ? [dn] : []));

    it('rings all agents that are logged in, Available and idle; the first to answer gets the call', () => {
      pbx.setProfile('11', 'Away');
      pbx.changeQueues('100', { remove: ['8000'] });
      pbx.makeCall('101', '12');
      pbx.inbound({ queue: '8000', number: '+491' });
      assert.deepEqual(
        pbx.connectionsOf('10').map(({ queue }) => queue),
        ['8000'],
      );
      assert.deepEqual(ringing(), ['12', '10']);

      pbx.clearCalls();
      const { id } = pbx.inbound({ queue: '8001', number: '+491' });
      assert.deepEqual(ringing(), ['10', '100', '101']);
      const call = pbx.answer(idAt('100'));
      assert.equal(call.id, id);
      assert.deepEqual(calls(), ['10000 Connected +491', '100 Connected +491']);
      pbx.hangup(idAt('100'));
      assert.deepEqual(calls(), []);
    });

    it('lets the caller wait if nobody is free, and rings the first agent that becomes free', () => {
      for (const agent of ['10', '11', '100', '101']) pbx.setProfile(agent, 'Away');
      pbx.inbound({ queue: '8000', number: '' });
      assert.deepEqual(calls(), ['10000 Connected ']);
      pbx.setProfile('11', 'Available');
      assert.deepEqual(calls(), ['10000 Connected ', '11 Ringing ']);
      assert.equal(pbx.state().calls[0]?.waitingIn, '8000');
      assert.equal(pbx.answer(idAt('11')).waitingIn, null);
    });

    it('an agent who declines is not rung again; the last one leaves the caller waiting', () => {
      pbx.inbound({ queue: '8000', number: '+491' });
      for (const agent of ['10', '11', '100']) pbx.hangup(idAt(agent));
      assert.deepEqual(ringing(), ['101']);
      pbx.hangup(idAt('101'));
      assert.deepEqual(calls(), ['10000 Connected +491']);
      pbx.hangup(idAt('10000'));
      assert.deepEqual(calls(), []);
    });

    it('a caller who hangs up ends the ringing', () => {
      pbx.inbound({ queue: '8000', number: '+491' });
      pbx.hangup(idAt('10000'));
      assert.deepEqual(pbx.state().calls, []);
    });

    it('can be called from inside', () => {
      pbx.makeCall('12', '8000');
      assert.deepEqual(calls().slice(0, 2), ['12 Dialing 8000', '10 Ringing 12']);
      pbx.answer(idAt('11'));
      assert.deepEqual(calls(), ['12 Connected 11', '11 Connected 12']);
    });

    it('log-in to single queues, as the community server does it', async () => {
      const queues = () => pbx.extension('10').loggedInTo;
      assert.equal(await operate('save/login_only_to/10/8001'), 'true');
      assert.deepEqual(queues(), ['8001']);
      assert.equal(await operate('save/logout_current/10/x'), 'true');
      assert.deepEqual(queues(), []);
      assert.equal(await operate('save/login_current/10/x'), 'true');
      assert.deepEqual(queues(), ['8001']);
      assert.equal(await operate('save/logout_only_from/10/8001'), 'true');
      assert.deepEqual(queues(), []);
      assert.equal(await operate('login/login_all/10'), 'true');
      assert.equal(await operate('save/logout_only_from/10/8000'), 'true');
      assert.deepEqual(queues(), ['8001']);
      assert.equal(await operate('save/login_only_to/10/9999'), 'true');
      assert.deepEqual(queues(), ['8000', '8001']);
      assert.deepEqual(pbx.state().queues[0]?.loggedIn, ['10', '11', '100', '101']);
    });
  });

  describe('park', () => {
    it('keeps the call at *00, and *10 fetches it to another extension', async () => {
      const { id } = answered();
      pbx.park(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Held *00']);
      assert.equal(await operate('unpark/11/Soft'), id);
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
      assert.equal(await operate('ondn/10'), '0');
    });

    it('the call parked first is fetched first; with none left *10 is dialled outside', () => {
      pbx.makeCall('10', '11');
      pbx.answer(idAt('11'));
      pbx.inbound({ extension: '12', number: '+491' });
      pbx.answer(idAt('12'));
      pbx.park(idAt('12'));
      pbx.park(idAt('10'));
      pbx.makeCall('100', '*10');
      assert.deepEqual(calls().slice(0, 2), ['11 Connected 100', '100 Connected 11']);
      pbx.makeCall('101', '*10');
      assert.deepEqual(calls().slice(2), ['10000 Connected +491', '101 Connected +491']);
      pbx.makeCall('12', '*10');
      assert.deepEqual(calls().slice(4), ['12 Dialing *10', '10000 Dialing *10']);
    });

    it('a held call can be parked, a dialing one cannot', () => {
      answered();
      pbx.hold(idAt('10'));
      pbx.park(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Held *00']);
      assert.throws(() => pbx.resume(idAt('10')), impossible);
      pbx.makeCall('11', '12');
      assert.throws(() => pbx.park(idAt('11')), impossible);
    });
  });

  describe('several calls of one extension', () => {
    it('attended transfer joins the other parties in the older call', async () => {
      const { id } = answered();
      pbx.hold(idAt('10'));
      pbx.makeCall('10', '11');
      pbx.answer(idAt('11'));
      assert.equal(await operate('atttrans/10'), 'true');
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected 10']);
      assert.deepEqual(
        pbx.state().calls.map((call) => call.id),
        [id],
      );
      assert.deepEqual(
        pbx.connections().map(({ ccid, call }) => [ccid, call]),
        [
          [1, id],
          [3, id],
        ],
      );
    });

    it('attended transfer needs exactly two, neither of them ringing', async () => {
      answered();
      assert.equal(await operate('atttrans/10'), 'false');
      pbx.makeCall('11', '10');
      await assert.rejects(operate('atttrans/10'), impossible);
      pbx.makeCall('12', '10');
      assert.equal(await operate('atttrans/10'), 'false');
      assert.throws(() => pbx.joinCalls(idAt('10'), idAt('10000')), impossible);
    });

    it('without a soft phone attended transfer says true and does nothing', async () => {
      answered();
      pbx.makeCall('10', '11');
      pbx.answer(idAt('11'));
      pbx.setPhones('10', []);
      const before = pbx.state();
      assert.equal(await operate('atttrans/10'), 'true');
      assert.deepEqual(pbx.state(), before);
    });

    it('drop and ondn take the last connection', async () => {
      const { id } = answered();
      const second = pbx.makeCall('10', '11').id;
      assert.equal(await operate('ondn/10'), second);
      assert.equal(await operate('drop/10'), 'true');
      assert.equal(await operate('ondn/10'), id);
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
    });
  });

  describe('outbound', () => {
    it('the outside picks up on the trunk', () => {
      pbx.makeCall('10', '+491');
      assert.throws(() => pbx.answer(idAt('10')), impossible);
      pbx.answer(idAt('10000'));
      assert.deepEqual(calls(), ['10 Connected +491', '10000 Connected +491']);
    });

    it('the extension is a prefix over all DNs, and the call id is asked for exactly that one', async () => {
      await assert.rejects(operate('makecall/1/12/Soft'), unknown);
      await assert.rejects(operate('makecall/all/12/Soft'), unknown);
      await assert.rejects(operate('makecall//12/Soft'), unknown);
      assert.deepEqual(
        calls().filter((call) => call.startsWith('10 ')),
        Array(3).fill('10 Dialing 12'),
      );
      pbx.clearCalls();
      const desk = pbx.phonesOf('10').slice(1);
      pbx.setPhones('10', desk);
      assert.equal(await operate('makecall/10/12/Soft'), '0');
      assert.deepEqual(calls(), ['100 Dialing 12', '12 Ringing 100']);
      assert.equal(await operate('makecall/8000/12/Soft'), 'null');
      assert.equal(await operate('dnregs/10'), '7101-sip:10@192.0.2.10:5060-Yealink SIP-T46S 66.86.0.15');
    });
  });

  describe('record', () => {
    it('names the actions 0 to 3, keeps other numbers, and refuses the rest', async () => {
      answered();
      const recording = async (action: string): Promise<string | undefined> => {
        assert.equal(await operate(`record/10/${action}`), 'true');
        return pbx.connectionsOf('10')[0]?.recording;
      };
      for (const [action, name] of ['Start', 'Stop', 'Pause', 'Resume'].entries()) {
        assert.equal(await recording(String(action)), name);
        assert.equal(await recording(name), name);
      }
      assert.equal(await recording('9'), '9');
      assert.equal(await recording('-1'), '-1');
      for (const bad of ['record/10/foo', 'record/10/4294967296', 'record/10/', 'record/10']) {
        await assert.rejects(operate(bad), unknown, bad);
      }
      assert.equal(pbx.connectionsOf('10')[0]?.recording, '-1');
    });
  });

  it('a queue number of which the first four digits name no queue stops showallcalls and getcallerid, nothing else', async () => {
    for (const queue of ['800', '99990', '9999']) {
      pbx.inbound({ extension: '10', queue, number: '+491' });
      await assert.rejects(operate('showallcalls'), unknown);
      await assert.rejects(operate('getcallerid/10'), unknown);
      assert.notEqual(await operate('ondn/10'), '0');
      assert.notEqual(await operate('answer/10'), 'null');
      assert.equal(await operate('drop/10'), 'true');
      assert.equal(await operate('getcallerid/10'), 'idle');
    }
  });

  it('remote answering needs a soft phone or one on the server itself', async () => {
    pbx.inbound({ extension: '10', number: '+491' });
    pbx.setPhones('10', pbx.phonesOf('10').slice(1));
    assert.equal(await operate('answer/10'), 'null');
    pbx.setPhones('10', [{ id: '1', contact: 'sip:10@127.0.0.1:5483;rinstance=1', userAgent: 'web client' }]);
    assert.notEqual(await operate('answer/10'), 'null');
  });

  it('all twenty operations are in both tables, and so is the one that only community has', () => {
    const names = (kind: ServerKind) => [...forms[kind].operations.keys()].map((name) => name.toLowerCase()).sort();
    assert.deepEqual(names('community'), [...operationNames, 'save'].sort());
    assert.deepEqual(names('documented'), [...operationNames].sort());
  });

  it('the calls stay consistent after any actions in any order', () => {
    const dns = ['10', '11', '12', '100', '10000', '8000', '+491', '*10', '*20*10', '*20*11'];
    const dn = fc.constantFrom(...dns);
    const step = fc.record({
      what: fc.constantFrom(
        'inbound',
        'queue',
        'makeCall',
        'answer',
        'answer',
        'hold',
        'resume',
        'hangup',
        'transfer',
        'divert',
        'forward',
        'addRoute',
        'park',
        'joinCalls',
        'connect',
        'connect',
        'setProfile',
      ),
      a: fc.nat(20),
      b: fc.nat(20),
      dn,
    });
    const options: fc.Arbitrary<PbxOptions> = fc.record({
      phoneLegs: fc.boolean(),
      codes: fc.constantFrom('unseen', 'same-id', 'new-id'),
      queueLegs: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), options, (steps, form) => {
        const subject = new Pbx(undefined, form);
        const idNumber = (index: number): string => {
          const all = subject.connections();
          return all[index % Math.max(all.length, 1)]?.id ?? '0';
        };
        const codes = () => subject.dialledCodes();
        for (const { what, a, b, dn: target } of steps) {
          const before = subject.state();
          try {
            if (what === 'inbound') subject.inbound({ extension: target, number: '+499' });
            else if (what === 'queue') subject.inbound({ queue: target, number: '+499' });
            else if (what === 'makeCall') subject.makeCall(dns[a % dns.length] ?? '', target);
            else if (what === 'transfer') subject.transfer(idNumber(a), target);
            else if (what === 'divert') subject.divert(idNumber(a), target);
            else if (what === 'forward') subject.forward(idNumber(a), target, { ringsOn: b % 2 === 0 });
            else if (what === 'addRoute') subject.addRoute(idNumber(a), target);
            else if (what === 'connect') subject.connect(codes()[a % Math.max(codes().length, 1)] ?? idNumber(a));
            else if (what === 'joinCalls') subject.joinCalls(idNumber(a), idNumber(b));
            else if (what === 'setProfile') subject.setProfile(target, a % 2 === 0 ? 'Away' : 'Available');
            else subject[what](idNumber(a));
          } catch (error) {
            assert.ok(error instanceof PbxError);
            assert.deepEqual(subject.state(), before, 'what is refused changes nothing');
          }
          checkSound(subject);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function checkSound(pbx: Pbx): void {
  const { calls, connections } = pbx.state();
  assert.equal(new Set(connections.map(({ id }) => id)).size, connections.length, 'ids are unique');
  assert.deepEqual(
    calls.flatMap((call) => call.connections),
    connections,
  );
  for (const { id, connections: legs } of calls) {
    assert.ok(legs.length > 0 && legs.every((leg) => leg.call === id));
    assert.ok(
      legs.some(({ status }) => status !== 'Ringing'),
      'somebody is there',
    );
    const ccids = legs.map(({ ccid }) => ccid);
    assert.deepEqual(
      ccids,
      ccids.toSorted((x, y) => x - y),
    );
    for (const leg of legs) checkHeld(leg, legs);
  }
}

function checkHeld(leg: Connection, legs: readonly Connection[]): void {
  const isHeld = legs.some((other) => other !== leg && other.status === 'Hold');
  if (leg.status === 'Connected') assert.ok(!isHeld, 'nobody talks to a party that is on hold');
  if (leg.status === 'Held' && leg.party !== '*00') assert.ok(isHeld, 'somebody holds it');
}
