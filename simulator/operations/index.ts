/** The two forms of the API: what each operation does, and what is answered where it fails. */
import { BUILDS, type Habits } from '../builds';
import { documentedOperations } from './documented';
import { IDLE, type Operation } from './shared';
import { shippedOperations } from './shipped';

/** The form of the API: as the interface document has it, or as the server people run. */
export type ServerKind = 'shipped' | 'documented';

export interface Form {
  /** By name, case-sensitive. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** What an operation answers that throws a PbxError; null: it is never answered. */
  readonly failure: (operation: string) => string | null;
  /** What an unknown operation answers. */
  readonly idle: string;
  /** Does `stop` get its answer? Otherwise an empty one. */
  readonly answersStop: boolean;
}

/** @param habits of the build, which only the shipped form has. */
export function formOf(kind: ServerKind, habits: Habits): Form {
  if (kind === 'documented') return forms.documented;
  const { idle, stop } = habits;
  return { operations: shippedOperations(habits), failure: () => null, idle, answersStop: stop === 'text' };
}

/** With the shipped one as the original has it. */
export const forms: Readonly<Record<ServerKind, Form>> = {
  shipped: formOf('shipped', BUILDS.original),
  // The document leaves open what an unknown extension answers; `error` is dnregs' word for "none".
  documented: {
    operations: documentedOperations,
    failure: (operation) => (operation === 'dnregs' ? 'error' : 'false'),
    idle: IDLE,
    answersStop: true,
  },
};
