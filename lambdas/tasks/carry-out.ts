import { FORGOTTEN_AFTER_SECONDS } from '../contract/timing';
import type { Approval } from '../domain/approval';
import { approveEmergency } from '../domain/emergency';
import { plusSeconds } from '../domain/instant';
import { isRetiring } from '../domain/lease';
import type { ManagedKey } from '../domain/managed-key';
import { quarantineForDeadOwner } from '../domain/operations';
import { executionInput, rotationId } from '../domain/rotation-id';
import type { Approvals } from '../ports/approvals';
import type { Callbacks, Executions, Repairs } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { noteAnswered } from './frozen-writes';
import { wakeWaiter } from './waiting';

export interface CarryOutPorts {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly callbacks: Callbacks;
  readonly executions: Executions;
  readonly repairs: Repairs;
}

/**
 * Does what an answered approval means. Every part may be repeated: whoever died in between is finished by `reconcile`, which calls it again.
 * @returns what happens now, for people
 */
export async function carryOut(ports: CarryOutPorts, approval: Approval): Promise<string> {
  await noteAnswered(ports.registry, approval);
  const result = await effectOf(ports, approval);
  // Only a reconciliation deletes an orphan, once it has looked at it again, and marks that.
  if (approval.purpose !== 'delete-orphan' || approval.outcome !== 'approve') await ports.approvals.markCarriedOut(approval.id);
  return result;
}

async function effectOf(ports: CarryOutPorts, approval: Approval): Promise<string> {
  switch (approval.purpose) {
    case 'recover':
    case 'disable':
    case 'revoke':
      // The workflow re-reads the approval; the callback only wakes it.
      await wakeWaiter(ports, approval);
      return 'The execution goes on.';
    case 'emergency':
      return approval.outcome === 'approve' ? startEmergency(ports, approval) : 'Nothing was changed.';
    case 'break-glass':
      return approval.outcome === 'approve' ? breakGlass(ports, approval) : 'Nothing was changed.';
    case 'repair':
      if (approval.outcome !== 'approve') return 'Nothing was changed.';
      await ports.repairs.start(approval.id, approval.key);
      return 'The repair has started; keyturn status shows how it goes.';
    case 'delete-orphan':
      return approval.outcome === 'approve' ? 'The next reconciliation deletes it.' : 'Nothing was changed.';
  }
}

/** Writes the emergency down, stops an owner that is only draining or baking, and starts the execution, which waits until the lease may be taken over. */
async function startEmergency({ registry, executions }: CarryOutPorts, approval: Approval): Promise<string> {
  const last = approval.votes.at(-1);
  const key = await registry.transact(approval.key, (current) =>
    // A repetition finds the emergency that this approval made.
    current.emergency?.approvalId === approval.id
      ? { kind: 'done' }
      : approveEmergency(current, {
          approvalId: approval.id,
          version: approval.version ?? 0,
          requestedBy: approval.requestedBy,
          approvedBy: approval.votes.map(({ by }) => by),
          at: last?.at ?? approval.requestedAt,
          reason: approval.facts['reason'] ?? '',
        }),
  );
  return pursueEmergency(executions, key);
}

/** Makes way for an approved emergency and starts it. Repeated, it stops and starts nothing twice. */
export async function pursueEmergency(executions: Executions, key: ManagedKey): Promise<string> {
  const { emergency, lease } = key;
  if (emergency === null || emergency.isDone) return 'The emergency is done.';
  if (lease !== null && lease.work !== 'emergency') {
    if (!isRetiring(key)) return `${lease.rotationId} is making or promoting a version now; the emergency starts as soon as it has ended.`;
    await executions.stop(lease.executionArn, `emergency ${emergency.number} of ${key.name}: ${emergency.reason}`);
  }
  const run = { kind: 'emergency', window: emergency.window, number: emergency.number } as const;
  const id = rotationId(key.name, run);
  // Its input is always the same, so a name that is taken is that of a closed execution.
  if ((await executions.start(id, executionInput(key.name, run))) === 'started') return `${id} has started.`;
  return `${id} has ended without completing; the next firing of the schedule goes on with the emergency.`;
}

/**
 * Stops the owner. `handle-ended-execution` quarantines the key; once that is lifted the next run takes over. An owner that Step Functions does not know
 * has no end to tell of, so its key is quarantined here.
 */
async function breakGlass({ registry, executions }: CarryOutPorts, { key: name, rotationId: owner, id, votes, requestedAt }: Approval): Promise<string> {
  const lease = (await registry.read(name))?.key.lease ?? null;
  if (owner === null || lease?.rotationId !== owner) return 'The owner has changed meanwhile; nothing was stopped.';
  if ((await executions.stop(lease.executionArn, `break-glass, approval ${id}`)) === 'stopped') {
    return `${owner} was stopped. The key is quarantined; keyturn lift lets the next run take over.`;
  }
  const last = votes.at(-1);
  const note = { by: last?.by ?? 'break-glass', at: last?.at ?? requestedAt, reason: `break-glass, approval ${id}: Step Functions does not know ${owner}, which holds the lease` };
  const { quarantine } = await registry.transact(name, (key) => quarantineForDeadOwner(key, owner, note));
  const takenOver = `the next run takes over, from ${plusSeconds(lease.grantedAt, FORGOTTEN_AFTER_SECONDS)} on`;
  return `Step Functions does not know ${owner}, so nothing was stopped. ${quarantine === null ? `It holds the lease still; ${takenOver}.` : `The key is quarantined; once keyturn lift has lifted that, ${takenOver}.`}`;
}
