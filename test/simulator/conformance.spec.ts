import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../simulator';
import { control, type Pending, sendInOrder } from './client';

interface Exchange {
  pbx?: string;
  request?: string;
  status?: number | null;
  headers?: Record<string, string>;
  body?: string | null;
  seconds?: number | null;
}

const { scenarios } = JSON.parse(readFileSync(join(__dirname, '../fixtures/community-server.json'), 'utf8')) as {
  scenarios: { scenario: string; exchange: Exchange[] }[];
};

/** Stands for the 2.5 s of the captures. */
const delay = 20;

// The scenarios run in the order of the file on one simulator, since ids, profiles and log-ins go on.
describe('simulator: scenarios captured from the community server', () => {
  let simulator: Simulator;
  let unanswered: Pending[] = [];

  before(async () => {
    simulator = await startSimulator({ delay });
  });
  afterEach(async () => {
    for (const pending of unanswered) pending.abort();
    unanswered = [];
    assert.equal((await control(simulator, 'DELETE', '/api/calls')).status, 204);
  });
  after(() => simulator.close());

  for (const { scenario, exchange } of scenarios) {
    it(scenario, async () => {
      assert.ok(exchange.length > 0);
      for (const step of exchange) {
        if (step.pbx !== undefined) await inbound(step.pbx);
        else await play(step);
      }
      assert.ok(unanswered.every((pending) => !pending.isAnswered()));
    });
  }

  it('include every scenario', () => {
    assert.equal(scenarios.length, 15);
  });

  /** `inbound <extension> <number> [<queue>]` */
  async function inbound(step: string): Promise<void> {
    const [what, extension, number, queue] = step.split(' ');
    assert.equal(what, 'inbound');
    const { status } = await control(simulator, 'POST', '/api/calls', { extension, number, queue });
    assert.equal(status, 201);
  }

  async function play({ request = '', status, headers, body, seconds }: Exchange): Promise<void> {
    const [method, path = ''] = request.split(' ');
    assert.equal(method, 'GET');
    const order: string[] = [];
    const pending = await sendInOrder(simulator, path);
    void pending.answer.then(
      () => order.push(path),
      () => undefined,
    );
    // Sent after it on a connection of its own; changes nothing.
    const probe = await (await sendInOrder(simulator, '/dnregs/8000')).answer;
    order.push('probe');
    assert.equal(probe.body, 'error');

    if (status === null) {
      assert.equal(pending.isAnswered(), false, `${request} is not answered`);
      unanswered.push(pending);
      return;
    }
    assert.deepEqual(await pending.answer, { status, headers, body }, request);
    if (seconds !== 0) assert.deepEqual(order, [path, 'probe'], `${request} blocks what comes after it`);
  }
});
