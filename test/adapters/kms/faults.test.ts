import type { KmsKeyProvider } from '../../../lambdas/adapters/kms/kms-key-provider';
import { AwsError } from '../../../local/kernel/aws-error';
import { type Interceptor, LostAnswer } from '../../../local/wire/message';
import { localKms, type LocalKms } from './local-kms';

const TAGS = { 'keyturn:key': 'orders', 'keyturn:version': '2' };
const GRANTEE = 'arn:aws:iam::111122223333:role/orders';

function newKey({ keys, policy }: LocalKms): ReturnType<KmsKeyProvider['createKey']> {
  return keys.createKey({ spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', description: '', policy, tags: TAGS });
}

/** KMS does what it was asked for, and its answer is lost. */
function losesAnswersOf(operation: string): Interceptor {
  return async (call, next) => {
    const answer = await next();
    if (call.operation === operation) throw new LostAnswer();
    return answer;
  };
}

/** KMS does what it was asked for, and answers 500. */
function failsAfter(operation: string): Interceptor {
  return async (call, next) => {
    const answer = await next();
    if (call.operation === operation) throw new AwsError('KMSInternalException', 'An internal error occurred', 500);
    return answer;
  };
}

/** Every change with what it needs, on a key `one` that has a grant and a key `other` that has none. */
const REPEATABLE: readonly (readonly [string, (keys: KmsKeyProvider, one: string, other: string) => Promise<unknown>])[] = [
  ['CreateAlias', (keys, one) => keys.ensureAlias('alias/orders/v2', one)],
  ['UpdateAlias', (keys, _one, other) => keys.moveAlias('alias/orders', other)],
  ['PutKeyPolicy', async (keys, one, other) => keys.putKeyPolicy(other, await keys.keyPolicy(one))],
  ['TagResource', (keys, one) => keys.addTags(one, { 'keyturn:superseded': 'true' })],
  ['CreateGrant', (keys, one, other) => keys.carryGrants(one, other)],
  ['DisableKey', (keys, one) => keys.disable(one)],
  ['ScheduleKeyDeletion', (keys, one) => keys.scheduleDeletion(one, 7)],
];

describe.each([
  ['is lost', losesAnswersOf],
  ['is a 500', failsAfter],
])('when the answer of an applied change %s,', (_what, breaking) => {
  test.each(REPEATABLE)('%s leaves its outcome unknown, and its repetition changes nothing more', async (operation, change) => {
    const local = localKms();
    const [one, other] = [(await newKey(local)).keyId, (await newKey(local)).keyId];
    await local.grant(one, GRANTEE);
    await local.keys.ensureAlias('alias/orders', one);

    local.intercept = breaking(operation);
    await expect(change(local.keys, one, other)).rejects.toMatchObject({ name: 'KmsOutcomeUnknown' });
    const applied = local.kms.snapshot();
    local.intercept = (_call, next) => next();
    await change(local.keys, one, other);

    expect(local.kms.snapshot()).toEqual(applied);
    await expect(local.keys.grants(other)).resolves.toHaveLength(operation === 'CreateGrant' ? 1 : 0);
  });

  test('CreateKey makes one key, which is found by its tags', async () => {
    const local = localKms();
    local.intercept = breaking('CreateKey');
    await expect(newKey(local)).rejects.toMatchObject({ name: 'CreateOutcomeUnknown' });
    const { keys } = local.kms.snapshot();
    expect(keys).toHaveLength(1);
    await expect(local.keys.findByTags(TAGS)).resolves.toMatchObject([{ keyId: keys[0]?.id, keyState: 'Enabled' }]);
  });
});

describe('while KMS does not show our own change yet,', () => {
  const LATE = { visibilityDelayMs: () => 300_000 };

  test('a fresh key is not described, and its proof and its alias wait', async () => {
    const local = localKms(LATE);
    const { keyId } = await newKey(local);
    await expect(local.keys.describe(keyId)).resolves.toBeUndefined();
    await expect(local.keys.prove(keyId, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'context')).rejects.toMatchObject({ name: 'KmsNotConsistentYet' });
    await expect(local.keys.ensureAlias('alias/orders', keyId)).rejects.toMatchObject({ name: 'KmsNotConsistentYet' });
  });

  test('an alias that exists but has no visible target is waited for', async () => {
    const local = localKms(LATE);
    const { keyId } = await newKey(local);
    await local.settle();
    await local.keys.ensureAlias('alias/orders', keyId);
    await expect(local.keys.ensureAlias('alias/orders', keyId)).rejects.toMatchObject({ name: 'KmsNotConsistentYet' });
    await local.settle();
    await expect(local.keys.ensureAlias('alias/orders', keyId)).resolves.toBeUndefined();
  });

  test('a repeated deletion of a key that looks Disabled still is waited for, not taken for a mismatch', async () => {
    const local = localKms(LATE);
    const { keyId } = await newKey(local);
    await local.settle();
    await local.keys.disable(keyId);
    await local.settle();
    const deletionAt = await local.keys.scheduleDeletion(keyId, 7);
    await expect(local.keys.scheduleDeletion(keyId, 7)).rejects.toMatchObject({ name: 'KmsNotConsistentYet' });
    await local.settle();
    await expect(local.keys.scheduleDeletion(keyId, 7)).resolves.toBe(deletionAt);
  });
});

test('a throttled creation made no key', async () => {
  const local = localKms({ requestQuotas: { CreateKey: 1 } });
  await newKey(local);
  await expect(newKey(local)).rejects.toMatchObject({ name: 'Throttled' });
  expect(local.kms.snapshot().keys).toHaveLength(1);
});
