import { z } from 'zod';
import type { DependentPolicy } from '../contract/key-policy';
import { claim, subjectOf, type RotationSubject } from '../domain/lease';
import { activeVersion } from '../domain/managed-key';
import { rotationId } from '../domain/rotation-id';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { rotationInput } from './input';
import { compareWithAlias, readKey, requireEnabled, requireVersion } from './reality';

export const claimRotationInput = rotationInput.extend({ executionArn: z.string().min(1).max(2048) });

export interface ClaimRotationOutput {
  readonly fence: number;
  readonly version: number;
  /** Number of the version that the new one replaces; 0 at bootstrap. */
  readonly previous: number;
  /** How the previous version ends; `none` at bootstrap. */
  readonly retirement: 'none' | 'keep' | 'disable' | 'delete';
  /** Who has to acknowledge before promotion: nobody at bootstrap, when nothing uses the alias yet. */
  readonly dependents: readonly DependentPolicy[];
}

/** Claim Rotation: checks the name, takes the lease, pins policy and dependents, compares the registry with KMS. */
export function claimRotation(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: z.infer<typeof claimRotationInput>): Promise<ClaimRotationOutput> => {
    const expected = rotationId(input.key, input.window, input.attempt);
    if (input.rotationId !== expected) {
      throw new TaskError('ExecutionNameMismatch', `the execution is named ${input.rotationId}, its input makes it ${expected}. Start it under that name.`);
    }
    await readKey(ports.registry, input.key);
    // Duplicates end here. The lease comes before the look at KMS: only an owner can freeze or quarantine for what it sees there.
    const claimed = await ports.registry.transact(input.key, (key) => claim(key, { ...input, at: input.enteredAt }));
    await compareWithAlias(ports.keys, claimed, input.enteredAt);
    const active = activeVersion(claimed);
    if (active !== undefined) await requireEnabled(ports.keys, claimed, requireVersion(claimed, active.number));
    return toOutput(claimed.fence, subjectOf(claimed, input.window), claimed.lease?.policy.dependents ?? []);
  };
}

function toOutput(fence: number, subject: RotationSubject, dependents: readonly DependentPolicy[]): ClaimRotationOutput {
  return {
    fence,
    version: subject.version,
    previous: subject.previous?.number ?? 0,
    retirement: subject.retirement ?? 'none',
    dependents: subject.previous === null ? [] : dependents,
  };
}
