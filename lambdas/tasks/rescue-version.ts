import { z } from 'zod';
import { KEY_NAME_PATTERN } from '../contract/key-policy';
import { alertOf } from '../domain/alert';
import { instantOf, msOf, type Instant } from '../domain/instant';
import type { KeyVersion, ManagedKey } from '../domain/managed-key';
import { commitCancelledDeletion, commitRescue, intendRescue, type RescueReason } from '../domain/rescue';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import { deliver, type AlertPorts } from './alerting';
import { transactAnyway } from './frozen-writes';
import { requireVersion } from './reality';

/** What a failed use of a retired version looks like to CloudTrail. @see https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html */
const failedUse = z.object({
  'detail-type': z.literal('AWS API Call via CloudTrail'),
  source: z.literal('aws.kms'),
  detail: z.object({
    eventID: z.string().min(1),
    eventTime: z.string(),
    eventName: z.string(),
    errorCode: z.enum(['DisabledException', 'KMSInvalidStateException', 'Disabled', 'KMSInvalidState']),
    userIdentity: z.object({ arn: z.string().optional(), invokedBy: z.string().optional() }),
    resources: z.array(z.object({ ARN: z.string() })).optional(),
  }),
});

/** A hold that came after a deletion was scheduled. */
const heldKey = z.strictObject({
  action: z.literal('cancel-deletions'),
  key: z.string().regex(KEY_NAME_PATTERN),
  by: z.string(),
  at: z.iso.datetime({ offset: true }),
  reason: z.string(),
});

export const rescueInput = z.union([failedUse, heldKey]);
type Input = z.infer<typeof rescueInput>;

export interface RescueOutput {
  readonly outcome: 'rescued' | 'deletions-cancelled' | 'not-ours' | 'nothing-to-rescue';
  readonly versions: readonly number[];
}

interface Ports extends AlertPorts {
  readonly keys: KeyProvider;
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
  return async (input: Input): Promise<RescueOutput> => ('action' in input ? cancelDeletions(ports, input) : rescueFromUse(ports, input));
}

async function rescueFromUse(ports: Ports, { detail }: z.infer<typeof failedUse>): Promise<RescueOutput> {
  const keyId = detail.resources?.map(({ ARN }) => /:key\/([^/]+)$/.exec(ARN)?.[1]).find((id) => id !== undefined);
  const name = keyId === undefined || !USES.has(detail.eventName) ? undefined : await ports.registry.ownerOf(keyId);
  const reading = name === undefined ? undefined : await ports.registry.read(name);
  const version = Object.values(reading?.key.versions ?? {}).find(({ kmsKeyId }) => kmsKeyId === keyId);
  if (reading === undefined || name === undefined) return { outcome: 'not-ours', versions: [] };
  if (version?.status !== 'DISABLED' && version?.status !== 'REVOKED') return { outcome: 'nothing-to-rescue', versions: [] };
  const principal = detail.userIdentity.arn ?? detail.userIdentity.invokedBy ?? 'an unknown principal';
  const at = instantOf(msOf(detail.eventTime));
  const rescue: RescueReason = { by: 'rescue-version', at, reason: `${principal} called ${detail.eventName} with v${version.number}, which is ${version.status}` };
  await enableAgain(ports, reading.key, version, rescue);
  await deliver(ports, rescueAlert(reading.key, version, principal, detail.eventName, at, detail.eventID));
  return { outcome: 'rescued', versions: [version.number] };
}

/** Intent and hold, KMS, commit. Each step finds the one before done when it is repeated. */
async function enableAgain({ registry, keys }: Ports, key: ManagedKey, { number }: KeyVersion, rescue: RescueReason): Promise<void> {
  const intended = await transactAnyway(registry, key.name, (current) => intendRescue(current, number, rescue));
  const { kmsKeyId, status } = requireVersion(intended, number);
  const observed = await keys.describe(kmsKeyId);
  if (status === 'REVOKED' || observed?.keyState === 'PendingDeletion') {
    await keys.cancelDeletion(kmsKeyId);
    await transactAnyway(registry, key.name, (current) => commitCancelledDeletion(current, number, rescue));
  }
  await keys.enable(kmsKeyId);
  const state = (await keys.describe(kmsKeyId))?.keyState;
  if (state !== 'Enabled') throw new TaskError('KmsNotConsistentYet', `${key.name} v${number}: KMS does not show it Enabled yet but ${state ?? 'nothing'}`);
  await transactAnyway(registry, key.name, (current) => commitRescue(current, number, rescue));
}

async function cancelDeletions({ registry, keys }: Ports, { key: name, by, at, reason }: z.infer<typeof heldKey>): Promise<RescueOutput> {
  const reading = await registry.read(name);
  if (reading === undefined) return { outcome: 'not-ours', versions: [] };
  const cancelled: number[] = [];
  for (const { number, status } of Object.values(reading.key.versions)) {
    const isBeingRevoked = reading.key.intent?.kind === 'revoke' && reading.key.intent.version === number;
    if (status !== 'REVOKED' && !isBeingRevoked) continue;
    const { kmsKeyId } = requireVersion(reading.key, number);
    if ((await keys.describe(kmsKeyId))?.keyState !== 'PendingDeletion') continue;
    await keys.cancelDeletion(kmsKeyId);
    await transactAnyway(registry, name, (current) => commitCancelledDeletion(current, number, { by, at, reason }));
    cancelled.push(number);
  }
  return { outcome: cancelled.length === 0 ? 'nothing-to-rescue' : 'deletions-cancelled', versions: cancelled };
}

function rescueAlert(key: ManagedKey, { number, status }: KeyVersion, principal: string, operation: string, at: Instant, eventId: string) {
  return alertOf({
    id: `rescue/${key.name}/v${number}/${eventId}`,
    key: key.name,
    owner: key.policy.owner,
    stage: 'rescue-version',
    severity: 'page',
    headline: `v${number} is still in use and was enabled again`,
    reason: `${principal} called ${operation} with v${number}, which was ${status}, at ${at}.`,
    isEncryptionImpacted: 'No: the ACTIVE version is another one.',
    isDecryptionValid: `Yes, again. ${principal} failed at least once while v${number} was ${status}.`,
    mustCustomerAct: `Yes: whoever runs ${principal} re-encrypts or re-signs what v${number} protects, or asks for it to be kept.`,
    isInterventionSafe: 'Yes. The key is held: nothing is disabled or revoked until the hold is released.',
    next: 'Nothing, until the hold is released. Then the version drains until it is idle again.',
    commands: [`keyturn status ${key.name}`, `keyturn history ${key.name}`, `keyturn release ${key.name} --reason …     # once nobody needs v${number}`],
    runbook: 'late-user-rescued',
  });
}
