import type { z } from 'zod';
import { isConsented } from '../domain/approval';
import type { IdentityRules } from '../domain/identity';
import { beginRepair as begin } from '../domain/repair-steps';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import type { Registry } from '../ports/registry';
import { readRepair, type repairInput } from './repair-input';

export interface BeginRepairOutput {
  /** The fencing token from now on. Whoever had one before cannot write any more. */
  readonly fence: number;
}

interface Ports {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly rules: IdentityRules;
}

/** Begin Repair: the repair is approved, for the key as it stands, and the freeze stands. Raises the fencing token; the workflow then waits Q. */
export function beginRepair({ registry, approvals, rules }: Ports) {
  return async (input: z.infer<typeof repairInput>): Promise<BeginRepairOutput> => {
    const { approval, repair } = await readRepair(approvals, input);
    const baseline = repair.kind === 'rebaseline-ledger' ? await lastSequence(registry, input.key) : undefined;
    const begun = await registry.transactFrozen(input.key, (key) => {
      if (key.repair?.approvalId !== approval.id && !isConsented(approval, key.rev, rules)) {
        throw new TaskError('RotationNotAllowed', `${input.key}: approval ${approval.id} is no consent to the key as it is now (revision ${approval.rev}, now ${key.rev}); nothing was changed. Look at the key, then ask anew`);
      }
      return begin(key, approval, repair, input.enteredAt, baseline);
    });
    return { fence: begun.fence };
  };
}

/** The last number that is taken, be it by the registry or by an event that it does not count: the ledger goes on behind both. */
async function lastSequence(registry: Registry, name: string): Promise<number> {
  const [reading, events] = await Promise.all([registry.read(name), registry.ledger(name)]);
  return Math.max(reading?.key.seq ?? 0, ...events.map(({ seq }) => seq));
}
