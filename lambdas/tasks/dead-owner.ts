import type { Instant } from '../domain/instant';
import { settleHolder, type Holder } from '../domain/lease';
import { DONE } from '../domain/ledger';
import type { ManagedKey } from '../domain/managed-key';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { resolutionOf } from './open-intent';

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
}

/**
 * An owner that ended without aborting may have left an intent. What it was about has happened by now or never will: it ends as Abort Safely would
 * have ended it, before anything of the key is given to another run. Whoever tries it twice, or beside somebody else, finds it done.
 * @param who settles
 * @returns the fencing token that the holder's lease has by then
 * @throws {TaskError} `OwnerNotSettled` while it may still happen; `KmsNotConsistentYet`, `KeyStoreNotReady`, `ObservedMismatch`
 */
export async function resolveIntentOf(holder: Holder, { registry, keys }: Ports, known: ManagedKey, { by, at }: { readonly by: string; readonly at: Instant }): Promise<number> {
  if (known.intent === null || known.intent.kind === 'create') return known.fence;
  const settled = await registry.transact(known.name, (key) => settleHolder(key, holder, at, by));
  if (settled.lease?.rotationId !== holder.rotationId) return settled.fence;
  const owner = { rotationId: holder.rotationId, fence: settled.fence };
  const resolve = await resolutionOf({ registry, keys }, settled, owner, at);
  if (resolve === undefined) return settled.fence;
  // Claim and reconcile may settle side by side: the later one ends it.
  await registry.transact(known.name, (key) => (key.lease?.rotationId === holder.rotationId && key.fence === owner.fence ? resolve(key) : DONE));
  return settled.fence;
}
