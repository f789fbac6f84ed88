import { intendCreate as decide } from '../../lambdas/domain/creation';
import type { Decision } from '../../lambdas/domain/ledger';
import type { Owner } from '../../lambdas/domain/lease';
import { versionOf, type ManagedKey } from '../../lambdas/domain/managed-key';

/** An invocation that decides on what it sees, as one without a twin does. */
export function intendCreate(key: ManagedKey, owner: Owner, number: number, at: string): Decision {
  return decide(key, owner, number, at, { invocationId: 'one invocation', intentsSeen: versionOf(key, number)?.createIntents ?? 0 });
}
