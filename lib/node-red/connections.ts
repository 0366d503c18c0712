import type { ConnectionNode } from './types';

/** The connections that are deployed. */
export class Connections {
  private readonly deployed = new Set<ConnectionNode>();
  private readonly observers = new Set<() => void>();

  all(): ReadonlySet<ConnectionNode> {
    return this.deployed;
  }

  add(node: ConnectionNode): void {
    this.deployed.add(node);
    for (const observer of this.observers) observer();
  }

  remove(node: ConnectionNode): void {
    this.deployed.delete(node);
    for (const observer of this.observers) observer();
  }

  /**
   * @param observer is called when a connection comes or goes
   * @returns ends it
   */
  observe(observer: () => void): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }
}

export const connections = new Connections();
