import type { Json } from '../../lambdas/domain/trace';
import type { Caller } from '../kernel/service';
import type { KmsCall } from '../kms/options';
import { isRecord } from '../wire/protocol';

/** What CloudTrail writes about a call, but for the ids that it gives it. */
export type CallRecord = Readonly<Record<string, Json>>;

interface Place {
  readonly accountId: string;
  readonly region: string;
  readonly issuerOf: (caller: Caller) => string | undefined;
}

/** Operations that change a key, an alias, a grant, or a key store; all others are read-only, also every use of a key. */
const WRITES = /^(Cancel|Connect|Create|Delete|Disable|Disconnect|Enable|Import|Put|Replicate|Retire|Revoke|Rotate|Schedule|Tag|Untag|Update)/;

/** Members of requests that hold no plaintext, no ciphertext and no key material: those stand in no record. */
const SHOWN_PARAMETERS: ReadonlySet<string> = new Set([
  'KeyId', 'SourceKeyId', 'DestinationKeyId', 'AliasName', 'TargetKeyId', 'EncryptionContext', 'SourceEncryptionContext', 'DestinationEncryptionContext',
  'EncryptionAlgorithm', 'SourceEncryptionAlgorithm', 'DestinationEncryptionAlgorithm', 'SigningAlgorithm', 'MacAlgorithm', 'KeyAgreementAlgorithm', 'MessageType',
  'KeySpec', 'KeyPairSpec', 'NumberOfBytes', 'KeyUsage', 'Description', 'PendingWindowInDays', 'PolicyName', 'GrantId', 'GranteePrincipal', 'Operations',
]);

/**
 * The record of a KMS call: `detail` of the event, as far as AWS documents it.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
 */
export function recordOf({ operation, input, caller, answer, error, keyArns }: KmsCall, { accountId, region, issuerOf }: Place, atMs: number): CallRecord {
  const isReadOnly = !WRITES.test(operation);
  return {
    eventVersion: '1.08',
    userIdentity: identityOf(caller, issuerOf(caller)),
    eventTime: toTheSecond(atMs),
    eventSource: 'kms.amazonaws.com',
    eventName: operation,
    awsRegion: region,
    ...(error !== undefined && { errorCode: error.code, errorMessage: error.message }),
    requestParameters: parametersOf(input),
    // What a key answers stands in no record; a change names its key.
    get responseElements(): Json {
      const [keyId] = error !== undefined || isReadOnly ? [] : arnsOf(answer, keyArns);
      return keyId === undefined ? null : { keyId };
    },
    readOnly: isReadOnly,
    // Found out only if somebody looks.
    get resources(): Json {
      return arnsOf(answer, keyArns).map((ARN) => ({ accountId, type: 'AWS::KMS::Key', ARN }));
    },
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  };
}

/** ISO 8601 in UTC, as in the record and around it. */
export function toTheSecond(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Keys that the request names; a new key is named by its answer only. */
function arnsOf(answer: unknown, keyArns: () => readonly string[]): readonly string[] {
  const metadata = isRecord(answer) ? answer['KeyMetadata'] : undefined;
  const arn = isRecord(metadata) ? metadata['Arn'] : undefined;
  return typeof arn === 'string' ? [arn] : keyArns();
}

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function identityOf({ accountId, arn, userId }: Caller, issuerArn: string | undefined): Json {
  if (!arn.startsWith('arn:')) return { type: 'AWSService', invokedBy: arn };
  const [kind = '', ...names] = (arn.split(':')[5] ?? '').split('/');
  const identity = { principalId: userId, arn, accountId };
  if (kind === 'assumed-role') {
    const sessionIssuer = { type: 'Role', principalId: userId.split(':')[0] ?? '', arn: issuerArn ?? '', accountId, userName: names[0] ?? '' };
    return { type: 'AssumedRole', ...identity, ...(issuerArn !== undefined && { sessionContext: { sessionIssuer } }) };
  }
  return kind === 'user' ? { type: 'IAMUser', ...identity, userName: names.at(-1) ?? '' } : { type: 'Root', ...identity };
}

function parametersOf(input: unknown): Json {
  if (!isRecord(input)) return null;
  const shown = Object.entries(input).filter(([name]) => SHOWN_PARAMETERS.has(name));
  return shown.length === 0 ? null : (Object.fromEntries(shown.map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value])) as Json);
}
