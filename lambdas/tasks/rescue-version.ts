import { z } from 'zod';
import { KEY_NAME_PATTERN } from '../contract/key-policy';
import { FAILED_USES } from '../contract/names';
import { alertOf } from '../domain/alert';
import { instantOf, msOf } from '../domain/instant';
import { versionKey, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { commitCancelledDeletion, commitRescue, deletionsToCancel, intendRescue, isRescuable, type RescueReason } from '../domain/rescue';
import { recordWatched } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import { deliver, type AlertPorts } from './alerting';
import { transactAnyway } from './frozen-writes';
import { requireVersion } from './reality';

/** What a failed use of a retired version looks like to CloudTrail. @see https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html */
const failedUse = z.object({
  'detail-type': z.literal(FAILED_USES.detailType),
  source: z.literal(FAILED_USES.source),
  detail: z.object({
    eventTime: z.string(),
    eventName: z.string(),
    errorCode: z.enum(FAILED_USES.errorCodes),
    userIdentity: z.object({
      arn: z.string().optional(),
      invokedBy: z.string().optional(),
      /** Of a role's session. */
      sessionContext: z.object({ sessionIssuer: z.object({ arn: z.string() }).nullish() }).nullish(),
    }),
    resources: z.array(z.object({ ARN: z.string() })).nullish(),
    /** Names the key that refused: `<ARN> is disabled.`, `<ARN> is pending deletion.` */
    errorMessage: z.string().nullish(),
  }),
});

/** A hold or a freeze that came after a deletion was scheduled. */
const stoppedKey = z.strictObject({
  action: z.literal('cancel-deletions'),
  key: z.string().regex(KEY_NAME_PATTERN),
  by: z.string(),
  at: z.iso.datetime({ offset: true }),
  reason: z.string(),
});

/** Rescues that were begun and stand open, by whoever died or had to wait. */
const unfinished = z.strictObject({ action: z.literal('finish-rescues'), key: z.string().regex(KEY_NAME_PATTERN) });

export const rescueInput = z.union([failedUse, stoppedKey, unfinished]);
type Input = z.infer<typeof rescueInput>;

export interface RescueOutput {
  readonly outcome: 'rescued' | 'deletions-cancelled' | 'watched' | 'not-ours' | 'nothing-to-rescue';
  readonly versions: readonly number[];
}

interface Ports extends AlertPorts {
  readonly keys: KeyProvider;
  /** ARN pattern of keyturn's roles. */
  readonly rolePattern: string;
}

/** What a principal uses a key for. Calls that administer a key fail for reasons of their own and are no reason for a rescue. */
const USES: ReadonlySet<string> = new Set([
  'Encrypt', 'Decrypt', 'ReEncrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext',
  'Sign', 'Verify', 'GenerateMac', 'VerifyMac', 'DeriveSharedSecret', 'Encapsulate', 'Decapsulate',
]);

/**
 * Rescue Version: a version that somebody still uses is enabled again (its deletion cancelled first), the key is held, and the alert names who used it.
 * It can do nothing else: it never disables, revokes or moves anything.
 */
export function rescueVersion(ports: Ports) {
  return async (input: Input): Promise<RescueOutput> => {
    if (!('action' in input)) return rescueFromUse(ports, input.detail);
    return input.action === 'cancel-deletions' ? cancelDeletions(ports, input) : finishRescues(ports, input.key);
  };
}

type FailedUse = z.infer<typeof failedUse>['detail'];

async function rescueFromUse(ports: Ports, use: FailedUse): Promise<RescueOutput> {
  const found = USES.has(use.eventName) ? await versionsIn(ports, use) : [];
  if (found.length === 0) return { outcome: 'not-ours', versions: [] };
  if (isOwn(ports, use)) {
    for (const { key, version } of found) await transactAnyway(ports.registry, key.name, (current) => recordWatched(current, version.number, instantOf(msOf(use.eventTime)), 'rescue-version'));
    return { outcome: 'watched', versions: found.map(({ version }) => version.number) };
  }
  const rescuable = found.filter(({ key, version }) => isRescuable(key, version));
  for (const { key, version } of rescuable) await rescue(ports, key, version, use);
  return { outcome: rescuable.length === 0 ? 'nothing-to-rescue' : 'rescued', versions: rescuable.map(({ version }) => version.number) };
}

/** keyturn tries every version that it disables, so that it knows whether failed uses are told of. That is no reason for a rescue. */
function isOwn({ rolePattern }: Ports, { userIdentity }: FailedUse): boolean {
  return userIdentity.sessionContext?.sessionIssuer?.arn.startsWith(rolePattern.replace(/\*$/, '')) ?? false;
}

/** keyturn's versions among the keys that the event names: a re-encryption names two. */
async function versionsIn({ registry }: Ports, { resources, errorMessage }: FailedUse): Promise<{ readonly key: ManagedKey; readonly version: KeyVersion }[]> {
  const texts = [...(resources ?? []).map(({ ARN }) => ARN), errorMessage ?? ''];
  const keyIds = new Set(texts.flatMap((text) => /:key\/([\w-]+)/.exec(text)?.[1] ?? []));
  const found: { readonly key: ManagedKey; readonly version: KeyVersion }[] = [];
  for (const keyId of keyIds) {
    const name = await registry.ownerOf(keyId);
    const key = name === undefined ? undefined : (await registry.read(name))?.key;
    const version = Object.values(key?.versions ?? {}).find(({ kmsKeyId }) => kmsKeyId === keyId);
    if (key !== undefined && version !== undefined) found.push({ key, version });
  }
  return found;
}

/** Intent and hold, KMS, alert, commit. Each step finds the one before done when it is repeated. */
async function rescue(ports: Ports, known: ManagedKey, { number, status }: KeyVersion, use: FailedUse): Promise<void> {
  const { registry } = ports;
  const { name } = known;
  const principal = use.userIdentity.arn ?? use.userIdentity.invokedBy ?? 'an unknown principal';
  const reason: RescueReason = { by: 'rescue-version', at: instantOf(msOf(use.eventTime)), reason: `${principal} called ${use.eventName} with v${number}, which was ${status}` };
  const alert = rescueAlert({ name, owner: known.policy.owner, number, status, principal, reason });
  // Written down before the rescue is: whoever dies from here on leaves it to reconcile to deliver. A rescue that stands has its alert.
  if (known.rescues[versionKey(number)] === undefined) await registry.queueAlert(alert);
  const attempt = { isFirst: false };
  const intended = await transactAnyway(registry, name, (key) => {
    const decision = intendRescue(key, number, reason);
    attempt.isFirst = decision.kind === 'write';
    return decision;
  });
  const standing = intended.rescues[versionKey(number)];
  // One rescue, one alert, however many uses have failed meanwhile: it is of the use that came first.
  if (standing?.at !== reason.at) await registry.forgetAlert(alert);
  if (standing === undefined) return;
  try {
    await enableAgain(ports, intended, number);
  } finally {
    // Also when KMS refuses: people must know who needs the version all the more.
    if (attempt.isFirst) await deliver(ports, alert);
  }
  await transactAnyway(registry, name, (key) => commitRescue(key, number, standing));
}

async function enableAgain({ registry, keys }: Ports, key: ManagedKey, number: number): Promise<void> {
  const { kmsKeyId } = requireVersion(key, number);
  const reason = key.rescues[versionKey(number)];
  if ((await keys.describe(kmsKeyId))?.keyState === 'PendingDeletion' || key.versions[versionKey(number)]?.status === 'REVOKED') {
    await keys.cancelDeletion(kmsKeyId);
    if (reason !== undefined) await transactAnyway(registry, key.name, (current) => commitCancelledDeletion(current, number, reason));
  }
  await keys.enable(kmsKeyId);
  const state = (await keys.describe(kmsKeyId))?.keyState;
  if (state !== 'Enabled') throw new TaskError('KmsNotConsistentYet', `${key.name} v${number}: KMS does not show it Enabled yet but ${state ?? 'nothing'}`);
}

/** Whoever began them has queued the alerts. */
async function finishRescues(ports: Ports, name: string): Promise<RescueOutput> {
  const key = (await ports.registry.read(name))?.key;
  if (key === undefined) return { outcome: 'not-ours', versions: [] };
  const versions: number[] = [];
  for (const { number } of Object.values(key.versions)) {
    const reason = key.rescues[versionKey(number)];
    if (reason === undefined) continue;
    await enableAgain(ports, key, number);
    await transactAnyway(ports.registry, name, (current) => commitRescue(current, number, reason));
    versions.push(number);
  }
  return { outcome: versions.length === 0 ? 'nothing-to-rescue' : 'rescued', versions };
}

async function cancelDeletions({ registry, keys }: Ports, { key: name, by, at, reason }: z.infer<typeof stoppedKey>): Promise<RescueOutput> {
  const reading = await registry.read(name);
  if (reading === undefined) return { outcome: 'not-ours', versions: [] };
  const cancelled: number[] = [];
  for (const { number, status } of deletionsToCancel(reading.key, reading.freeze !== null)) {
    const { kmsKeyId } = requireVersion(reading.key, number);
    const state = (await keys.describe(kmsKeyId))?.keyState;
    // Whoever died between the call and its commit has left a version REVOKED whose key is Disabled.
    if (state !== 'PendingDeletion' && (state !== 'Disabled' || status !== 'REVOKED')) continue;
    await keys.cancelDeletion(kmsKeyId);
    await transactAnyway(registry, name, (current) => commitCancelledDeletion(current, number, { by, at, reason }));
    cancelled.push(number);
  }
  return { outcome: cancelled.length === 0 ? 'nothing-to-rescue' : 'deletions-cancelled', versions: cancelled };
}

interface RescueFacts {
  readonly name: string;
  readonly owner: string;
  readonly number: number;
  readonly status: string;
  readonly principal: string;
  readonly reason: RescueReason;
}

function rescueAlert({ name, owner, number, status, principal, reason }: RescueFacts) {
  return alertOf({
    id: `rescue/${name}/v${number}/${reason.at}`,
    key: name,
    owner,
    stage: 'rescue-version',
    severity: 'page',
    headline: `v${number} is still in use and was enabled again`,
    reason: `${reason.reason}, at ${reason.at}.`,
    isEncryptionImpacted: 'No: the ACTIVE version is another one.',
    isDecryptionValid: `Yes, again. ${principal} failed at least once while v${number} was ${status}.`,
    mustCustomerAct: `Yes: whoever runs ${principal} re-encrypts or re-signs what v${number} protects, or asks for it to be kept.`,
    isInterventionSafe: 'Yes. The key is held: nothing is disabled or revoked until the hold is released.',
    next: 'Nothing, until the hold is released. Then the version drains until it is idle again.',
    commands: [`keyturn status ${name}`, `keyturn history ${name}`, `keyturn release ${name} --reason …     # once nobody needs v${number}`],
    runbook: 'late-user-rescued',
  });
}
