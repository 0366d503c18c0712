import assert from 'node:assert/strict';
import type { FlowNode } from '../../../support/examples';
import { leg, startScriptedPbx } from '../script';
import type { Stage } from '../stage';
import { byTelegram } from '../telegram';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const agents = (profile: 'Available' | 'Away', ...numbers: string[]): void => {
    for (const number of numbers) pbx.setProfile(number, profile);
  };
  agents('Away', '11', '100', '101');
  await stage.deploy(anyRing);
  const ring = async (call: { queue: string } | { extension: string }): Promise<void> => {
    pbx.clearCalls();
    pbx.inbound({ ...call, number: caller });
    await stage.polls(1);
  };
  let counted = 0;
  const miss = async (): Promise<void> => {
    await ring({ queue: '8000' });
    pbx.hangup(stage.connectionAt('10'));
    await stage.arrive('three in a row?', (counted += 1));
  };

  await miss();
  await miss();
  await ring({ queue: '8001' });
  pbx.answer(stage.connectionAt('10'));
  await stage.arrive('three in a row?', (counted += 1));
  counted += 1; // its end
  await miss();
  // Two that do not count: a colleague took it, and it came through no queue.
  agents('Available', '11');
  await ring({ queue: '8000' });
  pbx.answer(stage.connectionAt('11'));
  await stage.arrive('three in a row?', (counted += 2));
  counted += 1; // its end
  agents('Away', '11');
  await ring({ extension: '10' });
  pbx.clearCalls();
  await stage.polls();
  assert.equal(stage.at('three in a row?').length, counted);
  await miss();
  assert.deepEqual(stage.at('log out'), []);
  await miss();
  const [told] = await stage.arrive('tell the team lead');
  assert.match(String(told?.payload), /^Extension 10 /);
  assert.deepEqual([pbx.extension('10').profile, pbx.extension('10').loggedInTo], ['Away', []]);
  assert.deepEqual(pbx.extension('11').loggedInTo, ['8000', '8001']);
  await byTelegram(
    stage,
    'Extension 10 let three queue calls in a row ring, and was logged out of the queues.',
    async () => {
      agents('Available', '10');
      pbx.changeQueues('10', { loggedIn: true });
      counted = stage.at('three in a row?').length;
      for (let calls = 0; calls < 3; calls++) await miss();
    },
    anyRing,
  );
  if (stage.api === 'http') return countsOnly(stage);

  // Nobody is logged out who answers at one of two phones.
  const office = await stage.another({ phoneLegs: true });
  for (const number of ['11', '100', '101']) office.pbx.setProfile(number, 'Away');
  await stage.deploy(anyRing);
  const loggedOut = stage.at('log out').length;
  for (let calls = 1; calls <= 3; calls++) {
    office.pbx.inbound({ queue: '8000', number: caller });
    assert.equal(office.pbx.connectionsOf('10').length, 2);
    await stage.polls();
    office.pbx.answer(stage.connectionAt('10'));
    await stage.polls();
    office.pbx.clearCalls();
    await stage.arrive('three in a row?', counted + 2 * calls);
  }
  assert.equal(stage.at('log out').length, loggedOut);
}

/** So that no ring is too short. */
function anyRing(node: FlowNode): FlowNode {
  return node.minRing === undefined ? node : { ...node, minRing: 0 };
}

/** Nobody is logged out who answers at one of two phones, is in another call, or perhaps answered. */
async function countsOnly(stage: Omit<Stage, 'simulator' | 'caller'>): Promise<void> {
  const script = await startScriptedPbx();
  const show = async (...legs: string[]): Promise<void> => {
    script.legs = legs;
    await script.received(script.requests.length + 2);
  };
  const outside = (id: number): string => leg(id, 'Connected', '10000', `+4930${id}`);
  const rings = (id: number, call: number): string => leg(id, 'Ringing', '10', `+4930${call}`, '8000');
  const miss = async (id: number, ...others: string[]): Promise<void> => {
    await show(...others, outside(id), rings(id + 1, id));
    await show(...others);
  };
  const loggedOut = stage.at('log out').length;
  const isLoggedIn = (): void => {
    assert.equal(stage.at('log out').length, loggedOut);
  };
  try {
    await stage.deploy((node) => {
      if (node.type === '3cx-config') return { ...node, url: script.url };
      return anyRing(node);
    });
    await show();
    for (const id of [10, 20, 30]) {
      await show(outside(id), rings(id + 1, id), rings(id + 2, id));
      await show(outside(id), leg(id + 1, 'Connected', '10', `+4930${id}`, '8000'));
      await show();
    }
    isLoggedIn();
    // Taken by a colleague.
    for (const id of [40, 50, 60]) {
      await show(outside(id), rings(id + 1, id), leg(id + 2, 'Ringing', '11', `+4930${id}`, '8000'));
      await show(outside(id), leg(id + 2, 'Connected', '11', `+4930${id}`, '8000'));
      await show();
    }
    isLoggedIn();
    const talk = [outside(1), leg(2, 'Connected', '10', '+49301')];
    for (const id of [70, 80, 90]) await miss(id, ...talk);
    isLoggedIn();
    await show();
    await miss(100);
    await miss(110);
    await show(outside(120), rings(121, 120));
    script.legs = null;
    await script.received(script.requests.length + 2);
    await show();
    await miss(130);
    isLoggedIn();
    script.answers = { ondn: '0', logout: 'true', showstatus: '    CURRENT_STATUS=Away' };
    await miss(140);
    await miss(150);
    await stage.arrive('log out', loggedOut + 1);
    await stage.arrive('tell the team lead', loggedOut + 1);
  } finally {
    await script.close();
  }
}
