import type { ServerKind } from '../../lib/pbx';
import { builds, type Habits } from '../builds';
import { documentedOperations } from './documented';
import { idleAnswer, type Operation } from './shared';
import { communityOperations } from './community';

/** A form of the API: what each operation does, and what is answered where it fails. */
export interface Form {
  /** By name, case-sensitive. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** The answer of an operation that throws a PbxError; null for none at all. */
  readonly failure: (operation: string) => string | null;
  /** The answer to an unknown operation. */
  readonly idle: string;
  /** Does `stop` get its answer? Otherwise an empty one. */
  readonly answersStop: boolean;
}

/** @param habits of the build, which only the community server has */
export function formOf(kind: ServerKind, habits: Habits): Form {
  if (kind === 'documented') return forms.documented;
  const { idle, stop } = habits;
  return { operations: communityOperations(habits), failure: () => null, idle, answersStop: stop === 'text' };
}

/** The community server as its original build. */
export const forms: Readonly<Record<ServerKind, Form>> = {
  community: formOf('community', builds.original),
  // The document leaves open what an unknown extension answers; `error` is dnregs' word for "none".
  documented: {
    operations: documentedOperations,
    failure: (operation) => (operation === 'dnregs' ? 'error' : 'false'),
    idle: idleAnswer,
    answersStop: true,
  },
};
