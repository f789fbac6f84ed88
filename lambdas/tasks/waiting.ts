import { z } from 'zod';
import { isWaitedFor, type Approval } from '../domain/approval';
import { msOf, type Instant } from '../domain/instant';
import type { ManagedKey } from '../domain/managed-key';
import type { TaskToken, Waiter } from '../ports/acknowledgements';
import type { Approvals } from '../ports/approvals';
import type { Callbacks } from '../ports/outside';

/** What a state that waits for a callback hands to its function. */
export const visit = z.object({
  taskToken: z.string().min(1).max(2048),
  /** How often the state was tried before, since it was entered. */
  retries: z.int().nonnegative(),
});

/** Visits and tries in their order: each has a token of its own, and only the newest wakes the state. There are far fewer than a thousand tries. */
export function waiterOf({ taskToken, retries, enteredAt }: z.infer<typeof visit> & { readonly enteredAt: Instant }): Waiter {
  return { token: taskToken as TaskToken, since: msOf(enteredAt) * 1000 + retries };
}

interface Ports {
  readonly approvals: Approvals;
  readonly callbacks: Callbacks;
}

/** Wakes the state that waits for an approval; it reads what stands there, and asks anew if that is nothing. @returns whether one waited */
export async function wakeWaiter({ approvals, callbacks }: Ports, approval: Approval): Promise<boolean> {
  const token = await approvals.waiter(approval.id);
  if (token === undefined) return false;
  await callbacks.wake(token);
  return true;
}

/** Wakes the key's owner if it waits for an answer: something about the key has changed that it should see. */
export async function wakeOwner(ports: Ports, key: ManagedKey): Promise<void> {
  for (const id of key.approvals) {
    const approval = await ports.approvals.read(id);
    if (approval !== undefined && isWaitedFor(approval) && approval.rotationId === key.lease?.rotationId) await wakeWaiter(ports, approval);
  }
}
