import type { ExtensionState, Moment } from '../pbx';
import { isoTime } from './moment';
import type { Standing, Standings } from './standings';
import type { StateEvent, StateOccurrence } from './types';

/** The fields about the event, not about the extension. */
type Circumstances = Pick<StateEvent, 'accuracyMs' | 'initial' | 'synthetic'>;

const idle: Standing = { extensionState: 'idle', activeCalls: 0 };

/** Reports what extensions do, as often as it changes. */
export class States {
  /** The last report of each extension that was not idle then. */
  private readonly reported = new Map<string, Standing>();
  /** Changes of DNs that may turn out to be queues: the earliest time (steady) of each, and whether it was unseen. */
  private readonly withheld = new Map<string, { since: number; synthetic: boolean }>();

  constructor(private readonly standings: Standings) {}

  /**
   * To be called once per snapshot, when all else is reported.
   *
   * @param accuracyMs how late the snapshot may show something, in ms
   * @param synthetic whether there was no snapshot before it when there should have been one
   * @returns a state for each extension whose state or number of calls differs from what was reported last; those that
   *   are in no call any more come first
   */
  changes(now: Moment, accuracyMs: number, synthetic: boolean): StateOccurrence[] {
    const { standings, reported, withheld } = this;
    const changes: StateOccurrence[] = [];
    const compare = (extension: string): void => {
      const event = this.change(extension, now, { accuracyMs, initial: false, synthetic });
      if (event !== null) changes.push({ event });
    };
    for (const extension of reported.keys()) if (!standings.has(extension)) compare(extension);
    for (const extension of withheld.keys()) if (!standings.has(extension)) withheld.delete(extension);
    for (const extension of standings.extensions()) compare(extension);
    return changes;
  }

  /**
   * @param extensions in a call or not
   * @returns the present state of each of these, and of each that is in a call (`initial`). A DN that may still turn
   *   out to be a queue has the state that was reported last
   */
  current(extensions: Iterable<string>, accuracyMs: number): StateOccurrence[] {
    const { standings, reported } = this;
    const circumstances = { accuracyMs, initial: true, synthetic: false };
    return [...new Set([...extensions, ...standings.extensions()])].flatMap((extension) => {
      const standing = standings.isInDoubt(extension) ? reported.get(extension) : standings.of(extension);
      return standing === undefined ? [] : [{ event: this.state(extension, standing, null, circumstances) }];
    });
  }

  /** @returns null when nothing is to be reported, or not yet */
  private change(extension: string, now: Moment, circumstances: Circumstances): StateEvent | null {
    const { standings, reported, withheld } = this;
    const standing = standings.of(extension);
    const before = reported.get(extension) ?? idle;
    const { extensionState, activeCalls } = standing;
    const isSame = extensionState === before.extensionState && activeCalls === before.activeCalls;
    const earlier = withheld.get(extension);
    if (!isSame && standings.isInDoubt(extension)) {
      const { accuracyMs, synthetic } = circumstances;
      withheld.set(extension, earlier ?? { since: now.steady - accuracyMs, synthetic });
      return null;
    }
    withheld.delete(extension);
    if (isSame) return null;
    if (activeCalls === 0) reported.delete(extension);
    else reported.set(extension, standing);
    const late = earlier && { accuracyMs: now.steady - earlier.since, synthetic: earlier.synthetic };
    return this.state(extension, standing, before.extensionState, { ...circumstances, ...late });
  }

  private state(
    extension: string,
    { extensionState, activeCalls }: Standing,
    previousState: ExtensionState | null,
    circumstances: Circumstances,
  ): StateEvent {
    const party = this.standings.latest(extension);
    return {
      event: 'state',
      extension,
      extensionName: null,
      extensionState,
      previousState,
      activeCalls,
      call: party?.call.id ?? null,
      connection: party?.connection ?? null,
      number: party?.number ?? null,
      e164: null,
      name: party?.name ?? null,
      direction: party?.direction ?? null,
      internal: party === null ? null : party.call.trunk === null,
      queue: party?.queue ?? null,
      trunk: party?.call.trunk ?? null,
      startedAt: party === null ? null : isoTime(party.startedAt),
      answeredAt: party?.answeredAt ? isoTime(party.answeredAt) : null,
      ...circumstances,
    };
  }
}
