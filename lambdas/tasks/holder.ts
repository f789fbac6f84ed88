import type { Holder } from '../domain/lease';
import type { ManagedKey } from '../domain/managed-key';
import type { Executions } from '../ports/outside';

/** What Step Functions knows of the execution that holds the lease; `undefined` when none does. It may have ended without giving it back. */
export async function holderOf(executions: Executions, { lease }: ManagedKey): Promise<Holder | undefined> {
  return lease === null ? undefined : { rotationId: lease.rotationId, closedAt: await executions.closedAt(lease.rotationId) };
}
