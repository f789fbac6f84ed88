import { constants, createPublicKey, diffieHellman, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { CURVES, algorithmFor } from '../../../lambdas/adapters/kms/proof-algorithms';
import { KEY_SPECS } from '../../../lambdas/contract/key-specs';
import { KEY_ARN, KEY_ID, OTHER_KEY_ARN, OTHER_KEY_ID, answers, computes, fails, stubKms, type Reply } from './stub-kms';

type Script = Readonly<Record<string, Reply>>;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function bytes(value: unknown): Buffer {
  return Buffer.from(String(value), 'base64');
}

function publicKeyReply(publicKey: KeyObject): Reply {
  return answers({ KeyId: KEY_ARN, PublicKey: base64(publicKey.export({ format: 'der', type: 'spki' })) });
}

/** An honest KMS that "encrypts" by keeping the plaintext. */
const ENCRYPTION: Script = {
  Encrypt: computes(({ Plaintext }) => ({ KeyId: KEY_ARN, CiphertextBlob: Plaintext })),
  Decrypt: computes(({ CiphertextBlob }) => ({ KeyId: KEY_ARN, Plaintext: CiphertextBlob })),
};
const MAC: Script = {
  GenerateMac: answers({ KeyId: KEY_ARN, Mac: base64(Buffer.from('mac')) }),
  VerifyMac: answers({ KeyId: KEY_ARN, MacValid: true }),
};
const KEM: Script = {
  Encapsulate: answers({ KeyId: KEY_ARN, SharedSecret: base64(Buffer.alloc(32, 7)), SharedSecretCiphertextBlob: base64(Buffer.alloc(768)) }),
  Decapsulate: answers({ KeyId: KEY_ARN, SharedSecret: base64(Buffer.alloc(32, 7)) }),
};

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const P256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const P384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const P521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
const SECP256K1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
const ED25519 = generateKeyPairSync('ed25519');

function signing({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }, digest?: string): Script {
  const key = digest !== undefined && privateKey === RSA.privateKey ? { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : privateKey;
  return {
    Sign: computes(({ Message }) => ({ KeyId: KEY_ARN, Signature: base64(sign(digest, bytes(Message), key)) })),
    Verify: answers({ KeyId: KEY_ARN, SignatureValid: true }),
    GetPublicKey: publicKeyReply(publicKey),
  };
}

function agreement({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Script {
  return {
    DeriveSharedSecret: computes(({ PublicKey }) => {
      const theirs = createPublicKey({ key: bytes(PublicKey), format: 'der', type: 'spki' });
      return { KeyId: KEY_ARN, SharedSecret: base64(diffieHellman({ privateKey, publicKey: theirs })) };
    }),
    GetPublicKey: publicKeyReply(publicKey),
  };
}

/** KMS's word has to do: Node 20 cannot verify these signatures. */
const ML_DSA: Script = {
  Sign: answers({ KeyId: KEY_ARN, Signature: base64(Buffer.from('signature')) }),
  Verify: answers({ KeyId: KEY_ARN, SignatureValid: true }),
  GetPublicKey: answers({ KeyId: KEY_ARN, PublicKey: base64(Buffer.from('public key')) }),
};

const HONEST: readonly (readonly [string, string, Script])[] = [
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', ENCRYPTION],
  ...['RSA_2048', 'RSA_3072', 'RSA_4096'].flatMap((spec) => [
    [spec, 'ENCRYPT_DECRYPT', ENCRYPTION] as const,
    [spec, 'SIGN_VERIFY', signing(RSA, 'sha256')] as const,
  ]),
  ['ECC_NIST_P256', 'SIGN_VERIFY', signing(P256, 'sha256')],
  ['ECC_NIST_P384', 'SIGN_VERIFY', signing(P384, 'sha384')],
  ['ECC_NIST_P521', 'SIGN_VERIFY', signing(P521, 'sha512')],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', signing(SECP256K1, 'sha256')],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', signing(ED25519)],
  ...['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'].map((spec) => [spec, 'SIGN_VERIFY', ML_DSA] as const),
  ...['HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512'].map((spec) => [spec, 'GENERATE_VERIFY_MAC', MAC] as const),
  ['ECC_NIST_P256', 'KEY_AGREEMENT', agreement(P256)],
  ['ECC_NIST_P384', 'KEY_AGREEMENT', agreement(P384)],
  ['ECC_NIST_P521', 'KEY_AGREEMENT', agreement(P521)],
  ...['ML_KEM_512', 'ML_KEM_768', 'ML_KEM_1024'].map((spec) => [spec, 'ENCAPSULATE_DECAPSULATE', KEM] as const),
];

test('the table of proofs covers every usage of every spec', () => {
  const kinds = Object.entries(KEY_SPECS).flatMap(([spec, usages]) => usages.map((usage) => `${spec} ${usage}`));
  expect(HONEST.map(([spec, usage]) => `${spec} ${usage}`).sort()).toEqual(kinds.sort());
});

test.each(HONEST)('a %s key for %s is proved, and the same context sends the same requests', async (spec, usage, script) => {
  const { keys, calls } = stubKms(script);
  await expect(keys.prove(KEY_ID, spec, usage, 'orders-20260401T0000Z-a1')).resolves.toBe(KEY_ID);
  const [first] = calls;
  await keys.prove(KEY_ID, spec, usage, 'orders-20260401T0000Z-a1');
  expect(calls[calls.length / 2]).toEqual(first);
});

test.each(HONEST)('a %s key for %s that was addressed by an alias is addressed by its ARN from the second call on', async (spec, usage, script) => {
  const { keys, calls } = stubKms(script);
  await expect(keys.prove('alias/orders', spec, usage, 'context')).resolves.toBe(KEY_ID);
  expect(calls.map(([, input]) => input['KeyId'])).toEqual(['alias/orders', ...calls.slice(1).map(() => KEY_ARN)]);
});

test.each(HONEST)('fails when another key than the one of the request answered for %s, %s', async (spec, usage, script) => {
  const elsewhere = stubKms(script).keys.prove(OTHER_KEY_ARN, spec, usage, 'context');
  await expect(elsewhere).rejects.toMatchObject({
    name: 'ProofFailed',
    message: `The ${usage} round trip with ${spec} on ${OTHER_KEY_ARN} should use one key, and used ${KEY_ID}, ${OTHER_KEY_ID}`,
  });
});

/** Each answer of a round trip with the members that it needs; the first call is about the key as it was given, the others about its ARN. */
const NEEDED: readonly (readonly [string, string, Script, Readonly<Record<string, readonly string[]>>])[] = [
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', ENCRYPTION, { Encrypt: ['KeyId', 'CiphertextBlob'], Decrypt: ['KeyId', 'Plaintext'] }],
  ['ECC_NIST_P256', 'SIGN_VERIFY', signing(P256, 'sha256'), { Sign: ['KeyId', 'Signature'], Verify: ['KeyId', 'SignatureValid'], GetPublicKey: ['KeyId', 'PublicKey'] }],
  ['HMAC_256', 'GENERATE_VERIFY_MAC', MAC, { GenerateMac: ['KeyId', 'Mac'], VerifyMac: ['KeyId', 'MacValid'] }],
  ['ECC_NIST_P256', 'KEY_AGREEMENT', agreement(P256), { DeriveSharedSecret: ['KeyId', 'SharedSecret'], GetPublicKey: ['KeyId', 'PublicKey'] }],
  ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', KEM, { Encapsulate: ['KeyId', 'SharedSecret', 'SharedSecretCiphertextBlob'], Decapsulate: ['KeyId', 'SharedSecret'] }],
];

test.each(
  NEEDED.flatMap(([spec, usage, script, members]) =>
    Object.entries(members).flatMap(([operation, needed], call) => needed.map((member) => [operation, member, call === 0 ? 'alias/orders' : KEY_ARN, spec, usage, script] as const)),
  ),
)('an answer of %s without its %s proves nothing about %s (%s, %s)', async (operation, member, subject, spec, usage, script) => {
  const whole = script[operation] as Reply;
  const lacking = computes((input) => ({ ...(JSON.parse(String(whole(input).body)) as object), [member]: undefined }));
  await expect(stubKms({ ...script, [operation]: lacking }).keys.prove('alias/orders', spec, usage, 'context')).rejects.toMatchObject({
    name: 'Throttled',
    message: `${operation} for ${subject}: the answer has no ${member}`,
  });
});

test('symmetric encryption binds the context', async () => {
  const { keys, calls } = stubKms(ENCRYPTION);
  await keys.prove(KEY_ID, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'orders-20260401T0000Z-a1');
  const bound = { EncryptionContext: { 'keyturn-proof': 'orders-20260401T0000Z-a1' } };
  expect(calls).toMatchObject([
    ['Encrypt', bound],
    ['Decrypt', bound],
  ]);
});

const tampered = base64(Buffer.alloc(32, 8));
const otherP256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

test.each<[string, string, string, Script]>([
  ['a ciphertext decrypts to something else', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', { ...ENCRYPTION, Decrypt: answers({ KeyId: KEY_ARN, Plaintext: tampered }) }],
  ['the ciphertext was decrypted by another key', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', { ...ENCRYPTION, Decrypt: computes(({ CiphertextBlob }) => ({ KeyId: OTHER_KEY_ARN, Plaintext: CiphertextBlob })) }],
  ['KMS cannot read its own ciphertext', 'RSA_2048', 'ENCRYPT_DECRYPT', { ...ENCRYPTION, Decrypt: fails('InvalidCiphertextException') }],
  ['KMS calls its own signature wrong', 'RSA_2048', 'SIGN_VERIFY', { ...signing(RSA, 'sha256'), Verify: fails('KMSInvalidSignatureException') }],
  ['the signature is not of the public key', 'ECC_NIST_P256', 'SIGN_VERIFY', { ...signing(P256, 'sha256'), GetPublicKey: publicKeyReply(otherP256.publicKey) }],
  ['an RSA signature is not of the public key', 'RSA_2048', 'SIGN_VERIFY', { ...signing(RSA, 'sha256'), Sign: answers({ KeyId: KEY_ARN, Signature: tampered }) }],
  ['the public key is none', 'ECC_NIST_P256', 'SIGN_VERIFY', { ...signing(P256, 'sha256'), GetPublicKey: answers({ KeyId: KEY_ARN, PublicKey: tampered }) }],
  ['KMS calls its own MAC wrong', 'HMAC_256', 'GENERATE_VERIFY_MAC', { ...MAC, VerifyMac: fails('KMSInvalidMacException') }],
  ['a MAC is not valid', 'HMAC_256', 'GENERATE_VERIFY_MAC', { ...MAC, VerifyMac: answers({ KeyId: KEY_ARN, MacValid: false }) }],
  ['the two sides agree on different secrets', 'ECC_NIST_P256', 'KEY_AGREEMENT', { ...agreement(P256), GetPublicKey: publicKeyReply(otherP256.publicKey) }],
  ['the public key is of another curve', 'ECC_NIST_P256', 'KEY_AGREEMENT', { ...agreement(P256), GetPublicKey: publicKeyReply(P521.publicKey) }],
  ['a decapsulated secret is another', 'ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', { ...KEM, Decapsulate: answers({ KeyId: KEY_ARN, SharedSecret: tampered }) }],
  ['the public key of an agreement is none', 'ECC_NIST_P256', 'KEY_AGREEMENT', { ...agreement(P256), GetPublicKey: answers({ KeyId: KEY_ARN, PublicKey: tampered }) }],
])('fails when %s', async (_what, spec, usage, script) => {
  await expect(stubKms(script).keys.prove(KEY_ID, spec, usage, 'context')).rejects.toMatchObject({ name: 'ProofFailed' });
});

test('says which round trip on which key did not give back what it was given', async () => {
  const { keys } = stubKms({ ...MAC, VerifyMac: answers({ KeyId: KEY_ARN, MacValid: false }) });
  await expect(keys.prove('alias/orders', 'HMAC_256', 'GENERATE_VERIFY_MAC', 'context')).rejects.toMatchObject({
    message: `The GENERATE_VERIFY_MAC round trip with HMAC_256 on alias/orders did not give back what ${KEY_ID} had been given`,
  });
});

test.each([
  ['does not know a fresh key everywhere', 'NotFoundException', 'KmsNotConsistentYet'],
  ['shows a fresh key in another state', 'KMSInvalidStateException', 'KmsNotConsistentYet'],
  ['shows a key as disabled', 'DisabledException', 'KmsNotConsistentYet'],
  ['refuses the usage', 'InvalidKeyUsageException', 'UnsupportedKey'],
  ['throttles', 'ThrottlingException', 'Throttled'],
])('when KMS %s, the proof fails with what to do about it', async (_what, exception, name) => {
  await expect(stubKms({ Encrypt: fails(exception) }).keys.prove(KEY_ID, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'context')).rejects.toMatchObject({ name });
});

test('a spec that has no algorithm for the usage is refused', () => {
  expect(() => algorithmFor(CURVES, 'RSA_2048')).toThrow(expect.objectContaining({ name: 'UnsupportedKey', message: 'No round trip is known for this usage of RSA_2048' }) as Error);
});

test('key agreements of different contexts have different partners', async () => {
  const { keys, calls } = stubKms(agreement(P256));
  for (let index = 0; index < 20; index++) await keys.prove(KEY_ID, 'ECC_NIST_P256', 'KEY_AGREEMENT', `context ${index}`);
  expect(new Set(calls.map(([, input]) => input['PublicKey']).filter((sent) => sent !== undefined)).size).toBe(20);
});
