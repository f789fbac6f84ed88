import type { Caller } from '../kernel/service';

/** An AWS service as the caller of another. */
export function serviceCaller(accountId: string, principal: string): Caller {
  return { accountId, arn: principal, userId: principal };
}
