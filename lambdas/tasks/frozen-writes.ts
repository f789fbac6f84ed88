import type { Approval } from '../domain/approval';
import { MAX_PENDING_REQUESTS, noteAnswer, noteApproval } from '../domain/approval-notes';
import type { Instant } from '../domain/instant';
import type { Decision } from '../domain/ledger';
import type { ManagedKey } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import type { Registry } from '../ports/registry';

/** For what is allowed to a frozen key, too: notes, holds, and giving a version back. */
export async function transactAnyway(registry: Registry, name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey> {
  try {
    return await registry.transact(name, decide);
  } catch (error) {
    if (!(error instanceof TaskError) || error.name !== 'KeyFrozen') throw error;
    return registry.transactFrozen(name, decide);
  }
}

interface NotePorts {
  readonly registry: Registry;
  readonly approvals: Approvals;
}

/** Names a question at its key, so that it is listed. @throws {TaskError} `RotationNotAllowed` when too much that people asked for is pending */
export async function noteAsked({ registry, approvals }: NotePorts, approval: Approval, at: Instant): Promise<void> {
  const ids = (await registry.read(approval.key))?.key.approvals ?? [];
  // Without reading them, all count as pending: few enough are no trouble.
  const noted = ids.length < MAX_PENDING_REQUESTS || ids.includes(approval.id) ? [] : await Promise.all(ids.map((id) => approvals.read(id)));
  const known = noted.filter((each) => each !== undefined);
  await unlessLedgerIsBroken(() => transactAnyway(registry, approval.key, (key) => noteApproval(key, approval, known, at)));
}

/** Puts an outcome into the ledger of its key. */
export async function noteAnswered(registry: Registry, approval: Approval): Promise<void> {
  await unlessLedgerIsBroken(() => transactAnyway(registry, approval.key, (key) => noteAnswer(key, approval)));
}

/** A broken ledger takes no notes; the repair that starts it anew must be asked for and answered all the same. The approval itself stands in its own item. */
async function unlessLedgerIsBroken(note: () => Promise<unknown>): Promise<void> {
  try {
    await note();
  } catch (error) {
    if (!(error instanceof TaskError) || error.name !== 'LedgerMismatch') throw error;
  }
}
