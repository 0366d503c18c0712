import { randomUUID } from 'node:crypto';
import type { WatchEvent } from '../calls';
import { keyOf, type PanelError, type PanelEvent, panelKeeps, panelLife, type PanelUpdate, ThreeCxError } from '../pbx';
import { connections } from './connections';
import { differences, rowsOf } from './panel-rows';
import type { ConnectionNode } from './types';

/** The shortest time between two updates, in ms. */
const pace = 250;
/** How often profiles are looked at where one request gives all of them, in ms. */
const profileInterval = 30_000;

/** An editor that may look. */
interface Viewer {
  /** Its session in Node-RED's comms; null as long as it has not shown its key there. */
  session: string | null;
  /** It has no rows yet, or has lost some. */
  needsWhole: boolean;
  expiry: NodeJS.Timeout;
}

/** A connection that is watched for the viewers. */
interface Attachment {
  /** The extensions that the PBX lists. */
  listed: readonly string[];
  /** To be called with `false` where the connection may come back. */
  end: (isRemoved: boolean) => void;
}

/** The part of Node-RED that the panel needs. */
export interface PanelSurroundings {
  /** Sends an update to one session of the comms. Without one it would go to all who may read any status. */
  publish(session: string, update: PanelUpdate): void;
  /** Begins to report errors of the nodes. @returns ends it */
  watchErrors(onError: (error: PanelError) => void): () => void;
}

/** The contents of the panel, for all editors. It watches connections, and keeps anything, only while one of them is open. */
export class Panel {
  private readonly viewers = new Map<string, Viewer>();
  private readonly attached = new Map<ConnectionNode, Attachment>();
  /** The rows that the viewers have, as JSON. */
  private sent: ReadonlyMap<string, string> = new Map();
  /** The last events of each connection, by its id, and how many there were. */
  private readonly logs = new Map<string, { events: PanelEvent[]; count: number }>();
  private errors: PanelError[] = [];
  /** The events and errors that no update had yet. Those that are no longer kept are never sent. */
  private unsent = new WeakSet<PanelEvent | PanelError>();
  private seq = 0;
  private timer: NodeJS.Timeout | null = null;
  private lastFlush = -Infinity;
  private endWatching: (() => void) | null = null;

  constructor(private readonly surroundings: PanelSurroundings) {}

  /**
   * To be called for an editor that may read connections.
   *
   * @param key that it has
   * @returns the key that it has from now on: the same where that is still good
   */
  renew(key: unknown): string {
    const known = typeof key === 'string' ? this.viewers.get(key) : undefined;
    if (typeof key === 'string' && known !== undefined) {
      known.expiry.refresh();
      return key;
    }
    const fresh: string = randomUUID();
    const expiry = setTimeout(() => this.leave(fresh), panelLife);
    this.viewers.set(fresh, { session: null, needsWhole: true, expiry });
    return fresh;
  }

  /** An editor shows its key in the comms, and gets everything. */
  join(key: string, session: string): void {
    const viewer = this.viewers.get(key);
    if (viewer === undefined) return;
    Object.assign(viewer, { session, needsWhole: true });
    this.endWatching ??= this.begin();
    this.plan();
  }

  /** The comms of an editor are gone. */
  forget(session: string): void {
    for (const [key, viewer] of this.viewers) if (viewer.session === session) this.leave(key);
  }

  /** An editor looks no longer. */
  leave(key: string): void {
    clearTimeout(this.viewers.get(key)?.expiry);
    this.viewers.delete(key);
    if ([...this.viewers.values()].some(({ session }) => session !== null)) return;
    this.endWatching?.();
    this.endWatching = null;
  }

  private begin(): () => void {
    const endErrors = this.surroundings.watchErrors((error) => {
      this.errors = [...this.errors, error].slice(-panelKeeps.errors);
      this.unsent.add(error);
      this.plan();
    });
    const endConnections = connections.observe(() => this.attachAll());
    this.attachAll();
    return () => {
      endErrors();
      endConnections();
      for (const { end } of this.attached.values()) end(true);
      this.attached.clear();
      if (this.timer !== null) clearTimeout(this.timer);
      this.timer = null;
      this.sent = new Map();
      this.logs.clear();
      this.errors = [];
    };
  }

