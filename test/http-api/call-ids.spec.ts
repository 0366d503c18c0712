import assert from 'node:assert/strict';
import { CallIds } from '../../lib/http-api/call-ids';
import { listOf } from '../../support/calls';

const tenTalks = listOf('1 10000 connected +491; 2 10 connected +491');
const anybody = (): boolean => true;

describe('Call ids', () => {
  let ids: CallIds;

  beforeEach(() => {
    ids = new CallIds();
  });

  it('belong to the leg that is new at the extension', () => {
    ids.tell('10', 'A');
    assert.equal(ids.assign(listOf('1 10 dialing +491; 2 10000 dialing +491')), true);
    assert.deepEqual([ids.of('1'), ids.of('2')], ['A', null]);
    ids.tell('10', 'B');
    ids.assign(listOf('1 10 held +491; 2 10000 hold +491; 3 10 dialing 11; 4 11 ringing 10'));
    assert.deepEqual([ids.of('1'), ids.of('3'), ids.of('4')], ['A', 'B', null]);
  });

  it('that were asked for belong to that leg only', () => {
    ids.tell('10', 'A', '2');
    assert.equal(ids.assign(listOf('1 10000 connected +491; 3 10 connected +491')), false);
    assert.equal(ids.of('3'), null);
  });

  it('are not assigned if they could belong to either leg', () => {
    ids.tell('10', 'A');
    ids.assign([...tenTalks, ...listOf('3 10 dialing 11; 4 11 ringing 10')]);
    assert.deepEqual([ids.of('2'), ids.of('3')], [null, null]);
    ids.tell('10', 'A', '2');
    ids.assign([...tenTalks, ...listOf('3 10 dialing 11; 4 11 ringing 10')]);
    assert.equal(ids.of('2'), null, 'the server names the last call');
  });

  it('are not new if they are already known', () => {
    ids.tell('10', 'A');
    assert.equal(ids.assign(tenTalks), true);
    ids.tell('10', 'A');
    assert.equal(ids.assign([...tenTalks, ...listOf('3 10 dialing 11')]), false);
    assert.equal(ids.of('3'), null);
  });

  it('do not outlive a time without lists', () => {
    ids.tell('10', 'A');
    ids.forget();
    assert.equal(ids.assign(tenTalks), false);
    assert.equal(ids.of('2'), null);
  });

  it('stay with a leg that moves to another extension, and end with it', () => {
    ids.tell('10', 'A');
    ids.assign(tenTalks);
    ids.assign(listOf('1 10000 connected +491; 2 11 ringing +491'));
    assert.equal(ids.of('2'), 'A');
    ids.assign([]);
    ids.assign(tenTalks);
    assert.equal(ids.of('2'), null);
  });

  it('are asked for once, if an extension has one leg', () => {
    const list = listOf('1 10 dialing 11; 2 11 ringing 10; 3 12 dialing 13; 4 12 ringing 9; 5 13 undefined 9');
    assert.equal(ids.pick(list, anybody)?.id, '1');
    assert.equal(
      ids.pick(list, () => false),
      null,
    );
    assert.equal(ids.pick(list, anybody)?.id, '2');
    assert.equal(ids.pick(list, anybody), null);
  });
});
