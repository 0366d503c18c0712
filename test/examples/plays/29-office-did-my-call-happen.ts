import assert from 'node:assert/strict';
import { leg, startScriptedPbx } from '../script';
import type { Stage } from '../stage';

export async function play({ simulator, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  let url: string | null = null;
  // Inside, since the other phone has events of the same call then.
  const deploy = (): Promise<void> =>
    stage.deploy((node) => {
      if (node.type === '3cx-config' && url !== null) return { ...node, url };
      return node.type === 'inject' ? { ...node, props: [{ p: 'destination', v: '12', vt: 'str' }] } : node;
    });
  const stories = async (...expected: string[]): Promise<void> => {
    const arrived = await stage.arrive('story', expected.length);
    assert.deepEqual(
      // How long it took depends on the machine.
      arrived.map(({ destination, story }) => [destination, String(story).replace(/\d+ s$/, '0 s')]),
      expected.map((story) => ['12', story]),
    );
  };
  const call = async (): Promise<void> => {
    await stage.press('call +4930111');
    await stage.callAt('12');
    await stage.polls();
  };
  const told: string[] = [];
  /** The phone dials, but has no call yet: it is listed later, or never. */
  const isSeenLater = async (): Promise<void> => {
    const script = await startScriptedPbx();
    try {
      script.answers = { dnregs: '1-sip:10@192.0.2.1:5060-3CXPhone for Windows', makecall: '0', ondn: '0' };
      url = script.url;
      await deploy();
      const show = async (...legs: string[]): Promise<void> => {
        script.legs = legs;
        await script.received(script.requests.length + 4);
      };
      await stage.press('call +4930111');
      while (!script.requests.some((path) => path.startsWith('/makecall'))) await show();
      await show();
      await show(leg(1, 'Dialing', '10', '12'), leg(2, 'Ringing', '12', '10'));
      await show(leg(1, 'Connected', '10', '12'), leg(2, 'Connected', '12', '10'));
      told.push('answered');
      await stories(...told);
      // Nobody looks any more once it is over.
      script.legs = [];
      told.push('over after 0 s');
      await stories(...told);
      await stage.press('call +4930111');
      told.push('over, and nobody knows how');
      await stories(...told);
    } finally {
      await script.close();
    }
  };
  await deploy();

  await call();
  // A call that the extension makes itself has no story.
  pbx.makeCall('10', '11');
  pbx.answer(stage.connectionAt('11'));
  pbx.answer(stage.connectionAt('12'));
  told.push('answered');
  await stories(...told);
  pbx.clearCalls();
  told.push('over after 0 s');
  await stories(...told);
  await call();
  pbx.hangup(stage.connectionAt('12'));
  told.push('nobody answered');
  await stories(...told);

  const phones = pbx.extension('10').phones;
  pbx.setPhones('10', []);
  await stage.press('call +4930111');
  told.push('not made: no-phone');
  await stories(...told);
  pbx.setPhones('10', phones);

  if (stage.api === 'http') await isSeenLater();
  await simulator.close();
  await stage.press('call +4930111');
  told.push('not made: unreachable');
  await stories(...told);
}
