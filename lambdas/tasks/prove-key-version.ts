import { recordProof } from '../domain/creation';
import { versionOf } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { requireAsRegistered } from './comparison';
import { ownerOf, type OwnedInput } from './input';
import { readKeyForStep, requireVersion, whileTagsSpread } from './reality';

/** Prove Key Version: a real round trip by usage on the new key. */
export function proveKeyVersion(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: OwnedInput): Promise<{ provedAt: string }> => {
    const owner = ownerOf(input);
    const key = await readKeyForStep(ports.registry, input.key, owner);
    const version = requireVersion(key, input.version);
    const reality = await requireAsRegistered(ports, key, input.enteredAt, input.version);
    if (version.status === 'PENDING') {
      const { spec, usage } = reality.seen(input.version);
      if (spec !== key.policy.spec || usage !== key.policy.usage) {
        throw new TaskError('ProofFailed', `${key.name} v${version.number}: KMS made ${spec}/${usage}, the policy says ${key.policy.spec}/${key.policy.usage}`);
      }
      const usedKeyId = await whileTagsSpread(version, input.enteredAt, () => ports.keys.prove(version.kmsKeyId, spec, usage, input.rotationId));
      if (usedKeyId !== version.kmsKeyId) throw new TaskError('ProofFailed', `${key.name} v${version.number}: KMS used ${usedKeyId} instead of ${version.kmsKeyId}`);
    }
    const proved = await ports.registry.transact(input.key, (current) => recordProof(current, owner, input.version, input.enteredAt));
    return { provedAt: versionOf(proved, input.version)?.provedAt ?? input.enteredAt };
  };
}
