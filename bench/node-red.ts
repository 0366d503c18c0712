import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import RED from 'node-red';

export type Message = Record<string, unknown>;

/** Node-RED in this process, with its own nodes and ours as they were built. */
export class NodeRed {
  private constructor(private readonly userDir: string) {}

  static async start(): Promise<NodeRed> {
    const userDir = await mkdtemp(join(tmpdir(), 'bench-3cx-'));
    await mkdir(join(userDir, 'node_modules'));
    await symlink(resolve(__dirname, '..'), join(userDir, 'node_modules/node-red-contrib-3cx'), 'junction');
    const settings = {
      ...{ userDir, httpAdminRoot: false, httpNodeRoot: false },
      ...{ logging: { console: { level: 'error' } }, telemetry: { enabled: false } },
    };
    RED.init(createServer(), settings as unknown as Parameters<typeof RED.init>[1]);
    // Node-RED loads its flows, which are empty so far, after it has started.
    const started = once(RED.events, 'flows:started');
    await RED.start();
    await started;
    return new NodeRed(userDir);
  }

  /** Replaces all flows. */
  async deploy(nodes: readonly Message[]): Promise<void> {
    const flows = [{ id: 'tab', type: 'tab', label: 'bench' }, ...nodes.map(placed)];
    const started = once(RED.events, 'flows:started');
    await RED.runtime.flows.setFlows({ flows: { flows } } as unknown as Parameters<
      typeof RED.runtime.flows.setFlows
    >[0]);
    await started;
  }

  /** Sends a message to a node. */
  send(id: string, message: Message): void {
    nodeOf(id).receive(message);
  }

  /** Calls back with each message that a node gets, for a junction at the end of a flow. */
  onMessage(id: string, listener: (message: Message) => void): void {
    nodeOf(id).on('input', listener);
  }

  async stop(): Promise<void> {
    await this.deploy([]);
    await RED.stop();
    await rm(this.userDir, { recursive: true, force: true });
  }
}

interface RunningNode {
  receive(message: Message): void;
  on(event: 'input', listener: (message: Message) => void): void;
}

function nodeOf(id: string): RunningNode {
  return (RED.nodes as unknown as { getNode(id: string): RunningNode }).getNode(id);
}

/** A node without a place in the workspace is a config node. */
function placed(node: Message): Message {
  return node.type === '3cx-config' ? node : { ...node, z: 'tab', x: 0, y: 0 };
}
