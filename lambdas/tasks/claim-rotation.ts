import { z } from 'zod';
import type { DependentPolicy } from '../contract/key-policy';
import { claim, subjectOf, type RunSubject } from '../domain/lease';
import type { ManagedKey } from '../domain/managed-key';
import { drainUntil } from '../domain/retirement';
import { rotationId } from '../domain/rotation-id';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Executions } from '../ports/outside';
import type { Registry } from '../ports/registry';
import { requireAsRegistered } from './comparison';
import { resolveIntentOf } from './dead-owner';
import { holderOf } from './holder';
import { rotationInput } from './input';
import { readKey } from './reality';

export const claimRotationInput = rotationInput.extend({ executionArn: z.string().min(1).max(2048) });
type Input = z.infer<typeof claimRotationInput>;

export interface ClaimRotationOutput {
  readonly fence: number;
  /** `retire`: no version is made, the previous one's retirement goes on. */
  readonly work: 'rotate' | 'retire';
  readonly version: number;
  /** Number of the version that the new one replaces, or that is retired; 0 at bootstrap. */
  readonly previous: number;
  /** How the previous version ends; `none` at bootstrap. */
  readonly retirement: 'none' | 'keep' | 'disable' | 'delete';
  /** Until when a version that is only retired drains; our own entered time otherwise. */
  readonly drainUntil: string;
  /** Who has to acknowledge before promotion: nobody at bootstrap, when nothing uses the alias yet. */
  readonly dependents: readonly DependentPolicy[];
}

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly executions: Executions;
}

/** Claim Rotation: checks the name, takes the lease, pins policy and dependents, compares the registry with KMS. */
export function claimRotation(ports: Ports) {
  return async (input: Input): Promise<ClaimRotationOutput> => {
    const expected = rotationId(input.key, input.run);
    if (input.rotationId !== expected) {
      throw new TaskError('ExecutionNameMismatch', `the execution is named ${input.rotationId}, its input makes it ${expected}. Start it under that name.`);
    }
    const known = await readKey(ports.registry, input.key);
    const holder = known.lease?.rotationId === input.rotationId ? undefined : await holderOf(ports.executions, known, input.enteredAt);
    const holderFence = holder === undefined || holder.closedAt === null ? known.fence : await resolveIntentOf(holder, ports, known, { by: input.rotationId, at: input.enteredAt });
    // Duplicates end here. The lease comes before the look at KMS: only an owner can freeze or quarantine for what it sees there.
    const claimed = await ports.registry.transact(input.key, (key) =>
      claim(key, { rotationId: input.rotationId, executionArn: input.executionArn, run: input.run, at: input.enteredAt, holderFence, ...(holder === undefined ? {} : { holder }) }),
    );
    const subject = subjectOf(claimed, input.run);
    await requireAsRegistered(ports, claimed, input.enteredAt, subject.version, subject.previous?.number ?? 0);
    return toOutput(claimed, subject, input.enteredAt);
  };
}

function toOutput(key: ManagedKey, subject: RunSubject, at: string): ClaimRotationOutput {
  const { previous } = subject;
  return {
    fence: key.fence,
    work: subject.isRetirementOnly ? 'retire' : 'rotate',
    version: subject.version,
    previous: previous?.number ?? 0,
    retirement: subject.retirement ?? 'none',
    drainUntil: (subject.isRetirementOnly && previous !== null ? drainUntil(key, previous) : undefined) ?? at,
    dependents: previous === null || subject.isRetirementOnly ? [] : (key.lease?.policy.dependents ?? []),
  };
}
