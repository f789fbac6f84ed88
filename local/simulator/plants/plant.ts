import type { FaultName } from '../run/faults';
import type { Replacements } from '../world';

/** A bug that is planted on purpose: one protection of keyturn is off. The checker must find it, or its silence about keyturn proves nothing. */
export interface Plant {
  readonly name: string;
  /** The protection that is off. */
  readonly off: string;
  readonly replacements: Replacements;
  /** Faults that it shows under, for one that the default faults would meet in some eighty runs or more. @default all of them */
  readonly faults?: readonly FaultName[];
}
