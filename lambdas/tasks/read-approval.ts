import { z } from 'zod';
import { isConsented, standingOf } from '../domain/approval';
import type { IdentityRules } from '../domain/identity';
import { isBefore } from '../domain/instant';
import { liftQuarantine } from '../domain/operations';
import type { Approvals } from '../ports/approvals';
import type { Registry } from '../ports/registry';
import { rotationInput } from './input';
import { approvalFor, question } from './question';

export const readApprovalInput = rotationInput.extend({ question, previous: z.int().nonnegative() });

/**
 * - `consented`: the answer counts; the workflow goes on.
 * - `refused`, `expired`: it does not go on.
 * - `unanswered`: somebody woke the state without an answer, or the key moved, which makes it another question: ask again.
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
    if (approval !== undefined && standing === 'consented' && isConsented(approval, key.rev, rules) && !isFrozen) {
      if (approval.purpose === 'recover') {
        await registry.transact(input.key, (current) => liftQuarantine(current, { by: input.rotationId, at: input.enteredAt, reason: `approval ${id}: ${voters}` }));
      }
      return { answer: 'consented', isFrozen, reason: `approval ${id}: ${voters}` };
    }
    if (standing === 'refused') return { answer: 'refused', isFrozen, reason: `approval ${id}: ${voters}` };
    if (standing === 'expired' || isOver) return { answer: 'expired', isFrozen, reason: `nobody answered approval ${id} by ${input.question.expiresAt}` };
    return { answer: 'unanswered', isFrozen, reason: `approval ${id} is not answered` };
  };
}
