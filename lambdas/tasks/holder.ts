import type { Instant } from '../domain/instant';
import { holderOfLease, type Holder } from '../domain/lease';
import type { ManagedKey } from '../domain/managed-key';
import type { Executions } from '../ports/outside';

/** What Step Functions knows of the execution that holds the lease; `undefined` when none does. It may have ended without giving it back. */
export async function holderOf(executions: Pick<Executions, 'closedAt'>, { lease }: ManagedKey, at: Instant): Promise<Holder | undefined> {
  return lease === null ? undefined : holderOfLease(lease, await executions.closedAt(lease.executionArn), at);
}
