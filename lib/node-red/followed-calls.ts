import type { NodeMessage } from 'node-red';
import {
  type CallOccurrence,
  type Expected,
  type Followed,
  type FollowedEvent,
  Following,
  type MadeCall,
  type News,
  type Sight,
} from '../calls';
import type { Moment, Pbx } from '../pbx';
import { maxDeploy } from './backlog';
import type { Contacts } from './contacts';

/** Whose call is followed: the message that made it, of a node as it was deployed then. */
export interface Maker {
  node: string;
  definition: string;
  msg: NodeMessage;
}

/** A node that follows calls, as it is deployed. */
export interface Follower {
  id: string;
  definition: string;
  onEvent: (event: FollowedEvent, msg: NodeMessage) => void;
}

/** A command is under way; is to be called with what it came to: null when no call is to be followed. */
export type Settle = (made: { call: MadeCall; msg: NodeMessage } | null) => void;

/** The memory of a connection's followed calls. It outlives a deploy. */
export interface FollowMemory {
  /** The calls that nodes follow. */
  readonly following: Following<Maker>;
  /** The events of these calls during a redeploy of their node. */
  untold: Followed<Maker>[];
  /** The nodes that are being redeployed, with the steady time since when. */
  readonly absent: Map<string, number>;
}

/** The watch over all calls of the connection, among which the followed ones are found. */
export interface Lookout {
  /** Is there anybody for whom it watches? */
  isWatching(): boolean;
  /** The part of the calls that it has seen so far. */
  sight(): Sight;
  /** @param occurrences of the last snapshot */
  news(occurrences: readonly CallOccurrence[]): News;
  /** A call is to be looked for: begins to watch, where it does not. */
  begin(): void;
  /**
   * There may be no such call any longer.
   *
   * @param isOver nobody is about to come back after a deploy
   */
  endIfIdle(isOver: boolean): void;
}

/** How much later than a call counts as unseen a snapshot is asked for, in ms. */
const refreshDelay = 50;

export function emptyFollowMemory(): FollowMemory {
  return { following: new Following(), untold: [], absent: new Map() };
}

/** The calls that the nodes of one connection follow: tells each node what happens to those that it made. */
export class FollowedCalls {
  private readonly followers = new Map<string, Follower>();
  private refreshTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly pbx: Pick<Pbx, 'isConcurrent' | 'refresh'>,
    private readonly memory: FollowMemory,
    private readonly lookout: Lookout,
    private readonly contacts: Contacts,
    private readonly clock: () => Moment,
  ) {}

  /** Is there a call to look for or to look at, or something to tell, for a node that is there? */
  get isNeeded(): boolean {
    const { following, untold } = this.memory;
    const isThere = ({ node }: Maker): boolean => this.followers.has(node);
    return following.isNeeded(isThere) || untold.some(({ owner }) => isThere(owner));
  }

  /** Does it help to know the call id of a leg? */
  needsCallId(extension: string, connection: string): boolean {
    return this.memory.following.needsCallId(extension, connection);
  }

  /**
   * Follows the calls that a node makes. Those that it made before a redeploy are followed on, if the node itself has
   * not changed.
   *
   * @returns ends it; with `false` for a node that comes back
   */
  follow(follower: Follower): (isRemoved: boolean) => void {
    const { id, definition } = follower;
    const { absent } = this.memory;
    this.followers.set(id, follower);
    absent.delete(id);
    this.forgetCalls((maker) => maker.node === id && maker.definition !== definition);
    if (this.isNeeded) this.lookout.begin();
    return (isRemoved) => {
      if (this.followers.get(id) !== follower) return;
      this.followers.delete(id);
      if (isRemoved) this.forgetNode(id);
      else absent.set(id, this.clock().steady);
      this.lookout.endIfIdle(isRemoved);
    };
  }

  /** Looks for the call that a command of a node makes; to be called before anything of it is sent. */
  expect({ id, definition }: Pick<Follower, 'id' | 'definition'>): Settle {
    const { following, absent } = this.memory;
    const expected = following.expect(this.lookout.sight());
    this.lookout.begin();
    return (made) => {
      const isKept = this.followers.get(id)?.definition === definition || absent.has(id);
      if (made === null || !isKept) following.cancel(expected);
      else this.followCall(expected, made.call, { node: id, definition, msg: made.msg });
      this.lookout.endIfIdle(true);
    };
  }

  /**
   * Takes the events of a snapshot.
   *
   * @param at when it was made
   * @param since when the snapshot before was made; null when something may have come and gone unseen since
   */
  take(occurrences: readonly CallOccurrence[], at: Moment, since: Moment | null): void {
    const { following, untold, absent } = this.memory;
    for (const [id, leftAt] of absent) if (at.steady - leftAt > maxDeploy) this.forgetNode(id);
    if (following.isEmpty && untold.length === 0) return;
    this.tell(following.take(this.lookout.news(occurrences), at, since, this.sameNumber));
    this.refreshWhenDue();
    this.lookout.endIfIdle(true);
  }

  /** The watch has ended: no snapshot is asked for any more. */
  watchEnded(): void {
    if (this.refreshTimer !== null) clearTimeout(this.refreshTimer);
  }

  private followCall(expected: Expected, call: MadeCall, owner: Maker): void {
    const { pbx, lookout } = this;
    const before = pbx.isConcurrent === true ? expected.before : lookout.sight();
    const made = { owner, call, before, answeredAt: this.clock() };
    this.tell(this.memory.following.follow(expected, made, lookout.news([]), this.sameNumber));
    this.refreshWhenDue();
  }

  /** Are two numbers the same: one as it was dialled, the other as the PBX reports it? */
  private readonly sameNumber = (a: string, b: string): boolean => this.contacts.sameNumber(a, b);

  private forgetCalls(isForgotten: (maker: Maker) => boolean): void {
    const { memory } = this;
    memory.following.drop(isForgotten);
    memory.untold = memory.untold.filter(({ owner }) => !isForgotten(owner));
  }

  private forgetNode(id: string): void {
    this.memory.absent.delete(id);
    this.forgetCalls(({ node }) => node === id);
  }

  /** Sends the nodes the events of their calls. Events for a node that is being redeployed wait for it. */
  private tell(followed: readonly Followed<Maker>[]): void {
    const all = [...this.memory.untold, ...followed];
    this.memory.untold = all.filter(({ owner }) => !this.followers.has(owner.node));
    for (const { owner, event } of all) {
      this.followers.get(owner.node)?.onEvent(this.contacts.complete(event), owner.msg);
    }
  }

  /** Where snapshots are rare, one is asked for when it is time to say that a call was never seen. */
  private refreshWhenDue(): void {
    const { patience } = this.memory.following;
    if (this.refreshTimer !== null) clearTimeout(this.refreshTimer);
    this.refreshTimer = null;
    if (patience === null || this.pbx.refresh === undefined || !this.lookout.isWatching()) return;
    // A little later, so that it is over by then.
    this.refreshTimer = setTimeout(() => this.pbx.refresh?.(), patience + refreshDelay);
  }
}
