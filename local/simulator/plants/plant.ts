import type { FaultName } from '../run/faults';
import type { Replacements } from '../world';

/** A bug that is planted on purpose: one protection of keyturn is off. The checker must find it, or its silence about keyturn proves nothing. */
export interface Plant {
  readonly name: string;
  /** The protection that is off. */
  readonly off: string;
  readonly replacements: Replacements;
  /** Faults without which it cannot show: one of them comes in front of the seeded ones. @default none: the default faults find it */
  readonly faults?: readonly FaultName[];
}
