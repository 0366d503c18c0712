/** How long a deploy may take, in ms: a node that is not back by then loses its backlog. */
export const maxDeploy = 60_000;

/** Keeps the events during a redeploy, for each node until it is back. */
export class Backlog<Item> {
  private readonly kept = new Map<string, { since: number; items: Item[] }>();

  get isEmpty(): boolean {
    return this.kept.size === 0;
  }

  /** @param since steady time at which the node was closed, unless it has been waited for since before that */
  begin(node: string, since: number): void {
    if (!this.kept.has(node)) this.kept.set(node, { since, items: [] });
  }

  /** Keeps what is new for the nodes that are not back. */
  add(news: readonly Item[]): void {
    for (const { items } of this.kept.values()) items.push(...news);
  }

  /** @returns what is new for a node, after what happened before it was back */
  take(node: string, news: readonly Item[]): readonly Item[] {
    const before = this.kept.get(node);
    this.kept.delete(node);
    return before === undefined ? news : [...before.items, ...news];
  }

  /** @param time steady time; nodes that have been away for too long by then lose their backlog */
  forget(time: number): void {
    for (const [node, { since }] of this.kept) if (time - since > maxDeploy) this.kept.delete(node);
  }
}
