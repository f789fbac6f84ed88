import { versionKey, versionOf, type ManagedKey } from '../domain/managed-key';
import { isConsented } from '../domain/approval';
import type { IdentityRules } from '../domain/identity';
import { commitRevoke, deletionWindowDays, intendRevoke, reasonToAskForRevocation, retirementBlocker, withdrawRetirement } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import type { Approvals } from '../ports/approvals';
import { requireAsRegistered } from './comparison';
import { ownerOf, type ApprovableInput } from './input';
import { approvalFor } from './question';
import { readKeyForStep, requireVersion } from './reality';
import { unlessRefused } from './retiring-call';

export type RevokeOutput = { readonly decision: 'revoked'; readonly deletionAt: string } | { readonly decision: 'pending'; readonly reason: string };

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly approvals: Approvals;
  readonly rules: IdentityRules;
}

/** Revoke Previous Version: schedules the deletion. Everything that speaks against it is checked in this invocation. */
export function revokePreviousVersion(ports: Ports) {
  return async (input: ApprovableInput, invocationId: string): Promise<RevokeOutput> => {
    const owner = ownerOf(input);
    const known = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(known, input.previous);
    if (version.status === 'REVOKED') return { decision: 'revoked', deletionAt: version.deletionAt ?? input.enteredAt };
    const blocker = revocationBlocker(known, version.number) ?? (await missingApproval(ports, known, input));
    if (blocker !== undefined) return { decision: 'pending', reason: blocker };
    const { keyState, deletionAt: scheduledFor } = (await requireAsRegistered(ports, known, input.enteredAt, version.number)).seen(version.number);
    // Under an open intent a deletion that is scheduled is what an earlier invocation has come to.
    if (keyState === 'PendingDeletion' && scheduledFor !== undefined) return commitOrCancel(ports, input, version.kmsKeyId, scheduledFor, known.rev);

    const intended = await ports.registry.transact(input.key, (key) =>
      // A hold that came in meanwhile wins; a key that moved makes an approval void.
      revocationBlocker(key, version.number) === undefined && key.rev === known.rev ? intendRevoke(key, owner, version.number, input.enteredAt, invocationId) : { kind: 'done' },
    );
    const now = versionOf(intended, version.number);
    // A twin was quicker.
    if (now?.status === 'REVOKED') return { decision: 'revoked', deletionAt: now.deletionAt ?? input.enteredAt };
    const held = revocationBlocker(intended, version.number) ?? (intended.intent?.kind === 'revoke' ? undefined : `${known.name} changed while v${version.number} was to be revoked`);
    if (held !== undefined) return { decision: 'pending', reason: held };
    const deletionAt = await unlessRefused(ports.registry, input, () => ports.keys.scheduleDeletion(version.kmsKeyId, deletionWindowDays(known)));
    return commitOrCancel(ports, input, version.kmsKeyId, deletionAt, intended.rev);
  };
}

/**
 * The deletion is scheduled. A hold or a freeze that came after the intent cancels it at once: whoever looks then finds the version DISABLED, as before. So does
 * whatever else has changed the key: a hold that was released since has had the deletion cancelled, or will have.
 * @param rev of the key when the deletion was decided
 * @throws {TaskError} `KeyFrozen` once the deletion is cancelled
 */
async function commitOrCancel({ registry, keys }: Ports, input: ApprovableInput, kmsKeyId: string, deletionAt: string, rev: number): Promise<RevokeOutput> {
  const owner = ownerOf(input);
  const committed = await registry
    .transact(input.key, (key) => (isTakenBack(key, input.previous, rev) ? { kind: 'done' } : commitRevoke(key, owner, input.previous, input.enteredAt, deletionAt)))
    .catch(async (error: unknown) => {
      if (error instanceof TaskError && error.name === 'KeyFrozen') await cancelUncommitted({ registry, keys }, input, kmsKeyId);
      throw error;
    });
  if (versionOf(committed, input.previous)?.status === 'REVOKED') return { decision: 'revoked', deletionAt };
  await keys.cancelDeletion(kmsKeyId);
  await registry.transact(input.key, (key) => withdrawRetirement(key, owner, input.enteredAt));
  const why = committed.hold === null ? 'changed' : `held by ${committed.hold.by}`;
  return { decision: 'pending', reason: `${why} while its deletion was being scheduled; the deletion was cancelled` };
}

/** By a hold, also one that has been released since. */
function isTakenBack(key: ManagedKey, number: number, rev: number): boolean {
  return key.versions[versionKey(number)]?.status !== 'REVOKED' && (key.hold !== null || key.intent?.kind !== 'revoke' || key.rev !== rev);
}

/** A commit whose answer was lost may stand before the freeze: such a revocation was lawful, and stays. */
async function cancelUncommitted({ registry, keys }: Pick<Ports, 'registry' | 'keys'>, input: ApprovableInput, kmsKeyId: string): Promise<void> {
  const reading = await registry.read(input.key);
  if (reading !== undefined && versionOf(reading.key, input.previous)?.status === 'REVOKED') return;
  await keys.cancelDeletion(kmsKeyId);
}

/** Why the approval that is needed does not count, or `undefined`. */
async function missingApproval({ approvals, rules }: Ports, key: ManagedKey, input: ApprovableInput): Promise<string | undefined> {
  const version = versionOf(key, input.previous);
  if (version !== undefined && reasonToAskForRevocation(key, version) === undefined) return undefined;
  const lacking = `v${input.previous} needs an approval that is bound to it`;
  if (input.question?.purpose !== 'revoke') return lacking;
  const { id } = approvalFor(input.question, key, input.rotationId, { question: '', version: input.previous });
  const approval = await approvals.read(id);
  return approval !== undefined && approval.version === input.previous && isConsented(approval, key.rev, rules) ? undefined : `${lacking}: ${id} is no consent to the key as it is now`;
}

function revocationBlocker(key: ManagedKey, number: number): string | undefined {
  const version = versionOf(key, number);
  if (version === undefined) return `v${number} is no longer in the registry`;
  if (version.status !== 'DISABLED' && version.status !== 'REVOKED') return `v${number} is ${version.status}`;
  return retirementBlocker(key, version, 'revoke');
}
