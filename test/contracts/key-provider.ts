import { KEY_SPECS } from '../../lambdas/contract/key-specs';
import { TaskError } from '../../lambdas/domain/task-error';
import type { KeyProvider, NewKeyRequest } from '../../lambdas/ports/key-provider';

/** An implementation of the port, in an account of its own in which the caller may do everything. */
export interface KeyProviderSubject {
  readonly keys: KeyProvider;
  /** A key policy that the implementation accepts. */
  readonly policy: string;
  /** Makes a grant without keyturn, as a person or, by its service principal, an AWS service would. */
  grant(keyId: string, granteePrincipal: string): Promise<void>;
  /** Lets everything that was written or used become visible everywhere, evidence of use included. */
  settle(): Promise<void>;
}

/** A role that exists in the subject's account. */
const GRANTEE = 'arn:aws:iam::111122223333:role/orders';
const SERVICE = 'dynamodb.eu-central-1.amazonaws.com';
const UNKNOWN_KEY_ID = '00000000-0000-4000-8000-000000000000';

const EVERY_KIND = Object.entries(KEY_SPECS).flatMap(([spec, usages]) => usages.map((usage) => [spec, usage] as const));

/** Kinds whose keys have a public half. */
function isAsymmetric(spec: string): boolean {
  return spec !== 'SYMMETRIC_DEFAULT' && !spec.startsWith('HMAC_');
}

