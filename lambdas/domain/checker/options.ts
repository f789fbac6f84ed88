import type { KeyPolicy } from '../../contract/key-policy';
import type { IdentityRules } from '../identity';

/** What people were promised about a managed key. Keyturn's registry holds it; for a design without one it has to be said. */
export type KeyPromise = Pick<KeyPolicy, 'name' | 'alias' | 'rotateEverySeconds' | 'anchor' | 'drainSeconds' | 'idleSeconds' | 'backupRetentionSeconds' | 'bakeSeconds' | 'retirement'>;

/** Who is who in a trace. */
export interface CheckOptions {
  /**
   * Whether an actor is keyturn: the checker blames nobody else.
   * @default roles whose name or path begins with `keyturn`, in any case
   */
  readonly isKeyturn?: (actor: string) => boolean;
  /**
   * Whether an actor is a consumer of managed keys, whose calls must not fail because of keyturn.
   * @default everybody but keyturn
   */
  readonly isConsumer?: (actor: string) => boolean;
  /**
   * Whose session names tell people apart.
   * @default nobody's: two sessions of one role are one approver
   */
  readonly identityRules?: IdentityRules;
  /** The registry's table. @default every table that has items of managed keys */
  readonly registryTable?: string;
  /** What was promised about keys that no registry of the trace knows. @default nothing */
  readonly promises?: readonly KeyPromise[];
  /** Virtual time at which the trace ends, ms since the epoch. @default the time of its last event */
  readonly untilMs?: number;
}

/** `arn:aws:sts::111122223333:assumed-role/Keyturn-ClaimRotationRole-…/…`, or a role under the path `/keyturn/`. */
const KEYTURN_ROLE = /:(?:assumed-role|role)\/(?:.*\/)?keyturn/i;

export function isKeyturnRole(actor: string): boolean {
  return KEYTURN_ROLE.test(actor);
}
