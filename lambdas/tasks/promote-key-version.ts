import { KMS_CONSISTENCY_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from '../domain/instant';
import { carriedPolicy, isSamePolicy } from '../domain/key-policy-document';
import { activeVersion, type ManagedKey } from '../domain/managed-key';
import { commitPromotion, intendPromote } from '../domain/promotion';
import { TaskError } from '../domain/task-error';
import type { Acknowledgements } from '../ports/acknowledgements';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { acknowledgementId, requiredDependents, verdictOn } from './acknowledgement-questions';
import { requireAsRegistered } from './comparison';
import { ownerOf, type OwnedInput } from './input';
import { readKeyForStep, requireVersion } from './reality';

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly acknowledgements: Acknowledgements;
  readonly rolePattern: string;
}

export interface PromoteKeyVersionOutput {
  readonly activatedAt: Instant;
}

/** Promote Key Version: re-compares, intends, moves the alias, reads it back, commits. */
export function promoteKeyVersion(ports: Ports) {
  return async (input: OwnedInput): Promise<PromoteKeyVersionOutput> => {
    const owner = ownerOf(input);
    const key = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(key, input.version);
    if (version.status === 'ACTIVE') return { activatedAt: version.activatedAt ?? input.enteredAt };

    await requireAcknowledged(ports.acknowledgements, key, input.version);
    await requireCarried(ports, key, version.kmsKeyId, version.equippedAt, input.enteredAt);
    // Last of all looks: `UpdateAlias` takes whatever the alias points to, and a target that is Disabled.
    const reality = await requireAsRegistered(ports, key, input.enteredAt, input.version);

    await ports.registry.transact(input.key, (current) => intendPromote(current, owner, input.version, input.enteredAt));
    if (reality.alias === 'as-registered') await swapAlias(ports.keys, key, version.kmsKeyId);
    await requireSwapped(ports.keys, key, version.kmsKeyId);
    await ports.registry.transact(input.key, (current) => commitPromotion(current, owner, input.version, input.enteredAt));
    return { activatedAt: input.enteredAt };
  };
}

/** @throws {TaskError} `DependentsNotReady`, `DependentRefused` unless every dependent said yes to exactly this version. */
async function requireAcknowledged(acknowledgements: Acknowledgements, key: ManagedKey, version: number): Promise<void> {
  if (activeVersion(key) === undefined) return;
  const dependents = requiredDependents(key.lease?.policy, key.policy);
  const answers = await Promise.all(
    dependents.map(async ({ name }) => {
      const acknowledgement = await acknowledgements.read(acknowledgementId(key.name, version, name, 'ready'));
      return { name, verdict: verdictOn(acknowledgement, version), reason: acknowledgement?.answer?.reason };
    }),
  );
  const refusal = answers.find((answer) => answer.verdict === 'no');
  if (refusal !== undefined) {
    throw new TaskError('DependentRefused', `${key.name} v${version}: ${refusal.name} did not say ready for this version${refusal.reason === undefined ? '' : `: ${refusal.reason}`}`);
  }
  const silent = answers.filter((answer) => answer.verdict === 'silent').map((answer) => answer.name);
  if (silent.length > 0) throw new TaskError('DependentsNotReady', `${key.name} v${version}: no answer from ${silent.join(', ')}`);
}

/** Policy and grants must still be those of the ACTIVE key, and IAM must have had time to learn the version alias. */
async function requireCarried(ports: Ports, key: ManagedKey, kmsKeyId: string, equippedAt: string | undefined, at: string): Promise<void> {
  const active = activeVersion(key);
  if (active?.kmsKeyId === undefined) return;
  if (equippedAt === undefined || isBefore(at, plusSeconds(equippedAt, KMS_CONSISTENCY_SECONDS))) {
    throw new TaskError('LedgerMismatch', `${key.name}: promotion begins ${KMS_CONSISTENCY_SECONDS} s after the version alias, which is from ${equippedAt ?? 'never'}`);
  }
  const [oldPolicy, newPolicy] = await Promise.all([ports.keys.keyPolicy(active.kmsKeyId), ports.keys.keyPolicy(kmsKeyId)]);
  if (!isSamePolicy(carriedPolicy(oldPolicy, ports.rolePattern), newPolicy)) {
    throw new TaskError('CarriedPolicyChanged', `${key.name}: the key policy of ${active.kmsKeyId} changed since it was carried over`);
  }
  const [uncarried] = await ports.keys.uncarriedGrants(active.kmsKeyId, kmsKeyId);
  if (uncarried !== undefined) {
    throw new TaskError('CarriedPolicyChanged', `${key.name}: ${active.kmsKeyId} got grant ${uncarried.grantId} to ${uncarried.granteePrincipal} since grants were carried over`);
  }
}

/** One call. The lease was checked by the intent's own write right before. */
async function swapAlias(keys: KeyProvider, key: ManagedKey, kmsKeyId: string): Promise<void> {
  const { alias } = key.policy;
  if (activeVersion(key) === undefined) await keys.ensureAlias(alias, kmsKeyId);
  else await keys.moveAlias(alias, kmsKeyId);
}

async function requireSwapped(keys: KeyProvider, key: ManagedKey, kmsKeyId: string): Promise<void> {
  const { alias } = key.policy;
  const target = await keys.aliasTarget(alias);
  if (target === kmsKeyId) return;
  if (target === activeVersion(key)?.kmsKeyId) throw new TaskError('KmsNotConsistentYet', `${key.name}: KMS does not show ${alias} on ${kmsKeyId} yet`);
  throw new TaskError('ObservedMismatch', `${key.name}: after our own UpdateAlias ${alias} points to ${target ?? 'no key'}. Someone else changed it.`);
}
