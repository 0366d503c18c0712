import assert from 'node:assert/strict';
import type { FlowNode } from '../../support/examples';
import { type Stage, withServer } from './stage';

const env = [
  { name: 'TELEGRAM_TOKEN', type: 'cred' },
  { name: 'TELEGRAM_CHAT', value: '42', type: 'str' },
];

/**
 * Enables the ending by Telegram of an example, and checks that it sends a text as the Bot API wants it.
 *
 * @param send what makes the example send the text
 * @param change what else a user would change
 */
export async function byTelegram(
  stage: Pick<Stage, 'deploy' | 'arrive' | 'received' | 'server' | 'answer'>,
  text: string,
  send: () => Promise<void>,
  change: (node: FlowNode) => FlowNode = (node) => node,
): Promise<void> {
  stage.answer.status = 200;
  stage.received.length = 0;
  await stage.deploy((node) => {
    if (node.type === 'tab') return { ...node, env, credentials: { TELEGRAM_TOKEN: '123:abc' } };
    if (node.name === 'for Telegram') return withServer(node, 'https://api.telegram.org', stage.server);
    if (node.name !== 'send by Telegram') return change(node);
    assert.equal(node.d, true, 'nothing is sent outside as long as nobody wants it');
    return { ...node, d: false };
  });
  await send();
  const [sent] = await stage.arrive('Telegram: 200 when sent');
  assert.equal(sent?.statusCode, 200);
  assert.deepEqual(
    stage.received.map(({ method, url, headers, body }) => [
      method,
      url,
      headers['content-type'],
      JSON.parse(body) as unknown,
    ]),
    [['POST', '/bot123:abc/sendMessage', 'application/json', { chat_id: '42', text }]],
  );
}
