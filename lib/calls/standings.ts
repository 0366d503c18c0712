import type { ConnectionStatus, ExtensionState } from '../pbx';
import type { Party } from './model';
import { isUp } from './party';

/** The state of an extension, by the status of its parts in calls: with several, the first that applies. */
const states: readonly [ExtensionState, (status: ConnectionStatus) => boolean][] = [
  ['talking', (status) => status === 'connected'],
  ['ringing', (status) => status === 'ringing'],
  ['dialing', (status) => status === 'dialing'],
  ['held', isUp],
];

/** The state of each extension, kept up to date event by event: an event carries the state that follows it. */
export class Standings {
  private readonly partiesOf = new Map<string, Set<Party>>();

  add(party: Party): void {
    const own = this.partiesOf.get(party.extension);
    if (own === undefined) this.partiesOf.set(party.extension, new Set([party]));
    else own.add(party);
  }

  remove(party: Party): void {
    const own = this.partiesOf.get(party.extension);
    own?.delete(party);
    if (own?.size === 0) this.partiesOf.delete(party.extension);
  }

  of(extension: string): { extensionState: ExtensionState; activeCalls: number } {
    const own = [...(this.partiesOf.get(extension) ?? [])];
    const [extensionState = 'idle'] = states.find(([, applies]) => own.some(({ status }) => applies(status))) ?? [];
    return { extensionState, activeCalls: new Set(own.map(({ call }) => call)).size };
  }
}
