import { z } from 'zod';
import { isConsented, standingOf } from '../domain/approval';
import type { IdentityRules } from '../domain/identity';
import { isBefore } from '../domain/instant';
import { liftQuarantine } from '../domain/operations';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import type { Registry } from '../ports/registry';
import { rotationInput } from './input';
import { approvalFor, question } from './question';

export const readApprovalInput = rotationInput.extend({ question, previous: z.int().nonnegative() });

/**
 * - `consented`: the answer counts; the workflow goes on.
 * - `refused`, `expired`: it does not go on. A consent that the rules of now do not count is a refusal: the same question cannot be answered twice.
 * - `unanswered`: somebody woke the state without an answer, or the key moved, which makes it another question: ask again. A consent to go on with a
 *   key that was frozen since waits for the end of the freeze.
 */
export interface ReadApprovalOutput {
  readonly answer: 'consented' | 'refused' | 'expired' | 'unanswered';
  readonly isFrozen: boolean;
  readonly reason: string;
}

interface Ports {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly rules: IdentityRules;
}

/** Read Approval: what was written down counts, never what a callback said. Consent to recover ends the quarantine. */
export function readApproval({ registry, approvals, rules }: Ports) {
  return async (input: z.infer<typeof readApprovalInput>): Promise<ReadApprovalOutput> => {
    const reading = await registry.read(input.key);
    if (reading?.key.lease?.rotationId !== input.rotationId) {
      return { answer: 'refused', isFrozen: false, reason: `${input.rotationId} does not own ${input.key} any more` };
    }
    const { key, freeze } = reading;
    const { id } = approvalFor(input.question, key, input.rotationId, { question: '', version: input.previous });
    const approval = await approvals.read(id);
    const isFrozen = freeze !== null;
    const standing = approval === undefined ? 'open' : standingOf(approval, key.rev, input.enteredAt);
    const isOver = !isBefore(input.enteredAt, input.question.expiresAt);
    const voters = approval?.votes.map(({ by, reason }) => `${by}: ${reason}`).join('; ') ?? '';
    const answered = { isFrozen, reason: `approval ${id}: ${voters}` };
    if (approval !== undefined && standing === 'consented') {
      if (!isConsented(approval, key.rev, rules)) return { ...answered, answer: 'refused', reason: `${answered.reason}. By the rules of now these are not ${approval.approversNeeded} people who may approve it` };
      const isThawed = !isFrozen && (approval.purpose !== 'recover' || (await lift(registry, input, answered.reason)));
      if (isThawed) return { ...answered, answer: 'consented' };
      if (!isOver) return { answer: 'unanswered', isFrozen: true, reason: `${answered.reason}. The key is frozen: it waits for its repair` };
      return { answer: 'expired', isFrozen: true, reason: `the key was still frozen at ${input.question.expiresAt}, whatever approval ${id} says` };
    }
    if (standing === 'refused') return { ...answered, answer: 'refused' };
    if (standing === 'expired' || isOver) return { answer: 'expired', isFrozen, reason: `nobody answered approval ${id} by ${input.question.expiresAt}` };
    return { answer: 'unanswered', isFrozen, reason: `approval ${id} is not answered` };
  };
}

/** Ends the quarantine. @returns whether a freeze did not come in between, which is stronger */
async function lift(registry: Registry, { key, rotationId: by, enteredAt: at }: z.infer<typeof readApprovalInput>, reason: string): Promise<boolean> {
  try {
    await registry.transact(key, (current) => liftQuarantine(current, { by, at, reason }));
    return true;
  } catch (error) {
    if (error instanceof TaskError && error.name === 'KeyFrozen') return false;
    throw error;
  }
}
