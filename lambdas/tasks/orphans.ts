import { KEY_TAGS } from '../contract/names';
import { MAX_TAGGED_KEYS_PER_RECONCILIATION, ORPHAN_AGE_SECONDS, ORPHAN_DELETION_DAYS } from '../contract/timing';
import { isConsented, type Approval } from '../domain/approval';
import type { IdentityRules } from '../domain/identity';
import { isBefore, plusSeconds, type Instant } from '../domain/instant';
import type { LedgerEvent } from '../domain/ledger';
import type { ManagedKey } from '../domain/managed-key';
import { quarantine } from '../domain/operations';
import { orphanAlert, registryWentBackAlert } from '../domain/reconcile-alerts';
import type { Alert } from '../domain/alert';
import { TaskError } from '../domain/task-error';
import type { KeyProvider, TaggedKey } from '../ports/key-provider';
import type { KeyReading } from '../ports/registry';
import { deliver } from './alerting';
import { askPerson, type AskPorts } from './ask-person';
import { noteAnswered, transactAnyway } from './frozen-writes';

export interface OrphanPorts extends AskPorts {
  readonly keys: KeyProvider;
  readonly registryId: string;
  readonly rules: IdentityRules;
}

export interface OrphanReport {
  /** Where the next firing goes on; `null` when the end was reached. */
  readonly afterKmsKey: string | null;
  readonly done: readonly string[];
  readonly alerted: readonly string[];
}

/**
 * Looks for KMS keys with this registry's tag that no version names. Keys of other registries carry another tag and are left alone. A look-up that
 * fails ends the whole search: what is not known for sure is never cleaned up.
 * @param alerted what was told of before
 */
export async function lookForOrphans(ports: OrphanPorts, names: readonly string[], after: string | null, alerted: readonly string[], at: Instant): Promise<OrphanReport> {
  // The tags first: whatever they show was written down in the registry before, so a strong read behind them must find it.
  const tagged = [...(await ports.keys.taggedKeys({ [KEY_TAGS.registry]: ports.registryId }))].sort((one, other) => (one.keyId < other.keyId ? -1 : 1));
  const ahead = tagged.filter(({ keyId }) => after === null || keyId > after);
  const batch = ahead.slice(0, MAX_TAGGED_KEYS_PER_RECONCILIATION);
  const told = new Set(alerted);
  const done: string[] = [];
  const strangers: TaggedKey[] = [];
  const orphans: { readonly candidate: TaggedKey; readonly maker: Maker }[] = [];
  for (const candidate of batch) {
    if ((await ports.registry.ownerOf(candidate.keyId)) !== undefined) continue;
    const maker = await knownMakerOf(ports, candidate);
    if (maker === undefined) strangers.push(candidate);
    else orphans.push({ candidate, maker });
  }
  await standStill(ports, names, strangers, told, done, at);
  for (const { candidate, maker } of orphans) await judge(ports, candidate, maker, told, done, at, strangers.length > 0);
  const isEnd = batch.length === ahead.length;
  return { afterKmsKey: isEnd ? null : (batch.at(-1)?.keyId ?? null), done, alerted: [...told].slice(-MAX_TAGGED_KEYS_PER_RECONCILIATION) };
}

interface Maker {
  readonly reading: KeyReading;
  readonly ledger: readonly LedgerEvent[];
  readonly rotation: string;
}

/** The rotation that the key says it was made by, if the registry knows of it. Every rotation has written its claim before it made a key. */
async function knownMakerOf({ registry }: OrphanPorts, { tags }: TaggedKey): Promise<Maker | undefined> {
  const [name, rotation] = [tags[KEY_TAGS.key], tags[KEY_TAGS.rotation]];
  const reading = name === undefined ? undefined : await registry.read(name);
  if (name === undefined || rotation === undefined || reading === undefined) return undefined;
  const ledger = await registry.ledger(name);
  return ledger.some(({ by }) => by === rotation) ? { reading, ledger, rotation } : undefined;
}

/** The registry is older than KMS, as after a restore: whatever it says may be past. Nothing may start or end, and nothing is deleted. */
async function standStill(ports: OrphanPorts, names: readonly string[], strangers: readonly TaggedKey[], told: Set<string>, done: string[], at: Instant): Promise<void> {
  const ids = strangers.map(({ keyId }) => keyId).filter((id) => !told.has(id));
  const [first] = ids;
  const [anyName] = names;
  if (first === undefined) return;
  if (anyName === undefined) {
    // There is nothing that could be quarantined, and no owner to name.
    await deliver(ports, registryWentBackAlert({ name: strangers.find(({ keyId }) => keyId === first)?.tags[KEY_TAGS.key] ?? 'unknown', policy: { owner: 'unknown' } }, ids, undefined));
    for (const id of ids) told.add(id);
    done.push(`told of ${ids.length} keys of this registry, which is empty`);
    return;
  }
  const reason = `KMS has keys of this registry that it does not know, ${first} among them: the registry went back`;
  const failures: string[] = [];
  for (const name of names) {
    await transactAnyway(ports.registry, name, (key) => quarantine(key, { by: 'reconcile', at, reason })).catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
  }
  const concerned = strangers.map(({ tags }) => tags[KEY_TAGS.key] ?? '').find((name) => names.includes(name)) ?? anyName;
  const reading = await ports.registry.read(concerned);
  if (reading !== undefined) await deliver(ports, registryWentBackAlert(reading.key, ids, names.length - failures.length));
  // The others are quarantined all the same, and the next firing tries these again.
  if (failures.length > 0) throw new TaskError('RegistryBusy', `the registry went back, and could not quarantine ${failures.join('; ')}`);
  for (const id of ids) told.add(id);
  done.push(`quarantined ${names.length} keys: ${reason}`);
}

