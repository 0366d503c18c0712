import { EventEmitter, once } from 'node:events';
import type { Node, NodeMessage } from 'node-red';
import type { CallState } from '../lib/calls';
import type { WatchPayload } from '../lib/node-red/watch-node';

/** Messages, as they came out, to be waited for one after the other. */
export class Inbox {
  readonly all: (NodeMessage & { payload?: unknown })[] = [];
  private readonly arrivals = new EventEmitter();
  private taken = 0;

  constructor(...probes: Node[]) {
    for (const probe of probes) {
      probe.on('input', (msg) => {
        this.all.push(msg);
        this.arrivals.emit('message');
      });
    }
  }

  async next(): Promise<NodeMessage & { payload?: unknown }> {
    while (this.all.length <= this.taken) await once(this.arrivals, 'message');
    return this.all[this.taken++] ?? {};
  }

  async event(): Promise<WatchPayload & CallState> {
    return (await this.next()).payload as WatchPayload & CallState;
  }

  /** Some events in words. */
  async words(count: number): Promise<string[]> {
    const words = [];
    for (let index = 0; index < count; index++) {
      const event = await this.event();
      words.push([event.event, event.extension, event.outcome].filter((word) => word != null).join(' '));
    }
    return words;
  }
}
