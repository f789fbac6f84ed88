import type { Instant } from '../domain/instant';
import type { Owner } from '../domain/lease';
import type { Decision } from '../domain/ledger';
import { versionKey, type ManagedKey } from '../domain/managed-key';
import { commitPromotion, withdrawPromotion } from '../domain/promotion';
import { commitDisable, commitRevoke, withdrawRetirement } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { refuseAsForeign, requireAlias } from './comparison';
import { requireVersion } from './reality';

/**
 * How an open intent ends once nothing of its owner can be under way any more: committed forward or withdrawn, by what KMS shows. A create intent
 * stays: the next attempt looks for its key.
 * @throws {TaskError} `KmsNotConsistentYet`, `KeyStoreNotReady`, `ObservedMismatch`
 */
export async function resolutionOf(ports: { readonly registry: Registry; readonly keys: KeyProvider }, key: ManagedKey, owner: Owner, at: Instant): Promise<((key: ManagedKey) => Decision) | undefined> {
  const { intent } = key;
  if (intent === null || intent.kind === 'create') return undefined;
  if (intent.kind === 'promote') {
    const side = await requireAlias(ports, key, at);
    return side === 'as-intended' ? (current) => commitPromotion(current, owner, intent.version, at) : (current) => withdrawPromotion(current, owner, at);
  }
  const version = requireVersion(key, intent.version);
  const observed = await ports.keys.describe(version.kmsKeyId);
  if (observed === undefined) throw new TaskError('KmsNotConsistentYet', `${key.name} v${version.number}: KMS does not show ${version.kmsKeyId}`);
  if (intent.kind === 'disable' && observed.keyState === 'Disabled') return (current) => commitDisable(current, owner, intent.version, at);
  if (intent.kind === 'revoke' && observed.keyState === 'PendingDeletion') {
    return (current) => commitRevoke(current, owner, intent.version, at, observed.deletionAt ?? at);
  }
  // A rescue that came in between takes the call back, and is itself under way or done.
  const isRescued = key.rescues[versionKey(version.number)] !== undefined || (intent.kind === 'revoke' && version.status === 'DEPRECATED');
  const before = isRescued ? ['Enabled', 'Disabled'] : [intent.kind === 'disable' ? 'Enabled' : 'Disabled'];
  if (before.includes(observed.keyState)) return (current) => withdrawRetirement(current, owner, at);
  if (observed.keyState === 'Unavailable') throw new TaskError('KeyStoreNotReady', `${key.name} v${version.number} is Unavailable: what our call did cannot be seen`);
  return refuseAsForeign(ports.registry, key, `v${version.number} is ${observed.keyState} with an open ${intent.kind} intent`);
}
