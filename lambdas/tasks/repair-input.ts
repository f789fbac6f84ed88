import { z } from 'zod';
import { KEY_NAME_PATTERN } from '../contract/key-policy';
import type { Approval } from '../domain/approval';
import { repairSchema, type Repair } from '../domain/repair';
import { repairId } from '../domain/repair-steps';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import { parsedJson } from './parsed-json';

/** What every state of the repair tells its task. */
export const repairInput = z.strictObject({
  key: z.string().regex(KEY_NAME_PATTERN),
  approval: z.string().regex(/^[0-9a-f]{20}$/),
  /** The execution's name. */
  repairId: z.string().min(1).max(80),
  enteredAt: z.iso.datetime({ offset: true }),
});

/** The states after Begin Repair also bring the fencing token. */
export const begunRepairInput = repairInput.extend({ fence: z.int().positive() });

/**
 * The approval that a repair rests on, and what it says to do.
 * @throws {TaskError} `ExecutionNameMismatch`; `RotationNotAllowed` for an approval of something else
 */
export async function readRepair(approvals: Approvals, input: z.infer<typeof repairInput>): Promise<{ readonly approval: Approval; readonly repair: Repair }> {
  if (input.repairId !== repairId(input.approval)) {
    throw new TaskError('ExecutionNameMismatch', `the execution is named ${input.repairId}, its input makes it ${repairId(input.approval)}. Start it under that name.`);
  }
  const approval = await approvals.read(input.approval);
  if (approval?.purpose !== 'repair' || approval.key !== input.key) {
    throw new TaskError('RotationNotAllowed', `${input.approval} is no approval of a repair of ${input.key}; nothing was changed`);
  }
  const repair = repairSchema.safeParse(parsedJson(approval.facts['repair'] ?? ''));
  if (!repair.success) throw new TaskError('InvalidTaskInput', `approval ${input.approval} names a repair that this release does not know; nothing was changed`);
  return { approval, repair: repair.data };
}