/** A key that a known rotation made and that became no version. People are told of it, whatever they have approved, when nothing of the managed key may go on, and when the registry that says so went back. */
async function judge(ports: OrphanPorts, { keyId, tags }: TaggedKey, maker: Maker, told: Set<string>, done: string[], at: Instant, wentBack: boolean): Promise<void> {
  const observed = await ports.keys.describe(keyId);
  const { key } = maker.reading;
  if (observed?.keyState === 'PendingDeletion') return closeConsents(ports, key, keyId);
  // Gone, or so new that its maker may still write it down.
  if (observed === undefined || isBefore(at, plusSeconds(observed.createdAt, ORPHAN_AGE_SECONDS))) return;
  const number = Number(tags[KEY_TAGS.version]);
  const reason = wentBack ? 'the registry went back, and may know less of it than there is to know' : ((await reasonToKeep(ports.keys, keyId, number, maker)) ?? stopOf(maker.reading));
  if (reason !== undefined) return tell(ports, orphanAlert(key, keyId, `made by ${maker.rotation}. It is not offered for deletion: ${reason}.`), told, done);
  if (await deleteApproved(ports, key, keyId)) {
    done.push(`scheduled the deletion of orphan ${keyId}`);
    return;
  }
  const question = `orphan/${keyId}/${key.rev}`;
  if (told.has(question)) return;
  const approval = await askPerson(ports, key, { arn: 'reconcile', at }, {
    purpose: 'delete-orphan',
    question: `${keyId} was made by ${maker.rotation} for v${number} of ${key.name}, which uses another key. It was never used. Delete it after ${ORPHAN_DELETION_DAYS} days?`,
    facts: { kmsKeyId: keyId },
    version: number,
  });
  told.add(question);
  done.push(`asked for approval ${approval.id} to delete orphan ${keyId}`);
}

function stopOf({ key, freeze }: KeyReading): string | undefined {
  if (freeze !== null) return `${key.name} is frozen`;
  if (key.quarantine !== null) return `${key.name} is quarantined`;
  return key.hold === null ? undefined : `${key.name} is held`;
}

/** Why an orphan may not even be offered for deletion, or `undefined`. */
async function reasonToKeep(keys: KeyProvider, keyId: string, number: number, { reading, ledger, rotation }: Maker): Promise<string | undefined> {
  if (!ledger.some(({ type, by, facts }) => type === 'CreateIntended' && by === rotation && facts?.['version'] === number)) return 'the ledger knows no intent to make it';
  const adopted = ledger.find(({ type, facts }) => type === 'VersionCreated' && facts?.['version'] === number);
  if (adopted === undefined) return `v${number} has no key yet`;
  // Only the adopted key of a version is ever told to a dependent.
  if (ledger.some(({ facts }) => facts?.['kmsKeyId'] === keyId)) return 'the ledger names it';
  const { alias } = reading.key.policy;
  if ((await keys.aliasTarget(alias)) === keyId) return `${alias} points to it`;
  const [{ lastUsedAt, trackedSince }, observed] = await Promise.all([keys.lastUsage(keyId), keys.describe(keyId)]);
  if (lastUsedAt !== null) return `somebody used it at ${lastUsedAt}`;
  if (observed === undefined) return 'KMS does not show it';
  return isBefore(observed.createdAt, trackedSince) ? `KMS knows of uses since ${trackedSince} only, and it is from ${observed.createdAt}` : undefined;
}

/** The one deletion that is not a rotation's. A consent allows it once: who takes a deletion back keeps the key, and is asked again when the managed key has changed since. @returns whether an approval allowed it */
async function deleteApproved(ports: OrphanPorts, key: ManagedKey, keyId: string): Promise<boolean> {
  const approval = (await consentsTo(ports, key, keyId)).find((consent) => isConsented(consent, key.rev, ports.rules));
  if (approval === undefined) return false;
  await noteAnswered(ports.registry, approval);
  await ports.keys.scheduleDeletion(keyId, ORPHAN_DELETION_DAYS);
  await ports.approvals.markCarriedOut(approval.id);
  return true;
}

/** Whoever scheduled a deletion may have died before this. */
async function closeConsents(ports: OrphanPorts, key: ManagedKey, keyId: string): Promise<void> {
  for (const { id } of await consentsTo(ports, key, keyId)) await ports.approvals.markCarriedOut(id);
}

/** Approvals of an orphan's deletion that have not been carried out. */
async function consentsTo({ approvals }: OrphanPorts, key: ManagedKey, keyId: string): Promise<readonly Approval[]> {
  const named = await Promise.all(key.approvals.map((id) => approvals.read(id)));
  return named.flatMap((approval) => (approval?.purpose === 'delete-orphan' && approval.facts['kmsKeyId'] === keyId && approval.outcome === 'approve' && approval.isCarriedOut !== true ? [approval] : []));
}

async function tell(ports: OrphanPorts, alert: Alert, told: Set<string>, done: string[]): Promise<void> {
  if (told.has(alert.id)) return;
  await deliver(ports, alert);
  told.add(alert.id);
  done.push(`told: ${alert.subject}`);
}
