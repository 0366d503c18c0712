import assert from 'node:assert/strict';
import { hooks } from '@node-red/util';
import type { Node } from 'node-red';
import type { OperationName, ThreeCxError } from '../../lib/pbx';
import type { Flow, Outcome, Properties } from '../../support/flow';

/** Which node carries an operation out, where it is not the call control. */
const nodes: Partial<Record<OperationName, string>> = {
  ...{ showallcalls: 'monitor', getcallerid: 'monitor', ondn: 'monitor', dnregs: 'monitor' },
  ...{ ready: 'agent', notready: 'agent', logout: 'agent', login: 'agent' },
  ...{ setstatus: 'agent', showstatus: 'agent', record: 'recorder' },
};
/** The name of the operation there, if it is another one. */
const nodeOperations: Partial<Record<OperationName, string>> = { record: 'start' };
const args = { extension: '10', destination: '+4915112345678', phone: 'Soft', action: 'login_all', profile: 'away' };

/** The node under test, and those beside it, which together have all operations. */
export const callControl = { type: '3cx-call-control', operation: 'msg', phone: 'phone', phoneType: 'msg' };
export const otherNodes: Properties[] = [
  ['agent', '3cx-agent-status'],
  ['recorder', '3cx-recorder'],
  ['monitor', '3cx-call-monitor'],
].map(([id, type]) => ({ id, type, z: 'tab', server: 'server', operation: 'msg', wires: [['done'], ['refused']] }));

/** Messages through these nodes, each of which has to be done with once. */
export class Messages {
  /** Each time that a message was done with, the code of its error. */
  readonly done: (string | undefined)[] = [];
  /** Messages that were done with more or less than once. */
  wrong = 0;

  start(): void {
    hooks.add('onComplete.reliability', ({ node, error }: { node: { node: Node }; error?: ThreeCxError }) => {
      if (node.node.type.startsWith('3cx-')) this.done.push(error?.code);
    });
  }

  stop(): void {
    hooks.remove('*.reliability');
  }

  /** @returns the code of the error, or the output where it came out */
  async send(flow: Flow, name: OperationName): Promise<{ code: string; outcome: Outcome }> {
    this.done.length = 0;
    const outcome = await flow.send({ ...args, operation: nodeOperations[name] ?? name }, nodes[name]);
    await new Promise(setImmediate);
    if (this.done.length !== 1) this.wrong += 1;
    assert.equal(this.done.length, 1, `done with ${this.done.length} times`);
    return { code: outcome.msg.error?.code ?? outcome.output, outcome };
  }
}
