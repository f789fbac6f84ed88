import { versionOf, type ManagedKey } from '../domain/managed-key';
import { commitRevoke, deletionWindowDays, intendRevoke, retirementBlocker } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { ownerOf, type RetirementInput } from './input';
import { compareWithAlias, readOwnKey, requireVersion } from './reality';

export type RevokeOutput = { readonly decision: 'revoked'; readonly deletionAt: string } | { readonly decision: 'pending'; readonly reason: string };

/** Revoke Previous Version: schedules the deletion. Everything that speaks against it is checked in this invocation. */
export function revokePreviousVersion(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: RetirementInput): Promise<RevokeOutput> => {
    const owner = ownerOf(input);
    const known = await readOwnKey(ports.registry, input.key, owner);
    const version = requireVersion(known, input.previous);
    if (version.status === 'REVOKED') return { decision: 'revoked', deletionAt: version.deletionAt ?? input.enteredAt };
    const blocker = revocationBlocker(known, version.number);
    if (blocker !== undefined) return { decision: 'pending', reason: blocker };
    await compareWithAlias(ports.keys, known, input.enteredAt);
    await requireRevocable(ports.keys, known, version);

    const intended = await ports.registry.transact(input.key, (key) =>
      revocationBlocker(key, version.number) === undefined ? intendRevoke(key, owner, version.number, input.enteredAt) : { kind: 'done' },
    );
    const held = revocationBlocker(intended, version.number);
    if (held !== undefined) return { decision: 'pending', reason: held };
    const deletionAt = await ports.keys.scheduleDeletion(version.kmsKeyId, deletionWindowDays(known));
    await ports.registry.transact(input.key, (key) => commitRevoke(key, owner, version.number, input.enteredAt, deletionAt));
    return { decision: 'revoked', deletionAt };
  };
}

function revocationBlocker(key: ManagedKey, number: number): string | undefined {
  const version = versionOf(key, number);
  if (version === undefined) return `v${number} is no longer in the registry`;
  if (version.status !== 'DISABLED' && version.status !== 'REVOKED') return `v${number} is ${version.status}`;
  return retirementBlocker(key, version, 'revoke');
}

/** Disabled, or pending deletion by our own call whose answer was lost. */
async function requireRevocable(keys: KeyProvider, key: ManagedKey, version: { number: number; kmsKeyId: string }): Promise<void> {
  const state = (await keys.describe(version.kmsKeyId))?.keyState;
  const isOurs = key.intent?.kind === 'revoke' && key.intent.version === version.number;
  if (state === 'Disabled' || (state === 'PendingDeletion' && isOurs)) return;
  if (state === 'Unavailable') throw new TaskError('KeyStoreNotReady', `${key.name} v${version.number} is Unavailable: its key store is not connected`);
  throw new TaskError('ObservedMismatch', `${key.name} v${version.number} is ${state ?? 'gone'}, the registry expects Disabled. Someone else changed it.`);
}
