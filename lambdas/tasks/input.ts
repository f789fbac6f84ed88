import { z } from 'zod';
import { KEY_NAME_PATTERN } from '../contract/key-policy';
import type { Owner } from '../domain/lease';
import { question } from './question';

export const instant = z.iso.datetime({ offset: true });
const positive = z.int().positive();

/** What every state tells its task: which rotation, and when the state was entered. */
export const rotationInput = z.strictObject({
  key: z.string().regex(KEY_NAME_PATTERN),
  run: z.strictObject({
    kind: z.enum(['rotation', 'emergency', 'retirement']),
    window: z.string().regex(/^\d{8}T\d{4}Z$/),
    number: positive,
  }),
  /** The execution's name. */
  rotationId: z.string().min(1).max(80),
  /** `$states.context.State.EnteredTime`: the task's only idea of "now". */
  enteredAt: instant,
});

/** The states after Claim also bring the fencing token and the version that the rotation makes. */
export const ownedInput = rotationInput.extend({ fence: positive, version: positive });

/** The states that end the previous version's life. */
export const retirementInput = ownedInput.extend({ previous: positive });

/** The two that a person may have to approve also bring the question, when one was asked. */
export const approvableInput = retirementInput.extend({ question: question.nullable() });

export type OwnedInput = z.infer<typeof ownedInput>;
export type ApprovableInput = z.infer<typeof approvableInput>;
export type RetirementInput = z.infer<typeof retirementInput>;

export function ownerOf(input: { rotationId: string; fence: number }): Owner {
  return { rotationId: input.rotationId, fence: input.fence };
}
