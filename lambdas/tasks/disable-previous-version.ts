import type { Instant } from '../domain/instant';
import { versionAlias, versionOf, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { bakeUntil, commitDisable, intendDisable, retirementBlocker } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { requireAsRegistered } from './comparison';
import { ownerOf, type ApprovableInput } from './input';
import { readKeyForStep, requireVersion } from './reality';
import { unlessRefused } from './retiring-call';

export type DisableOutput = { readonly decision: 'disabled'; readonly bakeUntil: Instant } | { readonly decision: 'pending'; readonly reason: string };

/** Disable Previous Version: the soft revoke. `EnableKey` undoes it. */
export function disablePreviousVersion(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: ApprovableInput, invocationId: string): Promise<DisableOutput> => {
    const owner = ownerOf(input);
    const known = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(known, input.previous);
    const blocker = version.status === 'DEPRECATED' ? (retirementBlocker(known, version, 'disable') ?? (await serviceGrant(ports.keys, version.kmsKeyId))) : undefined;
    if (blocker !== undefined) return { decision: 'pending', reason: blocker };
    const reality = await requireAsRegistered(ports, known, input.enteredAt, version.number);
    await requireOwnVersionAlias(ports.keys, known, version);
    // Under an open intent a key that is Disabled is what an earlier invocation has come to.
    if (version.status === 'DEPRECATED' && reality.seen(version.number).keyState === 'Enabled') {
      const intended = await ports.registry.transact(input.key, (key) =>
        // A hold that came in while this was being decided wins.
        retirementBlocker(key, version, 'disable') === undefined ? intendDisable(key, owner, version.number, input.enteredAt, invocationId) : { kind: 'done' },
      );
      const held = retirementBlocker(intended, version, 'disable');
      if (held !== undefined) return { decision: 'pending', reason: held };
      // Whoever did not write the intent has nothing to call.
      if (versionOf(intended, version.number)?.status === 'DEPRECATED') {
        await unlessRefused(ports.registry, input, () => ports.keys.disable(version.kmsKeyId));
        await requireDisabled(ports.keys, known.name, version);
      }
    }
    const disabled = await ports.registry.transact(input.key, (key) =>
      // A twin may have committed it, and a rescue may have given it back since.
      key.intent?.kind === 'disable' && key.intent.version === version.number ? commitDisable(key, owner, version.number, input.enteredAt) : { kind: 'done' },
    );
    const baking = versionOf(disabled, version.number);
    if (baking === undefined) return { decision: 'disabled', bakeUntil: input.enteredAt };
    if (baking.status === 'DEPRECATED') return { decision: 'pending', reason: retirementBlocker(disabled, baking, 'disable') ?? `v${baking.number} was given back while it was being disabled` };
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
