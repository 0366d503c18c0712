import assert from 'node:assert/strict';
import { type CodeForm, Pbx, PbxError, type PbxOptions } from '../../simulator';
import { forms } from '../../simulator/operations';

const unknown = { name: 'PbxError', reason: 'unknown' };
const impossible = { name: 'PbxError', reason: 'impossible' };

describe('simulator: options that differ between PBXs', () => {
  let pbx: Pbx;
  const start = (options?: PbxOptions) => {
    pbx = new Pbx(undefined, options);
  };

  /** `DN status party` of each connection, in the order of `showallcalls`. */
  const calls = () => pbx.connections().map(({ dn, status, party }) => `${dn} ${status} ${party}`);
  const idsAt = (dn: string): string[] => pbx.connectionsOf(dn).map(({ id }) => id);
  const idAt = (dn: string, index = 0): string => {
    const id = idsAt(dn).at(index);
    assert.ok(id !== undefined, `${dn} has a connection`);
    return id;
  };
  const operate = async (path: string): Promise<string> => {
    const [name = '', ...args] = path.split('/');
    const operation = forms.community.operations.get(name);
    assert.ok(operation !== undefined, name);
    return operation({ pbx, arg: (position) => args[position - 1] ?? '', pause: () => Promise.resolve() });
  };
  const soft = '3CXPhone for Windows 18.0.9.20';

  describe('a connection per phone', () => {
    beforeEach(() => start({ phoneLegs: true }));

    it('a call rings each phone of an extension, and answering one ends the others', () => {
      const { id } = pbx.inbound({ extension: '10', number: '+491' });
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Ringing +491', '10 Ringing +491']);
      assert.deepEqual(
        pbx.connections().map(({ phone, call }) => [phone, call]),
        [
          [null, id],
          ['7100', id],
          ['7101', id],
        ],
      );
      const desk = idAt('10', 1);
      pbx.answer(desk);
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
      assert.equal(idAt('10'), desk);
      assert.deepEqual(
        pbx.phonesAt(desk).map(({ userAgent }) => userAgent),
        ['Yealink SIP-T46S 66.86.0.15'],
      );
    });

    it('one phone declines and the other rings on', () => {
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.hangup(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Ringing +491']);
      pbx.hangup(idAt('10'));
      assert.deepEqual(calls(), []);
    });

    it('an extension without a phone, and one with a single phone, ring on one connection', () => {
      pbx.setPhones('10', []);
      pbx.setPhones('11', pbx.phonesOf('11').slice(1));
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.inbound({ extension: '11', number: '+492' });
      assert.equal(pbx.connectionsOf('10').length, 1);
      assert.equal(pbx.connectionsOf('11').length, 1);
    });

    it('a queue rings each phone of each agent; a transferred connection rings one phone and new ones the others', () => {
      pbx.inbound({ queue: '8000', number: '+491' });
      assert.deepEqual(
        ['10', '11', '100', '101'].map((dn) => idsAt(dn).length),
        [2, 2, 2, 2],
      );
      const id = idAt('10');
      pbx.answer(id);
      assert.equal(pbx.connections().length, 2);
      pbx.transfer(id, '12');
      assert.deepEqual(idsAt('12').length, 2);
      assert.equal(idAt('12'), id);
      assert.deepEqual(
        pbx.connectionsOf('12').map(({ phone, queue }) => [phone, queue]),
        [
          ['7104', '8000'],
          ['7105', '8000'],
        ],
      );
      pbx.divert(idAt('12', 1), '+492');
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Dialing +492']);
      assert.equal(pbx.connections()[1]?.phone, null);
    });

    it('makecall dials from the phone of the kind that was asked for', async () => {
      await operate('makecall/10/11/Desktop');
      assert.deepEqual(
        pbx.connections().map(({ dn, phone }) => `${dn} ${phone}`),
        ['10 7101', '11 7102', '11 7103'],
      );
    });
  });

  describe('answer', () => {
    const desk = { id: '1', contact: 'sip:10@192.0.2.10:5060', userAgent: 'Yealink' };
    const web = { id: '2', contact: 'sip:10@127.0.0.1:5483;rinstance=1', userAgent: 'web client' };
    const windows = { id: '3', contact: 'sip:10@192.0.2.11:5060', userAgent: soft };

    it('takes the connection at the soft phone, else the one at the web client', async () => {
      for (const [phones, taken] of [
        [[desk, web, windows], '3'],
        [[desk, web], '2'],
      ] as const) {
        start({ phoneLegs: true });
        pbx.setPhones('10', phones);
        const { id } = pbx.inbound({ extension: '10', number: '+491' });
        assert.equal(await operate('answer/10'), id);
        assert.deepEqual(
          pbx.connectionsOf('10').map(({ phone, status }) => [phone, status]),
          [[taken, 'Connected']],
        );
      }
    });

    it('cannot answer a desk phone, even while a soft phone is there that does not ring', async () => {
      start({ phoneLegs: true });
      pbx.setPhones('10', [desk, windows]);
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.hangup(idAt('10', 1));
      assert.equal(await operate('answer/10'), 'null');
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Ringing +491']);
    });

    it('answers the first of two calls and names the last', async () => {
      start();
      pbx.inbound({ extension: '10', number: '+491' });
      const { id } = pbx.inbound({ extension: '10', number: '+492' });
      assert.equal(await operate('answer/10'), id);
      assert.deepEqual(
        pbx.connectionsOf('10').map(({ status }) => status),
        ['Connected', 'Ringing'],
      );
    });
  });

  describe('pick-up', () => {
    it('*20* takes a call that rings the extension, at once', () => {
      start();
      const { id } = pbx.inbound({ extension: '10', queue: '8000', number: '+491' });
      assert.equal(pbx.makeCall('11', '*20*10').id, id);
      assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
      assert.equal(pbx.connections()[1]?.queue, '8000');
      assert.notEqual(idAt('11'), '98780');
    });

    it('of a call in a queue: nobody else rings any more', () => {
      start();
      pbx.inbound({ queue: '8000', number: '+491' });
      pbx.makeCall('12', '*20*10');
      assert.deepEqual(calls(), ['10000 Connected +491', '12 Connected +491']);
      assert.equal(pbx.state().calls[0]?.waitingIn, null);
    });

    it('of an internal call: the caller sees who picked up', () => {
      start();
      pbx.makeCall('10', '11');
      pbx.makeCall('12', '*20*11');
      assert.deepEqual(calls(), ['10 Connected 12', '12 Connected 10']);
    });

    for (const codes of ['unseen', 'same-id', 'new-id'] satisfies CodeForm[]) {
      it(`of nothing fails as any number that does not exist does (${codes})`, () => {
        start({ codes });
        pbx.makeCall('11', '*20*10');
        assert.deepEqual(calls(), ['11 Dialing *20*10', '10000 Dialing *20*10']);
        assert.deepEqual(pbx.dialledCodes(), []);
        assert.throws(() => pbx.connect(idAt('11')), impossible);
        assert.throws(() => pbx.connect('1'), unknown);
      });
    }
  });

  for (const codes of ['same-id', 'new-id'] satisfies CodeForm[]) {
    describe(`a code that is seen being dialled, ${codes}`, () => {
      beforeEach(() => start({ codes }));

      it('pick-up: it is alone in a call of its own, then Connected in the call of the caller', () => {
        const { id: call } = pbx.inbound({ extension: '10', number: '+491' });
        const code = pbx.makeCall('11', '*20*10');
        const [leg] = code.connections;
        assert.ok(leg !== undefined && code.connections.length === 1 && code.id !== call);
        assert.deepEqual(calls(), ['10000 Connected +491', '10 Ringing +491', '11 Dialing *20*10']);
        assert.deepEqual(pbx.dialledCodes(), [leg.id]);
        assert.equal(pbx.connect(leg.id).id, call);
        assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
        assert.equal(idAt('11') === leg.id, codes === 'same-id');
        assert.deepEqual(
          pbx.connections().map((connection) => [connection.call, connection.ccid]),
          [
            [call, 1],
            [call, 3],
          ],
        );
        assert.deepEqual(pbx.dialledCodes(), []);
      });

      it('fetch: a parked call goes to the extension that dialled it', () => {
        pbx.inbound({ extension: '10', number: '+491' });
        pbx.answer(idAt('10'));
        pbx.park(idAt('10'));
        pbx.makeCall('11', '*10');
        assert.deepEqual(calls(), ['10000 Connected +491', '10 Held *00', '11 Dialing *10']);
        pbx.connect(idAt('11'));
        assert.deepEqual(calls(), ['10000 Connected +491', '11 Connected +491']);
      });

      it('goes out on the trunk when the call is gone meanwhile', () => {
        pbx.inbound({ extension: '10', number: '+491' });
        pbx.makeCall('11', '*20*10');
        pbx.hangup(idAt('10000'));
        pbx.connect(idAt('11'));
        assert.deepEqual(calls(), ['11 Dialing *20*10', '10000 Dialing *20*10']);
      });

      it('can be hung up, and nothing else', () => {
        pbx.inbound({ extension: '10', number: '+491' });
        pbx.makeCall('11', '*20*10');
        const id = idAt('11');
        pbx.inbound({ extension: '12', number: '+492' });
        pbx.answer(idAt('12'));
        for (const refused of [
          () => pbx.answer(id),
          () => pbx.hold(id),
          () => pbx.park(id),
          () => pbx.transfer(id, '12'),
          () => pbx.joinCalls(id, idAt('12')),
        ]) {
          assert.throws(refused, impossible);
        }
        pbx.hangup(id);
        assert.equal(pbx.state().calls.length, 2);
      });
    });
  }

  it('a parked call can be fetched by the extension that parked it', () => {
    start();
    const { id } = pbx.inbound({ extension: '10', number: '+491' });
    pbx.answer(idAt('10'));
    pbx.park(idAt('10'));
    const parked = idAt('10');
    assert.equal(pbx.makeCall('10', '*10').id, id);
    assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
    assert.notEqual(idAt('10'), parked);
  });

  describe('a call that is forwarded outside', () => {
    beforeEach(() => {
      start({ phoneLegs: true });
      pbx.inbound({ extension: '10', number: '+491' });
    });

    it('dials there on a new connection of the same call, and the extension is gone from it', () => {
      const ids = idsAt('10');
      const { connections } = pbx.forward(idAt('10'), '+49170');
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Dialing +49170']);
      assert.equal(new Set(connections.map(({ call }) => call)).size, 1);
      const mobile = idAt('10000', 1);
      assert.ok(!ids.includes(mobile));
      pbx.answer(mobile);
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Connected +49170']);
    });

    it('can let the extension ring on: the first to answer has the call', () => {
      pbx.forward(idAt('10'), '+49170', { ringsOn: true });
      const all = ['10000 Connected +491', '10 Ringing +491', '10 Ringing +491', '10000 Dialing +49170'];
      assert.deepEqual(calls(), all);
      pbx.answer(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
      pbx.clearCalls();
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.forward(idAt('10'), '+49170', { ringsOn: true });
      pbx.answer(idAt('10000', 1));
      assert.deepEqual(calls(), ['10000 Connected +491', '10000 Connected +49170']);
    });

    it('is over when nobody takes it, or the caller gives up', () => {
      pbx.forward(idAt('10'), '+49170');
      pbx.hangup(idAt('10000', 1));
      assert.deepEqual(calls(), []);
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.forward(idAt('10'), '+49170', { ringsOn: true });
      pbx.hangup(idAt('10000'));
      assert.deepEqual(calls(), []);
    });

    it('of an internal call: the caller sees the mobile number', () => {
      pbx.clearCalls();
      pbx.makeCall('11', '12');
      pbx.forward(idAt('12'), '+49170');
      assert.deepEqual(calls(), ['11 Dialing 12', '10000 Dialing +49170']);
      pbx.answer(idAt('10000'));
      assert.deepEqual(calls(), ['11 Connected +49170', '10000 Connected +49170']);
    });

    it('is refused for a number inside, and for a call that does not ring', () => {
      for (const inside of ['11', '8000', '10000']) {
        assert.throws(() => pbx.forward(idAt('10'), inside), impossible);
      }
      assert.throws(() => pbx.forward(idAt('10000'), '+49170'), impossible);
      assert.throws(() => pbx.forward('1', '+49170'), PbxError);
    });
  });

  describe("a queue's own connection", () => {
    beforeEach(() => start({ queueLegs: true }));

    it('is there before an agent rings, and gone when one answers', async () => {
      for (const agent of ['10', '11', '100', '101']) pbx.setProfile(agent, 'Away');
      pbx.inbound({ queue: '8001', number: '+491' });
      assert.deepEqual(calls(), ['10000 Connected +491', '8001 Connected +491']);
      assert.match(
        await operate('showallcalls'),
        /S=Connected;DN=8001;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=\+491;/,
      );
      pbx.setProfile('10', 'Available');
      assert.deepEqual(calls(), ['10000 Connected +491', '8001 Connected +491', '10 Ringing +491']);
      pbx.answer(idAt('10'));
      assert.deepEqual(calls(), ['10000 Connected +491', '10 Connected +491']);
    });

    it('goes with the caller, and takes the caller with it', () => {
      pbx.inbound({ queue: '8001', number: '+491' });
      pbx.hangup(idAt('10000'));
      assert.deepEqual(calls(), []);
      pbx.inbound({ queue: '8001', number: '+491' });
      pbx.hangup(idAt('8001'));
      assert.deepEqual(calls(), []);
    });

    it('comes with a transfer, moves with a divert, and names an extension that calls', () => {
      pbx.inbound({ extension: '10', number: '+491' });
      pbx.answer(idAt('10'));
      pbx.transfer(idAt('10'), '8000');
      assert.deepEqual(calls().slice(0, 2), ['10000 Connected +491', '8000 Connected +491']);
      pbx.divert(idAt('11'), '8001');
      assert.deepEqual(calls().slice(0, 2), ['10000 Connected +491', '8001 Connected +491']);
      pbx.divert(idAt('11'), '12');
      assert.deepEqual(calls(), ['10000 Connected +491', '12 Ringing +491']);
      pbx.clearCalls();
      pbx.makeCall('12', '8001');
      assert.deepEqual(calls().slice(0, 3), ['12 Dialing 8001', '8001 Connected 12', '10 Ringing 12']);
      pbx.answer(idAt('10'));
      assert.deepEqual(calls(), ['12 Connected 10', '10 Connected 12']);
    });

    it('is Held while the caller holds', () => {
      pbx.inbound({ queue: '8001', number: '+491' });
      pbx.hold(idAt('10000'));
      assert.deepEqual(calls().slice(0, 2), ['10000 Hold +491', '8001 Held +491']);
      pbx.divert(idAt('10'), '8000');
      assert.deepEqual(calls().slice(0, 2), ['10000 Hold +491', '8000 Held +491']);
      pbx.resume(idAt('10000'));
      assert.deepEqual(calls().slice(0, 2), ['10000 Connected +491', '8000 Connected +491']);
    });

    it('can only be hung up', () => {
      pbx.inbound({ queue: '8001', number: '+491' });
      const id = idAt('8001');
      for (const refused of [() => pbx.hold(id), () => pbx.park(id), () => pbx.transfer(id, '12')]) {
        assert.throws(refused, impossible);
      }
      pbx.inbound({ queue: '8001', number: '+492' });
      assert.throws(() => pbx.joinCalls(id, idAt('8001', 1)), impossible);
    });
  });
});
