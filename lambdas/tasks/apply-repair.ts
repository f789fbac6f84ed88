import type { z } from 'zod';
import { KEY_TAGS } from '../contract/names';
import { stateOf } from '../domain/expected-state';
import type { Decision } from '../domain/ledger';
import { activeVersion, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { describeRepair, type Repair } from '../domain/repair';
import { acceptKey, drainAgain, recordRepair, repairId, requireRepair, withdrawIntent } from '../domain/repair-steps';
import { TaskError } from '../domain/task-error';
import type { Approvals } from '../ports/approvals';
import type { KeyProvider, ObservedKey } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { misfitOf } from './misfit';
import { resolutionOf } from './open-intent';
import { requireVersion } from './reality';
import { readRepair, type begunRepairInput } from './repair-input';

type Input = z.infer<typeof begunRepairInput>;

interface Ports {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly keys: KeyProvider;
  readonly registryId: string;
}

export interface ApplyRepairOutput {
  readonly repair: string;
}

/**
 * Apply Repair, after Q: first the former owner's open intent ends as Abort Safely would have ended it, then the one repair that was approved is
 * made. Each looks first, acts, and reads back, so that a repetition finds its work done.
 */
export function applyRepair(ports: Ports) {
  return async (input: Input): Promise<ApplyRepairOutput> => {
    const { repair } = await readRepair(ports.approvals, input);
    const key = await resolveIntent(ports, await readFrozen(ports.registry, input), input);
    await makeRepair(ports, key, repair, input);
    return { repair: describeRepair(repair) };
  };
}

async function readFrozen(registry: Registry, { key: name, approval, fence }: Input): Promise<ManagedKey> {
  const reading = await registry.read(name);
  if (reading === undefined) throw new TaskError('KeyNotRegistered', `${name} is not in the registry`);
  if (reading.freeze === null) throw new TaskError('RotationNotAllowed', `${name} is not frozen any more: there is nothing to repair`);
  requireRepair(reading.key, approval, fence);
  return reading.key;
}

/** What the intent was about has happened by now or never will. Where KMS shows neither, the repair is what mends it. */
async function resolveIntent({ registry, keys }: Ports, key: ManagedKey, input: Input): Promise<ManagedKey> {
  if (key.intent === null || key.intent.kind === 'create' || key.lease === null) return key;
  const owner = { rotationId: key.lease.rotationId, fence: key.fence };
  if (key.intent.kind === 'revoke') {
    // A frozen rotation revokes nothing: what was not committed before the freeze came is taken back.
    const { kmsKeyId } = requireVersion(key, key.intent.version);
    if ((await keys.describe(kmsKeyId))?.keyState === 'PendingDeletion') {
      await keys.cancelDeletion(kmsKeyId);
      return registry.transactFrozen(input.key, (current) => withdrawIntent(current, owner, input.enteredAt));
    }
  }
  const resolve = await resolutionOf({ registry, keys }, key, owner, input.enteredAt).catch((error: unknown): ((current: ManagedKey) => Decision) => {
    if (!(error instanceof TaskError) || error.name !== 'ObservedMismatch') throw error;
    return (current) => withdrawIntent(current, owner, input.enteredAt);
  });
  return resolve === undefined ? key : registry.transactFrozen(input.key, resolve);
}

async function makeRepair(ports: Ports, key: ManagedKey, repair: Repair, input: Input): Promise<void> {
  switch (repair.kind) {
    case 'compare':
    case 'rebaseline-ledger':
      break;
    case 'repoint-alias':
      await repointAlias(ports, key, input);
      break;
    case 'enable':
      await enable(ports.keys, key, repair.version);
      break;
    case 'cancel-deletion':
      await cancelDeletion(ports.keys, key, repair.version);
      break;
    case 'accept-key':
      return accept(ports, key, repair.keyArn, input);
  }
  await ports.registry.transactFrozen(input.key, (current) => recordRepair(current, input.approval, input.fence, repair, input.enteredAt));
}

async function repointAlias({ registry, keys }: Ports, key: ManagedKey, input: Input): Promise<void> {
  const { alias } = key.policy;
  const active = activeVersion(key);
  if (active === undefined) throw refused(key, 'it has no ACTIVE version that its alias could point to');
  const { kmsKeyId, number } = requireVersion(key, active.number);
  const target = await keys.aliasTarget(alias);
  if (target === kmsKeyId) return;
  // KMS takes an alias to a key that is Disabled; whoever uses the alias would fail then.
  await requireState(keys, kmsKeyId, 'Enabled', () => refused(key, `v${number} is not Enabled; enable it, or cancel its deletion, before the alias points to it`));
  if (target !== undefined) await registry.transactFrozen(input.key, (current) => drainAgain(current, input.approval, input.fence, target, input.enteredAt));
  if (target === undefined) await keys.ensureAlias(alias, kmsKeyId);
  else await keys.moveAlias(alias, kmsKeyId);
  const seen = await keys.aliasTarget(alias);
  if (seen !== kmsKeyId) throw new TaskError('KmsNotConsistentYet', `${key.name}: KMS still shows ${alias} on ${seen ?? 'no key'}`);
}

async function enable(keys: KeyProvider, key: ManagedKey, number: number): Promise<void> {
  const { kmsKeyId, ...version } = requireVersion(key, number);
  if (stateOf(version) !== 'Enabled') throw refused(key, `v${number} is ${version.status}, and its KMS key is not to be Enabled`);
  const observed = await keys.describe(kmsKeyId);
  if (observed?.keyState === 'Enabled') return;
  if (observed?.keyState === 'PendingDeletion') throw refused(key, `v${number} is pending deletion; cancel the deletion instead`);
  await enableAndRead(keys, key, number, kmsKeyId);
}

async function cancelDeletion(keys: KeyProvider, key: ManagedKey, number: number): Promise<void> {
  const { kmsKeyId, ...version } = requireVersion(key, number);
  if (stateOf(version) === 'PendingDeletion') throw refused(key, `the deletion of v${number} is keyturn's own; hold the key to cancel it`);
  if ((await keys.describe(kmsKeyId))?.keyState === 'PendingDeletion') await keys.cancelDeletion(kmsKeyId);
  if (stateOf(version) === 'Enabled') return enableAndRead(keys, key, number, kmsKeyId);
  await requireState(keys, kmsKeyId, 'Disabled', (state) => new TaskError('KmsNotConsistentYet', `${key.name} v${number}: KMS still shows it ${state}`));
}

async function enableAndRead(keys: KeyProvider, key: ManagedKey, number: number, kmsKeyId: string): Promise<void> {
  await keys.enable(kmsKeyId);
  await requireState(keys, kmsKeyId, 'Enabled', (state) => new TaskError('KmsNotConsistentYet', `${key.name} v${number}: KMS does not show it Enabled yet but ${state}`));
}

/** Marks the key as this registry's, so that keyturn may move the alias away from it one day, and makes it the ACTIVE version. */
async function accept({ registry, keys, registryId }: Ports, key: ManagedKey, keyArn: string, input: Input): Promise<void> {
  // A repetition finds the key accepted.
  if (key.repair?.madeAt === undefined) {
    const observed = await requireAcceptable(keys, key, keyArn, registryId);
    const number = String(key.lastVersion + 1);
    await keys.addTags(observed.keyId, { [KEY_TAGS.registry]: registryId, [KEY_TAGS.key]: key.name, [KEY_TAGS.version]: number, [KEY_TAGS.rotation]: repairId(input.approval) });
    await registry.transactFrozen(input.key, (current) => acceptKey(current, input.approval, input.fence, observed, input.enteredAt));
  }
  const former = await formerVersion(registry, input);
  if (former?.kmsKeyId !== undefined) await keys.addTags(former.kmsKeyId, { [KEY_TAGS.superseded]: 'true' });
}

async function requireAcceptable(keys: KeyProvider, key: ManagedKey, keyArn: string, registryId: string): Promise<ObservedKey> {
  const { alias } = key.policy;
  const observed = await keys.describe(keyArn);
  if (observed === undefined) throw refused(key, `KMS does not know ${keyArn}`);
  const misfit = misfitOf(observed, key.policy);
  if (misfit !== undefined) throw refused(key, `${keyArn} ${misfit}`);
  const target = await keys.aliasTarget(alias);
  if (target !== observed.keyId) throw refused(key, `${alias} points to ${target ?? 'no key'}, not to ${keyArn}: only the key that is in use can be accepted`);
  const tags = await keys.tags(observed.keyId);
  const [owner, managed] = [tags[KEY_TAGS.registry], tags[KEY_TAGS.key]];
  if (owner !== undefined && (owner !== registryId || managed !== key.name)) {
    throw refused(key, `${keyArn} belongs to ${managed ?? 'a key'} of the registry ${owner} (tag ${KEY_TAGS.registry}). A key has one registry`);
  }
  return observed;
}

/** The version that the accepted one has replaced. */
async function formerVersion(registry: Registry, input: Input): Promise<KeyVersion | undefined> {
  const key = await readFrozen(registry, input);
  const accepted = activeVersion(key);
  return Object.values(key.versions).find(({ supersededBy }) => supersededBy !== undefined && supersededBy === accepted?.number);
}

async function requireState(keys: KeyProvider, kmsKeyId: string, wanted: string, error: (state: string) => TaskError): Promise<void> {
  const state = (await keys.describe(kmsKeyId))?.keyState ?? 'unknown';
  if (state !== wanted) throw error(state);
}

function refused(key: ManagedKey, why: string): TaskError {
  return new TaskError('RotationNotAllowed', `${key.name}: the repair was not made: ${why}. The key stays frozen; ask for another repair`);
}