  /** Follows the connections that are deployed. */
  private attachAll(): void {
    const deployed = connections.all();
    for (const [node, { end }] of this.attached) {
      if (deployed.has(node)) continue;
      end(false);
      this.attached.delete(node);
    }
    for (const node of deployed) if (!this.attached.has(node)) this.attached.set(node, this.attach(node));
    this.plan();
  }

  private attach(node: ConnectionNode): Attachment {
    const { access, id } = node;
    const attachment: Attachment = { listed: [], end: () => undefined };
    if (access instanceof ThreeCxError) return attachment;
    const { pbx, calls, profiles } = access;
    const user = `panel of ${id}`;
    let endProfiles: ReturnType<typeof profiles.watch> | null = null;
    const list = async (): Promise<void> => {
      const listed = (await pbx.extensions?.()) ?? [];
      if (this.attached.get(node) !== attachment) return;
      attachment.listed = listed.map(({ extension }) => extension);
      // A client that may not read names may not read profiles.
      const isAllowed = pbx.listsPresences && listed.some(({ name }) => name !== null);
      const interest = { extensions: null, interval: profileInterval };
      if (isAllowed) endProfiles ??= profiles.watch(user, interest, () => this.plan());
      this.plan();
    };
    let listedSince: number | null = null;
    const endCalls = calls.watch(user, (occurrences) => {
      for (const { event } of occurrences) this.note(id, event);
      // The list is asked for once, and again when the PBX is back.
      if (calls.since !== listedSince) list().catch(() => undefined);
      listedSince = calls.since;
      this.plan();
    });
    attachment.end = (isRemoved) => {
      endCalls(isRemoved);
      endProfiles?.(isRemoved);
    };
    return attachment;
  }

  private note(connection: string, event: WatchEvent): void {
    const { events, count } = this.logs.get(connection) ?? { events: [], count: 0 };
    const seq = count + 1;
    const entry = { connection, at: new Date().toISOString(), payload: { ...event, seq } };
    this.logs.set(connection, { events: [...events, entry].slice(-panelKeeps.events), count: seq });
    this.unsent.add(entry);
  }

  /** An update is due, at its pace. */
  private plan(): void {
    this.timer ??= setTimeout(
      () => {
        this.timer = null;
        this.lastFlush = performance.now();
        this.flush();
      },
      Math.max(0, this.lastFlush + pace - performance.now()),
    );
  }

  private flush(): void {
    const rows = [...this.attached].flatMap(([node, { listed }]) => rowsOf(node, listed));
    const byKey = new Map(rows.map((row) => [keyOf(row), row]));
    const now = new Map([...byKey].map(([key, row]) => [key, JSON.stringify(row)]));
    const { changed, gone } = differences(this.sent, now);
    const { unsent, errors: allErrors } = this;
    const allEvents = [...this.logs.values()].flatMap((log) => log.events);
    const events = allEvents.filter((event) => unsent.has(event));
    const errors = allErrors.filter((error) => unsent.has(error));
    this.sent = now;
    this.unsent = new WeakSet();
    const isNews = changed.size + gone.length + events.length + errors.length > 0;
    if (isNews) this.seq += 1;
    const shared = { seq: this.seq, now: new Date().toISOString() };
    const news: PanelUpdate = {
      ...{ ...shared, isWhole: false, gone, events, errors },
      rows: Object.fromEntries([...byKey].filter(([key]) => changed.has(key))),
    };
    const whole = (): PanelUpdate => ({
      ...{ ...shared, isWhole: true, gone: [], rows: Object.fromEntries(byKey) },
      ...{ events: allEvents, errors: allErrors },
    });
    for (const viewer of this.viewers.values()) {
      const { session, needsWhole } = viewer;
      if (session === null) continue;
      if (needsWhole || isNews) this.surroundings.publish(session, needsWhole ? whole() : news);
      viewer.needsWhole = false;
    }
  }
}
