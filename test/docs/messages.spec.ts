import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import helper from 'node-red-node-test-helper';
import { eventNames } from '../../lib/pbx';
import { type Simulator, startSimulator } from '../../simulator';
import { type Flow, loadFlow, type Outcome, useNodeRed } from '../../support/flow';
import { until } from '../../support/until';
import { type Fence, readPage } from './pages';

type Message = Record<string, unknown> & { payload?: Record<string, unknown>; error?: Record<string, unknown> };

/** The fields that differ from run to run. */
const volatile = /^(call|accuracyMs|seq|\w+At|\w+Seconds)$/;

/** Plays what a page shows, in its order, on a fresh simulator. */
describe('The messages in the documentation', function () {
  this.timeout(30_000);
  useNodeRed();

  for (const node of ['call-control', 'agent-status', 'recorder', 'call-monitor']) {
    it(`are those of ${node}`, async () => {
      const simulator = await startSimulator({ delay: 0 });
      try {
        await play(node, simulator);
      } finally {
        await helper.unload();
        await simulator.close();
      }
    });
  }
});

async function play(node: string, simulator: Simulator): Promise<void> {
  const connection = { url: simulator.url, timeout: 300, pollInterval: 100 };
  const watching =
    node === 'agent-status'
      ? { type: '3cx-agent-status', operation: 'watch', extensions: '10' }
      : { type: '3cx-call-monitor', events: [...eventNames] };
  const watch = { id: 'watcher', z: 'tab', ...watching, server: 'server' };
  const probe = { id: 'events', z: 'tab', type: 'helper' };
  const flow = await loadFlow({ type: `3cx-${node}`, operation: 'msg' }, connection, {
    nodes: [{ ...watch, wires: [['events']] }, probe],
  });
  const events: Message[] = [];
  helper.getNode('events').on('input', (msg) => events.push(msg as unknown as Message));
  await until(() => simulator.requestCount >= (node === 'agent-status' ? 1 : 2), 'the first polls');

  let played = 0;
  for (const fence of readPage(`docs/${node}.md`).fences) {
    if (fence.language === 'sh') await clickOnSimulator(fence, simulator);
    else if (fence.text.startsWith('msg.topic')) await compareEvent(fence, events);
    else await compareAnswer(fence, flow);
    played += 1;
  }
  assert.ok(played > 5);
}

async function clickOnSimulator({ text }: Fence, { controlUrl }: Simulator): Promise<void> {
  assert.match(text, /^(curl -X POST http:\/\/127\.0\.0\.1:8890\/api\/.*\n?)+$/);
  const script = text.replaceAll('http://127.0.0.1:8890', controlUrl).replaceAll('curl ', 'curl --silent --fail ');
  await promisify(execFile)('sh', ['-ec', script]);
}

async function compareEvent({ text }: Fence, events: Message[]): Promise<void> {
  const shown = run(text);
  const find = (): Message | undefined => events.find(({ topic }) => topic === shown.topic);
  await until(() => find() !== undefined, `the event ${String(shown.topic)}`);
  const sent = Object.entries(find()?.payload ?? {});
  const isWhole = !text.includes('// …');
  const compared = Object.fromEntries(sent.filter(([name]) => isWhole || name in (shown.payload ?? {})));
  assert.deepEqual(withoutVolatile(compared), withoutVolatile(shown.payload ?? {}));
}

async function compareAnswer({ text }: Fence, flow: Flow): Promise<void> {
  const [, question = '', way = '', answer = ''] = /^(msg = .*?)\n\/\/ (done|refused|caught):\n(.*)$/s.exec(text) ?? [];
  const asked = run(question);
  const { output, msg } = await flow.send(asked);
  const shown = run(answer);
  assert.equal(output, way as Outcome['output'], JSON.stringify(msg));
  if (output !== 'caught') {
    assert.deepEqual(msg.payload, shown.payload);
    return;
  }
  const { code, message } = msg.error ?? {};
  const untimed = (sentence: unknown): string => String(sentence).replace(/within [\d.]+ s/, 'in time');
  assert.deepEqual([code, untimed(message)], [shown.error?.code, untimed(shown.error?.message)]);
}

/** Runs what a page does with `msg`. */
function run(code: string): Message {
  const context = createContext({ msg: {} });
  runInContext(code, context);
  // Objects of another context have other prototypes.
  return JSON.parse(JSON.stringify(context.msg)) as Message;
}

function withoutVolatile(payload: Record<string, unknown>): Record<string, unknown> {
  const kind = (value: unknown): unknown => (value === null ? null : typeof value);
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, volatile.test(name) ? kind(value) : value]),
  );
}
