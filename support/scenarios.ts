import assert from 'node:assert/strict';
import type { ErrorCode } from '../lib/pbx';
import { loadFlow, type Outcome, type Properties } from './flow';

interface Scenario<Server> {
  /** The arguments, as they come in `msg`. */
  args: Record<string, string>;
  /** Prepares the server. */
  before?: (server: Server) => unknown;
}

/** Answered with yes or no: `tells` is what the payload holds beside the operation and its arguments. */
export type Answered<Server> = Scenario<Server> & { tells: Properties };

/** An operation of a node, and the ways it can end; a missing way is one that this server does not have. */
export interface Operation<Server> {
  node: string;
  operation: string;
  done?: Answered<Server>;
  refused?: Answered<Server>;
  failed: Scenario<Server> & { code: ErrorCode };
}

/**
 * Describes operations, each through its node in Node-RED.
 *
 * @param server the running server; asked for when a test begins
 */
export function describeOperations<Server extends { url: string }>(
  operations: readonly Operation<Server>[],
  server: () => Server,
): void {
  const run = async (node: string, operation: string, { args, before }: Scenario<Server>): Promise<Outcome> => {
    const { url } = server();
    await before?.(server());
    const properties = { type: node, operation, phone: 'phone', phoneType: 'msg' };
    const flow = await loadFlow(properties, { url, timeout: 300, allowStop: true });
    return flow.send({ topic: 'kept', ...args });
  };

  for (const { node, operation, failed, ...ways } of operations) {
    for (const way of ['done', 'refused'] as const) {
      const scenario = ways[way];
      if (scenario === undefined) continue;
      it(`${node} ${operation}: ${way}`, async () => {
        const { output, msg } = await run(node, operation, scenario);
        assert.deepEqual(msg.payload, { operation, ok: way === 'done', ...scenario.args, ...scenario.tells });
        assert.equal(output, way);
        assert.equal(msg.topic, 'kept');
      });
    }
    it(`${node} ${operation}: failed`, async () => {
      const { output, msg } = await run(node, operation, failed);
      assert.equal(output, 'caught');
      assert.equal(msg.error?.code, failed.code);
      assert.equal(msg.topic, 'kept');
    });
  }
}
