import type { Instant } from '../domain/instant';
import { versionAlias, versionOf, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { bakeUntil, commitDisable, intendDisable, retirementBlocker } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { requireAsRegistered } from './comparison';
import { ownerOf, type ApprovableInput } from './input';
import { readKeyForStep, requireVersion } from './reality';

export type DisableOutput = { readonly decision: 'disabled'; readonly bakeUntil: Instant } | { readonly decision: 'pending'; readonly reason: string };

/** Disable Previous Version: the soft revoke. `EnableKey` undoes it. */
export function disablePreviousVersion(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: ApprovableInput): Promise<DisableOutput> => {
    const owner = ownerOf(input);
    const known = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(known, input.previous);
    const blocker = version.status === 'DEPRECATED' ? (retirementBlocker(known, version, 'disable') ?? (await serviceGrant(ports.keys, version.kmsKeyId))) : undefined;
    if (blocker !== undefined) return { decision: 'pending', reason: blocker };
    await requireAsRegistered(ports.keys, known, input.enteredAt, version.number);
    await requireOwnVersionAlias(ports.keys, known, version);
    if (version.status === 'DEPRECATED') {
      const intended = await ports.registry.transact(input.key, (key) =>
        // A hold that came in while this was being decided wins.
        retirementBlocker(key, version, 'disable') === undefined ? intendDisable(key, owner, version.number, input.enteredAt) : { kind: 'done' },
      );
      const held = retirementBlocker(intended, version, 'disable');
      if (held !== undefined) return { decision: 'pending', reason: held };
      await ports.keys.disable(version.kmsKeyId);
      await requireDisabled(ports.keys, known.name, version);
    }
    const disabled = await ports.registry.transact(input.key, (key) =>
      versionOf(key, version.number)?.status === 'DEPRECATED' ? commitDisable(key, owner, version.number, input.enteredAt) : { kind: 'done' },
    );
    const baking = versionOf(disabled, version.number);
    if (baking === undefined) return { decision: 'disabled', bakeUntil: input.enteredAt };
    // The bake says something only if failed uses are told of: ours is to be, by then.
    if (baking.status === 'DISABLED' && baking.watchedAt === undefined) await tryVersion(ports.keys, known, version);
    return { decision: 'disabled', bakeUntil: bakeUntil(disabled, baking, input.enteredAt) };
  };
}

async function tryVersion(keys: KeyProvider, { policy }: ManagedKey, { number, kmsKeyId }: { number: number; kmsKeyId: string }): Promise<void> {
  await keys.tryDisabled(kmsKeyId, policy.spec, policy.usage, `v${number} disabled`);
}

/** Grants that AWS services made cannot be carried over: the service goes on using the old key. */
async function serviceGrant(keys: KeyProvider, kmsKeyId: string): Promise<string | undefined> {
  const grant = (await keys.grants(kmsKeyId)).find((candidate) => candidate.isMadeByService);
  return grant === undefined ? undefined : `${grant.granteePrincipal} still holds grant ${grant.grantId}, which cannot be carried over`;
}

/**
 * A consumer whose IAM knows the version by its version alias is refused by IAM when that is gone: the bake would not hear of it.
 * A version that keyturn has not equipped has none.
 */
async function requireOwnVersionAlias(keys: KeyProvider, key: ManagedKey, { number, kmsKeyId, equippedAt }: KeyVersion & { kmsKeyId: string }): Promise<void> {
  const alias = versionAlias(key.policy.alias, number);
  const target = await keys.aliasTarget(alias);
  if (target === kmsKeyId || (target === undefined && equippedAt === undefined)) return;
  throw new TaskError('ObservedMismatch', `${key.name}: ${alias} points to ${target ?? 'no key'}, the registry expects ${kmsKeyId}. Someone else changed it.`);
}

async function requireDisabled(keys: KeyProvider, name: string, version: { number: number; kmsKeyId: string }): Promise<void> {
  const state = (await keys.describe(version.kmsKeyId))?.keyState;
  if (state === 'Enabled') throw new TaskError('KmsNotConsistentYet', `${name} v${version.number}: KMS does not show it Disabled yet`);
  if (state !== 'Disabled' && state !== 'Unavailable') {
    throw new TaskError('ObservedMismatch', `${name} v${version.number} is ${state ?? 'gone'} after our own DisableKey. Someone else changed it.`);
  }
}
