import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Pbx, PbxError } from '../../simulator';
import { defaultSwitches } from '../../simulator/v20/options';
import { type Participant, type ParticipantChanges, Participants } from '../../simulator/v20/participants';
import { checkCallControl } from './v20-schema';

const keyOf = ({ dn, id }: Participant) => `${dn}/${id}`;

describe('simulator: participants of V20', () => {
  it('the changes that are sent always add up to the lists', () => {
    const dn = fc.constantFrom('10', '11', '12', '8000', '+4930');
    const what = fc.constantFrom(
      ...(['inbound', 'queue', 'makeCall', 'answer', 'answer', 'hold', 'resume', 'hangup', 'transfer'] as const),
      ...(['divert', 'forward', 'addRoute', 'park', 'joinCalls', 'unpark'] as const),
    );
    const step = fc.record({ what, a: fc.nat(20), b: fc.nat(20), dn });
    const options = fc.record({ phoneLegs: fc.boolean(), queueLegs: fc.boolean() });
    const switches = fc.record({ showsHold: fc.boolean(), queueParticipants: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), options, switches, (steps, form, some) => {
        const pbx = new Pbx(undefined, form);
        const participants = new Participants(pbx, { ...defaultSwitches, ...some }, 'nodered');
        const known = new Map<string, Participant>();
        pbx.onChange(() => apply(known, participants.update()));
        const idNumber = (index: number) => {
          const all = pbx.connections();
          return all[index % Math.max(all.length, 1)]?.id ?? '0';
        };
        for (const { what: name, a, b, dn: target } of steps) {
          try {
            if (name === 'inbound') pbx.inbound({ extension: target, number: '+499' });
            else if (name === 'queue') pbx.inbound({ queue: '8000', number: '+499' });
            else if (name === 'makeCall') pbx.makeCall(['10', '11', '12'][a % 3] ?? '', target);
            else if (name === 'unpark') pbx.makeCall('12', '*10');
            else if (name === 'joinCalls') pbx.joinCalls(idNumber(a), idNumber(b));
            else if (name === 'transfer' || name === 'divert' || name === 'forward' || name === 'addRoute') {
              pbx[name](idNumber(a), target);
            } else pbx[name](idNumber(a));
          } catch (error) {
            assert.ok(error instanceof PbxError);
          }
          check(participants, known);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function apply(known: Map<string, Participant>, { upserts, removes }: ParticipantChanges): void {
  for (const one of removes) assert.ok(known.delete(keyOf(one)), 'only what is known goes');
  for (const one of upserts) {
    assert.notDeepEqual(known.get(keyOf(one)), one, 'only what has changed is sent');
    known.set(keyOf(one), one);
  }
}

function check(participants: Participants, known: Map<string, Participant>): void {
  const all = participants.infos(participants.dns()).flatMap((info) => info.participants);
  assert.deepEqual(new Map(all.map((one) => [keyOf(one), one])), new Map([...known].toSorted()));
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  assert.equal(new Set(all.map(({ callid, legid }) => `${callid} ${legid}`)).size, all.length);
  for (const one of all) checkCallControl(one, 'participant');
}