/** What every implementation of the port `KeyProvider` does, whatever is behind it. */
export function keyProviderContract(name: string, makeSubject: () => Promise<KeyProviderSubject>): void {
  describe(`${name} keeps the contract of a key provider:`, () => {
    let subject: KeyProviderSubject;
    let keys: KeyProvider;

    beforeEach(async () => {
      subject = await makeSubject();
      keys = subject.keys;
    });

    async function newKey(changes: Partial<NewKeyRequest> = {}): Promise<string> {
      const { keyId } = await keys.createKey({
        spec: 'SYMMETRIC_DEFAULT',
        usage: 'ENCRYPT_DECRYPT',
        origin: 'AWS_KMS',
        description: 'orders v1',
        policy: subject.policy,
        tags: { 'keyturn:key': 'orders', 'keyturn:version': '1' },
        ...changes,
      });
      await subject.settle();
      return keyId;
    }

    async function failureOf(call: Promise<unknown>): Promise<string> {
      try {
        await call;
      } catch (error) {
        if (error instanceof TaskError) return error.name;
        throw error;
      }
      return 'none';
    }

    test.each(EVERY_KIND)('a %s key for %s is made, described, and proved by its id and by an alias', async (spec, usage) => {
      const keyId = await newKey({ spec, usage });
      await expect(keys.describe(keyId)).resolves.toMatchObject({
        keyId,
        keyArn: expect.stringMatching(new RegExp(`:key/${keyId}$`)) as unknown,
        keyState: 'Enabled',
        spec,
        usage,
        origin: 'AWS_KMS',
        isMultiRegion: false,
        isCustomerManaged: true,
      });
      await keys.ensureAlias('alias/orders', keyId);
      await subject.settle();
      await expect(keys.prove(keyId, spec, usage, 'orders v1')).resolves.toBe(keyId);
      await expect(keys.prove('alias/orders', spec, usage, 'orders v1')).resolves.toBe(keyId);
      expect((await keys.publicKey(keyId)) !== undefined).toBe(isAsymmetric(spec));
    });

    test('a spec, or a usage of a spec, that does not exist is refused', async () => {
      expect(await failureOf(newKey({ spec: 'RSA_1024' }))).toBe('UnsupportedKey');
      expect(await failureOf(newKey({ usage: 'SIGN_VERIFY' }))).toBe('UnsupportedKey');
    });

    test('a policy that is no JSON is refused', async () => {
      expect(await failureOf(newKey({ policy: 'not JSON' }))).toBe('UnusablePolicy');
    });

    test('a key that does not exist is not described, and proves nothing yet', async () => {
      await expect(keys.describe(UNKNOWN_KEY_ID)).resolves.toBeUndefined();
      expect(await failureOf(keys.prove(UNKNOWN_KEY_ID, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'orders v1'))).toBe('KmsNotConsistentYet');
    });

    test('an alias that does not exist has no target', async () => {
      await expect(keys.aliasTarget('alias/orders')).resolves.toBeUndefined();
    });

    test('an alias is made once for one key, and refused for another', async () => {
      const [one, other] = [await newKey(), await newKey()];
      await keys.ensureAlias('alias/orders/v1', one);
      await subject.settle();
      await keys.ensureAlias('alias/orders/v1', one);
      expect(await failureOf(keys.ensureAlias('alias/orders/v1', other))).toBe('ObservedMismatch');
      await expect(keys.aliasTarget('alias/orders/v1')).resolves.toBe(one);
    });

    test('an alias that moved proves its new key', async () => {
      const [one, other] = [await newKey(), await newKey()];
      await keys.ensureAlias('alias/orders', one);
      await subject.settle();
      await keys.moveAlias('alias/orders', other);
      await subject.settle();
      await expect(keys.aliasTarget('alias/orders')).resolves.toBe(other);
      await expect(keys.prove('alias/orders', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'orders v2')).resolves.toBe(other);
    });

    test('an alias that does not exist is not moved', async () => {
      expect(await failureOf(keys.moveAlias('alias/orders', await newKey()))).toBe('KmsNotConsistentYet');
    });

    test('tags are set inside the creation, and added later', async () => {
      const keyId = await newKey();
      await keys.addTags(keyId, { 'keyturn:superseded': 'true', 'keyturn:version': '2' });
      await subject.settle();
      await expect(keys.tags(keyId)).resolves.toEqual({ 'keyturn:key': 'orders', 'keyturn:version': '2', 'keyturn:superseded': 'true' });
    });

    test('keys are found by all of the tags, whatever their key state', async () => {
      const one = await newKey();
      const other = await newKey({ tags: { 'keyturn:key': 'orders', 'keyturn:version': '2' } });
      await keys.scheduleDeletion(other, 7);
      await subject.settle();
      const found = async (tags: Record<string, string>): Promise<string[]> => (await keys.findByTags(tags)).map(({ keyId }) => keyId).sort();
      await expect(found({ 'keyturn:key': 'orders' })).resolves.toEqual([one, other].sort());
      await expect(found({ 'keyturn:key': 'orders', 'keyturn:version': '2' })).resolves.toEqual([other]);
      await expect(found({ 'keyturn:key': 'orders', 'keyturn:version': '3' })).resolves.toEqual([]);
    });

    test('the key policy is the one that was given, then the one that was put', async () => {
      const keyId = await newKey();
      expect(JSON.parse(await keys.keyPolicy(keyId))).toEqual(JSON.parse(subject.policy));
      const changed: unknown = { ...JSON.parse(subject.policy), Id: 'changed' };
      await keys.putKeyPolicy(keyId, JSON.stringify(changed));
      await subject.settle();
      expect(JSON.parse(await keys.keyPolicy(keyId))).toEqual(changed);
    });

    test('the grants of people are carried once; those of AWS services are shown and left out', async () => {
      const [one, other] = [await newKey(), await newKey()];
      await subject.grant(one, GRANTEE);
      await subject.grant(one, SERVICE);
      await subject.settle();
      const shown = (await keys.grants(one)).map(({ granteePrincipal, isMadeByService }) => [granteePrincipal, isMadeByService]);
      expect(shown.sort()).toEqual([
        [GRANTEE, false],
        [SERVICE, true],
      ]);

      expect(await keys.uncarriedGrants(one, other)).toHaveLength(1);
      await keys.carryGrants(one, other);
      await subject.settle();
      await keys.carryGrants(one, other);
      expect(await keys.uncarriedGrants(one, other)).toEqual([]);
      await subject.settle();
      expect((await keys.grants(other)).map(({ granteePrincipal }) => granteePrincipal)).toEqual([GRANTEE]);
      await expect(keys.grants(one)).resolves.toHaveLength(2);
    });

    test('a key is disabled, also twice, and then proves nothing', async () => {
      const keyId = await newKey();
      await keys.disable(keyId);
      await subject.settle();
      await keys.disable(keyId);
      await expect(keys.describe(keyId)).resolves.toMatchObject({ keyState: 'Disabled' });
      expect(await failureOf(keys.prove(keyId, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'orders v1'))).toBe('KmsNotConsistentYet');
    });

    test.each([
      ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
      ['RSA_2048', 'ENCRYPT_DECRYPT'],
      ['ECC_NIST_P256', 'SIGN_VERIFY'],
      ['ECC_NIST_P256', 'KEY_AGREEMENT'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
      ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE'],
    ])('a Disabled key of %s for %s refuses its trial, an Enabled one does not', async (spec, usage) => {
      const keyId = await newKey({ spec, usage });
      expect(await failureOf(keys.tryDisabled(keyId, spec, usage, 'orders v1'))).toBe('KmsNotConsistentYet');
      await keys.disable(keyId);
      await subject.settle();
      await expect(keys.tryDisabled(keyId, spec, usage, 'orders v1')).resolves.toBeUndefined();
    });

    test('a deletion is scheduled once; a repetition gets the date of the first', async () => {
      const keyId = await newKey();
      await keys.disable(keyId);
      await subject.settle();
      const deletionAt = await keys.scheduleDeletion(keyId, 7);
      await subject.settle();
      await expect(keys.scheduleDeletion(keyId, 30)).resolves.toBe(deletionAt);
      await expect(keys.describe(keyId)).resolves.toMatchObject({ keyState: 'PendingDeletion', deletionAt });
    });

    test('a key that was never used has no last usage; a proof is one', async () => {
      const keyId = await newKey();
      await expect(keys.lastUsage(keyId)).resolves.toMatchObject({ lastUsedAt: null });
      await keys.prove(keyId, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'orders v1');
      await subject.settle();
      const { lastUsedAt, trackedSince } = await keys.lastUsage(keyId);
      expect(lastUsedAt).not.toBeNull();
      expect(trackedSince <= (lastUsedAt ?? '')).toBe(true);
    });

    test('a key store that does not exist is not ready', async () => {
      expect(await failureOf(keys.keyStoreState('cks-00000000000000000'))).toBe('UnsupportedKey');
    });
  });
}
