/** The two forms of the API: what each operation does, and what is answered where it fails. */
import { documentedOperations } from './documented';
import type { Operation } from './shared';
import { shippedOperations } from './shipped';

/** The form of the API: as the interface document has it, or as the server people run. */
export type ServerKind = 'shipped' | 'documented';

export interface Form {
  /** By name, case-sensitive. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** What an operation answers that throws a PbxError; null: it is never answered. */
  readonly failure: (operation: string) => string | null;
}

export const forms: Readonly<Record<ServerKind, Form>> = {
  shipped: { operations: shippedOperations, failure: () => null },
  // The document leaves open what an unknown extension answers; `error` is dnregs' word for "none".
  documented: {
    operations: documentedOperations,
    failure: (operation) => (operation === 'dnregs' ? 'error' : 'false'),
  },
};

export { IDLE } from './shared';
