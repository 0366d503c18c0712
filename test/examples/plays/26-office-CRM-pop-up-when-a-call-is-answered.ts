import assert from 'node:assert/strict';
import type { FlowNode } from '../../../support/examples';
import type { Stage } from '../stage';

export async function play({ simulator: { pbx }, caller, ...stage }: Stage): Promise<void> {
  const withCrm =
    (url: string) =>
    (node: FlowNode): FlowNode => {
      const names = [{ number: '0151 12345678', name: 'Grandma' }];
      if (node.type === '3cx-config') return { ...node, country: 'DE', names };
      return node.type === 'tab' ? { ...node, env: [{ name: 'CRM_URL', value: url, type: 'str' }] } : node;
    };

  await stage.deploy(withCrm(`${stage.server}/pop-up`));
  pbx.makeCall('11', '12');
  pbx.answer(stage.connectionAt('12'));
  pbx.makeCall('100', '+4930111');
  pbx.answer(stage.connectionAt('10000'));
  await stage.polls();
  pbx.inbound({ queue: '8000', number: '015112345678' });
  await stage.polls();
  pbx.answer(stage.connectionAt('10'));
  const [told, second] = await stage.receive(1);
  assert.deepEqual([told?.method, told?.url, second], ['POST', '/pop-up', undefined]);
  const { extension, number, name, queue } = JSON.parse(told?.body ?? '') as Record<string, unknown>;
  assert.deepEqual([extension, number, name, queue], ['10', caller, 'Grandma', 'Support: Süd; EU']);
  await stage.arrive('told');

  stage.answer.status = 500;
  pbx.inbound({ extension: '102', number: caller });
  pbx.answer(stage.connectionAt('102'));
  await stage.arrive('not told');

  pbx.clearCalls();
  await stage.deploy(withCrm(`${stage.nodeRed}/3cx/stand-in/crm`));
  pbx.inbound({ extension: '102', number: caller });
  pbx.answer(stage.connectionAt('102'));
  const [popUp] = await stage.arrive('pops up');
  assert.equal((popUp?.payload as { number: string }).number, caller);
  await stage.arrive('told', 2);

  pbx.clearCalls();
  await stage.deploy(withCrm('http://127.0.0.1:9/'));
  pbx.inbound({ extension: '102', number: caller });
  pbx.answer(stage.connectionAt('102'));
  await stage.arrive('what went wrong');
}
